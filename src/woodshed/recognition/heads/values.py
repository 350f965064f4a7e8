"""Head of regressors: one or several numbers for each clip."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import DataError
from woodshed.prediction import Estimate
from woodshed.recognition.classical.model import classical_model
from woodshed.recognition.heads.head import Head, Names, Rows

if TYPE_CHECKING:
    from woodshed.clip import Clip
    from woodshed.training.loop import Loss

Values = Sequence[Mapping[str, float]] | ArrayLike
"""Values of each clip by name, unknown ones left out; or rows of values, NaN where unknown."""


RANGES_NAME = "ranges.json"
"""File of a model folder with the range of each value in the training clips."""


class ValuesHead(Head):
    """Numbers for each clip: linear outputs, Huber loss of standardised values, R².

    Targets are values by name, or rows of values; outputs are in the units of the targets.

    Examples
    --------
    >>> names, rows = ValuesHead().encode([{"valence": 1}, {"arousal": 2}])
    >>> names.tolist(), rows.tolist()
    (['valence', 'arousal'], [[1.0, nan], [nan, 2.0]])
    """

    name: ClassVar[str] = "values"
    noun: ClassVar[str] = "value"
    main_measure: ClassVar[str] = "mean R²"
    files: ClassVar[frozenset[str]] = frozenset({RANGES_NAME})

    # -- targets ----------------------------------------------------------------------------------

    def encode(self, targets: Sequence[Any], order: Sequence[str] = ()) -> tuple[Names, NDArray[np.float32]]:
        """Return the names of the known values, and a row of them for each clip, NaN where unknown."""
        names, rows = value_rows(targets, order)
        if np.isinf(rows).any():
            raise DataError("A value is infinite. Give a finite number, or leave it out.")
        is_known = ~np.isnan(rows).all(axis=0)
        if not is_known.any():
            raise DataError("There is nothing to learn: no clip has a known value.")
        return np.asarray(names, dtype=str)[is_known], rows[:, is_known]

    def encode_as(self, targets: Sequence[Any], names: Sequence[str]) -> NDArray[np.float32]:
        """Return a row of the named values for each clip, NaN where unknown."""
        return value_rows(targets, names, only=names)[1]

    def counts(self, names: Sequence[str], rows: NDArray[np.floating]) -> dict[str, int]:
        """Count the examples whose value is known."""
        return dict(zip(names, (~np.isnan(rows)).sum(axis=0).tolist(), strict=True))

    # -- networks ---------------------------------------------------------------------------------

    def scale(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean and standard deviation of the known training targets.

        Examples
        --------
        >>> mean, deviation = ValuesHead().scale(np.array([[1.0], [np.nan], [3.0]], np.float32))
        >>> mean.tolist(), deviation.tolist()
        ([2.0], [1.0])
        """
        deviation = np.nanstd(rows, axis=0)
        return np.nanmean(rows, axis=0), np.where(deviation > 0, deviation, np.float32(1))

    def loss(self, rows: NDArray[np.float32]) -> Loss:
        """Return the Huber loss of standardised values."""
        from woodshed.recognition.net_training import value_loss

        return value_loss

    def is_right(self, truth: NDArray[np.float32], outputs: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which outputs are within half a standard deviation of the truth."""
        return np.asarray(np.abs(truth - outputs) <= 0.5)

    # -- classical estimators ---------------------------------------------------------------------

    def alternatives(self, names: Sequence[str]) -> list[str]:
        """Drop estimators whose regression is that of an earlier one, such as the two linear ones."""
        distinct = {classical_model(name).build_regressor: name for name in reversed(names)}
        return [name for name in names if name in distinct.values()]

    # -- what is learned beside the model ---------------------------------------------------------

    def fit_outputs(self, names: Names, rows: NDArray[np.float32]) -> dict[str, bytes]:
        """Return the range of each value in the training clips."""
        ends = zip(np.nanmin(rows, axis=0).tolist(), np.nanmax(rows, axis=0).tolist(), strict=True)
        return {RANGES_NAME: (json.dumps(dict(zip(names.tolist(), ends, strict=True))) + "\n").encode()}

    # -- predictions ------------------------------------------------------------------------------

    def decide(self, estimator: Any, outputs: Rows) -> Rows:
        """Return the outputs: values are not decisions."""
        return outputs

    def predictions(self, estimator: Any, clips: Iterator[Clip], **options: Any) -> Iterator[Estimate]:
        """Yield an `Estimate` for each clip."""
        names = estimator.fitted("classes_").tolist()
        for clip in clips:
            values = dict(zip(names, map(float, estimator.output(clip)), strict=True))
            yield Estimate(clip.source, values, 0.0, clip.duration_s, estimator.word(values))

    # -- evaluation -------------------------------------------------------------------------------

    def main_score(self, truth: NDArray[np.floating], outputs: Rows) -> float:
        """Return the mean over values of R²."""
        from woodshed.metrics.regression import r2

        return float(r2(np.asarray(truth, np.float64), outputs, average="macro"))


def value_rows(
    targets: Sequence[Any], names: Sequence[str], *, only: Sequence[str] | None = None
) -> tuple[list[str], NDArray[np.float32]]:
    """Arrange the values of clips in rows, NaN where unknown.

    Parameters
    ----------
    targets
        For each clip its values by name, a row of values, or one number.
    names
        Names of the columns of rows, by default their numbers; and which names come first.
    only
        The names to take; by default all, in order of appearance.

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
    if len(targets) and isinstance(targets[0], Mapping):
        columns = {str(name): None for row in targets for name in row}
        ordered = {name: None for name in names if name in columns} | columns
        taken = list(only or ordered)
        return taken, np.asarray([[row.get(n, np.nan) for n in taken] for row in targets], np.float32)
    if not len(targets):
        return list(only or ()), np.empty((0, len(only or ())), np.float32)
    rows = np.asarray(targets, np.float32).reshape(len(targets), -1)
    if len(names) != rows.shape[1]:
        names = [f"value {k + 1}" for k in range(rows.shape[1])]
    return list(names), rows
