"""How well timelines find spoken digits: where they are, their names, and nothing in the gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.clip import Clip
from woodshed.data.corpora.fsdd import load
from woodshed.data.example import Sounds
from woodshed.data.sample import sample_folder
from woodshed.recognition.detection.events import EventRule, active_segments, blocks_timeline
from woodshed.recognition.detection.sliding_window import scan, window_classifier
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.timeline import Event

Truth = list[tuple[float, float, str]]


@pytest.fixture(scope="module")
def digits() -> tuple[SpeechRecogniser, Clip, Truth]:
    """Return a model of four digits, and a recording of some it has not learned from, with known gaps."""
    rows = [example for example in load(sample_folder()).examples if example.label in "0378"]
    learned = [example for example in rows if example.split != "test"][::2]
    unseen = [example for example in rows if example.split == "test"]
    recogniser = SpeechRecogniser(net="logistic", window_s=0.5)
    recogniser.fit(Sounds(learned), [example.label for example in learned])
    rng = np.random.default_rng(0)
    parts: list[np.ndarray] = []
    truth: Truth = []
    for k in rng.permutation(len(unseen))[:24]:
        spoken = woodshed.read(unseen[k].path).mono()
        parts.append(rng.normal(0, 1e-4, round(rng.uniform(0.4, 0.9) * 8000)))
        start_s = sum(map(len, parts)) / 8000
        parts.append(0.5 * spoken / np.abs(spoken).max())
        truth.append((start_s, start_s + len(spoken) / 8000, unseen[k].label))
    return recogniser, Clip(np.concatenate([*parts, np.zeros(4000)]), 8000, "digits"), truth


def f_measure(found: Truth, truth: Truth, duration_s: float, *, segment_s: float = 0.05) -> float:
    """Compare what two lists say of each segment of time (A. Mesaros et al., 2016, segment-based metrics)."""
    times_s = np.arange(segment_s / 2, duration_s, segment_s)

    def said(rows: Truth) -> list[str]:
        return [next((label for a, b, label in rows if a <= time_s < b), "") for time_s in times_s]

    pairs = [*zip(said(found), said(truth), strict=True)]
    n_right = sum(ours == theirs != "" for ours, theirs in pairs)
    return 2 * n_right / sum((ours != "") + (theirs != "") for ours, theirs in pairs)


def rows_of(found: tuple[Event, ...]) -> Truth:
    return [(one.start_s, one.end_s, one.label) for one in found]


@pytest.mark.train
def test_digits_are_found_far_better_than_by_naming_all_sound_alike(
    digits: tuple[SpeechRecogniser, Clip, Truth],
) -> None:
    recogniser, clip, truth = digits
    found = blocks_timeline(recogniser, [clip]).events
    ours = f_measure(rows_of(found), truth, clip.duration_s)
    sounding = active_segments(scan(window_classifier(recogniser), [clip]), EventRule())
    assert len(sounding) == len(truth)
    # The baseline is told which label is the best for all.
    baseline = max(
        f_measure([(a, b, label) for a, b in sounding], truth, clip.duration_s) for label in "0378"
    )
    perfect = f_measure(truth, truth, clip.duration_s)
    assert perfect == 1.0
    assert baseline < 0.4
    assert ours > baseline + 0.3
    for start_s, end_s, _ in truth:  # and each is found where it is
        assert any(one.start_s < (start_s + end_s) / 2 < one.end_s for one in found)


@pytest.mark.train
def test_smoothing_and_silence_make_it_better(digits: tuple[SpeechRecogniser, Clip, Truth]) -> None:
    recogniser, clip, truth = digits

    def score(**rule: Any) -> float:
        found = blocks_timeline(recogniser, [clip], rule=EventRule(**rule)).events
        return f_measure(rows_of(found), truth, clip.duration_s)

    best = score()
    assert best > score(smooth_s=0.0)
    assert best > score(silence_db=None) + 0.1


@pytest.mark.train
def test_nothing_is_answered_in_the_gaps(digits: tuple[SpeechRecogniser, Clip, Truth]) -> None:
    recogniser, clip, truth = digits
    for event in blocks_timeline(recogniser, [clip]).events:
        inside = [min(event.end_s, b) - max(event.start_s, a) for a, b, _ in truth]
        assert max(inside) > 0.99 * event.duration_s - 0.02
