"""Expressive features of a score, chosen after studies of perceived mood in music."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from woodshed.features.key import PROFILES

Values = NDArray[np.float64]
Columns = dict[str, Values]

NAMES = (
    *("key_clarity", "mode_contrast", "pitch_class_entropy", "step_entropy"),
    *("roughness", *(f"interval_class_{k}_share" for k in range(1, 7))),
    *("pitch_p10_midi", "pitch_p90_midi", "melody_mean_midi", "melody_std_semitones"),
    *("velocity_p10", "velocity_p90"),
    *("sounding_share", "staccato_share", "legato_share"),
    *("onsets_per_s", "gap_median_s", "gap_spread", "gap_change"),
    "repeated_share",
)
"""Name of each value, with its unit."""

TOGETHER_S = 0.03
"""Maximum difference of the onsets of simultaneous notes, in seconds."""

_N_SOUNDING = 12
_N_IN_PATTERN = 4
_STACCATO, _LEGATO = 0.6, 1.0
_N_PARTIALS, _FADE = 6, 0.88
_HIGHEST_INTERVAL = 36


def expression(columns: Columns, melodic: Columns) -> Values:
    """Compute the expressive features of a score.

    They are clarity of the key and contrast of major and minor (Krumhansl's profiles); roughness and interval
    classes of simultaneous notes; register; dynamics; articulation; density and irregularity of the onsets,
    in seconds; and repetition in the melody.

    Parameters
    ----------
    columns
        Table of notes from `woodshed.score.Score.table`.
    melodic
        The same table without drums; may be empty.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_names,)``, in the order of `NAMES`; 0 for undefined values.

    Examples
    --------
    >>> from woodshed.score import Note, Score
    >>> table = Score([Note(k, 0.25, pitch) for k, pitch in enumerate((60, 64, 67, 72))]).table()
    >>> row = dict(zip(NAMES, expression(table, table).tolist(), strict=True))
    >>> row["onsets_per_s"], row["staccato_share"], row["mode_contrast"] > 0
    (2.0, 1.0, True)

    References
    ----------
    A. Gabrielsson and E. Lindström, "The role of structure in the musical expression of emotions", in
    Handbook of Music and Emotion, 2010. W. A. Sethares, "Local consonance and the relationship between timbre
    and scale", JASA 94, 1993, for the roughness of two tones. E. Grabe and E. L. Low, "Durational variability
    in speech and the rhythm class hypothesis", 2002, for the change of consecutive inter-onset intervals.
    """
    onsets, melody = _onsets(melodic)
    steps = np.diff(melody)
    parts = [_tonality(melodic, steps), _harmony(melodic), _register(melodic, melody)]
    parts.append(np.percentile(columns["velocity"], [10, 90]))
    parts.append(_articulation(melodic, onsets))
    all_onsets = _onsets(columns)[0]
    parts.append(_onset_intervals(np.diff(all_onsets), all_onsets))
    parts.append(np.array([_repeated_share(steps)]))
    return np.concatenate(parts)


@functools.cache
def _roughness_table() -> Values:
    """Return the roughness of two tones of six partials, by Sethares, shape ``(low_midi, interval)``.

    The roughness of a unison is subtracted.
    """
    number = np.arange(1, _N_PARTIALS + 1)
    strength = np.outer(_FADE ** (number - 1), _FADE ** (number - 1))
    low_hz = 440 * 2 ** ((np.arange(128)[:, np.newaxis] - 69) / 12)
    ratio = 2 ** (np.arange(_HIGHEST_INTERVAL + 1) / 12)
    table = np.zeros((128, len(ratio)))
    for k, times in enumerate(ratio):
        below = low_hz[..., np.newaxis] * number[np.newaxis, :, np.newaxis]
        above = low_hz[..., np.newaxis] * times * number[np.newaxis, np.newaxis, :]
        least, distance = np.minimum(below, above), np.abs(above - below)
        x = 0.24 / (0.021 * least + 19) * distance
        table[:, k] = np.sum(strength * (np.exp(-3.5 * x) - np.exp(-5.75 * x)), axis=(1, 2))
    rough: Values = np.maximum(table - table[:, :1], 0.0)
    return rough


def _onsets(columns: Columns) -> tuple[Values, Values]:
    """Return the distinct onsets in seconds, and the highest pitch of each."""
    order = np.argsort(columns["onset_s"], kind="stable")
    times, pitches = columns["onset_s"][order], columns["pitch_midi"][order]
    if not len(times):
        return times, pitches
    begins = np.concatenate([[True], np.diff(times) > TOGETHER_S])
    return times[begins], np.maximum.reduceat(pitches, np.flatnonzero(begins))


def _tonality(melodic: Columns, steps: Values) -> Values:
    """Return fit of the 24 keys, and entropy of pitch classes and steps."""
    classes = melodic["pitch_midi"].astype(int) % 12
    weights = np.bincount(classes, weights=melodic["duration_beats"], minlength=12)
    sizes = np.bincount(np.minimum(np.abs(steps), 12).astype(int), minlength=13)
    entropies = [_entropy(weights), _entropy(sizes)]
    if np.ptp(weights) < 1e-9:
        return np.array([0.0, 0.0, *entropies])
    fits = {
        mode: np.array([np.corrcoef(np.roll(PROFILES[mode], k), weights)[0, 1] for k in range(12)])
        for mode in ("major", "minor")
    }
    best = np.sort(np.concatenate(list(fits.values())))
    return np.array([best[-1] - best[-2], fits["major"].max() - fits["minor"].max(), *entropies])


def _harmony(melodic: Columns) -> Values:
    """Return the mean roughness of pairs of simultaneous notes, and the shares of interval classes."""
    order = np.lexsort((melodic["pitch_midi"], melodic["onset_s"]))
    sounding: list[tuple[float, int]] = []
    lows, intervals = [], []
    rows = (melodic[name][order].tolist() for name in ("onset_s", "duration_s", "pitch_midi"))
    for onset_s, duration_s, value in zip(*rows, strict=True):
        pitch = int(value)
        sounding = [note for note in sounding if note[0] > onset_s + TOGETHER_S][-_N_SOUNDING:]
        for _, other in sounding:
            lows.append(min(pitch, other))
            intervals.append(abs(pitch - other))
        sounding.append((onset_s + duration_s, pitch))
    if not lows:
        return np.zeros(7)
    between = np.asarray(intervals)
    rough = _roughness_table()[np.asarray(lows), np.minimum(between, _HIGHEST_INTERVAL)].mean()
    classes = np.minimum(between % 12, 12 - between % 12)
    return np.array([rough, *(np.bincount(classes, minlength=7)[1:] / len(classes))])


def _register(melodic: Columns, melody: Values) -> Values:
    if not len(melody):
        return np.zeros(4)
    return np.array([*np.percentile(melodic["pitch_midi"], [10, 90]), melody.mean(), melody.std()])


def _articulation(melodic: Columns, onsets: Values) -> Values:
    """Return the median relative duration of notes, and the shares of staccato and legato."""
    if len(onsets) < 2:
        return np.zeros(3)
    index = np.searchsorted(onsets, melodic["onset_s"], side="right") - 1
    longest = np.zeros(len(onsets))
    np.maximum.at(longest, index, melodic["duration_s"])
    share = longest[:-1] / np.diff(onsets)
    return np.array([np.median(np.minimum(share, 4)), np.mean(share < _STACCATO), np.mean(share > _LEGATO)])


def _onset_intervals(gaps: Values, onsets: Values) -> Values:
    """Return density, median, spread and change of the inter-onset intervals."""
    if not len(gaps):
        return np.zeros(4)
    density = len(gaps) / (onsets[-1] - onsets[0])
    change = np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])
    return np.array([density, np.median(gaps), np.log(gaps).std(), change.mean() if len(change) else 0.0])


def _repeated_share(steps: Values) -> float:
    """Return the share of melodic patterns of four steps that occurred before."""
    if len(steps) < _N_IN_PATTERN:
        return 0.0
    patterns = np.lib.stride_tricks.sliding_window_view(steps, _N_IN_PATTERN)
    return float(1 - len(np.unique(patterns, axis=0)) / len(patterns))


def _entropy(counts: NDArray[np.number]) -> float:
    """Return the entropy of a histogram, in bits."""
    shares = np.asarray(counts, np.float64)[np.asarray(counts) > 0]
    shares = shares / shares.sum() if len(shares) else shares
    return float(-np.sum(shares * np.log2(shares)))
