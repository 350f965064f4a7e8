"""``woodshed audio channels``: split, swap, merge or mix channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files, divide_files, one_from_many
from woodshed.errors import ParameterError, near_miss

if TYPE_CHECKING:
    from woodshed.clip import Clip

ACTIONS = ("mono", "stereo", "swap", "mid-side", "left-right", "split", "merge")


def command(
    sounds: Sounds,
    out: Out,
    do: Annotated[
        str,
        typer.Option(
            help="mono: mix all; stereo: two copies of one; swap: left and right; mid-side and left-right: "
            "to middle and side and back; split: a file for each channel; merge: all sounds into one file."
        ),
    ],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Split, swap, merge or mix channels."""
    from woodshed import audio

    changes: dict[str, Callable[[Clip], Clip]] = {
        "mono": audio.to_mono,
        "stereo": lambda clip: audio.to_channels(clip, 2),
        "swap": audio.swap_channels,
        "mid-side": audio.to_mid_side,
        "left-right": audio.from_mid_side,
    }
    if do == "split":
        divide_files(audio.split_channels, sounds, out, to=to, force=force, jobs=jobs)
    elif do == "merge":
        one_from_many(audio.merge_channels, sounds, out, force=force)
    elif do in changes:
        change_files(changes[do], sounds, out, to=to, force=force, jobs=jobs)
    else:
        raise ParameterError(f"--do cannot be {do!r}. {near_miss(do, ACTIONS)}")
