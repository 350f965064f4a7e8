"""Audio processing of many files: each is read, processed and written on its own, in parallel.

Existing results are kept unless ``overwrite`` is set, so an interrupted run can be continued.
An unusable file is skipped and named in the result; the run fails if no usable file is left.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypedDict, TypeVar, Unpack

import numpy as np
from numpy.typing import NDArray

from woodshed.audio import add_clicks, convert_file, cut_file, filter_blocks, info, read, write
from woodshed.audio.convert import Conversion, change_file, matching_encoding
from woodshed.audio.edit import Level, Normalisation, find_normalisation, gain
from woodshed.audio.filter import FilterDesign
from woodshed.audio.markers import Marker
from woodshed.audio.segment import Segment
from woodshed.audio.write import FLOATS, check_target, choose_encoding
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.data.file_jobs import FileJob, Outcome, map_files, plan_file_jobs, run_file_jobs
from woodshed.data.folder import list_sounds
from woodshed.errors import AudioFileError, ParameterError, counted
from woodshed.features.rhythm import beat_times_of_file
from woodshed.workflows.files import numbered, require_usable
from woodshed.workflows.progress import SILENT, Progress, stage

Result = TypeVar("Result")


class FileOptions(TypedDict, total=False):
    """Options of every workflow that writes one result per sound.

    Parameters
    ----------
    to
        Format of the results, such as ``flac``; by default that of each sound.
    overwrite
        Whether existing results are replaced; not by default.
    n_jobs
        Number of sounds processed at a time; -1, the default, for one per core.
    progress
        Observer of the run.
    """

    to: str | None
    overwrite: bool
    n_jobs: int
    progress: Progress


@dataclass(frozen=True)
class Analysis(Generic[Result]):
    """Results of an analysis of many files.

    Parameters
    ----------
    results
        The usable files, in the order of the input, each with its result.
    skipped
        The unusable files, each with the reason.
    """

    results: list[tuple[Path, Result]]
    skipped: list[Skipped]


@dataclass(frozen=True)
class Combination:
    """A file made from several others: its path, the number of input files and the length in seconds."""

    path: Path
    n_files: int
    duration_s: float


def process_files(
    work: Callable[[FileJob], Result],
    sounds: Sequence[Path],
    out: Path,
    *,
    to: str | None = None,
    overwrite: bool = False,
    n_jobs: int = -1,
    progress: Progress = SILENT,
) -> Outcome[Result]:
    """Process sound files one by one; every other workflow that writes one result per file uses this.

    Parameters
    ----------
    work
        Makes the result of one file, which may replace an older one. It is called in threads.
    sounds
        Sound files, and folders of them.
    out
        Folder of the results, in which the tree of an input folder is kept. For a single sound it may be the
        file to write.
    to
        Format of the results, such as ``flac``; None keeps the format of each file.
    overwrite
        Whether existing results are replaced.
    n_jobs
        Number of files processed at a time; -1 for one per core.
    progress
        Observer of the run.

    Returns
    -------
    Outcome
        What was done, what existed before, and what was skipped.

    Raises
    ------
    ParameterError
        If there are no input files, or ``out`` is one file for several sounds.
    UnusableFilesError
        If no usable file is left.
    OutputError
        If a result cannot be written.
    """
    suffix = None if to is None else f".{to.lower().lstrip('.')}"
    file_jobs = plan_file_jobs(sounds, out, suffix=suffix)
    with stage(progress, len(file_jobs), "sounds") as advance:
        outcome = run_file_jobs(
            file_jobs, work, overwrite=overwrite, n_jobs=n_jobs, on_done=lambda file_job: advance()
        )
    require_usable(len(outcome.done), outcome.skipped, what="sound")
    return outcome


def change_files(
    change: Callable[[Clip], Clip],
    sounds: Sequence[Path],
    out: Path,
    **options: Unpack[FileOptions],
) -> Outcome[None]:
    """Apply a function to every sound, held in memory, and write the result with the encoding of its source.

    Options and errors are those of `process_files`.
    """

    def work(file_job: FileJob) -> None:
        encoding = matching_encoding(info(file_job.source).codec, file_job.target)
        write(change(read(file_job.source)), file_job.target, encoding=encoding, overwrite=True)

    return process_files(work, sounds, out, **options)


def normalise_files(
    sounds: Sequence[Path],
    out: Path,
    *,
    by: Level = "peak",
    level_db: float | None = None,
    true_peak_db: float | None = None,
    **options: Unpack[FileOptions],
) -> Outcome[Normalisation]:
    """Normalise every sound, held in memory; a sound that would clip is skipped.

    Parameters and errors are those of `woodshed.audio.normalise`, with ``by`` for ``to``; options and other
    errors are those of `process_files`.
    """

    def work(file_job: FileJob) -> Normalisation:
        encoding = matching_encoding(info(file_job.source).codec, file_job.target)
        clip = read(file_job.source)
        found = find_normalisation(clip, to=by, level_db=level_db, true_peak_db=true_peak_db)
        changed = gain(clip, found.gain_db) if found.gain_db else clip
        n_over = int(np.count_nonzero(np.abs(changed.samples) > 1))
        if n_over and choose_encoding(file_job.target, encoding).subtype not in FLOATS.values():
            samples = counted(n_over, "sample")
            raise AudioFileError(
                file_job.source, f"{samples} would clip. Use --true-peak -1 or a lower level."
            )
        write(changed, file_job.target, encoding=encoding, overwrite=True)
        return found

    return process_files(work, sounds, out, **options)


def filter_files(
    designs: Sequence[FilterDesign],
    sounds: Sequence[Path],
    out: Path,
    **options: Unpack[FileOptions],
) -> Outcome[Conversion]:
    """Apply filters, in their order, to every sound; files of any length are processed block by block.

    Options and errors are those of `process_files`.
    """

    def work(file_job: FileJob) -> Conversion:
        return change_file(
            file_job.source,
            file_job.target,
            lambda blocks: functools.reduce(filter_blocks, designs, blocks),
            overwrite=True,
        )

    return process_files(work, sounds, out, **options)


def convert_files(
    sounds: Sequence[Path],
    out: Path,
    *,
    sample_rate: int | None = None,
    n_channels: int | None = None,
    encoding: str | float | None = None,
    dither: bool = True,
    **options: Unpack[FileOptions],
) -> Outcome[Conversion]:
    """Convert every sound as `woodshed.audio.convert_file` does.

    Options and errors are those of `process_files` and `woodshed.audio.convert_file`.
    """

    def work(file_job: FileJob) -> Conversion:
        return convert_file(
            file_job.source,
            file_job.target,
            sample_rate=sample_rate,
            n_channels=n_channels,
            encoding=encoding,
            dither=dither,
            overwrite=True,
        )

    return process_files(work, sounds, out, **options)


def divide_files(
    divide: Callable[[Clip], Sequence[Clip]],
    sounds: Sequence[Path],
    out: Path,
    **options: Unpack[FileOptions],
) -> Outcome[int]:
    """Divide every sound, held in memory, into several, and write them under numbered names.

    Options and errors are those of `process_files`; the result of a file is its number of parts.
    """
    overwrite = options.get("overwrite", False)

    def work(file_job: FileJob) -> int:
        parts = divide(read(file_job.source))
        for target, part in zip(numbered(file_job.target, len(parts)), parts, strict=True):
            write(part, target, overwrite=overwrite)
        return len(parts)

    return process_files(work, sounds, out, **options)


def cut_files(
    find_stretches: Callable[[Path], list[Segment]],
    sounds: Sequence[Path],
    out: Path,
    **options: Unpack[FileOptions],
) -> Outcome[int]:
    """Write the stretches of every sound under numbered names; files of any length.

    Parts between markers also have the name of the marker: ``take-1-verse.wav``. Options and errors are
    those of `process_files`; the result of a file is its number of parts.
    """
    overwrite = options.get("overwrite", False)

    def work(file_job: FileJob) -> int:
        stretches = find_stretches(file_job.source)
        names = [stretch.name if isinstance(stretch, Marker) else "" for stretch in stretches]
        targets = numbered(file_job.target, len(stretches), names)
        cut_file(file_job.source, stretches, targets, overwrite=overwrite)
        return len(stretches)

    return process_files(work, sounds, out, **options)


def mark_beats(
    sounds: Sequence[Path], out: Path, **options: Unpack[FileOptions]
) -> Outcome[NDArray[np.float64]]:
    """Write every sound with a click on each beat; the result of a file is the times of its beats in seconds.

    Options and errors are those of `process_files`.
    """

    def work(file_job: FileJob) -> NDArray[np.float64]:
        beats_s = beat_times_of_file(file_job.source)
        write(add_clicks(read(file_job.source), beats_s), file_job.target, overwrite=True)
        return beats_s

    return process_files(work, sounds, out, **options)


def combine_files(
    combine: Callable[[list[Clip]], Clip], sounds: Sequence[Path], out: Path, *, overwrite: bool = False
) -> Combination:
    """Combine several sounds into one; every file has to be usable.

    Raises
    ------
    AudioError
        If a file cannot be read, or the sounds do not fit together.
    OutputError
        If the result exists and is not to be replaced, or cannot be written.
    """
    check_target(out, overwrite=overwrite)
    paths = list_sounds(sounds)
    clip = combine([read(path) for path in paths])
    write(clip, out, overwrite=overwrite)
    return Combination(out, len(paths), clip.duration_s)


def analyse_files(
    analyse: Callable[[Path], Result],
    sounds: Sequence[Path],
    *,
    n_jobs: int = -1,
    progress: Progress = SILENT,
) -> Analysis[Result]:
    """Apply a function to the path of every sound and collect the results; nothing is written.

    Raises
    ------
    ParameterError
        If there are no input files.
    UnusableFilesError
        If no usable file is left.
    """
    paths = list_sounds(sounds)
    if not paths:
        raise ParameterError("No input files. Expected sound files, or folders that contain some.")
    with stage(progress, len(paths), "sounds") as advance:
        results, skipped = map_files(paths, analyse, n_jobs=n_jobs, on_done=advance)
    require_usable(len(results), skipped, what="sound")
    return Analysis(results, skipped)
