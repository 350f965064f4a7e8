"""Layout of the cells of a grid in frames, and the random masks that hide cells during training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]

MARGIN = 2
"""Number of frames outside a piece that the net sees before its beginning and after its end."""

WHOLE_VOICES, BLOCKS, SPAN, CELLS = range(4)
"""Kinds of masks: whole voices; beats of single voices; a span of beats in all voices; single cells."""

KIND_SHARES = (0.55, 0.25, 0.1, 0.1)
"""Share of each kind of mask."""

MELODY_SHOWN_SHARE = 0.7
"""Share of the masks of whole voices that show the highest voice, as when a melody is harmonised."""

FULL_LENGTH_SHARE = 0.7
"""Share of the masks of whole voices that hide every beat."""


@dataclass(frozen=True)
class Layout:
    """Layout of a frame: its steps in order, and in each the voices from the top.

    Parameters
    ----------
    n_steps
        Steps in a frame, which is a beat.
    n_voices
        Voices; each has a cell at every step.
    n_values
        Number of values of a cell: 0 is a rest, above are pitches.

    Examples
    --------
    >>> layout = Layout(2, 1, 5)
    >>> layout.to_frames(np.array([[3], [3], [4]]), margin=1).tolist()
    [[6, 6], [3, 3], [4, 6], [6, 6]]
    >>> layout.from_frames(np.array([[6, 6], [3, 3], [4, 6], [6, 6]]), 3, margin=1).tolist()
    [[3], [3], [4]]
    """

    n_steps: int
    n_voices: int
    n_values: int

    @property
    def n_cells(self) -> int:
        """Cells of a frame."""
        return self.n_steps * self.n_voices

    @property
    def hidden(self) -> int:
        """The id of a hidden cell."""
        return self.n_values

    @property
    def outside(self) -> int:
        """The id of a cell before the beginning or after the end of the piece."""
        return self.n_values + 1

    def n_frames(self, n_steps: int) -> int:
        """Return the number of frames that cover ``n_steps`` steps."""
        return -(-n_steps // self.n_steps)

    def to_frames(self, piece: NDArray[np.integer], *, margin: int) -> Ids:
        """Turn ids ``(n_steps, n_voices)`` into frames ``(n_frames, n_cells)`` with margins."""
        before = margin * self.n_steps
        whole = (self.n_frames(len(piece)) + 2 * margin) * self.n_steps
        cells = np.full((whole, self.n_voices), self.outside, np.int32)
        cells[before : before + len(piece)] = piece
        return cells.reshape(-1, self.n_cells)

    def from_frames(self, frames: NDArray[np.integer], n_steps: int, *, margin: int) -> Ids:
        """Turn frames back into the ids of a piece with ``n_steps`` steps."""
        before = margin * self.n_steps
        return frames.reshape(-1, self.n_voices)[before : before + n_steps].astype(np.int32)


def draw_hidden(rng: np.random.Generator, n_frames: int, layout: Layout) -> Mask:
    """Draw which cells are hidden, shape ``(n_frames, n_cells)``, distributed as in sampling.

    Sampling fills the steps of a beat in order, so half of the masks show the first steps of every beat.
    """
    kind = int(rng.choice(len(KIND_SHARES), p=KIND_SHARES))
    shape = (n_frames, layout.n_steps, layout.n_voices)
    if kind == WHOLE_VOICES:
        voices = rng.random(layout.n_voices) < 0.5
        voices[rng.integers(layout.n_voices)] = True
        if rng.random() < MELODY_SHOWN_SHARE:
            voices = np.arange(layout.n_voices) > 0
        share = 1.0 if rng.random() < FULL_LENGTH_SHARE else rng.random()
        blocks = (rng.random((n_frames, layout.n_voices)) < share) & voices
    elif kind == BLOCKS:
        blocks = rng.random((n_frames, layout.n_voices)) < rng.random()
    elif kind == SPAN:
        first, last = np.sort(rng.integers(0, n_frames + 1, size=2))
        blocks = np.zeros((n_frames, layout.n_voices), bool)
        blocks[first:last] = True
    else:
        return (rng.random(shape) < rng.random()).reshape(n_frames, -1)
    hidden = np.broadcast_to(blocks[:, np.newaxis], shape).copy()
    if rng.random() < 0.5:
        hidden[:, : rng.integers(layout.n_steps)] = False
    return hidden.reshape(n_frames, -1)


def draw_order(rng: np.random.Generator, n_frames: int, layout: Layout) -> Mask:
    """Draw for each frame an order of its cells and the number of visible ones; hide the others.

    At least one is hidden in every frame.
    """
    places = rng.permuted(np.tile(np.arange(layout.n_cells), (n_frames, 1)), axis=1)
    return places >= rng.integers(layout.n_cells, size=(n_frames, 1))
