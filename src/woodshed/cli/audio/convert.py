"""``woodshed audio convert``: change format, sample rate, bit depth or number of channels."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar, note
from woodshed.errors import counted, printable


def command(
    sounds: Sounds,
    out: Out,
    to: To = None,
    sample_rate: Annotated[
        int | None, typer.Option(help="Sample rate in hertz. [dim]\\[default: unchanged][/dim]")
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(help="Number of channels; 1 mixes to mono. [dim]\\[default: unchanged][/dim]"),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            help="pcm8, pcm16, pcm24, pcm32, float32 or float64; for ogg and mp3 a quality from 0 to 1. "
            "[dim]\\[default: unchanged][/dim]"
        ),
    ] = None,
    dither: Annotated[bool, typer.Option(help="Add dither when the bit depth is reduced.")] = True,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Convert format, sample rate, bit depth or channels. The tree of an input folder is kept."""
    from woodshed.workflows.audio import convert_files

    outcome = convert_files(
        sounds,
        out,
        to=to,
        sample_rate=sample_rate,
        n_channels=channels,
        encoding=_quality_or_name(encoding),
        dither=dither,
        overwrite=force,
        n_jobs=jobs,
        progress=ProgressBar(),
    )
    for file_job, conversion in outcome.done:
        if conversion.n_clipped:
            clipped = counted(conversion.n_clipped, "clipped sample")
            note(f"{printable(file_job.target)}: {clipped}. Lower the level first: woodshed audio gain.")
    print_outcome(outcome, out)


def _quality_or_name(text: str | None) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
