"""What the verbs of ``woodshed audio`` share: their flags, the run over many files, and its summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from woodshed.cli.terminal import counting_bar, list_skipped, note, say
from woodshed.clip import Clip
from woodshed.errors import DataError, counted, printable

if TYPE_CHECKING:
    from woodshed.data.file_jobs import FileJob

Answer = TypeVar("Answer")

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
    from woodshed.audio import info, read, write
    from woodshed.audio.convert import kept_encoding

    def work(file_job: FileJob) -> None:
        encoding = kept_encoding(info(file_job.source).codec, file_job.target)
        write(change(read(file_job.source)), file_job.target, encoding=encoding, overwrite=True)

    run_files(work, sounds, out, to=to, force=force, jobs=jobs)


def divide_files(
    divide: Callable[[Clip], Sequence[Clip]],
    sounds: Sequence[Path],
    out: Path,
    *,
    to: str | None,
    force: bool,
    jobs: int,
) -> None:
    """Make several sounds of each, numbered beside the place it would have."""
    from woodshed.audio import read, write

    def work(file_job: FileJob) -> None:
        parts = divide(read(file_job.source))
        for target, part in zip(numbered(file_job.target, len(parts)), parts, strict=True):
            write(part, target, overwrite=force)

    run_files(work, sounds, out, to=to, force=force, jobs=jobs)


def numbered(target: Path, n_parts: int) -> list[Path]:
    """Return a name for each part of a file.

    Examples
    --------
    >>> [path.name for path in numbered(Path("take.wav"), 2)]
    ['take-1.wav', 'take-2.wav']
    """
    width = len(str(n_parts))
    return [target.with_stem(f"{target.stem}-{k:0{width}d}") for k in range(1, n_parts + 1)]


def one_from_many(
    unite: Callable[[list[Clip]], Clip], sounds: Sequence[Path], out: Path, *, force: bool
) -> None:
    """Make one sound of all; here every one of them is needed."""
    from woodshed.audio import read, write
    from woodshed.audio.write import check_target
    from woodshed.data.folder import list_sounds

    check_target(out, overwrite=force)
    paths = list_sounds(sounds)
    whole = unite([read(path) for path in paths])
    write(whole, out, overwrite=force)
    say(f"{len(paths)} sounds, {whole.duration_s:.3f} s: {printable(out)}")


def ask_files(
    ask: Callable[[Path], Answer], sounds: Sequence[Path], *, jobs: int
) -> list[tuple[Path, Answer]]:
    """Ask something of every sound; those that cannot be used are named.

    Raises
    ------
    DataError
        If no sound at all could be used.
    """
    from woodshed.data.file_jobs import map_files
    from woodshed.data.folder import list_sounds

    paths = list_sounds(sounds)
    with counting_bar("sounds", len(paths)) as advance:
        answers, skipped = map_files(paths, ask, n_jobs=jobs, on_done=advance)
    list_skipped(skipped)
    if not answers:
        raise DataError(f"None of {len(paths)} sounds could be used.")
    return answers


def run_files(
    work: Callable[[FileJob], Answer],
    sounds: Sequence[Path],
    out: Path,
    *,
    to: str | None,
    force: bool,
    jobs: int,
    quiet: bool = False,
) -> list[tuple[FileJob, Answer]]:
    """Run the work on every sound with a progress bar, sum up unless quiet, and return what was answered.

    Raises
    ------
    DataError
        If no sound at all could be used.
    """
    from woodshed.data.file_jobs import plan_file_jobs, run_file_jobs

    suffix = None if to is None else f".{to.lower().lstrip('.')}"
    file_jobs = plan_file_jobs(sounds, out, suffix=suffix)
    with counting_bar("sounds", len(file_jobs)) as advance:
        outcome = run_file_jobs(
            file_jobs, work, overwrite=force, n_jobs=jobs, on_done=lambda file_job: advance()
        )
    list_skipped(outcome.skipped)
    if outcome.existing:
        note(f"{len(outcome.existing)} results were there already; --force replaces them.")
    if not outcome.done and outcome.skipped:
        raise DataError(f"None of {len(outcome.skipped)} sounds could be used.")
    n_done = len(outcome.done)
    if not quiet:
        say(f"{counted(n_done, 'sound')} done: {printable(out)}")
    return outcome.done
