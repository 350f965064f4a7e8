"""Wrong labels: sounds that all the others, by their likeness, speak against being what they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.doubt import doubts
from woodshed.data.doctor.finding import Finding, share_of
from woodshed.data.doctor.fold import recordings
from woodshed.data.doctor.kernel import left_out_scores, similarity
from woodshed.data.doctor.look import Look
from woodshed.data.doctor.view import beside_own_group
from woodshed.data.example import Corpus
from woodshed.errors import counted
from woodshed.features.views import Views

Rows = NDArray[np.float64]

DOUBTED = 0.2
"""A label that is so probably wrong is worth listening to: that costs less than to learn from it."""

LEAST_OF_EACH = 3
"""A class of fewer recordings is not judged: nobody could tell its likeness."""

MOST_ROWS = 3000
"""Of larger sets, parts of so many sounds are judged one after the other, which bounds time and memory."""


def wrong_labels(
    corpus: Corpus, looks: Mapping[int, Look], sets: Sequence[Sequence[int]], views: Views
) -> list[Finding]:
    """Report the sounds whose label is probably wrong, the surest first.

    Parameters
    ----------
    corpus
        The rows.
    looks
        What was seen of them; silent ones are not judged.
    sets
        Copies of one recording, none of which vouches for another.
    views
        What described the sounds.
    """
    rows = [k for k, seen in looks.items() if seen.views is not None and not seen.is_silent]
    units = recordings(len(corpus.examples), sets)
    labels, groups = corpus.labels, corpus.groups
    suspects: list[tuple[float, int, str]] = []
    n_parts = -(-len(rows) // MOST_ROWS) or 1
    for part in range(n_parts):
        some = rows[part::n_parts]
        if not some:
            continue
        told = views.apart(np.stack([looks[k].views for k in some]))  # type: ignore[misc]
        found = suspicious(
            told,
            [labels[k] for k in some],
            [units[k] for k in some],
            None if groups is None else [groups[k] for k in some],
        )
        suspects += [(sure, some[j], other) for j, (other, sure) in found.items()]
    if not suspects:
        return []
    suspects.sort(key=lambda suspect: (-suspect[0], suspect[1]))
    return [
        Finding(
            "wrong label",
            min(1.0, 0.35 + 3 * share_of(len(suspects), len(corpus.examples))),
            tuple(corpus.examples[k].path for _, k, _ in suspects),
            f"{counted(len(suspects), 'sound')} would be named otherwise by what all the others are like. "
            "Some are merely unusual: only listening tells.",
            "Listen to each (woodshed audio play FILE), and correct the label where it is wrong.",
            tuple(
                f"labelled {labels[k]!r}, sounds like {other!r} (probably wrong by {sure:.0%})"
                for sure, k, other in suspects
            ),
        )
    ]


def suspicious(
    views: Sequence[Rows],
    labels: Sequence[str],
    units: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    doubted: float = DOUBTED,
) -> dict[int, tuple[str, float]]:
    """Find the rows whose label all others speak against.

    In each view, and in each view as seen from the row's own group, the classes are scored for a row by its
    likeness to all rows of other recordings (`woodshed.data.doctor.kernel.left_out_scores`); what that says
    against the label is weighed by `woodshed.data.doctor.doubt.doubts`.

    Parameters
    ----------
    views
        Tables of shape ``(n_sounds, n_values)``, each of which describes all the sounds.
    labels, units, groups
        Of each row: rows of one unit do not vouch for each other; those of a group, such as a speaker, do,
        and are also compared with its mean.
    doubted
        From this probability on, that a label is wrong, it is reported.

    Returns
    -------
    dict
        Row -> the other class, and the probability that the label is wrong.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = np.repeat([[0.0, 0.0], [5.0, 5.0]], 20, axis=0) + rng.normal(size=(40, 2))
    >>> labels = ["low"] * 20 + ["high"] * 20
    >>> labels[3] = "high"
    >>> list(suspicious([values], labels, [str(k) for k in range(40)]))
    [3]
    """
    units_of: defaultdict[str, set[str]] = defaultdict(set)
    for label, unit in zip(labels, units, strict=True):
        units_of[label].add(unit)
    judged = np.array([len(units_of[label]) >= LEAST_OF_EACH for label in labels])
    kept = np.flatnonzero(judged)
    classes, codes = np.unique(np.asarray(labels)[kept], return_inverse=True)
    if len(classes) < 2:
        return {}
    own_units = [unit for unit, is_judged in zip(units, judged, strict=True) if is_judged]
    scores = [
        left_out_scores(similarity(view[kept]), codes, own_units) for view in _seen(views, labels, groups)
    ]
    found = doubts(scores, codes)
    return {
        int(kept[j]): (str(classes[found.other[j]]), float(found.probability[j]))
        for j in np.flatnonzero(found.probability >= doubted)
    }


def _seen(views: Sequence[Rows], labels: Sequence[str], groups: Sequence[str] | None) -> list[Rows]:
    """Return the views, and those of them that are seen from the own group."""
    relative = [beside_own_group(view, labels, groups) for view in views]
    return [*views, *(view for view in relative if view is not None)]
