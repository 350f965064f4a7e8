"""Evaluation: a finished model on sounds that it may or may not know."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from woodshed.base.experiment import deciding_settings, method_of
from woodshed.base.provenance import provenance
from woodshed.base.recogniser import Recogniser
from woodshed.base.result import Experiment, SplitResult
from woodshed.data.example import Corpus, SetAside
from woodshed.data.sound import Sounds
from woodshed.errors import DataError


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
    set_aside = tuple(
        SetAside(
            example.path,
            f"its label {example.label!r} is not one that the model knows: {', '.join(classes)}.",
        )
        for example in corpus.examples
        if example.label in foreign
    )
    corpus = replace(corpus, examples=corpus.subset(usable))
    truth = np.asarray(corpus.labels)
    result = SplitResult(
        split="all of it",
        leaky=leaky,
        indices=np.arange(len(truth)),
        folds=np.full(len(truth), "all"),
        truth=truth,
        probabilities={method_of(recogniser): recogniser.predict_proba(Sounds(corpus.examples))},
        curves=(),
    )
    return Experiment(
        job=type(recogniser).job,
        corpus=corpus,
        labels=tuple(classes),
        splits=(result,),
        settings=deciding_settings(recogniser, recogniser.get_params()),
        set_aside=set_aside,
        provenance=provenance(recogniser.seed, time.monotonic() - began),
    )
