"""Runs over many files with unusable ones among them."""

from __future__ import annotations

from collections.abc import Sequence

from woodshed.data.example import Skipped
from woodshed.errors import DataError, counted


class UnusableFilesError(DataError):
    """No usable file is left, or a strict run met an unusable one; ``skipped`` lists them with reasons."""

    def __init__(self, message: str, skipped: Sequence[Skipped]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


def require_usable(n_usable: int, skipped: Sequence[Skipped], *, what: str, strict: bool = False) -> None:
    """Raise an error if files were skipped and none is left, or if ``strict`` allows no skipped file.

    Parameters
    ----------
    n_usable
        Number of files that could be used.
    skipped
        The other files.
    what
        What a file holds, in the singular, such as ``sound``.
    strict
        Whether a single skipped file is an error.

    Raises
    ------
    UnusableFilesError
        See above.

    Examples
    --------
    >>> from pathlib import Path
    >>> require_usable(0, [Skipped(Path("a.wav"), "it is empty.")], what="sound")
    Traceback (most recent call last):
    woodshed.workflows.files.UnusableFilesError: None of the input files is usable: skipped 1 sound.
    """
    n = counted(len(skipped), what)
    if skipped and not n_usable:
        raise UnusableFilesError(f"None of the input files is usable: skipped {n}.", skipped)
    if skipped and strict:
        verb = "is" if len(skipped) == 1 else "are"
        raise UnusableFilesError(f"{n} {verb} unusable. Fix or remove them, or omit --strict.", skipped)
