"""Causal attention: its weights sum to 1, and distances are where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.nets.causal_attention import CausalAttention


def test_weights_sum_to_one_and_none_looks_ahead() -> None:
    layer = CausalAttention(2, context=7)
    layer.build((None, 5, 8))
    q, k, _ = layer.project(np.random.default_rng(0).normal(size=(1, 5, 8)).astype("float32"))
    weights = np.asarray(layer.attention_weights(q, k))
    assert weights.sum(axis=-1) == pytest.approx(1, abs=1e-6)
    assert np.triu(weights, 1).max() == 0


def test_distances_are_where_they_belong() -> None:
    layer = CausalAttention(1, context=6)
    layer.build((None, 4, 3))
    q = np.random.default_rng(0).normal(size=(1, 1, 4, 3)).astype("float32")
    scores = np.asarray(layer.distance_scores(q, 4))[0, 0]
    table = np.asarray(layer.distances)[0]
    for now in range(4):
        for then in range(now + 1):
            expected = q[0, 0, now] @ table[5 - (now - then)]
            assert scores[now, then] == pytest.approx(expected, abs=1e-5)


def test_a_width_that_the_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ParameterError, match="multiple of 3 heads, got 8"):
        CausalAttention(3, context=6).build((None, 4, 8))
