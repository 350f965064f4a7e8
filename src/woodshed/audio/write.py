"""Clips out: a sound file is either written whole or not at all."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np
import soundfile

from woodshed.atomic import write_whole
from woodshed.audio.opening import plain
from woodshed.clip import Clip, Samples
from woodshed.errors import OutputError, ParameterError, near_miss, printable

ENCODINGS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".aif": ("AIFF", "PCM_16"),
    ".aiff": ("AIFF", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Suffix -> container and encoding in libsndfile's words."""


def write(clip: Clip, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a clip as a sound file; its suffix says how.

    WAV, FLAC and AIFF get 16 bits. The file appears under its name when it is complete: it is written
    beside it first and then renamed. Samples beyond ±1 do not fit into a file; they are clipped, with a
    warning.

    Parameters
    ----------
    clip
        The sound; its rate is kept.
    path
        Where to; ``.wav``, ``.flac``, ``.aif``, ``.aiff``, ``.ogg`` or ``.mp3``. The folder must be there.
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
        If the suffix is none of those above.

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
    encoding = ENCODINGS.get(path.suffix.lower())
    if encoding is None:
        raise ParameterError(
            f"{printable(path)}: cannot write {path.suffix or 'a file without suffix'}. "
            f"{near_miss(path.suffix.lower(), ENCODINGS)}"
        )
    if path.exists() and not overwrite:
        raise OutputError(f"{printable(path)} is there already. Give another name, or overwrite=True.")
    n_beyond = int(np.count_nonzero(np.abs(clip.samples) > 1))
    if n_beyond:
        warnings.warn(
            f"{printable(path)}: {n_beyond} samples beyond ±1 were clipped. Make it softer: gain(clip, -6).",
            stacklevel=2,
        )
    write_whole(path, _encode(np.clip(clip.samples.T, -1, 1), clip.sample_rate, path, encoding))
    return path


def _encode(frames: Samples, sample_rate: int, path: Path, encoding: tuple[str, str]) -> bytes:
    """Return the content of the file for samples of shape ``(n_samples, n_channels)``."""
    container, subtype = encoding
    content = io.BytesIO()
    try:
        soundfile.write(content, frames, sample_rate, format=container, subtype=subtype)
    except (soundfile.SoundFileError, ValueError) as error:  # such as a rate that MP3 does not have
        raise OutputError(
            f"{printable(path)}: {container} cannot hold it ({plain(error)}). Use .wav."
        ) from error
    return content.getvalue()
