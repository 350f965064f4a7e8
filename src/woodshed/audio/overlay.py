"""Sounds on top of each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.units import s_to_samples

CLICK_HZ = 1500.0
CLICK_S = 0.03


def with_clicks(clip: Clip, times_s: Iterable[float], *, amplitude: float = 0.5) -> Clip:
    """Put a click at each of some times, on every channel; to hear whether beats were found where they are.

    A click is 30 ms of 1500 Hz that dies away; it begins at its time.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    times_s
        In seconds; those beyond the end are left out.
    amplitude
        Peak of a click; values may then go beyond ±1.

    Examples
    --------
    >>> from woodshed.audio import silence
    >>> clicked = with_clicks(silence(1.0), [0.25, 0.5])
    >>> (np.flatnonzero(np.abs(clicked.samples[0]) > 0.3)[0] / clicked.sample_rate).round(2).item()
    0.25
    """
    if not amplitude > 0:
        raise ParameterError(f"with_clicks expects a positive amplitude, got {amplitude!r}.")
    time_s = np.arange(s_to_samples(CLICK_S, clip.sample_rate)) / clip.sample_rate
    click = amplitude * np.sin(2 * np.pi * CLICK_HZ * time_s) * np.exp(-time_s / (CLICK_S / 5))
    samples = clip.samples.copy()
    for start in (s_to_samples(at_s, clip.sample_rate) for at_s in times_s):
        if 0 <= start < clip.n_samples:
            part = samples[:, start : start + len(click)]
            part += click[: part.shape[1]].astype(np.float32)
    return replace(clip, samples=samples)
