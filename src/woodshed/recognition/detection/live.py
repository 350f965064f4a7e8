"""Live: the same answers while the sound goes on, and how long they took.

A window is asked about as soon as its last sample is there. Its events are those of a timeline
(`woodshed.recognition.detection.events`); each is given when nothing that is still to come can change it. Where the sound
comes from and which clock is looked at are arguments, so that nothing here needs a microphone.
"""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from woodshed.clip import Clip, Samples
from woodshed.features.streaming import mono_blocks
from woodshed.recognition.detection.events import (
    DEFAULT,
    EventRule,
    active_segments,
    is_silent,
    island_events,
)
from woodshed.recognition.detection.level import LevelMeter, RingBuffer
from woodshed.recognition.detection.sliding_window import Answers, WindowScores, window_classifier
from woodshed.recognition.detection.smoothing import n_smoothed
from woodshed.recognition.recogniser import Recogniser
from woodshed.timeline import Event
from woodshed.units import samples_to_s

BLOCK_S = 0.05
"""Sound that is heard live comes in blocks of this length, in seconds: an answer waits so long at most."""

_TINY_S = 1e-6

Clock = Callable[[], float]
"""Seconds since any moment, never going back."""


@dataclass(frozen=True)
class Latency:
    """How long answers took, from the end of a window's sound to the answer.

    Parameters
    ----------
    n_answers
        Number of windows.
    median_s, largest_s
        In seconds; 0 without an answer.
    """

    n_answers: int
    median_s: float
    largest_s: float

    def to_text(self) -> str:
        """Write it on one line for a person.

        Examples
        --------
        >>> Latency(120, 0.0312, 0.0724).to_text()
        '120 answers, each after 0.031 s (median), 0.072 s at most'
        """
        if self.n_answers == 0:
            return "no answer: there was less sound than a window"
        count = f"{self.n_answers} answer{'s' * (self.n_answers != 1)}"
        return f"{count}, each after {self.median_s:.3f} s (median), {self.largest_s:.3f} s at most"


@dataclass(kw_only=True, eq=False)
class LiveDetector:
    """Hear a sound while it goes on.

    Parameters
    ----------
    recogniser
        A fitted one.
    hop_s
        From one window to the next, in seconds; None is half a window.
    rule
        How answers become events. What is silent is relative to the loudest moment so far.
    clock
        Asked when a block has come and when an answer is there.

    Attributes
    ----------
    duration_s : float
        How much has been heard, in seconds.
    latency : Latency
        How long the answers took.

    Raises
    ------
    NotFittedError
        If the recogniser has not learned.
    ParameterError
        If a setting is out of its range.

    Notes
    -----
    The sound itself has no clock that could be read: that of the block which came with the least delay is
    taken for all. Delay inside the device is not known and not counted.
    """

    recogniser: Recogniser
    hop_s: float | None = None
    rule: EventRule = DEFAULT
    clock: Clock = time.monotonic
    _latencies_s: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._ear = window_classifier(self.recogniser, self.hop_s)
        self.rule.least(self._ear.labels)  # refuses unknown labels before anything is heard
        self._meter = LevelMeter(self._ear.sample_rate)
        self._sound = RingBuffer()  # its first sample is at the place of a row
        self._following = 0  # first row of the window that is asked about next
        self._centres_s: list[float] = []
        self._answers: list[Answers] = []
        self._strange: list[bool] = []
        self._levels_db: Samples = np.empty(0, np.float32)
        self._n_forgotten = 0  # levels before those that are kept
        self._loudest_db = -np.inf
        self._given_s = 0.0  # up to here everything is settled
        self._clock_of_sound = np.inf

    @property
    def duration_s(self) -> float:
        """How much has been heard, in seconds."""
        return samples_to_s(self._meter.n_heard, self._ear.sample_rate)

    @property
    def latency(self) -> Latency:
        """How long the answers took so far."""
        taken = self._latencies_s or [0.0]
        return Latency(len(self._latencies_s), statistics.median(taken), max(taken))

    def events(self, blocks: Iterable[Clip]) -> Iterator[Event]:
        """Yield events as soon as they are settled; call `finish` for the last.

        Parameters
        ----------
        blocks
            The sound as it comes, all blocks at one rate, any rate.
        """
        for block in mono_blocks(self._arriving(blocks), self._ear.sample_rate):
            self._take(block.samples[0])
            if self._ask_what_is_due():
                yield from self._settled()

    def finish(self) -> Iterator[Event]:
        """Yield what was not settled when the sound ended, or was ended."""
        if self._meter.n_heard == 0:
            return
        self._levels_db = np.concatenate([self._levels_db, self._meter.rest()])
        self._ask_about_the_end()
        yield from self._settled(ended=True)

    def _arriving(self, blocks: Iterable[Clip]) -> Iterator[Clip]:
        """Look at the clock when a block has come."""
        arrived_s = 0.0
        for block in blocks:
            arrived_s += block.duration_s
            self._clock_of_sound = min(self._clock_of_sound, self.clock() - arrived_s)
            yield block

    def _take(self, samples: Samples) -> None:
        """Add samples, and their level, to what is in memory."""
        self._meter.add(samples)
        levels_db = self._meter.take()
        self._sound.add(samples)
        self._levels_db = np.concatenate([self._levels_db, levels_db])
        self._loudest_db = max(self._loudest_db, float(levels_db.max(initial=-np.inf)))

    def _ask_what_is_due(self) -> bool:
        """Ask about the windows whose sound is complete; return whether there was one."""
        classifier, asked = self._ear, False
        while (end := classifier.end(self._following + classifier.n_rows - 1)) <= self._meter.n_heard:
            self._answer(self._following, classifier.n_rows)
            self._latencies_s.append(
                self.clock() - self._clock_of_sound - samples_to_s(end, classifier.sample_rate)
            )
            self._following += classifier.n_step
            asked = True
        # Kept is what the next window hears, and the last one, should the sound end now.
        first_row = min(self._following, classifier.count(self._meter.n_heard) - classifier.n_rows)
        self._sound.forget(
            (classifier.place(first_row) - classifier.n_context) // classifier.n_hop * classifier.n_hop
        )
        return asked

    def _ask_about_the_end(self) -> None:
        """Ask about the last window, which ends with the sound; of a short sound, about all of it."""
        classifier = self._ear
        n_rows = classifier.count(self._meter.n_heard)
        while self._following + classifier.n_rows <= n_rows:  # it was waiting for its context
            self._answer(self._following, classifier.n_rows)
            self._following += classifier.n_step
        if n_rows < classifier.n_rows:
            self._answer(0, n_rows)
        elif self._following - classifier.n_step + classifier.n_rows < n_rows:
            self._answer(n_rows - classifier.n_rows, classifier.n_rows)

    def _answer(self, start: int, n_rows: int) -> None:
        """Describe a window, with its context on both sides, and ask about it."""
        classifier = self._ear
        begin = classifier.place(start)
        first = max(self._sound.start, (begin - classifier.n_context) // classifier.n_hop * classifier.n_hop)
        clip = Clip(self._sound.cut(first, classifier.end(start + n_rows - 1)), classifier.sample_rate)
        rows = np.concatenate([*classifier.rows([clip])])[(begin - first) // classifier.n_hop :][:n_rows]
        self._answers.append(classifier.answer(rows[np.newaxis]))
        self._centres_s.append(classifier.centre_s(start, n_rows))
        self._strange.append(classifier.is_strange(self._sound, start, n_rows))

    def _settled(self, *, ended: bool = False) -> Iterator[Event]:
        """Yield events that can no longer change, and forget what led to them."""
        classifier, rule = self._ear, self.rule
        hearing = self._hearing()
        n_smooth = n_smoothed(
            hearing.centres_s, classifier.window_s if rule.smooth_s is None else rule.smooth_s
        )
        answered_s = self.duration_s if ended else self._centres_s[-1] + classifier.step_s / 2
        measured_s = (self._n_forgotten + len(self._levels_db)) * self._meter.level_s
        sure_s = float(hearing.borders_s[max(0, len(self._centres_s) - max(1, n_smooth // 2))])
        needed_s = min(answered_s, measured_s)
        for start_s, end_s in active_segments(hearing, rule, self._loudest_db):
            closed = ended or end_s <= min(answered_s, measured_s - rule.min_gap_s)
            events = island_events(hearing, (start_s, min(end_s, answered_s)), rule, classifier.window_s)
            if start_s >= self._given_s and is_silent(hearing, (start_s, end_s)):
                events = []  # unless it goes on from something louder that was given
            if not closed:  # its last event goes on, and what is near it may become part of it
                events = [event for event in events[:-1] if event.end_s < sure_s - _TINY_S]
            for event in events:
                if event.end_s > self._given_s + _TINY_S:
                    start_of_rest_s, self._given_s = self._given_s, event.end_s
                    yield replace(event, start_s=max(event.start_s, start_of_rest_s))
            if not closed:
                needed_s = max(start_s, self._given_s)
                break
            self._given_s = max(self._given_s, end_s)  # what is left of it was too short, or not sure enough
        self._forget(needed_s - (n_smooth // 2 + 1) * classifier.step_s)

    def _hearing(self) -> WindowScores:
        """Return what is in memory."""
        return WindowScores(
            labels=self._ear.labels,
            centres_s=np.array(self._centres_s),
            answers=np.concatenate(self._answers),
            start_s=self._n_forgotten * self._meter.level_s,
            end_s=self.duration_s,
            levels_db=self._levels_db,
            level_s=self._meter.level_s,
            highest_hz=self._ear.sample_rate / 2,
            strange=np.array(self._strange),
            silence_db=self._ear.confidence.silence_db,
        )

    def _forget(self, before_s: float) -> None:
        """Drop answers and levels from before a time; one answer is always kept."""
        n_levels = int(before_s / self._meter.level_s) - self._n_forgotten
        if n_levels > 0:
            self._levels_db = self._levels_db[n_levels:]
            self._n_forgotten += n_levels
        n_answers = min(bisect_left(self._centres_s, before_s), len(self._centres_s)) - 1
        if n_answers > 0:
            del self._centres_s[:n_answers], self._answers[:n_answers], self._strange[:n_answers]


def paced(
    blocks: Iterable[Clip], *, clock: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Clip]:
    """Give the blocks of a file as a microphone would: each when its last sample would have sounded.

    Parameters
    ----------
    blocks
        Of `woodshed.audio.read_blocks`.
    clock, sleep
        What says the time and what waits, in seconds.

    Examples
    --------
    >>> waits = []
    >>> blocks = [Clip(np.zeros(400), 8000)] * 2
    >>> for block in paced(blocks, clock=lambda: sum(waits), sleep=waits.append):
    ...     print(f"{sum(waits):.2f}")
    0.05
    0.10
    """
    began_s, sounded_s = clock(), 0.0
    for block in blocks:
        sounded_s += block.duration_s
        wait_s = began_s + sounded_s - clock()
        if wait_s > 0:
            sleep(wait_s)
        yield block
