"""``woodshed info``: what a model is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.terminal import print_scores, print_table, say


def command(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a model is, what it learned from and how well it does."""
    from woodshed.base.saving import describe_model, to_json

    described = describe_model(model)
    if json_:
        typer.echo(to_json(described), nl=False)
        return
    say(f"{described['job']} model, {len(described['labels'])} classes: {', '.join(described['labels'])}")
    say(hears(described))
    if described["accuracy"]:
        print_scores(
            (row["split"], row["badge"], row["method"], f"{row['accuracy']:.1%}", interval(row["interval"]))
            for row in described["accuracy"]
        )
    print_table(("made by", ""), [(name, str(value)) for name, value in described["provenance"].items()])


def hears(described: dict[str, Any]) -> str:
    """Say what a model hears."""
    from woodshed.features import Summary

    ((name, feature),) = described["feature"].items()
    if name == "Summary":
        what = f"{described['settings']['net']}: hears {Summary(**feature).n_values} summary features"
        return f"{what} at {feature['sample_rate']} Hz, of the whole sound"
    window_s = described["settings"]["window_s"]
    return f"hears {feature['n_mels']} mel bands at {feature['sample_rate']} Hz, {window_s} s at once"


def interval(bounds: list[float | None]) -> str:
    """Spell an interval of shares; one that could not be computed is a dash."""
    low, high = bounds
    return "–" if low is None or high is None else f"{low:.1%} – {high:.1%}"
