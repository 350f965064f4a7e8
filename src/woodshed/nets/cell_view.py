"""What a net over a grid of cells sees around each frame: cells as intervals from a note that is known.

Without Keras: the same lines serve a net that learns, with ``keras.ops``, and one that is only asked, with
NumPy.
"""

from __future__ import annotations

from typing import Any

DILATIONS = (1, 2, 4, 8)
"""How far apart the frames are that a residual layer sees; they begin again after the last."""

N_SIGNS = 2
"""Beside its values a cell may be hidden or outside of the piece: ids ``n_values`` and ``n_values + 1``."""

NEAR, FAR = 2, 8
"""All cells of frames so near are seen, and the first cells of those so far."""

N_FAR_CELLS = 4
"""So many: one for each voice of a choir."""

BELOW, ABOVE = 36, 24
"""The widest intervals that are told apart, in semitones."""

N_INTERVALS = BELOW + ABOVE + 1
REST = N_INTERVALS
N_PLACES = N_INTERVALS + 1 + N_SIGNS
"""An interval, a rest, hidden, or outside."""


def look(xp: Any, cells: Any, n_values: int, *, past_only: bool = False) -> tuple[Any, Any]:
    """Return what each frame sees, as places of `intervals`, and the `reference` that they count from.

    Parameters as those of `view`; shapes ``(..., n_frames, n_seen)`` and ``(..., n_frames, 1)``.

    Examples
    --------
    >>> import numpy as np
    >>> seen, notes = look(np, np.array([[5], [7], [9]]), 12)
    >>> (seen[1, :3] - BELOW).tolist(), notes[1].tolist()
    ([0, -2, 2], [7])
    """
    seen = view(xp, cells, n_values, past_only=past_only)
    notes = reference(xp, seen, n_values)
    return intervals(xp, seen, notes, n_values), notes


def view(xp: Any, cells: Any, n_values: int, *, past_only: bool = False) -> Any:
    """Put the cells around each frame beside it, the nearest frames first.

    Parameters
    ----------
    xp
        ``numpy`` or ``keras.ops``.
    cells
        Ids, shape ``(..., n_frames, n_cells)``.
    n_values
        What may stand in a cell.
    past_only
        Whether frames see themselves and earlier ones only.

    Returns
    -------
    array
        Ids, shape ``(..., n_frames, n_seen)``.

    Examples
    --------
    >>> import numpy as np
    >>> view(np, np.array([[1], [2], [3]]), 9, past_only=True)[:, :3].tolist()
    [[1, 10, 10], [2, 1, 10], [3, 2, 1]]
    """
    around = [(0, 0)] * (len(cells.shape) - 2) + [(FAR, FAR), (0, 0)]
    wide = xp.pad(cells, around, constant_values=n_values + 1)
    seen = []
    for offset in sorted(range(-FAR, 1 if past_only else FAR + 1), key=abs):
        frame = wide[..., FAR + offset : offset - FAR or None, :]
        seen.append(frame if abs(offset) <= NEAR else frame[..., :N_FAR_CELLS])
    return xp.concatenate(seen, axis=-1)


def reference(xp: Any, seen: Any, n_values: int) -> Any:
    """Find the note that intervals are counted from: the first of a `view` that sounds and is known.

    Shape ``(..., n_frames, 1)``; the middle of all values where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> reference(np, np.array([[9, 0, 5, 3], [9, 9, 10, 9]]), 9).tolist()
    [[5], [4]]
    """
    sounds = (seen > 0) & (seen < n_values)
    first = xp.expand_dims(xp.argmax(sounds, axis=-1), -1)
    found = xp.take_along_axis(seen, first, axis=-1)
    return xp.where(xp.any(sounds, axis=-1, keepdims=True), found, n_values // 2)


def intervals(xp: Any, seen: Any, notes: Any, n_values: int) -> Any:
    """Turn ids into places, 0 to `N_PLACES`: the interval from a note, counted from `BELOW`, or another sign.

    Examples
    --------
    >>> import numpy as np
    >>> (intervals(np, np.array([5, 7, 0, 9, 10]), 5, 9) - BELOW).tolist()
    [0, 2, 25, 26, 27]
    """
    away = xp.clip(seen - notes, -BELOW, ABOVE) + BELOW
    signs = xp.where(seen < n_values, away, seen - n_values + REST + 1)
    return xp.where(seen < 1, REST, signs)  # Keras has no == for what will be computed later


def answers(xp: Any, notes: Any, n_values: int) -> Any:
    """Say which place each value has, counted from notes ``(..., n_frames, 1)``.

    Shape ``(..., n_frames, n_values)``; value 0 is the rest, and places end at `N_INTERVALS`.

    Examples
    --------
    >>> import numpy as np
    >>> answers(np, np.array([[1], [2]]), 4).tolist()
    [[61, 36, 37, 38], [61, 35, 36, 37]]
    """
    return intervals(xp, xp.arange(n_values), notes, n_values)
