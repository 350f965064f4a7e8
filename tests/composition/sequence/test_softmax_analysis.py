"""Softmax analysis: what is told of a composer is what it does."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.composition.sequence.softmax_analysis import (
    SoftmaxAnalysis,
    ablations,
    analyse_softmax,
    check_explainable,
    cosine_similarity,
    count_steps,
    is_valid_tune,
    sample_with_kernel,
    score_kernel,
    trace_pieces,
)
from woodshed.composition.sequence.step_net import RecurrentStep
from woodshed.errors import NotFittedError, ParameterError
from woodshed.metrics.softmax_layer import change_for_factor
from woodshed.symbolic.folk.vocabulary import BAR_LINES, KINDS, WORDS
from woodshed.tasks import load, task_class
from woodshed.tasks.shipped import shipped_folder
from woodshed.tasks.tune import TuneComposer
from woodshed.training.progress import LearningCurve


@pytest.fixture(scope="module")
def analysis(tune_composer: TuneComposer) -> SoftmaxAnalysis:
    return analyse_softmax(tune_composer, seed=1)


def test_kinds_hold_every_token_once_in_its_order() -> None:
    assert [word for words in KINDS.values() for word in words] == list(WORDS)


def test_reading_tells_what_the_composer_itself_finds(
    tune_composer: TuneComposer, analysis: SoftmaxAnalysis
) -> None:
    read = [text for _, text in tune_composer.known_]
    bits = np.concatenate(
        [
            -trace.log_probabilities[np.arange(len(trace.ids)), trace.targets] / np.log(2)
            for trace in analysis.traces
        ]
    )
    assert bits.mean() == pytest.approx(tune_composer.bits_per_token(read), rel=1e-5)
    assert analysis.ablations[0].score.bits == pytest.approx(bits.mean(), rel=1e-5)
    for trace in analysis.traces:
        assert trace.probabilities.sum(axis=1) == pytest.approx(1.0)
        assert np.abs(trace.hidden).max() <= 1


def test_hidden_values_times_kernel_are_the_logits(analysis: SoftmaxAnalysis) -> None:
    trace = analysis.traces[0]
    logits = trace.hidden[-1] @ analysis.kernel + analysis.bias
    shift = logits - trace.log_probabilities
    assert np.ptp(shift, axis=1).max() < 1e-4


def test_pieces_in_company_are_read_as_alone(tune_composer: TuneComposer) -> None:
    stepper = RecurrentStep(tune_composer.weights_)
    rows = [tune_composer.encode(text) for _, text in tune_composer.known_[:2]]
    together = trace_pieces(stepper, rows)
    for row, trace in zip(rows, together, strict=True):
        (alone,) = trace_pieces(stepper, [row])
        assert np.allclose(trace.hidden, alone.hidden, atol=1e-6)
        assert trace.ids.tolist() == row[:-1].tolist()


def test_the_closed_form_holds_in_the_model(analysis: SoftmaxAnalysis) -> None:
    assert analysis.due_bar_probabilities.size > 0
    bar = analysis.vocabulary.index("|")
    for change in (-3.0, -1.0, -0.1, 0.1, 1.0, 3.0):
        for trace in analysis.traces:
            logits = trace.log_probabilities[trace.targets == bar]
            before = np.exp(logits[:, bar] - np.logaddexp.reduce(logits, axis=1))
            # The same change of the odds; a probability near 1 determines its logit with few digits only.
            expected = before * np.exp(change) / (1 - before + before * np.exp(change))
            moved = logits.copy()
            moved[:, bar] += change_for_factor(before, expected / before)
            after = np.exp(moved[:, bar] - np.logaddexp.reduce(moved, axis=1))
            assert after == pytest.approx(expected, abs=1e-14)
            assert moved[:, bar] - logits[:, bar] == pytest.approx(change, abs=1e-6)


def test_the_bias_alone_is_what_is_left_without_units(analysis: SoftmaxAnalysis) -> None:
    silent = np.zeros(len(analysis.kernel)) @ analysis.kernel + analysis.bias
    assert analysis.bias_probabilities == pytest.approx(np.exp(silent) / np.exp(silent).sum())


def test_contexts_are_means_over_pairs(analysis: SoftmaxAnalysis) -> None:
    tokens = analysis.similarities["input token"]
    assert (tokens.same, tokens.mixed) == (1.0, 0.0)
    assert set(analysis.similarities) == {"input token", "predicted probabilities", "layer 1"}
    values = cosine_similarity(analysis.traces[0].hidden[0])
    assert np.diag(values) == pytest.approx(1.0)


def test_without_its_largest_direction_bar_lines_are_missed(analysis: SoftmaxAnalysis) -> None:
    whole, first = analysis.ablations[:2]
    assert first.ablation.description == "largest direction"
    assert abs(first.score.due_bar_probability - whole.score.due_bar_probability) > 0.02
    assert first.score.bits > whole.score.bits
    smallest = next(one for one in analysis.ablations if one.ablation.description == "smallest direction")
    assert smallest.score.bits - whole.score.bits < first.score.bits - whole.score.bits


def test_what_is_written_after_a_cut_is_another_piece_and_the_composer_stays(
    tune_composer: TuneComposer,
) -> None:
    kernel = np.asarray(tune_composer.weights_["logits/kernel"], np.float64)
    before = tune_composer.sample_texts(3, seed=2)
    whole, first, *_ = ablations(kernel)
    assert list(sample_with_kernel(tune_composer, whole.kernel, 3, 2).texts) == before
    assert list(sample_with_kernel(tune_composer, first.kernel, 3, 2).texts) != before
    assert tune_composer.sample_texts(3, seed=2) == before


def test_cuts_remove_what_they_say() -> None:
    kernel = np.random.default_rng(0).normal(size=(10, 137))
    every = {ablation.description: ablation.kernel for ablation in ablations(kernel)}
    assert np.linalg.matrix_rank(every["4 largest directions"]) == 6
    assert np.linalg.matrix_rank(every["smallest direction"]) == 9
    assert (every["8 units at random"] == 0).all(axis=1).sum() == 8
    assert np.array_equal(every["nothing"], kernel)


def test_the_model_that_comes_with_woodshed_has_the_folk_models_last_layer() -> None:
    composer = load(shipped_folder("tune"))
    kernel = np.asarray(composer.weights_["logits/kernel"], np.float64)
    bias = composer.weights_["logits/bias"]
    assert kernel.size + bias.size == 70_281
    texts = [text for _, text in composer.known_[::600]]
    traces = trace_pieces(RecurrentStep(composer.weights_), [composer.encode(text) for text in texts])
    whole, first, *_ = ablations(kernel)
    bars = [WORDS.index(word) for word in BAR_LINES]
    before, after = (score_kernel(ablation.kernel, bias, traces, bars) for ablation in (whole, first))
    assert before.due_bar_probability > 0.7
    assert abs(after.bar_probability - before.bar_probability) > 0.002
    assert after.bits > before.bits + 1


def test_steps_are_counted(tune_composer: TuneComposer) -> None:
    done: list[int] = []
    analyse_softmax(tune_composer, n_pieces=1, on_step=lambda: done.append(1))
    assert len(done) == count_steps(tune_composer)


def test_a_net_that_has_learned_nothing_is_explained_too(tune_composer: TuneComposer) -> None:
    other = TuneComposer(**tune_composer.get_params())
    weights = {name: np.zeros_like(values) for name, values in tune_composer.weights_.items()}
    weights["logits/kernel"] = np.eye(16, 137, dtype=np.float32)
    weights["logits/bias"][0] = 4.0
    other.set_learned(weights, tune_composer.curve_, tune_composer.known_)
    found = analyse_softmax(other)
    assert found.ablations[0].score.bits == pytest.approx(np.log2(136 + np.exp(4)), abs=1e-4)
    assert 0 in found.piece.targets  # it begins tunes within a tune, which cannot be encoded


def test_what_cannot_be_explained_is_refused() -> None:
    with pytest.raises(ParameterError, match="got one of the task 'speech'"):
        check_explainable(task_class("speech")())
    with pytest.raises(NotFittedError):
        check_explainable(TuneComposer())
    with pytest.raises(ParameterError, match="got one of the task 'chorale'"):
        check_explainable(task_class("chorale")())
    narrow = TuneComposer(width=1)
    weights = {"logits/kernel": np.ones((1, 137)), "logits/bias": np.zeros(137)}
    narrow.set_learned(weights, LearningCurve("training"), [("a", "M:4/4 K:Cmaj C |")])
    with pytest.raises(ParameterError, match="one unit"):
        check_explainable(narrow)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("M:2/4 K:Cmaj C 4 | G 4 | C 4 |", True),
        ("M:2/4 K:Cmaj C 4 | G 3 | C 4 |", False),
        ("K:Cmaj M:2/4 C 4 |", False),
        ("M:2/4 K:Cmaj C 4 | M:2/4 G 4 |", False),
        ("M:2/4 K:Cmaj C 4", False),
        ("", False),
    ],
)
def test_whole_tunes_are_told_from_others(text: str, whole: bool) -> None:
    assert is_valid_tune(text) == whole
