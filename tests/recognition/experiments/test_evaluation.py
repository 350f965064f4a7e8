"""Evaluation of a finished model on other sounds."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from woodshed.data.example import Corpus, Sounds
from woodshed.data.folder import read_folder
from woodshed.errors import DataError
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.recognition.background import background_rows
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import Confidence
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import evaluate
from woodshed.recognition.novelty_detection import NoveltyDetector
from woodshed.report.recognition import classes
from woodshed.report.recognition.page import page


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


def test_classes_that_the_model_lacks_are_predicted_apart_and_other_spellings_are_matched(
    speech: Recogniser, unseen_folder: Path
) -> None:
    corpus = read_folder(unseen_folder)
    first, second, *others = corpus.examples
    mixed = replace(
        corpus,
        examples=(
            replace(first, label="bark"),
            replace(second, label=f" {second.label.upper()} "),
            replace(others[0], label="yelp"),
            *others[1:],
        ),
    )
    experiment = evaluate(speech, mixed, leaky=False)
    remarks = experiment.evaluation
    assert remarks is not None
    assert [example.path for example in remarks.unknown] == [first.path, others[0].path]
    assert remarks.is_refused.tolist() == [False, False]  # it was not calibrated, and refuses nothing
    assert remarks.spellings == {f" {second.label.upper()} ": second.label}
    assert experiment.corpus.examples == (second, *others[1:])
    assert experiment.skipped == ()
    assert len(experiment.splits[0].truth) == len(corpus.examples) - 2
    assert experiment.splits[0].leaky is False


def test_what_predict_refuses_counts_as_wrong(speech: Recogniser, unseen_folder: Path) -> None:
    corpus = read_folder(unseen_folder)
    sounds = Sounds(corpus.examples)
    strict = copy.copy(speech)
    rows = describe(sounds, SoundEmbedding(sample_rate=speech.sample_rate_))
    detector = NoveltyDetector.fit(rows, np.asarray(corpus.labels), background_rows(speech.sample_rate_))
    middle = float(np.median(detector.distance(rows)))
    strict.set_confidence(Confidence(max_distance=middle, novelty_detector=detector))
    unknown = replace(corpus.examples[0], label="bark")
    experiment = evaluate(strict, replace(corpus, examples=(*corpus.examples, unknown)), leaky=None)

    answers = [prediction.label for prediction in strict.predictions(sounds)]
    n_refused = answers.count("none of these")
    assert 0 < n_refused < len(answers)
    (split,) = experiment.splits
    assert split.refused is not None
    assert split.refused.tolist() == [answer == "none of these" for answer in answers]
    right = [answer == label for answer, label in zip(answers, corpus.labels, strict=True)]
    values = classes.REPORT.metrics(experiment)
    (row,) = classes.REPORT.score_rows(experiment)
    (of_split,) = values["splits"]  # type: ignore[misc]
    assert row.value == np.mean(right) == of_split["methods"]["net"]["accuracy"]
    assert (of_split["n_answered"], of_split["n_refused"]) == (len(answers) - n_refused, n_refused)
    assert of_split["accuracy_of_answered"] == sum(right) / (len(answers) - n_refused)
    assert of_split["methods"]["net"]["recall"]["micro"] == pytest.approx(row.value)
    assert np.sum(of_split["methods"]["net"]["confusion_matrix"]) == len(answers) - n_refused
    assert len(of_split["methods"]["net"]["recall"]["per_class"]) == 3

    html = page(experiment)
    assert f"Accuracy on <bdi>these {len(answers)} recordings</bdi>: <b>" in html
    for text in (
        f"{n_refused} of {len(answers)} recordings refused ({n_refused} as “none of these”), which counts as",
        f"Answered {len(answers) - n_refused}: ",
        "Not part of this score: 1 recording of classes that the model does not have (bark)",
        f"Not in the matrix: {n_refused} refused clips.",
        "Recordings of unknown classes",
    ):
        assert text in html


def test_a_model_that_refuses_everything_scores_nothing(speech: Recogniser, unseen_folder: Path) -> None:
    corpus = read_folder(unseen_folder)
    rows = describe(Sounds(corpus.examples), SoundEmbedding(sample_rate=speech.sample_rate_))
    strict = copy.copy(speech)
    detector = NoveltyDetector.fit(rows, np.asarray(corpus.labels), background_rows(speech.sample_rate_))
    strict.set_confidence(Confidence(max_distance=0.0, novelty_detector=detector))
    experiment = evaluate(strict, corpus, leaky=None)
    (row,) = classes.REPORT.score_rows(experiment)
    assert row.value == 0.0
    assert "18 of 18 recordings refused" in page(experiment)


def test_a_corpus_without_a_known_label_is_refused(speech: Recogniser, unseen_folder: Path) -> None:
    corpus = read_folder(unseen_folder)
    strange = Corpus("zoo", tuple(replace(row, label=f"animal {row.label}") for row in corpus.examples))
    with pytest.raises(
        DataError,
        match="zoo has the labels animal fall, animal pulse, animal rise, but the model knows fall, pulse",
    ):
        evaluate(speech, strange, leaky=None)
