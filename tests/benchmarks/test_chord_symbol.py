"""Chord symbols name the notes that a textbook says."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from woodshed.errors import ScoreError


@pytest.fixture
def chord_symbol(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))
    return importlib.import_module("benchmarks.quality.chord_symbol")


@pytest.mark.parametrize(
    ("name", "pitch_classes", "bass"),
    [
        ("C", {0, 4, 7}, 0),
        ("Am7", {9, 0, 4, 7}, 9),
        ("D/f+", {2, 6, 9}, 6),
        ("F#m", {6, 9, 1}, 6),
        ("Bb7", {10, 2, 5, 8}, 10),
        ("D m", {2, 5, 9}, 2),
        ("Ed", {4, 7, 10}, 4),
        ("Cmaj7", {0, 4, 7, 11}, 0),
        ("A/c+", {9, 1, 4}, 1),
        ("Gm/bb", {7, 10, 2}, 10),
        ("E7b9", {4, 8, 11, 2, 5}, 4),
    ],
)
def test_a_symbol_names_its_notes(
    chord_symbol: ModuleType, name: str, pitch_classes: set[int], bass: int
) -> None:
    root, intervals, lowest = chord_symbol.read_chord(name)
    assert {(root + interval) % 12 for interval in intervals} == pitch_classes
    assert lowest == bass


@pytest.mark.parametrize("name", ["", "H", "Cfoo", "C/x", "fine"])
def test_what_is_no_chord_is_refused(chord_symbol: ModuleType, name: str) -> None:
    with pytest.raises(ScoreError, match="Unknown chord"):
        chord_symbol.read_chord(name)
