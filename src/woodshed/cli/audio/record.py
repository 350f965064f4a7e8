"""``woodshed audio record``: record from a microphone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import say
from woodshed.errors import printable


def command(
    out: Annotated[Path, typer.Argument(help="Output file, such as take.wav.", show_default=False)],
    duration_s: Annotated[float, typer.Option(help="Maximum duration, in seconds.")] = 10.0,
    sample_rate: Annotated[int, typer.Option(help="Sample rate in hertz.")] = 44100,
    channels: Annotated[int, typer.Option(help="Number of channels: 1 for mono, 2 for stereo.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Record from a microphone. Press Ctrl-C to stop early."""
    from woodshed.audio import record, write
    from woodshed.audio.write import check_target

    check_target(out, overwrite=force)
    clip = record(duration_s, sample_rate=sample_rate, n_channels=channels)
    write(clip, out, overwrite=force)
    say(f"{clip.duration_s:.2f} s: {printable(out)}")
