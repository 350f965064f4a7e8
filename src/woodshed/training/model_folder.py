"""The folder of a model: settings, digests of its files, and what every kind of model has in common."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.errors import ModelFolderError, OutputError, printable

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

MODEL_NAME = "model.skops"
"""The file of a model folder that holds a classical model."""

METRICS_NAME, CARD_NAME = "metrics.json", "card.md"

WEIGHTS_NAME = "weights.npz"
"""Arrays of a model that writes; see `woodshed.composition.saving`."""


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


def read_contents(
    folder: Path,
    settings: Mapping[str, Any],
    kinds: Collection[frozenset[str]],
    optional: frozenset[str] = frozenset(),
) -> dict[str, bytes]:
    """Read all files of a model, and make sure that they are those that were saved.

    Parameters
    ----------
    folder, settings
        The model, and what `read_settings` returns for it.
    kinds
        The sets of file names that a model may have; no other file of a folder is opened.
    optional
        Names of files that any of these kinds may have too.

    Raises
    ------
    ModelFolderError
        If ``settings.json`` lists other files, or one is missing or not the one that was saved.
    """
    if frozenset(settings["files"]) - optional not in kinds:
        raise damaged(folder / SETTINGS_NAME, f"it names the files {', '.join(settings['files'])}")
    return {name: read_checked(folder / name, digest) for name, digest in settings["files"].items()}


def read_checked(path: Path, digest: str) -> bytes:
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
