"""Errands: the same work on many files, each with a result of its own; a bad file never ends the run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.audio.write import CONTAINERS
from woodshed.data.example import Skipped
from woodshed.data.folder import list_sounds
from woodshed.errors import OutputError, ParameterError, WoodshedError, near_miss, printable

Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(frozen=True)
class FileJob:
    """One file to work on, and where its result goes."""

    source: Path
    target: Path


@dataclass
class Outcome(Generic[Done]):
    """What a run over many files did.

    Parameters
    ----------
    done
        The errands that were run, each with what the work answered, in the order in which they were given.
    there_already
        The errands whose result was there before; nothing was done about them.
    skipped
        The files that could not be used, and why.
    """

    done: list[tuple[FileJob, Done]] = field(default_factory=list)
    there_already: list[FileJob] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def plan_file_jobs(places: Sequence[Path], out: Path, *, suffix: str | None = None) -> list[FileJob]:
    """Decide where the result of each file goes.

    Parameters
    ----------
    places
        Files, and folders with files below them.
    out
        A folder: what lies below a given folder keeps its place in the tree. Or, for a single file, the
        file to make, which is told by its suffix.
    suffix
        Suffix of the results, such as ``.flac``; None keeps each file's own.

    Returns
    -------
    list of FileJob
        In the order of the places, files of a folder by name.

    Raises
    ------
    ParameterError
        If there is no sound at these places, ``out`` names one file for several, or sounds cannot be
        written with that suffix.

    Examples
    --------
    >>> plan_file_jobs([Path("take.wav")], Path("better"), suffix=".flac")[0].target.as_posix()
    'better/take.flac'
    >>> plan_file_jobs([Path("take.wav")], Path("best.ogg"))[0].target.as_posix()
    'best.ogg'
    """
    if suffix is not None and suffix not in CONTAINERS:
        raise ParameterError(f"Sounds cannot be written as {suffix}. {near_miss(suffix, CONTAINERS)}")
    listed = [(place, path) for place in places for path in list_sounds([place])]
    if not listed:
        raise ParameterError(
            f"There is no sound at {', '.join(printable(place) for place in places) or 'no place at all'}. "
            f"Sounds are told by their suffix: {', '.join(sorted(AUDIO_SUFFIXES))}."
        )
    names_a_file = out.suffix.lower() in AUDIO_SUFFIXES and not out.is_dir()
    if names_a_file:
        if len(listed) > 1:
            raise ParameterError(
                f"{printable(out)} is one file, and there are {len(listed)} sounds. Give a folder as --out."
            )
        return [FileJob(listed[0][1], out)]
    several = sum(place.is_dir() for place in places) > 1
    file_jobs = []
    for place, path in listed:
        below = path.relative_to(place) if place.is_dir() else Path(path.name)
        if several and place.is_dir():
            below = place.resolve().name / below
        target = out / below
        file_jobs.append(FileJob(path, target if suffix is None else target.with_suffix(suffix)))
    return file_jobs


def run_file_jobs(
    file_jobs: Sequence[FileJob],
    work: Callable[[FileJob], Done],
    *,
    overwrite: bool = False,
    n_jobs: int = 1,
    on_done: Callable[[FileJob], None] = lambda file_job: None,
) -> Outcome[Done]:
    """Do the same work for every file.

    Results that are there already are left alone, so a run that was cut short goes on where it was when
    the same command is given again.

    Parameters
    ----------
    errands
        See `plan_file_jobs`.
    work
        Makes the result of one errand, whole or not at all; its folder is made before. What it answers is
        handed on. It runs in threads: decoding, encoding and NumPy leave the interpreter to others.
    overwrite
        Whether a result that is there already is made again.
    n_jobs
        Threads; -1 takes one for each core.
    on_done
        Called after each errand that was tried.

    Raises
    ------
    OutputError
        If a result cannot be written: the next one could not be either.
    ParameterError
        If ``n_jobs`` is 0.
    """
    outcome: Outcome[Done] = Outcome()
    waiting = []
    for file_job, rival in zip(file_jobs, _rivals(file_jobs), strict=True):
        if rival is not None:
            reason = (
                f"{printable(file_job.source)}: {printable(rival)} has the same result. Rename one of them."
            )
            outcome.skipped.append(Skipped(file_job.source, reason))
        elif file_job.target.exists() and not overwrite:
            outcome.there_already.append(file_job)
        else:
            _make_place(file_job)
            waiting.append(file_job)
    for file_job, (answer, why_not) in zip(waiting, _attempts(work, waiting, n_jobs), strict=True):
        if why_not is None:
            outcome.done.append((file_job, answer))
        else:
            outcome.skipped.append(Skipped(file_job.source, why_not))
        on_done(file_job)
    return outcome


def ask_each(
    paths: Sequence[Path],
    ask: Callable[[Path], Done],
    *,
    n_jobs: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> tuple[list[tuple[Path, Done]], list[Skipped]]:
    """Ask something of every file, and write nothing.

    Returns
    -------
    answers, skipped
        The files with what was answered, in their order, and those that could not be used.

    Examples
    --------
    >>> from woodshed.audio import info
    >>> ask_each([Path("there-is-no-such.wav")], info)[1][0].path.name
    'there-is-no-such.wav'
    """
    answers, skipped = [], []
    for path, (answer, reason) in zip(paths, _attempts(ask, paths, n_jobs), strict=True):
        if reason is None:
            answers.append((path, answer))
        else:
            skipped.append(Skipped(path, reason))
        on_done()
    return answers, skipped


def _rivals(file_jobs: Sequence[FileJob]) -> list[Path | None]:
    """For each errand the earlier source that has the same target."""
    first: dict[Path, Path] = {}
    rivals = []
    for file_job in file_jobs:
        rivals.append(first.get(file_job.target))
        first.setdefault(file_job.target, file_job.source)
    return rivals


def _attempts(
    work: Callable[[Given], Done], given: Sequence[Given], n_jobs: int
) -> Iterator[tuple[Any, str | None]]:
    """Work on each in threads; yield, in their order, the answer or why there is none."""
    import joblib

    if n_jobs == 0:
        raise ParameterError("n_jobs must be 1 or more, or -1 for one thread a core, got 0.")
    tasks = (joblib.delayed(_attempt)(work, one) for one in given)
    with contextlib.closing(
        joblib.Parallel(n_jobs=n_jobs, backend="threading", return_as="generator")(tasks)
    ) as answers:
        yield from answers


def _attempt(work: Callable[[Given], Done], given: Given) -> tuple[Done | None, str | None]:
    try:
        return work(given), None
    except OutputError:
        raise
    except WoodshedError as error:
        return None, str(error)


def _make_place(file_job: FileJob) -> None:
    """Make the folder of a result."""
    try:
        file_job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(file_job.target.parent)} cannot be made ({error.strerror}). Choose another --out."
        ) from error
