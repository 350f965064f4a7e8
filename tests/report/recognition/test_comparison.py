"""A comparison's tables and page: who is first, which differences count, what is said beside them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.recognition.experiments.model_comparison import Comparison, Costs
from woodshed.recognition.heads.classes import ClassesHead
from woodshed.recognition.heads.tags import TagsHead
from woodshed.recognition.heads.values import ValuesHead
from woodshed.report.recognition.comparison import (
    cells,
    comparison_page,
    heading,
    ranking,
    remarks,
    to_markdown,
    to_values,
    write_comparison,
)

N = 200


def answers_with(wrong: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return answers that are right but for some rows."""
    return np.where(wrong[:, np.newaxis], 1 - truth, truth).astype(float)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Return three nets: the best, one as good on other clips, and one that is clearly worse; 20 groups."""
    rows = np.arange(N)
    truth = np.eye(2)[rows % 2]
    examples = tuple(Example(Path(f"{k}.wav"), "ab"[k % 2], group=f"g{k // 10}") for k in rows)
    return Comparison(
        task="noise",
        head=ClassesHead(),
        corpus=Corpus("<b>made up", examples),
        names=("a", "b"),
        split="unseen groups, 2 folds",
        leaky=False,
        indices=rows,
        truth=truth,
        outputs={
            "other": answers_with(rows % 10 == 1, truth) * 1.0,
            "worse": answers_with(rows % 10 < 4, truth),
            "best": answers_with((rows % 10 == 2) & (rows > 9), truth),
            "majority": np.tile([0.5, 0.5], (N, 1)),
        },
        costs={
            "other": Costs(1.0, 1234, 50_000, 0.002, 700e6),
            "worse": Costs(2.0, 0, 10_000, 0.001, 150e6),
            "best": Costs(3.0, 99, 20_000, 0.003, float("nan")),
        },
        failed={"lstm": "<i>it fell over"},
    )


def test_the_best_comes_first_and_differences_are_paired(comparison: Comparison) -> None:
    ranked = ranking(comparison)
    assert [one.net for one in ranked] == ["best", "other", "worse", "majority"]
    best, other, worse, majority = ranked
    assert best.difference is None
    assert best.score.value == pytest.approx(1 - 19 / N)
    # In every group but the first both are wrong once: the difference varies by one group alone, far less
    # than either score does between clips.
    assert other.difference.value == pytest.approx(-1 / N)
    assert other.difference.interval.low >= -0.02
    assert other.difference.interval.high == 0
    assert other.is_significant is False
    # Wrong on 4 of 10 in every group, against 1 of 10 in all but one: at least 0.3 apart in any draw.
    assert worse.difference.interval.high == pytest.approx(-0.3)
    assert worse.is_significant is True
    assert majority.costs is None


def test_without_groups_clips_are_drawn_singly_and_with_one_group_nothing_is_known(
    comparison: Comparison,
) -> None:
    alone = tuple(replace(example, group=None) for example in comparison.corpus.examples)
    by_clip = ranking(replace(comparison, corpus=replace(comparison.corpus, examples=alone)))[1]
    by_group = ranking(comparison)[1]
    low, high = by_clip.difference.interval
    assert high - low > 2 * (by_group.difference.interval.high - by_group.difference.interval.low)
    one = tuple(replace(example, group="ann") for example in comparison.corpus.examples)
    unknown = ranking(replace(comparison, corpus=replace(comparison.corpus, examples=one)))[1]
    assert unknown.is_significant is None
    assert cells(comparison, unknown)[3] == "-0.5 points"


def test_values_are_ranked_by_what_is_explained(comparison: Comparison) -> None:
    truth = np.linspace(0, 1, N)[:, np.newaxis]
    noise = np.random.default_rng(0).normal(0, 0.1, truth.shape)
    valued = replace(
        comparison,
        head=ValuesHead(),
        names=("mood",),
        truth=truth,
        outputs={"other": truth + noise, "best": truth + 0.1 * noise, "mean": np.full_like(truth, 0.5)},
        costs={name: comparison.costs[name] for name in ("other", "best")},
    )
    ranked = ranking(valued)
    assert [one.net for one in ranked] == ["best", "other", "mean"]
    spread = np.var(truth)
    assert ranked[1].score.value == pytest.approx(1 - np.mean(noise**2) / spread)
    assert ranked[2].score.value == pytest.approx(0)
    assert heading(valued)[1] == "mean R²"


def test_tags_are_ranked_by_the_area_under_the_curve(comparison: Comparison) -> None:
    tagged = replace(comparison, head=TagsHead())
    areas = {one.net: one.score.value for one in ranking(tagged)}
    assert areas["majority"] == 0.5
    assert heading(tagged)[1] == "macro ROC-AUC"


def test_the_tables_say_what_each_costs(comparison: Comparison) -> None:
    ranked = ranking(comparison)
    assert cells(comparison, ranked[1])[4:] == ("1.00 s", "1,234", "50 kB", "0.00200 s", "700 MB")
    assert cells(comparison, ranked[0])[3:] == ("the best", "3.00 s", "99", "20 kB", "0.00300 s", "–")
    text = to_markdown(comparison, ranked)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1
    assert [line.split()[1] for line in rows[2:]] == ["best", "other", "worse", "majority"]
    assert "not significant" in rows[3]
    assert "not significant" not in rows[4]
    assert "it fell over" in text


def test_a_leaky_split_and_an_interruption_are_told_everywhere(comparison: Comparison) -> None:
    assert remarks(comparison) == ["Skipped lstm: <i>it fell over"]
    leaky = replace(comparison, leaky=True, interrupted=True)
    ranked = ranking(leaky)
    for text in ("\n".join(remarks(leaky)), to_markdown(leaky, ranked), comparison_page(leaky, ranked)):
        assert "Leaky" in text
        assert "Interrupted" in text


def test_the_page_holds_everything_and_escapes_names(comparison: Comparison, tmp_path: Path) -> None:
    ranked = ranking(comparison)
    write_comparison(comparison, ranked, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "comparison.html",
        "comparison.json",
        "comparison.md",
    ]
    page = (tmp_path / "comparison.html").read_text("utf-8")
    assert "<b>made up" not in page
    assert "<i>it fell" not in page
    assert page.count("<circle") == 4
    assert "Best of 3 models: <b>best</b>" in page
    assert "No significant difference from: other." in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    found = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert found == json.loads(json.dumps(found))
    assert [one["net"] for one in found["candidates"]] == ["best", "other", "worse", "majority"]
    assert found["candidates"][0]["costs"]["peak_bytes"] is None
    assert found["candidates"][2]["is_significant"] is True
    assert to_values(comparison, ranked)["failed"] == {"lstm": "<i>it fell over"}


def test_a_setting_without_a_value_has_a_cell(comparison: Comparison) -> None:
    page = comparison_page(replace(comparison, settings={"front_end": None}), ranking(comparison))
    assert "front_end</th><td>None</td>" in page


def test_files_that_were_lost_during_the_run_are_named(comparison: Comparison) -> None:
    lost = replace(comparison, skipped=(Skipped(Path("3.wav"), "it was deleted."),))
    assert "Skipped 3.wav: it was deleted." in remarks(lost)
    assert to_values(lost, ranking(lost))["skipped"] == {"3.wav": "it was deleted."}
