"""Features of spectral shape, against theory; tests/features/test_librosa.py compares them with librosa."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import chirp, noise, silence, sine
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import (
    BandEnergyRatio,
    Power,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralContrast,
    SpectralFlatness,
    SpectralFlux,
    SpectralRolloff,
    SpectralSpread,
    Stft,
)
from woodshed.features.spectral_shape import bandwidth_hz, centroid_hz, rolloff_bin

RATE = 16000
INSIDE = slice(5, -5)

SPECTRA = np.random.default_rng(0).random((6, 33)).astype(np.float32)
BINS_HZ = np.linspace(0, 4000, 33, dtype=np.float32)


def test_centroid_is_the_mean_frequency() -> None:
    expected = [np.average(BINS_HZ, weights=row) for row in SPECTRA]
    assert np.allclose(centroid_hz(SPECTRA, BINS_HZ), expected, rtol=1e-5)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_bandwidth_is_the_mean_power_of_the_distance(p) -> None:
    expected = [
        np.average(np.abs(BINS_HZ - np.average(BINS_HZ, weights=row)) ** p, weights=row) ** (1 / p)
        for row in SPECTRA
    ]
    assert np.allclose(bandwidth_hz(SPECTRA, BINS_HZ, p), expected, rtol=1e-5)


def test_two_equal_tones_have_their_centre_between_and_their_distance_as_bandwidth() -> None:
    clip = Clip((sine(1000).samples + sine(3000).samples) / 2, RATE)
    assert np.allclose(SpectralCentroid()(clip)[INSIDE], 2000, atol=5)
    for p in (1, 2):
        assert np.allclose(SpectralBandwidth(p=p)(clip)[INSIDE], 1000, atol=10)
    assert np.allclose(SpectralSpread()(clip)[INSIDE], 1000 / 8000, atol=0.002)


def test_spread_is_bandwidth_on_a_scale_of_its_own() -> None:
    clip = noise(duration_s=0.5)
    assert np.allclose(SpectralSpread()(clip) * 8000, SpectralBandwidth()(clip), rtol=1e-5)


@pytest.mark.parametrize(
    "kind",
    [SpectralCentroid, SpectralBandwidth, SpectralSpread, SpectralRolloff, BandEnergyRatio, SpectralFlux],
)
def test_silence_is_zero_also_in_the_midst_of_sound(kind) -> None:
    assert not kind()(silence(0.2)).any()
    gap = np.concatenate([noise(duration_s=0.2).samples, np.zeros((1, 3200))], axis=1)
    assert not kind()(Clip(gap, RATE))[30:].any()


def test_rolloff_is_the_first_bin_up_to_which_the_share_lies() -> None:
    for share in (0.1, 0.5, 0.85, 0.99):
        for row, found in zip(SPECTRA, rolloff_bin(SPECTRA, share), strict=True):
            below = np.cumsum(row, dtype=np.float64) / row.sum(dtype=np.float64)
            assert found == np.flatnonzero(below >= share)[0]


def test_rolloff_of_a_tone_is_at_the_tone() -> None:
    assert np.abs(SpectralRolloff()(sine(3000))[INSIDE] - 3000).max() <= 2 * 31.25


def test_band_energy_ratio_is_counted_in_frequency_bins() -> None:
    clip = noise(duration_s=3.0)
    power = Power()(clip).astype(np.float64)
    expected = power[:, :64].sum(axis=1) / power[:, 64:].sum(axis=1)
    assert np.allclose(BandEnergyRatio()(clip)[:, 0], expected, rtol=1e-4)
    assert BandEnergyRatio().split_bin == 64, "2000 Hz is bin 64 of 31.25 Hz each"


def test_band_energy_ratio_of_a_frame_does_not_change_with_the_length_of_the_clip() -> None:
    """A split that is counted by the number of frames instead of bins moves when the clip grows."""
    clip = noise(duration_s=3.0)
    feature = BandEnergyRatio(split_hz=1000.0)
    assert np.array_equal(feature(clip)[:40], feature(clip.cut(0, 0.5))[:40])


def test_band_energy_ratio_of_tones_is_large_below_and_small_above() -> None:
    low, high = BandEnergyRatio()(sine(500))[50, 0], BandEnergyRatio()(sine(5000))[50, 0]
    assert low > 1e6
    assert high < 1e-6
    level = Clip((sine(500).samples + 0.5 * sine(5000).samples) / 2, RATE)
    assert np.allclose(BandEnergyRatio()(level)[INSIDE], 4.0, rtol=1e-3)


@pytest.mark.parametrize("split_hz", [8000.0, 2000.0])
def test_band_energy_ratio_without_an_upper_band_stops_at_100_db(split_hz) -> None:
    constant = Clip(np.full(8000, 0.1), RATE)
    ratio = BandEnergyRatio(split_hz=split_hz)(constant)
    assert np.isfinite(ratio).all()
    assert 1e9 < ratio[25, 0] <= 1.0001e10


def test_flatness_of_white_noise_is_that_of_theory_and_coloured_noise_has_less() -> None:
    flat = [SpectralFlatness()(noise(colour, 10.0)).mean() for colour in ("white", "pink", "brown")]
    assert flat[0] == pytest.approx(np.exp(-np.euler_gamma), abs=0.01)
    assert flat[0] > 2 * flat[1] > 4 * flat[2]
    assert SpectralFlatness()(silence(0.1)).min() == pytest.approx(1.0)


def test_contrast_is_large_in_the_octave_of_a_tone() -> None:
    feature = SpectralContrast(n_fft=2048)
    clip = Clip(sine(1100).samples + noise(level_db=-50.0).samples, RATE)
    contrast = feature(clip)[INSIDE].mean(axis=0)
    assert contrast.argmax() == 3, "800 to 1600 Hz is the third octave above 200 Hz"
    assert contrast[3] > contrast[[1, 2, 4, 5]].max() + 10


def test_contrast_without_a_cut_does_not_depend_on_the_rest_of_the_clip() -> None:
    quiet, loud = 1e-4 * noise(duration_s=0.5).samples, noise(duration_s=0.5, seed=1).samples * 5
    alone, together = Clip(quiet, RATE), Clip(np.concatenate([quiet, loud], axis=1), RATE)
    free, cut = SpectralContrast(n_fft=2048, top_db=None), SpectralContrast(n_fft=2048, top_db=30.0)
    assert np.allclose(free(alone)[:40], free(together)[:40], atol=1e-4)
    assert np.abs(cut(alone)[:40] - cut(together)[:40]).max() > 1


def test_flux_is_the_squared_step_of_the_shares() -> None:
    clip = chirp(100, 6400)
    share = Stft()(clip).astype(np.float64)
    share /= share.sum(axis=1, keepdims=True)
    expected = np.r_[0.0, np.sum(np.diff(share, axis=0) ** 2, axis=1)]
    assert np.allclose(SpectralFlux()(clip)[:, 0], expected, rtol=1e-3, atol=1e-9)


def test_flux_of_a_held_tone_is_nothing_and_of_a_jump_is_large() -> None:
    jump = Clip(np.concatenate([sine(500, 0.5).samples, sine(4000, 0.5).samples], axis=1), RATE)
    flux = SpectralFlux()(jump)[:, 0]
    assert abs(int(flux[5:-5].argmax()) + 5 - 50) <= 2, "the jump is at 0.5 s, frame 50"
    assert flux[50 - 3 : 50 + 3].max() > 1000 * np.median(flux)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (SpectralBandwidth, {"p": 0}, "p between 0 and 8, got 0"),
        (SpectralBandwidth, {"p": 9}, "p between 0 and 8, got 9"),
        (SpectralRolloff, {"roll_percent": 85}, "roll_percent between 0 and 1, got 85"),
        (BandEnergyRatio, {"split_hz": 0}, "split_hz above 0 and up to 8000 .* got 0"),
        (BandEnergyRatio, {"split_hz": 8001}, "up to 8000 .half of sample_rate., got 8001"),
        (SpectralContrast, {"n_octaves": 7}, "got 7 from 200 Hz. Lower n_octaves"),
        (
            SpectralContrast,
            {"f_min_hz": 40.0, "n_fft": 64},
            "holds no bin of n_fft=64 at 16000 Hz. Raise n_fft",
        ),
        (SpectralContrast, {"quantile": 1.0}, "quantile between 0 and 1, got 1"),
    ],
)
def test_a_bad_setting_is_named(kind, settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        kind(**settings)
