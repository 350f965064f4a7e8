"""Event detection: timelines of labelled events in sounds of any length.

The sound is first divided into active and silent segments by its level, in steps of 10 ms. The probabilities
within each active segment are then smoothed, and successive windows with the same label become one event.
Events thus start and end with the sound itself, and there are none in silence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.read import FilePath, read_blocks
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import ParameterError, near_miss
from woodshed.features.streaming import BLOCK_S
from woodshed.recognition.detection.sliding_window import WindowScores, scan, window_classifier
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.file_prediction import predict_each
from woodshed.timeline import Event, Timeline

Curves = NDArray[np.float64]
"""Probabilities of the labels over time, ``(n_windows, n_labels)``."""

Smoothing = Literal["mean", "median"]

FLOOR_DB = -80.0
"""Level below which any recording is silent, relative to an RMS of 1."""


@dataclass(frozen=True, kw_only=True)
class EventRule:
    """Settings of event detection.

    Parameters
    ----------
    smooth_s
        Length over which probabilities are smoothed within an active segment, in seconds; None is one window,
        0 disables smoothing.
    smoothing
        ``mean``, a moving average, weighted by the part of each window within the segment; or ``median``,
        which preserves edges and removes single outliers.
    switch_cost
        Cost of a change of label, in natural logarithms of probability. If positive, the labels are the most
        probable path (A. Viterbi, 1967) rather than the most probable label of each window.
    min_event_s
        Shorter events are dropped.
    min_gap_s
        Shorter pauses do not separate segments: the closure of a plosive belongs to its word.
    silence_db
        Level of silence relative to the loudest 10 ms of the sound, negative; None uses `FLOOR_DB` alone.
    thresholds
        Label to the minimum probability of an event, 0 to 1; other labels have none. Infinity excludes a
        label.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    >>> EventRule(smoothing="media")
    Traceback (most recent call last):
    ...
    woodshed.errors.ParameterError: EventRule has no smoothing='media'. Did you mean median?
    """

    smooth_s: float | None = None
    smoothing: Smoothing = "mean"
    switch_cost: float = 0.0
    min_event_s: float = 0.1
    min_gap_s: float = 0.2
    silence_db: float | None = -40.0
    thresholds: Mapping[str, float] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        if self.smoothing not in get_args(Smoothing):
            raise ParameterError(
                f"EventRule has no smoothing={self.smoothing!r}. "
                f"{near_miss(str(self.smoothing), get_args(Smoothing))}"
            )
        for name in ("smooth_s", "switch_cost", "min_event_s", "min_gap_s"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ParameterError(f"EventRule expects {name} of 0 or more, got {value!r}.")
        if self.silence_db is not None and not self.silence_db < 0:
            raise ParameterError(f"EventRule expects a negative silence_db, got {self.silence_db!r}.")
        for label, threshold in (self.thresholds or {}).items():
            if not (0 <= threshold <= 1 or threshold == math.inf):
                raise ParameterError(f"The threshold of {label} must be from 0 to 1, got {threshold!r}.")

    def thresholds_of(self, labels: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the threshold of each label, 0 if it has none.

        Raises
        ------
        ParameterError
            If there is a threshold for a label that is not one of ``labels``.
        """
        thresholds = self.thresholds or {}
        for label in thresholds:
            if label not in labels:
                raise ParameterError(f"The model has no class {label!r}. {near_miss(label, labels)}")
        return np.array([thresholds.get(label, 0.0) for label in labels])

    def n_around(self, centres_s: NDArray[np.float64], window_s: float) -> int:
        """Return the number of windows on each side of one that are smoothed with it.

        Parameters
        ----------
        centres_s
            Centre of each window in seconds, evenly spaced.
        window_s
            Length of a window in seconds, the default of ``smooth_s``.

        Examples
        --------
        >>> centres_s = np.array([0.5, 1.0, 1.5])
        >>> EventRule().n_around(centres_s, 1.0), EventRule(smooth_s=0.9).n_around(centres_s, 1.0)
        (1, 0)
        """
        if len(centres_s) < 2:
            return 0
        smooth_s = window_s if self.smooth_s is None else self.smooth_s
        return int(smooth_s / 2 / float(centres_s[1] - centres_s[0]) + 1e-6)


DEFAULT = EventRule()


def calibrated_rule(
    recogniser: Recogniser,
    rule: EventRule,
    *,
    false_positive_rate: float | None = None,
    per_hour: float | None = None,
) -> EventRule:
    """Return a rule with thresholds that limit the rate of false positives.

    Parameters
    ----------
    recogniser
        Fitted recogniser, whose confidence was estimated on held-out groups.
    rule
        The other settings, and lower bounds of the thresholds.
    false_positive_rate
        Maximum share of windows of other classes above the threshold of a class, above 0 to 1; None sets no
        limit.
    per_hour
        Maximum number of false positives per hour of sound, not counting silence; None sets no limit.

    Raises
    ------
    ParameterError
        If a rate is out of range, or too low for the number of test clips of the model.
    """
    labels = tuple(map(str, recogniser.fitted("classes_")))
    thresholds = rule.thresholds_of(labels)
    if false_positive_rate is not None:
        thresholds = np.maximum(thresholds, recogniser.confidence_.thresholds_at(false_positive_rate))
    if per_hour is not None:
        thresholds = np.maximum(thresholds, recogniser.confidence_.hourly_threshold_at(per_hour))
    return replace(rule, thresholds=dict(zip(labels, thresholds.tolist(), strict=True)))


def file_timeline(
    recogniser: Recogniser,
    path: FilePath,
    *,
    hop_s: float | None = None,
    rule: EventRule = DEFAULT,
) -> Timeline:
    """Detect the events in a file of any length.

    Parameters
    ----------
    recogniser
        Fitted recogniser.
    path
        Any file that `woodshed.audio.read` can read; it is decoded once, block by block. An hour of sound
        takes one or two MB of memory.
    hop_s
        Step from one window to the next, in seconds; None is half a window.
    rule
        Settings of event detection.

    Returns
    -------
    Timeline
        Its source is the path.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    NotFittedError
        If the recogniser is not fitted.
    ParameterError
        If a setting is out of range.
    """
    return blocks_timeline(recogniser, read_blocks(path, block_s=BLOCK_S, mono=True), hop_s=hop_s, rule=rule)


def files_timelines(
    recogniser: Recogniser,
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    hop_s: float | None = None,
    rule: EventRule = DEFAULT,
    strict: bool = False,
) -> Iterator[tuple[Path, Timeline]]:
    """Yield the timeline of each file as soon as it is computed.

    Parameters
    ----------
    recogniser, hop_s, rule
        As for `file_timeline`.
    paths
        Sound files.
    skipped
        List to which unusable files are appended, with the reason.
    strict
        Raise at the first unusable file.

    Raises
    ------
    DataError
        After the last file, if all were unusable.
    AudioError
        If ``strict`` and a file is unusable.
    """
    return predict_each(
        lambda path: file_timeline(recogniser, path, hop_s=hop_s, rule=rule), paths, skipped, strict=strict
    )


def blocks_timeline(
    recogniser: Recogniser, blocks: Iterable[Clip], *, hop_s: float | None = None, rule: EventRule = DEFAULT
) -> Timeline:
    """Detect the events in consecutive blocks of a sound, whose source is that of the first.

    Parameters and errors as for `file_timeline`; the blocks of a clip are ``[clip]``.
    """
    classifier = window_classifier(recogniser, hop_s)
    rule.thresholds_of(classifier.labels)  # raises for unknown labels before anything is decoded
    blocks = iter(blocks)
    first = list(itertools.islice(blocks, 1))
    scores = scan(classifier, itertools.chain(first, blocks))
    return Timeline(
        first[0].source,
        scores.end_s,
        tuple(detect_events(scores, rule, classifier.window_s)),
        scores.highest_hz,
    )


def detect_events(scores: WindowScores, rule: EventRule, window_s: float) -> Iterator[Event]:
    """Yield the events of scores in their order; they do not overlap."""
    for segment in active_segments(scores, rule):
        if not is_silent(scores, segment):
            yield from segment_events(scores, segment, rule, window_s)


def active_segments(
    scores: WindowScores, rule: EventRule, peak_db: float | None = None
) -> list[tuple[float, float]]:
    """Return the segments that are not silent.

    Parameters
    ----------
    scores
        Scores with the levels.
    rule
        Level of silence, and shortest pause.
    peak_db
        Level to which silence is relative; None is the highest level of the scores.

    Returns
    -------
    list of tuple
        Start and end in seconds, in order.

    Examples
    --------
    >>> levels_db = np.repeat(np.array([-90, -20, -90, -20, -90], np.float32), [10, 30, 10, 10, 50])
    >>> scores = WindowScores(labels=("a",), centres_s=np.array([0.5]), start_s=0.0, end_s=1.1,
    ...     probabilities=np.ones((1, 1), np.float32), levels_db=levels_db, level_s=0.01, highest_hz=4000.0)
    >>> active_segments(scores, EventRule()), active_segments(scores, EventRule(min_gap_s=0.05))
    ([(0.1, 0.6)], [(0.1, 0.4), (0.5, 0.6)])
    """
    levels_db = scores.levels_db
    threshold_db = FLOOR_DB
    if rule.silence_db is not None and len(levels_db):
        reference_db = float(levels_db.max()) if peak_db is None else peak_db
        threshold_db = max(threshold_db, reference_db + rule.silence_db)
    edges = np.flatnonzero(np.diff(levels_db >= threshold_db, prepend=False, append=False)).reshape(-1, 2)
    segments: list[tuple[float, float]] = []
    for start, stop in (scores.start_s + edges * scores.level_s).tolist():
        if segments and start - segments[-1][1] < rule.min_gap_s - 1e-9:
            start = segments.pop()[0]
        segments.append((round(start, 9), round(min(stop, scores.end_s), 9)))
    return segments


def is_silent(scores: WindowScores, segment: tuple[float, float]) -> bool:
    """Return whether the levels of a segment are all below the silence level of the model."""
    first, stop = ((time_s - scores.start_s) / scores.level_s for time_s in segment)
    levels_db = scores.levels_db[math.floor(first + 1e-6) : math.ceil(stop - 1e-6)]
    return float(levels_db.max(initial=-math.inf)) < scores.silence_db


def segment_events(
    scores: WindowScores, segment: tuple[float, float], rule: EventRule, window_s: float
) -> list[Event]:
    """Return the events within an active segment.

    Windows below the threshold of their label have no event, nor do windows that are novel together with all
    windows they are smoothed with.

    Parameters
    ----------
    scores
        Scores of the windows.
    segment
        Start and end in seconds, one of `active_segments`.
    rule
        Settings of event detection.
    window_s
        Length of a window, which is the default length of smoothing.
    """
    start_s, end_s = segment
    borders = scores.borders_s
    first = max(0, int(np.searchsorted(borders, start_s, "right")) - 1)
    stop = min(len(scores.centres_s), int(np.searchsorted(borders, end_s, "left")))
    if first >= stop:
        return []
    edges = np.clip(borders[first : stop + 1], start_s, end_s)
    lengths = np.diff(edges)
    n_around = rule.n_around(scores.centres_s, window_s)
    curves = smooth(scores.probabilities[first:stop].astype(np.float64), n_around, rule.smoothing, lengths)
    labels = best_path(curves, rule.switch_cost) if rule.switch_cost else curves.argmax(axis=1)
    probabilities = curves[np.arange(len(labels)), labels]
    labels = np.where(probabilities >= rule.thresholds_of(scores.labels)[labels], labels, -1)
    if scores.is_novel is not None and scores.is_novel.any():
        # A sound that is cut by the edge of a window may be novel in that window only.
        padded = np.pad(scores.is_novel[first:stop], n_around, constant_values=True)
        around = np.lib.stride_tricks.sliding_window_view(padded, 2 * n_around + 1)
        labels = np.where(around.all(axis=1), -1, labels)
    events: list[Event] = []
    for label, run in itertools.groupby(range(len(labels)), key=lambda k: int(labels[k])):
        rows = [*run]
        begin = round(float(edges[rows[0]]), 6)
        end = min(round(float(edges[rows[-1] + 1]), 6), scores.end_s)
        if label < 0 or end - begin < max(rule.min_event_s - 1e-9, 1e-9):
            continue
        mean = float(np.average(probabilities[rows], weights=lengths[rows]))
        events.append(Event(begin, end, scores.labels[label], min(1.0, mean)))
    return events


def smooth(curves: Curves, n_around: int, smoothing: Smoothing, weights: NDArray[np.float64]) -> Curves:
    """Smooth probabilities over time; rows sum to 1.

    Parameters
    ----------
    curves
        Shape ``(n_windows, n_labels)``.
    n_around
        Number of windows on each side; fewer at the ends.
    smoothing
        ``mean`` or ``median``.
    weights
        Weight of each window in a mean, shape ``(n_windows,)``.

    Examples
    --------
    >>> curves = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> smooth(curves, 1, "median", np.ones(3))[1].tolist()
    [1.0, 0.0]
    >>> smooth(curves, 1, "mean", np.array([1.0, 2.0, 1.0]))[1].tolist()
    [0.5, 0.5]
    """
    if n_around == 0 or len(curves) == 1:
        return curves
    n = 2 * n_around + 1
    if smoothing == "median":
        padded = np.pad(curves, ((n_around, n_around), (0, 0)), constant_values=np.nan)
        values = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, n, axis=0), axis=2)
    else:
        weights = np.maximum(weights, 1e-12)[:, np.newaxis]
        weighted = np.hstack([curves * weights, weights])
        sums = np.cumsum(np.pad(weighted, ((n_around + 1, n_around), (0, 0))), axis=0)
        totals = sums[n:] - sums[:-n]
        values = totals[:, :-1] / totals[:, -1:]
    total = values.sum(axis=1, keepdims=True)
    # The medians of all labels may be 0: then all labels are equally probable.
    return np.where(total > 0, values / np.where(total > 0, total, 1), 1 / curves.shape[1])


def best_path(curves: Curves, switch_cost: float) -> NDArray[np.int64]:
    """Return the most probable sequence of labels with a cost for each change (A. Viterbi, 1967).

    Parameters
    ----------
    curves
        Shape ``(n_windows, n_labels)``.
    switch_cost
        Cost of a change, in natural logarithms of probability.

    Returns
    -------
    numpy.ndarray
        Index of the label of each window. No other path has a higher sum of log probabilities minus costs.

    Examples
    --------
    >>> curves = np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]])
    >>> best_path(curves, 0.0).tolist(), best_path(curves, 1.0).tolist()
    ([0, 1, 0], [0, 0, 0])
    """
    gains = np.log(np.maximum(curves, 1e-12))
    previous = np.empty(curves.shape, np.int64)
    total = gains[0]
    for k in range(1, len(gains)):
        best = int(total.argmax())
        stays = total >= total[best] - switch_cost
        previous[k] = np.where(stays, np.arange(len(total)), best)
        total = np.where(stays, total, total[best] - switch_cost) + gains[k]
    path = np.empty(len(gains), np.int64)
    path[-1] = total.argmax()
    for k in range(len(gains) - 1, 0, -1):
        path[k - 1] = previous[k, path[k]]
    return path
