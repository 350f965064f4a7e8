"""``woodshed audio split``: cut sounds into parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar, say
from woodshed.errors import ParameterError, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from woodshed.audio.silence_detection import Segment

    SegmentFinder = Callable[[Path], list[Segment]]


def command(
    sounds: Sounds,
    out: Out,
    every_s: Annotated[float | None, typer.Option(help="Cut into parts of this many seconds.")] = None,
    silence: Annotated[bool, typer.Option("--silence", help="Keep the parts between silences.")] = False,
    onsets: Annotated[bool, typer.Option("--onsets", help="Cut at the onsets of notes or strokes.")] = False,
    beats: Annotated[bool, typer.Option("--beats", help="Cut at the beats.")] = False,
    marks: Annotated[
        Path | None,
        typer.Option(
            help="Keep the intervals of a label file: Audacity labels, CSV, or one time per line to cut at."
        ),
    ] = None,
    threshold_db: Annotated[
        float, typer.Option(help="Silence threshold, in decibels relative to the loudest moment.")
    ] = -40.0,
    min_silence_s: Annotated[float, typer.Option(help="Minimum duration of a silence, in seconds.")] = 0.3,
    last: Annotated[str, typer.Option(help="With --every-s: keep or drop a shorter last part.")] = "keep",
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Cut into parts: at equal intervals, silences, onsets, beats or marks.

    Give exactly one of --every-s, --silence, --onsets, --beats and --marks. Parts are numbered.

    Example: woodshed audio split lesson.wav --silence --out words
    """
    from woodshed.audio import (
        SilenceRule,
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
    from woodshed.workflows.audio import cut_files

    def between(times_of: Callable[[Path], Iterable[float]]) -> SegmentFinder:
        return lambda path: segments_between(times_of(path), info(path).duration_s)

    def between_silences(path: Path) -> list[Segment]:
        return find_sound(
            read_blocks(path), SilenceRule(threshold_db=threshold_db, min_silence_s=min_silence_s)
        )

    def at_marks(path: Path) -> list[Segment]:
        return marker_segments(read_markers(marks or path), info(path).duration_s)

    def at_intervals(path: Path) -> list[Segment]:
        return equal_segments(info(path).duration_s, every_s or 0.0, last=last)

    finders: dict[str, tuple[bool, SegmentFinder]] = {
        "--every-s": (every_s is not None, at_intervals),
        "--silence": (silence, between_silences),
        "--onsets": (onsets, between(onset_times_of_file)),
        "--beats": (beats, between(beat_times_of_file)),
        "--marks": (marks is not None, at_marks),
    }
    chosen = [finder for is_set, finder in finders.values() if is_set]
    if len(chosen) != 1:
        raise ParameterError(f"Expected exactly one of {', '.join(finders)}; got {len(chosen)}.")
    outcome = cut_files(chosen[0], sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
    say(f"{counted(sum(n_parts for _, n_parts in outcome.done), 'part')} in total")
