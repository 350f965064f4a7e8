"""Blocked Gibbs sampling of a grid: cells are drawn repeatedly, given all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.grid.layout import MARGIN, Ids, Layout, Mask
from woodshed.composition.sampling import log_softmax
from woodshed.metrics.voice_leading import PAIRS, crossings, parallels

MAX_COMPLETE_PASSES = 3
"""Maximum number of passes that complete a piece: more do not harmonise better, fewer leave more faults."""

REACH = 1
"""Maximum distance of a new block from existing notes, in beats; further away it would be in another key."""

N_REPAIR_ROUNDS = 40
"""Maximum number of times that faults are located and drawn again."""

REPAIR_DISTANCE = 3
"""Minimum distance between places that are repaired at once, in beats, so that they are independent."""


Faults = NDArray[np.int64]
"""Parallels and crossings of a piece, one row each, shape ``(n, 3)``: step, and the two voices."""


@dataclass(frozen=True)
class GridWriter:
    """Sampling of the free cells of a piece.

    Parameters
    ----------
    net
        Frames of ids to logits.
    layout
        Arrangement of the cells of a frame.
    temperature
        Above 1 more varied than the training data, below 1 more conservative.
    n_passes
        Number of passes over the piece: `write` makes at least a dozen, `complete` at most three.
    """

    net: Callable[[NDArray[np.integer]], NDArray[np.float32]]
    layout: Layout
    temperature: float
    n_passes: int

    def write(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Fill the free cells one after the other, then draw them again, given all others.

        A block is a beat of a voice; its steps are drawn in order, so that its rhythm is consistent. The
        first block is drawn from the fixed cells alone, then two, four and more at once, each given those
        before it and next to one: an ordering of an orderless net (B. Uria et al., 2014), from which a key
        can emerge. Then blocks are drawn anew by Gibbs sampling. Blocks that are drawn at once are never
        neighbours, so that each is drawn given what sounds with it and around it: drawing all at once at
        first, as in C.-Z. A. Huang et al., "Counterpoint by convolution" (2017), needs far more passes.

        Parameters
        ----------
        piece
            Ids, shape ``(n_steps, n_voices)``; the values of free cells are ignored.
        free
            Which cells to fill, the same shape.
        rng
            Source of the draws.
        """
        frames, loose = self._to_frames(piece, free)
        blocks: Mask = np.asarray(loose.reshape(len(frames), self.layout.n_steps, -1).any(axis=1))
        waiting, n_at_once, n_done = blocks.copy(), 1, 0
        while waiting.any():
            chosen = self._spread(self._within_reach(frames, loose, waiting), rng, n_at_once)
            hidden = loose & self._cells_of(waiting)
            frames = self._draw(frames, hidden, rng, drawn=loose & self._cells_of(chosen))
            waiting &= ~chosen
            n_at_once, n_done = 2 * n_at_once, n_done + 1
        for _ in range(n_done, self.n_passes):
            chosen = loose & self._cells_of(self._spread(blocks, rng, len(frames)))
            frames = self._draw(frames, chosen, rng)
        return self._from_frames(frames, piece)

    def complete(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Fill the free cells of a piece with many fixed ones, most confident predictions first.

        What the fixed voices determine, such as a cadence, is filled first, and the rest follows it; an
        ordering of H. Chang et al., "MaskGIT: masked generative image transformer" (2022). So the result
        fits the fixed voices better than with `write`, which begins anywhere. Arguments as there.
        """
        frames, loose = self._to_frames(piece, free)
        waiting: Mask = np.asarray(loose.reshape(len(frames), self.layout.n_steps, -1).any(axis=1))
        n_passes = min(self.n_passes, MAX_COMPLETE_PASSES)
        for left in np.cos(np.arange(1, n_passes + 1) / n_passes * np.pi / 2) * waiting.sum():
            n_now = int(waiting.sum()) - int(left)
            if n_now < 1:
                continue
            hidden = loose & self._cells_of(waiting)
            confidence = log_softmax(self.net(np.where(hidden, self.layout.hidden, frames))).max(axis=-1)
            confidence = confidence.reshape(len(frames), self.layout.n_steps, -1).sum(axis=1)
            ranked = np.argsort(-np.where(waiting, confidence, -np.inf), axis=None, kind="stable")
            chosen = np.zeros(waiting.size, bool)
            chosen[ranked[:n_now]] = True
            chosen = chosen.reshape(waiting.shape) & waiting
            frames = self._draw(frames, hidden, rng, drawn=loose & self._cells_of(chosen))
            waiting &= ~chosen
        return self._from_frames(frames, piece)

    def _within_reach(self, frames: Ids, loose: Mask, waiting: Mask) -> Mask:
        """Return the waiting blocks near notes that are filled; all if there are none."""
        is_filled = ~(loose & self._cells_of(waiting)) & (frames < self.layout.hidden)
        near = np.convolve(is_filled.any(axis=1), np.ones(2 * REACH + 1), mode="same") > 0
        close: Mask = waiting & near[:, np.newaxis]
        return close if close.any() else waiting

    def _spread(self, blocks: Mask, rng: np.random.Generator, n_blocks: int) -> Mask:
        """Choose up to ``n_blocks`` blocks, at most one per frame and none in neighbouring frames."""
        chosen = np.zeros_like(blocks)
        taken = np.zeros(len(blocks) + 2, bool)  # padded by one frame on either side
        n_chosen = 0
        for frame in rng.permutation(np.flatnonzero(blocks.any(axis=1))):
            if n_chosen == n_blocks:
                break
            if not taken[frame : frame + 3].any():
                chosen[frame, rng.choice(np.flatnonzero(blocks[frame]))] = True
                taken[frame + 1] = True
                n_chosen += 1
        return chosen

    def repair(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Draw beats again in which voices move in parallel fifths or octaves, or cross.

        A draw is accepted where it leaves fewer faults around it. Fixed cells stay, and so do faults between
        them.
        """
        frames, loose = self._to_frames(piece, free)
        for _ in range(N_REPAIR_ROUNDS):
            before = find_faults(self._from_frames(frames, piece))
            places = self._repairable(before, loose, rng)
            if not places:
                break
            hidden, banned = np.zeros_like(loose), np.zeros((*frames.shape, self.layout.n_values), bool)
            for frame, voice, cell in places:
                hidden[frame, voice :: self.layout.n_voices] = True
                banned[frame, cell, frames[frame, cell]] = True
            redrawn = self._draw(frames, hidden & loose, rng, banned)
            after = find_faults(self._from_frames(redrawn, piece))
            for frame, _, _ in places:
                if self._n_near(after, frame) < self._n_near(before, frame):
                    frames[frame] = redrawn[frame]
        return self._from_frames(frames, piece)

    def _draw(
        self,
        frames: Ids,
        hidden: Mask,
        rng: np.random.Generator,
        banned: Mask | None = None,
        *,
        drawn: Mask | None = None,
    ) -> Ids:
        """Draw hidden cells, or some of them, the first step of every frame first."""
        frames = frames.copy()
        drawn = hidden if drawn is None else drawn
        n_voices = self.layout.n_voices
        for step in range(self.layout.n_steps):
            now = slice(step * n_voices, (step + 1) * n_voices)
            noise = rng.gumbel(size=(len(frames), n_voices, self.layout.n_values))
            if not drawn[:, now].any():
                continue
            shown = np.where(hidden, self.layout.hidden, frames)
            before = slice(now.start)
            shown[:, before] = np.where(drawn[:, before], frames[:, before], shown[:, before])
            logits = self.net(shown)[:, now].astype(np.float64) / self.temperature
            if banned is not None:
                logits[banned[:, now]] = -np.inf
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            frames[:, now] = np.where(drawn[:, now], np.argmax(logits + noise, axis=-1), frames[:, now])
        return frames

    def _repairable(
        self, faults: Faults, loose: Mask, rng: np.random.Generator
    ) -> list[tuple[int, int, int]]:
        """Choose frames to repair at once, and in each a voice and the cell of the fault."""
        chosen: list[tuple[int, int, int]] = []
        for step, *voices in faults[rng.permutation(len(faults))].tolist():
            frame, at = divmod(step, self.layout.n_steps)
            frame += MARGIN
            cells = [at * self.layout.n_voices + voice for voice in voices]
            free = [(voice, cell) for voice, cell in zip(voices, cells, strict=True) if loose[frame, cell]]
            if free and all(abs(frame - other) >= REPAIR_DISTANCE for other, _, _ in chosen):
                chosen.append((frame, *free[rng.integers(len(free))]))
        return chosen

    def _n_near(self, faults: Faults, frame: int) -> int:
        """Count faults in a frame and its neighbours."""
        return int((np.abs(faults[:, 0] // self.layout.n_steps + MARGIN - frame) <= 1).sum())

    def _cells_of(self, blocks: Mask) -> Mask:
        return np.tile(blocks, (1, self.layout.n_steps))

    def _to_frames(self, piece: Ids, free: Mask) -> tuple[Ids, Mask]:
        loose = np.zeros((len(piece), self.layout.n_voices), np.int32)
        loose[free] = 1
        frames = self.layout.to_frames(piece, margin=MARGIN)
        return frames, self.layout.to_frames(loose, margin=MARGIN) == 1

    def _from_frames(self, frames: Ids, piece: Ids) -> Ids:
        return self.layout.from_frames(frames, len(piece), margin=MARGIN)


def find_faults(piece: Ids) -> Faults:
    """Find parallel fifths and octaves, and crossed voices, in ids with 0 for a rest.

    Examples
    --------
    >>> find_faults(np.array([[20, 15, 10, 1], [22, 15, 12, 3], [14, 15, 12, 3]])).tolist()
    [[1, 0, 3], [2, 0, 1]]
    """
    grid = piece.astype(np.int64) - 1  # 0, a rest, becomes the silence of voice_leading
    moved = np.flatnonzero(np.r_[True, (grid[1:] != grid[:-1]).any(axis=1)])
    rows, pairs = np.nonzero(parallels(grid[moved]))
    places = [(int(moved[row]), *PAIRS[pair]) for row, pair in zip(rows, pairs, strict=True)]
    steps, uppers = np.nonzero(crossings(grid))
    places += [(int(step), int(voice), int(voice) + 1) for step, voice in zip(steps, uppers, strict=True)]
    return np.array(places, np.int64).reshape(-1, 3)
