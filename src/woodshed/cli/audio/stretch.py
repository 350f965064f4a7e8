"""``woodshed audio stretch``: change the tempo without changing the pitch."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    sounds: Sounds,
    out: Out,
    factor: Annotated[float, typer.Option(help="Speed factor: 2 halves the duration, 0.5 doubles it.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the tempo without changing the pitch.

    A whole file is held in memory several times over; split files of several hours first.

    Example: woodshed audio stretch song.wav --factor 0.8 --out slower.wav
    """
    from woodshed.audio import time_stretch
    from woodshed.workflows.audio import change_files

    change = functools.partial(time_stretch, factor=factor)
    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
