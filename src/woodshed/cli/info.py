"""``woodshed info``: describe a model."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.terminal import print_bits, print_measures, print_scores, print_table, say
from woodshed.cli.words import SINGULAR
from woodshed.errors import counted, printable
from woodshed.tasks.shipped import SHIPPED


def command(
    model: Annotated[
        str,
        typer.Argument(help=f"A model folder, or a model that comes with woodshed: {', '.join(SHIPPED)}."),
    ],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe a model: its training data, input, output and scores.

    Example: woodshed info my-model
    """
    from woodshed.recognition.saving import to_json
    from woodshed.workflows.info import describe

    info = describe(model)
    if json_:
        typer.echo(to_json(info.contents), nl=False)
        return
    if info.output == "tokens":
        say(f"{info.task} model, vocabulary of {counted(len(info.labels), 'token')}")
    else:
        n_labels = counted(len(info.labels), SINGULAR[info.output], info.output)
        say(f"{info.task} model, {n_labels}: {', '.join(info.labels)}")
    say(info.architecture)
    if info.accuracy:
        print_scores(
            (row["split"], row["badge"], row["method"], f"{row['accuracy']:.1%}", interval(row["interval"]))
            for row in info.accuracy
        )
    if info.scores:
        print_measures(info.scores)
    if info.bits:
        print_bits([(row["method"], row["bits"]) for row in info.bits])
    if info.provenance:
        print_table(("provenance", ""), list(info.provenance.items()))
    if info.card is not None:
        say(f"Card: {printable(info.card)}")


def interval(bounds: list[float | None]) -> str:
    """Format a confidence interval of a share; a dash if it is undefined.

    Examples
    --------
    >>> interval([0.5, 0.75]), interval([None, None])
    ('50.0% – 75.0%', '–')
    """
    low, high = bounds
    return "–" if low is None or high is None else f"{low:.1%} – {high:.1%}"
