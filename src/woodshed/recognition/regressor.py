"""Regressor: an estimator that predicts numbers for a clip, such as valence and arousal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from woodshed.clip import Clip
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.heads.head import Head
from woodshed.recognition.heads.values import RANGES_NAME, Values, ValuesHead
from woodshed.training.progress import OnEpoch, ignore_epoch


@dataclass(kw_only=True, eq=False)
class Regressor(AudioEstimator):
    """Regressor of clips: one or several numbers, in the units of the training targets.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``score``). A network minimises the Huber
    loss of the standardised known values; a classical estimator is one regression for each value, and
    ``logistic`` stands for its counterpart, a ridge regression. Settings:
    `woodshed.recognition.estimator.AudioEstimator`.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The names of the values; the columns of every array of predictions.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = [sine(200 + 50 * k) for k in range(8)]
    >>> regressor = Regressor(net="knn").fit(clips, [{"height": k} for k in range(8)])
    >>> round(float(regressor.predict([sine(350)])[0, 0]), 1)
    3.0
    """

    task: ClassVar[str] = "values"
    head: ClassVar[Head] = ValuesHead()

    def fit(
        self,
        clips: Sequence[Clip],
        targets: Values,
        groups: Sequence[str] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Fit to clips and their values; as `AudioEstimator.fit`.

        Parameters
        ----------
        clips, groups, sample_weight, checkpoint, on_epoch
            As for `AudioEstimator.fit`; the accuracy passed to ``on_epoch`` is the share of values within
            half a standard deviation.
        targets
            Values of each clip by name, unknown ones left out; or shape ``(n_clips, n_values)`` or
            ``(n_clips,)``, NaN where unknown, named by the task or by their number.

        Returns
        -------
        Regressor
            The fitted regressor itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If no value is known, one is not finite, or nothing usable is left.
        """
        listed: Sequence[Any] = targets if isinstance(targets, Sequence) else list(np.asarray(targets))
        return super().fit(clips, listed, groups, sample_weight, checkpoint=checkpoint, on_epoch=on_epoch)

    @property
    def ranges_(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value in the training clips, by name; empty if unknown."""
        values = json.loads(getattr(self, "files_", {}).get(RANGES_NAME, b"{}"))
        return {name: (low, high) for name, (low, high) in values.items()}

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: a regressor of several outputs whose X is not a table."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True, single_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False),
        )
