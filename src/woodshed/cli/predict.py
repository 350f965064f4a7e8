"""``woodshed predict``: name sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import name_set_aside
from woodshed.errors import ParameterError, near_miss

FORMATS = ("text", "json", "jsonl", "csv")


def command(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    sounds: Annotated[list[Path], typer.Argument(help="Sound files, and folders of them.")],
    format_: Annotated[str, typer.Option("--format", help="text, json, jsonl or csv.")] = "text",
    strict: Annotated[bool, typer.Option(help="Stop at the first file that cannot be used.")] = False,
) -> None:
    """Name sounds, in the order in which they were given."""
    from woodshed.base.answering import answer_files
    from woodshed.data.example import SetAside
    from woodshed.data.folder import list_sounds
    from woodshed.prediction import predictions_to_csv, predictions_to_json
    from woodshed.tasks import load

    if format_ not in FORMATS:
        raise ParameterError(f"There is no format {format_!r}. {near_miss(format_, FORMATS)}")
    recogniser = load(model)
    set_aside: list[SetAside] = []
    answers = answer_files(recogniser, list_sounds(sounds), set_aside, strict=strict)
    match format_:
        case "csv":
            typer.echo(predictions_to_csv(answers), nl=False)
        case "json":
            typer.echo(predictions_to_json(answers))
        case _:
            for answer in answers:
                typer.echo(answer.to_text() if format_ == "text" else answer.to_json())
    name_set_aside(set_aside)
