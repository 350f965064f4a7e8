"""Tunes as pieces: what is said of them."""

from __future__ import annotations

import pytest

from woodshed.tasks.tune.piece import TunePiece
from woodshed.tokens.folk.grammar import FolkGrammar


@pytest.mark.parametrize(
    ("music", "n_bars"),
    [
        ("C 4 | G 4 |", 2),
        ("C | C 4 | G 3 |", 2),
        ("C |: C 4 |1 G 3 :| |2 C 3 |", 3),  # both endings are short by the pickup
        ("C |: G 3 :| E | C 4 | C 3 :|", 3),  # a bar that is short at both ends of its section
        ("|: C 4 :| |: C 4 :|", 2),
    ],
)
def test_bars_are_counted_as_the_rule_counts_them(music: str, n_bars: int) -> None:
    tune = f"M:2/4 K:Cmaj {music}"
    assert TunePiece(tune).n_bars == n_bars
    assert FolkGrammar(n_bars=n_bars).is_whole(tune.split())
