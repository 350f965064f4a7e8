"""``woodshed audio trim``: keep one stretch of a sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files

if TYPE_CHECKING:
    from woodshed.clip import Clip


def command(
    sounds: Sounds,
    out: Out,
    start_s: Annotated[float, typer.Option(help="Where to start, in seconds.")] = 0.0,
    end_s: Annotated[
        float | None, typer.Option(help="Where to end, in seconds; the end of the sound by default.")
    ] = None,
    silence: Annotated[bool, typer.Option(help="Also cut off the silence at both ends.")] = False,
    threshold_db: Annotated[
        float, typer.Option(help="What counts as silence, in decibels below the loudest moment.")
    ] = -40.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Keep one stretch of a sound, or all but the silence at both ends."""
    from woodshed.audio import trim, trim_silence

    def change(clip: Clip) -> Clip:
        part = trim(clip, start_s, end_s)
        return trim_silence(part, threshold_db=threshold_db) if silence else part

    change_files(change, sounds, out, to=to, force=force, jobs=jobs)
