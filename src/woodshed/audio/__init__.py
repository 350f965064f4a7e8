"""Sound in and out, and what can be done to a `Clip`.

Light: numpy, scipy.fft, soundfile and soxr. The names are bound here and not on demand, because the module
`read` and its function share one name: whichever is bound last is what ``woodshed.audio.read`` means.
"""

from woodshed.audio.augment import Chain, Gain, Noise, Shift, Speed, Tone
from woodshed.audio.edit import change_speed, fit_length, gain, resample, trim_silence
from woodshed.audio.read import AUDIO_SUFFIXES, FileInfo, info, read, read_blocks
from woodshed.audio.signals import chirp, clicks, noise, silence, sine
from woodshed.audio.write import write

__all__ = [
    "AUDIO_SUFFIXES",
    "Chain",
    "FileInfo",
    "Gain",
    "Noise",
    "Shift",
    "Speed",
    "Tone",
    "change_speed",
    "chirp",
    "clicks",
    "fit_length",
    "gain",
    "info",
    "noise",
    "read",
    "read_blocks",
    "resample",
    "silence",
    "sine",
    "trim_silence",
    "write",
]
