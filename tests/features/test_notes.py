"""NoteSummary: each kind of number where its value is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from woodshed.errors import ParameterError, ScoreError
from woodshed.features.notes import NoteSummary
from woodshed.score import Metre, Note, Score, Tempo

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def values(score: Score, **settings) -> dict[str, float]:
    feature = NoteSummary(**settings)
    return dict(zip(feature.names, feature(score).tolist(), strict=True))


def line(pitches, length: float = 0.5) -> Score:
    return Score([Note(k * length, length, int(pitch)) for k, pitch in enumerate(pitches)])


def test_pitch_classes_are_counted_from_the_keynote() -> None:
    for shift in (0, 5):
        row = values(line([pitch + shift for pitch in SCALE]))
        assert [row[f"pitch_class_{k}"] for k in (0, 1, 7)] == [0.25, 0, 0.125]
        assert row["major_fit"] > row["minor_fit"]
        assert row["ends_on_keynote"] == 1


def test_steps_and_contours() -> None:
    row = values(line([60, 62, 62, 60, 72]))
    assert [row[f"step_{k}"] for k in (0, 2, 12)] == [0.25, 0.5, 0.25]
    assert row["rising_share"] == pytest.approx(2 / 3)
    assert (row["contour_u=d"], row["contour_=du"]) == (0.5, 0.5)
    assert row["range_semitones"] == 12


def test_harshness_and_polyphony() -> None:
    sweet = Score([Note(0, 1, 60), Note(0, 1, 64)])
    harsh = Score([Note(0, 1, 60), Note(0, 1, 61)])
    assert (values(sweet)["harsh_share"], values(harsh)["harsh_share"]) == (0, 1)
    assert values(sweet)["notes_at_once"] == 2
    assert values(line(SCALE))["chord_share"] == 0


def test_threes_and_fours_are_told_from_the_notes_alone() -> None:
    rng = np.random.default_rng(0)
    for period, other in ((3, 4), (4, 3)):
        pitches = [(72 if k % period == 0 else 60) + rng.integers(3) for k in range(96)]
        row = values(line(pitches))
        assert row[f"pitch_alike_{period}"] > 0.8 > 0.3 > row[f"pitch_alike_{other}"]


def test_the_hidden_metre_stays_hidden() -> None:
    score = line(SCALE * 4)
    told = replace(score, metres=[Metre(0, 6, 8)], tempos=[Tempo(0, 77)], pickup_beats=0.5)
    twice = replace(
        score, notes=[Note(2 * n.onset_beats, 2 * n.duration_beats, n.pitch_midi) for n in score.notes]
    )
    feature = NoteSummary()
    assert np.array_equal(feature(score), feature(told))
    np.testing.assert_allclose(feature(score), feature(twice), atol=1e-6)
    row = values(told, metre_hidden=False)
    assert (row["bar_beats"], row["tempo_bpm"], row["pulse_beats"]) == (3, 77, 0.5)
    assert set(feature.names) < set(NoteSummary(metre_hidden=False).names)


@pytest.mark.parametrize(
    "score",
    [
        Score([Note(0, 1, 60)]),
        Score([Note(0, 1, 36, channel=9), Note(1, 1, 38, channel=9)]),
        Score([Note(k, 1, 60 + k) for k in range(12)]),
        Score([Note(0, 1, 60), Note(0, 2, 64)]),
    ],
)
def test_short_and_odd_scores_give_finite_numbers(score: Score) -> None:
    for hidden in (True, False):
        feature = NoteSummary(metre_hidden=hidden)
        row = feature(score)
        assert row.shape == (feature.n_values,)
        assert row.dtype == np.float32
        assert np.isfinite(row).all()
    assert len(set(feature.names)) == feature.n_values


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="True or False for metre_hidden"):
        NoteSummary(metre_hidden="no")
    onsets = np.cumsum(np.tile([1.0, 1.0, 27.0], 2400)).tolist()
    with pytest.raises(ScoreError, match="at most 65536 pulses"):
        NoteSummary()(Score([Note(onset, 1, 60) for onset in onsets]))


def test_uneven_playing_and_broken_chords_do_not_hide_the_pulse() -> None:
    rng = np.random.default_rng(3)
    even = [(k * 0.5, pitch) for k, pitch in enumerate(SCALE * 8)]
    notes = [Note(onset + float(rng.uniform(0, 0.02)), 0.4, pitch) for onset, pitch in even]
    notes += [Note(note.onset_beats + 0.004, 0.4, note.pitch_midi - 12) for note in notes]
    row = values(Score(notes), metre_hidden=False)
    assert row["pulse_beats"] == pytest.approx(0.5, rel=0.1)
