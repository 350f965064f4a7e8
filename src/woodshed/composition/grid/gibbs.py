"""Writing into a grid: draws cells again and again, given all others, until they suit each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.grid.layout import Layout
from woodshed.composition.sampling import log_softmax
from woodshed.metrics.voice_leading import PAIRS, crossings, parallels

Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]

MARGIN = 2
"""Frames outside of the piece that the net is shown before and after it."""

N_COMPLETING = 3
"""In so many passes at most a piece is completed: more harmonise no better, fewer leave more faults."""

REACH = 1
"""A new piece grows from its first notes by so many beats at once: far apart it would be in two keys."""

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
        How often the net is asked to fill the piece and to go over it: `write` takes a dozen at least,
        `complete` three at most.
    """

    net: Callable[[NDArray[np.integer]], NDArray[np.float32]]
    layout: Layout
    temperature: float
    n_passes: int

    def write(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Fill the free cells one after the other, then draw them again, given all others.

        A block is a beat of a voice; its steps are drawn in order, so that its rhythm is of one piece. The
        first block is drawn from nothing but what is given, then two, four and more at once, each knowing
        those before it and next to one: an order of an orderless net (B. Uria et al., 2014), of which a key
        can come.
        Then blocks are drawn anew by Gibbs sampling. Blocks that are drawn at once are never neighbours, so
        that none is drawn without knowing what sounds with it and around it: drawing all at once, as
        C.-Z. A. Huang et al., "Counterpoint by convolution" (2017), do at first, needs far more passes.

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
        blocks: Mask = np.asarray(loose.reshape(len(frames), self.layout.n_steps, -1).any(axis=1))
        waiting, n_at_once, n_done = blocks.copy(), 1, 0
        while waiting.any():
            chosen = self._apart(self._within_reach(frames, loose, waiting), rng, n_at_once)
            hidden = loose & self._cells_of(waiting)
            frames = self._draw(frames, hidden, rng, drawn=loose & self._cells_of(chosen))
            waiting &= ~chosen
            n_at_once, n_done = 2 * n_at_once, n_done + 1
        for _ in range(n_done, self.n_passes):
            chosen = loose & self._cells_of(self._apart(blocks, rng, len(frames)))
            frames = self._draw(frames, chosen, rng)
        return self._unframed(frames, piece)

    def complete(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
        """Fill the free cells of a piece of which much is given: those first of which the net is surest.

        What follows from what is given, such as a cadence, comes first, and what could be anything goes with
        it; an order of H. Chang et al., "MaskGIT: masked generative image transformer" (2022). So more is as
        the given voices want it than by `write`, which begins anywhere. Arguments as there.
        """
        frames, loose = self._framed(piece, free)
        waiting: Mask = np.asarray(loose.reshape(len(frames), self.layout.n_steps, -1).any(axis=1))
        n_passes = min(self.n_passes, N_COMPLETING)
        n_all = int(waiting.sum())
        for left in np.cos(np.arange(1, n_passes + 1) / n_passes * np.pi / 2) * n_all:
            n_now = int(waiting.sum()) - int(left)
            if n_now < 1:
                continue
            hidden = loose & self._cells_of(waiting)
            sure = log_softmax(self.net(np.where(hidden, self.layout.hidden, frames))).max(axis=-1)
            sure = sure.reshape(len(frames), self.layout.n_steps, -1).sum(axis=1)
            chosen = np.zeros(waiting.size, bool)
            chosen[np.argsort(-np.where(waiting, sure, -np.inf), axis=None, kind="stable")[:n_now]] = True
            chosen = chosen.reshape(waiting.shape) & waiting
            frames = self._draw(frames, hidden, rng, drawn=loose & self._cells_of(chosen))
            waiting &= ~chosen
        return self._unframed(frames, piece)

    def _within_reach(self, frames: Ids, loose: Mask, waiting: Mask) -> Mask:
        """Keep the blocks that wait near notes that stand already; all if there are none."""
        stands = ~(loose & self._cells_of(waiting)) & (frames < self.layout.hidden)
        near = np.convolve(stands.any(axis=1), np.ones(2 * REACH + 1), mode="same") > 0
        close: Mask = waiting & near[:, np.newaxis]
        return close if close.any() else waiting

    def _apart(self, blocks: Mask, rng: np.random.Generator, n_most: int) -> Mask:
        """Choose up to so many blocks, at most one in a frame and none in the frame beside it."""
        chosen = np.zeros_like(blocks)
        taken = np.zeros(len(blocks) + 2, bool)  # with one frame more on either side
        n_chosen = 0
        for frame in rng.permutation(np.flatnonzero(blocks.any(axis=1))):
            if n_chosen == n_most:
                break
            if not taken[frame : frame + 3].any():
                chosen[frame, rng.choice(np.flatnonzero(blocks[frame]))] = True
                taken[frame + 1] = True
                n_chosen += 1
        return chosen

    def repair(self, piece: Ids, free: Mask, rng: np.random.Generator) -> Ids:
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
            known = drawn[:, : now.start]
            shown[:, : now.start] = np.where(known, frames[:, : now.start], shown[:, : now.start])
            logits = self.net(shown)[:, now].astype(np.float64) / self.temperature
            if banned is not None:
                logits[banned[:, now]] = -np.inf
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            frames[:, now] = np.where(drawn[:, now], np.argmax(logits + noise, axis=-1), frames[:, now])
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
