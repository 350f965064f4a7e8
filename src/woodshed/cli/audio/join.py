"""``woodshed audio join``: concatenate sounds."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.files import Force, Out, Sounds
from woodshed.cli.terminal import say
from woodshed.errors import counted, printable

if TYPE_CHECKING:
    from woodshed.workflows.audio import Combination


def command(
    sounds: Sounds,
    out: Out,
    crossfade_s: Annotated[float, typer.Option(help="Duration of each crossfade, in seconds.")] = 0.0,
    force: Force = False,
) -> None:
    """Concatenate sounds in the given order."""
    from woodshed.audio import join
    from woodshed.workflows.audio import combine_files

    combine = functools.partial(join, crossfade_s=crossfade_s)
    print_combination(combine_files(combine, sounds, out, overwrite=force))


def print_combination(combination: Combination) -> None:
    """Print how many sounds a file was made from, and how long it is."""
    n = counted(combination.n_files, "sound")
    say(f"{n}, {combination.duration_s:.3f} s: {printable(combination.path)}")
