"""Nearest class mean of summary features."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from woodshed.audio.edit import resample
from woodshed.errors import ModelFolderError
from woodshed.recognition.front_ends import row_front_end
from woodshed.recognition.learners import Learner, TrainingData
from woodshed.training.progress import LearningCurve


class NearestMean(Learner):
    """Predict the class whose mean features are nearest."""

    name: ClassVar[str] = "nearest-mean"
    reads_rows: ClassVar[bool] = True
    file_sets: ClassVar[tuple[frozenset[str], ...]] = (frozenset({"means.json"}),)

    def models(self) -> Iterable[str]:
        """Return its only name."""
        return ("nearest-mean",)

    def fit(self, estimator: Any, data: TrainingData) -> None:
        """Average the features of each class."""
        rate = estimator.sample_rate or min(data.clips[0].sample_rate, type(estimator).highest_rate)
        feature = row_front_end(estimator.row_input().front_end, rate)
        rows = np.stack([feature(resample(clip, rate)) for clip in data.clips]).astype(float)
        names, targets = type(estimator).head.encode(data.targets, type(estimator).names)
        means = [rows[column > 0.5].mean(axis=0).tolist() for column in targets.T]
        learned = {"means": means, "scale": (rows.std(axis=0) + 1e-6).tolist()}
        estimator.set_learned(
            classes=names,
            feature=feature,
            files={"means.json": json.dumps(learned).encode()},
            curve=LearningCurve("training"),
            skipped=[],
        )

    def predictor(self, estimator: Any) -> Any:
        """Return the function from rows to shares that fall with the distance."""
        learned = {name: np.asarray(values) for name, values in estimator.net_.items()}

        def predict(rows: Any) -> Any:
            away = ((rows[:, None] - learned["means"]) / learned["scale"]) ** 2
            shares = np.exp(-away.mean(axis=2))
            return shares / shares.sum(axis=1, keepdims=True)

        return predict

    def model(self, estimator: Any) -> Any:
        """Return the means."""
        return json.loads(estimator.files_["means.json"])

    def check_files(self, estimator: Any) -> None:
        """Check the means."""
        if not np.isfinite([*self.model(estimator)["scale"]]).all():
            raise ModelFolderError("means.json holds values that are not finite.")

    def time_fits(self, estimator: Any, n_names: int, sizes: Sequence[int]) -> tuple[int, float]:
        """Return an estimate: a millisecond for each clip."""
        return 0, 1e-3 * sum(sizes)

    def effective_settings(self, settings: Mapping[str, Any]) -> set[str]:
        """Return the settings that affect the result."""
        return {"net", "sample_rate"}
