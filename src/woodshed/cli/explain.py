"""``woodshed explain``: what the last layer of a model that writes tunes has learned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import counting_bar, say
from woodshed.errors import check_seed, printable

MOST_TUNES = 500
"""All that a net does while it reads them is kept, so more would not fit into the memory of most machines."""


def command(
    model: Annotated[
        str,
        typer.Argument(help="The folder of a model that writes tunes; or tune, which comes with woodshed."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the page and its numbers.")] = Path("explained"),
    tunes: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_TUNES,
            help=f"So many of the tunes that it learned from are read, {MOST_TUNES} at most.",
        ),
    ] = 60,
    seed: Annotated[int, typer.Option(help="Source of every random draw, 0 or more.")] = 0,
    force: Annotated[bool, typer.Option(help="Write over what is in the folder.")] = False,
) -> None:
    """Ask a model that writes tunes what it has learned.

    Seven questions to the softmax layer, by which its units become the chances of tokens: what units and
    bias favour, which groups of tokens they move together, what goes on while it writes, what it can no
    longer do without a part of it, and whether it learned by heart. In the folder: report.html, a page with
    figures, and explain.json.
    """
    from woodshed.composition.sequence.softmax_analysis import analyse_softmax, check_explainable, count_steps
    from woodshed.report.composition.softmax_folder import (
        PAGE_NAME,
        prepare_softmax_folder,
        write_softmax_folder,
    )
    from woodshed.report.composition.softmax_page import summary
    from woodshed.tasks import load
    from woodshed.tasks.shipped import model_folder

    composer = load(model_folder(model))
    check_explainable(composer)
    check_seed(seed)
    prepare_softmax_folder(out, force=force)
    with counting_bar("cuts", count_steps(composer)) as done:
        analysis = analyse_softmax(composer, n_read=tunes, seed=seed, on_step=done)
    write_softmax_folder(analysis, out, printable(Path(model).name))
    for question, answer in summary(analysis):
        say(f"{question}\n  {answer}\n")
    say(f"With figures: {printable(out / PAGE_NAME)}")
