"""The tokenizers of the package MidiTok, behind the manners of the others."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import MissingPackageError, ParameterError, near_miss
from woodshed.score import Score
from woodshed.symbolic.midi import midi_to_score, score_to_midi

INSTALL = "pip install 'woodshed[miditok]'"
KINDS = ("REMI", "TSD", "MIDILike", "Structured")
"""Those of MidiTok that make one row of ids of a score."""


@dataclass(frozen=True)
class MidiTok:
    """Score <-> ids of a MidiTok tokenizer (Fradet et al., 2021).

    Kept is what its kind keeps: the notes on its grid, with velocity classes. The tokens of tempo, metre and
    programs are not used, so all channels come back as one.

    Parameters
    ----------
    kind
        ``REMI`` (bars and positions), ``TSD``, ``MIDILike`` or ``Structured``.
    steps_per_beat
        Steps in a quarter note; default 8.
    n_velocities
        Classes of velocity; default 32.

    Raises
    ------
    ParameterError
        If there is no such kind, or a number is below 1.
    MissingPackageError
        When it is first used, if MidiTok is not installed; the message is the line that installs it.

    Examples
    --------
    >>> MidiTok(kind="Remi")
    Traceback (most recent call last):
    woodshed.errors.ParameterError: MidiTok has no kind 'Remi'. Known: MIDILike, REMI, Structured, TSD.
    """

    kind: str = "REMI"
    steps_per_beat: int = 8
    n_velocities: int = 32

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"MidiTok has no kind {self.kind!r}. {near_miss(self.kind, KINDS)}")
        for name in ("steps_per_beat", "n_velocities"):
            if getattr(self, name) < 1:
                raise ParameterError(f"MidiTok expects {name} of 1 or more, got {getattr(self, name)!r}.")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens; the place of each is its id."""
        numbers = self._tokenizer.vocab
        return tuple(sorted(numbers, key=numbers.__getitem__))

    def on_grid(self, score: Score) -> Score:
        """Return what is left of a score: ``decode(encode(score))``."""
        return self.decode(self.encode(score))

    def encode(self, score: Score) -> NDArray[np.int32]:
        """Turn a score into ids, int32 of shape ``(n_tokens,)``."""
        symusic = _need("symusic")
        rows = self._tokenizer.encode(symusic.Score.from_midi(score_to_midi(score)))
        row = rows[0] if isinstance(rows, list) else rows
        return np.array(row.ids, dtype=np.int32)

    def decode(self, ids: ArrayLike) -> Score:
        """Turn ids into a score.

        Raises
        ------
        ParameterError
            If an id is out of range.
        """
        numbers = np.asarray(ids, dtype=np.int64).ravel().tolist()
        n_tokens = len(self._tokenizer)
        for place, number in enumerate(numbers, start=1):
            if not 0 <= number < n_tokens:
                raise ParameterError(
                    f"{number}, the id at place {place}, is no token: they go from 0 to {n_tokens - 1}."
                )
        return midi_to_score(self._tokenizer.decode([numbers]).dumps_midi(), source="tokens")

    @cached_property
    def _tokenizer(self) -> Any:
        package = _need("miditok")
        settings = package.TokenizerConfig(
            beat_res={(0, 4): self.steps_per_beat, (4, 12): max(1, self.steps_per_beat // 2)},
            num_velocities=self.n_velocities,
        )
        return getattr(package, self.kind)(settings)


def _need(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackageError(f"MidiTok is needed for these tokens: {INSTALL}") from error
