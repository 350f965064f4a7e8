"""Confidence: fitted to some groups, it calibrates and rejects predictions for others, and is saved."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.audio import gain, silence
from woodshed.audio.signals import noise
from woodshed.clip import Clip
from woodshed.data.example import Corpus
from woodshed.errors import ParameterError
from woodshed.features.sound_embedding import LOWEST_DB, N_VALUES, SoundEmbedding, peak_level_db
from woodshed.metrics.calibration import (
    Calibration,
    apply_temperature,
    expected_calibration_error,
    fit_shrunken_calibration,
    fit_temperature,
)
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.background import background_rows
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import (
    CONFIDENCE_NAME,
    NOVELTY_NAME,
    Confidence,
    HeldOut,
    cross_fit,
    fit_confidence,
    fit_max_distance,
)
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import evaluate
from woodshed.recognition.novelty_detection import NoveltyDetector

CLASSES = ["fall", "pulse", "rise"]


def held_out(n: int = 3000, *, sharpened: Any = 3.0, n_groups: int = 20, seed: int = 0) -> HeldOut:
    """Draw truth from probabilities, and say them too sharply; every hundredth sound is far off."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1, (n, 3))
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    said = true**sharpened / (true**sharpened).sum(axis=1, keepdims=True)
    column = (rng.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1)
    distances = rng.uniform(0.8, 1.2, n)
    distances[::1000] = 9.0
    return HeldOut(
        np.asarray(CLASSES)[column],
        said,
        rng.uniform(-40, -10, n),
        distances,
        np.asarray([f"g{k % n_groups}" for k in range(n)]),
    )


def test_what_is_found_on_some_groups_mends_the_answers_to_others() -> None:
    given = held_out()
    judged = cross_fit(given, CLASSES)
    assert judged is not None
    assert judged.temperatures == pytest.approx([3.0] * 10, rel=0.1)
    before = expected_calibration_error(given.truth, judged.raw, CLASSES)
    after = expected_calibration_error(given.truth, judged.calibrated, CLASSES)
    assert before > 0.15
    assert after < 0.03
    assert judged.calibrated.argmax(axis=1).tolist() == given.probabilities.argmax(axis=1).tolist()


def test_no_sound_is_judged_by_what_was_found_on_its_own_group() -> None:
    given = held_out(400, n_groups=4)
    judged = cross_fit(given, CLASSES)
    assert judged is not None
    assert given.groups is not None
    here = given.groups == "g2"
    alone = fit_confidence(given.subset(~here), CLASSES)
    assert np.array_equal(judged.calibrated[here], alone.calibrate(given.probabilities[here]))
    # Turning the labels of a group round changes what is found for the others, and nothing for itself.
    turned = replace(given, truth=np.where(here, np.roll(given.truth, 1), given.truth))
    again = cross_fit(turned, CLASSES)
    assert again is not None
    assert np.array_equal(again.calibrated[here], judged.calibrated[here])
    assert not np.array_equal(again.calibrated[~here], judged.calibrated[~here])


@pytest.mark.parametrize("seed", range(3))
def test_groups_that_disagree_are_not_mended_by_their_mean(seed: int) -> None:
    sharpness = np.array([2.2, 1.4, 1.2, 0.8, 0.7, 0.5])
    given = held_out(1200, sharpened=np.tile(sharpness, 200)[:, np.newaxis], n_groups=6, seed=seed)
    assert given.groups is not None
    judged = cross_fit(given, CLASSES)
    assert judged is not None
    plain = given.probabilities.copy()
    for k in range(6):
        here = given.groups == f"g{k}"
        temperature = fit_temperature(given.truth[~here], given.probabilities[~here], CLASSES)
        plain[here] = apply_temperature(given.probabilities[here], temperature)
    before, after, taken_at_its_word = (
        expected_calibration_error(given.truth, answers, CLASSES)
        for answers in (judged.raw, judged.calibrated, plain)
    )
    assert after <= before + 0.02
    assert after <= taken_at_its_word
    one = given.subset(given.groups == "g0")
    alone = fit_shrunken_calibration(
        one.truth, one.probabilities, CLASSES, np.zeros(len(one.truth), dtype=int)
    )
    assert alone == Calibration(), "one says nothing of the next"


def test_a_group_that_is_further_off_than_those_known_keeps_its_sounds() -> None:
    rng = np.random.default_rng(0)
    n_groups, refused_by_all, refused = 6, [], []
    for _ in range(60):
        middles = np.exp(rng.normal(0, 0.1, n_groups + 1))
        distances = middles[:, np.newaxis] * np.exp(rng.normal(0, 0.1, (n_groups + 1, 150)))
        known = distances[:n_groups].ravel()
        n = len(known)
        groups = np.repeat([f"g{k}" for k in range(n_groups)], 150)
        limit = fit_max_distance(HeldOut(np.full(n, "fall"), np.ones((n, 1)), np.zeros(n), known, groups))
        refused.append(np.mean(distances[-1] > limit))
        refused_by_all.append(np.mean(distances[-1] > np.quantile(known, 0.96)))
    assert np.mean(refused) <= 0.05
    assert np.mean(refused_by_all) > 0.05, "four in a hundred of the known groups are more of a new one"


def test_a_single_group_cannot_judge_itself() -> None:
    given = held_out(50)
    assert cross_fit(replace(given, groups=np.full(50, "one")), CLASSES) is None
    assert cross_fit(replace(given, groups=None), CLASSES) is not None


def test_refusals_keep_to_their_share_and_take_what_is_far_or_quiet() -> None:
    given = held_out()
    found = fit_confidence(given, CLASSES)
    refused = found.refusals(given.levels_db, given.distances)
    assert np.mean(refused != "") <= 0.05
    assert (refused[given.distances == 9] == NONE_OF_THESE).all()
    assert found.refusals(np.array([-58.0, -20.0]), np.array([1.0, 20.0])).tolist() == [
        SILENCE,
        NONE_OF_THESE,
    ]
    # Who records softly is not taken for silence, but for one in two hundred.
    soft = fit_confidence(replace(given, levels_db=given.levels_db - 40), CLASSES)
    assert soft.silence_db < -75
    assert np.mean(soft.refusals(given.levels_db - 40, given.distances) == SILENCE) <= 0.005


def test_thresholds_keep_to_the_rate_that_was_asked() -> None:
    given = held_out()
    found = fit_confidence(given, CLASSES)
    calibrated = found.calibrate(given.probabilities)
    for rate in (0.1, 0.03, 0.01):
        for column, least in enumerate(found.thresholds_at(rate)):
            others = calibrated[given.truth != CLASSES[column], column]
            assert np.mean(others >= least) <= rate
    assert found.thresholds_at(0.03) == found.thresholds_at(0.02)
    with pytest.raises(ParameterError, match=r"no thresholds for a false positive rate of 0\.0001"):
        found.thresholds_at(0.0001)
    with pytest.raises(ParameterError, match=r"Available: none\. Lower rates need more test recordings"):
        Confidence().thresholds_at(0.1)
    with pytest.raises(ParameterError, match=r"greater than 0 and at most 1, got 2.* pass 0\.01"):
        found.thresholds_at(2)


def test_rates_that_so_few_sounds_cannot_promise_are_not_kept() -> None:
    given = held_out()
    few = given.subset(np.arange(len(given.truth)) % 40 == 0)
    assert 20 < min(np.sum(few.truth != name) for name in CLASSES) < 49
    assert fit_confidence(few, CLASSES).false_positive_rates == (0.1, 0.05)


def test_a_rate_that_needs_more_sounds_tells_how_many_and_so_many_are_enough() -> None:
    def trusted(n: int) -> Confidence:
        truth = np.array(["a", "b"] * (n // 2))
        probabilities = np.where((truth == "a")[:, np.newaxis], [0.8, 0.2], [0.3, 0.7])
        return fit_confidence(
            HeldOut(truth, probabilities, np.zeros(n), np.ones(n), hours=n / 3600), ["a", "b"]
        )

    few = trusted(6)
    with pytest.raises(
        ParameterError, match=r"6 test recordings are too few .* about 38 of the same classes"
    ):
        few.thresholds_at(0.05)
    assert 0.05 in trusted(38).false_positive_rates
    assert 0.05 not in trusted(36).false_positive_rates
    with pytest.raises(ParameterError, match=r"The lowest possible rate is 0\.001\."):
        few.thresholds_at(0.0001)
    with pytest.raises(ParameterError, match=r"6 s of test recordings are too short .* about 12 min 0 s are"):
        few.hourly_threshold_at(5)
    loaded = Confidence.from_files(few.to_files(), 2)
    assert (loaded.n_held_out, loaded.n_others, loaded.hours) == (6, 3, 6 / 3600)


def test_the_level_is_that_of_the_loudest_moment() -> None:
    burst = np.zeros(8000)
    burst[4000:4160] = 0.1 * np.tile([1.0, -1.0], 80)
    assert peak_level_db(Clip(burst, 8000)) == pytest.approx(-20, abs=0.1)
    assert peak_level_db(silence(sample_rate=8000)) == LOWEST_DB
    assert peak_level_db(Clip(np.full((1, 1), 0.5), 8000)) == LOWEST_DB


@pytest.mark.parametrize("rate", [4000, 8000, 16000, 22050, 44100, 48000])
def test_an_outline_can_be_made_at_any_rate_of_any_length(rate: int) -> None:
    for n_samples in (1, rate // 50, rate):
        row = SoundEmbedding(sample_rate=rate)(Clip(np.random.default_rng(0).normal(size=n_samples), rate))
        assert row.shape == (N_VALUES + 1,)
        assert np.isfinite(row).all()


@pytest.fixture(scope="module")
def trusted(speech: Recogniser, toy_corpus: Corpus, make_toy: Callable[..., Any]) -> Recogniser:
    """Return a trained recogniser that was told how far to trust itself, from sounds it did not learn."""
    model = copy.copy(speech)
    unseen = make_toy(12, seed=5)
    outline = SoundEmbedding(sample_rate=8000)
    learned = make_toy(9)
    novelty_detector = NoveltyDetector.fit(
        describe(learned.clips, outline), np.asarray(learned.labels), background_rows(8000)
    )
    rows = describe(unseen.clips, outline)
    given = HeldOut(
        np.asarray(unseen.labels),
        model.predict_proba(unseen.clips),
        rows[:, -1],
        novelty_detector.distance(rows),
    )
    model.set_confidence(fit_confidence(given, CLASSES, novelty_detector))
    return model


def test_silence_and_foreign_sounds_are_refused_and_its_own_are_not(
    trusted: Recogniser, speech: Recogniser, make_toy: Callable[..., Any]
) -> None:
    own = make_toy(20, seed=77).clips
    assert np.isin(trusted.decide(own), [SILENCE, NONE_OF_THESE]).mean() <= 0.05
    nothing = [silence(sample_rate=8000)]
    nothing += [gain(noise(colour="white", sample_rate=8000, seed=k), -60.0 + 9) for k in range(5)]
    assert set(trusted.decide(nothing).tolist()) <= {SILENCE, NONE_OF_THESE}
    loud = [noise(colour="white", sample_rate=8000, seed=k) for k in range(5)]
    assert set(trusted.decide(loud).tolist()) == {NONE_OF_THESE}
    # Without confidence every one of them is given a name, and scikit-learn's tools get one always.
    assert set(speech.decide([*nothing, *loud]).tolist()) <= set(CLASSES)
    assert set(trusted.predict([*nothing, *loud]).tolist()) <= set(CLASSES)


def test_a_refusal_has_no_probability_and_an_answer_a_calibrated_one(
    trusted: Recogniser, speech: Recogniser, make_toy: Callable[..., Any]
) -> None:
    clip = make_toy(1, seed=3).clips[0]
    [quiet, answer] = trusted.predictions([silence(sample_rate=8000), clip])
    assert (quiet.label, quiet.probability) == (SILENCE, None)
    assert sum(quiet.probabilities.values()) == pytest.approx(1)
    expected = trusted.confidence_.calibrate(speech.predict_proba([clip]))
    assert trusted.predict_proba([clip]).tolist() == expected.tolist()
    assert answer.probability == expected.max()


def test_a_wanted_rate_refuses_what_is_not_sure_enough(trusted: Recogniser, make_toy: Any) -> None:
    clips = make_toy(6, seed=21).clips
    impossible = replace(trusted.confidence_, thresholds=((math.inf,) * 3,), false_positive_rates=(0.01,))
    strict = copy.copy(trusted)
    strict.set_confidence(impossible)
    assert set(strict.decide(clips, false_positive_rate=0.01).tolist()) == {NONE_OF_THESE}
    assert NONE_OF_THESE not in strict.decide(clips[:1])


def test_a_saved_model_answers_and_refuses_the_same(
    trusted: Recogniser, make_toy: Callable[..., Any], tmp_path: Path
) -> None:
    trusted.save(tmp_path)
    loaded = woodshed.load(tmp_path)
    clips = [*make_toy(6, seed=8).clips, silence(sample_rate=8000), noise(colour="pink", sample_rate=8000)]
    assert [a.to_json() for a in loaded.predictions(clips)] == [
        a.to_json() for a in trusted.predictions(clips)
    ]
    assert replace(loaded.confidence_, novelty_detector=None) == replace(
        trusted.confidence_, novelty_detector=None
    )


def test_a_folder_without_it_loads_and_refuses_nothing(speech: Recogniser, tmp_path: Path) -> None:
    speech.save(tmp_path)
    assert not (tmp_path / CONFIDENCE_NAME).exists()
    assert woodshed.load(tmp_path).confidence_ == Confidence()


def test_learning_again_forgets_how_far_to_trust(trusted: Recogniser) -> None:
    model = copy.copy(trusted)
    names = ("classes", "feature", "files", "curve", "skipped")
    model.set_learned(**{name: getattr(model, f"{name}_") for name in names})
    assert model.confidence_ == Confidence()
    assert trusted.confidence_ != Confidence()


@pytest.mark.parametrize("damage", [b"{", b"{}", b'{"temperature": -1}', b"[1]"])
def test_what_cannot_be_understood_is_refused(damage: bytes, trusted: Recogniser) -> None:
    files = trusted.confidence_.to_files()
    with pytest.raises(ParameterError, match=r"confidence\.json cannot be parsed"):
        Confidence.from_files(files | {CONFIDENCE_NAME: damage}, 3)
    with pytest.raises(ParameterError, match="one threshold for each class"):
        Confidence.from_files(files, 4)
    with pytest.raises(ParameterError, match="not a novelty detector"):
        Confidence.from_files(files | {NOVELTY_NAME: b"PK"}, 3)


def test_an_evaluation_tells_before_after_and_refusals(trusted: Recogniser, toy_corpus: Corpus) -> None:
    [result] = evaluate(trusted, toy_corpus, leaky=True).splits
    assert result.judged is not None
    assert np.array_equal(result.judged.calibrated, result.outputs["net"])
    assert result.judged.temperatures == (trusted.confidence_.temperature,)
    assert (result.judged.refusals == "").mean() > 0.9


@pytest.mark.parametrize(("sharpened", "is_changed"), [(0.5, False), (3.0, True)])
def test_confidence_is_never_raised_by_groups_of_a_single_source(sharpened: float, is_changed: bool) -> None:
    given = held_out(sharpened=sharpened)
    single = replace(given, single_source=True)
    assert fit_confidence(given, CLASSES).temperature == pytest.approx(sharpened, rel=0.1)
    assert (fit_confidence(single, CLASSES).temperature > 1) == is_changed
    judged = cross_fit(single, CLASSES)
    assert judged is not None
    assert np.allclose(judged.calibrated, judged.raw) != is_changed
