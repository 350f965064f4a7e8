"""Live event detection with synthetic sources and clocks: the events of a timeline, as early as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.errors import NotFittedError, ParameterError
from woodshed.recognition.detection.events import EventRule, blocks_timeline
from woodshed.recognition.detection.live import Latency, LiveDetector, paced
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.timeline import Event

RATE = 8000


class Clock:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s


@pytest.fixture
def recogniser(fitted: Callable[..., Any]) -> Any:
    return fitted("speech", "logistic")


@pytest.fixture
def long(unseen_toy: Any) -> Clip:
    """Return toy sounds, each after half a second of silence, the last two without a pause."""
    parts = [np.r_[np.zeros(4000), one.samples[0] / np.abs(one.samples).max()] for one in unseen_toy.clips]
    return Clip(np.concatenate([*parts, unseen_toy.clips[0].samples[0]]), RATE, "long")


def blocks_of(clip: Clip, n_block: int) -> Iterator[Clip]:
    for start in range(0, clip.n_samples, n_block):
        yield Clip(clip.samples[:, start : start + n_block], clip.sample_rate, clip.source)


def rounded(events: list[Event]) -> list[tuple[float, float, str, float]]:
    return [(round(e.start_s, 6), round(e.end_s, 6), e.label, round(e.confidence, 3)) for e in events]


@pytest.mark.parametrize("net", ["mlp", "logistic"])
@pytest.mark.parametrize("n_block", [400, 777, 30000])
@pytest.mark.parametrize("rule", [{}, {"smooth_s": 0.0}, {"smooth_s": 1.0, "smoothing": "median"}])
def test_live_events_are_those_of_the_timeline(
    net: str, n_block: int, rule: dict[str, Any], fitted: Callable[..., Any], long: Clip
) -> None:
    model = fitted("speech", net)
    # Silence is absolute: live, what is to come may be louder.
    chosen = EventRule(silence_db=None, min_gap_s=0.1, **rule)
    live = LiveDetector(recogniser=model, hop_s=0.1, rule=chosen, clock=Clock())
    found = [*live.events(blocks_of(long, n_block)), *live.finish()]
    whole = blocks_timeline(model, [long], hop_s=0.1, rule=chosen)
    assert live.duration_s == pytest.approx(long.duration_s)
    assert len(found) >= 10
    assert rounded(found) == rounded([*whole.events])


@pytest.mark.parametrize("net", ["mlp", "logistic"])
@pytest.mark.parametrize("n_samples", [1, 100, 2799, 2800, 2801, 5000])
def test_a_sound_of_any_length_ends_as_in_the_timeline(
    net: str, n_samples: int, fitted: Callable[..., Any], long: Clip
) -> None:
    model = fitted("speech", net)
    clip = Clip(long.samples[:, 4000 : 4000 + n_samples] + 0.01, RATE)
    live = LiveDetector(recogniser=model, clock=Clock())
    found = [*live.events(blocks_of(clip, 400)), *live.finish()]
    assert rounded(found) == rounded([*blocks_timeline(model, [clip]).events])


def test_events_come_while_the_sound_goes_on(recogniser: Any, long: Clip) -> None:
    n_given = 0

    def source() -> Iterator[Clip]:
        nonlocal n_given
        for block in blocks_of(long, 400):
            n_given += 1
            yield block

    live = LiveDetector(recogniser=recogniser, hop_s=0.1, clock=Clock())
    for event in live.events(source()):
        # The end of the event, the shortest pause, and what the window still has to hear.
        assert n_given * 0.05 <= event.end_s + 0.2 + 0.35 + 0.1 + 0.05 + 1e-6


def test_memory_does_not_grow(recogniser: Any) -> None:
    tone = np.sin(np.arange(4000, dtype=np.float32) * 0.4)
    live = LiveDetector(recogniser=recogniser, hop_s=0.1, clock=Clock())

    def size() -> tuple[int, int, int]:
        return len(live._probabilities), len(live._levels_db), len(live._buffer._samples)

    def half_seconds(n: int, samples: np.ndarray) -> list[Event]:
        return [*live.events(Clip(samples, RATE) for _ in range(n))]

    half_seconds(4, tone)
    half_seconds(20, np.zeros(4000))
    before = size()
    half_seconds(30, np.zeros(4000))
    assert size() == before
    for _ in range(8):  # sounds with pauses
        half_seconds(1, tone)
        half_seconds(4, np.zeros(4000))
    assert max(size()[:2]) < 400


def test_latency_is_counted_from_the_end_of_the_windows_sound(recogniser: Any, long: Clip) -> None:
    clock = Clock()

    def slow_to_come() -> Iterator[Clip]:
        """Come in time but for the 20th block, which is 0.3 s late; the next ones catch up."""
        for n, block in enumerate(blocks_of(long, 400), 1):
            clock.now_s = 100 + n * 0.05 + 0.01 + (0.3 if n == 20 else 0.0)
            yield block

    live = LiveDetector(recogniser=recogniser, hop_s=0.1, clock=clock)
    assert live.latency == Latency(0, 0.0, 0.0)
    [*live.events(slow_to_come())]
    # Windows of 0.35 s every 0.1 s, blocks of 0.05 s: each window ends with a block.
    assert live.latency.n_windows == 1 + int((long.duration_s - 0.35) / 0.1 + 1e-9)
    assert live.latency.median_s == pytest.approx(0.0, abs=1e-6)
    late = LiveDetector(recogniser=recogniser, hop_s=0.1, clock=clock)
    [*late.events(slow_to_come_at(clock, long, 19))]
    assert late.latency.largest_s == pytest.approx(0.3, abs=1e-6)


def slow_to_come_at(clock: Clock, clip: Clip, late: int) -> Iterator[Clip]:
    for n, block in enumerate(blocks_of(clip, 400), 1):
        clock.now_s = 100 + n * 0.05 + 0.01 + (0.3 if n == late else 0.0)
        yield block


def test_time_spent_on_windows_is_latency(recogniser: Any, long: Clip, monkeypatch: Any) -> None:
    clock = Clock()
    live = LiveDetector(recogniser=recogniser, hop_s=0.35, clock=clock)
    ask = live._classify

    def slowly(start: int, n_rows: int) -> None:
        clock.sleep(0.02)
        ask(start, n_rows)

    monkeypatch.setattr(live, "_classify", slowly)
    [*live.events(paced(blocks_of(long, 400), clock=clock, sleep=clock.sleep))]
    assert live.latency.median_s == pytest.approx(0.02, abs=1e-6)
    assert live.latency.largest_s == pytest.approx(0.02, abs=1e-6)


def test_a_paced_file_takes_its_own_time(long: Clip) -> None:
    clock = Clock()
    came = []
    for n, _ in enumerate(paced(blocks_of(long, 400), clock=clock, sleep=clock.sleep), 1):
        came.append(clock() - 100 - min(n * 0.05, long.duration_s))
        clock.now_s += 0.03  # less than a block: the next one comes in time all the same
    assert came == pytest.approx([0.0] * len(came), abs=1e-9)


def test_ended_before_anything_was_heard(recogniser: Any) -> None:
    live = LiveDetector(recogniser=recogniser, clock=Clock())
    assert [*live.finish()] == []
    assert live.latency.to_text() == "no prediction: the sound was shorter than a window"


def test_interrupted_in_the_middle_the_rest_is_still_given(recogniser: Any, long: Clip) -> None:
    def interrupted() -> Iterator[Clip]:
        yield from blocks_of(long.cut(0, 2.5), 400)
        raise KeyboardInterrupt

    live = LiveDetector(recogniser=recogniser, hop_s=0.1, clock=Clock())
    found: list[Event] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(live.events(interrupted()))
    found.extend(live.finish())
    whole = blocks_timeline(recogniser, [long.cut(0, 2.5)], hop_s=0.1)
    assert rounded(found) == rounded([*whole.events])


def test_what_cannot_work_is_refused_before_anything_is_heard(recogniser: Any) -> None:
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        LiveDetector(recogniser=SpeechRecogniser())
    with pytest.raises(ParameterError, match="has no class 'up'"):
        LiveDetector(recogniser=recogniser, rule=EventRule(thresholds={"up": 0.5}))
    with pytest.raises(ParameterError, match="at most a window"):
        LiveDetector(recogniser=recogniser, hop_s=2.0)
