"""``woodshed audio play``: through the loudspeakers."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.audio.work import Sounds
from woodshed.cli.terminal import say
from woodshed.errors import printable
from woodshed.units import duration_text


def command(
    sounds: Sounds,
    start_s: Annotated[float, typer.Option(help="Where to start, in seconds.")] = 0.0,
    end_s: Annotated[float | None, typer.Option(help="Where to end, in seconds.")] = None,
) -> None:
    """Play sounds, one after the other. Ctrl-C ends it."""
    from woodshed.audio import play, read
    from woodshed.data.folder import list_sounds

    for path in list_sounds(sounds):
        clip = read(path, start_s=start_s, end_s=end_s)
        say(f"{printable(path.name)}   {duration_text(clip.duration_s)}")
        play(clip)
