"""Model folders of recognisers, taggers and regressors. Loading one never runs code from it.

==================  ==================================================================================
``settings.json``   task, settings, front end, format version, digests of the files for prediction
``labels.json``     names of the outputs, in their order
``net.onnx``        the network for prediction
``net.keras``       the network for further training
``model.onnx``      instead of both: a classical estimator
``confidence.json`` calibration, thresholds and limits of novelty of a classifier; with ``familiar.npz``
``thresholds.json`` calibration and thresholds of a tagger
``ranges.json``     range of each value of a regressor in the training clips
``metrics.json``    the scores
``card.md``         the model card: intended use, training data, scores, limits
``report.html``     the same with figures and sounds
``heard.json``      digests and groups of the training clips, with ``recordings.npz``: their fingerprints
``SHA256SUMS``      digests of all files
==================  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from woodshed.decoding import parse_json
from woodshed.errors import ModelFolderError, WoodshedError, look_up, printable
from woodshed.recognition.clip_model import without_resources
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.front_ends import FRONT_ENDS, front_end_from_dict, front_end_name
from woodshed.recognition.learners import learner_of, models
from woodshed.training.model_folder import (
    CHECKED_FILES,
    LABELS_NAME,
    METRICS_NAME,
    SETTINGS_NAME,
    damaged,
    read_checked,
    read_contents,
    read_result,
    read_settings,
)
from woodshed.training.progress import LearningCurve

_SKOPS_NAME = "model.skops"
"""File of a classical estimator before it was written as ONNX."""


def load_model(folder: str | Path, tasks: Mapping[str, str]) -> AudioEstimator:
    """Load an estimator; no code from the folder is run.

    Keras is not imported if ONNX Runtime can run the model. Settings of the machine on which it was trained,
    such as the folder of the feature store, are ignored.

    Parameters
    ----------
    folder
        What `AudioEstimator.save` wrote.
    tasks
        Name of each task that may be loaded -> module and class.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or was written by a newer version.
    """
    folder = Path(folder)
    settings = _read_settings(folder)
    task = settings["task"]
    if task not in tasks:
        raise ModelFolderError(
            f"{printable(folder)} is a model for {task!r}, not for {', '.join(tasks)}. "
            "Load it with woodshed.load(folder)."
        )
    kind: type[AudioEstimator] = look_up("task", task, tasks)
    _check_installed(folder, settings)
    try:
        estimator = kind(**without_resources(settings["settings"]))
        learner = learner_of(estimator.net)
        feature = front_end_from_dict(settings["feature"], per_clip=learner.reads_rows)
        names = {front_end_name(name) for name in settings["feature"]}
        own = {kind.frame_front_end}
        if learner.reads_rows:
            own = {kind.note_front_end, *(row_input.front_end for row_input in kind.row_inputs())}
        if names - {estimator.front_end, *own}:
            raise ValueError(f"its front end {', '.join(names)} is not that of the task")
        curve = LearningCurve.from_dict(settings["curve"])
    except (KeyError, TypeError, ValueError, AttributeError, WoodshedError) as error:
        raise damaged(folder / SETTINGS_NAME, f"it does not fit this version ({error})") from error
    contents = read_contents(
        folder,
        settings,
        [file_set | {LABELS_NAME} for file_set in learner.file_sets],
        kind.head.files | kind.extra_names,
    )
    try:
        labels = parse_json(contents.pop(LABELS_NAME))
        estimator.set_learned(
            classes=kind.head.names_of(labels),
            feature=feature,
            files={name: content for name, content in contents.items() if name not in kind.extra_names},
            curve=curve,
            skipped=[],
        )
        estimator.set_extra_files(contents)
    except (KeyError, TypeError, ValueError, AttributeError, WoodshedError) as error:
        raise damaged(folder / SETTINGS_NAME, f"it does not fit this version ({error})") from error
    if settings.get(CHECKED_FILES) != settings["files"]:  # an earlier version, or a file that was replaced
        learner.check_files(estimator)
    return estimator


def _check_installed(folder: Path, settings: Mapping[str, Any]) -> None:
    """Raise `ModelFolderError` if a model uses a front end or a net that only another installation has."""
    values, feature = settings["settings"], settings["feature"]
    net = values.get("net") if isinstance(values, dict) else None
    names = feature if isinstance(feature, dict) else ()
    unknown = [("front end", name) for name in map(front_end_name, names) if name not in FRONT_ENDS]
    if isinstance(net, str) and net not in models():
        unknown.append(("net", net))
    for what, name in unknown:
        raise ModelFolderError(
            f"{printable(folder)}: this model uses a {what} that is not installed: {printable(name)}. "
            f"Install or import the package that adds it to the registry, or train with another {what}."
        )


def _read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a model folder; refuse a classical estimator of format 1."""
    settings = read_settings(folder)
    if _SKOPS_NAME in settings["files"]:
        net = settings["settings"].get("net") if isinstance(settings["settings"], dict) else None
        raise ModelFolderError(
            f"{printable(folder)} holds a classical estimator of an earlier woodshed ({_SKOPS_NAME}), which "
            "this version does not read. Train it again: woodshed train DATA --task "
            f"{printable(settings['task'])} --net {printable(net)} --out {printable(folder)}"
        )
    return settings


def describe_model(folder: Path) -> dict[str, Any]:
    """Return the facts in a model folder, without loading the model.

    Returns
    -------
    dict
        ``task``, ``labels``, ``feature`` and ``settings``; ``licence`` and ``citation`` of the training
        data, None if the folder does not mention them; ``scores`` of a recogniser or ``bits`` of a
        composer, if they were measured; and ``provenance``.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or was written by a newer version.
    """
    settings = _read_settings(folder)
    labels = _parse(
        folder / LABELS_NAME, read_checked(folder / LABELS_NAME, settings["files"][LABELS_NAME]), list
    )
    results = read_result(folder, METRICS_NAME)
    measured = {} if results is None else _parse(folder / METRICS_NAME, results, dict)
    return {
        "task": settings["task"],
        "labels": labels,
        "feature": settings["feature"],
        "settings": settings["settings"],
        "licence": measured.get("licence"),
        "citation": measured.get("citation"),
        "scores": measured.get("scores") or measured.get("accuracy", []),  # its name in format 1
        "bits": measured.get("bits", []),
        "provenance": measured.get("provenance", {}),
    }


def _parse(path: Path, content: bytes, kind: type[Any]) -> Any:
    """Return the list or object in a JSON file of a model."""
    try:
        value = parse_json(content)
    except ValueError as error:
        raise damaged(path, f"it cannot be parsed ({error})") from error
    if not isinstance(value, kind):
        raise damaged(path, f"it holds a {type(value).__name__} instead of a {kind.__name__}")
    return value
