"""Evaluation of a fitted model on further examples."""

from __future__ import annotations

import time

import numpy as np

from woodshed.data.example import Corpus, Sounds
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.cross_validation import deciding_settings, method_of
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.training.model_folder import provenance


def evaluate(estimator: AudioEstimator, corpus: Corpus, *, leaky: bool | None) -> Experiment:
    """Predict every example of a corpus, and return outputs and truth.

    Examples whose label the model does not know are skipped and named.

    Parameters
    ----------
    estimator
        A fitted one.
    corpus
        Checked examples.
    leaky
        Whether the model was trained on some of these files or groups; None if that is not known.

    Raises
    ------
    DataError
        If the corpus has no target that the model predicts.
    """
    began = time.monotonic()
    head = type(estimator).head
    known, truth, skipped = head.known_to(estimator, corpus)
    sounds = Sounds(known.examples)
    outputs = estimator.outputs(sounds)
    result = SplitResult(
        split="all of it",
        leaky=leaky,
        indices=np.arange(len(truth)),
        folds=np.full(len(truth), "all"),
        truth=truth.astype(np.float64),
        outputs={method_of(estimator): outputs},
        decisions=head.decisions(estimator, outputs),
        judged=head.judge(estimator, sounds),
    )
    return Experiment(
        task=type(estimator).task,
        head=head,
        corpus=known,
        names=tuple(str(name) for name in estimator.fitted("classes_")),
        splits=(result,),
        settings=deciding_settings(estimator, estimator.get_params()),
        skipped=skipped,
        provenance=provenance(estimator.seed, time.monotonic() - began),
    )
