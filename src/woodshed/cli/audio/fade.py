"""``woodshed audio fade``: fade in and out."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    sounds: Sounds,
    out: Out,
    in_s: Annotated[float, typer.Option(help="Duration of the fade-in, in seconds.")] = 0.0,
    out_s: Annotated[float, typer.Option(help="Duration of the fade-out, in seconds.")] = 0.0,
    shape: Annotated[str, typer.Option(help="linear, equal-power or exponential.")] = "linear",
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Fade in and out."""
    from woodshed.audio import fade
    from woodshed.workflows.audio import change_files

    change = functools.partial(fade, in_s=in_s, out_s=out_s, shape=shape)  # type: ignore[arg-type]
    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
