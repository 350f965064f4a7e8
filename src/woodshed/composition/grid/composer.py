"""Composer of grids: a net that predicts any cells of voices and steps, given the others."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from woodshed.composition.composer import Composer, Trained
from woodshed.composition.grid.gibbs import GridWriter
from woodshed.composition.grid.layout import MARGIN, Ids, Layout, Mask
from woodshed.composition.grid.numpy_net import CellNet
from woodshed.composition.sampling import Sampler, log_softmax
from woodshed.errors import ParameterError
from woodshed.training.progress import OnEpoch
from woodshed.training.stderr import suppress_stderr

N_FRAMES_AT_ONCE = 16
"""Number of frames that are evaluated in parallel."""


@dataclass(kw_only=True, eq=False)
class GridComposer(Composer):
    """Base class of composers whose pieces have a fixed number of voices on a time grid.

    A subclass defines the tokens (the first is the rest), the number of voices, and how a piece becomes ids,
    shape ``(n_steps, n_voices)``. Further settings: `Composer`.

    Parameters
    ----------
    net
        Name of the architecture: chorale.
    width
        Channels of each layer.
    n_steps
        Length of a training crop in steps.
    steps_per_beat
        Steps in a quarter note, which is a frame of the net.
    """

    nets: ClassVar[Collection[str]] = ("chorale",)
    derived_names: ClassVar[tuple[str, ...]] = (*Composer.derived_names, "_cell_net")
    n_voices: ClassVar[int] = 4

    net: str = "chorale"
    width: int = 256
    n_layers: int = 6
    dropout: float = 0.3
    epochs: int = 30
    patience: int = 8
    batch_size: int = 16
    learning_rate: float = 2e-3
    n_steps: int = 128
    validation_share: float = 0.05
    steps_per_beat: int = 4

    @property
    def layout(self) -> Layout:
        """Arrangement of the cells of a frame."""
        return Layout(self.steps_per_beat, self.n_voices, len(self.vocabulary))

    def to_text(self, row: Ids) -> str:
        """Write the ids of a piece as JSON."""
        return json.dumps(row.tolist(), separators=(",", ":"))

    def check_settings(self) -> None:
        """Refuse settings that are out of range."""
        super().check_settings()
        if self.steps_per_beat < 1 or self.n_steps % self.steps_per_beat:
            raise ParameterError(
                f"n_steps must be a multiple of steps_per_beat, which is {self.steps_per_beat!r}, "
                f"got {self.n_steps!r}."
            )

    def train_net(
        self, train: Sequence[Ids], validation: Sequence[Ids], *, checkpoint: Path | None, on_epoch: OnEpoch
    ) -> Trained:
        """Train a net on encoded pieces."""
        with suppress_stderr():
            from woodshed.composition.grid.fitting import fit_grids
        return fit_grids(self, self.layout, train, validation, checkpoint=checkpoint, on_epoch=on_epoch)

    def bits_per_token(self, pieces: Sequence[Any]) -> float:
        """Return the exact cross-entropy of pieces in bits per cell; lower is better.

        A cell is predicted from the frames before it, the earlier steps of its frame, and the higher voices
        of its step.
        """
        rows = [self.encode(piece) for piece in pieces]
        return sum(self._nats_of(row) for row in rows) / sum(row.size for row in rows) / math.log(2)

    def _nats_of(self, row: Ids) -> float:
        """Return the log loss of a piece in nats."""
        frames = self.layout.to_frames(row, margin=MARGIN)
        inside = np.arange(MARGIN, len(frames) - MARGIN)
        total = 0.0
        for start in range(0, len(inside), N_FRAMES_AT_ONCE):
            targets = inside[start : start + N_FRAMES_AT_ONCE]
            shown = np.repeat(frames[np.newaxis], len(targets), axis=0)
            later = np.arange(len(frames)) >= targets[:, np.newaxis]
            shown[later[..., np.newaxis] & (shown != self.layout.outside)] = self.layout.hidden
            diagonal = (np.arange(len(targets)), targets)
            for cell in range(self.layout.n_cells):
                truth = frames[targets, cell]
                is_inside = truth != self.layout.outside
                logits = self._cell_net(shown)[(*diagonal, cell)]
                losses = -log_softmax(logits)[np.arange(len(targets)), np.where(is_inside, truth, 0)]
                total += float(losses[is_inside].sum())
                shown[(*diagonal, cell)] = truth
        return total

    @functools.cached_property
    def _cell_net(self) -> CellNet:
        return CellNet(self.fitted("weights_"), self.layout.n_cells, self.layout.n_values)

    def fill_cells(
        self,
        piece: Ids,
        free: Mask,
        *,
        seed: int | Sequence[int],
        temperature: float,
        n_passes: int,
        repair: bool,
    ) -> Ids:
        """Fill the free cells of ids ``(n_steps, n_voices)``; the others stay.

        Raises
        ------
        ParameterError
            If the temperature or the number of passes is out of range.
        """
        Sampler(temperature=temperature)  # refuses a temperature that is out of range
        if n_passes < 1:
            raise ParameterError(f"n_passes must be at least 1, got {n_passes!r}.")
        rng = np.random.default_rng(seed)
        writer = GridWriter(self._cell_net, self.layout, temperature, n_passes)
        filled = (writer.write if free.all() else writer.complete)(piece, free, rng)
        return writer.repair(filled, free, rng) if repair else filled
