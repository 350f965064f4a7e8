"""``woodshed info``: what a model is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.terminal import print_bits, print_measures, print_scores, print_table, say
from woodshed.cli.words import SINGULAR
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
    kinds = kind_of_answer(described["task"])
    say(f"{described['task']} model, {counted(len(labels), SINGULAR[kinds], kinds)}: {', '.join(labels)}")
    say(hears(described))
    if described["accuracy"]:
        print_scores(
            (row["split"], row["badge"], row["method"], f"{row['accuracy']:.1%}", interval(row["interval"]))
            for row in described["accuracy"]
        )
    if described["scores"]:
        print_measures(described["scores"])
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


def kind_of_answer(task: str) -> str:
    """Return what the labels of a job's models are: ``classes``, ``tags`` or ``values``."""
    from woodshed.tasks import JOBS, task_class

    return str(task_class(task).answer) if task in JOBS else "classes"


def hears(described: dict[str, Any]) -> str:
    """Say what a model hears."""
    from woodshed.features import LogMel
    from woodshed.features.played import PlayedNotes
    from woodshed.recognition.saving import FEATURES

    ((name, settings),) = described["feature"].items()
    feature = FEATURES[name](**settings)
    net, window_s = described["settings"]["net"], described["settings"]["window_s"]
    if isinstance(feature, LogMel):
        return f"hears {feature.n_mels} mel bands at {feature.sample_rate} Hz, {window_s} s at once"
    if isinstance(feature, PlayedNotes):
        return f"{net}: reads {feature.n_values} features of the notes of a MIDI file"
    kind = "summary" if name == "Summary" else name
    return f"{net}: hears {feature.n_values} {kind} features at {feature.sample_rate} Hz, of the whole sound"


def interval(bounds: list[float | None]) -> str:
    """Spell an interval of shares; one that could not be computed is a dash."""
    low, high = bounds
    return "–" if low is None or high is None else f"{low:.1%} – {high:.1%}"
