"""Atomic writing of audio files, of a clip or block by block."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from woodshed.atomic import check_overwrite, draft
from woodshed.audio.read import TAGS, library_message, library_path
from woodshed.clip import Clip, Samples
from woodshed.errors import OutputError, ParameterError, near_miss, printable

CONTAINERS = {
    ".wav": "WAV",
    ".flac": "FLAC",
    ".aif": "AIFF",
    ".aiff": "AIFF",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".mp3": "MP3",
}
"""Suffix -> container of libsndfile."""

CODECS = {".ogg": "VORBIS", ".opus": "OPUS", ".mp3": "MPEG_LAYER_III"}
"""Suffix -> subtype of libsndfile, for lossy formats, which have a quality instead of a bit depth."""

N_BITS = {"pcm8": 8, "pcm16": 16, "pcm24": 24, "pcm32": 32}
"""Integer encoding -> bits per sample."""

FLOATS = {"float32": "FLOAT", "float64": "DOUBLE"}
"""Floating-point encoding, which also represents samples beyond ±1 -> subtype of libsndfile."""


SUPPORTED_TAGS = {
    "WAV": frozenset(TAGS) - {"license"},
    "FLAC": frozenset(TAGS),
    "OGG": frozenset(TAGS),
    "MP3": frozenset(TAGS) - {"copyright", "license"},
    "AIFF": frozenset({"title", "artist", "comment"}),
}
"""Container -> tags that libsndfile writes to it."""

LONGEST_TAG = 2000
"""Maximum size of a tag in bytes: longer ones lose all tags of a WAV file and damage AIFF and Opus files."""

VALUES_PER_WRITE = 2**18
"""Number of values encoded at a time, which bounds the memory for long clips."""


@dataclass(frozen=True)
class Encoding:
    """Format of an audio file for libsndfile.

    Parameters
    ----------
    container, subtype
        Names in libsndfile.
    n_bits
        Bits per sample of an integer encoding; otherwise None.
    quality
        Quality of a lossy format, 0 to 1; None is the default of the encoder.
    """

    container: str
    subtype: str
    n_bits: int | None = None
    quality: float | None = None


class Writer:
    """Open audio file that is written block by block; create it with `writer`.

    ``n_samples`` counts the samples written so far per channel, ``n_clipped`` the clipped ones over all
    channels.
    """

    def __init__(self, sound: Any, encoding: Encoding, *, dither: bool) -> None:
        self.n_samples = 0
        self.n_clipped = 0
        self._sound = sound
        self._encoding = encoding
        self._rng = np.random.default_rng(0) if dither else None

    def write(self, samples: Samples) -> None:
        """Append samples of shape ``(n_channels, n_samples)``; integer encodings clip those beyond ±1."""
        step = max(1, VALUES_PER_WRITE // len(samples))
        for start in range(0, samples.shape[1], step):
            frames: NDArray[Any] = samples[:, start : start + step].T
            self.n_samples += len(frames)
            if self._encoding.subtype not in FLOATS.values():
                self.n_clipped += int(np.count_nonzero(np.abs(frames) > 1))
                n_bits = self._encoding.n_bits
                frames = np.clip(frames, -1, 1) if n_bits is None else quantise(frames, n_bits, self._rng)
            self._sound.write(frames)


def write(
    clip: Clip,
    path: str | os.PathLike[str],
    *,
    encoding: str | float | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a clip to an audio file, atomically.

    Samples beyond ±1 are clipped, with a warning, unless the encoding is floating-point.

    Parameters
    ----------
    clip
        The sound; its rate is kept.
    path
        File name with suffix ``.wav``, ``.flac``, ``.aif``, ``.aiff``, ``.ogg``, ``.opus`` or ``.mp3``, in an
        existing folder.
    encoding
        ``pcm8``, ``pcm16``, ``pcm24``, ``pcm32``, ``float32`` or ``float64`` for WAV and AIFF, ``pcm8``,
        ``pcm16`` or ``pcm24`` for FLAC; ``pcm16`` by default. For lossy formats a quality from 0 (small file)
        to 1.
    overwrite
        Whether to replace an existing file.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the file exists, the folder does not exist, or the file cannot be written.
    ParameterError
        If the suffix is unknown, or its format does not support the encoding.

    Warns
    -----
    UserWarning
        If samples were clipped.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio.read import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(write(Clip(np.array([0.5, -0.25]), 8000), Path(folder) / "a.wav")).samples.tolist()
    [[0.5, -0.25]]
    """
    path = Path(path)
    with writer(
        path, choose_encoding(path, encoding), clip.sample_rate, clip.n_channels, overwrite=overwrite
    ) as sound:
        sound.write(clip.samples)
    warn_of_clipping(path, sound.n_clipped, stacklevel=3)
    return path


def warn_of_clipping(path: Path, n_clipped: int, *, stacklevel: int) -> None:
    """Warn that samples of a file were clipped, if any were."""
    if n_clipped:
        warnings.warn(
            f"{printable(path)}: {n_clipped} samples beyond ±1 were clipped. Lower the level "
            "first, or write floating-point samples.",
            stacklevel=stacklevel,
        )


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check that `write` would accept a file name, before a long computation.

    Raises
    ------
    OutputError
        If the file exists and ``overwrite`` is false.
    ParameterError
        If the suffix is unknown.

    Examples
    --------
    >>> check_target("no such file.wav")
    """
    _container(Path(path))
    check_overwrite(path, overwrite=overwrite)


def choose_encoding(path: Path, encoding: str | float | None) -> Encoding:
    """Return the libsndfile format for a file name and an encoding as in `write`.

    Raises
    ------
    ParameterError
        If the suffix is unknown, or its format does not support the encoding.

    Examples
    --------
    >>> choose_encoding(Path("a.flac"), "pcm24")
    Encoding(container='FLAC', subtype='PCM_24', n_bits=24, quality=None)
    >>> choose_encoding(Path("a.mp3"), 0.9)
    Encoding(container='MP3', subtype='MPEG_LAYER_III', n_bits=None, quality=0.9)
    """
    suffix = path.suffix.lower()
    container = _container(path)
    if suffix in CODECS:
        if encoding is None or (not isinstance(encoding, str) and 0 <= encoding <= 1):
            return Encoding(container, CODECS[suffix], quality=encoding)
        raise ParameterError(
            f"{printable(path)}: {suffix} expects a quality from 0 (small) to 1 (best), got {encoding!r}."
        )
    name = "pcm16" if encoding is None else encoding
    supported = [
        word for word in (*N_BITS, *FLOATS) if soundfile.check_format(container, _subtype(container, word))
    ]
    if name not in supported:
        raise ParameterError(
            f"{printable(path)}: {suffix} does not support the encoding {name!r}. "
            f"{near_miss(str(name), supported)}"
        )
    return Encoding(container, _subtype(container, str(name)), N_BITS.get(str(name)))


@contextmanager
def writer(
    path: Path,
    encoding: Encoding,
    sample_rate: int,
    n_channels: int,
    *,
    tags: Mapping[str, str] | None = None,
    dither: bool = False,
    overwrite: bool = False,
) -> Iterator[Writer]:
    """Open an audio file for block-wise writing; it appears when the ``with`` block ends without an error.

    Parameters
    ----------
    path, overwrite
        As in `write`.
    encoding
        As returned by `choose_encoding`.
    sample_rate, n_channels
        Format of the samples.
    tags
        Metadata tags, written as far as the format supports them.
    dither
        Whether to add triangular dither before rounding to integers, with a fixed seed; see `quantise`.

    Yields
    ------
    Writer
        The open file.

    Raises
    ------
    OutputError
        If the file exists, the format does not support the rate or the number of channels, the folder does
        not exist, or the disk is full.
    """
    check_target(path, overwrite=overwrite)
    settings: dict[str, Any] = {
        "samplerate": sample_rate,
        "channels": n_channels,
        "format": encoding.container,
        "subtype": encoding.subtype,
    }
    if encoding.quality is not None:
        settings["compression_level"] = min(0.99, 1 - encoding.quality)  # LAME refuses a level of 1
    _check_format(path, settings)
    try:
        # Opened by name: callbacks into a Python file object would hide Ctrl-C and a full disk.
        with draft(path) as file, soundfile.SoundFile(library_path(file.name), "w", **settings) as sound:
            for name, text in supported_tags(tags or {}, encoding.container).items():
                setattr(sound, name, text)
            yield Writer(sound, encoding, dither=dither)
    except soundfile.SoundFileError as error:
        raise OutputError(
            f"{printable(path)} could not be written ({library_message(error)}). "
            "Check whether the disk is full."
        ) from error


def supported_tags(tags: Mapping[str, str], container: str) -> dict[str, str]:
    """Return the tags that a container, such as ``MP3``, stores without loss.

    Examples
    --------
    >>> supported_tags({"title": "Für Elise", "artist": "Anna", "license": "CC0"}, "MP3")
    {'artist': 'Anna'}
    """
    return {
        name: text
        for name, text in tags.items()
        if name in SUPPORTED_TAGS[container]
        and len(text.encode("utf-8", "replace")) <= LONGEST_TAG
        and (text.isascii() or container != "MP3")  # in MP3 libsndfile corrupts other characters
    }


def quantise(frames: Samples, n_bits: int, rng: np.random.Generator | None) -> NDArray[np.int32]:
    """Quantise samples to integers, stored in the upper bits of 32.

    Parameters
    ----------
    frames
        Any shape; full scale is ±1, and samples beyond it are clipped.
    n_bits
        Bit depth, 2 to 32.
    rng
        Generator of the dither, which has a triangular distribution over two steps. It makes the quantisation
        error independent of the signal, which avoids harmonic distortion of soft tones (S. P. Lipshitz, R. A.
        Wannamaker, J. Vanderkooy, *Quantization and dither: a theoretical survey*, Journal of the Audio
        Engineering Society 40, 1992). None rounds to the nearest step without dither.

    Returns
    -------
    numpy.ndarray
        Same shape, int32.

    Examples
    --------
    >>> (quantise(np.array([0.5, 1.0, -1.0], np.float32), 16, None) >> 16).tolist()
    [16384, 32767, -32768]
    """
    full = 2.0 ** (n_bits - 1)
    steps = frames * np.float64(full)
    if rng is not None:
        steps += rng.random(steps.shape) - rng.random(steps.shape)
    np.clip(np.rint(steps, out=steps), -full, full - 1, out=steps)
    steps *= 2.0 ** (32 - n_bits)
    return steps.astype(np.int32)


def _container(path: Path) -> str:
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise ParameterError(
            f"{printable(path)}: cannot write {path.suffix or 'a file without suffix'}. "
            f"{near_miss(path.suffix.lower(), CONTAINERS)}"
        )
    return container


def _subtype(container: str, encoding: str) -> str:
    if encoding == "pcm8":
        return "PCM_U8" if container == "WAV" else "PCM_S8"
    return FLOATS.get(encoding) or f"PCM_{N_BITS[encoding]}"


def _check_format(path: Path, settings: dict[str, Any]) -> None:
    """Try the format in memory before any file is created."""
    try:
        soundfile.SoundFile(io.BytesIO(), "w", **settings).close()
    except (soundfile.SoundFileError, ValueError) as error:  # such as a rate that MP3 does not have
        n_channels = settings["channels"]
        raise OutputError(
            f"{printable(path)}: {settings['format']} does not support {n_channels} "
            f"channel{'s' * (n_channels > 1)} at {settings['samplerate']} Hz ({library_message(error)}). "
            "Resample or mix it first, or use .wav."
        ) from error
