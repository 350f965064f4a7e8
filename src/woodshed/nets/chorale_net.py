"""Nets over a grid of cells: they predict masked cells from the others."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from woodshed.nets.cell_view import (
    DILATIONS,
    N_INTERVAL_IDS,
    N_INTERVALS,
    N_SIGNS,
    interval_ids,
    relative_context,
    value_interval_ids,
)


def chorale_net(
    n_cells: int = 16, n_values: int = 47, *, width: int = 256, n_layers: int = 6, dropout: float = 0.3
) -> keras.Model:
    """Build bidirectional residual layers over frames, with logits for every cell.

    An orderless net: trained with randomly masked cells, it predicts any of them (B. Uria, I. Murray and
    H. Larochelle, "A deep and tractable density estimator", 2014), as does C.-Z. A. Huang et al.,
    "Counterpoint by convolution" (2017). Theirs also convolves over pitches and has a frame per sixteenth.
    Here a frame is a beat with all its cells, which takes a quarter of the computation. Transposition is
    handled by intervals instead of a convolution over pitches: each frame also sees its context as intervals
    from a reference note (mostly its soprano), and also predicts such intervals.

    Parameters
    ----------
    n_cells
        Cells per frame: voices times steps per beat, the first step first.
    n_values
        Number of values of a cell.
    width
        Channels of each layer.
    n_layers
        Number of residual layers; each sees three frames, spaced by the `DILATIONS` in turn.
    dropout
        Dropout rate of each layer during training, 0 to 1.

    Returns
    -------
    keras.Model
        ``(batch, n_frames * n_cells)`` of ids to ``(batch, n_frames * n_cells, n_values)`` logits. The id
        ``n_values`` is a masked cell, ``n_values + 1`` one outside the piece.

    Examples
    --------
    >>> net = chorale_net(4, 10, width=8, n_layers=2)
    >>> net.count_params() - 17*4*64*8  # (4*12+1)*8 + 2*(2*8 + (3*8+1)*8 + (8+1)*8) + 2*8 + (8+1)*4*(10+62)
    3576
    """
    ids = keras.Input((None,), dtype="int32", name="cells")  # (B, T*C)
    x, notes = _embed(layers.Reshape((-1, n_cells))(ids), n_values, width, dropout)  # (B, T, W), (B, T, 1)
    for number in range(n_layers):
        reach = DILATIONS[number % len(DILATIONS)]
        x = _residual(x, number + 1, width, dropout, reach=reach, before=reach, after=reach)
    return keras.Model(ids, _output(x, notes, n_cells, n_values), name="chorale_net")


def chorale_chain(
    n_cells: int = 4, n_values: int = 47, *, width: int = 256, n_layers: int = 6, dropout: float = 0.3
) -> keras.Model:
    """Build causal layers over past frames, then two layers that also see the known cells of the frame.

    The past is never masked, so that all frames are trained in parallel; within a frame the likelihood is
    exact for any order of the cells. Parameters as for `chorale_net`.

    Returns
    -------
    keras.Model
        ``(batch, 2, n_frames * n_cells)`` of ids to ``(batch, n_frames * n_cells, n_values)`` logits. The
        first row is the piece, the past of each frame; the second row is the same with masked cells, the
        known cells of the frame itself.

    Examples
    --------
    >>> chorale_chain(4, 10, width=8, n_layers=2).output_shape
    (None, None, 10)
    """
    ids = keras.Input((2, None), dtype="int32", name="cells")  # (B, 2, T*C)
    past, now = (layers.Reshape((-1, n_cells))(ids[:, row]) for row in (0, 1))  # (B, T, C)
    x, notes = _embed(past, n_values, width, dropout, past_only=True)  # (B, T, W), (B, T, 1)
    for number in range(n_layers):
        reach = DILATIONS[number % len(DILATIONS)]
        x = _residual(x, number + 1, width, dropout, reach=reach, before=2 * reach, after=0)
    x = layers.ZeroPadding1D((1, 0))(x)[:, :-1]  # (B, T, W): shifted by one frame
    notes = ops.pad(notes, [(0, 0), (1, 0), (0, 0)], constant_values=n_values // 2)[:, :-1]
    inputs = [
        _one_hot(now, n_values + N_SIGNS),
        _one_hot(interval_ids(ops, now, notes, n_values), N_INTERVAL_IDS),
    ]
    x = layers.Add()([x, layers.Dense(width, name="now")(layers.Concatenate()(inputs))])
    for number in (n_layers, n_layers + 1):
        x = _residual(x, number + 1, width, dropout)
    return keras.Model(ids, _output(x, notes, n_cells, n_values), name="chorale_chain")


def _embed(
    cells: Any, n_values: int, width: int, dropout: float, *, past_only: bool = False
) -> tuple[Any, Any]:
    """Embed the cells of each frame and its context as intervals; return the reference notes as well."""
    intervals, notes = relative_context(ops, cells, n_values, past_only=past_only)  # (B, T, S), (B, T, 1)
    around = layers.Dropout(dropout / 2)(_one_hot(intervals, N_INTERVAL_IDS))  # (B, T, S*P)
    x = layers.Dense(width, name="enter")(_one_hot(cells, n_values + N_SIGNS))  # (B, T, W)
    return layers.Add()([x, layers.Dense(width, use_bias=False, name="intervals")(around)]), notes


def _one_hot(ids: Any, n_ids: int) -> Any:
    """Encode the ids of the last axis as one-hot vectors, concatenated."""
    return layers.Reshape((-1, ids.shape[-1] * n_ids))(ops.one_hot(ids, n_ids))


def _residual(
    x: Any, number: int, width: int, dropout: float, *, reach: int = 0, before: int = 0, after: int = 0
) -> Any:
    """Apply a residual layer; without a reach it sees each frame by itself."""
    y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_{number}")(x)  # (B, T, W)
    if reach:
        # Three concatenated frames and one product are faster on a CPU than a dilated convolution.
        y = layers.ZeroPadding1D((before, after))(y)  # (B, T + 2*reach, W)
        y = layers.Concatenate()([y[:, : -2 * reach], y[:, reach:-reach], y[:, 2 * reach :]])  # (B, T, 3W)
    y = layers.Dense(width, activation="relu", name=f"into_{number}")(y)  # (B, T, W)
    y = layers.Dropout(dropout)(y)
    return layers.Add()([x, layers.Dense(width, name=f"out_{number}")(y)])


def _output(x: Any, notes: Any, n_cells: int, n_values: int) -> Any:
    """Compute the logits of each cell: the sum of those of its pitch and of its interval."""
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_last")(x)
    y = layers.Dense(n_cells * n_values, name="logits")(x)
    y = layers.Reshape((-1, n_cells, n_values))(y)  # (B, T, C, K)
    z = layers.Dense(n_cells * (N_INTERVALS + 1), name="steps")(x)
    z = layers.Reshape((-1, n_cells, N_INTERVALS + 1))(z)  # (B, T, C, P)
    ids = ops.expand_dims(value_interval_ids(ops, notes, n_values), -2)  # (B, T, 1, K)
    y = y + ops.take_along_axis(z, ops.repeat(ids, n_cells, axis=-2), axis=-1)
    return layers.Reshape((-1, n_values))(y)  # (B, T*C, K)
