"""Noise goes down by what was asked, and the sound stays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from woodshed.audio import noise, read, silence, sine
from woodshed.audio.denoise import denoise, noise_profile
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.errors import AudioError, ParameterError

RATE = 8000


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


def speech() -> tuple[np.ndarray, np.ndarray]:
    """Return digits at one level with pauses of 0.4 s, and which samples are spoken."""
    pieces, spoken = [], []
    for path in sorted((sample_folder() / "recordings").glob("*.flac"))[::90]:
        digit = read(path).samples[0]
        pieces += [np.zeros(3200), 0.1 * digit / np.sqrt(np.mean(digit**2))]
        spoken += [np.zeros(3200, bool), np.ones(digit.size, bool)]
    return np.concatenate(pieces), np.concatenate(spoken)


def tone() -> tuple[np.ndarray, np.ndarray]:
    """Return a tone that comes and goes every second, and which samples are tone."""
    on = np.arange(6 * RATE) // RATE % 2 == 1
    return 0.14 * on * sine(440, 6.0, sample_rate=RATE).samples[0], on


def hiss(n_samples: int, level_db: float, seed: int = 0) -> np.ndarray:
    return noise(duration_s=n_samples / RATE, sample_rate=RATE, level_db=level_db, seed=seed).samples[0]


@pytest.mark.parametrize("make", [speech, tone])
@pytest.mark.parametrize("with_print", [True, False])
def test_pauses_get_quieter_and_the_sound_keeps_its_level(make: object, with_print: bool) -> None:
    sound, on = make()
    background = hiss(sound.size, level_db(sound[on]) - 10)
    noisy = Clip(sound + background, RATE)
    left = denoise(noisy, noise_profile(Clip(background[:4000], RATE)) if with_print else None).samples[0]
    assert level_db(noisy.samples[0, ~on]) - level_db(left[~on]) > 11  # of the 12 dB that are the default
    assert level_db(left[on]) == pytest.approx(level_db(sound[on]), abs=1.5)
    ratio_db = [level_db(sound) - level_db(after - sound) for after in (noisy.samples[0], left)]
    assert ratio_db[1] - ratio_db[0] > 6  # over all, pauses or not: the sound is still that sound


@pytest.mark.parametrize("reduction_db", [3.0, 12.0, 30.0])
def test_noise_alone_goes_down_by_what_was_asked(reduction_db: float) -> None:
    background = Clip(hiss(4 * RATE, -30, seed=1), RATE)
    left = denoise(
        background, noise_profile(Clip(hiss(2 * RATE, -30, seed=2), RATE)), reduction_db=reduction_db
    )
    assert level_db(left.samples) == pytest.approx(-30 - reduction_db, abs=1)


def test_what_is_left_of_the_noise_does_not_sing() -> None:
    # The mean square of the power over its squared mean is 2 for noise; bins that open by themselves add.
    left = denoise(
        Clip(hiss(8 * RATE, -30, seed=1), RATE), noise_profile(Clip(hiss(RATE, -30, seed=2), RATE))
    )
    power = np.abs(np.fft.rfft(left.samples[0].reshape(-1, 256), axis=1)) ** 2
    assert np.mean(power**2) / np.mean(power) ** 2 < 2.3


def test_hum_is_taken_out_from_under_a_voice() -> None:
    sound, on = speech()
    hum = 0.05 * np.sin(2 * np.pi * 100 * np.arange(sound.size) / RATE)
    left = denoise(Clip(sound + hum, RATE), noise_profile(Clip(hum[:RATE], RATE)), reduction_db=24).samples[0]
    assert level_db(left[~on]) < level_db(hum) - 15


def test_no_reduction_gives_back_the_samples() -> None:
    sound, _ = speech()
    for n_samples in (1, 2, 63, 64, 65, 1000, sound.size):
        clip = Clip(np.stack([sound[-n_samples:], hiss(n_samples + 1, -20)[:n_samples]]), RATE)
        np.testing.assert_allclose(denoise(clip, reduction_db=0).samples, clip.samples, atol=1e-6)


def test_silence_stays_silent_and_clean_sound_clean() -> None:
    assert denoise(silence(0.5)) == silence(0.5)
    sound, on = speech()  # its pauses are digital silence, of which no print is taken
    left = denoise(Clip(sound, RATE)).samples[0]
    assert level_db(left[on]) == pytest.approx(level_db(sound[on]), abs=1)
    assert denoise(Clip(np.ones((8, 1)), 192000)).samples.shape == (8, 1)


def test_digital_silence_is_not_taken_for_the_noise() -> None:
    background = hiss(8 * RATE, -40)
    hissing = np.arange(8 * RATE) // 4000 % 2 == 0  # cut into pieces, with digital silence between them
    noisy = np.r_[hissing * background, sine(440, sample_rate=RATE, amplitude=0.02).samples[0]]
    for sensitivity in (0.0, 2.0):  # at 0 the gate stands half open, so an error in the print is heard
        found, given = (
            denoise(Clip(noisy, RATE), print_, sensitivity=sensitivity).samples[0]
            for print_ in (None, noise_profile(Clip(background, RATE)))
        )
        for part in (np.flatnonzero(hissing), slice(8 * RATE, None)):
            assert level_db(found[part]) == pytest.approx(level_db(given[part]), abs=1)
        assert not found[5000:7000].any()


def test_a_voice_in_any_channel_is_kept() -> None:
    sound, on = speech()
    background = hiss(sound.size, -35)
    noisy = np.stack([background, sound + background])
    left = denoise(Clip(noisy, RATE), noise_profile(Clip(noisy[:, :3200], RATE))).samples
    assert level_db(left[1, on]) == pytest.approx(level_db(sound[on]), abs=1.5)


def test_stereo_stays_stereo() -> None:
    sound, _ = speech()
    background = hiss(sound.size, -30)
    same = denoise(Clip(np.stack([sound + background] * 2), RATE)).samples
    np.testing.assert_array_equal(same[0], same[1])
    opposite = denoise(Clip(np.stack([sound + background, -sound - background]), RATE)).samples
    np.testing.assert_allclose(opposite, same * [[1], [-1]], atol=1e-6)
    # A voice on the left opens the gate on both sides alike: the noise does not wander to one.
    both = Clip(np.stack([sound + background, 0.5 * background]), RATE)
    print_ = noise_profile(both.cut(0, 0.4))
    loud = np.abs(sound) > 0.2
    alone_db, beside_db = (
        level_db(denoise(clip, print_).samples[-1, loud]) - level_db(both.samples[1, loud])
        for clip in (Clip(both.samples[1], RATE), both)
    )
    assert alone_db < -11
    assert beside_db > -6


def test_a_higher_sensitivity_takes_more_out() -> None:
    sound, on = speech()
    noisy = Clip(sound + hiss(sound.size, -30), RATE)
    levels = [level_db(denoise(noisy, sensitivity=s).samples[0, on]) for s in (0, 2, 5)]
    assert levels[0] > levels[1] > levels[2]


def test_wrong_prints_and_settings_are_refused() -> None:
    clip = sine(440)
    with pytest.raises(AudioError, match=r"profile at 16000 Hz, the rate of sine 440 Hz, got one at 8000 Hz"):
        denoise(clip, noise_profile(Clip(hiss(4000, -20), RATE)))
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match="reduction_db of 0 or more"):
            denoise(clip, reduction_db=bad)
        with pytest.raises(ParameterError, match="sensitivity of 0 or more"):
            denoise(clip, sensitivity=bad)
