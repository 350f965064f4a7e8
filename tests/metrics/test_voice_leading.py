"""Voice leading: planted faults are counted, and nothing else is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.voice_leading import chords_of, evaluate, parallels

# C F G C in close position, as any textbook writes it: no fault in it.
CLEAN = np.array([[72, 67, 64, 48], [72, 69, 65, 53], [71, 67, 62, 55], [72, 67, 64, 48]])


def test_a_clean_progression_has_no_fault() -> None:
    found = evaluate([CLEAN], [0])
    assert found.n_changes == 3
    faults = (found.parallels, found.crossings, found.wide, found.out_of_range, found.leaps)
    assert faults == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert found.doubled_leading_tones == 0.0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((67, 60), (69, 62), True),  # fifth to fifth, upwards
        ((72, 60), (71, 59), True),  # octave to octave, downwards
        ((79, 60), (81, 62), True),  # a twelfth is a fifth
        ((67, 60), (67, 60), False),  # nobody moves
        ((67, 60), (72, 60), False),  # one voice moves
        ((67, 60), (65, 58 + 12), False),  # from a fifth in contrary motion
        ((67, 60), (70, 62), False),  # a fifth and then a minor sixth
        ((67, 60), (74, 62), False),  # a fifth and then an octave
        ((64, 60), (66, 62), False),  # thirds may be parallel
        ((-1, 60), (69, 62), False),  # a voice that begins comes from nowhere
    ],
)
def test_parallels(before: tuple[int, int], after: tuple[int, int], expected: bool) -> None:
    # Alto and tenor are silent, so only soprano and bass can make a fault.
    chords = [[upper, -1, -1, lower] for upper, lower in (before, after)]
    assert bool(parallels(chords).any()) is expected


def test_held_steps_are_no_chord_changes() -> None:
    slow = np.repeat(CLEAN, 4, axis=0)
    assert len(chords_of(slow)) == 4
    assert evaluate([slow], [0]) == evaluate([CLEAN], [0])


def test_each_fault_is_told_from_the_others() -> None:
    crossed = CLEAN.copy()
    crossed[1, [1, 2]] = crossed[1, [2, 1]]
    assert evaluate([crossed]).crossings == pytest.approx(1 / 4)
    apart = CLEAN.copy()
    apart[0, 1:3] = [59, 55]
    assert evaluate([apart]).wide == pytest.approx(1 / 4)
    low = CLEAN.copy()
    low[0, 3] = 36
    assert evaluate([low]).out_of_range == pytest.approx(1 / 16)
    # C below G to F: soprano 0, 1, 1; alto 2, 2, 0; tenor 1, 3, 2; bass 17, 2, 7: one of 10 moves is wide.
    assert evaluate([low]).leaps == pytest.approx(1 / 10)
    doubled = CLEAN.copy()
    doubled[2, 2] = 59
    assert evaluate([doubled], [0]).doubled_leading_tones == pytest.approx(1 / 4)
    assert evaluate([doubled], [2]).doubled_leading_tones == 0.0


def test_without_keynotes_leading_tones_are_unknown() -> None:
    assert math.isnan(evaluate([CLEAN]).doubled_leading_tones)


@pytest.mark.parametrize(
    ("grids", "tonics", "words"),
    [
        ([], None, "at least one grid"),
        ([[[60, 60, 60]]], None, "shape"),
        ([CLEAN], [0, 1], "one tonic for each of 1"),
    ],
)
def test_what_is_no_chorale_is_refused(grids: list, tonics: list[int] | None, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        evaluate(grids, tonics)


def test_contrary_motion_is_not_parallel() -> None:
    fifths = [[79, 64, 62, 60], [84, 64, 62, 53]]  # soprano and bass: a fifth, then a fifth, from both sides
    assert not parallels(fifths).any()
    assert parallels([[79, 64, 62, 60], [84, 64, 62, 65]]).sum() == 1


@pytest.mark.parametrize(
    ("grid", "fault", "expected"),
    [
        ([[67, 67, 60, 48]], "crossings", 0.0),
        ([[67, 68, 60, 48]], "crossings", 1.0),
        ([[72, 60, 55, 48]], "wide", 0.0),
        ([[73, 60, 55, 48]], "wide", 1.0),
        ([[60, 57, 53, 48], [72, 57, 53, 48]], "leaps", 0.0),
        ([[60, 57, 53, 48], [73, 57, 53, 48]], "leaps", 1.0),
        ([[81, 74, 69, 64]], "out_of_range", 0.0),
        ([[60, 53, 47, 38]], "out_of_range", 0.0),
        ([[82, 74, 69, 64]], "out_of_range", 0.25),
        ([[60, 53, 47, 37]], "out_of_range", 0.25),
    ],
)
def test_the_limit_itself_is_allowed(grid, fault, expected) -> None:
    assert getattr(evaluate([np.array(grid)]), fault) == expected
