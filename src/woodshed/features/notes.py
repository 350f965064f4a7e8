"""Symbolic features: one row per score, or per clip that was rendered from a score."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, ScoreError
from woodshed.features.key import PROFILES, key_of_pitch_classes
from woodshed.features.row import NamedRow
from woodshed.features.validation import Checked
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.rendering import RENDER_RATE, ScoreClip

Values = NDArray[np.float64]
Columns = dict[str, Values]

_RATIOS = np.array([1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3])
_LENGTHS = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4])
_LARGEST_STEP = 12
_STEPS_A_PULSE = 4
_LAGS = (1, 2, 3, 4, 5, 6, 8, 9, 12, 16, 18, 24, 32)
_CONTOURS = tuple("".join(signs) for signs in product("du=", repeat=3))
_HARSH = (1, 2, 6)  # interval classes of a second and a tritone
_MAX_PULSES = 1 << 16
_LEAST_GAP, _ALIKE = 0.1, 13 / 12

EXPRESSION_NAMES = (
    *("key_clarity", "mode_contrast", "pitch_class_entropy", "step_entropy"),
    *("roughness", *(f"interval_class_{k}_share" for k in range(1, 7))),
    *("pitch_p10_midi", "pitch_p90_midi", "melody_mean_midi", "melody_std_semitones"),
    *("velocity_p10", "velocity_p90"),
    *("sounding_share", "staccato_share", "legato_share"),
    *("onsets_per_s", "gap_median_s", "gap_spread", "gap_change"),
    "repeated_share",
)
"""Name of each value of `expression`, with its unit."""

TOGETHER_S = 0.03
"""Maximum difference of the onsets of simultaneous notes, in seconds."""

_N_SOUNDING = 12
_N_IN_PATTERN = 4
_STACCATO, _LEGATO = 0.6, 1.0
_N_PARTIALS, _FADE = 6, 0.88
_HIGHEST_INTERVAL = 36

_NAMES = (
    *(f"pitch_class_{k}" for k in range(12)),
    *("major_fit", "minor_fit", "ends_on_keynote"),
    *(f"step_{k}" for k in range(_LARGEST_STEP + 1)),
    *("step_mean_semitones", "rising_share"),
    *(f"contour_{contour}" for contour in _CONTOURS),
    *("pitch_mean_midi", "pitch_std_semitones", "range_semitones"),
    *("velocity_mean", "velocity_std", "notes_at_once", "chord_share", "harsh_share"),
    *(f"length_{value:.2f}_pulses" for value in _LENGTHS),
    *(f"ratio_{value:.2f}" for value in _RATIOS),
    *("notes_per_pulse", "off_pulse_share", "syncopated_share", "held_share", "last_length_pulses"),
    *(f"{what}_alike_{lag}" for what in ("accent", "pitch", "leap") for lag in _LAGS),
)
_TIMED_NAMES = (
    *("pulse_beats", "pulse_s", "tempo_bpm", "notes_per_s", "duration_s"),
    *("bar_beats", "beats_per_bar", "on_bar_share"),
    *EXPRESSION_NAMES,
)


@dataclass(frozen=True, kw_only=True)
class NoteSummary(Checked):
    """Summary of a score of any length, one row per score.

    The row holds pitch classes relative to the tonic, fit of the major and minor profile, steps of the melody
    (the highest note of each onset), note lengths and their ratios, register, dynamics, polyphony, harshness,
    syncopation, autocorrelation over several pulses, and melodic contours of three steps. Drums only count
    for rhythm. The values have different units: standardise them for models that are based on distances.

    The *pulse* is the most frequent inter-onset interval, up to small deviations of a performance. With
    ``metre_hidden`` all times are in pulses, so that the row does not reveal bar lines, metre, notated unit
    and tempo. Otherwise it also holds tempo, metre, times in seconds and the features of `expression`.

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

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        return _NAMES if self.metre_hidden else _NAMES + _TIMED_NAMES

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
        onsets, pitches = _skyline(melodic, "onset_beats")
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


@dataclass(frozen=True, kw_only=True)
class PlayedNotes(Checked, NamedRow):
    """`NoteSummary` of the score from which a clip was rendered; the audio is ignored.

    Parameters
    ----------
    sample_rate
        Sample rate of the rendered clips, in hertz; it has no effect on the values.
    metre_hidden
        As in `NoteSummary`; default True.

    Examples
    --------
    >>> from woodshed.score import Note, Score
    >>> from woodshed.symbolic.rendering import play
    >>> feature = PlayedNotes()
    >>> feature(play(Score([Note(0, 1, 60), Note(1, 1, 64)]))).shape == (feature.n_values,)
    True
    """

    key = "played-notes/1"
    reads_notes: ClassVar[bool] = True
    sample_rate: int = RENDER_RATE
    metre_hidden: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        return NoteSummary(metre_hidden=self.metre_hidden).names

    def __call__(self, clip: Clip) -> Samples:
        """Compute the row of the score of a clip.

        Parameters
        ----------
        clip
            Clip from `woodshed.symbolic.rendering.play`.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_values,)``, float32, in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip was not rendered from a score.
        """
        if not isinstance(clip, ScoreClip):
            raise AudioError(
                f"{clip.source} is audio, but this model was trained on MIDI files and expects notes. "
                "Use a MIDI file, or train a model on audio."
            )
        return NoteSummary(metre_hidden=self.metre_hidden)(clip.score)


@dataclass(frozen=True, kw_only=True)
class TimedNotes(PlayedNotes):
    """`PlayedNotes` with tempo, metre and times in seconds, which matter for mood but reveal the tune type.

    Examples
    --------
    >>> TimedNotes().n_values > PlayedNotes().n_values
    True
    """

    key = "timed-notes/1"
    metre_hidden: bool = False


def _skyline(columns: Columns, onset: str, tolerance: float = 0.0) -> tuple[Values, Values]:
    """Return the distinct values of a column of onsets, and the highest pitch of each."""
    order = np.argsort(columns[onset], kind="stable")
    onsets, pitches = columns[onset][order], columns["pitch_midi"][order]
    if not len(onsets):
        return onsets, pitches
    begins = np.concatenate([[True], np.diff(onsets) > tolerance])
    return onsets[begins], np.maximum.reduceat(pitches, np.flatnonzero(begins))


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


def _tonal(columns: Columns, pitches: Values) -> Values:
    """Return pitch classes relative to the tonic, fit of the modes, and whether the end is on the tonic."""
    if not len(pitches):
        return np.zeros(15)
    weights = np.bincount(
        columns["pitch_midi"].astype(int) % 12, weights=columns["duration_beats"], minlength=12
    )
    try:
        tonic = key_of_pitch_classes(weights).tonic
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


def _register(table: Columns, columns: Columns) -> Values:
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


def _rhythmic(table: Columns, pulse: float) -> Values:
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
    return np.array(
        [
            _correlation(track[: -lag * _STEPS_A_PULSE], track[lag * _STEPS_A_PULSE :])
            for track in tracks
            for lag in _LAGS
        ]
    )


def _metrical(score: Score, table: Columns, pulse: float) -> Values:
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
        Shape ``(n_names,)``, in the order of `EXPRESSION_NAMES`; 0 for undefined values.

    Examples
    --------
    >>> from woodshed.score import Note, Score
    >>> table = Score([Note(k, 0.25, pitch) for k, pitch in enumerate((60, 64, 67, 72))]).table()
    >>> row = dict(zip(EXPRESSION_NAMES, expression(table, table).tolist(), strict=True))
    >>> row["onsets_per_s"], row["staccato_share"], row["mode_contrast"] > 0
    (2.0, 1.0, True)

    References
    ----------
    A. Gabrielsson and E. Lindström, "The role of structure in the musical expression of emotions", in
    Handbook of Music and Emotion, 2010. W. A. Sethares, "Local consonance and the relationship between timbre
    and scale", JASA 94, 1993, for the roughness of two tones. E. Grabe and E. L. Low, "Durational variability
    in speech and the rhythm class hypothesis", 2002, for the change of consecutive inter-onset intervals.
    """
    onsets, melody = _skyline(melodic, "onset_s", TOGETHER_S)
    all_onsets, _ = _skyline(columns, "onset_s", TOGETHER_S)
    steps = np.diff(melody)
    return np.concatenate(
        [
            _tonality(melodic, steps),
            _harmony(melodic),
            _melody_register(melodic, melody),
            np.percentile(columns["velocity"], [10, 90]),
            _articulation(melodic, onsets),
            _onset_intervals(np.diff(all_onsets), all_onsets),
            [_repeated_share(steps)],
        ]
    )


@functools.cache
def _roughness_table() -> Values:
    """Return the roughness of two tones of six partials, by Sethares, shape ``(low_midi, interval)``.

    The roughness of a unison is subtracted.
    """
    number = np.arange(1, _N_PARTIALS + 1)
    strength = np.outer(_FADE ** (number - 1), _FADE ** (number - 1))
    low_hz = 440 * 2 ** ((np.arange(128)[:, np.newaxis, np.newaxis, np.newaxis] - 69) / 12)
    ratio = 2 ** (np.arange(_HIGHEST_INTERVAL + 1) / 12)[:, np.newaxis, np.newaxis]
    below, above = low_hz * number[:, np.newaxis], low_hz * ratio * number
    x = 0.24 / (0.021 * np.minimum(below, above) + 19) * np.abs(above - below)
    table = np.sum(strength * (np.exp(-3.5 * x) - np.exp(-5.75 * x)), axis=(2, 3))
    rough: Values = np.maximum(table - table[:, :1], 0.0)
    return rough


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


def _melody_register(melodic: Columns, melody: Values) -> Values:
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
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log2(shares)))
