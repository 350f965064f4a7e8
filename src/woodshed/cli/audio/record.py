"""``woodshed audio record``: from a microphone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import say
from woodshed.errors import printable


def command(
    out: Annotated[Path, typer.Argument(help="File to write, such as take.wav.", show_default=False)],
    duration_s: Annotated[
        float, typer.Option(help="Seconds to record at most; Ctrl-C ends it before.")
    ] = 10.0,
    sample_rate: Annotated[int, typer.Option(help="Samples per second.")] = 44100,
    channels: Annotated[int, typer.Option(help="1 is mono, 2 is stereo.")] = 1,
    force: Annotated[bool, typer.Option(help="Replace the file if it is there already.")] = False,
) -> None:
    """Record from a microphone."""
    from woodshed.audio import record, write
    from woodshed.audio.write import check_target

    check_target(out, overwrite=force)
    clip = record(duration_s, sample_rate=sample_rate, n_channels=channels)
    write(clip, out, overwrite=force)
    say(f"{clip.duration_s:.2f} s: {printable(out)}")
