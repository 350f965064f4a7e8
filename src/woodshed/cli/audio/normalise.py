"""``woodshed audio normalise``: bring sounds to one level."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files


def command(
    sounds: Sounds,
    out: Out,
    by: Annotated[str, typer.Option(help="What is made equal: peak, rms or lufs.")] = "peak",
    level_db: Annotated[
        float | None,
        typer.Option(help="The level to reach: -1 dBFS for peak, -20 dBFS for rms, -23 LUFS by default."),
    ] = None,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Bring sounds to one peak, RMS level or loudness."""
    from woodshed.audio import normalise

    change = functools.partial(normalise, to=by, level_db=level_db)  # type: ignore[arg-type]
    change_files(change, sounds, out, to=to, force=force, jobs=jobs)
