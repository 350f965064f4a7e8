"""Annealed likelihood estimates of restricted Boltzmann machines, without the partition function."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK_SIZE = 32
"""Number of frames per block: their chains then stay in the cache."""

N_BURN_IN, N_COUNTED = 15, 15
"""Gibbs steps before and while the activity of the notes in the base distribution is estimated."""

MIN_ACTIVITY = 0.02
"""Lower bound of the probability that a note sounds, or is silent, in the base distribution."""

Values = NDArray[np.float32]


def annealed_nats(
    frames: NDArray[np.number],
    couplings: NDArray[np.floating],
    note_bias: NDArray[np.floating],
    hidden_bias: NDArray[np.floating],
    *,
    n_chains: int,
    n_steps: int,
) -> NDArray[np.float64]:
    """Estimate the negative log-likelihood of frames, each under a machine with biases of its own.

    Burda, Grosse and Salakhutdinov, "Accurate and conservative estimates of MRF log-likelihood using reverse
    annealing" (2015): annealing from a base distribution of independent notes to the machine defines a
    generative model, and reverse chains from a frame estimate its probability under that model. These
    probabilities sum to 1 over all frames, however short the annealing; with few chains they are
    underestimated rather than overestimated, so the result is conservative. The base distribution has the
    note activities of short Gibbs chains of the machine.

    Parameters
    ----------
    frames
        Zeros and ones, shape ``(n_frames, n_notes)``.
    couplings
        Shape ``(n_notes, n_hidden)``.
    note_bias, hidden_bias
        Biases of uncentred units, shape ``(n_frames, n_notes)`` and ``(n_frames, n_hidden)``.
    n_chains
        Number of chains per frame; more reduce the variance.
    n_steps
        Number of annealing steps; more reduce variance and bias.

    Returns
    -------
    numpy.ndarray
        Nats, shape ``(n_frames,)``; deterministic.

    Examples
    --------
    Without couplings the notes are independent:

    >>> zeros = np.zeros((2, 2))
    >>> nats = annealed_nats(np.eye(2), zeros, zeros, zeros, n_chains=5, n_steps=9)
    >>> np.round(nats / np.log(2), 3).tolist()
    [2.0, 2.0]
    """
    couplings = np.asarray(couplings, np.float32)
    nats = [np.zeros(0)]
    for start in range(0, len(frames), BLOCK_SIZE):
        block = slice(start, start + BLOCK_SIZE)
        rows, notes, hidden = (
            np.asarray(values[block], np.float32)[:, np.newaxis]
            for values in (frames, note_bias, hidden_bias)
        )  # (B, 1, N or H)
        nats.append(_reverse_annealing(rows, couplings, notes, hidden, n_chains, n_steps))
    return np.concatenate(nats)


def _reverse_annealing(
    frames: Values, couplings: Values, notes: Values, hidden: Values, n_chains: int, n_steps: int
) -> NDArray[np.float64]:
    """Anneal from frames ``(B, 1, N)`` to the base distribution, and return the nats, ``(B,)``."""
    rng = np.random.default_rng(0)
    base = _base_logits(couplings, notes, hidden, n_chains, rng)  # (B, 1, N)
    frames = np.repeat(frames, n_chains, axis=1)  # (B, C, N)
    log_weight = np.zeros(frames.shape[:2])
    for beta in np.linspace(1, 0, n_steps, endpoint=False, dtype=np.float32):
        note_logits = beta * notes + (1 - beta) * base
        hidden_logits = beta * (frames @ couplings + hidden)  # (B, C, H)
        log_weight += (frames * note_logits).sum(axis=-1) + softplus(hidden_logits).sum(axis=-1)
        frames = _bernoulli(beta * (_bernoulli(hidden_logits, rng) @ couplings.T) + note_logits, rng)
        hidden_logits = beta * (frames @ couplings + hidden)
        log_weight -= (frames * note_logits).sum(axis=-1) + softplus(hidden_logits).sum(axis=-1)
    log_weight += (frames * base).sum(axis=-1) - softplus(base).sum(axis=-1)
    nats: NDArray[np.float64] = np.log(n_chains) - np.logaddexp.reduce(log_weight, axis=-1)
    return nats


def _base_logits(
    couplings: Values, notes: Values, hidden: Values, n_chains: int, rng: np.random.Generator
) -> Values:
    """Return the log-odds of each note in short Gibbs chains, ``(B, 1, N)``."""
    frames = np.zeros((len(notes), n_chains, notes.shape[-1]), np.float32)
    activity = np.zeros(notes.shape)
    for step in range(N_BURN_IN + N_COUNTED):
        logits = _bernoulli(frames @ couplings + hidden, rng) @ couplings.T + notes
        frames = _bernoulli(logits, rng)
        if step >= N_BURN_IN:
            activity += sigmoid(logits).mean(axis=1, keepdims=True) / N_COUNTED
    activity = np.clip(activity, MIN_ACTIVITY, 1 - MIN_ACTIVITY)
    return np.asarray(np.log(activity / (1 - activity)), np.float32)


def _bernoulli(logits: Values, rng: np.random.Generator) -> Values:
    """Sample zeros and ones with the given log-odds."""
    return (rng.random(logits.shape, np.float32) < sigmoid(logits)).astype(np.float32)


def softplus(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return ``log(1 + exp(x))``; six times as fast as `numpy.logaddexp` of 0 and ``x``."""
    return np.asarray(np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0))


def sigmoid(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Convert log-odds to probabilities; twice as fast as `scipy.special.expit`."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
