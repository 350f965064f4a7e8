"""The transformer that looks back: its weights sum to 1, and keeping keys changes no answer."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.nets.transformer_lm import CausalAttention, step_transformer, transformer_lm


@pytest.mark.parametrize("positions", ["relative", "sinusoidal"])
def test_token_by_token_it_answers_as_for_the_whole(positions: str) -> None:
    net = transformer_lm(9, width=16, n_layers=2, context=8, positions=positions)
    ids = np.random.default_rng(0).integers(0, 9, (2, 8))
    whole, caches = np.asarray(net(ids)), None
    for moment in range(8):
        logits, caches = step_transformer(net, ids[:, moment], caches)
        assert np.asarray(logits) == pytest.approx(whole[:, moment], abs=1e-5)
    with pytest.raises(ParameterError, match="looks at 8 tokens at most"):
        step_transformer(net, ids[:, 0], caches)


def test_weights_sum_to_one_and_none_looks_ahead() -> None:
    layer = CausalAttention(2, context=7)
    layer.build((None, 5, 8))
    q, k, _ = layer.heads(np.random.default_rng(0).normal(size=(1, 5, 8)).astype("float32"))
    weights = np.asarray(layer.weights_of(q, k))
    assert weights.sum(axis=-1) == pytest.approx(1, abs=1e-6)
    assert np.triu(weights, 1).max() == 0


def test_distances_are_where_they_belong() -> None:
    layer = CausalAttention(1, context=6)
    layer.build((None, 4, 3))
    q = np.random.default_rng(0).normal(size=(1, 1, 4, 3)).astype("float32")
    found = np.asarray(layer._by_distance(q, 4))[0, 0]
    table = np.asarray(layer.distance)[0]
    for now in range(4):
        for then in range(now + 1):
            expected = q[0, 0, now] @ table[5 - (now - then)]
            assert found[now, then] == pytest.approx(expected, abs=1e-5)


def test_unknown_positions_are_refused() -> None:
    with pytest.raises(ParameterError, match="no positions called 'absolute'"):
        transformer_lm(5, positions="absolute")
