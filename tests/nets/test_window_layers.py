"""ChannelNorm: what it takes out of a window, and what it leaves."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.nets.window_layers import ChannelNorm, SinusoidalPosition, spectrogram_input


def norm(window: np.ndarray, **settings: float) -> np.ndarray:
    return np.asarray(ChannelNorm(**settings)(window[np.newaxis].astype(np.float32)))[0]


@pytest.fixture
def window() -> np.ndarray:
    return np.random.default_rng(0).uniform(-45, -20, (30, 8))


def test_at_full_strength_every_band_has_mean_zero(window: np.ndarray) -> None:
    expected = (window - window.mean(axis=0)) / 10
    assert norm(window) == pytest.approx(expected, abs=1e-5)


def test_at_no_strength_only_the_level_goes(window: np.ndarray) -> None:
    assert norm(window, strength=0) == pytest.approx((window - window.mean()) / 10, abs=1e-5)


def test_in_between_a_share_of_the_colour_goes(window: np.ndarray) -> None:
    window = window + np.linspace(-5, 5, 8)
    colour = norm(window, strength=0.3).mean(axis=0)
    assert colour == pytest.approx(0.7 * norm(window, strength=0).mean(axis=0), abs=1e-5)
    assert np.ptp(colour) > 0.5


def test_what_is_far_below_the_loudest_is_raised_to_the_floor(window: np.ndarray) -> None:
    window[3, 2], window[7, 5] = 0, -90
    raised = np.maximum(window, -25)
    assert norm(window, range_db=25) == pytest.approx(
        np.where(
            (raised.max(axis=1) > -25)[:, None],
            (raised - raised[raised.max(axis=1) > -25].mean(axis=0)) / 10,
            0,
        ),
        abs=1e-4,
    )


@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_padding_becomes_zero_and_changes_nothing_else(window: np.ndarray, strength: float) -> None:
    padded = np.pad(window, ((10, 5), (0, 0)), constant_values=-100)
    normed = norm(padded, strength=strength)
    assert (normed[:10] == 0).all()
    assert (normed[-5:] == 0).all()
    assert normed[10:-5] == pytest.approx(norm(window, strength=strength), abs=1e-5)


def test_each_window_is_normalised_by_itself(window: np.ndarray) -> None:
    both = np.stack([window, 3 * window]).astype(np.float32)
    together = np.asarray(ChannelNorm()(both))
    assert together[0] == pytest.approx(norm(window), abs=1e-6)
    assert together[1] == pytest.approx(norm(3 * window), abs=1e-6)


def test_silence_is_nothing() -> None:
    assert (norm(np.full((30, 8), -100.0)) == 0).all()


def test_its_settings_are_saved() -> None:
    config = ChannelNorm(range_db=50, strength=0.25).get_config()
    again = ChannelNorm.from_config(config)
    assert (again.range_db, again.strength) == (50, 0.25)


def test_the_picture_is_the_normalised_window_with_one_channel() -> None:
    inputs, image = spectrogram_input(30, 8, norm_strength=0.5)
    assert inputs.shape == (None, 30, 8)
    assert image.shape == (None, 30, 8, 1)


def test_a_position_is_a_place_on_circles_of_rising_size() -> None:
    n_moments, n_values = 50, 6
    table = np.asarray(SinusoidalPosition()(np.zeros((1, n_moments, n_values), np.float32)))[0]
    circles = table.reshape(n_moments, n_values // 2, 2)
    assert np.hypot(circles[..., 0], circles[..., 1]) == pytest.approx(1, abs=1e-6)
    angle = np.unwrap(np.arctan2(circles[..., 0], circles[..., 1]), axis=0)
    steps = np.diff(angle, axis=0)
    assert steps == pytest.approx(np.broadcast_to(10000.0 ** (-np.arange(3) / 3), steps.shape), rel=1e-3)


def test_a_position_is_added_the_same_to_every_window(window: np.ndarray) -> None:
    both = np.stack([window, 2 * window]).astype(np.float32)
    added = np.asarray(SinusoidalPosition()(both)) - both
    assert added[0] == pytest.approx(added[1], abs=1e-5)
    odd = np.asarray(SinusoidalPosition()(np.zeros((1, 9, 5), np.float32)))
    assert odd.shape == (1, 9, 5)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_window_of_nothing_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="needs at least 1 frames and 1 bands"):
        spectrogram_input(*size, norm_strength=1.0)
