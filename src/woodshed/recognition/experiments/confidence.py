"""Confidence of a classifier, fitted to the held-out folds of its cross-validation."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import duration_s
from woodshed.data.split import Fold
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import (
    CalibratedPredictions,
    Confidence,
    HeldOut,
    cross_fit,
    fit_confidence,
)
from woodshed.recognition.experiments.result import SplitResult
from woodshed.recognition.heads.head import Evaluator
from woodshed.recognition.novelty_detection import NoveltyDetector, SpectralEmbedding

if TYPE_CHECKING:
    from woodshed.recognition.experiments.cross_validation import CrossValidation


class ConfidenceEvaluator(Evaluator):
    """Evaluator that calibrates probabilities and rejections on held-out groups.

    Parameters
    ----------
    run
        The cross-validation that is evaluated.

    Attributes
    ----------
    held_out
        Held-out predictions of each split, to which confidence is fitted.
    """

    def __init__(self, run: CrossValidation) -> None:
        self._run = run
        self._embeddings = np.zeros((0, 0))
        self._labels = np.asarray(run.corpus.labels)
        self.held_out: list[HeldOut] = []

    def begin(self) -> None:
        """Embed all examples."""
        run = self._run
        self._embeddings = describe(
            run.sounds,
            SpectralEmbedding(sample_rate=run.sample_rate),
            store=run.estimator.store,
            n_jobs=run.estimator.n_jobs,
        )

    def test_fold(self, fold: Fold) -> Mapping[str, NDArray[Any]]:
        """Return the distance of each test clip to the training part."""
        detector = NoveltyDetector.fit(self._embeddings[fold.train], self._labels[fold.train])
        return {"distances": detector.distance(self._embeddings[fold.test])}

    def finish_split(self, result: SplitResult, parts: Sequence[Mapping[str, NDArray[Any]]]) -> SplitResult:
        """Replace the probabilities of the model by those calibrated on the other groups."""
        run, groups = self._run, self._run.corpus.groups
        held_out = HeldOut(
            truth=self._labels[result.indices],
            probabilities=result.outputs[run.method],
            levels_db=self._embeddings[result.indices, -1],
            distances=np.concatenate([part["distances"] for part in parts]),
            groups=None if groups is None else np.asarray(groups)[result.indices],
            hours=sum(duration_s(run.corpus.examples[k]) for k in result.indices) / 3600,
        )
        self.held_out.append(held_out)
        predictions = cross_fit(held_out, run.names)
        if predictions is None:
            return result
        outputs = {**result.outputs, run.method: predictions.calibrated}
        return replace(result, outputs=outputs, judged=predictions)

    def finish_model(self, model: Any, learned: NDArray[np.int64]) -> dict[str, str]:
        """Fit the confidence of the final model."""
        detector = NoveltyDetector.fit(self._embeddings[learned], self._labels[learned])
        model.set_confidence(fit_confidence(self.held_out[0], self._run.names, detector))
        if model.pseudo_labels_ is None:
            return {}
        return {"unlabelled sounds": model.pseudo_labels_.to_text()}


def judge(recogniser: Any, clips: Sequence[Clip]) -> CalibratedPredictions | None:
    """Predict clips with and without the confidence of a model; None if it has none."""
    confidence = recogniser.confidence_
    if confidence == Confidence():
        return None
    uncalibrated = copy.copy(recogniser)
    uncalibrated.set_confidence(Confidence())
    raw = uncalibrated.predict_proba(clips)
    resampled = (resample(clip, recogniser.sample_rate_) for clip in clips)
    return CalibratedPredictions(
        raw=raw,
        calibrated=confidence.calibrate(raw),
        refusals=np.asarray([confidence.refusal(clip) for clip in resampled], dtype=str),
        temperatures=(confidence.temperature,),
        guess_shares=(confidence.guess_share,),
    )
