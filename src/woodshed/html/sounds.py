"""Clips embedded in a page: audio, spectrogram and waveform."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np

from woodshed import audio
from woodshed.clip import Clip
from woodshed.data.example import Example
from woodshed.data.sound import is_made, read_example
from woodshed.html.markup import Markup
from woodshed.html.picture import data_uri, spectrogram_png, waveform_svg

MAX_S = 5.0
"""Maximum duration of an embedded clip, in seconds."""
MIN_RATE, MAX_RATE = 8000, 16000
"""Range of sample rates: 16 kHz suffices for speech and most music, at a third of the size of 44.1 kHz."""


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
    samples = np.clip(clip.mono(), -1.0, 1.0)
    soundfile.write(file, samples, clip.sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()
