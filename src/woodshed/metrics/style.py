"""Style statistics of music, to compare generated music with the training data.

They describe and do not judge: a difference shows in which respect generated music deviates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.originality import Melody

MAX_STEP = 12
"""Largest interval with a bin of its own, in semitones; larger ones are counted with it."""

LENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Bins of note lengths in quarter notes; others are counted with the nearest by ratio."""

LEAP = 7
"""Intervals above this are leaps, in semitones: more than a fifth."""

STEP, LENGTH = "interval to the next note, in semitones", "note length, in quarter notes"

Shares = Mapping[str, float]


@dataclass(frozen=True)
class Style:
    """Style statistics.

    Parameters
    ----------
    numbers
        Name -> value, such as the mean range in semitones.
    shares
        Name -> bin -> share; the shares of a name sum to 1.
    """

    numbers: Mapping[str, float]
    shares: Mapping[str, Shares] = field(default_factory=dict)

    def plus(self, numbers: Mapping[str, float], shares: Mapping[str, Shares] | None = None) -> Style:
        """Return a copy with further statistics."""
        return Style({**self.numbers, **numbers}, {**self.shares, **(shares or {})})


def melody_style(melodies: Sequence[Melody]) -> Style:
    """Compute range, length, intervals and durations of melodies.

    Raises
    ------
    ParameterError
        If no melody has a note.

    Examples
    --------
    >>> style = melody_style([Melody([60, 64, 72, 72], [1.0, 1.0, 1.0, 3.0], [1, 1, 1, 2])])
    >>> style.numbers["range, in semitones"], round(style.numbers["share of leaps"], 2)
    (12.0, 0.33)
    >>> style.shares[LENGTH]["1"], style.shares[LENGTH]["3"]
    (0.75, 0.25)
    """
    voiced = [melody for melody in melodies if len(melody.pitch_midi)]
    if not voiced:
        raise ParameterError("melody_style expects at least one melody with notes, got none.")
    steps = np.concatenate([np.diff(melody.pitch_midi) for melody in voiced])
    lengths = np.concatenate([melody.duration_beats for melody in voiced])
    return Style(
        {
            "notes": float(np.mean([len(melody.pitch_midi) for melody in voiced])),
            "range, in semitones": float(np.mean([np.ptp(melody.pitch_midi) for melody in voiced])),
            "share of leaps": _share(np.abs(steps) > LEAP),
            "share of repeated notes": _share(steps == 0),
            "mean note length, in quarter notes": float(lengths.mean()),
        },
        {STEP: step_shares(steps), LENGTH: length_shares(lengths)},
    )


def step_shares(steps: ArrayLike) -> dict[str, float]:
    """Return the distribution of intervals between successive notes.

    Parameters
    ----------
    steps
        Semitones, positive upwards, shape ``(n_steps,)``.

    Examples
    --------
    >>> shares = step_shares([0, 2, -2, 2, 15])
    >>> shares["+2"], shares["-2"], shares["+12"]
    (0.4, 0.2, 0.2)
    """
    near = np.clip(np.asarray(steps, np.int64), -MAX_STEP, MAX_STEP)
    return _shares(
        near.tolist(), {step: f"{step:+d}" if step else "0" for step in range(-MAX_STEP, MAX_STEP + 1)}
    )


def length_shares(lengths: ArrayLike) -> dict[str, float]:
    """Return the distribution of note lengths.

    Parameters
    ----------
    lengths
        In quarter notes, above 0, shape ``(n_notes,)``.
    """
    bins = np.array(LENGTHS)
    ratios = np.abs(np.log(np.asarray(lengths, np.float64)[:, np.newaxis] / bins))
    return _shares(bins[ratios.argmin(axis=1)].tolist(), {length: f"{length:g}" for length in LENGTHS})


def overlap(one: Shares, other: Shares) -> float:
    """Return the overlap of two distributions, 0 to 1: the sum of the smaller shares.

    Examples
    --------
    >>> overlap({"a": 0.5, "b": 0.5}, {"b": 0.75, "c": 0.25})
    0.5
    """
    return float(sum(min(share, other.get(name, 0.0)) for name, share in one.items()))


def repeated_bars(melody: Melody) -> NDArray[np.bool_]:
    """Return whether an earlier bar has the same notes, for each bar but the first; repeats are not expanded.

    Examples
    --------
    >>> repeated_bars(Melody([60, 62, 64, 62, 60], [2.0, 1, 1, 1, 1], [1, 2, 2, 3, 3])).tolist()
    [False, False]
    >>> repeated_bars(Melody([60, 62, 60, 62], [1.0, 1, 1, 1], [1, 1, 2, 2])).tolist()
    [True]
    """
    notes = np.stack([melody.pitch_midi, melody.duration_beats.round(6)], axis=1)
    bars = [bar.tolist() for bar in np.split(notes, np.flatnonzero(np.diff(melody.bar)) + 1)]
    return np.array([bars[k] in bars[:k] for k in range(1, len(bars))], bool)


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _shares(values: Sequence[float], names: Mapping[float, str]) -> dict[str, float]:
    counts = Counter(values)
    return {name: counts[value] / max(1, len(values)) for value, name in names.items()}
