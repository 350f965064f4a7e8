"""Clips of the page: a stretch of a file as something to hear and to see."""

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
"""Longest stretch that is put into the page, in seconds."""
MIN_RATE, MAX_RATE = 8000, 16000
"""Speech and most music can be judged at 16 kHz, at a third of the bytes of 44.1 kHz."""


@dataclass(frozen=True)
class Sound:
    """A clip in the forms that a page can hold.

    Parameters
    ----------
    audio_uri
        FLAC, mono, 16 bit: half of WAV's bytes, and unlike Ogg it plays in every browser.
    spectrogram_uri
        PNG.
    waveform
        SVG.
    duration_s
        Length of what is heard.
    cut
        True when the example is longer than that.
    """

    audio_uri: Markup
    spectrogram_uri: Markup
    waveform: Markup
    duration_s: float
    cut: bool


def sound_of(example: Example) -> Sound:
    """Read an example's stretch of its file, at most the first `MAX_S` seconds.

    Raises
    ------
    AudioError
        If the file is gone or damaged since it was tested.
    """
    last_s = example.start_s + MAX_S
    # A little more than is kept is read, which tells whether there is more.
    end_s = last_s + 0.1 if example.end_s is None else min(example.end_s, last_s + 0.1)
    clip = read_example(example if is_made(example) else replace(example, end_s=end_s), mono=True)
    cut = clip.duration_s > MAX_S
    clip = audio.resample(clip, min(MAX_RATE, max(MIN_RATE, clip.sample_rate)))
    kept = clip.cut(0.0, MAX_S)
    return Sound(
        data_uri("audio/flac", flac(kept)),
        data_uri("image/png", spectrogram_png(kept)),
        waveform_svg(kept.mono()),
        kept.duration_s,
        cut,
    )


def flac(clip: Clip) -> bytes:
    """Write the mono mix of a clip as a FLAC file of 16 bits.

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
