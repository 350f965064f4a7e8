"""ABC: what is written is read back, however a reader takes accidentals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import ScoreError
from woodshed.score import ChordSymbol, Key, Metre, Note, Score, Tempo
from woodshed.symbolic.abc import abc_to_score, read_abc
from woodshed.symbolic.abc_write import score_to_abc, write_abc


def sounding(score: Score) -> list[tuple[float, float, int]]:
    return sorted((n.onset_beats, n.duration_beats, n.pitch_midi) for n in score.notes)


@pytest.mark.parametrize("propagation", ["octave", "pitch", "not"])
@pytest.mark.parametrize("n_sharps", range(-7, 8))
def test_every_pitch_comes_back_in_every_key(n_sharps: int, propagation) -> None:
    rng = np.random.default_rng(n_sharps + 7)
    notes = [Note(k / 2, 0.5, int(pitch)) for k, pitch in enumerate(rng.integers(24, 108, 200))]
    score = Score(notes, metres=[Metre(0, 3, 4)], keys=[Key(0, n_sharps, "dorian")])
    again = abc_to_score(score_to_abc(score), propagation=propagation)
    assert again == score
    assert again.findings == ()


def test_everything_that_abc_can_say_comes_back(tmp_path: Path) -> None:
    score = Score(
        [Note(0, 1, 67), Note(1, 4.5, 60), Note(1, 4.5, 64), Note(6, 1 / 3, 66), Note(7 + 1 / 3, 2 / 3, 71)],
        tempos=[Tempo(0, 90), Tempo(4, 120)],
        metres=[Metre(0, 4, 4), Metre(5, 3, 4)],
        keys=[Key(0, 1), Key(5, -3, "minor")],
        chords=[ChordSymbol(0, "G"), ChordSymbol(3, "Em7")],
        pickup_beats=1,
        title="50% of a tune",
    )
    write_abc([score, score], tmp_path / "book.abc")
    book = read_abc(tmp_path / "book.abc")
    assert book.tunes == (score, score)
    assert book.numbers == ("1", "2")


def test_overlapping_notes_become_voices() -> None:
    score = Score(
        [Note(0, 4, 48), Note(0, 1, 60), Note(1, 3, 62), Note(0, 2, 72, channel=3)], part_names=[(3, "Top")]
    )
    text = score_to_abc(score)
    assert text.count("\nV:3\n") == 1
    assert 'name="Top"' in text
    assert sounding(abc_to_score(text)) == sounding(score)


def test_drums_alone_are_refused() -> None:
    with pytest.raises(ScoreError, match="drums only"):
        score_to_abc(Score([Note(0, 1, 36, channel=9)]))


@pytest.mark.data
def test_real_tunes_come_back(shared_data: Path) -> None:
    books = [shared_data / "nottingham" / "abc" / f"{name}.abc" for name in ("ashover", "slip", "xmas")]
    tunes = [t for path in books for t in read_abc(path).tunes]
    assert len(tunes) == 70
    for tune in tunes:
        again = abc_to_score(score_to_abc(tune))
        np.testing.assert_allclose(sounding(again), sounding(tune), atol=1e-9)
        assert (again.keys, again.metres, again.pickup_beats) == (tune.keys, tune.metres, tune.pickup_beats)
