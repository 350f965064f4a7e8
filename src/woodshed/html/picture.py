"""Pictures of a sound, small enough to stand in the page itself."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.features import LogMel
from woodshed.html.markup import Markup, element

N_LEVELS = 32
"""Shades of a spectrogram: more cannot be told apart at this size, and cost bytes."""
RANGE_DB = 65.0
"""From the loudest point of a picture to its paper white."""

_N_COLUMNS = 240
_N_BANDS = 48
_INK_NEAR, _INK_FAR = np.array([0, 101, 159]), np.array([8, 22, 38])


def data_uri(media_type: str, content: bytes) -> Markup:
    """Write bytes as an address that holds them, so that the page needs no other file.

    Examples
    --------
    >>> data_uri("image/png", b"abc")
    'data:image/png;base64,YWJj'
    """
    return Markup(f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}")


def png(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """Write a picture as PNG.

    Parameters
    ----------
    pixels
        Shape ``(height, width)``: for each point its row in ``palette``; the first row of points is on top.
    palette
        Shape ``(n_colours, 4)``: red, green, blue, opacity, 0 to 255; at most 256 colours.

    Raises
    ------
    ParameterError
        If a point has no colour in the palette.

    References
    ----------
    W3C, "Portable Network Graphics (PNG) Specification", third edition.

    Examples
    --------
    >>> png(np.zeros((2, 3), np.uint8), np.zeros((1, 4), np.uint8))[1:4]
    b'PNG'
    """
    height, width = pixels.shape
    if pixels.size == 0 or len(palette) > 256 or pixels.max() >= len(palette):
        raise ParameterError(
            f"A picture needs points, and 1 to 256 colours with one for each value of them, got "
            f"{pixels.size} points and {len(palette)} colours."
        )
    heading = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, indexed, not interlaced
    unfiltered = np.pad(pixels, ((0, 0), (1, 0)))  # a 0 before each row: stored as it is
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _chunk(b"IHDR", heading),
            _chunk(b"PLTE", palette[:, :3].tobytes()),
            _chunk(b"tRNS", palette[:, 3].tobytes()),
            _chunk(b"IDAT", zlib.compress(unfiltered.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def spectrogram_png(clip: Clip) -> bytes:
    """Draw a clip's log-mel spectrogram: time to the right, pitch upwards, loud is dark ink, soft is clear.

    Parameters
    ----------
    clip
        At 8000 Hz or more; below, neighbouring bands would fall into one bin of the transform.

    Returns
    -------
    bytes
        A PNG 48 points high and at most about 240 wide.
    """
    feature = LogMel(
        sample_rate=clip.sample_rate,
        n_fft=2 ** round(np.log2(0.032 * clip.sample_rate)),
        hop_length=max(clip.sample_rate // 200, clip.n_samples // _N_COLUMNS),
        n_mels=_N_BANDS,
    )
    level_db = feature(clip)
    share = 1 + (level_db - level_db.max()) / RANGE_DB
    # A silent clip is one flat level: paper, not a black square.
    audible = share if level_db.max() > feature.floor_db else np.zeros_like(share)
    pixels = np.rint(np.clip(audible, 0, 1) * (N_LEVELS - 1)).astype(np.uint8)
    return png(pixels.T[::-1], _ink())


def waveform_svg(samples: Samples, n_columns: int = 160) -> Markup:
    """Draw the outline of a sound: its lowest and highest sample in each of some columns.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``. The loudest fills the height, as quiet clips should be seen too.
    n_columns
        Columns across; fewer for a very short sound.
    """
    edges = np.linspace(0, samples.size, min(n_columns, samples.size) + 1).astype(int)[:-1]
    peak = float(np.abs(samples).max()) or 1.0
    highest = np.maximum.reduceat(samples, edges) / peak
    lowest = np.minimum.reduceat(samples, edges) / peak
    along = [f"{k} {50 - 48 * value:.0f}" for k, value in enumerate(highest)]
    back = [f"{k} {51 - 48 * value:.0f}" for k, value in reversed(list(enumerate(lowest)))]
    return element(
        "svg",
        element("path", d=f"M{'L'.join(along + back)}Z"),
        class_="wave",
        viewBox=f"0 0 {max(1, edges.size - 1)} 100",
        preserveAspectRatio="none",
        aria_hidden="true",
        xmlns="http://www.w3.org/2000/svg",
    )


def _ink() -> NDArray[np.uint8]:
    """Return the palette: from nothing over the accent colour to the colour of ink.

    Transparent where it is soft, so the paper shows through in both themes; in the dark one the stylesheet
    turns dark ink into light.
    """
    level = np.linspace(0, 1, N_LEVELS)[:, np.newaxis]
    colour = _INK_NEAR + (_INK_FAR - _INK_NEAR) * np.clip(level * 1.6 - 0.6, 0, 1)
    opacity = 255 * np.clip(level * 1.25, 0, 1) ** 1.3
    return np.asarray(np.rint(np.concatenate([colour, opacity], axis=1)), dtype=np.uint8)


def _chunk(name: bytes, content: bytes) -> bytes:
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
