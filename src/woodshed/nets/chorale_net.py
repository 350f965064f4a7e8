"""Nets over a grid of cells: what stands in any cell, told from the cells that are known."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from woodshed.nets.cell_view import DILATIONS, N_INTERVALS, N_PLACES, N_SIGNS, answers, intervals, look


def chorale_net(
    n_cells: int = 16, n_values: int = 47, *, width: int = 256, n_layers: int = 6, dropout: float = 0.3
) -> keras.Model:
    """Build residual layers over frames that look both ways, and a softmax for every cell.

    An orderless net: trained with random cells hidden, it answers for any of them (B. Uria, I. Murray and
    H. Larochelle, "A deep and tractable density estimator", 2014). The idea is that of C.-Z. A. Huang et
    al., "Counterpoint by convolution" (2017); theirs convolves over pitches, too, and has a frame for each
    sixteenth. Here a frame is a beat with all its cells, which takes a quarter of the work; and what makes
    harmony the same in every key is not a convolution, but that each frame also sees the cells around it as
    intervals from a note that is known (mostly its soprano), and answers in such intervals, too.

    Parameters
    ----------
    n_cells
        Cells of a frame: the voices times the steps in a beat; those of the first step come first.
    n_values
        What may stand in a cell.
    width
        Channels of each layer.
    n_layers
        Residual layers; each sees three frames, one apart, then 2, 4, 8, and again.
    dropout
        Share of the channels dropped in each layer while learning, 0 to 1.

    Returns
    -------
    keras.Model
        ``(batch, n_frames * n_cells)`` of ids to ``(batch, n_frames * n_cells, n_values)`` logits. The id
        ``n_values`` is a hidden cell, ``n_values + 1`` one outside of the piece.

    Examples
    --------
    >>> net = chorale_net(4, 10, width=8, n_layers=2)
    >>> net.count_params() - 17*4*64*8  # (4*12+1)*8 + 2*(2*8 + (3*8+1)*8 + (8+1)*8) + 2*8 + (8+1)*4*(10+62)
    3576
    """
    ids = keras.Input((None,), dtype="int32", name="cells")  # (B, T*C)
    x, notes = _enter(layers.Reshape((-1, n_cells))(ids), n_values, width, dropout)  # (B, T, W), (B, T, 1)
    for number in range(n_layers):
        reach = DILATIONS[number % len(DILATIONS)]
        x = _residual(x, number + 1, width, dropout, reach=reach, before=reach, after=reach)
    return keras.Model(ids, _answers(x, notes, n_cells, n_values), name="chorale_net")


def chorale_chain(
    n_cells: int = 4, n_values: int = 47, *, width: int = 256, n_layers: int = 6, dropout: float = 0.3
) -> keras.Model:
    """Build layers that see earlier frames only, then two that also see what is known of the frame itself.

    Every frame is learned from in one go, as its past is never hidden; within it any order of the cells has
    an exact likelihood. Parameters as for `chorale_net`.

    Returns
    -------
    keras.Model
        ``(batch, 2, n_frames * n_cells)`` of ids to ``(batch, n_frames * n_cells, n_values)`` logits. The
        first row is the piece, of which each frame's answer sees the frames before; the second is the
        same with hidden cells, of which it sees that frame.

    Examples
    --------
    >>> chorale_chain(4, 10, width=8, n_layers=2).output_shape
    (None, None, 10)
    """
    ids = keras.Input((2, None), dtype="int32", name="cells")  # (B, 2, T*C)
    past, now = (layers.Reshape((-1, n_cells))(ids[:, row]) for row in (0, 1))  # (B, T, C)
    x, notes = _enter(past, n_values, width, dropout, past_only=True)  # (B, T, W), (B, T, 1)
    for number in range(n_layers):
        reach = DILATIONS[number % len(DILATIONS)]
        x = _residual(x, number + 1, width, dropout, reach=reach, before=2 * reach, after=0)
    x = layers.ZeroPadding1D((1, 0))(x)[:, :-1]  # (B, T, W): each frame sees those before it
    notes = ops.pad(notes, [(0, 0), (1, 0), (0, 0)], constant_values=n_values // 2)[:, :-1]
    known = [_one_hot(now, n_values + N_SIGNS), _one_hot(intervals(ops, now, notes, n_values), N_PLACES)]
    x = layers.Add()([x, layers.Dense(width, name="now")(layers.Concatenate()(known))])
    for number in (n_layers, n_layers + 1):
        x = _residual(x, number + 1, width, dropout)
    return keras.Model(ids, _answers(x, notes, n_cells, n_values), name="chorale_chain")


def _enter(
    cells: Any, n_values: int, width: int, dropout: float, *, past_only: bool = False
) -> tuple[Any, Any]:
    """Read the cells of each frame, and those around it as intervals; return the notes they are from, too."""
    seen, notes = look(ops, cells, n_values, past_only=past_only)  # (B, T, S), (B, T, 1)
    around = layers.Dropout(dropout / 2)(_one_hot(seen, N_PLACES))  # (B, T, S*P)
    x = layers.Dense(width, name="enter")(_one_hot(cells, n_values + N_SIGNS))  # (B, T, W)
    return layers.Add()([x, layers.Dense(width, use_bias=False, name="intervals")(around)]), notes


def _one_hot(places: Any, n_places: int) -> Any:
    """Give each of the numbers in the last axis a place for every value, side by side."""
    return layers.Reshape((-1, places.shape[-1] * n_places))(ops.one_hot(places, n_places))


def _residual(
    x: Any, number: int, width: int, dropout: float, *, reach: int = 0, before: int = 0, after: int = 0
) -> Any:
    """Add a layer's answer to its input; without a reach it sees each frame alone."""
    y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_{number}")(x)  # (B, T, W)
    if reach:
        # Three frames side by side and one product are quicker on a processor than a dilated convolution.
        y = layers.ZeroPadding1D((before, after))(y)  # (B, T + 2*reach, W)
        y = layers.Concatenate()([y[:, : -2 * reach], y[:, reach:-reach], y[:, 2 * reach :]])  # (B, T, 3W)
    y = layers.Dense(width, activation="relu", name=f"into_{number}")(y)  # (B, T, W)
    y = layers.Dropout(dropout)(y)
    return layers.Add()([x, layers.Dense(width, name=f"out_{number}")(y)])


def _answers(x: Any, notes: Any, n_cells: int, n_values: int) -> Any:
    """Give each cell of each frame its logits: what speaks for a pitch, and what for its interval."""
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_last")(x)
    y = layers.Dense(n_cells * n_values, name="logits")(x)
    y = layers.Reshape((-1, n_cells, n_values))(y)  # (B, T, C, K)
    z = layers.Dense(n_cells * (N_INTERVALS + 1), name="steps")(x)
    z = layers.Reshape((-1, n_cells, N_INTERVALS + 1))(z)  # (B, T, C, P)
    places = ops.expand_dims(answers(ops, notes, n_values), -2)  # (B, T, 1, K)
    y = y + ops.take_along_axis(z, ops.repeat(places, n_cells, axis=-2), axis=-1)
    return layers.Reshape((-1, n_values))(y)  # (B, T*C, K)
