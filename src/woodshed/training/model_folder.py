"""Model folder: settings, checksums of the files and their validation, and the provenance of the model.

Two lists of digests have different purposes. ``settings.json`` lists the files that prediction needs. A model
cannot be loaded unless they match, so files of two models, or of one that was not completely written, are
never combined. ``SHA256SUMS`` lists all files, with ``settings.json`` and the results (scores, card, report),
in the format of ``sha256sum -c``. It is written last; a result that it does not list is of another model that
was in the folder before. Models of earlier versions lack it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.atomic import write_whole
from woodshed.decoding import MAX_JSON_BYTES, parse_json
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

CHECKED_FILES = "checked_files"
"""Setting: the digests of the files whose weights were checked when they were written."""

LABELS_NAME = "labels.json"

MODEL_NAME = "model.onnx"
"""File of a classical estimator."""

METRICS_NAME, CARD_NAME = "metrics.json", "card.md"

CHECKSUMS_NAME = "SHA256SUMS"
"""Digests of all files of a model, one a line: 64 hexadecimal digits, two spaces, the name."""

_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64})  ([^/\\]+)")

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
    content, checksums = _read(path), read_checksums(folder)
    if (digest := checksums.get(SETTINGS_NAME)) is not None:
        _check_digest(path, content, digest)
    try:
        settings: dict[str, Any] = parse_json(content)
        version = settings["format"]
        if version == 1:
            _upgrade(settings)
        settings["task"], settings["settings"], settings["feature"], settings["files"][LABELS_NAME]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, f"it cannot be parsed ({error})") from error
    if not isinstance(version, int) or version > FORMAT:
        raise ModelFolderError(
            f"{printable(folder)} was made by a newer woodshed (format {version}, this one reads up "
            f"to {FORMAT}). Upgrade with: pip install --upgrade woodshed"
        )
    if "checksums" in settings and SETTINGS_NAME not in checksums:
        raise ModelFolderError(
            f"{printable(folder / CHECKSUMS_NAME)} is missing or incomplete: it was not copied, or saving "
            "was interrupted. Changed settings would not be noticed. Copy or train the model again."
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
    content = _read(path, max_bytes=None)
    _check_digest(path, content, digest)
    return content


def read_result(folder: Path, name: str) -> bytes | None:
    """Read a file of a model that prediction does not need, such as its scores.

    Returns
    -------
    bytes or None
        None if there is no such file, or if it is of another model that was in the folder before: a folder
        with checksums lists every file of its model.

    Raises
    ------
    ModelFolderError
        If the file was changed, or cannot be read.
    """
    if not has_result(folder, name):
        return None
    path, digest = folder / name, read_checksums(folder).get(name)
    content = _read(path)
    if digest is not None:
        _check_digest(path, content, digest)
    return content


def has_result(folder: Path, name: str) -> bool:
    """Return whether a folder has a file that prediction does not need, and it is of the model in the folder.

    Raises
    ------
    ModelFolderError
        If ``SHA256SUMS`` is damaged.
    """
    checksums = read_checksums(folder)
    return (folder / name).is_file() and (not checksums or name in checksums)


def read_checksums(folder: Path) -> dict[str, str]:
    """Return the digest of each file of a model by name; empty for a model of an earlier version.

    Raises
    ------
    ModelFolderError
        If ``SHA256SUMS`` is damaged.
    """
    path = folder / CHECKSUMS_NAME
    if not path.is_file():
        return {}
    lines = [_CHECKSUM_LINE.fullmatch(line) for line in _read(path).decode("utf-8", "replace").splitlines()]
    if not lines or None in lines:
        raise damaged(path, "it is not a list of checksums and names")
    return {match[2]: match[1] for match in lines if match is not None}


def record_checksums(folder: Path, names: Iterable[str]) -> None:
    r"""Add files of a model to ``SHA256SUMS``; those that do not exist are left out.

    Raises
    ------
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "card.md", "")
    ...     record_checksums(Path(folder), ["card.md", "metrics.json"])
    ...     (Path(folder) / "SHA256SUMS").read_text()
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  card.md\n'
    """
    checksums = read_checksums(folder)
    for path in (folder / name for name in names):
        if path.is_file():
            with open(path, "rb") as file:
                checksums[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    lines = [f"{checksum}  {name}\n" for name, checksum in sorted(checksums.items(), key=lambda row: row[0])]
    write_whole(folder / CHECKSUMS_NAME, "".join(lines))


def remove_checksums(folder: Path) -> None:
    """Delete ``SHA256SUMS``, before the files of another model are written.

    Raises
    ------
    OutputError
        If it cannot be deleted.
    """
    try:
        (folder / CHECKSUMS_NAME).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{printable(folder)} cannot be written to ({error.strerror}).") from error


def _read(path: Path, *, max_bytes: int | None = MAX_JSON_BYTES) -> bytes:
    """Read a file of a model, of a bounded size unless ``max_bytes`` is None."""
    try:
        n_bytes = path.stat().st_size
        if max_bytes is not None and n_bytes > max_bytes:
            raise damaged(path, f"it has {n_bytes:,} bytes, more than {max_bytes:,}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFolderError(f"{printable(path)} is missing. {RESTORE}") from error
    except OSError as error:
        raise ModelFolderError(
            f"{printable(path)} cannot be read ({error.strerror}). Check its permissions, or copy the folder "
            "again."
        ) from error


def _check_digest(path: Path, content: bytes, digest: str) -> None:
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelFolderError(
            f"{printable(path)} was changed or damaged after training: its checksum is wrong. {RESTORE} To "
            "change a label or a setting, train the model again with it."
        )


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
