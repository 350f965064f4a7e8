"""``woodshed explain``: analyse the softmax layer of a model that generates tunes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import Json, counting_bar, print_json, say
from woodshed.errors import check_seed, printable

MOST_TUNES = 500
"""Limited by memory: all hidden values of the net are stored for each tune."""


def command(
    model: Annotated[
        str,
        typer.Argument(
            help="Folder of a model that generates tunes, or tune for the one that comes with woodshed."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("explained"),
    tunes: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_TUNES,
            help=f"Number of training tunes to analyse, {MOST_TUNES} at most.",
        ),
    ] = 60,
    seed: Annotated[int, typer.Option(help="Random seed, 0 or more.")] = 0,
    force: Annotated[bool, typer.Option(help="Replace an existing report.")] = False,
    json_: Json = False,
) -> None:
    """Analyse the output layer of a model of tunes.

    The softmax layer turns hidden units into the probabilities of tokens. The analysis covers bias, units,
    singular value decomposition, activity while generating, ablation, and overfitting. It is written as
    report.html, a page with figures, and explain.json.

    Example: woodshed explain tune --out explained
    """
    from woodshed.composition.sequence.softmax_analysis import analyse_softmax, check_explainable, count_steps
    from woodshed.report.composition.softmax_page import (
        PAGE_NAME,
        prepare_softmax_folder,
        softmax_values,
        summary,
        write_softmax_folder,
    )
    from woodshed.workflows.model import check_model, load_model_for

    check_model(model, "explain MODEL")
    composer = load_model_for("explain", model)
    check_explainable(composer)
    check_seed(seed)
    prepare_softmax_folder(out, force=force)
    with counting_bar("ablations", count_steps(composer)) as done:
        analysis = analyse_softmax(composer, n_pieces=tunes, seed=seed, on_step=done)
    write_softmax_folder(analysis, out, printable(Path(model).name))
    if json_:
        print_json(softmax_values(analysis))
        return
    for heading, result in summary(analysis).items():
        say(f"{heading}\n  {result}\n")
    say(f"Report: {printable(out / PAGE_NAME)}")
