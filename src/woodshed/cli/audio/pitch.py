"""``woodshed audio pitch``: another pitch at the same tempo."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files


def command(
    sounds: Sounds,
    out: Out,
    semitones: Annotated[float, typer.Option(help="How far up, in semitones; below 0 is down.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the pitch and keep the tempo.

    A whole file is held in memory while it is worked on, several times over; cut one of many hours first.
    """
    from woodshed.audio import pitch_shift

    change_files(
        functools.partial(pitch_shift, semitones=semitones), sounds, out, to=to, force=force, jobs=jobs
    )
