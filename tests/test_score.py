"""Score: what it accepts, keeps and counts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from woodshed.errors import ScoreError
from woodshed.score import Key, Metre, Note, Program, Score, Tempo


def test_seconds_follow_the_tempo_map() -> None:
    score = Score([Note(0, 8, 60)], tempos=[Tempo(4, 240), Tempo(2, 60)])
    # two beats at 120 (nothing is said before beat 2), two at 60, four at 240
    assert score.seconds_at([0, 2, 3, 4, 8]).tolist() == [0, 1, 2, 3, 4]
    assert score.duration_s == 4


def test_table_has_a_row_for_each_note_in_order() -> None:
    score = Score([Note(2, 1, 67, 90, 1), Note(0, 2, 60), Note(0, 4, 48, channel=1)], tempos=[Tempo(0, 30)])
    table = score.table()
    assert table["pitch_midi"].tolist() == [60, 48, 67]
    assert table["onset_s"].tolist() == [0, 0, 4]
    assert table["duration_s"].tolist() == [4, 8, 2]
    assert table["velocity"].tolist() == [80, 80, 90]
    assert {len(column) for column in table.values()} == {3}


def test_order_and_source_do_not_matter_for_equality() -> None:
    a, b = Note(0, 1, 60), Note(1, 1, 62)
    assert Score([a, b], source="x.mid", findings=["odd"]) == Score((b, a), source="y.abc")
    assert Score([a, b]) != Score([a, Note(1, 1, 63)])
    assert len({Score([a, b]), Score([b, a])}) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Note(-1, 1, 60), "onset_beats of 0 or more, got -1"),
        (lambda: Note(np.nan, 1, 60), "onset_beats of 0 or more, got nan"),
        (lambda: Note(0, 0, 60), "duration_beats above 0, got 0"),
        (lambda: Note(0, 1, 128), "pitch_midi from 0 to 127, got 128"),
        (lambda: Note(0, 1, 60.5), "whole pitch_midi"),
        (lambda: Note(0, 1, np.nan), "whole pitch_midi from 0 to 127, got nan"),
        (lambda: Note(0, 1, np.inf), "whole pitch_midi from 0 to 127, got inf"),
        (lambda: Note(0, 1, "60"), "whole pitch_midi from 0 to 127, got '60'"),
        (lambda: Note(0, 1, None), "whole pitch_midi from 0 to 127, got None"),
        (lambda: Metre(0, 4.0, 6.0), "power of two as denominator, got 6.0"),
        (lambda: Note(0, 1, 60, 0), "velocity from 1 to 127, got 0"),
        (lambda: Note(0, 1, 60, channel=16), "channel from 0 to 15, got 16"),
        (lambda: Tempo(0, 0), "tempo_bpm above 0"),
        (lambda: Metre(0, 3, 6), "power of two as denominator, got 6"),
        (lambda: Key(0, 8), "n_sharps from -7 to 7, got 8"),
        (lambda: Key(0, 0, "dorain"), "Did you mean dorian"),
        (lambda: Program(0, 0, 200), "program from 0 to 127"),
        (lambda: Score([], source="a.mid"), "a.mid has no notes"),
        (lambda: Score([Note(0, 1, 60)], pickup_beats=-1), "pickup_beats of 0 or more"),
    ],
)
def test_what_is_out_of_range_is_named(make, message) -> None:
    with pytest.raises(ScoreError, match=message):
        make()


def test_keynotes_of_the_modes() -> None:
    # the white keys in seven modes: C ionian, D dorian, E phrygian and so on
    modes = ("major", "dorian", "phrygian", "lydian", "mixolydian", "minor", "locrian")
    assert [Key(0, 0, mode).tonic for mode in modes] == [0, 2, 4, 5, 7, 9, 11]
    assert Key(0, -3, "minor").tonic == 0


def test_import_is_light() -> None:
    code = (
        "import sys, woodshed.score, woodshed.symbolic.midi, woodshed.symbolic.abc.write;"
        "print(sorted({'keras', 'librosa', 'sklearn', 'music21', 'scipy.signal'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
