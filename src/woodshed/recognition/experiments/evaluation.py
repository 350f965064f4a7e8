"""Evaluation: a finished model on sounds that it may or may not know."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import Corpus, Skipped
from woodshed.data.sound import Sounds
from woodshed.errors import DataError
from woodshed.recognition.confidence import Confidence
from woodshed.recognition.experiments.cross_validation import deciding_settings, method_of
from woodshed.recognition.experiments.result import CalibratedPredictions, Experiment, SplitResult
from woodshed.recognition.recogniser import Recogniser
from woodshed.training.provenance import provenance


def evaluate(recogniser: Recogniser, corpus: Corpus, *, leaky: bool | None) -> Experiment:
    """Answer every example of a corpus and keep the answers beside the truth.

    Examples whose label the model does not know are set aside and named: it cannot be right about them.

    Parameters
    ----------
    recogniser
        A fitted one.
    corpus
        Checked examples.
    leaky
        Whether the model learned from some of these sounds or groups; None if that is not known.

    Raises
    ------
    DataError
        If the model knows none of the labels.
    """
    began = time.monotonic()
    classes = recogniser.fitted("classes_").tolist()
    foreign = sorted(set(corpus.labels) - set(classes))
    usable = [k for k, label in enumerate(corpus.labels) if label in classes]
    if not usable:
        raise DataError(
            f"{corpus.name} has the labels {', '.join(foreign)}, but the model knows {', '.join(classes)}. "
            "Name the class folders as the model does, or train on this corpus."
        )
    skipped = tuple(
        Skipped(
            example.path,
            f"its label {example.label!r} is not one that the model knows: {', '.join(classes)}.",
        )
        for example in corpus.examples
        if example.label in foreign
    )
    corpus = replace(corpus, examples=corpus.subset(usable))
    truth = np.asarray(corpus.labels)
    sounds = Sounds(corpus.examples)
    result = SplitResult(
        split="all of it",
        leaky=leaky,
        indices=np.arange(len(truth)),
        folds=np.full(len(truth), "all"),
        truth=truth,
        probabilities={method_of(recogniser): recogniser.predict_proba(sounds)},
        curves=(),
        judged=judge(recogniser, sounds),
    )
    return Experiment(
        task=type(recogniser).task,
        corpus=corpus,
        labels=tuple(classes),
        splits=(result,),
        settings=deciding_settings(recogniser, recogniser.get_params()),
        skipped=skipped,
        provenance=provenance(recogniser.seed, time.monotonic() - began),
    )


def judge(recogniser: Recogniser, clips: Sequence[Clip]) -> CalibratedPredictions | None:
    """Answer clips with and without what is known of a model's confidence; None if nothing is."""
    confidence = recogniser.confidence_
    if confidence == Confidence():
        return None
    bare = copy.copy(recogniser)
    bare.set_confidence(Confidence())
    raw = bare.predict_proba(clips)
    at_rate = (resample(clip, recogniser.sample_rate_) for clip in clips)
    return CalibratedPredictions(
        raw=raw,
        calibrated=confidence.calibrate(raw),
        refusals=np.asarray([confidence.refusal(clip) for clip in at_rate], dtype=str),
        temperatures=(confidence.temperature,),
        guess_shares=(confidence.guess_share,),
    )
