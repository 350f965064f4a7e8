"""``woodshed audio normalise``: set peak level, RMS level or loudness."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    sounds: Sounds,
    out: Out,
    by: Annotated[str, typer.Option(help="Measure of level: peak, rms or lufs.")] = "peak",
    level_db: Annotated[
        float | None,
        typer.Option(
            help="Target level. [dim]\\[default: -1 dBFS for peak, -20 dBFS for rms, -23 LUFS for lufs][/dim]"
        ),
    ] = None,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Set peak level, RMS level or loudness."""
    from woodshed.audio import normalise
    from woodshed.workflows.audio import change_files

    change = functools.partial(normalise, to=by, level_db=level_db)  # type: ignore[arg-type]
    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
