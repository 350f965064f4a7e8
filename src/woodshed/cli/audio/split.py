"""``woodshed audio split``: cut sounds up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, numbered, run_files
from woodshed.cli.terminal import say
from woodshed.errors import ParameterError, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from woodshed.audio.silence_detection import Segment
    from woodshed.data.file_jobs import FileJob

    Find = Callable[[Path], list[Segment]]


def command(
    sounds: Sounds,
    out: Out,
    every_s: Annotated[float | None, typer.Option(help="Cut into parts of so many seconds.")] = None,
    silence: Annotated[bool, typer.Option(help="Keep the parts between silences.")] = False,
    onsets: Annotated[bool, typer.Option(help="Cut where notes or strokes begin.")] = False,
    beats: Annotated[bool, typer.Option(help="Cut at the beats.")] = False,
    marks: Annotated[
        Path | None, typer.Option(help="Cut out what a label file names: Audacity, CSV, or a time a line.")
    ] = None,
    threshold_db: Annotated[
        float, typer.Option(help="What counts as silence, in decibels below the loudest moment.")
    ] = -40.0,
    min_silence_s: Annotated[float, typer.Option(help="Shorter pauses do not divide.")] = 0.3,
    last: Annotated[
        str, typer.Option(help="With --every-s, what to do with a shorter last part: keep or drop.")
    ] = "keep",
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Cut sounds up: evenly, on silence, at onsets, at beats or at marks."""
    from woodshed.audio import (
        SilenceRule,
        cut_file,
        equal_segments,
        find_sound,
        info,
        marker_segments,
        read_blocks,
        read_markers,
        segments_between,
    )
    from woodshed.features.beat import beat_times_of_file
    from woodshed.features.onset import onset_times_of_file

    def between(times_of: Callable[[Path], Iterable[float]]) -> Find:
        return lambda path: segments_between(times_of(path), info(path).duration_s)

    def sounding(path: Path) -> list[Segment]:
        return find_sound(
            read_blocks(path), SilenceRule(threshold_db=threshold_db, min_silence_s=min_silence_s)
        )

    def marked(path: Path) -> list[Segment]:
        return marker_segments(read_markers(marks or path), info(path).duration_s)

    def evenly(path: Path) -> list[Segment]:
        return equal_segments(info(path).duration_s, every_s or 0.0, last=last)

    ways: dict[str, tuple[bool, Find]] = {
        "--every-s": (every_s is not None, evenly),
        "--silence": (silence, sounding),
        "--onsets": (onsets, between(onset_times_of_file)),
        "--beats": (beats, between(beat_times_of_file)),
        "--marks": (marks is not None, marked),
    }
    chosen = [find for asked, find in ways.values() if asked]
    if len(chosen) != 1:
        raise ParameterError(f"Where to cut? Give one of {', '.join(ways)}.")

    def work(file_job: FileJob) -> int:
        stretches = chosen[0](file_job.source)
        cut_file(file_job.source, stretches, numbered(file_job.target, len(stretches)), overwrite=force)
        return len(stretches)

    done = run_files(work, sounds, out, to=to, force=force, jobs=jobs)
    n_parts = sum(n for _, n in done)
    say(f"{counted(n_parts, 'part')} in all")
