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
from woodshed.errors import ModelFolderError, WoodshedError, printable
from woodshed.features.log_mel import LogMel
from woodshed.features.noise_floor import NoiseFloor
from woodshed.features.played import PlayedNotes, TimedNotes
from woodshed.features.row import RowFeature
from woodshed.features.summary import Summary
from woodshed.features.timbre import TimbreSummary
from woodshed.features.views import Views
from woodshed.features.voice import VoiceSummary
from woodshed.features.voice_course import VoiceCourse
from woodshed.recognition.confidence import CONFIDENCE_NAME, FAMILIAR_NAME, Confidence
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.recogniser import Recogniser
from woodshed.training.inference import KERAS_NAME, ONNX_NAME, RANGES_NAME, THRESHOLDS_NAME
from woodshed.training.model_folder import (
    FORMAT,
    LABELS_NAME,
    METRICS_NAME,
    MODEL_NAME,
    SETTINGS_NAME,
    damaged,
    make_folder,
    read_checked,
    read_contents,
    read_settings,
    to_json,
)
from woodshed.training.progress import LearningCurve

_ROWS = (NoiseFloor, PlayedNotes, Summary, TimbreSummary, TimedNotes, Views, VoiceCourse, VoiceSummary)

FEATURES: dict[str, type[LogMel | RowFeature | PlayedNotes]] = {
    feature.__name__: feature for feature in (LogMel, *_ROWS)
}
"""Name in ``settings.json`` -> feature: what may be made of it."""

_KINDS = {
    frozenset({LABELS_NAME, KERAS_NAME}): "LogMel",
    frozenset({LABELS_NAME, KERAS_NAME, ONNX_NAME}): "LogMel",
    frozenset({LABELS_NAME, MODEL_NAME}): "Summary",
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
    contents = read_contents(folder, settings, _KINDS, _BESIDE)
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
    labels = json.loads(read_checked(folder / LABELS_NAME, settings["files"][LABELS_NAME]))
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
