"""Conversion of units: seconds, samples, frames and decibels; names of pitch classes.

Times are in seconds and have the suffix ``_s``; counts are integers with the prefix ``n_``. They are
converted by these functions only.
"""

from __future__ import annotations

import math

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Names of the pitch classes, from 0 to 11."""


def s_to_samples(duration_s: float, sample_rate: int) -> int:
    """Convert seconds to the nearest number of samples.

    Examples
    --------
    >>> s_to_samples(0.5, 8000)
    4000
    """
    return round(duration_s * sample_rate)


def samples_to_s(n_samples: int, sample_rate: int) -> float:
    """Convert a number of samples to seconds.

    Examples
    --------
    >>> samples_to_s(4000, 8000)
    0.5
    """
    return n_samples / sample_rate


def samples_to_frames(n_samples: int, hop_length: int) -> int:
    """Return the number of frames of a centred analysis: one at each hop, the first centred on sample 0.

    Examples
    --------
    >>> samples_to_frames(16000, 160)
    101
    """
    return 1 + n_samples // hop_length


def amplitude_to_db(amplitude: float, floor_db: float = -120.0) -> float:
    """Convert a linear amplitude (1.0 is full scale) to decibels, at least ``floor_db``.

    Examples
    --------
    >>> round(amplitude_to_db(0.5), 2)
    -6.02
    >>> amplitude_to_db(0.0)
    -120.0
    """
    return floor_db if amplitude <= 0 else max(floor_db, 20 * math.log10(amplitude))


def db_to_amplitude(gain_db: float) -> float:
    """Convert decibels to a linear factor.

    Examples
    --------
    >>> db_to_amplitude(20.0)
    10.0
    """
    return float(10 ** (gain_db / 20))


def duration_text(duration_s: float) -> str:
    """Format a duration for display, to the second.

    Examples
    --------
    >>> duration_text(3725), duration_text(61), duration_text(4.6)
    ('1 h 2 min', '1 min 1 s', '5 s')
    """
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
