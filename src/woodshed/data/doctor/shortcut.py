"""Shortcuts: cues such as loudness or file format from which the class can be predicted."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.finding import Finding
from woodshed.data.doctor.inspection import Inspection
from woodshed.data.example import Corpus
from woodshed.data.split import Indices, stratified_folds, stratified_group_folds
from woodshed.errors import DataError
from woodshed.units import amplitude_to_db

Rows = NDArray[np.float64]

MIN_INFORMEDNESS = 0.25
"""Minimum mean informedness of a shortcut."""

MIN_CLASS_INFORMEDNESS = 0.5
"""Minimum lower confidence limit of the informedness of a class that a cue predicts."""

MOST_ROWS = 5000
"""Maximum number of sounds to evaluate, evenly spaced; more do not change the result."""

N_TREES = 50

_N_DRAWS = 500

CUES: dict[str, Callable[[Inspection], tuple[object, ...]]] = {
    "loudness": lambda sound: (sound.level_db, amplitude_to_db(sound.peak)),
    "length": lambda sound: (sound.duration_s,),
    "band limit": lambda sound: (sound.band_hz, sound.band_drop_db),
    "format": lambda sound: (sound.codec, sound.sample_rate, sound.n_channels),
    # Not the share below -60 dBFS, which depends on the level of the recording.
    "silence": lambda sound: (sound.lead_s, sound.trail_s, sound.zero_share),
}
"""Name of a cue -> its values for a sound."""

_REPAIR = {
    "loudness": "woodshed audio normalise FOLDER --out fixed",
    "length": "Train with a window (--window-s) shorter than the shortest class, or cut all to one length: "
    "woodshed audio split FOLDER --out fixed",
    "band limit": "Filter all at the same frequency: "
    "woodshed audio filter FOLDER --low-pass-hz HZ --out fixed",
    "format": "woodshed audio convert FOLDER --to wav --sample-rate HZ --channels 1 --out fixed. "
    "The band limit of lossy formats remains",
    "silence": "woodshed audio trim FOLDER --silence --out fixed",
}


@dataclass(frozen=True)
class CueScore:
    """Cross-validated prediction of the class from one cue alone, with folds that share no unit.

    The informedness of a class is its recall minus its false-positive rate: 0 by chance, independent of the
    class balance, and 1 for perfect prediction (D. M. W. Powers, 2011).

    Parameters
    ----------
    cue
        One of `CUES`.
    mean, mean_low, mean_high
        Mean informedness of the classes, and its 95 % bootstrap interval over units.
    label, best, best_low, best_high
        The best-predicted class, its informedness and interval.
    predicted_classes
        All classes whose lower limit is at least `MIN_CLASS_INFORMEDNESS`.
    """

    cue: str
    mean: float
    mean_low: float
    mean_high: float
    label: str
    best: float
    best_low: float
    best_high: float
    predicted_classes: tuple[str, ...] = ()

    @property
    def is_shortcut(self) -> bool:
        """Whether the cue predicts the classes, or at least one of them."""
        predicts_classes = self.mean >= MIN_INFORMEDNESS and self.mean_low > 0
        return predicts_classes or self.best_low >= MIN_CLASS_INFORMEDNESS


def shortcuts(
    corpus: Corpus, inspections: Mapping[int, Inspection], units: Sequence[str], *, seed: int = 0
) -> Iterator[Finding]:
    """Report the cues from which the class can be predicted.

    Parameters
    ----------
    corpus
        The rows.
    inspections
        Measurements by row.
    units
        Recording of each row; see `woodshed.data.doctor.copies.recordings`.
    seed
        Seed of folds, forests and bootstrap.
    """
    if len(set(corpus.labels)) < 2:
        return
    for score in cue_scores(corpus.labels, inspections, units, seed=seed):
        if not score.is_shortcut:
            continue
        classes = {score.label, *score.predicted_classes}
        files = tuple(corpus.examples[k].path for k in inspections if corpus.examples[k].label in classes)
        others = ", ".join(repr(name) for name in score.predicted_classes if name != score.label)
        yield Finding(
            f"shortcut: {score.cue}",
            min(1.0, 0.3 + 0.6 * max(score.mean, score.best_low - 0.3)),
            files,
            f"The {score.cue} alone predicts the classes with informedness {score.mean:.2f} "
            f"({score.mean_low:.2f}–{score.mean_high:.2f}; 0 is chance, 1 is perfect), best "
            f"{score.label!r} with {score.best:.2f} ({score.best_low:.2f}–{score.best_high:.2f})"
            f"{f'; also {others}' if others else ''}. "
            "If that is an artefact of the recording, a model will learn it instead of the class.",
            _REPAIR[score.cue],
        )


def cue_scores(
    labels: Sequence[str],
    inspections: Mapping[int, Inspection],
    units: Sequence[str],
    *,
    cues: Sequence[str] = tuple(CUES),
    seed: int = 0,
) -> list[CueScore]:
    """Evaluate each cue that is not constant; see `CueScore`."""
    rows = list(inspections)[:: -(-len(inspections) // MOST_ROWS) or 1]
    names = [labels[k] for k in rows]
    row_units = [units[k] for k in rows]
    test_folds = folds(names, row_units, 5, seed)
    if len(test_folds) < 2:
        return []
    scores = []
    for cue in cues:
        values = _numbers([CUES[cue](inspections[k]) for k in rows])
        if (values != values[:1]).any():
            predictions = _predict(values, names, test_folds, seed)
            scores.append(_score(cue, names, predictions, row_units, seed))
    return scores


def _predict(
    values: Rows, names: Sequence[str], test_folds: Sequence[NDArray[np.int64]], seed: int
) -> list[str]:
    """Return out-of-fold predictions of a random forest."""
    from sklearn.ensemble import RandomForestClassifier

    classes, codes = np.unique(np.asarray(names), return_inverse=True)
    predicted = np.empty_like(codes)
    for test in test_folds:
        train = np.setdiff1d(np.arange(len(codes)), test)
        forest = RandomForestClassifier(
            N_TREES, min_samples_leaf=max(2, len(train) // 200), class_weight="balanced", random_state=seed
        )
        predicted[test] = forest.fit(values[train], codes[train]).predict(values[test])
    return [str(classes[code]) for code in predicted]


def _score(
    cue: str, names: Sequence[str], predictions: Sequence[str], units: Sequence[str], seed: int
) -> CueScore:
    """Return the informedness of predictions, with bootstrap intervals over units."""
    classes, truth = np.unique(np.asarray(names), return_inverse=True)
    predicted = np.searchsorted(classes, np.asarray(predictions))
    unit = np.unique(np.asarray(units), return_inverse=True)[1]
    # For each unit and class: number of examples, true positives, predictions.
    counts = np.zeros((3, unit.max() + 1, len(classes)))
    np.add.at(counts[0], (unit, truth), 1)
    np.add.at(counts[1], (unit, truth), truth == predicted)
    np.add.at(counts[2], (unit, predicted), 1)
    n_units = counts.shape[1]
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=_N_DRAWS)
    whole = _informedness(counts.sum(axis=1))
    spread = _informedness(draws.astype(float) @ counts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a class that is in no draw
        low, high = np.nan_to_num(np.nanpercentile(spread, (2.5, 97.5), axis=0), nan=-1.0)
        means = np.nan_to_num(np.nanmean(spread, axis=1), nan=-1.0)
    best = int(low.argmax())
    return CueScore(
        cue,
        float(whole.mean()),
        float(np.percentile(means, 2.5)),
        float(np.percentile(means, 97.5)),
        str(classes[best]),
        float(whole[best]),
        float(low[best]),
        float(high[best]),
        tuple(str(name) for name in classes[low >= MIN_CLASS_INFORMEDNESS]),
    )


def _informedness(counts: Rows) -> Rows:
    """Return the informedness of each class from totals ``(3, ..., n_classes)``; NaN without examples."""
    n_class, n_correct, n_predicted = counts
    n_all = n_class.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        informedness: Rows = n_correct / n_class - (n_predicted - n_correct) / (n_all - n_class)
    return informedness


def _numbers(rows: Sequence[tuple[object, ...]]) -> Rows:
    """Convert cue values to numbers; equal words get equal numbers."""
    columns = [
        np.unique(column, return_inverse=True)[1] if isinstance(column[0], str) else column
        for column in zip(*rows, strict=True)
    ]
    return np.stack(columns, axis=1, dtype=np.float64)


def folds(labels: Sequence[str], units: Sequence[str], n_folds: int, seed: int) -> list[Indices]:
    """Return stratified folds that keep units together, or split units if a class has too few of them.

    No folds are returned if every class has a single row.

    Examples
    --------
    >>> [fold.tolist() for fold in folds(["a", "b", "a", "b"], ["x", "x", "y", "y"], 5, 0)]
    [[2, 3], [0, 1]]
    >>> folds(["a", "b"], ["x", "y"], 5, 0)
    []
    """
    if max(Counter(labels).values(), default=0) < 2:
        return []
    try:
        return stratified_group_folds(labels, units, min(n_folds, max(2, len(set(units)))), seed)
    except (DataError, ValueError):  # DataError: a class with one unit; ValueError: one unit in total
        return stratified_folds(labels, n_folds, seed)
