"""Model folder: settings, checksums of the files and their validation, and the provenance of the model."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.errors import ModelFolderError, OutputError, printable
from woodshed.units import duration_text

PACKAGES = ("woodshed", "keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "scikit-learn")

FORMAT = 2
"""Version of the layout; folders of a newer version are rejected.

Version 1 called a task a job, and had other names for some settings; `_upgrade` converts it.
"""

_RENAMED_SETTINGS = {
    "average_weights": "swa_share",
    "colour_norm": "channel_norm",
    "n_versions": "n_augmentations",
    "second_opinion": "ensemble_share",
}
"""Name of a setting in version 1 -> its current name."""

RESTORE = "Copy the folder again, or train the model again."
"""How to replace a file of a model that is missing or damaged."""

SETTINGS_NAME = "settings.json"

LABELS_NAME = "labels.json"

MODEL_NAME = "model.onnx"
"""File of a classical estimator."""

METRICS_NAME, CARD_NAME = "metrics.json", "card.md"

WEIGHTS_NAME = "weights.npz"
"""Weights of a composer; see `woodshed.composition.composer`."""


def versions() -> dict[str, str]:
    """Return the versions of the installed packages that a result depends on."""
    installed = {}
    for name in PACKAGES:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def provenance(seed: int, duration_s: float) -> dict[str, str]:
    """Return seed, duration, versions and machine, as text by name.

    Examples
    --------
    >>> texts = provenance(7, 61.0)
    >>> texts["seed"], texts["duration"]
    ('7', '1 min 1 s')
    """
    return {
        "seed": str(seed),
        "duration": duration_text(duration_s),
        "Python": platform.python_version(),
        **versions(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


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
                f"{printable(folder)} is a file, but a model is a folder. "
                "Expected the folder given as --out to woodshed train."
            )
        what, out = "does not exist", printable(folder)
        if folder.exists():
            what, out = "is not a woodshed model: it has no settings.json", "my-model"
        raise ModelFolderError(
            f"{printable(folder)} {what}. Train a model with: woodshed train DATA --out {out}"
        )
    try:
        settings: dict[str, Any] = json.loads(path.read_text("utf-8"))
        version = settings["format"]
        if version == 1:
            _upgrade(settings)
        settings["task"], settings["settings"], settings["feature"], settings["files"][LABELS_NAME]
    except OSError as error:
        raise ModelFolderError(
            f"{printable(path)} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"it cannot be parsed ({error})") from error
    if not isinstance(version, int) or version > FORMAT:
        raise ModelFolderError(
            f"{printable(folder)} was made by a newer woodshed (format {version}, this one reads up "
            f"to {FORMAT}). Upgrade with: pip install --upgrade woodshed"
        )
    return settings


def _upgrade(settings: dict[str, Any]) -> None:
    """Rename the settings of version 1 in place."""
    settings["task"] = settings.pop("job")
    settings["settings"] = {
        _RENAMED_SETTINGS.get(name, name): value for name, value in settings["settings"].items()
    }


def read_contents(
    folder: Path,
    settings: Mapping[str, Any],
    kinds: Collection[frozenset[str]],
    optional: frozenset[str] = frozenset(),
) -> dict[str, bytes]:
    """Read all files of a model and verify their checksums.

    Parameters
    ----------
    folder, settings
        The model, and its settings from `read_settings`.
    kinds
        Allowed sets of file names; no other file of the folder is opened.
    optional
        Names of further files, allowed in each set.

    Raises
    ------
    ModelFolderError
        If ``settings.json`` lists other files, or a file is missing or was changed.
    """
    if frozenset(settings["files"]) - optional not in kinds:
        raise damaged(folder / SETTINGS_NAME, f"it lists the files {', '.join(settings['files'])}")
    return {name: read_checked(folder / name, digest) for name, digest in settings["files"].items()}


def read_checked(path: Path, digest: str) -> bytes:
    """Read a file of a model and verify its checksum."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFolderError(f"{printable(path)} is missing. {RESTORE}") from error
    except OSError as error:
        raise damaged(path, f"it cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise damaged(path, "its checksum is wrong")
    return content


def damaged(path: Path, reason: str) -> ModelFolderError:
    """Return the error for a damaged file of a model."""
    return ModelFolderError(f"{printable(path)} is damaged: {reason}. {RESTORE}")


def make_folder(folder: Path) -> None:
    """Create a folder and its parents.

    Raises
    ------
    OutputError
        If the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(folder)} cannot be created ({error.strerror}). Choose another folder."
        ) from error


def to_json(value: Any) -> str:
    """Return a value as indented JSON; NaN and infinity become null."""
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
