"""Timelines of long sounds: no seams, bounded memory, events where they are, and nothing in silence."""

from __future__ import annotations

import copy
import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.audio import gain, noise, read_blocks, write
from woodshed.clip import Clip
from woodshed.errors import AudioFileError, NotFittedError, ParameterError
from woodshed.features import LogMel
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.recognition.background import background_rows
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import HeldOut, fit_confidence
from woodshed.recognition.detection.events import (
    EventRule,
    best_path,
    blocks_timeline,
    calibrated_rule,
    detect_events,
    file_timeline,
    smooth,
)
from woodshed.recognition.detection.live import LiveDetector
from woodshed.recognition.detection.sliding_window import (
    WindowClassifier,
    WindowScores,
    scan,
    sliding_windows,
    window_classifier,
)
from woodshed.recognition.novelty_detection import NoveltyDetector
from woodshed.tasks.mood import MoodRegressor
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.tasks.tags import TagsTagger

Truth = list[tuple[float, float, str]]


# -- answers to events, with answers that are made up ------------------------------------------------


def heard(
    answers: list[list[float]], *, step_s: float = 1.0, loud: list[tuple[float, float]] | None = None
) -> WindowScores:
    """Make a scores with windows of two steps; it sounds at -20 dB where it is loud, or throughout."""
    n = len(answers)
    end_s = (n + 1) * step_s
    levels_db = np.full(round(end_s * 100), -20.0 if loud is None else -90.0, np.float32)
    for start_s, stop_s in loud or []:
        levels_db[round(start_s * 100) : round(stop_s * 100)] = -20.0
    return WindowScores(
        labels=("a", "b"),
        centres_s=(np.arange(n) + 1.0) * step_s,
        probabilities=np.array(answers, np.float32),
        start_s=0.0,
        end_s=end_s,
        levels_db=levels_db,
        level_s=0.01,
        highest_hz=4000.0,
    )


def events(scores: WindowScores, **rule: Any) -> list[tuple[float, float, str, float]]:
    found = detect_events(scores, EventRule(**rule), 2.0)
    return [(one.start_s, one.end_s, one.label, round(one.confidence, 3)) for one in found]


A, B = [0.9, 0.1], [0.2, 0.8]


def test_neighbours_that_agree_are_one_event() -> None:
    assert events(heard([A, A, B, B, A]), smooth_s=0) == [
        (0.0, 2.5, "a", 0.9),
        (2.5, 4.5, "b", 0.8),
        (4.5, 6.0, "a", 0.9),
    ]


def test_silence_parts_events_and_is_never_answered() -> None:
    scores = heard([A, A, A, B], loud=[(0.5, 1.0), (1.3, 1.5), (1.6, 2.0), (4.9, 5.0)])
    assert events(scores, smooth_s=0) == [(0.5, 1.0, "a", 0.9), (1.3, 2.0, "a", 0.9), (4.9, 5.0, "b", 0.8)]
    assert events(scores, smooth_s=0, min_event_s=0.15) == [(0.5, 1.0, "a", 0.9), (1.3, 2.0, "a", 0.9)]
    assert events(scores, smooth_s=0, min_gap_s=0.4)[0] == (0.5, 2.0, "a", 0.9)
    assert events(heard([A, A], loud=[])) == []


def test_one_answer_that_stands_out_is_smoothed_away() -> None:
    scores = heard([A, A, B, A, A])
    assert len(events(scores, smooth_s=0)) == 3
    assert events(scores, smooth_s=2, smoothing="median") == [(0.0, 6.0, "a", 0.9)]
    [(start_s, end_s, label, confidence)] = events(scores)  # one window: two seconds
    assert (start_s, end_s, label) == (0.0, 6.0, "a")
    # Lengths 1.5 1 1 1 1.5; the three in the middle see (0.9 0.9 0.2), (0.9 0.2 0.9), (0.2 0.9 0.9).
    means = [0.9, (1.5 * 0.9 + 0.9 + 0.2) / 3.5, 2.0 / 3, (0.2 + 0.9 + 1.5 * 0.9) / 3.5, 0.9]
    assert confidence == pytest.approx(np.average(means, weights=[1.5, 1, 1, 1, 1.5]), abs=1e-3)
    assert events(scores, smooth_s=0, switch_cost=2.0) == [(0.0, 6.0, "a", pytest.approx(0.783, abs=1e-3))]


def test_smoothing_does_not_reach_across_silence() -> None:
    scores = heard([A, B], loud=[(0.5, 1.2), (1.8, 2.5)])
    assert [label for _, _, label, _ in events(scores, smooth_s=10)] == ["a", "b"]


def test_a_threshold_leaves_out_what_is_less_sure() -> None:
    scores = heard([A, B, A])
    assert [one[2] for one in events(scores, smooth_s=0, thresholds={"b": 0.85})] == ["a", "a"]
    assert [one[2] for one in events(scores, smooth_s=0, thresholds={"a": 0.95, "b": 0.5})] == ["b"]
    with pytest.raises(ParameterError, match="The model has no class 'c'"):
        events(scores, thresholds={"c": 0.5})


def test_medians_are_those_of_numpy() -> None:
    curves = np.random.default_rng(0).dirichlet([1, 1, 1], 9)
    ours = smooth(curves, 2, "median", np.ones(9))
    for k in range(9):
        row = np.median(curves[max(0, k - 2) : k + 3], axis=0)
        assert ours[k] == pytest.approx(row / row.sum())


@pytest.mark.parametrize("cost", [0.0, 0.3, 1.5])
def test_the_path_is_the_best_of_all_paths(cost: float) -> None:
    curves = np.random.default_rng(1).dirichlet([1, 1, 1], 6)

    def worth(path: tuple[int, ...]) -> float:
        n_changes = sum(a != b for a, b in itertools.pairwise(path))
        return float(np.log(curves[range(6), path]).sum() - cost * n_changes)

    best = max(itertools.product(range(3), repeat=6), key=worth)
    assert tuple(best_path(curves, cost)) == best


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"smoothing": "mode"}, "no smoothing='mode'"),
        ({"smooth_s": -1}, "smooth_s of 0 or more, got -1"),
        ({"min_event_s": float("nan")}, "min_event_s of 0 or more, got nan"),
        ({"silence_db": 3.0}, "negative silence_db, got 3.0"),
        ({"thresholds": {"a": 1.5}}, "threshold of a must be from 0 to 1, got 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        EventRule(**rule)


# -- windows along a sound ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_part", [1, 3, 7, 50])
@pytest.mark.parametrize(("n_rows", "n_step"), [(10, 5), (10, 10), (8, 3), (100, 50)])
def test_windows_do_not_depend_on_the_parts(n_part: int, n_rows: int, n_step: int) -> None:
    rows = np.arange(43.0, dtype=np.float32)[:, np.newaxis]
    parts = [rows[k : k + n_part] for k in range(0, 43, n_part)]
    cut = [
        (start, window)
        for starts, windows in sliding_windows(parts, n_rows, n_step)
        for start, window in zip(starts, windows, strict=True)
    ]
    if n_rows > 43:
        assert [(start, window.shape) for start, window in cut] == [(0, (43, 1))]
        return
    wanted = [*range(0, 43 - n_rows + 1, n_step)]
    wanted += [43 - n_rows] * (wanted[-1] != 43 - n_rows)
    assert [start for start, _ in cut] == wanted
    for start, window in cut:
        np.testing.assert_array_equal(window, rows[start : start + n_rows])


@pytest.mark.parametrize("block_s", [0.3, 1.7])
@pytest.mark.parametrize("suffix", [".flac", ".mp3"])
def test_what_is_seen_has_no_seams(block_s: float, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"long{suffix}"
    write(noise("pink", 5.3, sample_rate=16000, seed=3), path)
    feature = LogMel(sample_rate=16000, n_mels=40)
    seen: list[np.ndarray] = []

    def ask(windows: np.ndarray) -> np.ndarray:
        seen.extend(windows.copy())
        return np.ones((len(windows), 1), np.float32)

    scores = scan(WindowClassifier(("a",), feature, 50, 50, ask), read_blocks(path, block_s=block_s))
    whole = feature(woodshed.read(path))
    assert len(scores.probabilities) == len(seen) == len(whole) // 50 + 1
    assert np.abs(np.concatenate(seen[:-1]) - whole[: 50 * (len(seen) - 1)]).max() < 1e-4
    assert np.abs(seen[-1] - whole[-50:]).max() < 1e-4
    assert scores.end_s == pytest.approx(woodshed.read(path).duration_s)


def test_memory_does_not_grow_with_the_sound() -> None:
    def minutes() -> Iterator[Clip]:
        block = noise(duration_s=10.0)
        yield from itertools.repeat(block, 120)

    def ask(windows: np.ndarray) -> np.ndarray:
        return np.ones((len(windows), 3), np.float32)

    classifier = WindowClassifier(("a", "b", "c"), LogMel(), 100, 50, ask)
    scan(classifier, [noise()])  # what is made once
    tracemalloc.start()
    scores = scan(classifier, minutes())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scores.end_s == 1200
    assert peak < 20e6, "1200 s are 77 MB"


# -- with models -------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", ["mlp", "logistic"])
def test_a_short_sound_is_answered_as_by_predict(
    net: str, fitted: Callable[..., Any], unseen_toy: Any
) -> None:
    recogniser = fitted("speech", net)
    for clip in unseen_toy.clips[:3]:
        scores = scan(window_classifier(recogniser), [clip])
        row = scores.probabilities.mean(axis=0)
        assert row == pytest.approx(recogniser.predict_proba([clip])[0], abs=1e-5)


@pytest.mark.parametrize("net", ["mlp", "logistic"])
def test_blocks_and_rates_do_not_change_a_timeline(
    net: str, fitted: Callable[..., Any], unseen_toy: Any, tmp_path: Path
) -> None:
    recogniser = fitted("speech", net)
    quiet = np.zeros(4000)
    clip = Clip(np.concatenate([np.r_[quiet, one.samples[0]] for one in unseen_toy.clips[:9]]), 8000)
    path = write(clip, tmp_path / "a.wav", encoding="float32")
    whole = blocks_timeline(recogniser, [clip])
    assert len(whole.events) >= 9
    in_parts = blocks_timeline(recogniser, read_blocks(path, block_s=0.37))
    for parts in (in_parts, file_timeline(recogniser, path)):
        assert parts.source == str(path)
        for ours, theirs in zip(parts.events, whole.events, strict=True):
            assert (ours.start_s, ours.end_s, ours.label) == (theirs.start_s, theirs.end_s, theirs.label)
            assert ours.confidence == pytest.approx(theirs.confidence, abs=1e-4)


def test_what_cannot_work_is_refused(fitted: Callable[..., Any], tmp_path: Path) -> None:
    recogniser = fitted("speech", "mlp")
    for hop_s in (0.0, -1.0, 0.36):
        with pytest.raises(ParameterError, match=r"at most a window \(0.35 s\), got"):
            window_classifier(recogniser, hop_s)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        file_timeline(SpeechRecogniser(), tmp_path / "a.wav")
    with pytest.raises(AudioFileError, match="no such file"):
        file_timeline(recogniser, tmp_path / "a.wav")
    with pytest.raises(ParameterError, match=r"has no class 'raise'\. Did you mean rise"):
        file_timeline(recogniser, tmp_path / "a.wav", rule=EventRule(thresholds={"raise": 0.5}))


# -- none of these ------------------------------------------------------------------------------------


def with_refusals(scores: WindowScores, strange: list[bool], silence_db: float = -np.inf) -> WindowScores:
    return replace(scores, is_novel=np.array(strange), silence_db=silence_db)


def test_what_is_strange_in_every_window_around_is_no_event() -> None:
    scores = heard([A, A, A, A, A])
    assert events(with_refusals(scores, [False, True, True, False, False]), smooth_s=0) == [
        (0.0, 1.5, "a", 0.9),
        (3.5, 6.0, "a", 0.9),
    ]
    # Three are smoothed together, and one of them knows what it hears.
    assert events(with_refusals(scores, [False, True, True, False, False])) == [(0.0, 6.0, "a", 0.9)]
    assert events(with_refusals(scores, [False, True, True, True, False])) == [
        (0.0, 2.5, "a", 0.9),
        (3.5, 6.0, "a", 0.9),
    ]
    assert events(with_refusals(scores, [True] * 5)) == []


def test_a_stretch_that_is_silence_to_the_model_is_no_event() -> None:
    scores = heard([A, A, A, A], loud=[(0.5, 1.5), (3.0, 4.0)])
    scores.levels_db[300:400] = -48.0
    assert len(events(scores, smooth_s=0)) == 2
    assert events(with_refusals(scores, [False] * 4, -45.0), smooth_s=0) == [(0.5, 1.5, "a", 0.9)]


@pytest.fixture
def careful(fitted: Callable[..., Any], make_toy: Callable[..., Any]) -> Any:
    """Return a model that was told, on sounds it did not learn from, how far to trust itself."""
    recogniser = copy.copy(fitted("speech", "logistic"))
    learned, unseen = make_toy(9), make_toy(12, seed=5)
    outline = SoundEmbedding(sample_rate=8000)
    novelty_detector = NoveltyDetector.fit(
        describe(learned.clips, outline), np.asarray(learned.labels), background_rows(8000)
    )
    rows = describe(unseen.clips, outline)
    given = HeldOut(
        np.asarray(unseen.labels),
        recogniser.predict_proba(unseen.clips),
        rows[:, -1],
        novelty_detector.distance(rows),
        hours=sum(clip.duration_s for clip in unseen.clips) / 3600,
        spectrum_distances=novelty_detector.spectrum_distance(rows),
    )
    recogniser.set_confidence(fit_confidence(given, recogniser.classes_.tolist(), novelty_detector))
    return recogniser


def toys_and_noise(toys: Any) -> Clip:
    """Return three toy sounds and as many bursts of noise by turns, each after half a second of silence."""
    parts: list[np.ndarray] = []
    for k in range(3):
        burst = noise("white", 0.35, sample_rate=8000, seed=k).samples[0]
        parts += [np.zeros(4000), toys.clips[k].samples[0], np.zeros(4000), burst]
    return Clip(np.concatenate(parts), 8000, "mixed")


def test_a_timeline_names_its_own_sounds_and_leaves_foreign_ones_out(
    careful: Any, fitted: Callable[..., Any], make_toy: Callable[..., Any]
) -> None:
    clip = toys_and_noise(make_toy(3, seed=31))

    def named(recogniser: Any, clip: Clip) -> list[bool]:
        found = blocks_timeline(recogniser, [clip], hop_s=0.1).events
        return [any(one.start_s < k * 0.85 + 0.68 < one.end_s for one in found) for k in range(6)]

    assert named(fitted("speech", "logistic"), clip) == [True] * 6
    assert named(careful, clip) == [True, False] * 3
    assert named(careful, gain(clip, -70.0)) == [False] * 6
    live = LiveDetector(recogniser=careful, hop_s=0.1, rule=EventRule(silence_db=None))
    blocks = (Clip(clip.samples[:, k : k + 777], 8000) for k in range(0, clip.n_samples, 777))
    while_it_goes_on = [*live.events(blocks), *live.finish()]
    whole = blocks_timeline(careful, [clip], hop_s=0.1, rule=EventRule(silence_db=None)).events
    assert [(one.label, one.start_s) for one in while_it_goes_on] == [
        (one.label, one.start_s) for one in whole
    ]


def test_wanted_false_alarms_become_the_thresholds_of_the_models_test(careful: Any) -> None:
    confidence = careful.confidence_
    labels = tuple(careful.classes_.tolist())
    rule = calibrated_rule(careful, EventRule(), false_positive_rate=0.07)
    assert rule.thresholds_of(labels).tolist() == list(confidence.thresholds_at(0.05))
    rule = calibrated_rule(careful, EventRule(thresholds={"rise": 2 / 3}), per_hour=700)
    hourly = confidence.hourly_threshold_at(700)
    assert hourly == confidence.hourly_thresholds[1], "500 an hour is the next lower one kept"
    assert rule.thresholds_of(labels).tolist() == pytest.approx([hourly, hourly, max(hourly, 2 / 3)])
    assert (
        calibrated_rule(careful, EventRule(), false_positive_rate=0.1, per_hour=700)
        .thresholds_of(labels)
        .min()
        >= hourly
    )
    # 36 sounds of 0.35 s are 12.6 s: one false alarm in them is 286 an hour.
    assert confidence.false_positives_per_hour == (1000.0, 500.0)
    with pytest.raises(
        ParameterError, match=r"no threshold for 1 false positives per hour. Available: 1000, 500\."
    ):
        calibrated_rule(careful, EventRule(), per_hour=1)
    with pytest.raises(ParameterError, match="must be positive, got -1"):
        calibrated_rule(careful, EventRule(), per_hour=-1)


def test_a_model_that_names_nothing_is_refused() -> None:
    with pytest.raises(
        ParameterError, match="Event detection requires a classifier; a model for mood predicts values"
    ):
        window_classifier(MoodRegressor())
    with pytest.raises(ParameterError, match="a model for tags predicts tags"):
        window_classifier(TagsTagger())


def test_a_pause_of_the_limit_separates() -> None:
    scores = heard([[0.75, 0.25]] * 4, step_s=0.5, loud=[(0.5, 1.0), (1.25, 2.0)])
    assert [event[:2] for event in events(scores, smooth_s=0, min_gap_s=0.25)] == [(0.5, 1.0), (1.25, 2.0)]
    assert [event[:2] for event in events(scores, smooth_s=0, min_gap_s=0.26)] == [(0.5, 2.0)]


def test_a_probability_of_the_threshold_is_an_event() -> None:
    scores = heard([[0.75, 0.25]] * 4)
    assert events(scores, smooth_s=0, thresholds={"a": 0.75})
    assert not events(scores, smooth_s=0, thresholds={"a": 0.76})
