"""Audio files and the processing of a `Clip`: levels, filters, effects, augmentation, segmentation.

The package imports only numpy, soundfile and soxr; parts of scipy are loaded at their first use. Its names
are imported eagerly, because the modules `read`, `write`, `measure` and `denoise` share their names with
functions: ``woodshed.audio.read`` is whichever was bound last, here the function.
"""

from woodshed.audio.augmentation import Attack, Band, Chain, Gain, Noise, Phrase, Room, Shift, Speed, Tone
from woodshed.audio.convert import Conversion, change_file, convert_file, cut_file
from woodshed.audio.denoise import NoiseProfile, denoise, noise_profile
from woodshed.audio.device import play, record, record_blocks
from woodshed.audio.edit import (
    change_speed,
    fade,
    fit_length,
    from_mid_side,
    gain,
    merge_channels,
    normalise,
    remove_dc,
    resample,
    split_channels,
    swap_channels,
    to_channels,
    to_mid_side,
    to_mono,
)
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
from woodshed.audio.loudness import loudness_lufs, true_peak_dbtp
from woodshed.audio.markers import Marker, marker_segments, read_markers, write_markers
from woodshed.audio.measure import Measurement, measure, measure_file
from woodshed.audio.phase_vocoder import pitch_shift, time_stretch
from woodshed.audio.read import AUDIO_SUFFIXES, FileInfo, info, read, read_blocks, read_tags
from woodshed.audio.segment import (
    Segment,
    equal_segments,
    join,
    segments_between,
    split_at,
    split_every,
    trim,
)
from woodshed.audio.signals import add_clicks, chirp, clicks, noise, silence, sine
from woodshed.audio.silence_detection import (
    SilenceRule,
    find_silence,
    find_sound,
    remove_silence,
    split_on_silence,
    trim_silence,
)
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
    "Marker",
    "Measurement",
    "Noise",
    "NoiseProfile",
    "Phrase",
    "Room",
    "Segment",
    "Shift",
    "SilenceRule",
    "Speed",
    "Tone",
    "add_clicks",
    "band_pass",
    "band_stop",
    "change_file",
    "change_speed",
    "chirp",
    "clicks",
    "convert_file",
    "cut_file",
    "denoise",
    "equal_segments",
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
    "marker_segments",
    "measure",
    "measure_file",
    "merge_channels",
    "noise",
    "noise_profile",
    "normalise",
    "peak_filter",
    "pitch_shift",
    "play",
    "read",
    "read_blocks",
    "read_markers",
    "read_tags",
    "record",
    "record_blocks",
    "remove_dc",
    "remove_silence",
    "resample",
    "segments_between",
    "silence",
    "sine",
    "split_at",
    "split_channels",
    "split_every",
    "split_on_silence",
    "swap_channels",
    "time_stretch",
    "to_channels",
    "to_mid_side",
    "to_mono",
    "trim",
    "trim_silence",
    "true_peak_dbtp",
    "write",
    "write_markers",
]
