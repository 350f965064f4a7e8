"""What the verbs of ``woodshed score`` share: their flags, and the run over many files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import counting_bar, list_skipped, note, refuse_skipped, say
from woodshed.errors import DataError, ParameterError, ScoreFileError, counted, near_miss, printable

if TYPE_CHECKING:
    from woodshed.data.file_jobs import FileJob
    from woodshed.score import Score

Scores = Annotated[
    list[Path],
    typer.Argument(
        help="Score files (.mid, .abc, .musicxml, .mxl, or a table of notes as .csv), and folders of them.",
        show_default=False,
    ),
]
Out = Annotated[
    Path,
    typer.Option(help="Folder for the results; for one file also the file to make.", show_default=False),
]
Force = Annotated[bool, typer.Option(help="Replace results that are there already.")]
SoundFont = Annotated[
    str,
    typer.Option(
        help="What plays: an .sf2 or .sf3 file; tones: woodshed's own; found: the SoundFont on this machine; "
        "best: that one, if it can be played, else tones."
    ),
]
Strict = Annotated[
    bool,
    typer.Option(help="Refuse scores with faults, such as a bar that does not add up; else named."),
]
Repeats = Annotated[bool, typer.Option(help="Play repeats and endings of ABC and MusicXML.")]


def list_scores(places: Sequence[Path]) -> list[Path]:
    """List score files: a file stands for itself, a folder for all scores below it, in the order of names."""
    from woodshed.data.folder import files_below
    from woodshed.symbolic.file import SCORE_SUFFIXES

    paths: list[Path] = []
    for place in places:
        below = files_below(place, stop_at=place.parent) if place.is_dir() else (place,)
        paths += [path for path in below if path == place or path.suffix.lower() in SCORE_SUFFIXES]
    if not paths:
        raise ParameterError(
            f"There is no score at {', '.join(map(printable, places)) or 'no place at all'}. Scores are told "
            f"by their suffix: {', '.join(SCORE_SUFFIXES)}."
        )
    return paths


def run_scores(
    work: Callable[[list[Score], Path], None],
    places: Sequence[Path],
    out: Path,
    suffix: str | None,
    *,
    force: bool,
    repeats: bool = True,
    strict: bool = False,
) -> None:
    """Read every file and give its pieces, and where the result goes, to the work; then sum up.

    A file whose pieces do not fit into one result has one for each piece, numbered. Faults in the notes, such
    as a bar that does not add up, are named.

    Raises
    ------
    DataError
        If no file at all could be used; and, if ``strict``, if one could not, or has a fault.
    """
    from woodshed.data.file_jobs import FileJob, run_file_jobs
    from woodshed.symbolic.abc.read import ABC_SUFFIXES
    from woodshed.symbolic.file import read_scores

    paths = list_scores(places)
    if out.suffix and not out.is_dir():
        if len(paths) > 1:
            raise ParameterError(
                f"{printable(out)} is one file, and there are {len(paths)} scores. Give a folder as --out."
            )
        file_jobs = [FileJob(paths[0], out)]
    else:
        file_jobs = [FileJob(path, out / path.with_suffix(suffix or path.suffix).name) for path in paths]

    def one(file_job: FileJob) -> None:
        scores = read_scores(file_job.source, repeats=repeats)
        name_faults(file_job.source, scores, strict=strict)
        if len(scores) == 1 or file_job.target.suffix.lower() in ABC_SUFFIXES:
            work(scores, file_job.target)
            return
        width = len(str(len(scores)))
        for k, score in enumerate(scores, start=1):
            work([score], file_job.target.with_stem(f"{file_job.target.stem}-{k:0{width}d}"))

    with counting_bar("scores", len(file_jobs)) as advance:
        outcome = run_file_jobs(file_jobs, one, overwrite=force, on_done=lambda file_job: advance())
    list_skipped(outcome.skipped)
    if outcome.existing:
        note(f"{len(outcome.existing)} results were there already; --force replaces them.")
    if not outcome.done and outcome.skipped:
        raise DataError(f"None of {counted(len(outcome.skipped), 'score')} could be used.")
    refuse_skipped(outcome.skipped, strict=strict, what="score")
    n_done = len(outcome.done)
    say(f"{counted(n_done, 'score')} done: {printable(out)}")


def name_faults(path: Path, scores: Sequence[Score], *, strict: bool) -> None:
    """Name what is wrong with the notes of a file, or refuse the file for it."""
    for score in scores:
        for finding in score.findings:
            title = f" ({printable(score.title)})" if score.title and len(scores) > 1 else ""
            if strict:
                raise ScoreFileError(path, f"{finding}{title}")
            note(f"{printable(path)}{title}: {finding}")


def suffix_of(to: str | None) -> str | None:
    """Read the name of a format, with or without a dot.

    Examples
    --------
    >>> suffix_of("abc"), suffix_of(".MID"), suffix_of(None)
    ('.abc', '.mid', None)
    """
    from woodshed.symbolic.file import SCORE_SUFFIXES, TABLE_SUFFIX

    if to is None:
        return None
    suffix = f".{to.lower().lstrip('.')}"
    if suffix not in (known := (*SCORE_SUFFIXES, TABLE_SUFFIX)):
        raise ParameterError(f"Scores cannot be written as {suffix}. {near_miss(suffix, known)}")
    return suffix
