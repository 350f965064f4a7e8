"""Items of the feature store: a content-based key, and a way to load the clip.

The key identifies the stored features; the clip is loaded only if none are stored yet. A key depends on
everything that determines the samples and on nothing else: a renamed file keeps its stored features, an
edited file loses them. Callables that take part in a key are identified by an explicit ``key`` of their
class, so renaming or moving code does not invalidate a store; see `callable_key`.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from woodshed.audio.read import read, read_unless_long
from woodshed.clip import Clip
from woodshed.data.example import Example
from woodshed.errors import AudioFileError, ParameterError, printable
from woodshed.features.frame import FrameFeature
from woodshed.features.streaming import features_of_file

LONG_S = 120.0
"""Files longer than this, in seconds, are processed block by block."""

_DIGEST_BYTES = 16


class Item(Protocol):
    """A sound whose features can be stored."""

    @property
    def source(self) -> str:
        """Name used in messages, usually the path of the file."""

    def key(self) -> str:
        """Return a string that differs whenever the samples differ and is the same in every process."""

    def load(self) -> Clip:
        """Return the clip."""


@runtime_checkable
class Describing(Protocol):
    """An item whose features can be computed without loading the whole clip."""

    def describe(self, feature: Callable[[Clip], Any]) -> Iterator[Any]:
        """Yield the frames of the feature in blocks, in order of time."""


@dataclass(frozen=True)
class ClipItem:
    """A clip in memory.

    Examples
    --------
    >>> import numpy as np
    >>> one, same = (ClipItem(Clip(np.ones(8), 8000, name)) for name in ("a.wav", "b.wav"))
    >>> one.key() == same.key()
    True
    """

    clip: Clip

    @property
    def source(self) -> str:
        """Name of the clip."""
        return self.clip.source

    def key(self) -> str:
        """Return the digest of the samples and the sample rate."""
        return digest(f"{self.clip.sample_rate} {self.clip.samples.shape}", self.clip.samples.tobytes())

    def load(self) -> Clip:
        """Return the clip."""
        return self.clip


@dataclass(frozen=True)
class ExampleItem:
    """A segment of a file, loaded only if its features are not stored yet.

    Parameters
    ----------
    example
        The file and the segment; label, group and split are not part of the key.
    read
        ``Example -> Clip``. Part of the key: see `callable_key` for what is allowed.
    """

    example: Example
    read: Callable[[Example], Clip]

    @property
    def source(self) -> str:
        """Path of the file."""
        return str(self.example.path)

    def key(self) -> str:
        """Return the digest of the file's bytes, the segment and the reader."""
        segment = f"{self.example.start_s!r} {self.example.end_s!r}"
        return digest(file_digest(self.example.path), segment, callable_key(self.read))

    def load(self) -> Clip:
        """Read the segment."""
        return self.read(self.example)


@dataclass(frozen=True)
class FileItem:
    """A whole file, mixed to mono and resampled; long files are processed block by block.

    Parameters
    ----------
    path
        The file.
    sample_rate
        Rate to resample to, in hertz.
    """

    path: Path
    sample_rate: int

    @property
    def source(self) -> str:
        """Path of the file."""
        return str(self.path)

    def key(self) -> str:
        """Return the digest of the file's bytes and the sample rate."""
        return digest(file_digest(self.path), f"mono at {self.sample_rate}")

    def load(self) -> Clip:
        """Read the whole file."""
        return read(self.path, sample_rate=self.sample_rate, mono=True)

    def describe(self, feature: Callable[[Clip], Any]) -> Iterator[Any]:
        """Yield the frames of the feature; a long file is never in memory as a whole."""
        if not isinstance(feature, FrameFeature):
            return iter([feature(self.load())])
        clip = read_unless_long(self.path, LONG_S, sample_rate=self.sample_rate)
        return features_of_file(feature, self.path) if clip is None else iter([feature(clip)])


@dataclass(frozen=True)
class ChangedItem:
    """The clip of another item after a transformation, such as an augmentation; may be nested.

    Parameters
    ----------
    item
        The item to transform.
    change
        ``Clip -> Clip``, deterministic, for instance a frozen dataclass that holds its seed. Part of
        the key.

    Examples
    --------
    >>> import numpy as np
    >>> item = ClipItem(Clip(np.ones(8), 8000))
    >>> half = ChangedItem(item, functools.partial(Clip.cut, start_s=0.0005))
    >>> half.load().n_samples, half.key() == item.key()
    (4, False)
    """

    item: Item
    change: Callable[[Clip], Clip]

    @property
    def source(self) -> str:
        """Name of the transformed sound."""
        return self.item.source

    def key(self) -> str:
        """Return the digest of the other item's key and the transformation."""
        return digest(self.item.key(), callable_key(self.change))

    def load(self) -> Clip:
        """Load the clip of the other item and transform it."""
        return self.change(self.item.load())


def load_item(item: Item) -> Clip:
    """Return the clip of an item."""
    return item.load()


class SharedLoads:
    """Function that returns the clip of an item, and reads what several items have in common once.

    It keeps what it has read, so it is meant for the items of one sound.

    Examples
    --------
    >>> import numpy as np
    >>> load, item = SharedLoads(), ClipItem(Clip(np.ones(8), 8000))
    >>> load(ChangedItem(item, functools.partial(Clip.cut, start_s=0.0005))).n_samples
    4
    """

    def __init__(self) -> None:
        self._clips: dict[str, Clip] = {}

    def __call__(self, item: Item) -> Clip:
        """Return the clip of an item."""
        if isinstance(item, ChangedItem):
            return item.change(self(item.item))
        key = item.key()
        if key not in self._clips:
            self._clips[key] = item.load()
        return self._clips[key]


def digest(*parts: str | bytes) -> str:
    """Return the BLAKE2b digest of the parts, in order, as 32 hexadecimal digits.

    Examples
    --------
    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def file_digest(path: Path) -> str:
    """Return the digest of a file's bytes as 32 hexadecimal digits, independent of its name.

    The result is cached until the file is another one, or its size or modification time changes.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    """
    try:
        state = os.stat(path)
        return _file_digest(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror}). Check the name, the folder and its permissions."
        raise AudioFileError(path, reason) from error


@functools.lru_cache(maxsize=2**17)
def _file_digest(path: Path, number: int, size: int, changed_ns: int) -> str:
    with open(path, "rb") as file:
        # Processors of the last years do SHA-256 in hardware: a third faster than BLAKE2b.
        return hashlib.file_digest(file, "sha256").hexdigest()[: 2 * _DIGEST_BYTES]


def callable_key(function: Callable[..., Any]) -> str:
    """Return a string that identifies a callable and its settings, the same in every process.

    A dataclass is identified by the ``key`` of its class and by its fields, recursively; a
    `functools.partial` by its function and arguments; a function by its module and name. Prefer a dataclass:
    renaming or moving a function invalidates the features stored under it.

    Raises
    ------
    TypeError
        If a dataclass does not define a ``key`` of its own. An inherited one does not count, because two
        classes would share it.
    ParameterError
        If the callable cannot be identified: a lambda or local function (all lambdas of a module share one
        name), another object, or a setting whose ``repr`` is abridged or shows an address.

    Examples
    --------
    >>> callable_key(functools.partial(Clip.cut, start_s=0.5))
    "partial(woodshed.clip.Clip.cut, (), {'start_s': 0.5})"
    >>> from woodshed.audio.augmentation import Chain, Gain
    >>> callable_key(Chain((Gain(-3.0, 3.0),)))
    'chain/1(augmentations=(gain/1(min_db=-3.0, max_db=3.0),), probability=1.0)'
    >>> callable_key(lambda clip: clip)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: Cannot identify ...<lambda> in the key of a feature store. ...
    """
    text = _setting_key(function)
    if any(mark in text for mark in ("<lambda>", "<locals>", " at 0x", "...")):
        raise ParameterError(
            f"Cannot identify {printable(text)} in the key of a feature store. Use a function defined at "
            "module level, or a frozen dataclass with __call__ and a class attribute key."
        )
    return text


def _setting_key(value: Any) -> str:
    """Return the text of one value of a key."""
    if isinstance(value, functools.partial):
        return f"partial({_setting_key(value.func)}, {value.args!r}, {value.keywords!r})"
    if is_dataclass(value) and not isinstance(value, type):
        settings = (f"{field.name}={_setting_key(getattr(value, field.name))}" for field in fields(value))
        return f"{_class_key(type(value))}({', '.join(settings)})"
    if isinstance(value, tuple | list):
        return f"({''.join(f'{_setting_key(entry)},' for entry in value)})"
    if callable(value) and hasattr(value, "__qualname__") and not hasattr(value, "__self__"):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)


def _class_key(cls: type) -> str:
    """Return the ``key`` that a dataclass defines itself."""
    key = vars(cls).get("key")
    if not isinstance(key, str):
        kebab_case = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__} has no key of its own, so its results cannot be stored. "
            f'Add a class attribute: key: ClassVar[str] = "{kebab_case}/1", and raise the '
            "number whenever the results change."
        )
    return key
