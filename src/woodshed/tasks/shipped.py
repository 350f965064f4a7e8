"""Models that come with woodshed, each with a card that says what it learned from."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from woodshed.errors import ParameterError, near_miss, printable

SHIPPED = ("chorale", "tune")
"""Names that stand for a folder in the package."""


def shipped_folder(name: str) -> Path:
    """Return the folder of a model that comes with woodshed.

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
        raise ParameterError(f"No model called {name!r} comes with woodshed. {near_miss(name, SHIPPED)}")
    return Path(str(importlib.resources.files("woodshed") / "models" / name))


def model_folder(model: str) -> Path:
    """Return the folder that a user means: one of theirs, or a model that comes with woodshed.

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
        f"{printable(folder)} is neither a folder nor a model that comes with woodshed. "
        f"{near_miss(model, SHIPPED)}"
    )
