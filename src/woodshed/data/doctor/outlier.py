"""Label errors: sounds whose label disagrees with a model fitted on all other recordings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.finding import Finding, share_of
from woodshed.data.doctor.fold import recordings
from woodshed.data.doctor.inspection import Inspection
from woodshed.data.doctor.kernel import left_out_scores, similarity
from woodshed.data.doctor.label_noise import label_noise
from woodshed.data.example import Corpus
from woodshed.errors import counted
from woodshed.features.views import Views

Rows = NDArray[np.float64]

DOUBTED = 0.2
"""Minimum probability of an error for a label to be reported: listening costs less than training on it."""

LEAST_OF_EACH = 3
"""Minimum number of recordings of a class; labels of smaller classes are not checked."""

LEAST_OF_GROUP = 10
"""Minimum number of rows for a group to be centred on its own mean."""

MOST_ROWS = 3000
"""Larger sets are checked in parts of at most this size, which bounds time and memory."""


def wrong_labels(
    corpus: Corpus, inspections: Mapping[int, Inspection], sets: Sequence[Sequence[int]], views: Views
) -> list[Finding]:
    """Report the sounds whose label is probably wrong, the most probable first.

    Parameters
    ----------
    corpus
        The rows.
    inspections
        Measurements by row; silent sounds are not checked.
    sets
        Sets of copies of one recording, which are left out together.
    views
        The feature of the measurements.
    """
    rows = [k for k, sound in inspections.items() if sound.views is not None and not sound.is_silent]
    units = recordings(len(corpus.examples), sets)
    labels, groups = corpus.labels, corpus.groups
    suspects: list[tuple[float, int, str]] = []
    n_parts = -(-len(rows) // MOST_ROWS) or 1
    for part in range(n_parts):
        some = rows[part::n_parts]
        if not some:
            continue
        tables = views.split(np.stack([inspections[k].views for k in some]))  # type: ignore[misc]
        errors = suspicious(
            tables,
            [labels[k] for k in some],
            [units[k] for k in some],
            None if groups is None else [groups[k] for k in some],
        )
        suspects += [(probability, some[j], other) for j, (other, probability) in errors.items()]
    if not suspects:
        return []
    suspects.sort(key=lambda suspect: (-suspect[0], suspect[1]))
    return [
        Finding(
            "wrong label",
            min(1.0, 0.35 + 3 * share_of(len(suspects), len(corpus.examples))),
            tuple(corpus.examples[k].path for _, k, _ in suspects),
            f"{counted(len(suspects), 'sound')} more similar to another class than to that of the label. "
            "Correct labels of unusual sounds may be among them.",
            "Listen to each (woodshed audio play FILE), and correct wrong labels.",
            tuple(
                f"labelled {labels[k]!r}, sounds like {other!r} (probability of an error {probability:.0%})"
                for probability, k, other in suspects
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
    """Find the rows whose label is probably wrong.

    In each view, and in each view centred on the mean of the group, the classes are scored for a row by its
    similarity to all rows of other recordings (`woodshed.data.doctor.kernel.left_out_scores`);
    `woodshed.data.doctor.label_noise.label_noise` combines the scores.

    Parameters
    ----------
    views
        Features of all sounds, each of shape ``(n_sounds, n_values)``.
    labels, units, groups
        Label, recording and group of each row. Rows of one unit are left out together; rows of a group, such
        as a speaker, are not, and are also centred on its mean.
    doubted
        Minimum probability of an error.

    Returns
    -------
    dict
        Row -> the most probable other class, and the probability that the label is wrong.

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
    checked = np.flatnonzero([len(units_of[label]) >= LEAST_OF_EACH for label in labels])
    classes, codes = np.unique(np.asarray(labels)[checked], return_inverse=True)
    if len(classes) < 2:
        return {}
    centred = [centred_on_group(view, labels, groups) for view in views]
    scores = [
        left_out_scores(similarity(view[checked]), codes, [units[int(k)] for k in checked])
        for view in (*views, *centred)
        if view is not None
    ]
    noise = label_noise(scores, codes)
    return {
        int(checked[j]): (str(classes[noise.other[j]]), float(noise.probability[j]))
        for j in np.flatnonzero(noise.probability >= doubted)
    }


def centred_on_group(view: Rows, labels: Sequence[str], groups: Sequence[str] | None) -> Rows | None:
    """Subtract from each row the mean of its group; None if no group is suitable.

    Values that are unusual overall are often usual for one voice or one microphone. Groups that are small or
    contain a single class are centred on the overall mean: their own mean would remove the class.

    Examples
    --------
    >>> view, labels = np.arange(20.0)[:, np.newaxis], ["low", "high"] * 10
    >>> centred_on_group(view, labels, ["ann"] * 10 + ["bob"] * 10)[[0, 10], 0].tolist()
    [-4.5, -4.5]
    >>> centred_on_group(view, labels, [str(k) for k in range(20)]) is None
    True
    """
    if groups is None:
        return None
    names, group_codes = np.unique(np.asarray(groups), return_inverse=True)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    centred, is_any = view - view.mean(axis=0), False
    for k in range(len(names)):
        rows = np.flatnonzero(group_codes == k)
        if len(rows) >= LEAST_OF_GROUP and len(np.unique(codes[rows])) > 1:
            centred[rows] -= centred[rows].mean(axis=0)
            is_any = True
    return centred if is_any else None
