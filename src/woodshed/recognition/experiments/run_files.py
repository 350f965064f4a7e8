"""Files of a run that are deleted, changed or damaged while it lasts: they are skipped from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Example, Skipped, Sounds, read_example
from woodshed.data.item import file_digest
from woodshed.errors import AudioError, AudioFileError, DataError, ScoreError, ScoreFileError, printable

Result = TypeVar("Result")
"""Type of what a part of a run returns."""


@dataclass(eq=False)
class RunFiles:
    """The files of a run, and which of them were lost since it began.

    A copy in another process has the digests of the original, and finds later losses by itself.

    Parameters
    ----------
    examples
        The examples to fit to and to test on.
    unlabelled
        Further examples to fit to.
    strict
        Whether to raise an error if a file is lost.

    Attributes
    ----------
    lost
        The lost files by path, with the reasons.
    """

    examples: Sequence[Example]
    unlabelled: Sequence[Example] = ()
    strict: bool = False
    lost: dict[Path, Skipped] = field(default_factory=dict, init=False)
    _digests: dict[Path, str] = field(default_factory=dict, init=False, repr=False)

    def digest(self, path: Path) -> str:
        """Return the digest of a file at its first use in this run; empty if it was lost before."""
        if path not in self._digests:
            try:
                self._digests[path] = file_digest(path)
            except AudioFileError:
                self._digests[path] = ""
        return self._digests[path]

    def check(self, examples: Iterable[Example] | None = None) -> None:
        """Compare files with what they were at their first use, and add the others to ``lost``.

        Parameters
        ----------
        examples
            Examples whose files are compared; None compares all.

        Raises
        ------
        DataError
            If a file was lost and the run is strict, or no file is left.
        """
        if examples is None:
            examples = (*self.examples, *self.unlabelled)
        for path in dict.fromkeys(example.path for example in examples):
            if path not in self.lost and (reason := self._loss(path)):
                self.lost[path] = Skipped(path, reason)
        self._raise_if_too_few()

    def _loss(self, path: Path) -> str:
        """Return why a file can no longer be used; empty if it can."""
        first = self.digest(path)
        try:
            is_same = file_digest(path) == first
        except AudioFileError:
            return "it was deleted, or made unreadable, during the run."
        return "" if is_same else "it was changed during the run."

    def _raise_if_too_few(self) -> None:
        if not self.lost:
            return
        path, skipped = next(iter(self.lost.items()))
        if self.strict:
            raise DataError(f"{printable(path)}: {skipped.reason} Restore it, or omit --strict.")
        if all(example.path in self.lost for example in self.examples):
            raise DataError(f"No file is left to use. The first: {printable(path)}: {skipped.reason}")

    def remaining(self, examples: Iterable[Example]) -> list[Example]:
        """Return the examples whose files are still what they were; raises what `check` raises."""
        examples = list(examples)
        self.check(examples)
        return [example for example in examples if example.path not in self.lost]

    def remaining_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those rows of ``examples`` whose files are still what they were, in the given order.

        Raises
        ------
        DataError
            As `check`.
        """
        self.check(self.examples[k] for k in rows.tolist())
        remaining = [k for k in rows.tolist() if self.examples[k].path not in self.lost]
        return np.asarray(remaining, dtype=np.int64)

    def retry(self, work: Callable[[], Result]) -> Result:
        """Return what a function returns; if files are lost meanwhile, it is called again without them.

        Parameters
        ----------
        work
            Uses the examples that `remaining` or `remaining_rows` returns when it is called.

        Raises
        ------
        DataError
            As `check`.
        AudioError, ScoreError
            Raised by ``work`` for another reason than a lost file.
        """
        while True:
            n_lost = len(self.lost)
            try:
                return work()
            except (AudioError, ScoreError):
                self.check()
                if len(self.lost) == n_lost:  # a file may have been damaged before its first use
                    self._set_aside_unreadable()
                if len(self.lost) == n_lost:
                    raise

    def _set_aside_unreadable(self) -> None:
        """Read all files that are left, and add those that cannot be read to ``lost``."""
        for example in (*self.examples, *self.unlabelled):
            if example.path in self.lost:
                continue
            try:
                read_example(example)
            except (AudioFileError, ScoreFileError) as error:
                self.lost[example.path] = Skipped(example.path, error.reason)
        self._raise_if_too_few()

    def rows_of(self, compute: Callable[[Sounds], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the row of features of every example; 0 for lost files.

        Parameters
        ----------
        compute
            Returns the rows of sounds, shape ``(n_sounds, n_values)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_examples, n_values)``.

        Raises
        ------
        DataError, AudioError, ScoreError
            As `retry`.
        """

        def table_of_remaining() -> NDArray[np.float64]:
            remaining = self.remaining_rows(np.arange(len(self.examples)))
            rows = compute(Sounds(self.examples[k] for k in remaining))
            table = np.zeros((len(self.examples), rows.shape[1]))
            table[remaining] = rows
            return table

        return self.retry(table_of_remaining)
