"""``woodshed generate``: new music in files of the usual formats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.flags import Command, with_task_flags
from woodshed.cli.score import SoundFont
from woodshed.cli.setting_table import task_settings
from woodshed.cli.terminal import Json, ProgressBar, names_in, print_json, print_table, say
from woodshed.errors import WoodshedError, printable
from woodshed.tasks import GENERATORS
from woodshed.tasks.shipped import SHIPPED, model_folder

if TYPE_CHECKING:
    from woodshed.composition.generation import EvaluatedGeneration


def command(
    model: Annotated[str, typer.Argument(help=f"A model folder, or a shipped model: {', '.join(SHIPPED)}.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="Number of pieces.")] = 4,
    seed: Annotated[int, typer.Option(help="Seed of all random draws, 0 or more.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the pieces and their page. [dim]\\[default: tunes, chorales ...][/dim]"
        ),
    ] = None,
    formats: Annotated[
        str, typer.Option(help="Files of each piece. The page plays what is written as wav.")
    ] = "abc,mid,musicxml,wav,png",
    soundfont: SoundFont = "best",
    force: Annotated[bool, typer.Option(help="Replace the files of an existing folder.")] = False,
    json_: Json = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Generate music with a model, and report passages copied from its training data.

    Example: woodshed generate tune -n 4 --out tunes
    """
    from woodshed.workflows.generate import generate_into_folder
    from woodshed.workflows.model import check_model

    check_model(model, "generate MODEL")
    result = generate_into_folder(
        model,
        settings,
        number,
        seed=seed,
        out=out,
        formats=names_in(formats),
        soundfont=soundfont,
        force=force,
        progress=ProgressBar(),
    )
    if json_:
        print_json(
            {"task": result.task, "page": result.page, "items": [item_values(i) for i in result.items]}
        )
        return
    rows = [
        (
            item.name,
            ", ".join(item.generation.facts),
            item.generation.length,
            str(item.least_novel.copied_run),
            item.least_novel.source or "-",
        )
        for item in result.items
    ]
    copied = f"{result.items[0].least_novel.run_unit}s copied"
    print_table((result.task, "", "length", copied, "most similar"), rows, numbers_from=2)
    doing = "see and play" if "wav" in names_in(formats) else "see"
    say(f"\nTo {doing} them: {printable(result.page)}")


def item_values(item: EvaluatedGeneration) -> dict[str, Any]:
    """Return what was generated and how much of it is copied, ready for JSON."""
    copy = item.least_novel
    return {
        "name": item.name,
        "facts": list(item.generation.facts),
        "faults": list(item.generation.faults),
        "unit": copy.unit,
        "n_units": copy.n_units,
        "copied_units": copy.copied_units,
        "run_unit": copy.run_unit,
        "copied_run": copy.copied_run,
        "most_similar": copy.source or None,
        "new_share": copy.new_share,
    }


def command_for(arguments: Sequence[str]) -> Command:
    """Return the command with flags for the request of the model."""
    return with_task_flags(
        command, arguments, task_of(arguments), task_settings("generate", GENERATORS), panel="Request"
    )


def task_of(arguments: Sequence[str]) -> str | None:
    """Return the task of the first argument that is a model; None if there is none.

    Examples
    --------
    >>> task_of(["-n", "2", "tune"]), task_of(["--out", "tune", "chorale"])
    ('tune', 'chorale')
    """
    for previous, argument in pairwise(["", *arguments]):
        if previous == "--out" or argument.startswith("-"):
            continue
        try:
            from woodshed.training.model_folder import read_settings

            return str(read_settings(model_folder(argument))["task"])
        except (WoodshedError, OSError):
            continue
    return None
