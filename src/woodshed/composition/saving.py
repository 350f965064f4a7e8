"""Model folder of a composer. Loading it runs nothing from the folder.

=================  ================================================================
``settings.json``  task, settings, format version, digests of the other files
``labels.json``    the tokens, in the order of the outputs of the net
``weights.npz``    the weights by name
``known.json.gz``  title and text of each training piece
``card.md``        the model card: intended use, training data, test results
=================  ================================================================
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.atomic import write_whole
from woodshed.composition.composer import Composer, Weights
from woodshed.errors import ModelFolderError, WoodshedError, printable
from woodshed.training.model_folder import (
    FORMAT,
    LABELS_NAME,
    SETTINGS_NAME,
    WEIGHTS_NAME,
    damaged,
    make_folder,
    read_contents,
    read_settings,
    to_json,
)
from woodshed.training.progress import LearningCurve

KNOWN_NAME = "known.json.gz"

FILES = frozenset({LABELS_NAME, WEIGHTS_NAME, KNOWN_NAME})
"""The files beside ``settings.json``; no other file of the folder is opened."""


def save_composer(composer: Composer, folder: Path, *, half: bool = False) -> None:
    """Write a fitted composer into a folder, each file whole or not at all.

    Parameters
    ----------
    composer
        Fitted.
    folder
        Made if it is missing.
    half
        Whether to store the weights in half precision: half the size, three digits each.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    NotFittedError
        If the composer is not fitted.
    """
    weights = composer.fitted("weights_")
    make_folder(folder)
    contents = {
        LABELS_NAME: to_json(list(composer.vocabulary)).encode(),
        WEIGHTS_NAME: _weights_to_bytes(weights, half),
        KNOWN_NAME: gzip.compress(json.dumps(composer.known_, ensure_ascii=False).encode(), mtime=0),
    }
    for name, content in contents.items():
        write_whole(folder / name, content)
    settings = {
        "format": FORMAT,
        "task": composer.task,
        "settings": composer.get_params(),
        "feature": {"tokens": {"n_tokens": len(composer.vocabulary)}},
        "curve": asdict(composer.curve_),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    write_whole(folder / SETTINGS_NAME, to_json(settings))


def load_composer(folder: Path, classes: Mapping[str, type[Composer]]) -> Composer:
    """Load a composer; sampling from a shipped one does not import Keras.

    Parameters
    ----------
    folder
        Written by `save_composer`.
    classes
        Task -> class.

    Raises
    ------
    ModelFolderError
        If it is not a composer, is damaged, or was made by a newer version.
    """
    settings = read_settings(folder)
    task = settings["task"]
    if task not in classes:
        raise ModelFolderError(
            f"{printable(folder)} is a model of task {task!r}, which cannot generate. Generation tasks: "
            f"{', '.join(classes)}."
        )
    contents = read_contents(folder, settings, [FILES])
    try:
        composer = classes[task](**settings["settings"])
        if json.loads(contents[LABELS_NAME]) != list(composer.vocabulary):
            raise ValueError("the vocabulary differs")
        weights = _bytes_to_weights(contents[WEIGHTS_NAME])
        known = json.loads(gzip.decompress(contents[KNOWN_NAME]))
        composer.set_learned(
            weights,
            LearningCurve.from_dict(settings["curve"]),
            [(str(title), str(text)) for title, text in known],
        )
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, WoodshedError) as error:
        raise damaged(folder / SETTINGS_NAME, f"it does not fit this version ({error})") from error
    return composer


def _weights_to_bytes(weights: Weights, half: bool) -> bytes:
    """Return arrays as the bytes of an ``.npz`` file."""
    content = io.BytesIO()
    dtype: Any = np.float16 if half else np.float32
    np.savez(content, allow_pickle=False, **{name: np.asarray(v, dtype) for name, v in weights.items()})
    return content.getvalue()


def _bytes_to_weights(content: bytes) -> Weights:
    """Return the arrays of an ``.npz`` file by name, in full precision."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], np.float32) for name in arrays}
