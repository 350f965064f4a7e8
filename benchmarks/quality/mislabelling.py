"""Wrong labels: 5 % of a corpus's labels are changed, and several searches look for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality.planting import SHARE, Material
from woodshed.data.doctor.copies import exact_sets, near_sets
from woodshed.data.doctor.fold import recordings
from woodshed.data.doctor.kernel import left_out_scores, similarity
from woodshed.data.doctor.label_noise import label_noise
from woodshed.data.doctor.outlier import DOUBTED, centred_on_group, suspicious

Rows = NDArray[np.float64]
Counts = tuple[int, int, int]
"""How many were planted, how many of them were found, how many were reported in all."""

USED = f"all views, also beside the own group, from {DOUBTED:g} (used)"


@dataclass(frozen=True)
class Sheet:
    """What the search knows of each sound: its views, label, recording and group."""

    views: Sequence[Rows]
    labels: Sequence[str]
    units: Sequence[str]
    groups: Sequence[str] | None


@dataclass
class Hunt:
    """What was found in one corpus.

    Parameters
    ----------
    n_sounds
        How many there are.
    fair, raw
        For each search and seed the counts; fair: what was reported of the untouched corpus does not count.
    own
        For each search, how many labels of the untouched corpus it reports.
    ceiling
        For each seed, the best precision with which the given recall could be reached, had all sounds been
        learned under their right labels and the best threshold been known.
    """

    n_sounds: int
    fair: dict[str, list[Counts]] = field(default_factory=dict)
    raw: dict[str, list[Counts]] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    ceiling: list[float] = field(default_factory=list)


Search = Callable[[Sheet], set[int]]


def _search(n_views: int, *, beside: bool, doubted: float) -> Search:
    def look_for(sheet: Sheet) -> set[int]:
        groups = sheet.groups if beside else None
        return set(suspicious(sheet.views[:n_views], sheet.labels, sheet.units, groups, doubted=doubted))

    return look_for


SEARCHES: dict[str, Search] = {
    USED: _search(4, beside=True, doubted=DOUBTED),
    "the same from 0.5": _search(4, beside=True, doubted=0.5),
    f"all views, from {DOUBTED:g}": _search(4, beside=False, doubted=DOUBTED),
    f"summary alone, from {DOUBTED:g}": _search(1, beside=False, doubted=DOUBTED),
}


def sheet_of(material: Material) -> Sheet:
    """Lay out what is known of the sounds that could be read."""
    looks, corpus = material.good, material.corpus
    near, _ = near_sets(corpus.examples, looks)
    units = recordings(len(corpus.examples), [*exact_sets(looks), *near])
    rows, groups = list(looks), corpus.groups
    return Sheet(
        material.views.split(np.stack([seen.views for seen in looks.values() if seen.views is not None])),
        [corpus.examples[k].label for k in rows],
        [units[k] for k in rows],
        None if groups is None else [groups[k] for k in rows],
    )


def change_labels(labels: Sequence[str], seed: int) -> tuple[list[str], set[int]]:
    """Give 5 % of the rows another label, drawn evenly; return all labels, and the rows."""
    rng = np.random.default_rng(seed)
    wrong = set(rng.choice(len(labels), round(SHARE * len(labels)), replace=False).tolist())
    classes = sorted(set(labels))
    return [
        str(rng.choice([other for other in classes if other != label])) if k in wrong else label
        for k, label in enumerate(labels)
    ], wrong


def hunt(material: Material, seeds: Sequence[int], recall: float) -> Hunt:
    """Change labels and count which search finds them."""
    sheet = sheet_of(material)
    made = Hunt(len(sheet.labels))
    own = {name: search(sheet) for name, search in SEARCHES.items()}
    made.own = {name: len(found) for name, found in own.items()}
    seen = [*sheet.views, *(centred_on_group(view, sheet.labels, sheet.groups) for view in sheet.views)]
    codes = np.unique(sheet.labels, return_inverse=True)[1]
    taught = [left_out_scores(similarity(view), codes, sheet.units) for view in seen if view is not None]
    for seed in seeds:
        labels, wrong = change_labels(sheet.labels, seed)
        changed = Sheet(sheet.views, labels, sheet.units, sheet.groups)
        for name, search in SEARCHES.items():
            found = search(changed)
            hits, fair = len(found & wrong), found - (own[name] - wrong)
            made.fair.setdefault(name, []).append((len(wrong), hits, len(fair)))
            made.raw.setdefault(name, []).append((len(wrong), hits, len(found)))
        given = np.searchsorted(np.unique(sheet.labels), labels)
        made.ceiling.append(best_precision(label_noise(taught, given).probability, wrong, recall))
    return made


def best_precision(probability: Rows, wrong: set[int], recall: float) -> float:
    """Return the best precision of any threshold that reaches the recall."""
    hits = np.cumsum([int(k) in wrong for k in np.argsort(-probability, kind="stable")])
    reached = hits >= recall * len(wrong)
    return float((hits / np.arange(1, len(hits) + 1))[reached].max())


def told(counts: Sequence[Counts]) -> str:
    """Spell recall and precision of all seeds together."""
    planted, found, reported = np.sum(counts, axis=0)
    return f"{found / planted:.2f} / {found / max(1, reported):.2f}"


def precision(counts: Sequence[Counts]) -> float:
    """Return the precision of all seeds together."""
    _, found, reported = np.sum(counts, axis=0)
    return float(found / max(1, reported))


def hunt_table(hunts: dict[str, Hunt]) -> str:
    """Lay out what each search finds in each corpus, and how much could be found."""
    rows = [
        [
            search,
            *(f"{told(h.fair[search])} ({precision(h.raw[search]):.2f})" for h in hunts.values()),
        ]
        for search in SEARCHES
    ]
    rows += [["labels doubted before any was changed", *(str(h.own[USED]) for h in hunts.values())]]
    rows += [["ceiling: precision at that recall", *(f"{np.mean(h.ceiling):.2f}" for h in hunts.values())]]
    return markdown_table(["search", *(f"{name} ({h.n_sounds})" for name, h in hunts.items())], rows)
