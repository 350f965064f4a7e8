"""Shortcuts: whether the class can be guessed from what is beside it, such as loudness or file format."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.finding import Finding
from woodshed.data.doctor.fold import folds
from woodshed.data.doctor.look import Look
from woodshed.data.example import Corpus
from woodshed.units import amplitude_to_db

Rows = NDArray[np.float64]

TELLING = 0.25
"""From this mean informedness on, a cue gives the classes away."""

GIVEN_AWAY = 0.5
"""A class is given away if the lower end of its informedness is at least this."""

MOST_ROWS = 5000
"""Of larger sets so many sounds, evenly spaced, answer the question as well."""

N_TREES = 50

_N_DRAWS = 500

CUES: dict[str, Callable[[Look], tuple[object, ...]]] = {
    "loudness": lambda seen: (seen.level_db, amplitude_to_db(seen.peak)),
    "length": lambda seen: (seen.duration_s,),
    "band limit": lambda seen: (seen.band_hz, seen.band_drop_db),
    "format": lambda seen: (seen.codec, seen.sample_rate, seen.n_channels),
    # Not the share below -60 dBFS: a softer recording has more of it.
    "silence": lambda seen: (seen.lead_s, seen.trail_s, seen.zero_share),
}
"""Name of a cue -> the values of a sound that the class may be guessed from."""

_MEND = {
    "loudness": "woodshed audio normalise {} --out mended",
    "length": "Train with a window (--window-s) shorter than the shortest class, or cut all to one length: "
    "woodshed audio split {} --out mended",
    "band limit": "Cut all at the same frequency: woodshed audio filter {} --low-pass-hz HZ --out mended",
    "format": "woodshed audio convert {} --to wav --sample-rate HZ --channels 1 --out mended, and mind the "
    "band limit that lossy formats leave behind",
    "silence": "woodshed audio trim {} --silence --out mended",
}


@dataclass(frozen=True)
class Guess:
    """How well the class is guessed from one cue alone, by folds that share no unit.

    Informedness of a class is the share of it that is found less the share of the others that is taken for
    it: 0 by chance, whatever the balance, 1 if it is always told.

    Parameters
    ----------
    cue
        One of `CUES`.
    mean, mean_low, mean_high
        Mean informedness of the classes, and its 95 % interval over units.
    label, best, best_low, best_high
        The class that is told best, its informedness and interval.
    given_away
        All classes that the cue gives away: the lower end of their informedness is at least `GIVEN_AWAY`.
    """

    cue: str
    mean: float
    mean_low: float
    mean_high: float
    label: str
    best: float
    best_low: float
    best_high: float
    given_away: tuple[str, ...] = ()

    @property
    def is_shortcut(self) -> bool:
        """Whether the cue gives the classes, or one of them, away."""
        return (self.mean >= TELLING and self.mean_low > 0) or self.best_low >= GIVEN_AWAY


def shortcuts(
    corpus: Corpus, looks: Mapping[int, Look], units: Sequence[str], *, seed: int = 0
) -> list[Finding]:
    """Report the cues from which the class can be guessed.

    Parameters
    ----------
    corpus
        The rows.
    looks
        What was seen of them.
    units
        What each row was recorded from; see `woodshed.data.doctor.fold.recordings`.
    seed
        Source of every random draw.
    """
    findings = []
    for guess in guesses(corpus.labels, looks, units, seed=seed):
        if not guess.is_shortcut:
            continue
        told = {guess.label, *guess.given_away}
        files = tuple(corpus.examples[k].path for k in looks if corpus.examples[k].label in told)
        others = ", ".join(repr(name) for name in guess.given_away if name != guess.label)
        findings.append(
            Finding(
                f"shortcut: {guess.cue}",
                min(1.0, 0.3 + 0.6 * max(guess.mean, guess.best_low - 0.3)),
                files,
                f"From {guess.cue} alone the classes are told with informedness {guess.mean:.2f} "
                f"({guess.mean_low:.2f}–{guess.mean_high:.2f}; chance 0, always right 1); best told is "
                f"{guess.label!r} with {guess.best:.2f} ({guess.best_low:.2f}–{guess.best_high:.2f})"
                f"{f'; so are {others}' if others else ''}. "
                "If that is how they were recorded, and not what they are, a model will learn it instead.",
                _MEND[guess.cue].replace("{}", "FOLDER"),
            )
        )
    return findings


def guesses(
    labels: Sequence[str],
    looks: Mapping[int, Look],
    units: Sequence[str],
    *,
    cues: Sequence[str] = tuple(CUES),
    seed: int = 0,
) -> list[Guess]:
    """Guess the class from each cue alone; cues that are the same for all sounds are left out."""
    rows = list(looks)[:: -(-len(looks) // MOST_ROWS) or 1]
    names = [labels[k] for k in rows]
    own_units = [units[k] for k in rows]
    dealt = folds(names, own_units, 5, seed)
    if len(dealt) < 2:
        return []
    answers = []
    for cue in cues:
        values = _numbers([CUES[cue](looks[k]) for k in rows])
        if (values == values[:1]).all():
            continue
        answers.append(_judge(cue, names, _guess(values, names, dealt, seed), own_units, seed))
    return answers


def _guess(values: Rows, names: Sequence[str], dealt: Sequence[NDArray[np.int64]], seed: int) -> list[str]:
    from sklearn.ensemble import RandomForestClassifier

    classes, codes = np.unique(np.asarray(names), return_inverse=True)
    guessed = np.empty_like(codes)
    for test in dealt:
        train = np.setdiff1d(np.arange(len(codes)), test)
        forest = RandomForestClassifier(
            N_TREES, min_samples_leaf=max(2, len(train) // 200), class_weight="balanced", random_state=seed
        )
        guessed[test] = forest.fit(values[train], codes[train]).predict(values[test])
    return [str(classes[code]) for code in guessed]


def _judge(cue: str, names: Sequence[str], guessed: Sequence[str], units: Sequence[str], seed: int) -> Guess:
    classes, truth = np.unique(np.asarray(names), return_inverse=True)
    answer = np.searchsorted(classes, np.asarray(guessed))
    unit = np.unique(np.asarray(units), return_inverse=True)[1]
    # Of each unit and class: how many there are, how many are found, how many are taken for it.
    counts = np.zeros((3, unit.max() + 1, len(classes)))
    np.add.at(counts[0], (unit, truth), 1)
    np.add.at(counts[1], (unit, truth), truth == answer)
    np.add.at(counts[2], (unit, answer), 1)
    n_units = counts.shape[1]
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=_N_DRAWS)
    whole = _informedness(counts.sum(axis=1))
    spread = _informedness(drawn.astype(float) @ counts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a class that no draw has: nothing is known of it
        low, high = np.nan_to_num(np.nanpercentile(spread, (2.5, 97.5), axis=0), nan=-1.0)
        means = np.nan_to_num(np.nanmean(spread, axis=1), nan=-1.0)
    best = int(low.argmax())
    return Guess(
        cue,
        float(whole.mean()),
        float(np.percentile(means, 2.5)),
        float(np.percentile(means, 97.5)),
        str(classes[best]),
        float(whole[best]),
        float(low[best]),
        float(high[best]),
        tuple(str(name) for name in classes[low >= GIVEN_AWAY]),
    )


def _informedness(counts: Rows) -> Rows:
    """Turn totals of shape ``(3, ..., n_classes)`` into one value for each class; NaN without examples."""
    n_class, n_found, n_taken = counts
    n_all = n_class.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        informed: Rows = n_found / n_class - (n_taken - n_found) / (n_all - n_class)
    return informed


def _numbers(rows: Sequence[tuple[object, ...]]) -> Rows:
    """Write words as numbers, the same word always the same."""
    columns = []
    for column in zip(*rows, strict=True):
        if isinstance(column[0], str):
            columns.append(np.unique(np.asarray(column), return_inverse=True)[1].astype(float))
        else:
            columns.append(np.asarray(column, dtype=float))
    return np.stack(columns, axis=1)
