"""What the verbs of ``woodshed audio`` share: their flags, the run over many files, and its summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.terminal import counting_bar, name_set_aside, note, say
from woodshed.clip import Clip
from woodshed.errors import DataError, printable

Sounds = Annotated[list[Path], typer.Argument(help="Sound files, and folders of them.", show_default=False)]
Out = Annotated[
    Path,
    typer.Option(help="Folder for the results; for one sound also the file to make.", show_default=False),
]
To = Annotated[
    str | None,
    typer.Option(help="Format of the results, such as flac. [dim]\\[default: each sound's own][/dim]"),
]
Force = Annotated[bool, typer.Option(help="Replace results that are there already.")]
Jobs = Annotated[int, typer.Option(help="Files worked on at once; -1 is one for each core.")]


def change_files(
    change: Callable[[Clip], Clip],
    sounds: Sequence[Path],
    out: Path,
    *,
    to: str | None,
    force: bool,
    jobs: int,
) -> None:
    """Change every sound in memory and write it to its place."""
    from woodshed.audio import read, write

    def work(errand: Any) -> None:
        write(change(read(errand.source)), errand.target, overwrite=True)

    run_files(work, sounds, out, to=to, force=force, jobs=jobs)


def run_files(
    work: Callable[[Any], Any], sounds: Sequence[Path], out: Path, *, to: str | None, force: bool, jobs: int
) -> list[Any]:
    """Run the work on every sound with a progress bar, sum up, and return what was answered.

    Raises
    ------
    DataError
        If no sound at all could be used.
    """
    from woodshed.data.errand import plan_errands, run_errands

    suffix = None if to is None else f".{to.lower().lstrip('.')}"
    errands = plan_errands(sounds, out, suffix=suffix)
    with counting_bar("sounds", len(errands)) as advance:
        outcome = run_errands(errands, work, overwrite=force, n_jobs=jobs, on_done=lambda errand: advance())
    name_set_aside(outcome.set_aside)
    if outcome.there_already:
        note(f"{len(outcome.there_already)} results were there already; --force replaces them.")
    if not outcome.done and outcome.set_aside:
        raise DataError(f"None of {len(outcome.set_aside)} sounds could be used.")
    n_done = len(outcome.done)
    say(f"{n_done} sound{'' if n_done == 1 else 's'} done: {printable(out)}")
    return [answer for _, answer in outcome.done]
