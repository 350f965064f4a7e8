"""Symbolic features: one row per score."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError, ScoreError
from woodshed.features.chroma import PITCH_CLASSES
from woodshed.features.expression import NAMES as EXPRESSION_NAMES
from woodshed.features.expression import expression
from woodshed.features.key import PROFILES, key_of_pitch_classes
from woodshed.features.validation import Checked
from woodshed.score import DRUM_CHANNEL, Score

Values = NDArray[np.float64]

_RATIOS = np.array([1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3])
_LENGTHS = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4])
_LARGEST_STEP = 12
_STEPS_A_PULSE = 4
_LAGS = (1, 2, 3, 4, 5, 6, 8, 9, 12, 16, 18, 24, 32)
_CONTOURS = tuple("".join(signs) for signs in product("du=", repeat=3))
_HARSH = (1, 2, 6)  # interval classes of a second and a tritone
_MAX_PULSES = 1 << 16
_LEAST_GAP, _ALIKE = 0.1, 13 / 12


@dataclass(frozen=True, kw_only=True)
class NoteSummary(Checked):
    """Summary of a score of any length, one row per score.

    The row holds pitch classes relative to the tonic, fit of the major and minor profile, steps of the melody
    (the highest note of each onset), note lengths and their ratios, register, dynamics, polyphony, harshness,
    syncopation, autocorrelation over several pulses, and melodic contours of three steps. Drums only count
    for rhythm. The values have different units: standardise them for models that are based on distances.

    The *pulse* is the most frequent inter-onset interval, up to small deviations of a performance. With
    ``metre_hidden`` all times are in pulses, so that the row does not reveal bar lines, metre, notated unit
    and tempo. Otherwise it also holds tempo, times in seconds and the features of
    `woodshed.features.expression`.

    Parameters
    ----------
    metre_hidden
        Whether to omit metre, bar lines, tempo and all times in beats or seconds; default True.

    Raises
    ------
    ParameterError
        If the setting is not a bool.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> feature = NoteSummary()
    >>> scale = Score([Note(k, 1, pitch) for k, pitch in enumerate([60, 62, 64, 65, 67, 69, 71, 72])])
    >>> row = dict(zip(feature.names, feature(scale).tolist(), strict=True))
    >>> row["pitch_class_0"], row["step_2"], row["contour_uuu"], row["range_semitones"]
    (0.25, 0.7142857313156128, 1.0, 12.0)

    References
    ----------
    Krumhansl (1990), "Cognitive Foundations of Musical Pitch", for the profiles. Brown (1993), "Determination
    of the meter of musical scores by autocorrelation", JASA 94, for the lags.
    """

    key = "note-summary/1"
    metre_hidden: bool = True

    def __post_init__(self) -> None:
        self._truth("metre_hidden")

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        names = [f"pitch_class_{k}" for k in range(12)]
        names += ["major_fit", "minor_fit", "ends_on_keynote"]
        names += [f"step_{k}" for k in range(_LARGEST_STEP + 1)] + ["step_mean_semitones", "rising_share"]
        names += [f"contour_{contour}" for contour in _CONTOURS]
        names += ["pitch_mean_midi", "pitch_std_semitones", "range_semitones"]
        names += ["velocity_mean", "velocity_std", "notes_at_once", "chord_share", "harsh_share"]
        names += [f"length_{value:.2f}_pulses" for value in _LENGTHS]
        names += [f"ratio_{value:.2f}" for value in _RATIOS]
        names += [
            "notes_per_pulse",
            "off_pulse_share",
            "syncopated_share",
            "held_share",
            "last_length_pulses",
        ]
        names += [f"{what}_alike_{lag}" for what in ("accent", "pitch", "leap") for lag in _LAGS]
        if not self.metre_hidden:
            names += ["pulse_beats", "pulse_s", "tempo_bpm", "notes_per_s", "duration_s"]
            names += ["bar_beats", "beats_per_bar", "on_bar_share"]
            names += EXPRESSION_NAMES
        return tuple(names)

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    def __call__(self, score: Score) -> Samples:
        """Compute the row of a score.

        Parameters
        ----------
        score
            Score with at least one note.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_values,)``, float32, finite, in the order of ``names``. Values that are undefined for a
            short piece are 0.

        Raises
        ------
        ScoreError
            If the piece lasts more than 65,536 pulses.
        """
        table = score.table()
        is_melodic = table["channel"] != DRUM_CHANNEL
        melodic = {name: column[is_melodic] for name, column in table.items()}
        onsets, pitches = _skyline(melodic)
        pulse = _pulse(table["onset_beats"])
        parts = [
            _tonal(melodic, pitches),
            _melodic(np.diff(pitches)),
            _register(table, melodic),
            _rhythmic(table, pulse),
            _self_similar(onsets, pitches, table["onset_beats"], pulse, score.source),
        ]
        if not self.metre_hidden:
            parts += [_metrical(score, table, pulse), expression(table, melodic)]
        return np.concatenate(parts).astype(np.float32)


def _skyline(columns: dict[str, NDArray[np.float64]]) -> tuple[Values, Values]:
    """Return the distinct onsets, and the highest pitch of each."""
    onsets, first = np.unique(columns["onset_beats"], return_inverse=True)
    pitches = np.zeros(len(onsets))
    np.maximum.at(pitches, first, columns["pitch_midi"])
    return onsets, pitches


def _pulse(onsets: Values) -> float:
    """Return the most frequent inter-onset interval, the longer one of equals; 1 beat if there is none.

    Intervals that differ by at most a twelfth count as equal. Those far below the mean are spread chords.
    """
    gaps = np.diff(np.unique(onsets))
    gaps = np.round(gaps[gaps >= _LEAST_GAP * gaps.mean()] if len(gaps) else gaps, 3)
    values, counts = np.unique(gaps[gaps > 0], return_counts=True)
    if not len(values):
        return 1.0
    before = np.concatenate([[0], np.cumsum(counts)])
    low, high = (np.searchsorted(values, values * by) for by in (1 / _ALIKE, _ALIKE))
    near = before[high] - before[low]
    commonest = np.flatnonzero(near == near.max())[-1]
    inside = slice(low[commonest], high[commonest])
    return float(values[inside][np.argmax(counts[inside][::-1]) * -1 - 1])


def _tonal(columns: dict[str, NDArray[np.float64]], pitches: Values) -> Values:
    """Return pitch classes relative to the tonic, fit of the modes, and whether the end is on the tonic."""
    if not len(pitches):
        return np.zeros(15)
    weights = np.bincount(
        columns["pitch_midi"].astype(int) % 12, weights=columns["duration_beats"], minlength=12
    )
    try:
        tonic = PITCH_CLASSES.index(key_of_pitch_classes(weights).name)
    except ParameterError:  # all twelve are equally frequent: any tonic fits
        tonic = int(pitches[-1]) % 12
    relative = np.roll(weights, -tonic) / weights.sum()
    fits = [_correlation(relative, np.array(PROFILES[mode])) for mode in ("major", "minor")]
    return np.array([*relative, *fits, int(pitches[-1]) % 12 == tonic])


def _melodic(steps: Values) -> Values:
    """Return sizes and direction of the steps of the melody, and contours of three steps."""
    sizes = np.minimum(np.abs(steps), _LARGEST_STEP).astype(int)
    shares = _shares(np.bincount(sizes, minlength=_LARGEST_STEP + 1))
    moves = steps[steps != 0]
    signs = np.where(steps < 0, 0, np.where(steps > 0, 1, 2))
    three = 9 * signs[:-2] + 3 * signs[1:-1] + signs[2:]
    contours = _shares(np.bincount(three, minlength=len(_CONTOURS)))
    return np.array([*shares, _mean(np.abs(steps)), _mean(moves > 0), *contours])


def _register(table: dict[str, NDArray[np.float64]], columns: dict[str, NDArray[np.float64]]) -> Values:
    """Return register, dynamics and polyphony."""
    pitch, velocity = columns["pitch_midi"], table["velocity"]
    height = [_mean(pitch), pitch.std() if len(pitch) else 0, np.ptp(pitch) if len(pitch) else 0]
    onsets, counts = np.unique(columns["onset_beats"], return_counts=True)
    ends = columns["onset_beats"] + columns["duration_beats"]
    length = ends.max() - onsets[0] if len(onsets) else 1.0
    at_once = columns["duration_beats"].sum() / length
    order = np.lexsort((pitch, columns["onset_beats"]))
    together = np.diff(columns["onset_beats"][order]) == 0
    between = np.diff(pitch[order])[together].astype(int) % 12
    harsh = _mean(np.isin(np.minimum(between, 12 - between), _HARSH))
    return np.array([*height, velocity.mean(), velocity.std(), at_once, _mean(counts > 1), harsh])


def _rhythmic(table: dict[str, NDArray[np.float64]], pulse: float) -> Values:
    """Return inter-onset intervals in pulses and their ratios, and syncopation."""
    onsets, first = np.unique(table["onset_beats"], return_index=True)
    gaps = np.diff(onsets) / pulse
    lengths = _shares(_nearest(gaps, _LENGTHS))
    ratios = _shares(_nearest(gaps[1:] / gaps[:-1], _RATIOS))
    place = (onsets - onsets[0]) / pulse % 1
    is_off = np.minimum(place, 1 - place) > 0.05
    syncopated = is_off[:-1] & (place[:-1] + gaps > 1.05)
    last = table["duration_beats"][first[-1]] / pulse
    n_pulses = max(1.0, (onsets[-1] - onsets[0]) / pulse)
    rest = [len(onsets) / n_pulses, _mean(is_off), _mean(syncopated), _mean(gaps > 1.05), min(last, 16.0)]
    return np.array([*lengths, *ratios, *rest])


def _self_similar(onsets: Values, pitches: Values, all_onsets: Values, pulse: float, source: str) -> Values:
    """Return the autocorrelation of accents, pitches and leaps over several pulses.

    The accent of an onset is the time to the next onset. Pitches last until the next onset.
    """
    rhythm = np.unique(all_onsets)
    start, n = rhythm[0], int((rhythm[-1] - rhythm[0]) / pulse) + 1
    if n > _MAX_PULSES:
        raise ScoreError(f"NoteSummary expects at most {_MAX_PULSES} pulses, {source} has {n}. Split it.")
    tracks = np.zeros((3, n * _STEPS_A_PULSE + 1))
    spread = np.round((rhythm - start) / pulse * _STEPS_A_PULSE).astype(int)
    tracks[0][np.minimum(spread[:-1], tracks.shape[1] - 1)] = np.minimum(np.diff(rhythm) / pulse, 4)
    if len(onsets):
        place = np.round((onsets - start) / pulse * _STEPS_A_PULSE).astype(int)
        sounding = np.searchsorted(place, np.arange(tracks.shape[1]), side="right") - 1
        tracks[1] = pitches[np.maximum(sounding, 0)]
        tracks[2][np.minimum(place[1:], tracks.shape[1] - 1)] = np.abs(np.diff(pitches))
    values = [
        _correlation(track[: -lag * _STEPS_A_PULSE], track[lag * _STEPS_A_PULSE :])
        for track in tracks
        for lag in _LAGS
    ]
    return np.array(values)


def _metrical(score: Score, table: dict[str, NDArray[np.float64]], pulse: float) -> Values:
    """Return times in beats and seconds, metre, and the share of onsets on bar lines."""
    duration_s = score.duration_s
    tempo_bpm = 60 * score.duration_beats / duration_s
    times = [pulse, pulse * duration_s / score.duration_beats, tempo_bpm, len(score.notes) / duration_s]
    if not score.metres:
        return np.array([*times, duration_s, 0.0, 0.0, 0.0])
    bar_beats = score.metres[0].bar_beats
    place = (table["onset_beats"] - score.pickup_beats) / bar_beats % 1
    on_bar = _mean(np.minimum(place, 1 - place) < 0.01)
    return np.array([*times, duration_s, bar_beats, score.metres[0].numerator, on_bar])


def _nearest(values: Values, centres: Values) -> NDArray[np.int64]:
    """Return the number of values nearest to each centre, on a logarithmic scale."""
    distance = np.abs(np.log(np.maximum(values, 1e-6))[:, np.newaxis] - np.log(centres))
    return np.bincount(distance.argmin(axis=1), minlength=len(centres))


def _shares(counts: NDArray[np.int64]) -> Values:
    shares: Values = counts / max(1, counts.sum())
    return shares


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _correlation(a: Values, b: Values) -> float:
    """Return Pearson's correlation, or 0 if one of the inputs is constant."""
    if len(a) < 2 or np.ptp(a) < 1e-9 or np.ptp(b) < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
