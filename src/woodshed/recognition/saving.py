"""One folder per model, readable by a person, and nothing in it is ever run.

==================  ==============================================================
``settings.json``   task, settings, feature, format version, digests of the files
``labels.json``     the classes, in the order of the net's answers
``net.onnx``        the net as it is asked
``net.keras``       the net as it can be trained on
``model.skops``     instead of both: a classical model
``confidence.json`` how sure the answers really are, and when none is given; with ``familiar.npz``
``thresholds.json`` of a tagger: its calibration, and from which probability on each tag is said to be there
``ranges.json``     of a regressor: the lowest and the highest of each value it learned
``metrics.json``    the scores
``card.md``         what the model is for, what it learned from, how well it does
``report.html``     the same with pictures and sounds
==================  ==============================================================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.atomic import write_whole
from woodshed.errors import ModelFolderError, OutputError, WoodshedError, printable
from woodshed.features.log_mel import LogMel
from woodshed.features.noise_floor import NoiseFloor
from woodshed.features.played_notes import PlayedNotes, TimedNotes
from woodshed.features.row import RowFeature
from woodshed.features.summary import Summary
from woodshed.features.timbre import TimbreSummary
from woodshed.features.views import Views
from woodshed.features.voice import VoiceSummary
from woodshed.features.voice_course import VoiceCourse
from woodshed.recognition.confidence import CONFIDENCE_NAME, FAMILIAR_NAME, Confidence
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.result import LearningCurve
from woodshed.recognition.fit_classical import MODEL_NAME
from woodshed.recognition.recogniser import Recogniser
from woodshed.training.inference import KERAS_NAME, ONNX_NAME, RANGES_NAME, THRESHOLDS_NAME

FORMAT = 2
"""Version of the folder's layout; a folder of a higher one is refused.

Format 1 called a task a job and had other names for some settings; it is read by `_upgrade`.
"""

_RENAMED_SETTINGS = {
    "average_weights": "swa_share",
    "colour_norm": "channel_norm",
    "n_versions": "n_augmentations",
    "second_opinion": "ensemble_share",
}
"""Setting of format 1 -> its name today."""

SETTINGS_NAME = "settings.json"

LABELS_NAME = "labels.json"

METRICS_NAME, CARD_NAME = "metrics.json", "card.md"

WEIGHTS_NAME = "weights.npz"
"""Arrays of a model that writes; see `woodshed.composition.saving`."""

_ROWS = (NoiseFloor, PlayedNotes, Summary, TimbreSummary, TimedNotes, Views, VoiceCourse, VoiceSummary)

FEATURES: dict[str, type[LogMel | RowFeature | PlayedNotes]] = {
    feature.__name__: feature for feature in (LogMel, *_ROWS)
}
"""Name in ``settings.json`` -> feature: what may be made of it."""

_KINDS = {
    frozenset({LABELS_NAME, KERAS_NAME}): "LogMel",
    frozenset({LABELS_NAME, KERAS_NAME, ONNX_NAME}): "LogMel",
    frozenset({LABELS_NAME, MODEL_NAME}): "Summary",
    frozenset({LABELS_NAME, WEIGHTS_NAME, "known.json.gz"}): "tokens",
}
"""Files of each kind of model -> the feature that it hears; no other file of a folder is opened."""

_OF_CONFIDENCE = frozenset({CONFIDENCE_NAME, FAMILIAR_NAME})

_BESIDE = _OF_CONFIDENCE | {RANGES_NAME, THRESHOLDS_NAME}
"""Files that any kind of model may have, or not."""


def save_model(recogniser: AudioEstimator, folder: Path) -> None:
    """Write a fitted recogniser's files into a folder, each of them whole or not at all.

    ``settings.json`` comes last and names the digests of the others, so a folder in which writing was
    cut short, or whose files do not belong together, is refused when it is loaded.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    NotFittedError
        If the recogniser has not learned.
    """
    labels = [str(name) for name in recogniser.fitted("classes_")]
    make_folder(folder)
    contents = {LABELS_NAME: to_json(labels).encode(), **recogniser.files_}
    confidence = getattr(recogniser, "confidence_", Confidence())  # only a recogniser has one
    if confidence != Confidence():
        contents |= confidence.to_files()
    for name, content in contents.items():
        write_whole(folder / name, content)
    settings = {
        "format": FORMAT,
        "task": type(recogniser).task,
        "settings": recogniser.get_params() | {"store": None},
        "feature": {type(recogniser.feature_).__name__: asdict(recogniser.feature_)},
        "curve": asdict(recogniser.curve_),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    write_whole(folder / SETTINGS_NAME, to_json(settings))
    for name in {KERAS_NAME, ONNX_NAME, MODEL_NAME, *_BESIDE} - set(contents):
        (folder / name).unlink(missing_ok=True)  # of another kind of model that was here before


def load_model(folder: str | Path, classes: Mapping[str, type[AudioEstimator]]) -> AudioEstimator:
    """Load a recogniser; no code from the folder is run.

    Keras is not loaded if ONNX Runtime can ask, and scikit-learn only for a classical model.

    Parameters
    ----------
    folder
        What `save_model` wrote.
    classes
        Task name -> class.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or comes from a newer version.
    """
    folder = Path(folder)
    settings = read_settings(folder)
    task = settings["task"]
    if task not in classes:
        raise ModelFolderError(
            f"{printable(folder)} is a model for {task!r}, not for {', '.join(classes)}. "
            "Load it with woodshed.load(folder)."
        )
    contents = read_contents(folder, settings)
    try:
        recogniser = classes[task](**settings["settings"])
        name = _KINDS[frozenset(settings["files"]) - _BESIDE]
        if name == "Summary":
            reads_notes = classes[task].notes.__name__ in settings["feature"]
            name = (classes[task].notes if reads_notes else classes[task].summary).__name__
        feature = FEATURES[name](**settings["feature"][name])
        labels = json.loads(contents.pop(LABELS_NAME))
        curve = LearningCurve.from_dict(settings["curve"])
        confidence = Confidence.from_files(contents, len(labels))
    except (KeyError, TypeError, ValueError, WoodshedError) as error:
        raise damaged(folder / SETTINGS_NAME, f"it does not fit this version ({error})") from error
    recogniser.set_learned(
        classes=np.asarray(labels, dtype=str),
        feature=feature,
        files={name: content for name, content in contents.items() if name not in _OF_CONFIDENCE},
        curve=curve,
        skipped=[],
    )
    if CONFIDENCE_NAME in contents and isinstance(recogniser, Recogniser):
        recogniser.set_confidence(confidence)
    if MODEL_NAME in contents:
        recogniser.net_  # noqa: B018  built now, so that a file that was tampered with is refused now
    return recogniser


def read_contents(folder: Path, settings: Mapping[str, Any]) -> dict[str, bytes]:
    """Read all files of a model, and make sure that they are those that were saved.

    Raises
    ------
    ModelFolderError
        If one is missing or another.
    """
    return {name: _checked(folder / name, digest) for name, digest in settings["files"].items()}


def read_settings(folder: Path) -> dict[str, Any]:
    """Read and check ``settings.json``.

    Raises
    ------
    ModelFolderError
        If it is missing, unreadable, incomplete, or of a newer format.
    """
    path = folder / SETTINGS_NAME
    if not path.is_file():
        if folder.is_file():
            raise ModelFolderError(
                f"{printable(folder)} is a file, and a model is a folder. First the model, then the sounds."
            )
        what = "is not a woodshed model: it has no settings.json" if folder.exists() else "is not there"
        raise ModelFolderError(
            f"{printable(folder)} {what}. Make one with: woodshed train DATA --out {printable(folder)}"
        )
    try:
        settings: dict[str, Any] = json.loads(path.read_text("utf-8"))
        version = settings["format"]
        if version == 1:
            _upgrade(settings)
        settings["task"], settings["settings"], settings["feature"], settings["files"][LABELS_NAME]
        if (
            isinstance(version, int)
            and version <= FORMAT
            and frozenset(settings["files"]) - _BESIDE not in _KINDS
        ):
            raise ValueError(f"it names the files {', '.join(settings['files'])}")
    except OSError as error:
        raise ModelFolderError(
            f"{printable(path)} cannot be read ({error.strerror}). Correct its permissions."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"it cannot be understood ({error})") from error
    if not isinstance(version, int) or version > FORMAT:
        raise ModelFolderError(
            f"{printable(folder)} was made by a newer woodshed (format {version}, this one reads up "
            f"to {FORMAT}). Upgrade with: pip install --upgrade woodshed"
        )
    return settings


def _upgrade(settings: dict[str, Any]) -> None:
    """Rename in place what format 1 called otherwise."""
    settings["task"] = settings.pop("job")
    settings["settings"] = {
        _RENAMED_SETTINGS.get(name, name): value for name, value in settings["settings"].items()
    }


def describe_model(folder: Path) -> dict[str, Any]:
    """Return what a model folder says about itself, without loading the net.

    Returns
    -------
    dict
        ``task``, ``labels``, ``feature``, ``settings``, and, if it was measured, ``accuracy``, ``scores`` of
        one that answers with tags or values, ``bits`` of one that writes, and ``provenance``.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or comes from a newer version.
    """
    settings = read_settings(folder)
    labels = json.loads(_checked(folder / LABELS_NAME, settings["files"][LABELS_NAME]))
    try:
        measured = json.loads((folder / METRICS_NAME).read_text("utf-8"))
    except (OSError, ValueError):
        measured = {}
    return {
        "task": settings["task"],
        "labels": labels,
        "feature": settings["feature"],
        "settings": settings["settings"],
        "accuracy": measured.get("accuracy", []),
        "scores": measured.get("scores", []),
        "bits": measured.get("bits", []),
        "provenance": measured.get("provenance", {}),
    }


def make_folder(folder: Path) -> None:
    """Make a folder to write into.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(folder)} cannot be made ({error.strerror}). Choose another place."
        ) from error


def to_json(value: Any) -> str:
    """Spell a value as indented JSON; numbers that are not finite become null, as JSON has none."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, np.ndarray):
        return _finite(value.tolist())
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, np.generic):
        return _finite(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _checked(path: Path, digest: str) -> bytes:
    """Read a file of a model and make sure that it is the one that was saved."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise damaged(path, f"it cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise damaged(path, "its content is not what was saved")
    return content


def damaged(path: Path, reason: str) -> ModelFolderError:
    """Make the error that says what is wrong with a file of a model, and what helps."""
    return ModelFolderError(
        f"{printable(path)} is damaged: {reason}. Copy the folder again, or train the model again."
    )
