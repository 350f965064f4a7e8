"""Composer of grids: learns pieces as cells of voices and steps, and fills any of them, given the others."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer
from woodshed.composition.grid.gibbs import MARGIN, CellWriter
from woodshed.composition.grid.layout import Layout
from woodshed.composition.grid.numpy_net import CellNet
from woodshed.composition.sampling import check_sampling, log_softmax
from woodshed.errors import DataError, ParameterError
from woodshed.training.progress import OnEpoch, ignore_epoch
from woodshed.training.stderr import suppress_stderr

Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]

N_AT_ONCE = 16
"""So many frames are asked about at once when a piece is judged."""


@dataclass(kw_only=True, eq=False)
class GridComposer(Composer):
    """Learn grids of voices and steps; write new ones, or what is missing in one.

    It is not used itself, but as a job: `woodshed.tasks.chorale.ChoraleComposer`. A job says its tokens (the
    first is the rest), its number of voices, and how a piece becomes ids and ids become a piece. Settings
    not told here are those of `Composer`.

    Parameters
    ----------
    net
        What learns: chorale.
    width
        Channels of the net.
    n_layers
        Its residual layers.
    n_steps
        Length of the crops that it learns from.
    steps_per_beat
        Steps in a quarter note. The net sees a beat at a time.
    """

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
        """How cells lie in a beat."""
        return Layout(self.steps_per_beat, self.n_voices, len(self.vocabulary))

    def encode(self, piece: Any) -> Ids:
        """Turn a piece into ids, shape ``(n_steps, n_voices)``."""
        raise NotImplementedError

    def check_settings(self) -> None:
        """Refuse values that cannot work."""
        if self.net != "chorale":
            raise ParameterError(f"There is no net called {self.net!r} for grids. Did you mean 'chorale'?")
        numbers = {setting.name: getattr(self, setting.name) for setting in fields(Composer)}
        Composer(**{**numbers, "net": "lstm-lm"}).check_settings()
        if self.steps_per_beat < 1 or self.n_steps % self.steps_per_beat:
            raise ParameterError(
                f"n_steps must be whole beats of {self.steps_per_beat!r} steps, got {self.n_steps!r}."
            )

    # -- learning ---------------------------------------------------------------------------------

    def fit(
        self,
        pieces: Sequence[Any],
        groups: Sequence[str] | None = None,
        *,
        titles: Sequence[str] | None = None,
        held_out: Sequence[Any] | None = None,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Learn from pieces; arguments and errors as those of `Composer.fit`."""
        self.check_settings()
        if not len(pieces):
            raise DataError("There is nothing to learn from: no pieces were given.")
        rows = [self.encode(piece) for piece in pieces]
        with suppress_stderr():
            from woodshed.composition.grid.fitting import learn_grids
        judges = None if held_out is None else [self.encode(piece) for piece in held_out]
        weights, curve, finished = learn_grids(
            self, rows, groups, judges, checkpoint=checkpoint, on_epoch=on_epoch
        )
        names = [f"piece {k + 1}" for k in range(len(pieces))] if titles is None else titles
        texts = [json.dumps(row.tolist(), separators=(",", ":")) for row in rows]
        self.set_learned(weights, curve, list(zip(names, texts, strict=True)))
        if not finished:
            raise KeyboardInterrupt
        return self

    def bits_per_token(self, pieces: Sequence[Any]) -> float:
        """Return how many bits a cell of these pieces takes: exactly, beat after beat.

        The beats before are known; in a beat the steps come in order, and in a step the voices from the top.
        """
        rows = [self.encode(piece) for piece in pieces]
        return sum(self._nats_of(row) for row in rows) / sum(row.size for row in rows) / math.log(2)

    def _nats_of(self, row: Ids) -> float:
        """Return the log loss of a piece in nats."""
        frames = self.layout.to_frames(row, margin=MARGIN)
        inside = np.arange(MARGIN, len(frames) - MARGIN)
        total = 0.0
        for start in range(0, len(inside), N_AT_ONCE):
            asked = inside[start : start + N_AT_ONCE]
            shown = np.repeat(frames[np.newaxis], len(asked), axis=0)
            later = np.arange(len(frames)) >= asked[:, np.newaxis]
            shown[later[..., np.newaxis] & (shown != self.layout.outside)] = self.layout.hidden
            own = (np.arange(len(asked)), asked)
            for cell in range(self.layout.n_cells):
                truth = frames[asked, cell]
                known = truth != self.layout.outside
                logits = self._cell_net(shown)[(*own, cell)]
                losses = -log_softmax(logits)[np.arange(len(asked)), np.where(known, truth, 0)]
                total += float(losses[known].sum())
                shown[(*own, cell)] = truth
        return total

    # -- writing ----------------------------------------------------------------------------------

    @functools.cached_property
    def _cell_net(self) -> CellNet:
        return CellNet(self.fitted("weights_"), self.layout.n_cells, self.layout.n_values)

    def set_learned(self, *learned: Any) -> None:
        """Take over what was learned, or loaded."""
        super().set_learned(*learned)
        self.__dict__.pop("_cell_net", None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_cell_net"}

    def write_free(
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
            If the temperature or the passes are out of range.
        """
        check_sampling(temperature, None, None)
        if n_passes < 1:
            raise ParameterError(f"n_passes must be at least 1, got {n_passes!r}.")
        rng = np.random.default_rng(seed)
        writer = CellWriter(self._cell_net, self.layout, temperature, n_passes)
        written = (writer.write if free.all() else writer.complete)(piece, free, rng)
        return writer.repair(written, free, rng) if repair else written
