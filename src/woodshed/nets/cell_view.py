"""Context windows of a net over a grid of cells, with pitches as intervals from a reference note.

The functions take the array library as an argument: ``keras.ops`` for training, ``numpy`` for inference
without Keras.
"""

from __future__ import annotations

from typing import Any

DILATIONS = (1, 2, 4, 8)
"""Distances in frames between the inputs of a residual layer, repeated cyclically over the layers."""

N_SIGNS = 2
"""Ids beyond the values: ``n_values`` is a masked cell, ``n_values + 1`` one outside the piece."""

NEAR, FAR = 2, 8
"""Maximum distance of frames in view with all cells, and with their first cells only."""

N_FAR_CELLS = 4
"""Cells of far frames: one for each voice of a choir."""

BELOW, ABOVE = 36, 24
"""Widest intervals with an id of their own, in semitones."""

N_INTERVALS = BELOW + ABOVE + 1
REST = N_INTERVALS
N_INTERVAL_IDS = N_INTERVALS + 1 + N_SIGNS
"""Number of interval ids: the intervals, a rest, masked and outside."""


def relative_context(xp: Any, cells: Any, n_values: int, *, past_only: bool = False) -> tuple[Any, Any]:
    """Return the context of each frame as `interval_ids`, and their `reference_note`.

    Parameters as for `context`; shapes ``(..., n_frames, n_seen)`` and ``(..., n_frames, 1)``.

    Examples
    --------
    >>> import numpy as np
    >>> ids, notes = relative_context(np, np.array([[5], [7], [9]]), 12)
    >>> (ids[1, :3] - BELOW).tolist(), notes[1].tolist()
    ([0, -2, 2], [7])
    """
    cells = context(xp, cells, n_values, past_only=past_only)
    notes = reference_note(xp, cells, n_values)
    return interval_ids(xp, cells, notes, n_values), notes


def context(xp: Any, cells: Any, n_values: int, *, past_only: bool = False) -> Any:
    """Concatenate the cells around each frame, the nearest frames first.

    Parameters
    ----------
    xp
        ``numpy`` or ``keras.ops``.
    cells
        Ids, shape ``(..., n_frames, n_cells)``.
    n_values
        Number of values of a cell.
    past_only
        Whether a frame sees only itself and earlier ones.

    Returns
    -------
    array
        Ids, shape ``(..., n_frames, n_seen)``.

    Examples
    --------
    >>> import numpy as np
    >>> context(np, np.array([[1], [2], [3]]), 9, past_only=True)[:, :3].tolist()
    [[1, 10, 10], [2, 1, 10], [3, 2, 1]]
    """
    padding = [(0, 0)] * (len(cells.shape) - 2) + [(FAR, FAR), (0, 0)]
    padded = xp.pad(cells, padding, constant_values=n_values + 1)
    frames = []
    for offset in sorted(range(-FAR, 1 if past_only else FAR + 1), key=abs):
        frame = padded[..., FAR + offset : offset - FAR or None, :]
        frames.append(frame if abs(offset) <= NEAR else frame[..., :N_FAR_CELLS])
    return xp.concatenate(frames, axis=-1)


def reference_note(xp: Any, cells: Any, n_values: int) -> Any:
    """Return the note that intervals are measured from: the first known note of a `context`.

    Shape ``(..., n_frames, 1)``; the middle of all values if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> reference_note(np, np.array([[9, 0, 5, 3], [9, 9, 10, 9]]), 9).tolist()
    [[5], [4]]
    """
    is_note = (cells > 0) & (cells < n_values)
    first = xp.expand_dims(xp.argmax(is_note, axis=-1), -1)
    notes = xp.take_along_axis(cells, first, axis=-1)
    return xp.where(xp.any(is_note, axis=-1, keepdims=True), notes, n_values // 2)


def interval_ids(xp: Any, cells: Any, notes: Any, n_values: int) -> Any:
    """Convert cell ids to interval ids below `N_INTERVAL_IDS`: the interval plus `BELOW`, or a sign.

    Examples
    --------
    >>> import numpy as np
    >>> (interval_ids(np, np.array([5, 7, 0, 9, 10]), 5, 9) - BELOW).tolist()
    [0, 2, 25, 26, 27]
    """
    intervals = xp.clip(cells - notes, -BELOW, ABOVE) + BELOW
    ids = xp.where(cells < n_values, intervals, cells - n_values + REST + 1)
    return xp.where(cells < 1, REST, ids)  # symbolic Keras tensors have no ==


def value_interval_ids(xp: Any, notes: Any, n_values: int) -> Any:
    """Return the interval id of every value, measured from notes ``(..., n_frames, 1)``.

    Shape ``(..., n_frames, n_values)``; value 0 is the rest, and ids end at `N_INTERVALS`.

    Examples
    --------
    >>> import numpy as np
    >>> value_interval_ids(np, np.array([[1], [2]]), 4).tolist()
    [[61, 36, 37, 38], [61, 35, 36, 37]]
    """
    return interval_ids(xp, xp.arange(n_values), notes, n_values)
