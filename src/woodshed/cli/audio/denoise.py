"""``woodshed audio denoise``: reduce stationary noise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    sounds: Sounds,
    out: Out,
    noise: Annotated[
        Path | None,
        typer.Option(
            help="Recording of the noise alone. [dim]\\[default: the quietest moments of each sound][/dim]"
        ),
    ] = None,
    noise_start_s: Annotated[float, typer.Option(help="Start of the noise in it, in seconds.")] = 0.0,
    noise_end_s: Annotated[
        float | None,
        typer.Option(help="End of the noise in it, in seconds. [dim]\\[default: its end][/dim]"),
    ] = None,
    reduction_db: Annotated[float, typer.Option(help="Attenuation of the noise in decibels.")] = 12.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Reduce stationary noise.

    Stationary noise is constant over time, such as hiss, hum or a fan.

    A whole file is held in memory several times over; split files of several hours first.

    Example: woodshed audio denoise talk.wav --noise room.wav --out clean.wav
    """
    from woodshed.audio import denoise, noise_profile, read
    from woodshed.workflows.audio import change_files

    profile = None
    if noise is not None:
        profile = noise_profile(read(noise, start_s=noise_start_s, end_s=noise_end_s))
    outcome = change_files(
        lambda clip: denoise(clip, profile, reduction_db=reduction_db),
        sounds,
        out,
        to=to,
        overwrite=force,
        n_jobs=jobs,
        progress=ProgressBar(),
    )
    print_outcome(outcome, out)
