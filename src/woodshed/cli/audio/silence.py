"""``woodshed audio silence``: list or remove silence."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar, list_skipped, print_table


def command(
    sounds: Sounds,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output folder for the sounds without silence; if omitted, silence is only listed."
        ),
    ] = None,
    threshold_db: Annotated[
        float, typer.Option(help="Silence threshold, in decibels relative to the loudest moment.")
    ] = -40.0,
    absolute: Annotated[
        bool, typer.Option("--absolute", help="Make the threshold relative to full scale instead.")
    ] = False,
    min_silence_s: Annotated[float, typer.Option(help="Minimum duration of a silence, in seconds.")] = 0.3,
    keep_s: Annotated[float, typer.Option(help="Part of each silence that is kept, in seconds.")] = 0.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """List or remove silence.

    Example: woodshed audio silence talk.wav --min-silence-s 1 --out shorter.wav
    """
    from woodshed.audio import SilenceRule, find_silence, read_blocks, remove_silence
    from woodshed.workflows.audio import analyse_files, change_files

    rule = SilenceRule(threshold_db=threshold_db, absolute=absolute, min_silence_s=min_silence_s)
    if out is not None:
        change = functools.partial(remove_silence, rule=rule, keep_s=keep_s)
        outcome = change_files(
            change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar()
        )
        print_outcome(outcome, out)
        return
    analysis = analyse_files(
        lambda path: find_silence(read_blocks(path), rule), sounds, n_jobs=jobs, progress=ProgressBar()
    )
    list_skipped(analysis.skipped)
    rows = [
        (path.name, f"{silence.start_s:.3f}", f"{silence.end_s:.3f}", f"{silence.duration_s:.3f}")
        for path, silences in analysis.results
        for silence in silences
    ]
    print_table(("sound", "start s", "end s", "duration s"), rows, numbers_from=1)
