"""How many nats a frame of notes costs when every note is asked by itself."""

from __future__ import annotations

from typing import Any

from keras import ops


def bernoulli_nats(frames: Any, logits: Any) -> Any:
    """Return the negative log-likelihood of each frame: the sum over its notes.

    Parameters
    ----------
    frames
        Zeros and ones, shape ``(..., n_notes)``.
    logits
        Log-odds of each note, the same shape.

    Returns
    -------
    tensor
        Nats per frame, shape ``(...,)``: exact, never below 0.

    Examples
    --------
    >>> import numpy as np
    >>> nats = bernoulli_nats(np.ones((1, 4), "float32"), np.zeros((1, 4), "float32"))
    >>> round(float(nats[0]), 4)  # 4 ln 2
    2.7726
    """
    frames = ops.cast(frames, logits.dtype)
    return ops.sum(ops.softplus(logits) - frames * logits, axis=-1)  # (...,)
