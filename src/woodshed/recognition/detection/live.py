"""Event detection in live sound, and its latency.

A window is classified as soon as its last sample has arrived. The events are those of a timeline
(`woodshed.recognition.detection.events`); each is yielded as soon as later sound cannot change it. The source
of the sound and the clock are arguments, so that nothing here needs a microphone.
"""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.features.streaming import mono_blocks
from woodshed.recognition.detection.events import (
    DEFAULT,
    EventRule,
    active_segments,
    is_silent,
    segment_events,
)
from woodshed.recognition.detection.sliding_window import (
    SoundBuffer,
    WindowScores,
    window_classifier,
)
from woodshed.recognition.estimator import Recogniser
from woodshed.timeline import Event
from woodshed.units import samples_to_s

BLOCK_S = 0.05
"""Length of the blocks of live sound in seconds, and thus an upper bound of the delay they cause."""

_TINY_S = 1e-6

Clock = Callable[[], float]
"""Returns a monotonic time in seconds, from any origin."""


@dataclass(frozen=True)
class Latency:
    """Time from the end of the sound of a window to its prediction.

    Parameters
    ----------
    n_windows
        Number of windows.
    median_s, largest_s
        In seconds; 0 without windows.
    """

    n_windows: int
    median_s: float
    largest_s: float

    def to_text(self) -> str:
        """Return the latency as one line of text.

        Examples
        --------
        >>> Latency(120, 0.0312, 0.0724).to_text()
        '120 predictions, latency 0.031 s (median), at most 0.072 s'
        """
        if self.n_windows == 0:
            return "no prediction: the sound was shorter than a window"
        count = f"{self.n_windows} prediction{'s' * (self.n_windows != 1)}"
        return f"{count}, latency {self.median_s:.3f} s (median), at most {self.largest_s:.3f} s"


@dataclass(kw_only=True, eq=False)
class LiveDetector:
    """Detector of the events in live sound.

    Parameters
    ----------
    recogniser
        Fitted recogniser.
    hop_s
        Step from one window to the next, in seconds; None is half a window.
    rule
        Settings of event detection. The level of silence is relative to the highest level so far.
    clock
        Called when a block arrives and when a prediction is computed.

    Attributes
    ----------
    duration_s : float
        Duration of the sound so far, in seconds.
    latency : Latency
        Latency of the predictions so far.

    Raises
    ------
    NotFittedError
        If the recogniser is not fitted.
    ParameterError
        If a setting is out of range.

    Notes
    -----
    Sound carries no time stamps: the block with the smallest delay defines the time of the sound. Latency
    within the audio device is unknown and not included.
    """

    recogniser: Recogniser
    hop_s: float | None = None
    rule: EventRule = DEFAULT
    clock: Clock = time.monotonic
    _latencies_s: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._classifier = window_classifier(self.recogniser, self.hop_s)
        self.rule.thresholds_of(self._classifier.labels)  # raises for unknown labels before any sound arrives
        self._buffer = SoundBuffer(self._classifier.sample_rate)  # starts at the position of a row
        self._next_row = 0  # first row of the next window
        self._centres_s: list[float] = []
        self._probabilities: list[NDArray[np.float32]] = []
        self._is_novel: list[bool] = []
        self._levels_db: Samples = np.empty(0, np.float32)
        self._n_discarded = 0  # number of levels before those in memory
        self._peak_db = -np.inf
        self._final_s = 0.0  # events up to this time are final
        self._time_origin = np.inf

    @property
    def duration_s(self) -> float:
        """Duration of the sound so far, in seconds."""
        return samples_to_s(self._buffer.n_samples, self._classifier.sample_rate)

    @property
    def latency(self) -> Latency:
        """Latency of the predictions so far."""
        latencies_s = self._latencies_s or [0.0]
        return Latency(len(self._latencies_s), statistics.median(latencies_s), max(latencies_s))

    def events(self, blocks: Iterable[Clip]) -> Iterator[Event]:
        """Yield events as soon as they are final; call `finish` for the last ones.

        Parameters
        ----------
        blocks
            Consecutive blocks of the sound, all at one rate, any rate.
        """
        for block in mono_blocks(self._timed(blocks), self._classifier.sample_rate):
            self._buffer.add(block.samples[0])
            levels_db = self._buffer.pop_levels()
            self._levels_db = np.concatenate([self._levels_db, levels_db])
            self._peak_db = max(self._peak_db, float(levels_db.max(initial=-np.inf)))
            if self._classify_complete_windows():
                yield from self._final_events()

    def finish(self) -> Iterator[Event]:
        """Yield the remaining events after the end of the sound."""
        if self._buffer.n_samples == 0:
            return
        self._levels_db = np.concatenate([self._levels_db, self._buffer.pop_levels(ended=True)])
        self._classify_last_window()
        yield from self._final_events(ended=True)

    def _timed(self, blocks: Iterable[Clip]) -> Iterator[Clip]:
        """Yield the blocks, each mixed without delay, and update the time origin of the sound."""
        arrived_s = 0.0
        for block in blocks:
            arrived_s += block.duration_s
            self._time_origin = min(self._time_origin, self.clock() - arrived_s)
            yield replace(block, samples=block.mono()) if block.n_channels > 1 else block

    def _classify_complete_windows(self) -> bool:
        """Classify the windows whose sound is complete; return whether there were any."""
        classifier, first_row = self._classifier, self._next_row
        n_samples = self._buffer.n_samples
        while (end := classifier.end_sample(self._next_row + classifier.n_rows - 1)) <= n_samples:
            self._classify(self._next_row, classifier.n_rows)
            self._latencies_s.append(
                self.clock() - self._time_origin - samples_to_s(end, classifier.sample_rate)
            )
            self._next_row += classifier.n_step
        # The next window needs the rest, and so does the last window if the sound ends now.
        self._buffer.discard(
            self._context_start(min(self._next_row, classifier.n_rows_of(n_samples) - classifier.n_rows))
        )
        return self._next_row > first_row

    def _classify_last_window(self) -> None:
        """Classify the last window, which ends with the sound; it is the whole of a short sound."""
        classifier = self._classifier
        n_rows = classifier.n_rows_of(self._buffer.n_samples)
        while self._next_row + classifier.n_rows <= n_rows:  # its context was incomplete
            self._classify(self._next_row, classifier.n_rows)
            self._next_row += classifier.n_step
        if n_rows < classifier.n_rows:
            self._classify(0, n_rows)
        elif self._next_row - classifier.n_step + classifier.n_rows < n_rows:
            self._classify(n_rows - classifier.n_rows, classifier.n_rows)

    def _context_start(self, row: int) -> int:
        """Return the position of the first row whose samples influence a row."""
        classifier = self._classifier
        start = classifier.sample_of(row) - classifier.n_context
        return start // classifier.hop_length * classifier.hop_length

    def _classify(self, start: int, n_rows: int) -> None:
        """Compute the rows of a window, with the context on both sides, and their probabilities."""
        classifier = self._classifier
        first = max(self._buffer.start, self._context_start(start))
        samples = self._buffer.read(first, classifier.end_sample(start + n_rows - 1))
        rows = np.concatenate([*classifier.rows([Clip(samples, classifier.sample_rate)])])
        n_before = (classifier.sample_of(start) - first) // classifier.hop_length
        self._probabilities.append(classifier.probabilities(rows[n_before:][:n_rows][np.newaxis]))
        self._centres_s.append(classifier.centre_s(start, n_rows))
        self._is_novel.append(classifier.is_novel(self._buffer, start, n_rows))

    def _final_events(self, *, ended: bool = False) -> Iterator[Event]:
        """Yield events that can no longer change, and drop their scores."""
        classifier, rule = self._classifier, self.rule
        scores = WindowScores(
            labels=classifier.labels,
            centres_s=np.array(self._centres_s),
            probabilities=np.concatenate(self._probabilities),
            start_s=self._n_discarded * self._buffer.level_s,
            end_s=self.duration_s,
            levels_db=self._levels_db,
            level_s=self._buffer.level_s,
            highest_hz=classifier.sample_rate / 2,
            is_novel=np.array(self._is_novel),
            silence_db=classifier.confidence.silence_db,
        )
        n_around = rule.n_around(scores.centres_s, classifier.window_s)
        classified_s = self.duration_s if ended else self._centres_s[-1] + classifier.step_s / 2
        measured_s = (self._n_discarded + len(self._levels_db)) * self._buffer.level_s
        smoothed_s = float(scores.borders_s[max(0, len(self._centres_s) - max(1, n_around))])
        needed_s = min(classified_s, measured_s)
        for start_s, end_s in active_segments(scores, rule, self._peak_db):
            closed = ended or end_s <= min(classified_s, measured_s - rule.min_gap_s)
            events = segment_events(scores, (start_s, min(end_s, classified_s)), rule, classifier.window_s)
            if start_s >= self._final_s and is_silent(scores, (start_s, end_s)):
                events = []  # but not if it continues a louder part that was yielded
            if not closed:  # the last event continues, and those close to its end may become part of it
                events = [event for event in events[:-1] if event.end_s < smoothed_s - _TINY_S]
            for event in events:
                if event.end_s > self._final_s + _TINY_S:
                    earliest_s, self._final_s = self._final_s, event.end_s
                    yield replace(event, start_s=max(event.start_s, earliest_s))
            if not closed:
                needed_s = max(start_s, self._final_s)
                break
            self._final_s = max(self._final_s, end_s)  # the rest was too short, or below the thresholds
        self._discard(needed_s - (n_around + 1) * classifier.step_s)

    def _discard(self, before_s: float) -> None:
        """Drop probabilities and levels before a time, but not the last window."""
        n_levels = int(before_s / self._buffer.level_s) - self._n_discarded
        if n_levels > 0:
            self._levels_db = self._levels_db[n_levels:]
            self._n_discarded += n_levels
        n_windows = bisect_left(self._centres_s, before_s) - 1
        if n_windows > 0:
            del self._centres_s[:n_windows], self._probabilities[:n_windows], self._is_novel[:n_windows]


def paced(
    blocks: Iterable[Clip], *, clock: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Clip]:
    """Yield the blocks of a file in real time, as a microphone does: each after the time of its last sample.

    Parameters
    ----------
    blocks
        Blocks of `woodshed.audio.read_blocks`.
    clock, sleep
        Functions that return the time, and that wait for a duration, in seconds.

    Examples
    --------
    >>> waits = []
    >>> blocks = [Clip(np.zeros(400), 8000)] * 2
    >>> for block in paced(blocks, clock=lambda: sum(waits), sleep=waits.append):
    ...     print(f"{sum(waits):.2f}")
    0.05
    0.10
    """
    end_s = clock()
    for block in blocks:
        end_s += block.duration_s
        wait_s = end_s - clock()
        if wait_s > 0:
            sleep(wait_s)
        yield block
