"""Seconds, samples, frames, hertz: the arithmetic that is said once.

woodshed counts time in seconds and says so in the name (``duration_s``); only whole counts are bare
(``n_samples``). These functions are the only places where one becomes the other.
"""

from __future__ import annotations

import math

from woodshed.errors import ParameterError


def exact_div(numerator: int, denominator: int) -> int:
    """Divide two counts that must divide without remainder.

    Raises
    ------
    ParameterError
        If there is a remainder.

    Examples
    --------
    >>> exact_div(16000, 160)
    100
    """
    quotient, remainder = divmod(numerator, denominator)
    if remainder:
        raise ParameterError(f"{numerator} is not a multiple of {denominator}: {remainder} left over.")
    return quotient


def s_to_samples(duration_s: float, sample_rate: int) -> int:
    """Turn seconds into the nearest whole number of samples.

    Examples
    --------
    >>> s_to_samples(0.5, 8000)
    4000
    """
    return round(duration_s * sample_rate)


def samples_to_s(n_samples: int, sample_rate: int) -> float:
    """Turn a count of samples into seconds.

    Examples
    --------
    >>> samples_to_s(4000, 8000)
    0.5
    """
    return n_samples / sample_rate


def samples_to_frames(n_samples: int, hop_length: int) -> int:
    """Count the frames of a centred analysis: one at every hop, the first around sample 0.

    Examples
    --------
    >>> samples_to_frames(16000, 160)
    101
    """
    return 1 + n_samples // hop_length


def amplitude_to_db(amplitude: float, floor_db: float = -120.0) -> float:
    """Turn a linear amplitude (1.0 = full scale) into decibels, never below ``floor_db``.

    Examples
    --------
    >>> round(amplitude_to_db(0.5), 2)
    -6.02
    >>> amplitude_to_db(0.0)
    -120.0
    """
    return floor_db if amplitude <= 0 else max(floor_db, 20 * math.log10(amplitude))


def db_to_amplitude(gain_db: float) -> float:
    """Turn decibels into a linear factor.

    Examples
    --------
    >>> db_to_amplitude(20.0)
    10.0
    """
    return float(10 ** (gain_db / 20))


def duration_text(duration_s: float) -> str:
    """Spell a duration for people, to the second.

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
