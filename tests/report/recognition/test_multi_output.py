"""Reports of taggers and regressors: scores, badges, counts and files."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, mean_absolute_error, r2_score, roc_auc_score

from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.recognition.heads.head import Head
from woodshed.recognition.heads.tags import TagsHead
from woodshed.recognition.heads.values import ValuesHead
from woodshed.report.recognition.folder import card
from woodshed.report.recognition.head_report import report_of
from woodshed.report.recognition.page import page


def experiment_of(experiment: Experiment, head: Head, names: list[str], truth: np.ndarray) -> Experiment:
    """Return an experiment with 48 clips, tested on a leaky and on a grouped split."""
    rng = np.random.default_rng(1)
    outputs = 0.6 * np.nan_to_num(truth) + rng.uniform(0, 0.3, truth.shape)
    examples = tuple(
        replace(
            example,
            label="",
            values={name: float(value) for name, value in zip(names, row, strict=True) if value == value},
        )
        for example, row in zip(experiment.corpus.examples, truth, strict=True)
    )
    leaky, grouped = experiment.splits
    splits = []
    for split, rows in ((leaky, leaky.indices), (grouped, grouped.indices)):
        mean = np.tile(np.nanmean(truth, axis=0), (len(rows), 1))
        noise = 0.0 if split.leaky else rng.uniform(0, 0.1, (len(rows), len(names)))
        by_method = {"net": outputs[rows] + noise, "mean": mean}
        decisions = (outputs[rows] > 0.5).astype(float)
        splits.append(replace(split, truth=truth[rows], outputs=by_method, decisions=decisions))
    corpus = replace(experiment.corpus, examples=examples)
    return replace(experiment, head=head, corpus=corpus, names=tuple(names), splits=tuple(splits))


@pytest.fixture(scope="module")
def tags(experiment: Experiment) -> Experiment:
    truth = (np.random.default_rng(0).uniform(size=(48, 3)) > 0.6).astype(float)
    return experiment_of(experiment, TagsHead(), ["<b>drums", "fast", "loud"], truth)


@pytest.fixture(scope="module")
def values(experiment: Experiment) -> Experiment:
    truth = np.random.default_rng(0).uniform(size=(48, 2))
    truth[3, 0] = np.nan
    return experiment_of(experiment, ValuesHead(), ["valence", "arousal"], truth)


def model_of(experiment: Experiment) -> tuple[SplitResult, np.ndarray, np.ndarray]:
    grouped = experiment.splits[1]
    return grouped, grouped.truth, grouped.outputs["net"]


def cells_of(text: str, section: str, row: str) -> list[str]:
    """Return the cells of the first row of a section with the given heading."""
    part = text.split(f'<section id="{section}">')[1].split("</section>")[0]
    part = re.sub(r'<span class="sub">.*?</span>', "", part)
    rows = [re.findall(r"<t[hd].*?</t[hd]>", found) for found in re.findall(r"<tr.*?</tr>", part)]
    cells = [[re.sub(r"<.*?>", "", cell).strip() for cell in found] for found in rows]
    return next(found for found in cells if found[0] == row)


def test_scores_of_tags_are_those_of_scikit_learn(tags: Experiment) -> None:
    _, truth, outputs = model_of(tags)
    text = page(tags)
    expected = [roc_auc_score(truth, outputs, average=average) for average in ("macro", "micro")]
    expected += [average_precision_score(truth, outputs, average=average) for average in ("macro", "micro")]
    assert cells_of(text, "scores", "net")[1:5] == [f"{score:.3f}" for score in expected]
    areas = roc_auc_score(truth, outputs, average=None)
    assert cells_of(text, "outputs", "fast")[1] == f"{areas[1]:.3f}"
    assert f"Macro ROC-AUC on <bdi>unseen groups</bdi>: <b>{expected[0]:.3f}</b>" in text


def test_scores_of_values_leave_out_unknown_ones(values: Experiment) -> None:
    _, truth, outputs = model_of(values)
    known = ~np.isnan(truth[:, 0])
    text = page(values)
    cells = cells_of(text, "outputs", "valence")
    assert cells[1] == f"{r2_score(truth[known, 0], outputs[known, 0]):.3f}"
    assert cells[2] == f"{mean_absolute_error(truth[known, 0], outputs[known, 0]):.3f}"
    assert cells[-1] == "47"
    assert len(re.findall(r"<title>(?:valence|arousal): predicted over true", text)) == 2


@pytest.mark.parametrize("name", ["tags", "values"])
def test_the_badge_is_beside_every_number_of_the_leaky_split_and_no_other(
    name: str, request: pytest.FixtureRequest
) -> None:
    experiment = request.getfixturevalue(name)
    n_measures = len(report_of(experiment.head).measures)
    assert page(experiment).count('class="badge"') == 1 + 2 * n_measures  # net and mean
    leaky_only = page(replace(experiment, splits=experiment.splits[:1]))
    for section in ("outputs", "learning"):
        assert f'<section id="{section}"><h2>' in leaky_only
        assert 'class="badge"' in leaky_only.split(f'<section id="{section}">')[1].split("</h2>")[0]


def test_clips_are_counted_by_group_and_tag(tags: Experiment) -> None:
    counts = tags.splits[1].truth.sum(axis=0).astype(int).astype(str).tolist()
    assert cells_of(page(tags), "background", "all") == ["all", *counts, "48"]
    text = card(tags)
    assert f"| clips by tag | \\<b\\>drums {counts[0]}, fast {counts[1]}, loud {counts[2]} |" in text
    assert "Predicts 3 tags: " in text
    assert "- Only 6 groups in the test part" in text
    assert "<b>drums" not in page(tags)


def test_metrics_hold_every_score_with_its_interval(values: Experiment) -> None:
    metrics = report_of(values.head).metrics(values)
    leaky, grouped = metrics["splits"]  # type: ignore[misc]
    assert (leaky["leaky"], grouped["leaky"]) == (True, False)
    value, low, high = grouped["methods"]["net"]["mean R²"]
    assert low < value < high
    assert list(grouped["columns"]["R²"]) == ["valence", "arousal"]
    assert metrics["scores"][0]["value"] == value  # type: ignore[index]
