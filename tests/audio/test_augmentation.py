"""Changes for learning: each does by how much it says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import Chain, Gain, Noise, Shift, Speed, Tone, noise, silence, sine
from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.clip import Clip
from woodshed.errors import ParameterError

EVERY = [Gain(), Shift(), Speed(), Noise(), Tone(), Chain((Gain(), Noise()), 0.5)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("change", EVERY, ids=lambda change: type(change).__name__)
def test_rate_and_channels_stay_and_the_seed_decides(change: WaveformAugmentation) -> None:
    clip = Clip(rng(9).normal(0, 0.1, (2, 4000)), 8000)
    changed = [change(clip, rng(seed)) for seed in range(6)]
    assert all((c.sample_rate, c.n_channels) == (8000, 2) for c in changed)
    assert changed[3] == change(clip, rng(3))
    assert len(set(changed)) > 1


def test_gain_is_drawn_evenly_between_its_bounds() -> None:
    clip = Clip(np.full(4, 0.1), 8000)
    draws = rng()
    gains_db = [20 * np.log10(Gain(-6, 6)(clip, draws).samples[0, 0] / 0.1) for _ in range(2000)]
    assert np.mean(gains_db) == pytest.approx(0, abs=0.3)
    assert (min(gains_db), max(gains_db)) == pytest.approx((-6, 6), abs=0.05)


@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
def test_noise_has_the_ratio_that_was_asked(colour: str, snr_db: float) -> None:
    clip = sine(440, amplitude=0.3)
    added = Noise(snr_db, snr_db, colour)(clip, rng()).samples - clip.samples
    measured_db = 10 * np.log10(np.mean(clip.samples**2) / np.mean(added**2))
    assert measured_db == pytest.approx(snr_db, abs=0.01)


def test_noise_leaves_silence_silent() -> None:
    assert Noise()(silence(), rng()) == silence()


def test_speed_moves_the_pitch() -> None:
    faster = Speed(1.1, 1.1)(sine(440, 2.0), rng())
    spectrum = np.abs(np.fft.rfft(faster.samples[0]))
    assert spectrum.argmax() / faster.duration_s == pytest.approx(484, abs=1)


def test_shift_moves_both_ways_within_bounds_and_does_not_wrap() -> None:
    samples = np.zeros(1000)
    samples[500] = 1
    draws = rng()
    places = [int(Shift(0.1)(Clip(samples, 1000), draws).samples.argmax()) for _ in range(500)]
    assert (min(places), max(places)) == (400, 600)
    moved = [Shift(0.1)(Clip(np.ones(1000), 1000), draws).samples for _ in range(20)]
    assert min(m[0, [0, -1]].min() for m in moved) == 0


def test_tone_changes_the_balance_by_no_more_than_it_says() -> None:
    clip = noise(duration_s=4.0, seed=1)
    before = np.abs(np.fft.rfft(clip.samples[0]))
    for seed in range(5):
        after = np.abs(np.fft.rfft(Tone(6.0)(clip, rng(seed)).samples[0]))
        octaves = [slice(4 * f, 8 * f) for f in (60, 120, 240, 480, 960, 1920, 3840)]
        change_db = [10 * np.log10(np.sum(after[o] ** 2) / np.sum(before[o] ** 2)) for o in octaves]
        assert max(np.abs(change_db)) < 6.1
        assert np.ptp(change_db) > 1


def test_tone_neither_delays_nor_wraps() -> None:
    samples = np.zeros(8000)
    samples[10] = 1
    toned = Tone(6.0)(Clip(samples, 8000), rng()).samples[0]
    assert np.abs(toned).argmax() == 10
    assert np.abs(toned[4000:]).max() < 1e-3


def test_chain_applies_each_change_as_often_as_it_says() -> None:
    chain = Chain((Gain(20, 20),), probability=0.25)
    draws = rng()
    n_changed = sum(chain(Clip(np.ones(1), 8000), draws).samples[0, 0] > 5 for _ in range(2000))
    assert n_changed / 2000 == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Gain(3, -3), "min_db <= max_db, got 3 and -3"),
        (lambda: Speed(0.0, 1.0), "0 < min_factor <= max_factor, got 0"),
        (lambda: Shift(-1), "max_s of 0 or more"),
        (lambda: Noise(colour="blue"), "Unknown noise colour 'blue'. Known: brown, pink, white"),
        (lambda: Tone(-1), "max_db of 0 or more"),
        (lambda: Chain((), 1.5), "probability from 0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(make: object, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make()
