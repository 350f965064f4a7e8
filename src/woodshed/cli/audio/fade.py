"""``woodshed audio fade``: fade in and out."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files


def command(
    sounds: Sounds,
    out: Out,
    in_s: Annotated[float, typer.Option(help="Length of the fade at the beginning, in seconds.")] = 0.0,
    out_s: Annotated[float, typer.Option(help="Length of the fade at the end, in seconds.")] = 0.0,
    shape: Annotated[str, typer.Option(help="linear, equal-power or exponential.")] = "linear",
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Fade in and out."""
    from woodshed.audio import fade

    change = functools.partial(fade, in_s=in_s, out_s=out_s, shape=shape)  # type: ignore[arg-type]
    change_files(change, sounds, out, to=to, force=force, jobs=jobs)
