"""Composers that several files of tests ask. Read-only: others ask them, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from woodshed.tasks.chorale import ChoraleComposer

FOUR_CHORDS = ((72, 67, 64, 48), (71, 67, 62, 55), (72, 69, 65, 53), (74, 67, 59, 55))
"""Each with a soprano of its own but C, which has two."""


@pytest.fixture(scope="session")
def chord_pieces() -> list[np.ndarray]:
    """Return pieces made of four chords in any order."""
    rng = np.random.default_rng(0)
    return [np.array(FOUR_CHORDS)[rng.integers(0, 4, 24)] for _ in range(12)]


@pytest.fixture(scope="session")
def chorale_composer(chord_pieces: list[np.ndarray]) -> ChoraleComposer:
    """Return a composer that knows which voices go with a soprano in these pieces."""
    from woodshed.tasks.chorale import ChoraleComposer

    made = ChoraleComposer(
        width=32, n_layers=1, dropout=0, epochs=40, steps_per_beat=1, n_steps=16, validation_share=0,
        learning_rate=0.01,
    )  # fmt: skip
    return made.fit(chord_pieces, titles=[f"chorale {k}" for k in range(len(chord_pieces))])
