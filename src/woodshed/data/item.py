"""Items: sounds that know what they are called by content, and how to be loaded.

The feature store asks an item two things: its key, by which an entry is found again, and its clip, if
there is no entry yet. A key depends on everything that the clip depends on and on nothing else, so a
renamed file keeps its entries and an edited one loses them.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from woodshed.audio.read import read, read_unless_long
from woodshed.clip import Clip
from woodshed.data.example import Example
from woodshed.errors import AudioFileError, ParameterError, printable
from woodshed.features.streaming import features_of_file
from woodshed.features.frame import FrameFeature

LONG_S = 120.0
"""A file longer than this is described block by block."""

_DIGEST_BYTES = 16


class Item(Protocol):
    """What a feature store can hold the features of."""

    @property
    def source(self) -> str:
        """Name to use in messages, usually the path of the file."""

    def key(self) -> str:
        """Return a text that differs whenever the clip does, and is the same in every process."""

    def load(self) -> Clip:
        """Return the clip."""


@runtime_checkable
class Describing(Protocol):
    """An item that can be described without being in memory as a whole."""

    def describe(self, feature: Callable[[Clip], Any]) -> Iterator[Any]:
        """Yield the frames of the feature in portions, in the order of time."""


@dataclass(frozen=True)
class ClipItem:
    """A clip that is in memory already.

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
        """Return the digest of the samples and their rate."""
        return digest(f"{self.clip.sample_rate} {self.clip.samples.shape}", self.clip.samples.tobytes())

    def load(self) -> Clip:
        """Return the clip."""
        return self.clip


@dataclass(frozen=True)
class ExampleItem:
    """A stretch of a file, loaded when its features are not stored yet.

    Parameters
    ----------
    example
        The file and the stretch; label, group and split have no part in the key.
    read
        Turns the example into a clip. Part of the key: see `identity` for what may be used.
    """

    example: Example
    read: Callable[[Example], Clip]

    @property
    def source(self) -> str:
        """Path of the file."""
        return str(self.example.path)

    def key(self) -> str:
        """Return the digest of the file's bytes, the stretch, and the way of reading it."""
        stretch = f"{self.example.start_s!r} {self.example.end_s!r}"
        return digest(file_digest(self.example.path), stretch, identity(self.read))

    def load(self) -> Clip:
        """Read the stretch."""
        return self.read(self.example)


@dataclass(frozen=True)
class FileItem:
    """A whole file as a feature hears it, one channel at one rate; described block by block when it is long.

    Parameters
    ----------
    path
        The file.
    sample_rate
        The rate at which it is heard, in hertz.
    """

    path: Path
    sample_rate: int

    @property
    def source(self) -> str:
        """Path of the file."""
        return str(self.path)

    def key(self) -> str:
        """Return the digest of the file's bytes and the rate."""
        return digest(file_digest(self.path), f"mono at {self.sample_rate}")

    def load(self) -> Clip:
        """Read all of it."""
        return read(self.path, sample_rate=self.sample_rate, mono=True)

    def describe(self, feature: Callable[[Clip], Any]) -> Iterator[Any]:
        """Yield the frames of the feature; a long file is never in memory as a whole."""
        if not isinstance(feature, FrameFeature):
            return iter([feature(self.load())])
        clip = read_unless_long(self.path, LONG_S, sample_rate=self.sample_rate)
        return features_of_file(feature, self.path) if clip is None else iter([feature(clip)])


@dataclass(frozen=True)
class ChangedItem:
    """Another item's clip after a change, such as an augmentation; may be nested.

    Parameters
    ----------
    item
        What is changed.
    change
        ``Clip -> Clip``, always the same answer for the same clip: a frozen dataclass that holds its
        seed, for instance. Part of the key.

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
        """Name of the sound that is changed."""
        return self.item.source

    def key(self) -> str:
        """Return the digest of the other item's key and the change."""
        return digest(self.item.key(), identity(self.change))

    def load(self) -> Clip:
        """Load the other item's clip and change it."""
        return self.change(self.item.load())


def digest(*parts: str | bytes) -> str:
    """Return 32 hexadecimal digits that stand for the parts, in their order (BLAKE2b).

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
    """Return 32 hexadecimal digits that stand for the bytes of a file, whatever its name.

    The bytes are read once in a process, and again when the file's size or time of change differs.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    """
    try:
        state = os.stat(path)
        return _file_digest(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        reason = f"cannot be read ({error.strerror}). Check the name, the folder and its permissions."
        raise AudioFileError(path, reason) from error


@functools.lru_cache(maxsize=2**17)
def _file_digest(path: Path, size: int, changed_ns: int) -> str:
    with open(path, "rb") as file:
        # Processors of the last years do SHA-256 in hardware: a third faster than BLAKE2b.
        return hashlib.file_digest(file, "sha256").hexdigest()[: 2 * _DIGEST_BYTES]


def identity(function: Callable[..., Any]) -> str:
    """Spell a callable so that the same spelling means the same answer, in every process.

    A function is spelt by its module and name, a `functools.partial` by its function and arguments, and
    an object by its class and its ``repr``, which for a frozen dataclass is all of its settings.

    Raises
    ------
    ParameterError
        If it has no such spelling: a lambda or local function (all lambdas of a module share one
        name), or an object whose ``repr`` shows an address or leaves something out.

    Examples
    --------
    >>> identity(functools.partial(Clip.cut, start_s=0.5))
    "partial(woodshed.clip.Clip.cut, (), {'start_s': 0.5})"
    >>> identity(lambda clip: clip)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: ...<lambda> cannot be told apart from others by name. ...
    """
    if isinstance(function, functools.partial):
        spelling = f"partial({identity(function.func)}, {function.args!r}, {function.keywords!r})"
    elif hasattr(function, "__qualname__") and not hasattr(function, "__self__"):
        spelling = f"{function.__module__}.{function.__qualname__}"
    else:
        spelling = f"{type(function).__module__}.{type(function).__qualname__}: {function!r}"
    if any(mark in spelling for mark in ("<lambda>", "<locals>", " at 0x", "...")):
        raise ParameterError(
            f"{printable(spelling)} cannot be told apart from others by name. Use a function of a module, "
            "or a frozen dataclass with __call__: its settings then find the stored features again."
        )
    return spelling
