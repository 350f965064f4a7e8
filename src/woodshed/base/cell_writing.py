"""Writing into a grid: draws cells again and again, given all others, until they suit each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.base.cell_mask import Layout
from woodshed.base.cell_net import CellNet
from woodshed.metrics.voice_leading import PAIRS, crossings, parallels

Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]

MARGIN = 2
"""Frames outside of the piece that the net is shown before and after it."""

LEAST_SHARE = 0.1
"""Share of the beats of the voices that is drawn anew in the last passes."""

ANNEALED = 0.8
"""Part of the passes in which that share falls from everything to the least."""

N_ROUNDS = 40
"""How often faults are looked for and drawn again, at most."""

APART = 3
"""Beats between two places that are mended at once: what happens at one must not matter at the other."""


@dataclass(frozen=True)
class Faults:
    """Parallels and crossings of a piece, one row for each: its step, and the two voices that make it."""

    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True)
class CellWriter:
    """Fills the free cells of a piece.

    Parameters
    ----------
    net
        What was learned.
    layout
        How cells lie in a frame.
    temperature
        Above 1 bolder than what was learned, below 1 more cautious.
    n_passes
        How often cells are drawn: at first all of them, then fewer and fewer.
    """

    net: CellNet
    layout: Layout
    temperature: float
    n_passes: int

    def write(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Draw the free cells by blocked Gibbs sampling with an annealed share.

        L. Yao et al., "On the equivalence between deep NADE and generative stochastic networks" (2014);
        C.-Z. A. Huang et al., "Counterpoint by convolution" (2017). A block is a beat of a voice, whose
        steps are drawn in order, so that its rhythm is of one piece.

        Parameters
        ----------
        piece
            Ids, shape ``(n_steps, n_voices)``; what stands in free cells does not matter.
        free
            Which cells to fill, the same shape.
        rng
            Source of the draws.
        """
        frames, loose = self._framed(piece, free)
        for number in range(self.n_passes):
            share = max(LEAST_SHARE, 1 - number / max(1.0, ANNEALED * self.n_passes))
            blocks = rng.random((len(frames), self.layout.n_voices)) < share
            frames = self._draw(frames, loose & self._cells_of(blocks), rng)
        return self._unframed(frames, piece)

    def mend(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Draw beats anew in which voices move in parallel fifths or octaves, or cross.

        A new draw is kept where there are fewer faults around it than before; what was given stays, and so
        do faults that are in it.
        """
        frames, loose = self._framed(piece, free)
        for _ in range(N_ROUNDS):
            before = find_faults(self._unframed(frames, piece))
            tried = self._choose(before, loose, rng)
            if not tried:
                break
            hidden, banned = np.zeros_like(loose), np.zeros((*frames.shape, self.layout.n_values), bool)
            for frame, voice, cell in tried:
                hidden[frame, voice :: self.layout.n_voices] = True
                banned[frame, cell, frames[frame, cell]] = True
            redrawn = self._draw(frames, hidden & loose, rng, banned)
            after = find_faults(self._unframed(redrawn, piece))
            for frame, _, _ in tried:
                if self._n_near(after, frame) < self._n_near(before, frame):
                    frames[frame] = redrawn[frame]
        return self._unframed(frames, piece)

    def _draw(self, frames: Ids, hidden: Mask, rng: np.random.Generator, banned: Mask | None = None) -> Ids:
        """Draw hidden cells, the first step of every frame first."""
        frames = frames.copy()
        n_voices = self.layout.n_voices
        for step in range(self.layout.n_steps):
            now = slice(step * n_voices, (step + 1) * n_voices)
            noise = rng.gumbel(size=(len(frames), n_voices, self.layout.n_values))
            if not hidden[:, now].any():
                continue
            shown = np.where(hidden, self.layout.hidden, frames)
            shown[:, : now.start] = frames[:, : now.start]
            logits = self.net(shown)[:, now].astype(np.float64) / self.temperature
            if banned is not None:
                logits[banned[:, now]] = -np.inf
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            frames[:, now] = np.where(hidden[:, now], np.argmax(logits + noise, axis=-1), frames[:, now])
        return frames

    def _choose(self, faults: Faults, loose: Mask, rng: np.random.Generator) -> list[tuple[int, int, int]]:
        """Choose frames that are to be mended at once, and in each a voice and the cell of the fault."""
        chosen: list[tuple[int, int, int]] = []
        for step, *voices in faults.places[rng.permutation(len(faults))].tolist():
            frame, at = divmod(step, self.layout.n_steps)
            frame += MARGIN
            cells = [at * self.layout.n_voices + voice for voice in voices]
            can = [(voice, cell) for voice, cell in zip(voices, cells, strict=True) if loose[frame, cell]]
            if can and all(abs(frame - other) >= APART for other, _, _ in chosen):
                chosen.append((frame, *can[rng.integers(len(can))]))
        return chosen

    def _n_near(self, faults: Faults, frame: int) -> int:
        """Count faults in a frame and its neighbours."""
        frames = faults.places[:, 0] // self.layout.n_steps + MARGIN
        return int((np.abs(frames - frame) <= 1).sum())

    def _cells_of(self, blocks: Mask) -> Mask:
        return np.tile(blocks, (1, self.layout.n_steps))

    def _framed(self, piece: Ids, free: Mask) -> tuple[Ids, Mask]:
        loose = np.zeros((len(piece), self.layout.n_voices), np.int32)
        loose[free] = 1
        frames = self.layout.to_frames(piece, margin=MARGIN)
        return frames, self.layout.to_frames(loose, margin=MARGIN) == 1

    def _unframed(self, frames: Ids, piece: Ids) -> Ids:
        return self.layout.from_frames(frames, len(piece), margin=MARGIN)


def find_faults(piece: Ids) -> Faults:
    """Find parallel fifths and octaves, and crossed voices, in ids with 0 for a rest.

    Examples
    --------
    >>> find_faults(np.array([[20, 15, 10, 1], [22, 15, 12, 3], [14, 15, 12, 3]])).places.tolist()
    [[1, 0, 3], [2, 0, 1]]
    """
    grid = piece.astype(np.int64) - 1  # 0, a rest, becomes the silence of voice_leading
    moved = np.flatnonzero(np.r_[True, (grid[1:] != grid[:-1]).any(axis=1)])
    rows, pairs = np.nonzero(parallels(grid[moved]))
    places = [(int(moved[row]), *PAIRS[pair]) for row, pair in zip(rows, pairs, strict=True)]
    steps, uppers = np.nonzero(crossings(grid))
    places += [(int(step), int(voice), int(voice) + 1) for step, voice in zip(steps, uppers, strict=True)]
    return Faults(np.array(places, np.int64).reshape(-1, 3))
