"""``woodshed audio silence``: list the silence in sounds, or take it out."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Sounds, To, ask_files, change_files
from woodshed.cli.terminal import print_table


def command(
    sounds: Sounds,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the sounds without silence; without it the silence is only listed."),
    ] = None,
    threshold_db: Annotated[
        float, typer.Option(help="What counts as silence, in decibels below the loudest moment.")
    ] = -40.0,
    absolute: Annotated[bool, typer.Option(help="Decibels below full scale instead.")] = False,
    min_silence_s: Annotated[float, typer.Option(help="Shorter pauses stay.")] = 0.3,
    keep_s: Annotated[float, typer.Option(help="How much of each pause stays, in seconds.")] = 0.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """List the silence in sounds, or take it out."""
    from woodshed.audio import SilenceRule, find_silence, read_blocks, remove_silence

    rule = SilenceRule(threshold_db=threshold_db, absolute=absolute, min_silence_s=min_silence_s)
    if out is not None:
        change = functools.partial(remove_silence, rule=rule, keep_s=keep_s)
        change_files(change, sounds, out, to=to, force=force, jobs=jobs)
        return
    answers = ask_files(lambda path: find_silence(read_blocks(path), rule), sounds, jobs=jobs)
    rows = [
        (path.name, f"{pause.start_s:.3f}", f"{pause.end_s:.3f}", f"{pause.duration_s:.3f}")
        for path, pauses in answers
        for pause in pauses
    ]
    print_table(("sound", "start s", "end s", "length s"), rows, numbers_from=1)
