"""What every net promises that predicts the next token or frame."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from woodshed.nets.frame_net import HEADS, READERS, frame_net
from woodshed.nets.lstm_lm import lstm_lm
from woodshed.training.inference import keras_to_net, net_to_keras

N_TOKENS, N_NOTES, TIME = 7, 6, 12

TOKEN_NETS: dict[str, Callable[[], Any]] = {
    "lstm": lambda: lstm_lm(N_TOKENS, width=16, n_layers=2, dropout=0.0),
    "gru": lambda: lstm_lm(N_TOKENS, width=16, n_layers=2, dropout=0.0, cell="gru"),
}
FRAME_NETS: dict[str, Callable[[], Any]] = {
    f"{reader} {head}": functools.partial(
        frame_net, N_NOTES, reader=reader, head=head, n_hidden=8, width=16, n_layers=2, context=TIME
    )
    for reader in READERS
    if reader != "none"
    for head in HEADS
}
every_net = pytest.mark.parametrize("name", [*TOKEN_NETS, *FRAME_NETS])


def net_and_input(name: str) -> tuple[Any, np.ndarray]:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(1)
    if name in TOKEN_NETS:
        return TOKEN_NETS[name](), rng.integers(0, N_TOKENS, (3, TIME))
    return FRAME_NETS[name](), rng.integers(0, 2, (3, TIME, N_NOTES)).astype(np.float32)


@every_net
def test_the_future_changes_no_answer_and_the_past_does(name: str) -> None:
    net, inputs = net_and_input(name)
    changed = inputs.copy()
    changed[:, 6] = (changed[:, 6] + 1) % (N_TOKENS if name in TOKEN_NETS else 2)
    before, after = np.asarray(net(inputs)), np.asarray(net(changed))
    assert before[:, :6] == pytest.approx(after[:, :6], abs=1e-6)
    assert np.abs(before[:, 7] - after[:, 7]).max() > 1e-6


@every_net
def test_streams_do_not_hear_each_other_and_a_saved_net_answers_the_same(name: str) -> None:
    net, inputs = net_and_input(name)
    answers = np.asarray(net(inputs))
    assert np.asarray(net(inputs[1:2])) == pytest.approx(answers[1:2], abs=1e-5)
    assert np.array_equal(np.asarray(keras_to_net(net_to_keras(net))(inputs)), answers)


@pytest.mark.train
@pytest.mark.parametrize("name", list(TOKEN_NETS))
def test_it_learns_a_round_that_single_tokens_do_not_tell(name: str) -> None:
    net, _ = net_and_input(name)
    rounds = np.array([0, 1, 0, 2, 0, 3])  # after 0 comes what only the token before it tells
    shifts = np.random.default_rng(0).integers(0, 6, 64)
    tokens = np.stack([np.resize(np.roll(rounds, shift), TIME + 1) for shift in shifts])
    net.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    net.fit(tokens[:, :-1], tokens[:, 1:], epochs=100, batch_size=32, verbose=0)
    logits = np.asarray(net(tokens[:, :-1]))[:, 2:]
    assert (logits.argmax(axis=-1) == tokens[:, 3:]).mean() > 0.99
