"""``woodshed audio gain``: change the level."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    sounds: Sounds,
    out: Out,
    db: Annotated[float, typer.Option(help="Gain in decibels; negative to attenuate.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the level."""
    from woodshed.audio import gain
    from woodshed.workflows.audio import change_files

    change = functools.partial(gain, gain_db=db)
    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
