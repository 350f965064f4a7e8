"""Sounds whose class nobody has said: a recogniser names them itself, and learns where it is sure.

It learns from the labelled clips, names the others, and learns again from both. How sure it must be is not
set by hand: parts of the labelled clips are held out, and a name counts from the probability on at which nine
of ten held-out clips were named right. If there is no such probability, no name counts and nothing changes. A
clip with a name of its own making counts half. Whole groups are held out, unless the unlabelled clips are all
of groups that have labelled clips too: it is as unlike the clips it names as it was then.

What is learned so can also be wrong in the same way as before, only surer. Whether it helps shows in the
score, in which no unlabelled clip takes part.

References
----------
D.-H. Lee, "Pseudo-label: the simple and efficient semi-supervised learning method for deep neural networks",
workshop at ICML 2013. There each batch sets the names anew and all of them count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folds import stratified_folds, stratified_group_folds
from woodshed.data.sound import Sounds
from woodshed.data.table import NO_LABEL
from woodshed.errors import DataError
from woodshed.recognition.items import check_lengths, class_names

if TYPE_CHECKING:
    from woodshed.recognition.recogniser import Recogniser
    from woodshed.training.progress import OnEpoch

SELF_TRAINING_MODES = ("pseudo",)
"""What may be done with unlabelled clips."""

RIGHT_SHARE = 0.9
"""A name counts from the probability on at which so many held-out clips were named right."""

WEIGHT = 0.5
"""How much a clip counts whose name is the model's own; one that was labelled counts 1."""

N_PARTS = 3
"""Into so many parts the labelled clips are dealt out, each named by who learned from the others."""

N_TRAININGS = N_PARTS + 2
"""Trainings it takes instead of one: one for each part, one that names, one that is kept."""

LEAST_HELD_OUT = 10
"""The share that is right is not believed of fewer clips."""


@dataclass(frozen=True)
class PseudoLabels:
    """What became of the clips without a label.

    Parameters
    ----------
    n_unlabelled
        How many there were.
    names
        Place of a clip that was learned from, among all clips -> the name that it was given.
    least_probability
        From which probability on a name counted; None if none was sure enough.

    Examples
    --------
    >>> PseudoLabels(20, {3: "yes", 17: "no"}, 0.8).to_text()
    '2 of 20 unlabelled sounds learned from, by the name that it gave them itself (0.80 sure or more)'
    >>> PseudoLabels(20, {}, None).to_text()
    'none of 20 unlabelled sounds learned from: it was not sure enough of any'
    """

    n_unlabelled: int
    names: Mapping[int, str]
    least_probability: float | None

    def to_text(self) -> str:
        """Say it in words."""
        whole = f"of {self.n_unlabelled:,} unlabelled sounds learned from"
        if self.least_probability is None or not self.names:
            return f"none {whole}: it was not sure enough of any"
        sure = f"{self.least_probability:.2f} sure or more"
        return f"{len(self.names):,} {whole}, by the name that it gave them itself ({sure})"


class Some(Sequence[Clip]):
    """Some clips of a sequence, each taken out of it when it is needed."""

    def __init__(self, clips: Sequence[Clip], rows: NDArray[np.int64]) -> None:
        self._clips, self._rows = clips, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Some: ...
    def __getitem__(self, index: int | slice) -> Clip | Some:
        """Return one clip, or fewer of them."""
        if isinstance(index, slice):
            return Some(self._clips, self._rows[index])
        return self._clips[int(self._rows[index])]


def some_of(clips: Sequence[Clip], rows: NDArray[np.int64]) -> Sequence[Clip]:
    """Return some clips; files stay files, so that what is stored of them is found again."""
    if isinstance(clips, Sounds):
        return Sounds((clips.examples[k] for k in rows), sample_rate=clips.sample_rate)
    return Some(clips, rows)


def fit_with_unlabelled(
    recogniser: Recogniser,
    clips: Sequence[Clip],
    labels: Sequence[str | None],
    groups: Sequence[str] | None,
    sample_weight: Sequence[float] | None,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> PseudoLabels | None:
    """Fit a recogniser in place where some labels are None; see `Recogniser.fit`.

    Returns
    -------
    PseudoLabels or None
        What became of them; None if the settings leave them aside.
    """
    check_lengths(clips, ["" for _ in labels], groups)
    known = np.asarray([k for k, label in enumerate(labels) if label is not None], np.int64)
    others = np.setdiff1d(np.arange(len(labels)), known)
    weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    given = [str(labels[k]) for k in known]
    own_groups = None if groups is None else [groups[k] for k in known]
    rows, names, told = known, list(given), None
    if recogniser.unlabelled is not None:
        here, beyond = some_of(clips, known), some_of(clips, others)
        are_known = groups is not None and {groups[k] for k in others} <= set(own_groups or [])
        least = least_probability(recogniser, here, given, None if are_known else own_groups, weights[known])
        taken, added = np.zeros(0, np.int64), list[str]()
        if least is not None:
            teacher = _fresh(recogniser).fit(here, given, own_groups, weights[known].tolist())
            taken, added = _name(teacher, beyond, least)
        rows, names = np.concatenate([known, others[taken]]), [*given, *added]
        own = zip(others[taken].tolist(), added, strict=True)
        told = PseudoLabels(len(others), dict(own), least)
        weights[others] *= WEIGHT
    some_weights = None if told is None and sample_weight is None else weights[rows].tolist()
    recogniser.learn(
        *(some_of(clips, rows), names, None if groups is None else [groups[k] for k in rows]),
        *(some_weights, checkpoint, on_epoch),
    )
    if told is None:
        recogniser.skipped_ += [Skipped(Path(_source(clips, int(k))), NO_LABEL) for k in others]
    return told


def least_probability(
    recogniser: Recogniser,
    clips: Sequence[Clip],
    labels: Sequence[str],
    groups: Sequence[str] | None,
    weights: NDArray[np.float64],
) -> float | None:
    """Find from which probability on a recogniser with these settings names nine of ten clips right.

    Each part of the clips is named by one that learned from the others; whole groups, if they are given.

    Returns
    -------
    float or None
        None if there is no such probability, or too few clips to tell.
    """
    truth = np.asarray(labels)
    sure, right = np.zeros(len(truth)), np.zeros(len(truth), bool)
    class_names(truth)
    for test in _deal(labels, groups, recogniser.seed):
        train = np.setdiff1d(np.arange(len(truth)), test)
        model = _fresh(recogniser).fit(
            some_of(clips, train),
            truth[train].tolist(),
            None if groups is None else [groups[k] for k in train],
            weights[train].tolist(),
        )
        rows = model.predict_proba(some_of(clips, test))
        sure[test], right[test] = rows.max(axis=1), model.classes_[rows.argmax(axis=1)] == truth[test]
    return threshold_of(sure, right)


def threshold_of(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float | None:
    """Return the lowest probability from which on `RIGHT_SHARE` of the answers are right.

    Examples
    --------
    >>> sure = np.linspace(0, 1, 21)
    >>> threshold_of(sure, sure > 0.42), threshold_of(sure, sure > 2)
    (0.4, None)
    """
    order = np.argsort(-sure, kind="stable")
    ranked, numbers = sure[order], np.arange(1, len(order) + 1)
    is_last = np.append(ranked[1:] < ranked[:-1], True)  # equal answers count together
    shares = np.cumsum(right[order]) / numbers
    enough = ranked[is_last & (shares >= RIGHT_SHARE) & (numbers >= LEAST_HELD_OUT)]
    return float(enough[-1]) if len(enough) else None


def _deal(labels: Sequence[str], groups: Sequence[str] | None, seed: int) -> Sequence[NDArray[np.int64]]:
    """Deal out whole groups, or single clips where that cannot be."""
    if groups is not None and len(set(groups)) > 1:
        try:
            return stratified_group_folds(labels, groups, min(N_PARTS, len(set(groups))), seed, "group")
        except DataError:  # a class that comes from one group only
            pass
    try:
        return stratified_folds(labels, N_PARTS, seed)
    except DataError:  # not even one class has so many clips
        return []


def _name(teacher: Recogniser, clips: Sequence[Clip], least: float) -> tuple[NDArray[np.int64], list[str]]:
    """Return the clips that are named surely enough, and their names."""
    rows = teacher.predict_proba(clips)
    taken = np.flatnonzero(rows.max(axis=1) >= least)
    return taken, [str(name) for name in teacher.classes_[rows[taken].argmax(axis=1)]]


def _fresh(recogniser: Recogniser) -> Recogniser:
    settings: dict[str, Any] = recogniser.get_params() | {"unlabelled": None}
    return type(recogniser)(**settings)


def _source(clips: Sequence[Clip], k: int) -> str:
    return str(clips.examples[k].path) if isinstance(clips, Sounds) else clips[k].source


# -- in a corpus -----------------------------------------------------------------------------------


def with_unlabelled(recogniser: Any, corpus: Corpus) -> Corpus:
    """Take the unlabelled sounds of a corpus in, if the settings ask for them; else leave them set aside.

    Where groups are known, a sound without one stays aside: it may be of a group that is tested.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> lost = Example(Path("c.wav"))
    >>> some = Corpus("some", (), (Skipped(lost.path, NO_LABEL),), unlabelled=(lost,))
    >>> len(with_unlabelled(Recogniser(), some).unlabelled)
    0
    >>> taken = with_unlabelled(Recogniser(unlabelled="pseudo"), some)
    >>> len(taken.unlabelled), len(taken.skipped)
    (1, 0)
    """
    if getattr(recogniser, "unlabelled", None) is None:
        return replace(corpus, unlabelled=())
    taken = corpus.unlabelled
    if corpus.groups is not None:
        taken = tuple(example for example in taken if example.group is not None)
    paths = {example.path for example in taken}
    left = tuple(e for e in corpus.skipped if not (e.path in paths and NO_LABEL[:-1] in e.reason))
    return replace(corpus, unlabelled=taken, skipped=left)


def may_learn(unlabelled: Sequence[Example], tested: Sequence[Example]) -> list[Example]:
    """Return the unlabelled sounds that share no group, file or part of a split with what is tested.

    Examples
    --------
    >>> sounds = [Example(Path("a.wav"), group="ann"), Example(Path("b.wav"), group="bob")]
    >>> [sound.group for sound in may_learn(sounds, [Example(Path("c.wav"), "yes", group="ann")])]
    ['bob']
    """
    groups = {example.group for example in tested} - {None}
    parts = {example.split for example in tested} - {None}
    paths = {example.path for example in tested}
    return [
        sound
        for sound in unlabelled
        if sound.group not in groups and sound.split not in parts and sound.path not in paths
    ]
