"""Expression: each number moves as the music does, and no other cause moves it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from woodshed.features.notes import NoteSummary
from woodshed.score import Note, Score, Tempo

MAJOR, MINOR = (60, 62, 64, 65, 67, 69, 71, 72), (60, 62, 63, 65, 67, 68, 70, 72)


def values(score: Score) -> dict[str, float]:
    feature = NoteSummary(metre_hidden=False)
    return dict(zip(feature.names, feature(score).tolist(), strict=True))


def line(pitches, *, length: float = 0.5, velocity: int = 80, bpm: float = 120) -> Score:
    notes = [Note(k * 0.5, length, int(pitch), velocity) for k, pitch in enumerate(pitches)]
    return Score(notes, tempos=[Tempo(0, bpm)])


def chord(*pitches: int) -> dict[str, float]:
    return values(Score([Note(0, 1, pitch) for pitch in pitches]))


def test_major_and_minor_in_any_key_and_a_key_that_is_not_there() -> None:
    for shift in (0, 3, 8):
        major, minor = (values(line([p + shift for p in (*scale, 67, 60)])) for scale in (MAJOR, MINOR))
        assert major["mode_contrast"] > 0.05 > -0.05 > minor["mode_contrast"]
    chromatic = values(line([*range(60, 72), 60]))
    assert chromatic["key_clarity"] < 0.01 < values(line((*MAJOR, 67, 60)))["key_clarity"]
    assert chromatic["pitch_class_entropy"] == pytest.approx(3.57, abs=0.03)


def test_roughness_orders_intervals_and_falls_with_height() -> None:
    rough = [chord(60, 60 + k)["roughness"] for k in (1, 2, 6, 7, 12)]
    assert rough == sorted(rough, reverse=True)
    assert chord(40, 43)["roughness"] > chord(76, 79)["roughness"]
    row = chord(60, 64, 67)
    assert [row[f"interval_class_{k}_share"] for k in range(1, 7)] == pytest.approx(
        [0, 0, 1 / 3, 1 / 3, 1 / 3, 0]
    )
    assert values(line(MAJOR))["roughness"] == 0  # one note after the other


def test_articulation_is_told_from_tempo() -> None:
    short, bound = values(line(MAJOR, length=0.2)), values(line(MAJOR, length=0.6))
    assert (short["staccato_share"], short["legato_share"]) == (1, 0)
    assert (bound["staccato_share"], bound["legato_share"]) == (0, 1)
    assert short["sounding_share"] == pytest.approx(0.4)
    faster = values(line(MAJOR, length=0.2, bpm=240))
    assert faster["sounding_share"] == pytest.approx(0.4)
    assert faster["onsets_per_s"] == pytest.approx(2 * short["onsets_per_s"])
    assert short["onsets_per_s"] == pytest.approx(4)


def test_register_and_dynamics() -> None:
    row = values(line([*range(40, 51)], velocity=30))
    assert (row["pitch_p10_midi"], row["pitch_p90_midi"]) == (41, 49)
    assert (row["velocity_p10"], row["velocity_p90"]) == (30, 30)
    accompanied = replace(line(MAJOR), notes=[*line(MAJOR).notes, Note(0, 4, 36)])
    assert values(accompanied)["melody_mean_midi"] == pytest.approx(66.25)


def test_what_comes_again_is_counted() -> None:
    assert values(line([60, 62, 64, 62, 67] * 6))["repeated_share"] > 0.7
    assert values(line([60, 61, 63, 60, 67, 65, 71, 62, 70, 64, 66, 60]))["repeated_share"] == 0


def test_chords_that_are_not_struck_at_once_are_one_onset() -> None:
    notes = [Note(k + 0.01 * j, 0.9, 60 + 4 * j) for k in range(8) for j in range(3)]
    row = values(Score(notes, tempos=[Tempo(0, 60)]))
    assert row["onsets_per_s"] == pytest.approx(1, abs=0.02)
    assert row["gap_change"] == pytest.approx(0, abs=0.02)
