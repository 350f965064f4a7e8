"""Token by token a net answers as it does for the whole sequence."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from woodshed.composition.sequence.step_net import RecurrentStep, net_weights
from woodshed.errors import ParameterError
from woodshed.nets.lstm_lm import lstm_lm

N_TOKENS = 11


def net_of(cell: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    return lstm_lm(N_TOKENS, width=16, n_layers=2, cell=cell)


def stepped(stepper: RecurrentStep, ids: np.ndarray) -> np.ndarray:
    state, logits = stepper.start(len(ids)), []
    for column in ids.T:
        answer, state = stepper(column, state)
        logits.append(answer)
    return np.stack(logits, axis=1)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_steps_answer_as_the_whole_sequence(cell: str) -> None:
    net = net_of(cell)
    ids = np.random.default_rng(1).integers(0, N_TOKENS, (3, 9))
    whole = np.asarray(net(ids))
    assert stepped(RecurrentStep(net_weights(net)), ids) == pytest.approx(whole, abs=1e-5)
    rounded = stepped(RecurrentStep(net_weights(net), storage="int8"), ids)
    assert 0 < np.abs(rounded - whole).max() < 0.05


def test_a_rounded_stream_is_the_same_alone_and_in_company() -> None:
    stepper = RecurrentStep(net_weights(net_of("lstm")), storage="int8")
    ids = np.random.default_rng(2).integers(0, N_TOKENS, (5, 12))
    together = stepped(stepper, ids)
    assert [np.array_equal(stepped(stepper, ids[k : k + 1])[0], together[k]) for k in range(5)] == [True] * 5


@pytest.mark.parametrize("storage", ["float32", "int8"])
def test_many_streams_share_threads_and_answer_alike(storage: str) -> None:
    weights = net_weights(net_of("lstm"))
    ids = np.random.default_rng(3).integers(0, N_TOKENS, (16, 8))
    shared, alone = (RecurrentStep(weights, storage=storage, n_threads=n) for n in (2, 1))
    assert stepped(shared, ids) == pytest.approx(stepped(alone, ids), abs=1e-6)

    threads = [
        s.get_session_options().intra_op_num_threads
        for s in (shared._parallel_session, shared._single_session)
    ]
    assert threads == [2, 1]
    fewer = RecurrentStep(weights, storage=storage, n_threads=2)
    stepped(fewer, ids[:15])
    assert "_parallel_session" not in vars(fewer)
    assert alone._parallel_session is alone._single_session


def test_other_weights_and_storages_are_refused() -> None:
    with pytest.raises(ParameterError, match="Expected the weights of an lstm_lm"):
        RecurrentStep({})
    with pytest.raises(ParameterError, match=r"Unknown storage 'int9'\. Did you mean int8"):
        RecurrentStep({}, storage="int9")
    with pytest.raises(
        ParameterError, match="n_threads must be at least 1, or None for all processors, got 0"
    ):
        RecurrentStep({}, n_threads=0)
