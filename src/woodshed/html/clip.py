"""Clips embedded in a page: audio, spectrogram and waveform."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from woodshed import audio
from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.data.example import Example, is_made, read_example
from woodshed.errors import ParameterError
from woodshed.html.document import Markup, element

N_LEVELS = 32
"""Number of shades in a spectrogram; more are indistinguishable at this size and cost bytes."""
RANGE_DB = 65.0
"""Dynamic range of a spectrogram, in decibels below its loudest point."""

_N_COLUMNS = 240
_N_BANDS = 48
_INK_NEAR, _INK_FAR = np.array([0, 101, 159]), np.array([8, 22, 38])

MAX_S = 5.0
"""Maximum duration of an embedded clip, in seconds."""
MIN_RATE, MAX_RATE = 8000, 16000
"""Range of sample rates: 16 kHz suffices for speech and most music, at a third of the size of 44.1 kHz."""

MAX_HEARD_S = 60.0
"""Maximum duration of embedded audio in seconds, about a megabyte."""
_FULL_RATE_S, _FULL_RATE = 15.0, 48000


def data_uri(media_type: str, content: bytes) -> Markup:
    """Return bytes as a data URI, so that the page needs no other file.

    Examples
    --------
    >>> data_uri("image/png", b"abc")
    'data:image/png;base64,YWJj'
    """
    return Markup(f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}")


def audio_player(flac_file: bytes, label: str) -> Markup:
    """Return a player of embedded FLAC with an accessible name.

    Examples
    --------
    >>> audio_player(b"abc", "Tune")
    '<audio controls preload="none" src="data:audio/flac;base64,YWJj" aria-label="Tune"></audio>'
    """
    return element(
        "audio", controls=True, preload="none", src=data_uri("audio/flac", flac_file), aria_label=label
    )


def png(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """Encode an indexed image as PNG.

    Parameters
    ----------
    pixels
        Shape ``(height, width)``: the row of each pixel in ``palette``, the top row of pixels first.
    palette
        Shape ``(n_colours, 4)``: red, green, blue and opacity, 0 to 255; at most 256 colours.

    Raises
    ------
    ParameterError
        If there are no pixels, or a pixel has no colour in the palette.

    Examples
    --------
    >>> png(np.zeros((2, 3), np.uint8), np.zeros((1, 4), np.uint8))[1:4]
    b'PNG'
    """
    from PIL import Image

    if pixels.size == 0 or len(palette) > 256 or pixels.max() >= len(palette):
        raise ParameterError(
            "An image needs pixels and a palette of 1 to 256 colours, one for each value of the pixels. Got "
            f"{pixels.size} pixels and {len(palette)} colours."
        )
    image = Image.frombytes("P", pixels.shape[::-1], pixels.tobytes())
    image.putpalette(palette.tobytes(), "RGBA")
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=9)
    return file.getvalue()


def spectrogram_png(clip: Clip) -> bytes:
    """Draw the log-mel spectrogram of a clip: dark where it is loud, transparent where it is soft.

    Parameters
    ----------
    clip
        At 8000 Hz or more; below, neighbouring bands would share one bin of the Fourier transform.

    Returns
    -------
    bytes
        A PNG image, 48 pixels high and at most about 240 wide.
    """
    from woodshed.features import LogMel

    feature = LogMel(
        sample_rate=clip.sample_rate,
        n_fft=2 ** round(np.log2(0.032 * clip.sample_rate)),
        hop_length=max(clip.sample_rate // 200, clip.n_samples // _N_COLUMNS),
        n_mels=_N_BANDS,
    )
    level_db = feature(clip)
    share = 1 + (level_db - level_db.max()) / RANGE_DB
    # All levels of a silent clip are equal, which would make a black square.
    audible = share if level_db.max() > feature.floor_db else np.zeros_like(share)
    pixels = np.rint(np.clip(audible, 0, 1) * (N_LEVELS - 1)).astype(np.uint8)
    return png(pixels.T[::-1], _ink())


def waveform_svg(samples: Samples, n_columns: int = 160) -> Markup:
    """Draw the envelope of a waveform: the lowest and the highest sample in each column.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``. The peak is scaled to the full height, so that quiet clips are visible too.
    n_columns
        Number of columns; a very short clip has fewer.
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
    """Return the palette: from transparent over the accent colour to the colour of text.

    Soft parts are transparent, so that the background shows through in both themes; in the dark one the
    stylesheet inverts the dark colour.
    """
    level = np.linspace(0, 1, N_LEVELS)[:, np.newaxis]
    colour = _INK_NEAR + (_INK_FAR - _INK_NEAR) * np.clip(level * 1.6 - 0.6, 0, 1)
    opacity = 255 * np.clip(level * 1.25, 0, 1) ** 1.3
    return np.asarray(np.rint(np.concatenate([colour, opacity], axis=1)), dtype=np.uint8)


@dataclass(frozen=True)
class Sound:
    """A clip as embedded in a page.

    Parameters
    ----------
    audio_uri
        Mono 16-bit FLAC: half the size of WAV, and unlike Ogg it plays in every browser.
    spectrogram_uri
        PNG.
    waveform
        SVG.
    duration_s
        Duration of the embedded audio.
    cut
        Whether the example is longer than that.
    """

    audio_uri: Markup
    spectrogram_uri: Markup
    waveform: Markup
    duration_s: float
    cut: bool


def sound_of(example: Example) -> Sound:
    """Read the segment of an example, at most its first `MAX_S` seconds.

    Raises
    ------
    AudioError
        If the file has been removed or damaged since it was checked.
    """
    last_s = example.start_s + MAX_S
    # Reading slightly more than is embedded shows whether the example is longer.
    end_s = last_s + 0.1 if example.end_s is None else min(example.end_s, last_s + 0.1)
    clip = read_example(example if is_made(example) else replace(example, end_s=end_s), mono=True)
    cut = clip.duration_s > MAX_S
    clip = audio.resample(clip, min(MAX_RATE, max(MIN_RATE, clip.sample_rate)))
    excerpt = clip.cut(0.0, MAX_S)
    return Sound(
        data_uri("audio/flac", flac(excerpt)),
        data_uri("image/png", spectrogram_png(excerpt)),
        waveform_svg(excerpt.mono()),
        excerpt.duration_s,
        cut,
    )


def flac(clip: Clip) -> bytes:
    """Encode the mono mix of a clip as 16-bit FLAC.

    Examples
    --------
    >>> flac(Clip(np.zeros(8000), 8000))[:4]
    b'fLaC'
    """
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.clip(clip.mono(), -1.0, 1.0), clip.sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def sound_bytes(clip: Clip) -> bytes | None:
    """Return a clip as mono FLAC, at 16 kHz at most if it is longer than 15 s; None if it is too long.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> sound_bytes(sine(440))[:4], sound_bytes(sine(440, 61))
    (b'fLaC', None)
    """
    if clip.duration_s > MAX_HEARD_S:
        return None
    highest = _FULL_RATE if clip.duration_s <= _FULL_RATE_S else MAX_RATE
    return flac(resample(clip, min(clip.sample_rate, highest)))
