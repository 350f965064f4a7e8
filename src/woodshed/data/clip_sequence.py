"""Conversion of what users hold as sounds (paths, arrays with a rate, dicts of data sets) to clips."""

from __future__ import annotations

import numbers
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from woodshed.clip import Clip
from woodshed.data.example import Example, Sounds, read_or_render
from woodshed.errors import AudioError, ParameterError, WoodshedError

_TAKEN = (
    "a Clip, the path of a sound, a pair (samples, sample_rate), or a dict with 'array' and 'sampling_rate', "
    "or with 'path' or 'bytes'"
)


class ClipSequence(Sequence[Clip]):
    """A sequence of sounds in any of the accepted forms, each of which becomes a clip when it is accessed.

    Parameters
    ----------
    sounds
        The sounds; see `as_clips`.
    sample_rate
        Rate of arrays that come without one, in hertz.
    """

    def __init__(self, sounds: Sequence[Any], *, sample_rate: int | None = None) -> None:
        self._sounds, self._sample_rate = sounds, sample_rate

    def __len__(self) -> int:
        return len(self._sounds)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> ClipSequence: ...
    def __getitem__(self, index: int | slice) -> Clip | ClipSequence:
        """Convert one sound, or return a subsequence without reading."""
        if isinstance(index, slice):
            return ClipSequence(self._sounds[index], sample_rate=self._sample_rate)
        return to_clip(self._sounds[index], number=int(index), sample_rate=self._sample_rate)


def as_clips(sounds: Any, *, sample_rate: int | None = None) -> Sequence[Clip]:
    """Return sounds as a sequence of clips; files are read on access.

    The methods of every recogniser, tagger and regressor pass their first argument through this function.

    Parameters
    ----------
    sounds
        A list, array, column or `Sounds` of sounds, or a single one, which becomes a sequence of one. A sound
        is

        - a `Clip`,
        - the path of an audio or MIDI file, as text or `pathlib.Path`,
        - a pair ``(samples, sample_rate)``, with samples of shape ``(n_samples,)`` or
          ``(n_channels, n_samples)`` at full scale ±1, and the rate in hertz,
        - a dict as in Hugging Face data sets: ``{"array": samples, "sampling_rate": rate}``, or
          ``{"path": path, "bytes": content}``, of which one may be None or missing,
        - an array of samples, if ``sample_rate`` is given. An array of shape ``(n_clips, n_samples)`` in
          place of the list is one mono clip in each row.
    sample_rate
        Rate of arrays without one, in hertz.

    Returns
    -------
    sequence of Clip
        It can be split by scikit-learn, and read as often as needed.

    Raises
    ------
    ParameterError
        If something is not a sound, on access to it, or an array has no rate.
    AudioFileError, ScoreFileError
        On access, if a file cannot be used.

    Examples
    --------
    >>> clips = as_clips([(np.zeros(8000), 16000), {"array": np.zeros(8000), "sampling_rate": 8000}])
    >>> [clip.duration_s for clip in clips]
    [0.5, 1.0]
    >>> len(as_clips(np.zeros((3, 8000)), sample_rate=8000)), len(as_clips("rain.wav"))
    (3, 1)
    >>> as_clips([np.zeros(8000)])[0]
    Traceback (most recent call last):
    woodshed.errors.ParameterError: Sound 0 is an array without a sample rate. Pass pairs (samples,
    sample_rate), or as_clips(arrays, sample_rate=16000).
    """
    if isinstance(sounds, Sounds | ClipSequence):
        return sounds
    if _is_one(sounds):
        sounds = [sounds]
    elif not isinstance(sounds, Sequence):
        sounds = list(_iterable(sounds))
    if isinstance(sounds, list | tuple) and sounds and all(map(_is_path, sounds)):
        return Sounds(Example(Path(path)) for path in sounds)
    return ClipSequence(sounds, sample_rate=sample_rate)


def each_clip(sounds: Any) -> Iterator[Clip]:
    """Yield sounds as clips, one by one; an iterator is not collected. Arguments and errors as `as_clips`."""
    if isinstance(sounds, Iterator):
        return (to_clip(sound, number=number) for number, sound in enumerate(sounds))
    return iter(as_clips(sounds))


def to_clip(sound: Any, *, number: int = 0, sample_rate: int | None = None) -> Clip:
    """Return one sound, in any of the forms that `as_clips` takes, as a clip.

    Parameters
    ----------
    sound
        The sound.
    number
        Its place, for messages and as the name of a clip without a file.
    sample_rate
        Rate of an array without one, in hertz.
    """
    if isinstance(sound, Clip):
        return sound
    if _is_path(sound):
        return read_or_render(Path(sound))
    if isinstance(sound, Mapping):
        return _from_dict(sound, number)
    if _is_pair(sound):
        return _from_samples(sound[0], sound[1], f"clip {number}")
    if _is_array(sound):
        if sample_rate is None:
            raise ParameterError(
                f"Sound {number} is an array without a sample rate. Pass pairs (samples, sample_rate), or "
                "as_clips(arrays, sample_rate=16000)."
            )
        return _from_samples(sound, sample_rate, f"clip {number}")
    raise ParameterError(f"Sound {number} is {_described(sound)}. Expected {_TAKEN}.")


def _from_dict(sound: Mapping[str, Any], number: int) -> Clip:
    """Read a sound of a Hugging Face data set: decoded, or the path or content of a file."""
    path = sound.get("path")
    if sound.get("array") is not None and sound.get("sampling_rate") is not None:
        source = str(path) if path else f"clip {number}"
        return _from_samples(sound["array"], sound["sampling_rate"], source)
    if isinstance(sound.get("bytes"), bytes):
        return _from_bytes(sound["bytes"], str(path) if path else f"clip {number}")
    if path:
        return read_or_render(path)
    keys = ", ".join(repr(str(key)) for key in sound) or "no keys"
    raise ParameterError(f"Sound {number} is a dict with {keys}. Expected {_TAKEN}.")


def _from_bytes(content: bytes, source: str) -> Clip:
    """Decode the content of a file; in a temporary one, since some decoders take nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sound{Path(source).suffix}"
        path.write_bytes(content)
        try:
            return replace(read_or_render(path), source=source)
        except WoodshedError as error:
            reason = getattr(error, "reason", str(error))
            raise AudioError(f"{source}: {reason}") from error


_RESCALING = {
    "uint8": "subtract 128 and divide by 128",
    "int16": "divide them by 32768",
    "int32": "divide them by 2147483648",
}
"""Type of integer samples as decoders return them -> how to rescale them."""

_UNKNOWN_RESCALING = "divide them by the full scale of the recording, such as 32768 for 16 bits"


def _from_samples(samples: Any, sample_rate: Any, source: str) -> Clip:
    try:
        values = np.asarray(samples)
    except ValueError as error:
        raise ParameterError(f"The channels of {source} have different lengths. Make them equal.") from error
    if values.dtype.kind in "iu":
        raise ParameterError(
            f"The samples of {source} are {values.dtype}. Expected numbers with full scale ±1: "
            f"{_RESCALING.get(values.dtype.name, _UNKNOWN_RESCALING)}."
        )
    if values.dtype.kind not in "fb":
        raise ParameterError(
            f"The samples of {source} are of type {values.dtype}. Expected real numbers with full scale ±1."
        )
    return Clip(values, sample_rate, source)


def _is_one(sounds: Any) -> bool:
    """Return whether the argument is a single sound."""
    if isinstance(sounds, np.ndarray):
        return sounds.ndim == 1 and sounds.dtype.kind in "iuf" and sounds.size > 0
    return isinstance(sounds, Clip | str | os.PathLike | Mapping) or _is_pair(sounds)


def _is_path(sound: Any) -> bool:
    return isinstance(sound, str | os.PathLike)


def _is_pair(sound: Any) -> bool:
    """Return whether something is samples with their rate."""
    return (
        isinstance(sound, tuple | list)
        and len(sound) == 2
        and _is_array(sound[0])
        and isinstance(sound[1], numbers.Real)
    )


def _is_array(sound: Any) -> bool:
    """Return whether something holds samples: an array, a tensor, or a list of numbers."""
    if isinstance(sound, list | tuple):
        return len(sound) > 0 and all(isinstance(value, numbers.Real) for value in sound[:2])
    return hasattr(sound, "__array__") and getattr(np.asarray(sound), "ndim", 0) in (1, 2)


def _iterable(sounds: Any) -> Iterable[Any]:
    if not isinstance(sounds, Iterable) or getattr(sounds, "ndim", 1) == 0:
        raise ParameterError(f"Expected a list of sounds, got {_described(sounds)}. A sound is {_TAKEN}.")
    return sounds


def _described(sound: Any) -> str:
    """Return the type and the value of something that is not a sound."""
    text = repr(sound)
    return f"{type(sound).__name__} {text if len(text) <= 40 else text[:39] + '…'}"
