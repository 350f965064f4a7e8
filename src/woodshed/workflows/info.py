"""Description of a model: its output, architecture, scores and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from woodshed.features.log_mel import LogMel
from woodshed.features.played import PlayedNotes
from woodshed.recognition.saving import CARD_NAME, FEATURES, describe_model
from woodshed.tasks import JOBS, task_class
from woodshed.tasks.shipped import model_folder


class AccuracyRow(TypedDict):
    """Accuracy of a method on a split, with a 95 % confidence interval; ``None`` is undefined."""

    split: str
    badge: str
    method: str
    accuracy: float
    interval: list[float | None]


class MeasureRow(TypedDict):
    """Value of another measure of a method on a split, with a 95 % confidence interval."""

    split: str
    badge: str
    method: str
    measure: str
    value: float | None
    interval: list[float | None]


class BitsRow(TypedDict):
    """Cross-entropy of a method on held-out pieces, in bits per token."""

    method: str
    bits: float | None


@dataclass(frozen=True)
class ModelInfo:
    """Description of a model.

    Parameters
    ----------
    folder
        Its folder.
    task
        Task for which it was trained.
    output
        Kind of its output: ``classes``, ``tags``, ``values`` or, of a model that generates, ``tokens``.
    labels
        Names of the classes, tags or values, or the tokens.
    architecture
        Net or classical model with its input, or of a model that generates its size.
    accuracy
        Scores of a classifier; empty if it was not tested.
    scores
        Scores of a model that predicts tags or values.
    bits
        Scores of a model that generates, with n-gram baselines.
    provenance
        Versions, seed and other facts about the training.
    card
        Model card, if there is one.
    contents
        All that the folder states, ready for JSON.
    """

    folder: Path
    task: str
    output: str
    labels: tuple[str, ...]
    architecture: str
    accuracy: tuple[AccuracyRow, ...]
    scores: tuple[MeasureRow, ...]
    bits: tuple[BitsRow, ...]
    provenance: Mapping[str, str]
    card: Path | None
    contents: Mapping[str, Any]


def describe(model: str) -> ModelInfo:
    """Describe a model without loading its net.

    Parameters
    ----------
    model
        Folder of a model, or the name of one that comes with woodshed.

    Raises
    ------
    ParameterError
        If there is no such folder or name.
    ModelFolderError
        If the folder is not a model, is damaged, or comes from a newer version.

    Examples
    --------
    >>> describe("tune").output, describe("tune").architecture
    ('tokens', 'lstm-lm: 2 layers of 512 units')
    """
    folder = model_folder(model)
    contents = describe_model(folder)
    generates = "tokens" in contents["feature"]
    card = folder / CARD_NAME
    return ModelInfo(
        folder=folder,
        task=contents["task"],
        output="tokens" if generates else _output(contents["task"]),
        labels=tuple(contents["labels"]),
        architecture=(_size if generates else _architecture)(contents),
        accuracy=tuple(contents["accuracy"]),
        scores=tuple(contents["scores"]),
        bits=tuple(contents["bits"]),
        provenance={name: str(value) for name, value in contents["provenance"].items()},
        card=card if card.is_file() else None,
        contents=contents,
    )


def _output(task: str) -> str:
    """Return the kind of output of the models of a task."""
    return str(task_class(task).answer) if task in JOBS else "classes"


def _size(contents: Mapping[str, Any]) -> str:
    """Describe the size of a model that generates."""
    settings = contents["settings"]
    layers = "1 layer" if settings["n_layers"] == 1 else f"{settings['n_layers']} layers"
    return f"{settings['net']}: {layers} of {settings['width']} units"


def _architecture(contents: Mapping[str, Any]) -> str:
    """Describe a recognition model and its input."""
    ((name, settings),) = contents["feature"].items()
    feature = FEATURES[name](**settings)
    net, window_s = contents["settings"]["net"], contents["settings"]["window_s"]
    if isinstance(feature, LogMel):
        return f"{net} on {feature.n_mels} mel bands at {feature.sample_rate} Hz, windows of {window_s} s"
    if isinstance(feature, PlayedNotes):
        return f"{net} on {feature.n_values} features of the notes of a MIDI file"
    kind = "summary" if name == "Summary" else name
    return f"{net} on {feature.n_values} {kind} features at {feature.sample_rate} Hz, of the whole sound"
