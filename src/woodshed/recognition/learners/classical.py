"""Fitting of classical estimators to one row of features for each clip."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.store import Entry, FeatureStore
from woodshed.features.row import NamedRow
from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.model import (
    Case,
    ClassicalPredictor,
    Rows,
    classical_model,
    model_to_bytes,
)
from woodshed.recognition.clip_item import (
    are_scores,
    augmented_versions,
    clip_items,
    common_rate,
    fill_clips,
)
from woodshed.recognition.clip_model import ClipModel, RowInput
from woodshed.recognition.front_ends import row_front_end
from woodshed.recognition.learners import Learner, TrainingData, check_lengths
from woodshed.training.inference import PredictFunction
from woodshed.training.model_folder import MODEL_NAME
from woodshed.training.progress import LearningCurve

N_FOLDS = 5
"""Folds whose held-out outputs tag thresholds are learned from."""

_N_TIMED, _ENOUGH_S = 300, 0.4
"""Rows of the first fit that is timed, and the duration of a fit from which larger ones are estimated."""


class ClassicalLearner(Learner):
    """Classical estimators on a row of features of the whole clip.

    They use few of the settings (`effective_settings`): there are no epochs, windows or hold-out.
    """

    name: ClassVar[str] = "classical"
    reads_rows: ClassVar[bool] = True
    file_sets: ClassVar[tuple[frozenset[str], ...]] = (frozenset({MODEL_NAME}),)

    def models(self) -> Iterable[str]:
        """Return the names of the classical estimators."""
        return CLASSICAL

    def fit(self, estimator: ClipModel, data: TrainingData) -> None:
        """Compute the rows of all clips, and fit the estimator to them."""
        check_lengths(data.clips, data.targets, data.groups)
        head = type(estimator).head
        with tempfile.TemporaryDirectory() as temporary:
            entries = self.entries(estimator, data.clips, estimator.store or temporary)
            usable, skipped = fill_clips(entries, n_jobs=estimator.n_jobs)
            stored = [entries[k] for k in usable.tolist()]
            rows = np.stack([store.get(item) for row in stored for store, item in row]).astype(np.float64)
        feature: Any = stored[0][0][0].feature
        clip_of_row = np.repeat(usable, [len(row) for row in stored])
        names, targets = head.encode([data.targets[k] for k in clip_of_row.tolist()], type(estimator).names)
        weights = (
            None if data.sample_weight is None else np.asarray(data.sample_weight, np.float64)[clip_of_row]
        )
        case = _case_of(estimator, feature)
        model = head.fit_classical(estimator.net, rows, targets, case=case, weights=weights)
        # Augmented copies of a clip are never predicted by a model trained on another copy.
        units = (
            clip_of_row
            if data.groups is None
            else np.asarray([str(data.groups[k]) for k in clip_of_row.tolist()])
        )
        estimator.set_learned(
            classes=names,
            feature=feature,
            files={
                MODEL_NAME: model_to_bytes(estimator.net, model, rows.shape[1]),
                **head.fit_outputs(names, targets),
                **head.fit_held_out(*_held_out(estimator, rows, targets, units, case, weights)),
            },
            curve=LearningCurve("training"),
            skipped=skipped,
        )

    def predictor(self, estimator: ClipModel) -> PredictFunction:
        """Return the function from rows of features to outputs."""
        predictor: ClassicalPredictor = estimator.net_
        return predictor.predict_each

    def model(self, estimator: ClipModel) -> Any:
        """Return the fitted estimator in ONNX Runtime."""
        return ClassicalPredictor(
            estimator.files_[MODEL_NAME],
            n_values=estimator.feature_.n_values,
            n_outputs=len(estimator.classes_),
        )

    def check_files(self, estimator: ClipModel) -> None:
        """Build the session of ONNX Runtime, which checks the file."""
        estimator.net_  # noqa: B018  a property

    def entries(
        self, estimator: ClipModel, clips: Sequence[Clip], folder: str, *, n_learned: int | None = None
    ) -> list[list[Entry]]:
        """Return the rows of each clip and of its augmented copies."""
        kind = type(estimator)
        sample_rate = estimator.sample_rate or common_rate(clips, kind.highest_rate)
        row_input = estimator.row_input(reads_notes=are_scores(clips))
        n_versions = row_input.n_versions_for(len(clips) if n_learned is None else n_learned)
        store = FeatureStore(folder, row_front_end(row_input.front_end, sample_rate))
        return [
            [(store, version) for version in augmented_versions(item, n_versions, kind.waveform_augmentation)]
            for item in clip_items(clips, sample_rate)
        ]

    def time_fits(self, estimator: ClipModel, n_names: int, sizes: Sequence[int]) -> tuple[int, float]:
        """Measure fits to made-up rows, each twice as many, until one takes long enough to estimate by it."""
        head, row_input = type(estimator).head, estimator.row_input()
        rate = estimator.sample_rate or type(estimator).highest_rate
        feature = row_front_end(row_input.front_end, rate)
        n_rows_of_fits = [size * row_input.n_versions_for(size) for size in sizes]
        largest = max(n_rows_of_fits)
        n_rows, duration_s, exponent = 0, 0.0, float(classical_model(estimator.net).fit_time_exponent)
        case = _case_of(estimator, feature)
        head.fit_classical(
            estimator.net, *_made_up(4 * n_names, feature.n_values, n_names), case=case
        )  # imports
        while n_rows < largest and duration_s < _ENOUGH_S:
            before = n_rows, duration_s
            n_rows = min(largest, max(2 * n_rows, _N_TIMED, 2 * n_names))
            rows, targets = _made_up(n_rows, feature.n_values, n_names)
            began = time.perf_counter()
            head.fit_classical(estimator.net, rows, targets, case=case)
            duration_s = time.perf_counter() - began
        if before[0] and duration_s > before[1] > 0:
            exponent = min(exponent, np.log(duration_s / before[1]) / np.log(n_rows / before[0]))
        times_s = [duration_s * (n / n_rows) ** exponent for n in n_rows_of_fits]
        return 0, head.n_fits(N_FOLDS) * sum(times_s)

    def effective_settings(self, settings: Mapping[str, Any]) -> set[str]:
        """Return the settings that affect a classical estimator, those that only its task has among them."""
        return set(settings) - {setting.name for setting in fields(ClipModel)} | {
            "net",
            "front_end",
            "thorough",
            "sample_rate",
            "seed",
        }

    def alternatives(self, estimator: ClipModel) -> list[str]:
        """Return the classical estimators, that of the settings first."""
        return type(estimator).head.alternatives(list(dict.fromkeys((estimator.net, *CLASSICAL))))

    def method_name(self, estimator: ClipModel) -> str:
        """Return the name of the estimator, with ``own-`` unless it equals the baseline of that name."""
        return estimator.net if estimator.row_input() == RowInput() else f"own-{estimator.net}"


def _made_up(n_rows: int, n_values: int, n_names: int) -> tuple[Rows, NDArray[np.float32]]:
    """Return rows of classes that overlap as little as those of sounds, and their targets."""
    rng = np.random.default_rng(0)
    columns = np.arange(n_rows) % n_names
    centres = rng.normal(size=(n_names, n_values))
    rows = 0.3 * centres[columns] + rng.normal(size=(n_rows, n_values))
    return rows, np.eye(n_names, dtype=np.float32)[columns]


def _case_of(estimator: ClipModel, feature: NamedRow) -> Case:
    return Case(seed=estimator.seed, n_jobs=estimator.n_jobs, blocks=feature.blocks)


def _held_out(
    estimator: ClipModel,
    rows: Rows,
    targets: NDArray[np.float32],
    units: NDArray[Any],
    case: Case,
    weights: Rows | None,
) -> tuple[NDArray[np.float32], Callable[[], Rows]]:
    """Return the targets, and a function that predicts each row by a model not trained on its unit."""
    head = type(estimator).head
    numbers = np.unique(units, return_inverse=True)[1]
    folds = np.random.default_rng(estimator.seed).permutation(numbers.max() + 1)[numbers] % N_FOLDS
    if len(np.unique(folds)) < 2:
        return targets[:0], lambda: np.empty(targets[:0].shape)

    def predict() -> Rows:
        outputs = np.empty(targets.shape)
        for fold in np.unique(folds):
            train = folds != fold
            model = head.fit_classical(
                estimator.net,
                rows[train],
                targets[train],
                case=case,
                weights=None if weights is None else weights[train],
            )
            outputs[~train] = head.predict_classical(model, rows[~train])
        return outputs

    return targets, predict
