"""Novelty detection on the shipped sample: digits of further speakers are accepted, other sounds not."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from woodshed.audio import chirp, noise, sine
from woodshed.clip import Clip
from woodshed.data.corpora.fsdd import load
from woodshed.data.example import Sounds
from woodshed.data.sample import sample_folder
from woodshed.errors import ParameterError
from woodshed.features.sound_embedding import N_VALUES, SPECTRUM, SoundEmbedding
from woodshed.recognition.background import background_rows, background_sound
from woodshed.recognition.confidence import (
    NOVELTY_NAME,
    Confidence,
    HeldOut,
    cross_fit,
    fit_confidence,
)
from woodshed.recognition.novelty_detection import NoveltyDetector

RATE = 8000


@dataclass(frozen=True)
class Digits:
    """Digits of the sample, their held-out distances, and a detector and confidence fitted to them."""

    clips: list[Clip]
    held_out: HeldOut
    confidence: Confidence

    @property
    def detector(self) -> NoveltyDetector:
        assert self.confidence.novelty_detector is not None
        return self.confidence.novelty_detector

    def refused(self, clips: list[Clip]) -> float:
        """Return the share of clips that get no class."""
        return float(np.mean(self.confidence.refusals(*self.confidence.levels_and_distances(clips)) != ""))

    def refused_by_spectrum(self, clips: list[Clip]) -> float:
        """Return the share that the spectrum alone refuses, with the careful limit of timelines."""
        distances = self.detector.spectrum_distance(rows_of(clips))
        return float(np.mean(distances > self.confidence.max_spectrum_distance))


def rows_of(clips: list[Clip]) -> NDArray[np.float64]:
    embedding = SoundEmbedding(sample_rate=RATE)
    return np.stack([embedding(clip) for clip in clips]).astype(np.float64)


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Return every third digit of the sample, tested on speakers that the detector was not fitted to."""
    examples = load(sample_folder()).examples[::3]
    clips = list(Sounds(examples))
    labels = np.array([example.label for example in examples])
    groups = np.array([example.group for example in examples])
    rows, background = rows_of(clips), background_rows(RATE)
    distances, spectrum_distances = np.zeros((2, len(rows)))
    for group in np.unique(groups):
        test = groups == group
        detector = NoveltyDetector.fit(rows[~test], labels[~test], background)
        distances[test] = detector.distance(rows[test])
        spectrum_distances[test] = detector.spectrum_distance(rows[test])
    probabilities = np.eye(10)[labels.astype(int)] * 0.9 + 0.01
    held_out = HeldOut(
        labels, probabilities, rows[:, -1], distances, groups, spectrum_distances=spectrum_distances
    )
    detector = NoveltyDetector.fit(rows, labels, background)
    return Digits(clips, held_out, fit_confidence(held_out, [str(k) for k in range(10)], detector))


def hum(f0_hz: float, seed: int) -> Clip:
    """Return a mains hum: eleven partials with random amplitudes, and a little noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(RATE) / RATE
    partials = [rng.uniform(0.1, 1) / k * np.sin(2 * np.pi * k * f0_hz * time_s) for k in range(1, 12)]
    return Clip(0.2 * np.sum(partials, axis=0) + rng.normal(0, 0.002, RATE), RATE)


def spliced(first: Clip, second: Clip) -> Clip:
    """Return the second half of a word, followed by the first half of another."""
    parts = [first.samples[0, first.n_samples // 2 :], second.samples[0, : second.n_samples // 2]]
    return Clip(np.concatenate(parts), RATE)


def foreign_sounds(digits: Digits) -> dict[str, list[Clip]]:
    clips = digits.clips
    return {
        "noise": [
            noise(colour, duration_s, sample_rate=RATE, seed=700 + k)
            for k, colour in enumerate(("white", "pink", "brown") * 3)
            for duration_s in (0.3, 1.0)
        ],
        "hum": [hum((50.0, 60.0)[k % 2], k) for k in range(10)],
        "tone": [sine(f0_hz, 0.6, sample_rate=RATE) for f0_hz in (110, 220, 440, 880, 1760)]
        + [chirp(200, f1_hz, 0.6, sample_rate=RATE) for f1_hz in (600, 1200, 3000)],
        "spliced": [spliced(clips[k], clips[-1 - k]) for k in range(0, 150, 3)],
    }


def test_at_most_one_in_twenty_digits_of_further_speakers_is_lost(digits: Digits) -> None:
    judged = cross_fit(digits.held_out, [str(k) for k in range(10)])
    assert judged is not None
    assert 0.01 <= np.mean(judged.refusals != "") <= 0.06  # of 300, with a standard error of 0.012
    assert np.mean(digits.held_out.distances > digits.confidence.max_distance) <= 0.05


@pytest.mark.parametrize(("kind", "least"), [("noise", 0.9), ("hum", 0.9), ("tone", 0.9), ("spliced", 0.5)])
def test_foreign_sounds_are_refused(digits: Digits, kind: str, least: float) -> None:
    clips = foreign_sounds(digits)[kind]
    assert digits.refused(clips) >= least
    assert digits.refused_by_spectrum(clips) <= digits.refused(clips)


def test_the_spectrum_alone_is_not_enough(digits: Digits) -> None:
    sounds = foreign_sounds(digits)
    assert digits.refused_by_spectrum(sounds["noise"]) < 0.5
    assert digits.refused_by_spectrum(sounds["spliced"]) < 0.1


def test_a_detector_reads_what_it_wrote(digits: Digits) -> None:
    again = Confidence.from_files(digits.confidence.to_files(), 10)
    assert again.novelty_detector is not None
    rows = rows_of(digits.clips[:20])
    assert np.array_equal(again.novelty_detector.distance(rows), digits.detector.distance(rows))
    assert (again.max_distance, again.max_spectrum_distance) == (
        digits.confidence.max_distance,
        digits.confidence.max_spectrum_distance,
    )


def test_a_model_of_a_former_version_refuses_by_its_spectrum(digits: Digits) -> None:
    files = digits.confidence.to_files()
    arrays = np.load(io.BytesIO(files[NOVELTY_NAME]))
    former = io.BytesIO()
    np.savez(former, middles=arrays["middles"], whitening=arrays["whitening"])
    settings = files["confidence.json"].decode().splitlines()
    text = "\n".join(line for line in settings if '"max_distance"' not in line)
    loaded = Confidence.from_files({"confidence.json": text.encode(), NOVELTY_NAME: former.getvalue()}, 10)
    assert loaded.max_distance == loaded.max_spectrum_distance == digits.confidence.max_spectrum_distance
    sounds = foreign_sounds(digits)["hum"]
    assert loaded.refusals(*loaded.levels_and_distances(sounds)).tolist() == ["none of these"] * 10
    assert loaded.novelty_detector is not None
    rows = rows_of(sounds)
    assert np.array_equal(loaded.novelty_detector.distance(rows), digits.detector.spectrum_distance(rows))


@pytest.mark.parametrize("name", ["whitening", "course_whitening", "background_weights", "score_spreads"])
def test_a_damaged_detector_is_named(digits: Digits, name: str) -> None:
    arrays = dict(np.load(io.BytesIO(digits.detector.to_bytes())))
    for damaged in (arrays[name][:-1], np.full_like(arrays[name], np.nan)):
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays | {name: damaged})
        with pytest.raises(ParameterError, match="not a novelty detector"):
            NoveltyDetector.from_bytes(content.getvalue())


def test_few_groups_give_a_careful_limit(digits: Digits) -> None:
    held_out = digits.held_out
    assert held_out.groups is not None
    few = held_out.subset(np.isin(held_out.groups, np.unique(held_out.groups)[:3]))
    careful = fit_confidence(few, [str(k) for k in range(10)])
    assert careful.max_distance > few.distances.max()


def test_the_embedding_does_not_depend_on_the_level(digits: Digits) -> None:
    embedding, clip = SoundEmbedding(sample_rate=RATE), digits.clips[0]
    row = embedding(clip)
    assert row.shape == (N_VALUES + 1,)
    soft = embedding(Clip(0.1 * clip.samples, RATE))
    assert np.abs(soft - row)[:-1].max() < 0.05
    assert soft[-1] - row[-1] == pytest.approx(-20, abs=0.01)
    assert np.array_equal(embedding.spectrum(clip), row[SPECTRUM])


@pytest.mark.parametrize("rate", [4000, 8000, 16000])
def test_background_sounds_are_sounds_at_any_rate(rate: int) -> None:
    for number in range(30):
        sound = background_sound(number, rate)
        assert np.isfinite(sound.samples).all()
        assert np.abs(sound.samples).max() == pytest.approx(0.5)
        assert np.array_equal(sound.samples, background_sound(number, rate).samples)
