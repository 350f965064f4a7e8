"""Nets over frames of notes: probabilities that sum to 1, and learning what belongs together."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from woodshed.errors import ParameterError
from woodshed.nets.frame_loss import bernoulli_nats
from woodshed.nets.nade import nade, nade_nats
from woodshed.nets.rbm import annealed_log_z, exact_log_z, rbm
from woodshed.nets.rnn_rbm import rnn_rbm

CHORDS = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]], np.float32)


def all_frames(n_notes: int) -> np.ndarray:
    return np.array(list(itertools.product((0, 1), repeat=n_notes)), np.float32)


def chords(n: int = 240) -> np.ndarray:
    return CHORDS[np.random.default_rng(0).integers(0, 3, n)]


def test_a_nade_over_all_frames_sums_to_one() -> None:
    net = nade(5, n_hidden=4)
    rng = np.random.default_rng(0)
    net.set_weights([rng.normal(size=weight.shape) for weight in net.get_weights()])
    assert np.exp(-np.asarray(nade_nats(net, all_frames(5)), np.float64)).sum() == pytest.approx(1, abs=1e-6)


def test_a_machine_over_all_frames_sums_to_one_and_annealing_finds_its_sum() -> None:
    net = rbm(6, n_hidden=4)
    rng = np.random.default_rng(0)
    net.set_weights([rng.normal(size=weight.shape) for weight in net.get_weights()])
    energy = np.asarray(net(all_frames(6)), np.float64)
    assert np.exp(-energy - exact_log_z(net)).sum() == pytest.approx(1, abs=1e-6)
    assert annealed_log_z(net) == pytest.approx(exact_log_z(net), abs=0.1)
    with pytest.raises(ParameterError, match="up to 20 hidden units, got 21"):
        exact_log_z(rbm(3, n_hidden=21))


@pytest.mark.train
@pytest.mark.parametrize("keep_chains", [0, 40])
def test_a_machine_learns_which_notes_belong_together(keep_chains: int) -> None:
    keras.utils.set_random_seed(0)
    net = rbm(6, n_hidden=8, keep_chains=keep_chains)
    # Chains that are kept cannot follow weights that never settle: the steps become smaller (Tieleman, 2008).
    rate = keras.optimizers.schedules.PolynomialDecay(0.01, decay_steps=6 * 150, end_learning_rate=0.0)
    net.compile(keras.optimizers.Adam(rate), steps_per_execution=30)
    data = chords()
    net.fit(data, data, batch_size=40, epochs=150, verbose=0)
    nats = float(np.mean(net(CHORDS))) + exact_log_z(net)
    # At best ln 3, 1.10; as every note sounds in a third of the frames, 3.82 with each by itself.
    assert nats < 2.2
    assert float(np.mean(net(CHORDS))) < float(np.mean(net(all_frames(6)))) - 1


@pytest.mark.parametrize("keep_chains", [0, 5])
def test_kept_chains_go_on_where_they_were_and_others_start_at_the_data(keep_chains: int) -> None:
    net = rbm(6, n_hidden=4, keep_chains=keep_chains)
    # All notes pull at all hidden units: what is silent stays silent, and what sounds stays sounding.
    net.pull.assign(np.full((6, 4), 10.0))
    net.note_bias.assign(np.full(6, -20.0))
    net.hidden_bias.assign(np.full(4, -30.0))
    sounding = np.ones((5, 6), np.float32)
    loss = float(net.compute_loss(x=sounding, y_pred=net(sounding)))
    if keep_chains:
        assert not np.asarray(net.chains).any(), "they began silent"
        assert loss == pytest.approx(float(net(sounding)[0] - net(0 * sounding)[0]), abs=1e-3)
        net.chains.assign(sounding)
        net.compute_loss(x=0 * sounding, y_pred=net(0 * sounding))
        assert np.asarray(net.chains).all(), "silent data do not silence them"
    else:
        assert loss == pytest.approx(0, abs=1e-3)


@pytest.mark.train
def test_a_nade_learns_which_notes_belong_together() -> None:
    keras.utils.set_random_seed(0)
    net, data = nade(6, n_hidden=8), chords()
    net.compile(keras.optimizers.Adam(0.05), lambda frames, logits: ops.mean(bernoulli_nats(frames, logits)))
    net.fit(data, data, batch_size=40, epochs=60, verbose=0)
    assert float(np.mean(nade_nats(net, CHORDS))) < 1.5  # at best ln 3


@pytest.mark.train
def test_an_rnn_rbm_learns_what_follows() -> None:
    keras.utils.set_random_seed(0)
    net = rnn_rbm(6, n_hidden=8, width=12, n_steps=3)
    net.compile(keras.optimizers.Adam(0.02))
    songs = np.stack([CHORDS[(np.arange(9) + k) % 3] for k in range(3)] * 10)
    net.fit(songs, songs, batch_size=15, epochs=100, verbose=0)
    nats = net.nats(songs[:1])[0]
    assert nats[1:].mean() < 0.5 * 6 * (np.log(3) - 2 / 3 * np.log(2))
