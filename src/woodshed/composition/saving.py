"""One folder per composer, like that of every model: nothing in it is ever run.

=================  ================================================================
``settings.json``  job, settings, tokens, format version, digests of the files
``labels.json``    the tokens, in the order of the net's answers
``weights.npz``    what was learned, as arrays by name
``known.json.gz``  title and text of each piece that it learned from
``card.md``        what it is for, what it learned from, how well it knows such pieces
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


def save_composer(composer: Composer, folder: Path, *, half: bool = False) -> None:
    """Write a fitted composer's files into a folder, each of them whole or not at all.

    Parameters
    ----------
    composer
        Fitted.
    folder
        Made when it is missing.
    half
        Keep weights in half precision: half the room, three digits of each.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    NotFittedError
        If the composer has not learned.
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
        "task": type(composer).task,
        "settings": composer.get_params(),
        "feature": {"tokens": {"n_tokens": len(composer.vocabulary)}},
        "curve": asdict(composer.curve_),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    write_whole(folder / SETTINGS_NAME, to_json(settings))


def load_composer(folder: Path, classes: Mapping[str, type[Composer]]) -> Composer:
    """Load a composer; Keras is not needed to let it write.

    Raises
    ------
    ModelFolderError
        If it is not a composer, is damaged, or comes from a newer version.
    """
    settings = read_settings(folder)
    task = settings["task"]
    if task not in classes:
        raise ModelFolderError(
            f"{printable(folder)} is a model for {task!r}, which listens and does not write. "
            f"Models that write are for {', '.join(classes)}."
        )
    contents = read_contents(folder, settings, [frozenset({LABELS_NAME, WEIGHTS_NAME, KNOWN_NAME})])
    try:
        composer = classes[task](**settings["settings"])
        if json.loads(contents[LABELS_NAME]) != list(composer.vocabulary):
            raise ValueError("its tokens are others")
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
    """Write arrays as ``.npz``."""
    content = io.BytesIO()
    dtype: Any = np.float16 if half else np.float32
    np.savez(content, allow_pickle=False, **{name: np.asarray(v, dtype) for name, v in weights.items()})
    return content.getvalue()


def _bytes_to_weights(content: bytes) -> Weights:
    """Read arrays by name, in full precision."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], np.float32) for name in arrays}
