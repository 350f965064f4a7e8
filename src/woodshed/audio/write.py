"""Clips out: a sound file is either written whole or not at all."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from woodshed.atomic import draft
from woodshed.audio.sound_file import plain
from woodshed.audio.tags import write_tags
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
"""Suffix -> container in libsndfile's words."""

CODECS = {".ogg": "VORBIS", ".opus": "OPUS", ".mp3": "MPEG_LAYER_III"}
"""Suffix -> encoding of the formats that have a quality instead of bits."""

N_BITS = {"pcm8": 8, "pcm16": 16, "pcm24": 24, "pcm32": 32}
"""Encodings in whole numbers -> bits of each."""

FLOATS = {"float32": "FLOAT", "float64": "DOUBLE"}
"""Encodings that also hold samples beyond ±1 -> libsndfile's word for them."""

VALUES_PER_WRITE = 2**18
"""Encoding goes in portions of this many numbers, so that a long clip costs little memory."""


@dataclass(frozen=True)
class Encoding:
    """How samples are put into a file.

    Parameters
    ----------
    container, subtype
        In libsndfile's words.
    n_bits
        Of whole numbers; None if the file has floating-point numbers, or a quality.
    quality
        0 to 1; None for the encoder's own choice, or if the file has bits.
    """

    container: str
    subtype: str
    n_bits: int | None = None
    quality: float | None = None


class Writer:
    """A sound file that is being written, block by block; `writer` makes one.

    ``n_samples`` and ``n_clipped`` count what was written so far, the first in each channel, the second in
    all of them.
    """

    def __init__(self, sound: Any, encoding: Encoding, *, dither: bool) -> None:
        self.n_samples = 0
        self.n_clipped = 0
        self._sound = sound
        self._encoding = encoding
        self._rng = np.random.default_rng(0) if dither else None

    def tag(self, tags: Mapping[str, str]) -> None:
        """Say title, artist and so on, as far as the format can hold them; before the first samples."""
        write_tags(self._sound, tags)

    def write(self, samples: Samples) -> None:
        """Add samples of shape ``(n_channels, n_samples)``; those beyond ±1 are clipped if they must be."""
        step = max(1, VALUES_PER_WRITE // len(samples))
        for start in range(0, samples.shape[1], step):
            frames = samples[:, start : start + step].T
            self.n_samples += len(frames)
            if self._encoding.subtype in FLOATS.values():
                self._sound.write(frames)
                continue
            self.n_clipped += int(np.count_nonzero(np.abs(frames) > 1))
            n_bits = self._encoding.n_bits
            whole = np.clip(frames, -1, 1) if n_bits is None else quantise(frames, n_bits, self._rng)
            self._sound.write(whole)


def write(
    clip: Clip,
    path: str | os.PathLike[str],
    *,
    encoding: str | float | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a clip as a sound file; its suffix says how.

    The file appears under its name when it is complete: it is written beside it first and then renamed.
    Samples beyond ±1 do not fit into whole numbers; they are clipped, with a warning.

    Parameters
    ----------
    clip
        The sound; its rate is kept.
    path
        Where to; ``.wav``, ``.flac``, ``.aif``, ``.aiff``, ``.ogg``, ``.opus`` or ``.mp3``. The folder must
        be there.
    encoding
        ``pcm8``, ``pcm16``, ``pcm24``, ``pcm32``, ``float32`` or ``float64`` for WAV and AIFF, the first
        three of whole numbers for FLAC; 16 bits by default. For the others a quality from 0 (small) to 1.
    overwrite
        Whether a file of that name may be replaced.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the file is there already, or the folder is not, or it cannot be written.
    ParameterError
        If the suffix is none of those above, or does not have that encoding.

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
    chosen = choose_encoding(path, encoding)
    with writer(path, chosen, clip.sample_rate, clip.n_channels, overwrite=overwrite) as sound:
        sound.write(clip.samples)
    warn_of_clipping(path, sound.n_clipped, stacklevel=3)
    return path


def warn_of_clipping(path: Path, n_clipped: int, *, stacklevel: int) -> None:
    """Warn that samples of a file were clipped, if any were."""
    if n_clipped:
        warnings.warn(
            f"{printable(path)}: {n_clipped} samples beyond ±1 were clipped. Make it softer: gain(clip, -6).",
            stacklevel=stacklevel,
        )


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Refuse a file that `write` would refuse, before long work is done for it.

    Raises
    ------
    OutputError
        If the file is there already.
    ParameterError
        If its suffix is unknown.
    """
    path = Path(path)
    _container(path)
    if path.exists() and not overwrite:
        raise OutputError(f"{printable(path)} is there already. Give another name, or overwrite=True.")


def choose_encoding(path: Path, encoding: str | float | None) -> Encoding:
    """Turn the suffix of a file and an encoding, as `write` takes it, into what libsndfile needs.

    Raises
    ------
    ParameterError
        If the suffix is unknown, or does not have that encoding.

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
            f"{printable(path)}: {suffix} has a quality from 0 (small) to 1 (good), got {encoding!r}."
        )
    name = "pcm16" if encoding is None else encoding
    known = [
        word for word in (*N_BITS, *FLOATS) if soundfile.check_format(container, _subtype(container, word))
    ]
    if name not in known:
        raise ParameterError(
            f"{printable(path)}: {suffix} has no encoding {name!r}. {near_miss(str(name), known)}"
        )
    return Encoding(container, _subtype(container, str(name)), N_BITS.get(str(name)))


@contextmanager
def writer(
    path: Path,
    encoding: Encoding,
    sample_rate: int,
    n_channels: int,
    *,
    dither: bool = False,
    overwrite: bool = False,
) -> Iterator[Writer]:
    """Open a sound file to be written block by block; it appears when the block ends without an error.

    Parameters
    ----------
    path, overwrite
        As for `write`.
    encoding
        From `choose_encoding`.
    sample_rate, n_channels
        Of the samples that will come.
    dither
        Whether whole numbers get triangular noise of one step before they are rounded; see `quantise`. The
        noise is the same every time.

    Raises
    ------
    OutputError
        If the file is there already, the format does not have that rate or so many channels, the folder is
        missing, or the disk is full.
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
    _refuse_unless_it_fits(path, settings)
    try:
        # By its name: calling back into a Python file object would swallow Ctrl-C and a full disk.
        with draft(path) as file, soundfile.SoundFile(_name(file.name), "w", **settings) as sound:
            yield Writer(sound, encoding, dither=dither)
    except soundfile.SoundFileError as error:
        raise OutputError(
            f"{printable(path)} could not be written ({plain(error)}). See whether the disk is full."
        ) from error


def quantise(frames: Samples, n_bits: int, rng: np.random.Generator | None) -> NDArray[np.int32]:
    """Turn samples into whole numbers, which stand in the upper bits of 32.

    Parameters
    ----------
    frames
        Any shape; full scale is ±1, what is beyond is clipped.
    n_bits
        Size of the whole numbers, 2 to 32.
    rng
        Draws the dither: the sum of two even draws of one step each, before rounding. It makes the error
        a steady hiss that has nothing to do with the sound, where a soft tone would get harmonics (S. P.
        Lipshitz, R. A. Wannamaker, J. Vanderkooy, *Quantization and dither: a theoretical survey*, Journal
        of the Audio Engineering Society 40, 1992). None rounds to the nearest step.

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


def _refuse_unless_it_fits(path: Path, settings: dict[str, Any]) -> None:
    """Try the format in memory, so that nothing is touched on the disk if it does not exist."""
    try:
        soundfile.SoundFile(io.BytesIO(), "w", **settings).close()
    except (soundfile.SoundFileError, ValueError) as error:  # such as a rate that MP3 does not have
        n_channels = settings["channels"]
        raise OutputError(
            f"{printable(path)}: {settings['format']} cannot hold {n_channels} "
            f"channel{'s' * (n_channels > 1)} at {settings['samplerate']} Hz ({plain(error)}). "
            "Resample or mix it first, or use .wav."
        ) from error


def _name(path: str) -> str | bytes:
    return path if sys.platform == "win32" else os.fsencode(path)
