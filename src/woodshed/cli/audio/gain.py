"""``woodshed audio gain``: louder or softer."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files


def command(
    sounds: Sounds,
    out: Out,
    db: Annotated[float, typer.Option(help="Change of level in decibels; below 0 is softer.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Make sounds louder or softer."""
    from woodshed.audio import gain

    change_files(functools.partial(gain, gain_db=db), sounds, out, to=to, force=force, jobs=jobs)
