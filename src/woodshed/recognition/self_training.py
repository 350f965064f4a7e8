"""Self-training: pseudo-labels for unlabelled clips.

A model is trained on the labelled clips, predicts the unlabelled ones, and is trained again on both. The
probability from which a prediction is used is measured, not set: parts of the labelled clips are held out,
and predictions count from the probability on at which nine of ten held-out clips are right. If there is no
such probability, no prediction is used and nothing changes. A pseudo-labelled clip has half the weight of a
labelled one. Whole groups are held out, unless every unlabelled clip belongs to a group that has labelled
clips too.

Self-training can also reinforce errors. Whether it helps shows in the score, in which no unlabelled clip
takes part.

References
----------
D.-H. Lee, "Pseudo-label: the simple and efficient semi-supervised learning method for deep neural networks",
workshop at ICML 2013. There the labels are set anew in each batch, and all of them are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.example import Corpus, Example, Skipped, Sounds
from woodshed.data.split import stratified_folds, stratified_group_folds
from woodshed.data.table import NO_LABEL
from woodshed.errors import DataError
from woodshed.metrics.threshold import threshold_for_precision
from woodshed.recognition.learners import check_lengths

SELF_TRAINING_MODES = ("pseudo",)
"""Values of the setting ``unlabelled``."""

TARGET_PRECISION = 0.9
"""Share of the held-out predictions that must be right from the chosen probability on."""

PSEUDO_WEIGHT = 0.5
"""Weight of a pseudo-labelled clip; a labelled one has weight 1."""

N_PARTS = 3
"""Parts of the labelled clips, each predicted by a model trained on the others."""

N_TRAININGS = N_PARTS + 2
"""Trainings instead of one: one for each part, one that predicts the unlabelled clips, and the last."""

MIN_HELD_OUT = 10
"""Least number of held-out predictions that a precision is computed from."""


@dataclass(frozen=True)
class PseudoLabels:
    """Labels given to unlabelled clips.

    Parameters
    ----------
    n_unlabelled
        Number of unlabelled clips.
    names
        Index of a clip that was trained on -> the label it was given.
    least_probability
        Probability from which predictions were used; None if there was none.

    Examples
    --------
    >>> PseudoLabels(20, {3: "yes", 17: "no"}, 0.8).to_text()
    '2 of 20 unlabelled clips used, labelled by predictions of probability 0.80 or more'
    >>> PseudoLabels(20, {}, None).to_text()
    'none of 20 unlabelled clips used: no prediction was certain enough'
    """

    n_unlabelled: int
    names: Mapping[int, Any]
    least_probability: float | None

    def to_text(self) -> str:
        """Return a summary in words."""
        total = f"of {self.n_unlabelled:,} unlabelled clips used"
        if self.least_probability is None or not self.names:
            return f"none {total}: no prediction was certain enough"
        return (
            f"{len(self.names):,} {total}, labelled by predictions of probability "
            f"{self.least_probability:.2f} or more"
        )


class ClipSubset(Sequence[Clip]):
    """Some clips of a sequence, each read when it is needed."""

    def __init__(self, clips: Sequence[Clip], rows: NDArray[np.int64]) -> None:
        self._clips, self._rows = clips, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> ClipSubset: ...
    def __getitem__(self, index: int | slice) -> Clip | ClipSubset:
        """Return one clip, or a smaller subset."""
        if isinstance(index, slice):
            return ClipSubset(self._clips, self._rows[index])
        return self._clips[int(self._rows[index])]


def subset_of(clips: Sequence[Clip], rows: NDArray[np.int64]) -> Sequence[Clip]:
    """Return some clips; files stay files, so that stored features are reused."""
    if isinstance(clips, Sounds):
        return Sounds((clips.examples[k] for k in rows), sample_rate=clips.sample_rate)
    return ClipSubset(clips, rows)


def fit_with_unlabelled(
    recogniser: Any,
    fit: Callable[..., Any],
    clips: Sequence[Clip],
    labels: Sequence[Any],
    groups: Sequence[str] | None,
    sample_weight: Sequence[float] | None,
) -> PseudoLabels | None:
    """Fit a recogniser in place where some labels are None.

    Parameters
    ----------
    recogniser
        A `woodshed.recognition.estimator.Recogniser`.
    fit
        Its method that fits it to labelled clips.
    clips, labels, groups, sample_weight
        As for `Recogniser.fit`.

    Returns
    -------
    PseudoLabels or None
        Labels given to the unlabelled clips; None if the settings skip them.
    """
    check_lengths(clips, ["" for _ in labels], groups)
    labelled = np.asarray([k for k, label in enumerate(labels) if label is not None], np.int64)
    others = np.setdiff1d(np.arange(len(labels)), labelled)
    weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    rows, names = labelled, [labels[k] for k in labelled]
    pseudo_labels = None
    if recogniser.get_params()["unlabelled"] is not None:
        taken, added, least = _pseudo_labels(recogniser, clips, labelled, names, others, groups, weights)
        pseudo_labels = PseudoLabels(len(others), dict(zip(taken.tolist(), added, strict=True)), least)
        rows, names = np.concatenate([labelled, taken]), [*names, *added]
        weights[others] *= PSEUDO_WEIGHT
    fit(
        subset_of(clips, rows),
        names,
        None if groups is None else [groups[k] for k in rows],
        None if pseudo_labels is None and sample_weight is None else weights[rows].tolist(),
    )
    if pseudo_labels is None:
        sources = (clips.examples[k].path if isinstance(clips, Sounds) else clips[k].source for k in others)
        recogniser.skipped_ += [Skipped(Path(source), NO_LABEL) for source in sources]
    return pseudo_labels


def _pseudo_labels(  # the arrays of one training set
    recogniser: Any,
    clips: Sequence[Clip],
    labelled: NDArray[np.int64],
    names: list[Any],
    others: NDArray[np.int64],
    groups: Sequence[str] | None,
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.int64], list[Any], float | None]:
    """Return the unlabelled clips to train on, their labels, and the probability from which they count."""
    labelled_clips = subset_of(clips, labelled)
    own_groups = None if groups is None else [groups[k] for k in labelled]
    held_out_groups = own_groups
    if groups is not None and {groups[k] for k in others} <= {groups[k] for k in labelled}:
        held_out_groups = None
    least = least_probability(recogniser, labelled_clips, names, held_out_groups, weights[labelled])
    if least is None:
        return others[:0], [], None
    teacher = _unfitted(recogniser).fit(labelled_clips, names, own_groups, weights[labelled].tolist())
    outputs = teacher.outputs(subset_of(clips, others))
    is_certain = outputs.max(axis=1) >= least
    return others[is_certain], teacher.classes_[outputs[is_certain].argmax(axis=1)].tolist(), least


def least_probability(
    recogniser: Any,
    clips: Sequence[Clip],
    labels: Sequence[Any],
    groups: Sequence[str] | None,
    weights: NDArray[np.float64],
) -> float | None:
    """Return the probability from which held-out predictions reach `TARGET_PRECISION`.

    Each part of the clips is predicted by a model trained on the others; whole groups, if they are given.

    Returns
    -------
    float or None
        None if there is no such probability, or too few clips to measure it.
    """
    truth = np.asarray(labels)
    probabilities, is_right = np.zeros(len(truth)), np.zeros(len(truth), bool)
    recogniser.head.encode(labels)  # raises if there are fewer than two classes
    for test in _folds([str(label) for label in labels], groups, recogniser.seed):
        train = np.setdiff1d(np.arange(len(truth)), test)
        model = _unfitted(recogniser).fit(
            subset_of(clips, train),
            truth[train].tolist(),
            None if groups is None else [groups[k] for k in train],
            weights[train].tolist(),
        )
        outputs = model.outputs(subset_of(clips, test))
        probabilities[test] = outputs.max(axis=1)
        is_right[test] = model.classes_[outputs.argmax(axis=1)] == truth[test]
    return threshold_of(probabilities, is_right)


def threshold_of(probabilities: NDArray[np.float64], is_right: NDArray[np.bool_]) -> float | None:
    """Return the lowest probability from which `TARGET_PRECISION` of the predictions are right.

    None if there is none, or fewer than `MIN_HELD_OUT` predictions reach it.

    Examples
    --------
    >>> probabilities = np.linspace(0, 1, 21)
    >>> threshold_of(probabilities, probabilities > 0.42), threshold_of(probabilities, probabilities > 2)
    (0.4, None)
    """
    least = threshold_for_precision(is_right, probabilities, TARGET_PRECISION)
    return least if np.count_nonzero(probabilities >= least) >= MIN_HELD_OUT else None


def _folds(labels: Sequence[str], groups: Sequence[str] | None, seed: int) -> Sequence[NDArray[np.int64]]:
    """Return folds of whole groups, of single clips where that is impossible, or none."""
    if groups is not None and len(set(groups)) > 1:
        try:
            return stratified_group_folds(labels, groups, min(N_PARTS, len(set(groups))), seed, "group")
        except DataError:  # a class that comes from one group only
            pass
    try:
        return stratified_folds(labels, N_PARTS, seed)
    except DataError:  # too few clips of every class
        return []


def _unfitted(recogniser: Any) -> Any:
    return type(recogniser)(**recogniser.get_params() | {"unlabelled": None})


# -- in a corpus -----------------------------------------------------------------------------------


def with_unlabelled(estimator: Any, corpus: Corpus) -> Corpus:
    """Return a corpus whose unlabelled examples are used if the settings say so, and skipped otherwise.

    They are skipped, too, if ``estimator`` is None: nothing is then to be fitted.
    Where groups are known, an unlabelled example without a group is skipped: it may belong to a tested one.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> unlabelled = Example(Path("c.wav"))
    >>> corpus = Corpus("some", (), (Skipped(unlabelled.path, NO_LABEL),), unlabelled=(unlabelled,))
    >>> len(with_unlabelled(Recogniser(), corpus).unlabelled)
    0
    >>> used = with_unlabelled(Recogniser(unlabelled="pseudo"), corpus)
    >>> len(used.unlabelled), len(used.skipped)
    (1, 0)
    """
    if estimator is None or estimator.unlabelled is None:
        return replace(corpus, unlabelled=())
    used = corpus.unlabelled
    if corpus.groups is not None:
        used = tuple(example for example in used if example.group is not None)
    paths = {example.path for example in used}
    return replace(
        corpus,
        unlabelled=used,
        skipped=tuple(e for e in corpus.skipped if not (e.path in paths and NO_LABEL[:-1] in e.reason)),
    )


def may_learn(unlabelled: Sequence[Example], tested: Sequence[Example]) -> list[Example]:
    """Return the unlabelled examples that share no group, file or official part with the tested ones.

    Examples
    --------
    >>> unlabelled = [Example(Path("a.wav"), group="ann"), Example(Path("b.wav"), group="bob")]
    >>> [example.group for example in may_learn(unlabelled, [Example(Path("c.wav"), "yes", group="ann")])]
    ['bob']
    """
    groups = {example.group for example in tested} - {None}
    parts = {example.split for example in tested} - {None}
    paths = {example.path for example in tested}
    return [
        example
        for example in unlabelled
        if example.group not in groups and example.split not in parts and example.path not in paths
    ]
