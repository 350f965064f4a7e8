"""``woodshed audio stretch``: another tempo at the same pitch."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files


def command(
    sounds: Sounds,
    out: Out,
    factor: Annotated[float, typer.Option(help="How much faster: 2 is half as long, 0.5 twice as long.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the tempo and keep the pitch.

    A whole file is held in memory while it is worked on, several times over; cut one of many hours first.
    """
    from woodshed.audio import time_stretch

    change_files(functools.partial(time_stretch, factor=factor), sounds, out, to=to, force=force, jobs=jobs)
