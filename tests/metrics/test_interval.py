"""Bootstrap intervals: as wide as theory says, wider for groups, the same for the same seed."""

import json
import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from woodshed.errors import ParameterError
from woodshed.metrics.interval import Interval, bootstrap_interval, evaluate, share_interval, wilson_interval


@pytest.mark.parametrize("level", [0.68, 0.95])
def test_the_interval_of_a_share_is_as_wide_as_the_binomial_says(level: float) -> None:
    hits = np.arange(1000) < 700
    half = norm.ppf((1 + level) / 2) * math.sqrt(0.7 * 0.3 / 1000)
    low, high = share_interval(hits, n_resamples=4000, level=level)
    assert low == pytest.approx(0.7 - half, abs=0.0025)
    assert high == pytest.approx(0.7 + half, abs=0.0025)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_fast_share_is_the_general_bootstrap_of_the_mean(
    grouped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    hits = rng.random(90) < 0.6
    groups = rng.integers(12, size=90).astype(str) if grouped else None
    expected = bootstrap_interval(
        lambda drawn: hits[drawn].mean(), 90, seed=5, n_resamples=300, groups=groups
    )
    assert share_interval(hits, groups, seed=5, n_resamples=300) == expected
    # Nor does it matter how many draws are held in memory at once.
    monkeypatch.setattr("woodshed.metrics.interval._BLOCK", 200)
    assert share_interval(hits, groups, seed=5, n_resamples=300) == expected


def test_clips_of_one_speaker_are_worth_one_speaker() -> None:
    by_speaker = np.random.default_rng(2).random(20) < 0.7
    hits, groups = np.repeat(by_speaker, 50), np.repeat(np.arange(20), 50)
    assert share_interval(hits, groups) == share_interval(by_speaker)
    low, high = share_interval(hits)
    grouped_low, grouped_high = share_interval(hits, groups)
    # Fifty copies of each: pretending to independence narrows the interval by about sqrt(50) = 7.
    assert 5 < (grouped_high - grouped_low) / (high - low) < 9


def test_whole_groups_are_drawn() -> None:
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    sizes = {"a": 2, "b": 3, "c": 1}
    draws: list[dict[str, int]] = []

    def score(drawn: np.ndarray) -> float:
        names, counts = np.unique(groups[drawn], return_counts=True)
        draws.append(dict(zip(names.tolist(), counts.tolist(), strict=True)))
        return 0.0

    bootstrap_interval(score, 6, n_resamples=50, groups=groups)
    assert all(count % sizes[name] == 0 for draw in draws for name, count in draw.items())
    assert all(sum(count // sizes[name] for name, count in draw.items()) == 3 for draw in draws)
    assert len({tuple(draw.items()) for draw in draws}) > 5


def test_the_true_share_lies_in_the_interval_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    caught = 0
    for seed in range(300):
        low, high = share_interval(rng.random(200) < 0.8, seed=seed, n_resamples=400)
        caught += low <= 0.8 <= high
    # 0.95 of 300, give or take three standard deviations of a binomial and the percentile method's bias.
    assert 0.89 < caught / 300 < 0.985


def test_same_seed_same_interval() -> None:
    values = np.random.default_rng(4).normal(size=200)

    def interval(seed: int) -> Interval:
        return bootstrap_interval(lambda drawn: values[drawn].mean(), 200, seed=seed)

    assert interval(1) == interval(1) != interval(2)
    assert interval(1).low < values.mean() < interval(1).high
    half = 1.96 * values.std() / math.sqrt(200)
    assert interval(1).high - interval(1).low == pytest.approx(2 * half, rel=0.1)


def test_a_higher_level_gives_a_wider_interval() -> None:
    hits = np.arange(100) % 3 > 0
    widths = [high - low for low, high in (share_interval(hits, level=level) for level in (0.5, 0.9, 0.99))]
    assert widths[0] < widths[1] < widths[2]


def test_one_unit_alone_says_nothing() -> None:
    for low, high in (
        share_interval([True]),
        share_interval([True, False, True], ["theo"] * 3),
        bootstrap_interval(lambda drawn: 1.0, 3, groups=["theo"] * 3),
    ):
        assert math.isnan(low)
        assert math.isnan(high)


def test_draws_without_a_score_are_left_out() -> None:
    assert bootstrap_interval(lambda drawn: 0.5 if 0 in drawn else math.nan, 3) == (0.5, 0.5)
    assert math.isnan(bootstrap_interval(lambda drawn: math.nan, 3).low)


def test_wilson_interval_is_that_of_scipy() -> None:
    for n_right, n in [(0, 5), (3, 3), (7, 10), (450, 500)]:
        expected = binomtest(n_right, n).proportion_ci(method="wilson")
        assert wilson_interval(n_right, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_evaluate_says_what_the_share_rests_on() -> None:
    scores = evaluate([True, True, False, True, True, False], ["a", "a", "b", "b", "c", "c"])
    assert json.loads(json.dumps(scores)) == scores
    assert scores["share"] == pytest.approx(4 / 6)
    assert (scores["n_examples"], scores["n_groups"], scores["level"]) == (6, 3, 0.95)
    assert (scores["low"], scores["high"]) == (0.5, 1.0)
    assert evaluate([True, False])["n_groups"] is None


def test_arguments_out_of_range_are_refused() -> None:
    for bad, message in (
        ({"level": 95}, "For 95 % pass 0.95"),
        ({"n_resamples": 0}, "n_resamples must be at least 1, got 0"),
        ({"groups": ["a"]}, r"groups must have shape \(2,\), one for each example, got \(1,\)"),
    ):
        with pytest.raises(ParameterError, match=message):
            share_interval([True, False], **bad)  # type: ignore[arg-type]
        with pytest.raises(ParameterError, match=message):
            bootstrap_interval(lambda drawn: 0.0, 2, **bad)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="at least one example, got 0"):
        share_interval([])
    with pytest.raises(ParameterError, match="one boolean per example"):
        share_interval([0.3, 0.5])
    with pytest.raises(ParameterError, match="one boolean per example"):
        evaluate([[True], [False]])
    for n_right, n in ((0, 0), (4, 3), (-1, 3)):
        with pytest.raises(ParameterError, match=f"got {n_right} of {n}"):
            wilson_interval(n_right, n)
