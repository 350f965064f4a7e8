"""Regressor: clips in, numbers out, such as valence and arousal, or a signal-to-noise ratio in decibels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.clip import Clip
from woodshed.errors import DataError
from woodshed.prediction import Estimate
from woodshed.recognition.estimator import AudioEstimator
from woodshed.training.inference import RANGES_NAME
from woodshed.training.progress import OnEpoch, ignore_epoch

Values = Sequence[Mapping[str, float]] | ArrayLike
"""Values of each clip by name, those that are not known left out; or rows of them, NaN where not known."""


@dataclass(kw_only=True, eq=False)
class Regressor(AudioEstimator):
    """Learn numbers that belong to clips, and say them of new clips.

    It has scikit-learn's manners (``fit``, ``predict``, ``score``) with clips where scikit-learn has rows of
    numbers. A net lowers the Huber loss of the standardised values that are known
    (`woodshed.recognition.net.loss.value_loss`) and answers in their own units; a classical model is one regression for
    each of them, and ``logistic`` stands for its counterpart, a ridge regression.

    All settings: `woodshed.recognition.estimator.AudioEstimator`.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The names of the values; the columns of every answer.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = [sine(200 + 50 * k) for k in range(8)]
    >>> regressor = Regressor(net="knn").fit(clips, [{"height": k} for k in range(8)])
    >>> round(float(regressor.predict([sine(350)])[0, 0]), 1)
    3.0
    """

    task: ClassVar[str] = "values"
    answer: ClassVar[str] = "values"
    names: ClassVar[tuple[str, ...]] = ()

    def fit(
        self,
        clips: Sequence[Clip],
        values: Values,
        groups: Sequence[str] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Learn from clips and their values.

        Parameters
        ----------
        clips, groups, sample_weight, checkpoint, on_epoch
            As for `woodshed.recognition.recogniser.Recogniser.fit`; the accuracy that ``on_epoch`` hears is the
            share of values that are met within half a standard deviation.
        values
            By name for each clip, those that are not known left out; or shape ``(n_clips, n_values)`` or
            ``(n_clips,)``, NaN where they are not known, and named by the job or by their number.

        Returns
        -------
        Regressor
            Itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If no value is known, or one is not finite, or nothing usable is left.
        """
        listed: Sequence[Any] = values if isinstance(values, Sequence) else list(np.asarray(values))
        self.learn(clips, listed, groups, sample_weight, checkpoint, on_epoch)
        names, rows = self.encode(listed)
        ends = zip(np.nanmin(rows, axis=0).tolist(), np.nanmax(rows, axis=0).tolist(), strict=True)
        ranges = dict(zip(names.tolist(), ends, strict=True))
        self.files_[RANGES_NAME] = (json.dumps(ranges) + "\n").encode()
        return self

    @property
    def ranges_(self) -> dict[str, tuple[float, float]]:
        """The lowest and the highest of each value that was learned, by name; empty if that is not known."""
        kept = json.loads(getattr(self, "files_", {}).get(RANGES_NAME, b"{}"))
        return {name: (low, high) for name, (low, high) in kept.items()}

    def encode(self, answers: Sequence[Any]) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
        """Return the names of the values, and a row of them for each clip, NaN where it is not known."""
        names, rows = value_rows(answers, self.names)
        if np.isinf(rows).any():
            raise DataError("A value is infinite. Give a finite number, or leave it out.")
        known = ~np.isnan(rows).all(axis=0)
        if not known.any():
            raise DataError("There is nothing to learn: no value of any clip is known.")
        return np.asarray(names, dtype=str)[known], rows[:, known]

    def predict(self, clips: Iterable[Clip]) -> NDArray[np.float64]:
        """Return the values of each clip, shape ``(n_clips, n_values)``, in the units of the training."""
        rows = [self.hear(clip) for clip in clips]
        return np.stack(rows) if rows else np.empty((0, len(self.fitted("classes_"))))

    def score(self, clips: Iterable[Clip], values: Values) -> float:
        """Return the mean over values of R², the share of the variance that is explained."""
        from woodshed.metrics.regression import r2

        names = tuple(self.fitted("classes_").tolist())
        listed: Sequence[Any] = values if isinstance(values, Sequence) else list(np.asarray(values))
        truth = value_rows(listed, names, only=names)[1].astype(np.float64)
        return float(r2(truth, self.predict(clips), average="macro"))

    def listen(self, clips: Iterable[Clip]) -> Iterator[Estimate]:
        """Yield the answer for each clip in turn, in the order of the clips; nothing is kept."""
        names = self.fitted("classes_").tolist()
        for clip in clips:
            values = dict(zip(names, map(float, self.hear(clip)), strict=True))
            yield Estimate(clip.source, values, 0.0, clip.duration_s, self.word(values))

    def word(self, values: Mapping[str, float]) -> str:
        """Say in a word what the values amount to; nothing, unless the job knows one."""
        return ""

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that this is a regressor whose X is not a table."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True, single_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False),
        )


def value_rows(
    answers: Sequence[Any], names: Sequence[str], *, only: Sequence[str] | None = None
) -> tuple[list[str], NDArray[np.float32]]:
    """Turn the values of clips into rows, NaN where they are not known.

    Parameters
    ----------
    answers
        For each clip its values by name, or a row of them, or one number.
    names
        What the columns of rows are called, by default by their number; and which names come first.
    only
        The names to take; by default all, in the order in which they come.

    Returns
    -------
    names, rows
        And shape ``(n_clips, n_names)``.

    Examples
    --------
    >>> value_rows([{"valence": 1}, {"arousal": 2}], ())
    (['valence', 'arousal'], array([[ 1., nan],
           [nan,  2.]], dtype=float32))
    >>> value_rows([[3.0, 4.0]], ())[0]
    ['value 1', 'value 2']
    """
    if answers and isinstance(answers[0], Mapping):
        found = {str(name): None for row in answers for name in row}
        ordered = {name: None for name in names if name in found} | found
        taken = list(only or ordered)
        return taken, np.asarray([[row.get(n, np.nan) for n in taken] for row in answers], np.float32)
    rows = np.asarray(answers, np.float32).reshape(len(answers), -1)
    if len(names) != rows.shape[1]:
        names = [f"value {k + 1}" for k in range(rows.shape[1])]
    return list(names), rows
