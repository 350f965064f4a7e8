"""Progress of a workflow, reported to an observer such as a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Observer of a workflow, which runs one stage after the other."""

    def begin(self, total: int, description: str) -> None:
        """Start a stage of ``total`` steps; ``description`` names what is counted, such as ``sounds``."""

    def advance(self) -> None:
        """Count one step of the current stage as done."""

    def end(self) -> None:
        """Finish the current stage, complete or not."""


class SilentProgress:
    """Observer that ignores everything."""

    def begin(self, total: int, description: str) -> None:
        """Ignore the start of a stage."""

    def advance(self) -> None:
        """Ignore a step."""

    def end(self) -> None:
        """Ignore the end of a stage."""


SILENT: Progress = SilentProgress()
"""Default observer of every workflow."""


@contextmanager
def stage(progress: Progress, total: int, description: str) -> Iterator[Callable[[], None]]:
    """Run a stage: yield the function that counts a step, and end the stage even if an error is raised.

    Examples
    --------
    >>> with stage(SILENT, 3, "sounds") as advance:
    ...     for _ in range(3):
    ...         advance()
    """
    progress.begin(total, description)
    try:
        yield progress.advance
    finally:
        progress.end()
