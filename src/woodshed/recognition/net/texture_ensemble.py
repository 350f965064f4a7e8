"""A second opinion: a net's answers pooled with those of a kernel machine on sound textures. Needs Keras."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.nets.texture import Texture, TextureEnsemble
from woodshed.recognition.window import SILENT_DB, overlapping_windows

N_KNOWN = 3000
"""So many windows are remembered at most."""

N_VERSIONS = 3
"""So many versions of each clip are looked at: the recording itself and copies."""

Read = Callable[[int, int], NDArray[np.floating]]


def add_texture_ensemble(
    net: keras.Model,
    read: Read,
    targets: NDArray[np.float32],
    *,
    n_augmentations: int,
    share: float,
    seed: int,
    weights: NDArray[np.float32] | None = None,
) -> keras.Model:
    """Return a net that answers as ``net`` does and also by likeness to the windows that it was taught.

    A net that is trained by steps and a machine that compares summaries go wrong on different clips, the more
    so the fewer there are to learn from.

    Parameters
    ----------
    net
        Trained; it answers with probabilities of classes.
    read
        Answers the spectrogram of clip ``k`` in version ``v``, shape ``(n_frames_k, n_bands)``.
    targets
        Shape ``(n_clips, n_classes)``, one-hot.
    n_augmentations
        How many versions of each clip there are.
    share
        Weight of the second opinion, 0 to 1.
    seed
        Decides which windows are remembered when there are too many.
    weights
        How much each clip counts, shape ``(n_clips,)``; None: all alike.

    Returns
    -------
    keras.Model
        One net of the same input and output shape.
    """
    windows, rows = known_windows(
        read, net.input_shape[1], len(targets), min(n_augmentations, N_VERSIONS), seed
    )
    texture = Texture(name="texture")
    described = np.concatenate(
        [np.asarray(texture(windows[k : k + 64])) for k in range(0, len(windows), 64)]  # in little memory
    )
    opinion = TextureEnsemble(n_known=len(rows), share=share, name="ensemble_share")
    inputs = keras.Input(net.input_shape[1:], name="log_mel_db")
    both = keras.Model(inputs, opinion([net(inputs), texture(inputs)]), name=net.name)
    known = targets[rows]
    # Every class counts alike, however many clips it has, as it does while the net learns.
    counts = 1 / known.sum(axis=0)[known.argmax(axis=1)]
    if weights is not None:
        counts = counts * np.maximum(weights[rows], 1e-6)
    opinion.fit(described, known, counts)
    return both


def known_windows(
    read: Read, n_frames: int, n_clips: int, n_augmentations: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut the clips to windows that hold sound, the recordings first, until there are enough.

    Returns
    -------
    windows, rows
        Shape ``(n_windows, n_frames, n_bands)``, and which clip each comes from.
    """
    order = np.random.default_rng(seed).permutation(n_clips)
    windows: list[NDArray[np.float32]] = []
    rows: list[int] = []
    for version, k in ((version, int(k)) for version in range(n_augmentations) for k in order):
        cut = overlapping_windows(read(k, version), n_frames).astype(np.float32)
        peak_db = cut.max(axis=(1, 2))
        heard = cut[peak_db >= peak_db.max() - SILENT_DB]
        windows += list(heard)
        rows += [k] * len(heard)
        if len(rows) >= N_KNOWN:
            break
    return np.stack(windows[:N_KNOWN]), np.asarray(rows[:N_KNOWN])
