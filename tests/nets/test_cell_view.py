"""What a net sees around a frame: which cells, and that intervals stay where a piece is transposed."""

from __future__ import annotations

import keras
import numpy as np

from woodshed.nets.cell_view import (
    ABOVE,
    BELOW,
    FAR,
    N_FAR_CELLS,
    N_INTERVAL_IDS,
    N_INTERVALS,
    NEAR,
    REST,
    context,
    interval_ids,
    reference_note,
    relative_context,
    value_interval_ids,
)

N_VALUES, HIDDEN, OUTSIDE = 60, 60, 61


def piece() -> np.ndarray:
    """Twenty frames of eight cells: four voices at two steps, some at rest and some hidden."""
    rng = np.random.default_rng(0)
    cells = rng.integers(20, 40, (20, 8))
    cells[rng.random(cells.shape) < 0.3] = HIDDEN
    cells[rng.random(cells.shape) < 0.1] = 0
    return cells


def seen_as_intervals(cells: np.ndarray) -> np.ndarray:
    return relative_context(np, cells, N_VALUES)[0]


def test_near_frames_are_seen_whole_and_of_far_ones_the_first_cells() -> None:
    cells = np.arange(40 * 8).reshape(40, 8)  # each cell has its own number
    seen = context(np, cells, 400)[20]
    frames, places = np.divmod(seen, 8)
    for distance in range(1, FAR + 1):
        for frame in (20 - distance, 20 + distance):
            assert sorted(places[frames == frame]) == list(range(8 if distance <= NEAR else N_FAR_CELLS))
    assert seen[:8].tolist() == cells[20].tolist()
    assert frames.min() == 20 - FAR
    assert frames.max() == 20 + FAR


def test_the_past_alone() -> None:
    cells = np.arange(40 * 8).reshape(40, 8)
    seen = context(np, cells, 400, past_only=True)[20]
    assert seen.max() == cells[20].max()
    assert sorted(set(seen // 8)) == list(range(20 - FAR, 21))


def test_beyond_the_ends_is_outside() -> None:
    seen = context(np, np.full((1, 8), 3), N_VALUES)[0]
    assert (seen[:8] == 3).all()
    assert (seen[8:] == OUTSIDE).all()


def test_a_transposed_piece_shows_the_same_intervals() -> None:
    cells = piece()
    up = np.where((cells > 0) & (cells < N_VALUES), cells + 5, cells)
    assert (seen_as_intervals(cells) == seen_as_intervals(up)).all()
    assert len(np.unique(seen_as_intervals(cells))) > 20


def test_the_nearest_known_note_is_counted_from() -> None:
    cells = np.full((5, 4), HIDDEN)
    cells[1] = 0, 33, 20, 20  # a rest is no note
    found = reference_note(np, context(np, cells, N_VALUES), N_VALUES)[:, 0]
    assert found.tolist() == [33] * 5
    cells[4, 2] = 12
    found = reference_note(np, context(np, cells, N_VALUES), N_VALUES)[:, 0]
    assert found.tolist() == [33, 33, 33, 12, 12]


def test_wide_intervals_are_alike_and_signs_are_no_intervals() -> None:
    ids = np.array([1, 59, 0, HIDDEN, OUTSIDE])
    assert interval_ids(np, ids, 1, N_VALUES).tolist() == [BELOW, BELOW + ABOVE, REST, REST + 1, REST + 2]
    assert interval_ids(np, ids, 59, N_VALUES)[:2].tolist() == [0, BELOW]
    assert N_INTERVAL_IDS == REST + 3


def test_every_value_has_its_place_among_the_value_interval_ids() -> None:
    places = value_interval_ids(np, np.array([[30], [31]]), N_VALUES)
    assert places.shape == (2, N_VALUES)
    assert places[0, 0] == REST
    assert places[0, 30] == BELOW
    assert (places[1, 2:] == places[0, 1:-1]).all()
    assert places.max() == REST == N_INTERVALS


def test_keras_sees_the_same() -> None:
    cells = piece()
    ids = keras.ops.convert_to_tensor(cells[np.newaxis], "int32")
    for past_only in (False, True):
        here = relative_context(np, cells, N_VALUES, past_only=past_only)
        there = relative_context(keras.ops, ids, N_VALUES, past_only=past_only)
        for mine, theirs in zip(here, there, strict=True):
            np.testing.assert_array_equal(theirs[0], mine)
