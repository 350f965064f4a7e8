"""``woodshed info``: describe a model."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.terminal import Json, print_bits, print_json, print_scores, print_table, say
from woodshed.errors import counted, printable
from woodshed.tasks.shipped import SHIPPED


def command(
    model: Annotated[
        str,
        typer.Argument(help=f"A model folder, or a model that comes with woodshed: {', '.join(SHIPPED)}."),
    ],
    json_: Json = False,
) -> None:
    """Describe a model: its training data, input, output and scores.

    Example: woodshed info my-model
    """
    from woodshed.data.licence import NO_ATTRIBUTION, UNSTATED
    from woodshed.report.recognition.head_report import report_of
    from woodshed.report.wording import LICENCE
    from woodshed.workflows.info import describe
    from woodshed.workflows.model import check_model

    check_model(model, "info MODEL")
    info = describe(model)
    if json_:
        print_json(info.contents)
        return
    if info.head is None:
        say(f"{info.task} model, vocabulary of {counted(len(info.labels), 'token')}")
    else:
        n_labels = counted(len(info.labels), info.head.noun, info.head.name)
        say(f"{info.task} model, {n_labels}: {', '.join(info.labels)}")
    say(info.architecture)
    if info.head is not None and info.scores:
        print_scores(info.scores, report_of(info.head))
    if info.bits:
        print_bits([(row["method"], row["bits"]) for row in info.bits])
    if info.provenance:
        print_table(("provenance", ""), list(info.provenance.items()))
    if info.licence is not None:
        say(f"{LICENCE.capitalize()}: {printable(info.licence or UNSTATED)}")
        say(f"Attribution: {printable(info.citation or NO_ATTRIBUTION)}")
    if info.card is not None:
        say(f"Card: {printable(info.card)}")
