"""Timelines of sounds of any length: where something is heard, what it is, and how sure that is.

First the sound is parted into what sounds and what is silent, by its level in steps of 10 ms. Then the
answers within each sounding stretch are smoothed, and neighbours that agree become one event. So the edges
of an event are as sharp as those of its sound, and nothing is answered where there is none.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.read import read_blocks
from woodshed.audio.sound_file import FilePath
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import AudioError, ParameterError, near_miss
from woodshed.features.streaming import BLOCK_S
from woodshed.recognition.detection.sliding_window import WindowScores, hear, window_classifier
from woodshed.recognition.detection.smoothing import Smoothing, best_path, n_smoothed, smoothed
from woodshed.recognition.files import none_usable
from woodshed.recognition.recogniser import Recogniser
from woodshed.timeline import Event, Timeline

FLOOR_DB = -80.0
"""What is below that, relative to an RMS of 1, is silence in any recording."""


@dataclass(frozen=True, kw_only=True)
class EventRule:
    """How answers become events.

    Parameters
    ----------
    smooth_s
        Length over which the answers are smoothed, in seconds; None is one window, 0 leaves them as they are.
        It never reaches across a silence.
    smoothing
        ``mean``, a moving average, weighted by how much of each answer's time belongs to the sound; or
        ``median``, which keeps edges and drops single answers that stand out.
    switch_cost
        What changing from one label to another costs, in natural logarithms of probability. With more than 0,
        the labels are the most probable path (A. Viterbi, 1967) instead of the best at each moment.
    min_event_s
        Shorter events are dropped.
    min_gap_s
        Pauses that are shorter part nothing: the closure of a plosive belongs to its word.
    silence_db
        What is so far below the loudest 10 ms of the sound is silent; None hears all that is above
        `FLOOR_DB`.
    thresholds
        Label to the least probability with which it is answered, 0 to 1; others need none. Infinity never
        answers it.

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
        for label, least in (self.thresholds or {}).items():
            if not (0 <= least <= 1 or least == math.inf):
                raise ParameterError(f"The threshold of {label} must be from 0 to 1, got {least!r}.")

    def least(self, labels: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the threshold of each label, in their order.

        Raises
        ------
        ParameterError
            If there is a threshold for a label that the model does not know.
        """
        by_label = self.thresholds or {}
        for label in by_label:
            if label not in labels:
                raise ParameterError(f"The model does not know {label!r}. {near_miss(label, labels)}")
        return np.array([by_label.get(label, 0.0) for label in labels])


DEFAULT = EventRule()


def careful_rule(
    recogniser: Recogniser,
    rule: EventRule,
    *,
    false_positive_rate: float | None = None,
    per_hour: float | None = None,
) -> EventRule:
    """Return a rule that names only what is sure enough for a wanted rate of false alarms.

    Parameters
    ----------
    recogniser
        One that was tested; the thresholds come from its answers to sounds of groups it had not learned from.
    rule
        The rule otherwise.
    false_positive_rate
        Wrong names for each answer about something else, and for each name, above 0 to 1; None wants none.
    per_hour
        Wrong names for each hour of sound, silence not counted, above 0; None wants none. Where both are
        given, both are kept to.

    Raises
    ------
    ParameterError
        If a rate is out of its range, or so low that the model's test says nothing about it.
    """
    labels = tuple(recogniser.fitted("classes_").tolist())
    least = rule.least(labels)
    if false_positive_rate is not None:
        least = np.maximum(least, recogniser.confidence_.least_probabilities(false_positive_rate))
    if per_hour is not None:
        least = np.maximum(least, recogniser.confidence_.least_probability(per_hour))
    return replace(rule, thresholds=dict(zip(labels, least.tolist(), strict=True)))


def file_timeline(
    recogniser: Recogniser,
    path: FilePath,
    *,
    hop_s: float | None = None,
    rule: EventRule = DEFAULT,
    block_s: float = BLOCK_S,
) -> Timeline:
    """Write down what is heard when in a file of any length.

    Parameters
    ----------
    recogniser
        A fitted one.
    path
        Any file that `woodshed.audio.read` can read; it is decoded once, block by block.
    hop_s
        From one window to the next, in seconds; None is half a window.
    rule
        How the answers become events.
    block_s
        Length of a block in seconds. Memory goes with it; for what is kept of the sound an hour takes one or
        two MB.

    Returns
    -------
    Timeline
        Its source is the path.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    NotFittedError
        If the recogniser has not learned.
    ParameterError
        If a setting is out of its range.
    """
    return blocks_timeline(recogniser, read_blocks(path, block_s=block_s), hop_s=hop_s, rule=rule)


def files_timelines(
    recogniser: Recogniser,
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    hop_s: float | None = None,
    rule: EventRule = DEFAULT,
    strict: bool = False,
) -> Iterator[tuple[Path, Timeline]]:
    """Yield the timeline of each file as soon as it is known.

    Parameters
    ----------
    recogniser, hop_s, rule
        As for `file_timeline`.
    paths
        Sound files.
    skipped
        Files that cannot be used are added to it, with the reason.
    strict
        Raise instead at the first such file.

    Raises
    ------
    DataError
        After the last file, if none could be used.
    AudioError
        If ``strict`` and a file cannot be used.
    """
    n_done = 0
    for path in paths:
        try:
            timeline = file_timeline(recogniser, path, hop_s=hop_s, rule=rule)
        except AudioError as error:
            if strict:
                raise
            skipped.append(Skipped(path, str(error)))
        else:
            n_done += 1
            yield path, timeline
    if n_done == 0:
        raise none_usable(skipped)


def blocks_timeline(
    recogniser: Recogniser, blocks: Iterable[Clip], *, hop_s: float | None = None, rule: EventRule = DEFAULT
) -> Timeline:
    """Write down what is heard when in a sound that comes in blocks; its source is that of the first.

    Parameters and errors as for `file_timeline`; a clip is ``[clip]``.
    """
    classifier = window_classifier(recogniser, hop_s)
    rule.least(classifier.labels)  # refuses unknown labels before anything is decoded
    sources: list[str] = []
    hearing = hear(classifier, _noting_source(blocks, sources))
    events = tuple(events_of(hearing, rule, classifier.window_s))
    return Timeline(sources[0], hearing.end_s, events, hearing.highest_hz)


def events_of(hearing: WindowScores, rule: EventRule, window_s: float) -> Iterator[Event]:
    """Turn answers into events, in their order; they do not overlap."""
    for island in active_segments(hearing, rule):
        if not is_silent(hearing, island):
            yield from island_events(hearing, island, rule, window_s)


def active_segments(
    hearing: WindowScores, rule: EventRule, loudest_db: float | None = None
) -> list[tuple[float, float]]:
    """Find the stretches that sound.

    Parameters
    ----------
    hearing
        With the levels.
    rule
        What is silent, and which pauses are too short to count.
    loudest_db
        Level to which silence is relative; None takes the loudest there is.

    Returns
    -------
    list of tuple
        Start and end in seconds, in order.

    Examples
    --------
    >>> levels_db = np.repeat(np.array([-90, -20, -90, -20, -90], np.float32), [10, 30, 10, 10, 50])
    >>> hearing = WindowScores(labels=("a",), centres_s=np.array([0.5]), answers=np.ones((1, 1), np.float32),
    ...     start_s=0.0, end_s=1.1, levels_db=levels_db, level_s=0.01, highest_hz=4000.0)
    >>> active_segments(hearing, EventRule()), active_segments(hearing, EventRule(min_gap_s=0.05))
    ([(0.1, 0.6)], [(0.1, 0.4), (0.5, 0.6)])
    """
    levels_db = hearing.levels_db
    least_db = FLOOR_DB
    if rule.silence_db is not None and len(levels_db):
        top_db = float(levels_db.max()) if loudest_db is None else loudest_db
        least_db = max(least_db, top_db + rule.silence_db)
    edges = np.flatnonzero(np.diff(levels_db >= least_db, prepend=False, append=False)).reshape(-1, 2)
    found: list[tuple[float, float]] = []
    for start, stop in (hearing.start_s + edges * hearing.level_s).tolist():
        if found and start - found[-1][1] < rule.min_gap_s - 1e-9:
            start = found.pop()[0]
        found.append((round(start, 9), round(min(stop, hearing.end_s), 9)))
    return found


def is_silent(hearing: WindowScores, island: tuple[float, float]) -> bool:
    """Return whether a stretch is nowhere so loud that it is a sound to the model."""
    first, stop = ((time_s - hearing.start_s) / hearing.level_s for time_s in island)
    levels_db = hearing.levels_db[math.floor(first + 1e-6) : math.ceil(stop - 1e-6)]
    return float(levels_db.max(initial=-math.inf)) < hearing.silence_db


def island_events(
    hearing: WindowScores, island: tuple[float, float], rule: EventRule, window_s: float
) -> list[Event]:
    """Turn the answers within a stretch that sounds into events.

    What is not sure enough, and what is strange in all windows that are smoothed together, is none of the
    labels: there is no event.

    Parameters
    ----------
    hearing
        With the answers.
    island
        Start and end, of `active_segments`.
    rule
        How the answers become events.
    window_s
        Length of a window: over which answers are smoothed if the rule does not say.
    """
    start_s, end_s = island
    borders = hearing.borders_s
    first = max(0, int(np.searchsorted(borders, start_s, "right")) - 1)
    stop = min(len(hearing.centres_s), int(np.searchsorted(borders, end_s, "left")))
    if first >= stop:
        return []
    edges = np.clip(borders[first : stop + 1], start_s, end_s)
    lengths = np.diff(edges)
    smooth_s = window_s if rule.smooth_s is None else rule.smooth_s
    n_around = n_smoothed(hearing.centres_s, smooth_s) // 2
    curves = smoothed(hearing.answers[first:stop].astype(np.float64), n_around, rule.smoothing, lengths)
    labels = best_path(curves, rule.switch_cost) if rule.switch_cost else curves.argmax(axis=1)
    sure = curves[np.arange(len(labels)), labels]
    labels = np.where(sure >= rule.least(hearing.labels)[labels], labels, -1)
    if hearing.strange is not None and hearing.strange.any():
        # What the edge of a window cuts in two looks strange in that window alone.
        strange = np.pad(hearing.strange[first:stop], n_around, constant_values=True)
        around = np.lib.stride_tricks.sliding_window_view(strange, 2 * n_around + 1)
        labels = np.where(around.all(axis=1), -1, labels)
    events: list[Event] = []
    for label, run in itertools.groupby(range(len(labels)), key=lambda k: int(labels[k])):
        where = [*run]
        begin = round(float(edges[where[0]]), 6)
        end = min(round(float(edges[where[-1] + 1]), 6), hearing.end_s)
        if label < 0 or end - begin < max(rule.min_event_s - 1e-9, 1e-9):
            continue
        confidence = float(np.average(sure[where], weights=lengths[where]))
        events.append(Event(begin, end, hearing.labels[label], min(1.0, confidence)))
    return events


def _noting_source(blocks: Iterable[Clip], sources: list[str]) -> Iterator[Clip]:
    for block in blocks:
        if not sources:
            sources.append(block.source)
        yield block
