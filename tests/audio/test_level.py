"""Levels, measured after they were set; fades, sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import gain, noise, read, silence, sine
from woodshed.audio.edit import fade, normalise, remove_dc
from woodshed.audio.loudness import loudness_lufs
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError


def peak_db(clip: Clip) -> float:
    return float(20 * np.log10(np.abs(clip.samples).max()))


def rms_db(clip: Clip) -> float:
    return float(10 * np.log10(np.mean(clip.samples.astype(np.float64) ** 2)))


MEASURES = {"peak": peak_db, "rms": rms_db, "lufs": loudness_lufs}
DEFAULTS = {"peak": -1.0, "rms": -20.0, "lufs": -23.0}


@pytest.mark.parametrize("to", MEASURES)
@pytest.mark.parametrize("level_db", [None, -30.0, 3.0])
def test_a_recording_gets_the_level_that_was_asked(
    to: str, level_db: float | None, sample_corpus_folder: Path
) -> None:
    wanted_db = DEFAULTS[to] if level_db is None else level_db
    recorded = read(next(iter(sorted(sample_corpus_folder.rglob("*.flac")))))
    for clip in (recorded, gain(recorded, -40.0), gain(recorded, 20.0)):
        assert MEASURES[to](normalise(clip, to=to, level_db=level_db)) == pytest.approx(wanted_db, abs=1e-3)


def test_channels_keep_their_balance() -> None:
    clip = Clip(np.stack([sine(440).samples[0], 0.1 * sine(440).samples[0]]), 16000, "a.wav")
    for to in MEASURES:
        louder = normalise(clip, to=to, level_db=-3.0)
        assert louder.samples[0, 100] / louder.samples[1, 100] == pytest.approx(10, rel=1e-5)
        assert louder.source == "a.wav"


def test_nothing_is_clipped() -> None:
    clicks = Clip(np.r_[1.0, np.full(999, 0.01)], 8000)
    assert np.abs(normalise(clicks, to="rms").samples).max() > 2


def test_soft_parts_of_a_soft_recording_count() -> None:
    """The second half is below the absolute gate, but not once the whole is loud."""
    halves = [sine(1000, 5.0, amplitude=amplitude).samples for amplitude in (5e-4, 2.5e-4)]
    soft = Clip(np.concatenate(halves, axis=1), 16000)
    assert loudness_lufs(soft) == pytest.approx(loudness_lufs(soft.cut(0, 5.0)), abs=0.1)
    assert loudness_lufs(normalise(soft, to="lufs")) == pytest.approx(-23.0, abs=0.01)


@pytest.mark.parametrize("to", MEASURES)
def test_silence_stays_silent(to: str) -> None:
    assert normalise(silence(), to=to) == silence()


def test_a_sound_without_loudness_is_refused() -> None:
    click = Clip(np.eye(1, 8000, 4000), 8000)
    assert loudness_lufs(normalise(click, to="lufs")) == pytest.approx(-23.0, abs=0.01)
    with pytest.raises(AudioError, match=r"sine 0.05 Hz is below the absolute gate.*to='rms'"):
        normalise(sine(0.05, 20.0, sample_rate=8000), to="lufs")


def test_a_linear_fade_is_straight_and_leaves_the_middle() -> None:
    faded = fade(Clip(np.ones((2, 100)), 100), in_s=0.11, out_s=0.21).samples
    np.testing.assert_allclose(faded[1, :11], np.arange(11) / 10, atol=1e-7)
    np.testing.assert_array_equal(faded[1, 11:79], 1)
    np.testing.assert_allclose(faded[1, 79:], np.arange(20, -1, -1) / 20, atol=1e-7)
    np.testing.assert_array_equal(faded[0], faded[1])


@pytest.mark.parametrize(("shape", "power"), [("linear", 1), ("equal-power", 2)])
def test_a_cross_fade_keeps_amplitude_or_power(shape: str, power: int) -> None:
    clip = Clip(np.ones(1000), 1000)
    rise, fall = fade(clip, in_s=1.0, shape=shape).samples, fade(clip, out_s=1.0, shape=shape).samples
    np.testing.assert_allclose(rise**power + fall**power, 1, atol=1e-6)


def test_an_exponential_fade_is_straight_in_decibels_and_ends_at_zero() -> None:
    rise = fade(Clip(np.ones(1001), 1000), in_s=1.001, shape="exponential").samples[0]
    assert (rise[0], rise[-1]) == (0, 1)
    slopes_db = np.diff(20 * np.log10(rise[500::100]))  # 60 dB in the whole, so 6 in a tenth
    np.testing.assert_allclose(slopes_db, 6, atol=0.2)


def test_fades_of_no_length_and_of_one_sample() -> None:
    assert fade(sine(440)) == sine(440)
    assert fade(Clip(np.ones(1), 8000), in_s=1 / 8000).samples.tolist() == [[0]]
    assert fade(Clip(np.ones(2), 2), in_s=0.5, out_s=0.5).samples.tolist() == [[0, 0]]


def test_a_constant_offset_goes_from_each_channel() -> None:
    clean = noise().samples[0] - noise().samples[0].mean()
    offset = Clip(np.stack([clean + 0.3, clean - 0.1]), 16000)
    np.testing.assert_allclose(remove_dc(offset).samples, np.stack([clean, clean]), atol=1e-6)
    assert remove_dc(Clip(np.array([0.5]), 8000)).samples.tolist() == [[0]]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: normalise(sine(440), to="peaks"), "Unknown kind of level 'peaks'. Did you mean peak"),
        (lambda: normalise(sine(440), level_db=float("inf")), "level_db from -200 to 200, got inf"),
        (
            lambda: fade(sine(440), in_s=0.6, out_s=0.5),
            r"together at most 1.000 s, the length of sine 440 Hz",
        ),
        (lambda: fade(sine(440), in_s=-0.1), "0 s or more, got -0.1"),
        (lambda: fade(sine(440), out_s=float("inf")), "0 s or more"),
        (lambda: fade(sine(440), in_s=0.1, shape="lineal"), "shape 'lineal'. Did you mean linear"),
    ],
)
def test_settings_out_of_range_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make()
