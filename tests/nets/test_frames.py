"""Nets over frames of notes: probabilities that sum to 1, and learning what belongs together."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from woodshed.errors import ParameterError
from woodshed.nets.annealing import annealed_nats
from woodshed.nets.frame_net import bernoulli_nats, frame_net
from woodshed.nets.rbm import Rbm
from woodshed.nets.rnn_rbm import RnnRbm

CHORDS = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]], np.float32)


def all_frames(n_notes: int) -> np.ndarray:
    return np.array(list(itertools.product((0, 1), repeat=n_notes)), np.float32)


def chords(n: int = 240) -> np.ndarray:
    return CHORDS[np.random.default_rng(0).integers(0, 3, n)]


def test_a_nade_over_all_frames_sums_to_one() -> None:
    net = frame_net(5, reader="none", n_hidden=4)
    rng = np.random.default_rng(0)
    net.set_weights([rng.normal(size=weight.shape) for weight in net.get_weights()])
    assert np.exp(-frame_nats(net, all_frames(5)[:, np.newaxis])).sum() == pytest.approx(1, abs=1e-6)


def frame_nats(net: Any, frames: np.ndarray) -> np.ndarray:
    """Return the exact nats of each frame under a `frame_net`."""
    return np.asarray(bernoulli_nats(frames, net(frames, training=False)), np.float64)


def exact_log_z(net: Rbm) -> float:
    """Return the log partition function of a small machine: a sum over all hidden states."""
    couplings, note_bias, hidden_bias = (
        np.asarray(weight, np.float64) for weight in (net.couplings, *net.biases())
    )
    hidden = all_frames(net.n_hidden).astype(np.float64)  # (2 ** H, H)
    logs = hidden @ hidden_bias + np.logaddexp(0, hidden @ couplings.T + note_bias).sum(axis=1)  # (2 ** H,)
    return float(np.logaddexp.reduce(logs))


def strong_machine(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pull and biases of a machine of six notes that mixes badly."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2.5, (6, 5)), rng.normal(-3, 2, 6), rng.normal(0, 2, 5)


def exact_nats(couplings: np.ndarray, notes: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the nats of all frames, by summing over all of them."""
    frames, states = all_frames(len(notes)), all_frames(len(hidden))
    logs = np.logaddexp.reduce(frames @ couplings @ states.T + states @ hidden, axis=1) + frames @ notes
    return np.logaddexp.reduce(logs) - logs


def test_a_machine_over_all_frames_sums_to_one() -> None:
    net = Rbm(6, n_hidden=4)
    rng = np.random.default_rng(0)
    net.set_weights([rng.normal(size=weight.shape) for weight in net.get_weights()])
    energy = np.asarray(net(all_frames(6)), np.float64)
    assert np.exp(-energy - exact_log_z(net)).sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(net.nats(all_frames(6), n_chains=400), energy + exact_log_z(net), atol=0.1)


@pytest.mark.parametrize("n_steps", [1, 30])
def test_the_chances_that_annealing_finds_add_up_to_one(n_steps: int) -> None:
    couplings, notes, hidden = strong_machine(0)
    frames, each = all_frames(6), np.ones((64, 1))
    nats = annealed_nats(frames, couplings, each * notes, each * hidden, n_chains=2000, n_steps=n_steps)
    assert np.exp(-nats).sum() == pytest.approx(1, abs=0.05), "however short the annealing"


def test_annealing_finds_what_frames_take_and_does_not_flatter() -> None:
    each, apart = np.ones((64, 1)), []
    for seed in range(6):
        couplings, notes, hidden = strong_machine(seed)
        exact = exact_nats(couplings, notes, hidden)
        nats = annealed_nats(all_frames(6), couplings, each * notes, each * hidden, n_chains=20, n_steps=100)
        apart.append(np.exp(-exact) @ (nats - exact))
    assert -0.01 < np.mean(apart) < 0.05
    assert np.abs(apart).max() < 0.1


def test_only_the_frames_that_are_asked_are_told() -> None:
    net = RnnRbm(4, n_hidden=3, width=2)
    songs = (np.random.default_rng(0).random((2, 5, 4)) < 0.5).astype(np.float32)
    asked = np.zeros((2, 5), bool)
    asked[0, 1] = asked[1, 4] = True
    one, other = net.nats(songs, asked, n_chains=400)
    every = net.nats(songs, n_chains=400)
    assert every.shape == (10,)
    assert [one, other] == pytest.approx([every[1], every[9]], abs=0.05)


@pytest.mark.train
@pytest.mark.parametrize("keep_chains", [0, 40])
def test_a_machine_learns_which_notes_belong_together(keep_chains: int) -> None:
    keras.utils.set_random_seed(0)
    net = Rbm(6, n_hidden=8, keep_chains=keep_chains)
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
    net = Rbm(6, n_hidden=4, keep_chains=keep_chains)
    # All notes pull at all hidden units: what is silent stays silent, and what sounds stays sounding.
    net.couplings.assign(np.full((6, 4), 10.0))
    net.hidden_mean.assign(np.zeros(4))
    net.note_bias.assign(np.full(6, -20.0))
    net.hidden_bias.assign(np.full(4, -30.0))
    sounding = np.ones((5, 6), np.float32)
    apart = float(net(sounding)[0] - net(0 * sounding)[0])
    loss = float(net.compute_loss(x=sounding, y_pred=net(sounding)))
    if keep_chains:
        assert not np.asarray(net.chains).any(), "they began silent"
        assert loss == pytest.approx(apart, abs=1e-3)
        net.chains.assign(sounding)
        net.compute_loss(x=0 * sounding, y_pred=net(0 * sounding))
        assert np.asarray(net.chains).all(), "silent data do not silence them"
    else:
        assert loss == pytest.approx(0, abs=1e-3)


def test_units_are_counted_from_their_means() -> None:
    net = Rbm(4, n_hidden=3)
    rng = np.random.default_rng(0)
    net.set_weights([rng.normal(size=weight.shape) for weight in net.get_weights()])
    couplings, notes, hidden, note_mean, hidden_mean = (
        np.asarray(weight, np.float64)
        for weight in (net.couplings, net.note_bias, net.hidden_bias, net.note_mean, net.hidden_mean)
    )
    frames, states = all_frames(4), all_frames(3)
    centred = (frames - note_mean) @ couplings @ (states - hidden_mean).T
    energy = -np.logaddexp.reduce(centred + (frames @ notes)[:, np.newaxis] + states @ hidden, axis=1)
    apart = np.asarray(net(frames), np.float64) - energy
    np.testing.assert_allclose(apart, apart[0], atol=1e-5, err_msg="they may only differ by a constant")


def test_a_machine_begins_at_the_notes_by_themselves() -> None:
    data = chords()[:30]
    net = Rbm(6, n_hidden=4)
    net.adapt(data)
    net.couplings.assign(np.zeros((6, 4)))
    mean = (data.sum(axis=0) + 0.5) / 31
    apart = -(data * np.log(mean) + (1 - data) * np.log(1 - mean)).sum(axis=1)
    np.testing.assert_allclose(np.asarray(net(data)) + exact_log_z(net), apart, atol=1e-5)
    follower = RnnRbm(6, n_hidden=4, width=2)
    follower.adapt(data)
    np.testing.assert_allclose(follower.note_bias.bias, np.log(mean / (1 - mean)), atol=1e-5)


def test_a_net_begins_with_what_a_machine_learned() -> None:
    machine, net = Rbm(6, n_hidden=4), RnnRbm(6, n_hidden=4, width=3)
    rng = np.random.default_rng(0)
    machine.set_weights([rng.normal(size=weight.shape) for weight in machine.get_weights()])
    net.init_from_rbm(machine)
    for layer in (net.note_bias, net.hidden_bias):  # as if nothing had been heard before
        layer.kernel.assign(np.zeros(layer.kernel.shape))
    frames = chords()[:20]
    np.testing.assert_allclose(net(frames[np.newaxis])[0], machine(frames), atol=1e-4)


def test_the_means_of_hidden_units_follow_what_is_known() -> None:
    net = Rbm(2, n_hidden=1)
    net.couplings.assign([[8.0], [-8.0]])
    x = np.array([[1, 0], [0, 1]], np.float32)  # the first wakes the hidden unit, the second is padding
    for _ in range(100):
        net.compute_loss(x=x, y=np.array([[1, 0], [-1, -1]]), y_pred=net(x))
    assert float(net.hidden_mean[0]) > 0.75


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_units_are_forgotten_while_learning_only(cell: str) -> None:
    net = RnnRbm(4, n_hidden=3, width=8, cell=cell, dropout=0.5)
    songs = (np.random.default_rng(0).random((2, 5, 4)) < 0.5).astype(np.float32)
    np.testing.assert_array_equal(net(songs), net(songs))
    first, second = (np.asarray(net.biases(songs, training=True)[0]) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3


def test_a_cell_that_is_not_known_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Unknown cell 'grus'.*gru"):
        RnnRbm(4, cell="grus")


@pytest.mark.train
def test_a_nade_learns_which_notes_belong_together() -> None:
    keras.utils.set_random_seed(0)
    net, data = frame_net(6, reader="none", n_hidden=8), chords()[:, np.newaxis]
    net.compile(keras.optimizers.Adam(0.05), lambda frames, logits: ops.mean(bernoulli_nats(frames, logits)))
    net.fit(data, data, batch_size=40, epochs=60, verbose=0)
    assert float(np.mean(frame_nats(net, CHORDS[:, np.newaxis]))) < 1.5  # at best ln 3


@pytest.mark.train
def test_an_rnn_rbm_learns_what_follows() -> None:
    keras.utils.set_random_seed(0)
    net = RnnRbm(6, n_hidden=8, width=12, n_steps=3)
    net.compile(keras.optimizers.Adam(0.02))
    songs = np.stack([CHORDS[(np.arange(9) + k) % 3] for k in range(3)] * 10)
    net.fit(songs, songs, batch_size=15, epochs=100, verbose=0)
    nats = net.nats(songs[:1])
    assert nats[1:].mean() < 0.5 * 6 * (np.log(3) - 2 / 3 * np.log(2))
