"""Models shipped with woodshed."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from woodshed.errors import ParameterError, near_miss, printable

SHIPPED = ("chorale", "tune")
"""Names of the shipped models."""


def shipped_folder(name: str) -> Path:
    """Return the folder of a shipped model.

    Raises
    ------
    ParameterError
        If there is no such model.

    Examples
    --------
    >>> shipped_folder("tune").name
    'tune'
    """
    if name not in SHIPPED:
        raise ParameterError(f"Unknown shipped model {name!r}. {near_miss(name, SHIPPED)}")
    return Path(str(importlib.resources.files("woodshed") / "models" / name))


def model_folder(model: str) -> Path:
    """Return the folder of a model, given as a path or as the name of a shipped model.

    Raises
    ------
    ParameterError
        If it is neither.

    Examples
    --------
    >>> model_folder("tune").name
    'tune'
    """
    folder = Path(model)
    if folder.exists():
        return folder
    if model in SHIPPED:
        return shipped_folder(model)
    raise ParameterError(
        f"{printable(folder)} is neither a folder nor a shipped model. {near_miss(model, SHIPPED)}"
    )
