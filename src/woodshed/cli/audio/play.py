"""``woodshed audio play``: play sounds."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.audio.files import Sounds
from woodshed.cli.terminal import say
from woodshed.errors import printable
from woodshed.units import duration_text


def command(
    sounds: Sounds,
    start_s: Annotated[float, typer.Option(help="Start, in seconds.")] = 0.0,
    end_s: Annotated[
        float | None, typer.Option(help="End, in seconds. [dim]\\[default: the end of the sound][/dim]")
    ] = None,
) -> None:
    """Play sounds, one after the other. Press Ctrl-C to stop."""
    from woodshed.audio import play, read
    from woodshed.data.folder import list_sounds

    for path in list_sounds(sounds):
        clip = read(path, start_s=start_s, end_s=end_s)
        say(f"{printable(path.name)}   {duration_text(clip.duration_s)}")
        play(clip)
