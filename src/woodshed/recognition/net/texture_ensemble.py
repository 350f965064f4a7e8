"""Ensemble of a network and a kernel classifier on sound textures, as one Keras model."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.nets.texture import Texture, TextureEnsemble
from woodshed.recognition.window import SILENT_DB, overlapping_windows

MAX_WINDOWS = 3000
"""Maximum number of reference windows of the kernel classifier."""

MAX_VERSIONS = 3
"""Maximum number of versions of each clip: the recording and its augmented copies."""

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
    """Return the weighted geometric mean of a network and a kernel classifier of textures of the same clips.

    The two make different errors, the more so the fewer training clips there are.

    Parameters
    ----------
    net
        Trained network that outputs class probabilities.
    read
        Returns the spectrogram of clip ``k`` in version ``v``, shape ``(n_frames_k, n_bands)``.
    targets
        Shape ``(n_clips, n_classes)``, one-hot.
    n_augmentations
        Number of versions of each clip.
    share
        Weight of the kernel classifier, 0 to 1.
    seed
        Seed of the choice of reference windows if there are too many.
    weights
        Weight of each clip, shape ``(n_clips,)``; None weights all equally.

    Returns
    -------
    keras.Model
        A model of the same input and output shape.
    """
    windows, rows = reference_windows(
        read, net.input_shape[1], len(targets), min(n_augmentations, MAX_VERSIONS), seed
    )
    texture = Texture(name="texture")
    textures = np.concatenate(
        [np.asarray(texture(windows[k : k + 64])) for k in range(0, len(windows), 64)]  # to limit memory
    )
    ensemble = TextureEnsemble(n_samples=len(rows), share=share, name="ensemble_share")
    inputs = keras.Input(net.input_shape[1:], name="log_mel_db")
    model = keras.Model(inputs, ensemble([net(inputs), texture(inputs)]), name=net.name)
    window_targets = targets[rows]
    # Classes are balanced, as in the training of the network.
    window_weights = 1 / window_targets.sum(axis=0)[window_targets.argmax(axis=1)]
    if weights is not None:
        window_weights = window_weights * np.maximum(weights[rows], 1e-6)
    ensemble.fit(textures, window_targets, window_weights)
    return model


def reference_windows(
    read: Read, n_frames: int, n_clips: int, n_augmentations: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut clips into windows that contain sound, recordings before copies, up to `MAX_WINDOWS`.

    Returns
    -------
    windows, rows
        Shape ``(n_windows, n_frames, n_bands)``, and the index of the clip of each.
    """
    order = np.random.default_rng(seed).permutation(n_clips)
    windows: list[NDArray[np.float32]] = []
    rows: list[int] = []
    for version, k in ((version, int(k)) for version in range(n_augmentations) for k in order):
        clip_windows = overlapping_windows(read(k, version), n_frames).astype(np.float32)
        peak_db = clip_windows.max(axis=(1, 2))
        active = clip_windows[peak_db >= peak_db.max() - SILENT_DB]
        windows += list(active)
        rows += [k] * len(active)
        if len(rows) >= MAX_WINDOWS:
            break
    return np.stack(windows[:MAX_WINDOWS]), np.asarray(rows[:MAX_WINDOWS])
