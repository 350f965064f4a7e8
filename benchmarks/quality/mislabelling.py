"""Detection of wrong labels: 5 % of the labels of a corpus are changed, and several methods detect them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality.planting import SHARE, Material
from woodshed.data.doctor.copies import exact_sets, near_sets, recordings
from woodshed.data.doctor.outlier import (
    DOUBTED,
    centred_on_group,
    label_noise,
    left_out_scores,
    similarity,
    suspicious,
)

Rows = NDArray[np.float64]
Counts = tuple[int, int, int]
"""Number of planted faults, of these found, and of all reported ones."""

USED = f"all views, also relative to the group, from {DOUBTED:g} (default)"


@dataclass(frozen=True)
class Table:
    """Input of the methods: views, label, recording and group of each sound."""

    views: Sequence[Rows]
    labels: Sequence[str]
    units: Sequence[str]
    groups: Sequence[str] | None


@dataclass
class Detection:
    """Results on one corpus.

    Parameters
    ----------
    n_sounds
        Number of sounds.
    fair, raw
        Method -> counts for each seed; ``fair`` leaves out reports on the unmodified corpus.
    own
        Method -> number of labels reported in the unmodified corpus.
    ceiling
        For each seed, the best precision at the required recall, for models trained with the correct labels
        and the best threshold.
    """

    n_sounds: int
    fair: dict[str, list[Counts]] = field(default_factory=dict)
    raw: dict[str, list[Counts]] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    ceiling: list[float] = field(default_factory=list)


Method = Callable[[Table], set[int]]


def _method(n_views: int, *, by_group: bool, doubted: float) -> Method:
    def detect(table: Table) -> set[int]:
        groups = table.groups if by_group else None
        return set(suspicious(table.views[:n_views], table.labels, table.units, groups, doubted=doubted))

    return detect


METHODS: dict[str, Method] = {
    USED: _method(4, by_group=True, doubted=DOUBTED),
    "the same from 0.5": _method(4, by_group=True, doubted=0.5),
    f"all views, from {DOUBTED:g}": _method(4, by_group=False, doubted=DOUBTED),
    f"summary alone, from {DOUBTED:g}": _method(1, by_group=False, doubted=DOUBTED),
}


def table_of(material: Material) -> Table:
    """Return the table of the readable sounds."""
    looks, corpus = material.good, material.corpus
    near, _ = near_sets(corpus.examples, looks)
    units = recordings(len(corpus.examples), [*exact_sets(looks), *near])
    rows, groups = list(looks), corpus.groups
    return Table(
        material.views.split(np.stack([seen.views for seen in looks.values() if seen.views is not None])),
        [corpus.examples[k].label for k in rows],
        [units[k] for k in rows],
        None if groups is None else [groups[k] for k in rows],
    )


def change_labels(labels: Sequence[str], seed: int) -> tuple[list[str], set[int]]:
    """Change 5 % of the labels, drawn evenly; return all labels, and the changed rows."""
    rng = np.random.default_rng(seed)
    wrong = set(rng.choice(len(labels), round(SHARE * len(labels)), replace=False).tolist())
    classes = sorted(set(labels))
    return [
        str(rng.choice([other for other in classes if other != label])) if k in wrong else label
        for k, label in enumerate(labels)
    ], wrong


def detect_wrong_labels(material: Material, seeds: Sequence[int], recall: float) -> Detection:
    """Change labels, detect them with each method, and count."""
    table = table_of(material)
    made = Detection(len(table.labels))
    own = {name: method(table) for name, method in METHODS.items()}
    made.own = {name: len(found) for name, found in own.items()}
    seen = [*table.views, *(centred_on_group(view, table.labels, table.groups) for view in table.views)]
    codes = np.unique(table.labels, return_inverse=True)[1]
    scores = [left_out_scores(similarity(view), codes, table.units) for view in seen if view is not None]
    for seed in seeds:
        labels, wrong = change_labels(table.labels, seed)
        changed = Table(table.views, labels, table.units, table.groups)
        for name, method in METHODS.items():
            found = method(changed)
            hits, fair = len(found & wrong), found - (own[name] - wrong)
            made.fair.setdefault(name, []).append((len(wrong), hits, len(fair)))
            made.raw.setdefault(name, []).append((len(wrong), hits, len(found)))
        changed_codes = np.searchsorted(np.unique(table.labels), labels)
        made.ceiling.append(best_precision(label_noise(scores, changed_codes).probability, wrong, recall))
    return made


def best_precision(probability: Rows, wrong: set[int], recall: float) -> float:
    """Return the best precision of any threshold that reaches the recall."""
    hits = np.cumsum([int(k) in wrong for k in np.argsort(-probability, kind="stable")])
    reached = hits >= recall * len(wrong)
    return float((hits / np.arange(1, len(hits) + 1))[reached].max())


def recall_and_precision(counts: Sequence[Counts]) -> str:
    """Return recall and precision over all seeds as text."""
    planted, found, reported = np.sum(counts, axis=0)
    return f"{found / planted:.2f} / {found / max(1, reported):.2f}"


def precision(counts: Sequence[Counts]) -> float:
    """Return the precision over all seeds."""
    _, found, reported = np.sum(counts, axis=0)
    return float(found / max(1, reported))


def detection_table(detections: dict[str, Detection]) -> str:
    """Return the table of each method on each corpus, with the ceiling."""
    rows = [
        [
            method,
            *(
                f"{recall_and_precision(one.fair[method])} ({precision(one.raw[method]):.2f})"
                for one in detections.values()
            ),
        ]
        for method in METHODS
    ]
    rows += [["labels reported before planting", *(str(one.own[USED]) for one in detections.values())]]
    rows += [
        ["ceiling: precision at that recall", *(f"{np.mean(one.ceiling):.2f}" for one in detections.values())]
    ]
    return markdown_table(["method", *(f"{name} ({one.n_sounds})" for name, one in detections.items())], rows)
