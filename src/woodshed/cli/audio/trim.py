"""``woodshed audio trim``: keep one section of a sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar

if TYPE_CHECKING:
    from woodshed.clip import Clip


def command(
    sounds: Sounds,
    out: Out,
    start_s: Annotated[float, typer.Option(help="Start, in seconds.")] = 0.0,
    end_s: Annotated[
        float | None, typer.Option(help="End, in seconds. [dim]\\[default: the end of the sound][/dim]")
    ] = None,
    silence: Annotated[bool, typer.Option("--silence", help="Also remove the silence at both ends.")] = False,
    threshold_db: Annotated[
        float, typer.Option(help="Silence threshold, in decibels relative to the loudest moment.")
    ] = -40.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Keep one section of a sound, or remove the silence at both ends."""
    from woodshed.audio import trim, trim_silence
    from woodshed.workflows.audio import change_files

    def change(clip: Clip) -> Clip:
        section = trim(clip, start_s, end_s)
        return trim_silence(section, threshold_db=threshold_db) if silence else section

    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
