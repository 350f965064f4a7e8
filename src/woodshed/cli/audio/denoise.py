"""``woodshed audio denoise``: take steady noise out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files


def command(
    sounds: Sounds,
    out: Out,
    noise: Annotated[
        Path | None,
        typer.Option(help="A sound that holds only the noise; by default the quietest moments of each."),
    ] = None,
    noise_start_s: Annotated[float, typer.Option(help="Where the noise starts in it, in seconds.")] = 0.0,
    noise_end_s: Annotated[float | None, typer.Option(help="Where it ends, in seconds.")] = None,
    reduction_db: Annotated[float, typer.Option(help="By how much noise is lowered, in decibels.")] = 12.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Take steady noise out, such as hiss, hum or a fan.

    A whole file is held in memory while it is worked on, several times over; cut one of many hours first.
    """
    from woodshed.audio import denoise, noise_profile, read

    profile = None
    if noise is not None:
        profile = noise_profile(read(noise, start_s=noise_start_s, end_s=noise_end_s))
    change_files(
        lambda clip: denoise(clip, profile, reduction_db=reduction_db),
        sounds,
        out,
        to=to,
        force=force,
        jobs=jobs,
    )
