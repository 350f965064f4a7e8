"""Textures: what their numbers mean, and answers by likeness."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.fft import dct

from woodshed.nets.texture import LAGS, N_COSINES, Texture, TextureEnsemble, cosine_basis
from woodshed.training.inference import keras_to_net, net_to_keras


def texture(window: np.ndarray) -> np.ndarray:
    rows: np.ndarray = np.asarray(Texture()(window[np.newaxis].astype(np.float32)))
    return rows[0]


def parts(row: np.ndarray, n_shapes: int) -> list[np.ndarray]:
    """Mean, deviation, maxima, then the change over each lag."""
    return np.split(row[:-1], len(row[:-1]) // n_shapes)


@pytest.fixture
def window() -> np.ndarray:
    return np.random.default_rng(0).uniform(-45, -20, (40, 8))


def test_the_numbers_are_statistics_of_a_cepstrum(window: np.ndarray) -> None:
    cepstrum = dct((window - window.mean()) / 10, norm="ortho", axis=1)
    mean, deviation, brightest, *changes = parts(texture(window), 8)
    assert mean == pytest.approx(cepstrum.mean(axis=0), abs=1e-4)
    assert deviation == pytest.approx(cepstrum.std(axis=0), abs=1e-3)
    assert brightest == pytest.approx(dct((window.max(axis=0) - window.mean()) / 10, norm="ortho"), abs=1e-4)
    assert len(changes) == len(LAGS)
    for lag, change in zip(LAGS, changes, strict=True):
        assert change == pytest.approx((cepstrum[lag:] - cepstrum[:-lag]).std(axis=0), abs=1e-3)
    assert texture(window)[-1] == 1.0


def test_a_crackle_changes_at_once_and_a_wave_slowly() -> None:
    frames = np.arange(64)
    lift = np.linspace(-1, 1, 8)
    crackle = -40 + 8 * np.outer(np.where(frames % 2, 1, -1), lift)
    wave = -40 + 8 * np.outer(np.sin(2 * np.pi * frames / 64), lift)
    at_once = {name: parts(texture(w), 8)[3][1] for name, w in (("crackle", crackle), ("wave", wave))}
    later = {name: parts(texture(w), 8)[3 + 4][1] for name, w in (("crackle", crackle), ("wave", wave))}
    assert at_once["crackle"] > 10 * at_once["wave"]
    assert later["wave"] > 10 * later["crackle"]  # sixteen frames on the crackle is where it was


def test_silence_around_a_sound_is_only_counted(window: np.ndarray) -> None:
    padded = np.pad(window, ((30, 10), (0, 0)), constant_values=-100)
    assert texture(padded)[:-1] == pytest.approx(texture(window)[:-1], abs=1e-4)
    assert texture(padded)[-1] == pytest.approx(0.5)


def test_short_windows_and_silence_have_a_texture(window: np.ndarray) -> None:
    assert len(parts(texture(window[:5]), 8)) == 3 + 3  # lags 1, 2 and 4
    assert np.isfinite(texture(np.full((40, 8), -100.0))).all()


def test_there_are_at_most_so_many_shapes() -> None:
    assert cosine_basis(64, N_COSINES).shape == (64, N_COSINES)
    assert cosine_basis(8, N_COSINES).shape == (8, 8)


# -- the second opinion ---------------------------------------------------------------------------

UNSURE = np.full((40, 2), 0.5, np.float32)


@pytest.fixture
def rows() -> np.ndarray:
    """Two rings, one inside the other: no plane parts them."""
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([ring, 3 * ring]).astype(np.float32)


TARGETS = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)


def opinion(rows: np.ndarray, *, share: float, weights: np.ndarray | None = None) -> TextureEnsemble:
    layer = TextureEnsemble(n_samples=len(rows), share=share)
    layer.build([(None, 2), (None, 2)])
    layer.fit(rows, TARGETS, weights)
    return layer


def test_likeness_parts_what_no_plane_parts(rows: np.ndarray) -> None:
    answers = np.asarray(opinion(rows, share=1.0)([UNSURE, rows * 0.95]))
    assert (answers.argmax(axis=1) == TARGETS.argmax(axis=1)).all()
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_the_share_is_the_weight_of_logarithms(rows: np.ndarray) -> None:
    net = np.tile(np.array([[0.8, 0.2]], np.float32), (40, 1))
    assert np.asarray(opinion(rows, share=0.0)([net, rows])) == pytest.approx(net, abs=1e-5)
    alone = np.asarray(opinion(rows, share=1.0)([net, rows]))
    pooled = net**0.7 * alone**0.3
    expected = pooled / pooled.sum(axis=1, keepdims=True)
    assert np.asarray(opinion(rows, share=0.3)([net, rows])) == pytest.approx(expected, abs=1e-4)


def test_rows_that_do_not_count_say_nothing(rows: np.ndarray) -> None:
    weights = np.where(np.arange(40) < 20, 1e-6, 1.0)  # nobody speaks for the inner ring
    answers = np.asarray(opinion(rows, share=1.0, weights=weights)([UNSURE, rows]))
    assert (answers.argmax(axis=1) == 1).all()


def test_it_saves_and_loads(rows: np.ndarray) -> None:
    layer = opinion(rows, share=0.4)
    inputs = [keras.Input((2,)), keras.Input((2,))]
    net = keras.Model(inputs, layer(inputs))
    again = keras_to_net(net_to_keras(net))
    assert np.array_equal(np.asarray(again([UNSURE, rows])), np.asarray(net([UNSURE, rows])))
