"""Batch processing of files: one result per file, and bad files are skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from woodshed.atomic import remove_drafts
from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.audio.write import CONTAINERS
from woodshed.data.example import Skipped
from woodshed.data.folder import create_folder, list_sounds
from woodshed.errors import (
    MissingPackageError,
    OutputError,
    ParameterError,
    WoodshedError,
    near_miss,
    printable,
)
from woodshed.parallel import in_threads

Input = TypeVar("Input")
Result = TypeVar("Result")


@dataclass(frozen=True)
class FileJob:
    """One file to process and the path of its result."""

    source: Path
    target: Path


@dataclass
class Outcome(Generic[Result]):
    """Result of a run over many files.

    Parameters
    ----------
    done
        The jobs that were run, each with its return value, in order.
    existing
        The jobs whose target existed already; they were not run.
    skipped
        The files that could not be used, with the reason.
    """

    done: list[tuple[FileJob, Result]] = field(default_factory=list)
    existing: list[FileJob] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def plan_file_jobs(places: Sequence[Path], out: Path, *, suffix: str | None = None) -> list[FileJob]:
    """Return a job for each file, with the path of its result.

    Parameters
    ----------
    places
        Files, and folders with files below them.
    out
        A folder, in which files keep their path relative to their place; or, for a single file, the path of
        the result, recognised by its suffix.
    suffix
        Suffix of the results, such as ``.flac``; None keeps that of each file.

    Returns
    -------
    list of FileJob
        In the order of the places, with the files of a folder sorted by name.

    Raises
    ------
    ParameterError
        If there are no audio files, ``out`` is a file but there are several inputs, or audio cannot be
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
    inputs = [(place, path) for place in places for path in list_sounds([place])]
    if not inputs:
        raise ParameterError(
            f"No audio files in {', '.join(printable(place) for place in places) or 'an empty list'}. "
            f"Expected one of the suffixes {', '.join(sorted(AUDIO_SUFFIXES))}."
        )
    if out.suffix.lower() in AUDIO_SUFFIXES and not out.is_dir():
        if len(inputs) > 1:
            raise ParameterError(
                f"{printable(out)} is one file, and there are {len(inputs)} sounds. Give a folder as --out."
            )
        return [FileJob(inputs[0][1], out)]
    several = sum(place.is_dir() for place in places) > 1
    file_jobs = []
    for place, path in inputs:
        below = path.relative_to(place) if place.is_dir() else Path(path.name)
        if several and place.is_dir():
            below = place.resolve().name / below
        target = out / below
        file_jobs.append(FileJob(path, target if suffix is None else target.with_suffix(suffix)))
    return file_jobs


def run_file_jobs(
    file_jobs: Sequence[FileJob],
    work: Callable[[FileJob], Result],
    *,
    overwrite: bool = False,
    n_jobs: int = 1,
    on_done: Callable[[FileJob], None] = lambda file_job: None,
) -> Outcome[Result]:
    """Run the same function for every job.

    Existing results are kept, so an interrupted run resumes when the same command is run again.

    Parameters
    ----------
    file_jobs
        See `plan_file_jobs`.
    work
        Function that writes the result of a job atomically; the folder exists. It runs in threads: decoding,
        encoding and NumPy release the interpreter lock.
    overwrite
        Whether to replace existing results.
    n_jobs
        Number of threads; -1 for one per core.
    on_done
        Called after each job that was run, successful or not.

    Raises
    ------
    OutputError
        If a result cannot be written; later ones would fail too.
    ParameterError
        If ``n_jobs`` is 0, or a setting of ``work`` is invalid and no job succeeds.
    """
    outcome: Outcome[Result] = Outcome()
    first: dict[Path, int] = {}
    pending = []
    for k, file_job in enumerate(file_jobs):
        earlier = first.setdefault(file_job.target, k)
        if earlier != k:
            same = f"{printable(file_jobs[earlier].source)} has the same result. Rename one of them."
            outcome.skipped.append(Skipped(file_job.source, f"{printable(file_job.source)}: {same}"))
        elif file_job.target.exists() and not overwrite:
            outcome.existing.append(file_job)
        else:
            create_folder(file_job.target.parent, "Choose another --out.")
            pending.append(file_job)
    for folder in {file_job.target.parent for file_job in pending}:
        remove_drafts(folder)
    outcome.done, failed = _process(pending, work, n_jobs, on_done)
    outcome.skipped += [Skipped(file_job.source, str(error)) for file_job, error in failed]
    return outcome


def map_files(
    paths: Sequence[Path],
    function: Callable[[Path], Result],
    *,
    n_jobs: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> tuple[list[tuple[Path, Result]], list[Skipped]]:
    """Apply a function to every file in threads.

    Returns
    -------
    results, skipped
        The files with their return values, in order, and those that could not be used.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0, or a setting of ``function`` is invalid and no file can be used.

    Examples
    --------
    >>> from woodshed.audio import info
    >>> map_files([Path("there-is-no-such.wav")], info)[1][0].path.name
    'there-is-no-such.wav'
    """
    results, failed = _process(paths, function, n_jobs, lambda path: on_done())
    return results, [Skipped(path, str(error)) for path, error in failed]


def _process(
    inputs: Sequence[Input],
    work: Callable[[Input], Result],
    n_jobs: int,
    on_done: Callable[[Input], None],
) -> tuple[list[tuple[Input, Result]], list[tuple[Input, WoodshedError]]]:
    """Return the inputs with their results, and those that failed with the error.

    An error about a setting is raised if there is no result, instead of blaming the files for it.
    """

    def attempt(each: Input) -> Result | WoodshedError:
        try:
            return work(each)
        except (OutputError, MissingPackageError):
            raise
        except WoodshedError as error:
            return error

    done: list[tuple[Input, Result]] = []
    failed: list[tuple[Input, WoodshedError]] = []
    for each, result in zip(inputs, in_threads(attempt, inputs, n_jobs), strict=True):
        if isinstance(result, WoodshedError):
            failed.append((each, result))
        else:
            done.append((each, result))
        on_done(each)
    for _, error in failed:
        if not done and isinstance(error, ParameterError):
            raise error
    return done, failed
