"""``woodshed audio key``: estimate the musical key."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from woodshed.cli.audio.files import Jobs, Json, Sounds
from woodshed.cli.terminal import ProgressBar, list_skipped, print_table
from woodshed.errors import printable


def command(sounds: Sounds, json_: Json = False, jobs: Jobs = -1) -> None:
    """Estimate the musical key."""
    from woodshed.audio import read
    from woodshed.features.key import find_key
    from woodshed.workflows.audio import analyse_files

    analysis = analyse_files(lambda path: find_key(read(path)), sounds, n_jobs=jobs, progress=ProgressBar())
    list_skipped(analysis.skipped)
    if json_:
        objects = [{"path": printable(path)} | asdict(guess) for path, guess in analysis.results]
        typer.echo(json.dumps(objects, indent=2, ensure_ascii=False))
        return
    rows = [
        (path.name, f"{guess.name} {guess.mode}", f"{guess.strength:.2f}") for path, guess in analysis.results
    ]
    print_table(("sound", "key", "clarity, 0 to 1"), rows, numbers_from=2)
