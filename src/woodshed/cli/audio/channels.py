"""``woodshed audio channels``: split, swap, merge or mix channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.audio.join import print_combination
from woodshed.cli.terminal import ProgressBar
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
            help="mono: mix all channels; stereo: duplicate a mono channel; swap: exchange left and right; "
            "mid-side: encode left and right as mid and side; left-right: decode them; split: write one file "
            "per channel; merge: combine all sounds as the channels of one file."
        ),
    ],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Split, swap, merge or mix channels."""
    from woodshed import audio
    from woodshed.workflows.audio import FileOptions, change_files, combine_files, divide_files

    changes: dict[str, Callable[[Clip], Clip]] = {
        "mono": audio.to_mono,
        "stereo": lambda clip: audio.to_channels(clip, 2),
        "swap": audio.swap_channels,
        "mid-side": audio.to_mid_side,
        "left-right": audio.from_mid_side,
    }
    options: FileOptions = {"to": to, "overwrite": force, "n_jobs": jobs, "progress": ProgressBar()}
    if do == "split":
        print_outcome(divide_files(audio.split_channels, sounds, out, **options), out)
    elif do == "merge":
        print_combination(combine_files(audio.merge_channels, sounds, out, overwrite=force))
    elif do in changes:
        print_outcome(change_files(changes[do], sounds, out, **options), out)
    else:
        raise ParameterError(f"Invalid value {do!r} for --do. {near_miss(do, ACTIONS)}")
