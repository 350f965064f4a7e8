"""Description of a model: its output, architecture, scores and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from woodshed.recognition.front_ends import front_end_class, front_end_name
from woodshed.recognition.heads.head import Head
from woodshed.recognition.saving import describe_model
from woodshed.report.recognition.head_report import ScoreRow
from woodshed.tasks import GENERATORS, task_class
from woodshed.tasks.shipped import model_folder
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, SETTINGS_NAME, damaged, has_result


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
    head
        Kind of answer; None for a model that generates.
    labels
        Names of the classes, tags or values, or the tokens.
    architecture
        Net or classical model with its input, or of a model that generates its size.
    scores
        Main measure of every method on every split; empty if it was not tested.
    bits
        Scores of a model that generates, with n-gram baselines.
    provenance
        Versions, seed and other facts about the training.
    licence, citation
        Of the training data, empty if they state none; None if the folder does not mention them.
    card
        Model card, if there is one.
    contents
        All that the folder states, ready for JSON.
    """

    folder: Path
    task: str
    head: Head | None
    labels: tuple[str, ...]
    architecture: str
    scores: tuple[ScoreRow, ...]
    bits: tuple[BitsRow, ...]
    provenance: Mapping[str, str]
    licence: str | None
    citation: str | None
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
    >>> describe("tune").task, describe("tune").architecture
    ('tune', 'lstm-lm: 2 layers of 512 units')
    """
    folder = model_folder(model)
    contents = describe_model(folder)
    try:
        return _info(folder, contents)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"a value is missing or invalid ({error!r})"
        raise damaged(folder / SETTINGS_NAME, f"{reason}, or one in {METRICS_NAME} is") from error


def _info(folder: Path, contents: Mapping[str, Any]) -> ModelInfo:
    """Return the description of a model from the contents of its folder."""
    generates = contents["task"] in GENERATORS
    return ModelInfo(
        folder=folder,
        task=contents["task"],
        head=None if generates else task_class(contents["task"]).head,
        labels=tuple(map(str, contents["labels"])),
        architecture=(_size if generates else _architecture)(contents),
        scores=tuple(map(ScoreRow.from_dict, contents["scores"])),
        bits=tuple(contents["bits"]),
        provenance={name: str(value) for name, value in contents["provenance"].items()},
        licence=contents["licence"],
        citation=contents["citation"],
        card=folder / CARD_NAME if has_result(folder, CARD_NAME) else None,
        contents=contents,
    )


def _size(contents: Mapping[str, Any]) -> str:
    """Describe the size of a model that generates."""
    settings = contents["settings"]
    layers = "1 layer" if settings["n_layers"] == 1 else f"{settings['n_layers']} layers"
    return f"{settings['net']}: {layers} of {settings['width']} units"


def _architecture(contents: Mapping[str, Any]) -> str:
    """Describe a recognition model and its input."""
    ((name, settings),) = contents["feature"].items()
    front_end = front_end_name(name)
    feature = front_end_class(front_end)(**settings)
    net, window_s = contents["settings"]["net"], contents["settings"]["window_s"]
    if getattr(feature, "in_decibels", False):
        return f"{net} on {feature.n_mels} mel bands at {feature.sample_rate} Hz, windows of {window_s} s"
    n_values = len(feature.names)
    if hasattr(feature, "metre_hidden"):
        return f"{net} on {n_values} features of the notes of a MIDI file"
    features = f"{n_values} features of the whole sound at {feature.sample_rate} Hz"
    return f"{net} on {features} (front end: {front_end})"
