"""Rendering, measured: when notes sound, how high, how loud, and that nothing clicks."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import MissingPackageError, ParameterError
from woodshed.features.rhythm import onset_times_s
from woodshed.score import Note, Program, Score, Tempo
from woodshed.symbolic import find_soundfont, render

RATE = 22050


def peak_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(spectrum.argmax() * RATE / (8 * len(samples)))


@pytest.mark.parametrize("program", range(0, 128, 8))
@pytest.mark.parametrize("pitch", [33, 60, 84])
def test_the_pitch_is_right_in_every_family(program: int, pitch: int) -> None:
    clip = render(Score([Note(0, 2, pitch)], programs=[Program(0, 0, program)]), RATE)
    expected = 440 * 2 ** ((pitch - 69) / 12)
    assert peak_hz(clip.mono()[: RATE // 2]) == pytest.approx(expected, rel=0.006)


def test_notes_begin_at_their_sample_and_rests_are_silent() -> None:
    score = Score([Note(k, 0.5, 60 + k) for k in range(1, 6)], tempos=[Tempo(0, 60)])
    clip = render(score, RATE)
    sounding = np.abs(clip.mono())
    for k in range(1, 6):
        assert not sounding[round((k - 0.3) * RATE) : k * RATE + 1].any()
        assert sounding[k * RATE + 1 : k * RATE + 20].all()
    np.testing.assert_allclose(onset_times_s(clip), [1, 2, 3, 4, 5], atol=0.03)


def test_a_change_of_tempo_moves_the_onsets() -> None:
    score = Score(
        [Note(1, 0.2, 36, channel=9), Note(3, 0.2, 36, channel=9)], tempos=[Tempo(0, 60), Tempo(1, 120)]
    )
    sounding = np.flatnonzero(np.abs(render(score, RATE).mono()) > 0)
    assert sounding[0] - RATE in (0, 1, 2)
    assert np.any(sounding == 2 * RATE + 2)


@pytest.mark.parametrize("channel", [0, 9])
def test_nothing_clicks_and_nothing_clips(channel: int) -> None:
    rng = np.random.default_rng(0)
    pitches = rng.integers(35, 60, 300) if channel == 9 else rng.integers(40, 80, 300)
    notes = [Note(k / 50, 0.2 + k % 5, int(p), 127, channel) for k, p in enumerate(pitches)]
    clip = render(Score(notes), RATE)
    assert np.abs(clip.samples).max() == pytest.approx(10 ** (-1 / 20), rel=1e-4)
    assert not clip.samples[:, 0].any()
    assert np.abs(clip.samples[:, -1]).max() < 1e-4


@pytest.mark.parametrize("program", range(0, 128, 8))
def test_a_note_begins_and_ends_without_a_step(program: int) -> None:
    clip = render(Score([Note(0, 1, 45)], programs=[Program(0, 0, program)]), RATE)
    samples = clip.mono().astype(np.float64)
    steps = np.abs(np.diff(samples, prepend=0.0, append=0.0))
    inside = steps[round(0.1 * RATE) : round(0.45 * RATE)].max() / np.abs(samples[RATE // 10 :]).max()
    for edge in (steps[:20], steps[-20:]):
        assert edge.max() < 0.5 * max(inside, 0.1) * np.abs(samples).max()


def test_velocity_channels_and_programs_are_heard() -> None:
    soft, loud = (np.abs(render(Score([Note(0, 1, 60, v)]), RATE).samples).max() for v in (40, 80))
    assert loud / soft == pytest.approx(4, rel=0.01)
    two = render(Score([Note(0, 1, 60), Note(2, 1, 72, channel=1)]), RATE)
    first, second = two.samples[:, : RATE // 2], two.samples[:, RATE : 3 * RATE // 2]
    assert np.abs(first[0]).max() > 2 * np.abs(first[1]).max()
    assert np.abs(second[1]).max() > 2 * np.abs(second[0]).max()
    score = Score([Note(0, 1, 60)])
    organ = render(Score(score.notes, programs=[Program(0, 0, 16)]), RATE)
    assert render(score, RATE, programs={0: 16}) == organ
    assert render(score, RATE) != organ


def test_the_same_seed_gives_the_same_sound() -> None:
    score = Score([Note(0, 1, 38, channel=9)])
    assert render(score, RATE) == render(score, RATE)
    assert render(score, RATE) != render(score, RATE, seed=1)


def test_what_cannot_be_rendered_says_why(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="sample_rate must be from 8000"):
        render(Score([Note(0, 1, 60)]), 100)
    with pytest.raises(ParameterError, match="expected at most 60"):
        render(Score([Note(0, 8000, 60)]), RATE)
    with pytest.raises(ParameterError, match="no such SoundFont"):
        render(Score([Note(0, 1, 60)]), RATE, tmp_path / "none.sf2")


def test_the_best_is_a_soundfont_if_there_is_one_and_own_tones_if_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = sys.modules["woodshed.symbolic.rendering"]  # whose name in the package is the function
    score = Score([Note(0, 1, 60)])
    monkeypatch.setattr(module, "_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    monkeypatch.delenv("WOODSHED_SOUNDFONT", raising=False)
    assert find_soundfont() is None
    assert np.array_equal(render(score, RATE, "best").samples, render(score, RATE).samples)
    for name in ("a-piano.sf2", "FluidR3_GM.sf2", "TimGM6mb.sf2"):
        (tmp_path / name).write_bytes(b"nothing")
    assert find_soundfont() == tmp_path / "FluidR3_GM.sf2"
    assert np.array_equal(render(score, RATE, "best").samples, render(score, RATE).samples)  # no player
    monkeypatch.setattr(module, "find_spec", lambda name: name == "tinysoundfont")
    with pytest.raises((ParameterError, MissingPackageError)):  # it is tried, and is none
        render(score, RATE, "best")


def test_a_soundfont_needs_its_player(tmp_path: Path) -> None:
    (tmp_path / "a.sf2").write_bytes(b"nothing")
    if find_spec("tinysoundfont") is None:
        with pytest.raises(MissingPackageError, match="--no-deps tinysoundfont"):
            render(Score([Note(0, 1, 60)]), RATE, tmp_path / "a.sf2")
    else:
        with pytest.raises(ParameterError, match=r"a\.sf2 cannot be loaded"):
            render(Score([Note(0, 1, 60)]), RATE, tmp_path / "a.sf2")


@pytest.mark.parametrize("program", [0, 24, 40, 73])
def test_a_soundfont_plays_in_tune_and_in_time(monkeypatch: pytest.MonkeyPatch, program: int) -> None:
    pytest.importorskip("tinysoundfont")
    place = find_soundfont()
    if place is None:
        pytest.skip("no SoundFont is installed: pip install pretty_midi has one")
    score = Score([Note(1, 2, 69)], tempos=[Tempo(0, 60)], programs=[Program(0, 0, program)])
    clip = render(score, RATE, "found")
    assert not clip.samples[:, :RATE].any()
    assert np.abs(clip.samples[:, RATE : round(1.2 * RATE)]).max() > 0.01
    assert peak_hz(clip.mono()[round(1.5 * RATE) : 2 * RATE]) == pytest.approx(440, rel=0.01)
    monkeypatch.setenv("WOODSHED_SOUNDFONT", str(place))
    assert find_soundfont() == place
