"""``woodshed audio tempo``: estimate tempo and beats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Sounds, print_outcome
from woodshed.cli.terminal import ProgressBar, list_skipped, print_table
from woodshed.errors import printable


def command(
    sounds: Sounds,
    out: Annotated[
        Path | None, typer.Option(help="Output folder for the sounds with a click on every beat.")
    ] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON, including the time of every beat.")
    ] = False,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Estimate tempo and beats, and add clicks to check them.

    Clicks are added if --out is given, so that the beats can be checked by ear.

    Example: woodshed audio tempo song.wav --out with-clicks
    """
    from woodshed.features.beat import beat_times_of_file, tempo_of_beats
    from woodshed.workflows.audio import analyse_files, mark_beats

    if out is None:
        analysis = analyse_files(beat_times_of_file, sounds, n_jobs=jobs, progress=ProgressBar())
        list_skipped(analysis.skipped)
        results = analysis.results
    else:
        outcome = mark_beats(sounds, out, overwrite=force, n_jobs=jobs, progress=ProgressBar())
        print_outcome(outcome, out, quiet=json_)
        results = [(file_job.source, beats_s) for file_job, beats_s in outcome.done]
    if json_:
        objects = [
            {"path": printable(path), "tempo_bpm": tempo_of_beats(beats_s), "beats_s": beats_s.tolist()}
            for path, beats_s in results
        ]
        typer.echo(json.dumps(objects, indent=2, ensure_ascii=False))
    elif results:
        rows = [(path, tempo_of_beats(beats_s), len(beats_s)) for path, beats_s in results]
        print_table(
            ("sound", "tempo bpm", "beats"),
            [(path.name, f"{tempo:.1f}" if tempo else "–", str(n_beats)) for path, tempo, n_beats in rows],
            numbers_from=1,
        )
