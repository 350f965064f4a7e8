"""``woodshed info``: what a model is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.terminal import print_bits, print_scores, print_table, say
from woodshed.errors import counted, printable
from woodshed.tasks.shipped import SHIPPED, model_folder


def command(
    model: Annotated[
        str,
        typer.Argument(help=f"A model folder; or one that comes with woodshed: {', '.join(SHIPPED)}."),
    ],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a model is, what it learned from and how well it does."""
    from woodshed.recognition.saving import describe_model
    from woodshed.report.recognition.head_report import ScoreRow, report_of
    from woodshed.tasks import task_class
    from woodshed.training.model_folder import to_json

    folder = model_folder(model)
    described = describe_model(folder)
    if json_:
        typer.echo(to_json(described), nl=False)
        return
    if "tokens" in described["feature"]:
        say(f"{described['task']} model, writes with {len(described['labels'])} tokens")
        say(writes(described))
        if described["bits"]:
            print_bits([(row["method"], row["bits"]) for row in described["bits"]])
        print_origin(described, folder)
        return
    labels = described["labels"]
    head = task_class(described["task"]).head
    outputs = counted(len(labels), head.noun, head.name)
    say(f"{described['task']} model, {outputs}: {', '.join(labels)}")
    say(input_text(described))
    if described["scores"]:
        print_scores(map(ScoreRow.from_dict, described["scores"]), report_of(head))
    print_origin(described, folder)


def print_origin(described: dict[str, Any], folder: Path) -> None:
    """Print what made a model, as far as it is known, and where more is told."""
    from woodshed.training.model_folder import CARD_NAME

    if described["provenance"]:
        print_table(("made by", ""), [(name, str(value)) for name, value in described["provenance"].items()])
    if (folder / CARD_NAME).is_file():
        say(f"Card: {printable(folder / CARD_NAME)}")


def writes(described: dict[str, Any]) -> str:
    """Say what a model that writes is made of."""
    settings = described["settings"]
    layers = counted(settings["n_layers"], "layer")
    return f"{settings['net']}: {layers} of {settings['width']} units"


def input_text(described: dict[str, Any]) -> str:
    """Return what a recogniser computes from a clip."""
    from woodshed.recognition.front_ends import front_end_class, front_end_name

    ((name, settings),) = described["feature"].items()
    front_end = front_end_name(name)
    feature = front_end_class(front_end)(**settings)
    net, window_s = described["settings"]["net"], described["settings"]["window_s"]
    if getattr(feature, "in_decibels", False):
        return f"{net}: {feature.n_mels} mel bands at {feature.sample_rate} Hz, windows of {window_s} s"
    n_values = counted(len(feature.names), "value")
    if hasattr(feature, "metre_hidden"):
        return f"{net}: {n_values} ({front_end}) from the notes of a MIDI file"
    return f"{net}: {n_values} ({front_end}) from the whole clip at {feature.sample_rate} Hz"
