"""Flags that the verbs of ``woodshed audio`` share, and the summary of a run over many files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from woodshed.cli.terminal import list_skipped, note, say
from woodshed.errors import counted, printable

if TYPE_CHECKING:
    from woodshed.data.file_jobs import Outcome

Result = TypeVar("Result")

Sounds = Annotated[
    list[Path], typer.Argument(help="Sound files, and folders that contain some.", show_default=False)
]
Out = Annotated[
    Path,
    typer.Option(help="Output folder; for a single sound also the output file.", show_default=False),
]
To = Annotated[
    str | None,
    typer.Option(help="Output format, such as flac. [dim]\\[default: that of each sound][/dim]"),
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing results.")]
Jobs = Annotated[int, typer.Option(help="Number of files processed in parallel; -1: one per core.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: an array with one object per sound.")]


def print_outcome(outcome: Outcome[Result], out: Path, *, what: str = "sound", quiet: bool = False) -> None:
    """Print which files were skipped or existed already and, unless ``quiet``, how many were written."""
    list_skipped(outcome.skipped)
    if n := len(outcome.existing):
        note(f"{counted(n, 'existing result')} kept. Use --force to replace them.")
    if not quiet:
        say(f"{counted(len(outcome.done), what)} processed: {printable(out)}")
