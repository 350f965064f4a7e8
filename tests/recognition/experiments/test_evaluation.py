"""Evaluation of a finished model on other sounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from woodshed.data.example import Corpus
from woodshed.data.folder import read_folder
from woodshed.errors import DataError
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import evaluate


def test_the_answers_are_kept_beside_the_truth(speech: Recogniser, unseen_folder: Path) -> None:
    corpus = read_folder(unseen_folder)
    experiment = evaluate(speech, corpus, leaky=None)
    (split,) = experiment.splits
    assert split.leaky is None
    assert [experiment.names[column] for column in split.truth.argmax(axis=1)] == corpus.labels
    assert (split.truth.sum(axis=1) == 1).all()
    assert list(split.outputs) == ["net"]
    right = split.outputs["net"].argmax(axis=1) == split.truth.argmax(axis=1)
    assert right.mean() > 0.75
    assert experiment.task == "speech"
    assert experiment.skipped == ()


def test_labels_that_the_model_does_not_know_are_set_aside_and_named(
    speech: Recogniser, unseen_folder: Path
) -> None:
    corpus = read_folder(unseen_folder)
    first, second, *others = corpus.examples
    mixed = replace(
        corpus, examples=(replace(first, label="bark"), second, replace(others[0], label="yelp"), *others[1:])
    )
    experiment = evaluate(speech, mixed, leaky=False)
    assert [entry.path for entry in experiment.skipped] == [first.path, others[0].path]
    assert experiment.skipped[0].reason == "the label 'bark' is not a class of the model: fall, pulse, rise."
    assert experiment.corpus.examples == (second, *others[1:])
    assert len(experiment.splits[0].truth) == len(corpus.examples) - 2
    assert experiment.splits[0].leaky is False


def test_a_corpus_without_a_known_label_is_refused(speech: Recogniser, unseen_folder: Path) -> None:
    corpus = read_folder(unseen_folder)
    strange = Corpus("zoo", tuple(replace(row, label=f"animal {row.label}") for row in corpus.examples))
    with pytest.raises(
        DataError,
        match="zoo has the labels animal fall, animal pulse, animal rise, but the model knows fall, pulse",
    ):
        evaluate(speech, strange, leaky=None)
