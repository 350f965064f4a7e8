"""Everything that woodshed raises on purpose.

Each error says what happened, what was expected and how to fix it, and also inherits the built-in
type that a caller would naturally catch::

    WoodshedError
    ├── ParameterError      (ValueError)         a setting or argument out of its range
    ├── SettingNameError    (TypeError)          a setting that does not exist; names the near miss
    ├── AudioError          (ValueError)         a sound that cannot be used
    │   └── AudioFileError                       ... and the file it came from
    ├── ScoreError          (ValueError)         notes that cannot be used
    │   └── ScoreFileError                       ... and the file they came from
    ├── DataError           (ValueError)         a folder, table or corpus that cannot be used
    ├── NotFittedError      (RuntimeError)       asked to predict before it has learned
    ├── ModelFolderError    (ValueError)         a folder that is not a sound model
    ├── OutputError         (OSError)            an answer that cannot be written
    └── MissingPackageError (ImportError)        an optional package is not installed

Examples
--------
>>> issubclass(ParameterError, ValueError)
True
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

HIGHEST_SEED = 2**32 - 1
"""What the libraries that draw take at most."""


class WoodshedError(Exception):
    """Root of all errors raised by woodshed itself."""


class ParameterError(WoodshedError, ValueError):
    """A setting or argument has a value outside its range."""


class SettingNameError(WoodshedError, TypeError):
    """A setting was given that the class does not have."""


class AudioError(WoodshedError, ValueError):
    """A sound cannot be used: empty, not finite, at the wrong rate."""


class AudioFileError(AudioError):
    """A file cannot be used as sound. ``reason`` is the sentence without the file name."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{printable(path)}: {reason}")
        self.path = path
        self.reason = reason


class ScoreError(WoodshedError, ValueError):
    """Notes cannot be used: none, or one with a value outside its range."""


class ScoreFileError(ScoreError):
    """A file cannot be used as a score. ``reason`` is the sentence without the file name."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{printable(path)}: {reason}")
        self.path = path
        self.reason = reason


class DataError(WoodshedError, ValueError):
    """A folder, table or corpus cannot be learned from as it is."""


class NotFittedError(WoodshedError, RuntimeError):
    """A model was asked to predict before it has learned."""


class ModelFolderError(WoodshedError, ValueError):
    """A folder is not a woodshed model, or is damaged, or comes from a newer version."""


class OutputError(WoodshedError, OSError):
    """An answer could not be written where it was asked for."""


class MissingPackageError(WoodshedError, ImportError):
    """An optional package is needed for this; the message is the line that installs it."""


def printable(path: object) -> str:
    r"""Spell a path so that any terminal can print it.

    Bytes that are not UTF-8 (which Python keeps as lone surrogates) become ``\xNN``.

    Examples
    --------
    >>> printable("caf\udce9.wav")
    'caf\\xe9.wav'
    """
    try:
        return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def check_seed(seed: int) -> None:
    """Refuse a seed that no source of random draws takes.

    Raises
    ------
    ParameterError
        If it is below 0, or above `HIGHEST_SEED`.

    Examples
    --------
    >>> check_seed(-1)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: seed must be 0 or more, got -1.
    """
    if not seed >= 0:
        raise ParameterError(f"seed must be 0 or more, got {seed!r}.")
    if seed > HIGHEST_SEED:
        raise ParameterError(f"seed must be {HIGHEST_SEED} or less, got {seed!r}.")


def near_miss(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Say which known name was probably meant, if one is that like it, 0 to 1; or list them all.

    Examples
    --------
    >>> near_miss("epoch", ["epochs", "seed"])
    'Did you mean epochs?'
    >>> near_miss("x", ["epochs", "seed"])
    'Known: epochs, seed.'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=likeness)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(names)}."


def counted(n: int, singular: str, plural: str = "") -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "clip"), counted(3000, "clip"), counted(2, "class", "classes")
    ('1 clip', '3,000 clips', '2 classes')
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"
