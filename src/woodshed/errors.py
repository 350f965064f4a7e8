"""Exceptions of woodshed, and helpers for their messages.

A message states what happened, what was expected and how to fix it. Each exception also inherits the built-in
type that a caller would expect::

    WoodshedError
    ├── ParameterError      (ValueError)         a setting or argument out of its range
    ├── SettingNameError    (TypeError)          an unknown setting
    ├── AudioError          (ValueError)         an invalid clip
    │   └── AudioFileError                       an invalid audio file
    ├── ScoreError          (ValueError)         an invalid score
    │   └── ScoreFileError                       an invalid score file
    ├── DataError           (ValueError)         an invalid folder, table or corpus
    ├── NotFittedError      (RuntimeError)       a model that is not fitted yet
    ├── ModelFolderError    (ValueError)         an invalid model folder
    ├── OutputError         (OSError)            a file that cannot be written
    └── MissingPackageError (ImportError)        an optional package that is not installed

Examples
--------
>>> issubclass(ParameterError, ValueError)
True
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from numbers import Real
from typing import Any

HIGHEST_SEED = 2**32 - 1
"""Maximum seed that NumPy's generators accept."""


class WoodshedError(Exception):
    """Base class of all exceptions of woodshed."""


class ParameterError(WoodshedError, ValueError):
    """A setting or argument is outside its range."""


class SettingNameError(WoodshedError, TypeError):
    """A setting does not exist."""


class AudioError(WoodshedError, ValueError):
    """A clip is invalid: empty, not finite, or at the wrong rate."""


class AudioFileError(AudioError):
    """An audio file is invalid. ``reason`` is the message without the file name."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{printable(path)}: {reason}")
        self.path = path
        self.reason = reason


class ScoreError(WoodshedError, ValueError):
    """A score is invalid: empty, or with a note outside its range."""


class ScoreFileError(ScoreError):
    """A score file is invalid. ``reason`` is the message without the file name."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{printable(path)}: {reason}")
        self.path = path
        self.reason = reason


class DataError(WoodshedError, ValueError):
    """A folder, table or corpus cannot be used for training or evaluation."""


class NotFittedError(WoodshedError, RuntimeError):
    """A model is not fitted yet."""


class ModelFolderError(WoodshedError, ValueError):
    """A folder is not a woodshed model, is damaged, or was written by a newer version."""


class OutputError(WoodshedError, OSError):
    """A file could not be written."""


class MissingPackageError(WoodshedError, ImportError):
    """An optional package is not installed; the message names the command that installs it."""


def load_package(name: str, purpose: str, remedy: str) -> Any:
    """Import an optional package.

    Parameters
    ----------
    name
        The package, or one of its modules.
    purpose
        What needs it, as the subject of a sentence.
    remedy
        The command that installs it, and what else helps.

    Returns
    -------
    module
        The module.

    Raises
    ------
    MissingPackageError
        If it is not installed.

    Examples
    --------
    >>> load_package("json", "Reading JSON", "pip install json").loads("[1]")
    [1]
    >>> load_package("no_such_package", "This example", "pip install no_such_package")
    Traceback (most recent call last):
    woodshed.errors.MissingPackageError: This example needs no-such-package: pip install no_such_package
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0].replace("_", "-")
        raise MissingPackageError(f"{purpose} needs {package}: {remedy}") from error


def printable(path: object) -> str:
    r"""Return a path as text that any terminal can print.

    Bytes that are not UTF-8, which Python represents as lone surrogates, become ``\xNN``.

    Examples
    --------
    >>> printable("caf\udce9.wav")
    'caf\\xe9.wav'
    """
    try:
        return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate that does not represent a byte
        return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def check_seed(seed: int) -> None:
    """Check that a seed is valid for NumPy's generators.

    Raises
    ------
    ParameterError
        If the seed is below 0 or above `HIGHEST_SEED`.

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


def is_integer(value: object) -> bool:
    """Return whether a value is a whole number of any type, but not a bool.

    Examples
    --------
    >>> [is_integer(value) for value in (3, 3.0, 3.5, float("nan"), float("inf"), True, "3", None)]
    [True, True, False, False, False, False, False, False]
    """
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, Real) and math.isfinite(value) and bool(value % 1 == 0)


SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "f0": ("yin", "pyin", "voice-course"),
    "pitch": ("yin", "pyin", "voice-course"),
    "fundamental": ("yin", "pyin"),
    "mel": ("log-mel", "mfcc"),
    "spectrogram": ("stft", "log-mel", "log-frequency"),
    "fft": ("stft",),
    "loudness": ("momentary-loudness", "rms", "a-weighted-level"),
    "level": ("rms", "a-weighted-level"),
    "volume": ("rms", "a-weighted-level"),
    "zcr": ("zero-crossing-rate",),
    "flux": ("spectral-flux", "onset-strength"),
    "rolloff": ("spectral-rolloff",),
    "brightness": ("spectral-centroid",),
    "tempo": ("tempogram", "onset-strength"),
    "rhythm": ("tempogram", "onset-strength"),
    "hpcp": ("chroma",),
    "harmony": ("chroma", "tonnetz"),
    "random-forest": ("forest",),
    "trees": ("forest",),
    "rf": ("forest",),
    "lda": ("discriminant",),
    "ridge": ("kernel-ridge",),
    "nearest-neighbours": ("knn",),
    "logistic-regression": ("logistic",),
    "linear": ("logistic",),
    "cnn": ("conv-residual", "conv-stack"),
    "resnet": ("conv-residual",),
    "rnn": ("crnn", "lstm"),
    "gru": ("crnn", "lstm"),
    "attention": ("transformer",),
    "tdnn": ("conv-tdnn",),
    "environment": ("noise",),
    "sounds": ("noise",),
    "events": ("noise",),
    "words": ("speech",),
    "keywords": ("speech",),
    "style": ("genre",),
    "tagging": ("tags",),
    "instruments": ("instrument",),
    "melody": ("tune",),
    "folk": ("tune",),
    "harmonise": ("chorale",),
    "bach": ("chorale",),
    "piano-roll": ("roll",),
}
"""Common terms -> the names under which registries list them: features, front ends, nets, tasks."""


def near_miss(name: str, choices: Iterable[str], *, similarity: float = 0.6) -> str:
    """Return a hint for an unknown name: the most similar choice, its synonyms, or all choices.

    Case, underscores and spaces do not count; a choice that contains the name as a word is similar to it.

    Parameters
    ----------
    name
        The unknown name.
    choices
        The valid names.
    similarity
        Minimum similarity of a suggestion, 0 to 1 (`difflib.SequenceMatcher.ratio`).

    Examples
    --------
    >>> near_miss("epoch", ["epochs", "seed"])
    'Did you mean epochs?'
    >>> near_miss("x", ["epochs", "seed"])
    'Known: epochs, seed.'
    >>> near_miss("f0", ["rms", "pyin", "yin"]), near_miss("MFCC", ["mfcc", "stft"])
    ('Did you mean yin or pyin?', 'Did you mean mfcc?')
    """
    names = sorted(choices)
    key = _kebab(name)
    same = [choice for choice in names if _kebab(choice) == key]
    synonyms = [choice for choice in SYNONYMS.get(key, ()) if choice in names]
    import difflib  # only where a message needs it: every import of woodshed imports this module

    close = difflib.get_close_matches(name, names, n=1, cutoff=similarity)
    parts = [choice for choice in names if key in _kebab(choice).split("-")]
    for meant in (same, synonyms, parts[:_MOST_MEANT], close):
        if meant:
            return f"Did you mean {' or '.join(meant)}?"
    return f"Known: {', '.join(names)}."


_MOST_MEANT = 4


def _kebab(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def check_choice(what: str, name: str, choices: Collection[str]) -> None:
    """Check that a name is one of the choices.

    Raises
    ------
    ParameterError
        If it is not; the message has the most similar choice, or all of them.

    Examples
    --------
    >>> check_choice("colour", "pnik", ["white", "pink"])
    Traceback (most recent call last):
    woodshed.errors.ParameterError: Unknown colour 'pnik'. Did you mean pink?
    """
    if name not in choices:
        raise ParameterError(f"Unknown {what} {name!r}. {near_miss(name, choices)}")


def look_up(what: str, name: str, registry: Mapping[str, str]) -> Any:
    """Return what a registry has under a name; its module is imported at the first use.

    Parameters
    ----------
    what
        What the registry lists, in the singular, for the error.
    name
        A key of the registry.
    registry
        Name -> ``package.module:attribute``, or a module alone.

    Raises
    ------
    ParameterError
        If there is no such name; the message has the most similar one, or all of them.

    Examples
    --------
    >>> look_up("number", "pi", {"pi": "math:pi"})
    3.141592653589793
    """
    check_choice(what, name, registry)
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)


def counted(n: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun in the singular or plural.

    Examples
    --------
    >>> counted(1, "clip"), counted(3000, "clip"), counted(2, "class")
    ('1 clip', '3,000 clips', '2 classes')
    """
    return f"{n:,} {singular if n == 1 else plural or plural_of(singular)}"


def plural_of(noun: str) -> str:
    """Return the regular plural of a noun, such as the name of a column of groups.

    Examples
    --------
    >>> [plural_of(noun) for noun in ("speaker", "pitch", "class", "bus", "tune family", "day")]
    ['speakers', 'pitches', 'classes', 'buses', 'tune families', 'days']
    """
    if re.search("[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    hisses = re.search("(s|x|z|sh|(?<!epo)ch)$", noun)  # the ch of an epoch is a k
    return f"{noun}es" if hisses else f"{noun}s"


def flag_of(name: str) -> str:
    """Return the command-line flag of an option; a name that is a Python keyword ends with ``_``.

    Examples
    --------
    >>> flag_of("top_k"), flag_of("continue_")
    ('--top-k', '--continue')
    """
    return f"--{name.rstrip('_').replace('_', '-')}"
