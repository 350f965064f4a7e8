"""Sound in and out, and what can be done to a `Clip`.

Light: numpy, scipy.fft, soundfile and soxr. The names are bound here and not on demand, because the modules
`read`, `write`, `measure` and `denoise` share their names with functions: whichever is bound last is what
``woodshed.audio.read`` means.
"""

from woodshed.audio.augment import Chain, Gain, Noise, Shift, Speed, Tone
from woodshed.audio.channel import (
    from_mid_side,
    merge_channels,
    split_channels,
    swap_channels,
    to_channels,
    to_mid_side,
    to_mono,
)
from woodshed.audio.convert import Conversion, change_file, convert_file
from woodshed.audio.cut import cut_file, even_stretches, mark_stretches, stretches_between
from woodshed.audio.denoise import NoisePrint, denoise, noise_print
from woodshed.audio.device import play, record, record_blocks
from woodshed.audio.edit import change_speed, fit_length, gain, resample, trim_silence
from woodshed.audio.filter import (
    Butterworth,
    Equaliser,
    band_pass,
    band_stop,
    filter_blocks,
    filter_clip,
    high_pass,
    high_shelf,
    low_pass,
    low_shelf,
    peak_filter,
)
from woodshed.audio.level import fade, normalise, remove_dc
from woodshed.audio.loudness import loudness_lufs, true_peak_dbtp
from woodshed.audio.markers import Mark, read_marks, write_marks
from woodshed.audio.measure import Measurement, measure, measure_file
from woodshed.audio.overlay import with_clicks
from woodshed.audio.read import AUDIO_SUFFIXES, FileInfo, info, read, read_blocks
from woodshed.audio.room import Attack, Band, Phrase, Room
from woodshed.audio.segment import join, split_at, split_every, trim
from woodshed.audio.signals import chirp, clicks, noise, silence, sine
from woodshed.audio.silence_detection import (
    Stretch,
    find_silence,
    find_sound,
    remove_silence,
    split_on_silence,
)
from woodshed.audio.tags import read_tags
from woodshed.audio.time_stretch import pitch, stretch
from woodshed.audio.write import write

__all__ = [
    "AUDIO_SUFFIXES",
    "Attack",
    "Band",
    "Butterworth",
    "Chain",
    "Conversion",
    "Equaliser",
    "FileInfo",
    "Gain",
    "Mark",
    "Measurement",
    "Noise",
    "NoisePrint",
    "Phrase",
    "Room",
    "Shift",
    "Speed",
    "Stretch",
    "Tone",
    "band_pass",
    "band_stop",
    "change_file",
    "change_speed",
    "chirp",
    "clicks",
    "convert_file",
    "cut_file",
    "denoise",
    "even_stretches",
    "fade",
    "filter_blocks",
    "filter_clip",
    "find_silence",
    "find_sound",
    "fit_length",
    "from_mid_side",
    "gain",
    "high_pass",
    "high_shelf",
    "info",
    "join",
    "loudness_lufs",
    "low_pass",
    "low_shelf",
    "mark_stretches",
    "measure",
    "measure_file",
    "merge_channels",
    "noise",
    "noise_print",
    "normalise",
    "peak_filter",
    "pitch",
    "play",
    "read",
    "read_blocks",
    "read_marks",
    "read_tags",
    "record",
    "record_blocks",
    "remove_dc",
    "remove_silence",
    "resample",
    "silence",
    "sine",
    "split_at",
    "split_channels",
    "split_every",
    "split_on_silence",
    "stretch",
    "stretches_between",
    "swap_channels",
    "to_channels",
    "to_mid_side",
    "to_mono",
    "trim",
    "trim_silence",
    "true_peak_dbtp",
    "with_clicks",
    "write",
    "write_marks",
]
