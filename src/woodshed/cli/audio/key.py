"""``woodshed audio key``: which key it may be in."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from woodshed.cli.audio.work import Jobs, Sounds, ask_files
from woodshed.cli.terminal import print_table
from woodshed.errors import printable


def command(
    sounds: Sounds,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    jobs: Jobs = -1,
) -> None:
    """Guess the musical key."""
    from woodshed.audio import read
    from woodshed.features.key import find_key

    answers = ask_files(lambda path: find_key(read(path)), sounds, jobs=jobs)
    if json_:
        rows = [{"path": printable(path)} | asdict(guess) for path, guess in answers]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        rows_ = [
            (path.name, f"{guess.name} {guess.mode}", f"{guess.strength:.2f}") for path, guess in answers
        ]
        print_table(("sound", "key", "how clearly, 0 to 1"), rows_, numbers_from=2)
