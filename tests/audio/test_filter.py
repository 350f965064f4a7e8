"""Filters, measured by what they do to an impulse, against the formulas of their inventors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import noise, read, read_blocks, silence, sine, write
from woodshed.audio.filter import (
    Butterworth,
    Equaliser,
    band_pass,
    band_stop,
    filter_blocks,
    filter_clip,
    high_pass,
    high_shelf,
    low_pass,
    low_shelf,
    peak_filter,
)
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError

EVERY: dict[str, Callable[[Clip], Clip]] = {
    "low_pass": partial(low_pass, cutoff_hz=1000.0),
    "high_pass": partial(high_pass, cutoff_hz=1000.0),
    "band_pass": partial(band_pass, low_hz=500.0, high_hz=1000.0),
    "band_stop": partial(band_stop, low_hz=500.0, high_hz=1000.0),
    "peak": partial(peak_filter, centre_hz=1000.0, gain_db=6.0),
    "low_shelf": partial(low_shelf, centre_hz=1000.0, gain_db=6.0),
    "high_shelf": partial(high_shelf, centre_hz=1000.0, gain_db=-6.0),
    "zero_phase": partial(low_pass, cutoff_hz=1000.0, zero_phase=True),
}


def gain_db(change: Callable[[Clip], Clip], frequency_hz: float, sample_rate: int) -> float:
    """Measure what a filter does to an impulse at a frequency."""
    samples = np.zeros(sample_rate)
    samples[sample_rate // 2] = 1
    answer = change(Clip(samples, sample_rate)).samples[0].astype(np.float64)
    turn = np.exp(-2j * np.pi * frequency_hz / sample_rate * np.arange(sample_rate))
    return float(20 * np.log10(np.abs(answer @ turn)))


def warped(frequency_hz: float, sample_rate: int) -> float:
    """Return the analogue frequency that the bilinear transform puts at a digital one."""
    return float(np.tan(np.pi * frequency_hz / sample_rate))


@pytest.mark.parametrize("order", [1, 2, 4, 7])
@pytest.mark.parametrize(("rate", "cutoff_hz"), [(8000, 300.0), (8000, 3500.0), (192000, 5000.0)])
def test_a_butterworth_has_half_the_power_at_its_cutoff_and_the_slope_of_theory(
    order: int, rate: int, cutoff_hz: float
) -> None:
    for change, sign in ((low_pass, 1), (high_pass, -1)):
        apply = partial(change, cutoff_hz=cutoff_hz, order=order)
        assert gain_db(apply, cutoff_hz, rate) == pytest.approx(-3.0103, abs=0.005)
        for frequency_hz in (cutoff_hz / 2, cutoff_hz * 1.1):
            ratio = (warped(frequency_hz, rate) / warped(cutoff_hz, rate)) ** (2 * order * sign)
            assert gain_db(apply, frequency_hz, rate) == pytest.approx(-10 * np.log10(1 + ratio), abs=0.05)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_an_octave_further_costs_6_db_times_the_order(order: int) -> None:
    low = partial(low_pass, cutoff_hz=100.0, order=order)
    high = partial(high_pass, cutoff_hz=800.0, order=order)
    assert gain_db(low, 800, 48000) - gain_db(low, 1600, 48000) == pytest.approx(6.02 * order, rel=0.02)
    assert gain_db(high, 100, 48000) - gain_db(high, 50, 48000) == pytest.approx(6.02 * order, rel=0.02)


def test_bands_have_half_the_power_at_both_ends() -> None:
    inside, outside = (partial(change, low_hz=500.0, high_hz=2000.0) for change in (band_pass, band_stop))
    for corner_hz in (500, 2000):
        assert gain_db(inside, corner_hz, 16000) == pytest.approx(-3.0103, abs=0.005)
        assert gain_db(outside, corner_hz, 16000) == pytest.approx(-3.0103, abs=0.005)
    assert gain_db(inside, 1000, 16000) == pytest.approx(0, abs=0.01)
    assert gain_db(outside, 1000, 16000) < -60
    assert gain_db(inside, 100, 16000) < -60
    assert gain_db(outside, 100, 16000) == pytest.approx(0, abs=0.01)
    slope_db = gain_db(inside, 100, 16000) - gain_db(inside, 50, 16000)
    assert slope_db == pytest.approx(4 * 6.02, abs=0.5)  # the order is that of each slope


def analogue_db(kind: str, frequency: complex, root: float, q: float) -> float:
    """Return the gain of the cookbook's analogue prototypes, ``frequency`` relative to the centre."""
    s, part = frequency, np.sqrt(root) / q
    gain = {
        "peak": lambda: (s * s + s * root / q + 1) / (s * s + s / (root * q) + 1),
        "low-shelf": lambda: root * (s * s + part * s + root) / (root * s * s + part * s + 1),
        "high-shelf": lambda: root * (root * s * s + part * s + 1) / (s * s + part * s + root),
    }[kind]()
    return float(20 * np.log10(np.abs(gain)))


@pytest.mark.parametrize("kind", ["peak", "low-shelf", "high-shelf"])
@pytest.mark.parametrize("gain", [12.0, -9.0])
@pytest.mark.parametrize(("rate", "centre_hz"), [(8000, 200.0), (8000, 3600.0), (192000, 1000.0)])
def test_an_equaliser_is_its_analogue_prototype(kind: str, gain: float, rate: int, centre_hz: float) -> None:
    for q in (0.5, 2.0):
        apply = partial(filter_clip, design=Equaliser(kind, centre_hz, gain, q))
        for frequency_hz in (centre_hz / 4, centre_hz, centre_hz * 1.1):
            frequency = 1j * warped(frequency_hz, rate) / warped(centre_hz, rate)
            expected_db = analogue_db(kind, frequency, 10 ** (gain / 40), q)
            assert gain_db(apply, frequency_hz, rate) == pytest.approx(expected_db, abs=0.01)


def test_shelves_and_peaks_have_their_gain_where_they_say() -> None:
    low = partial(low_shelf, centre_hz=1000.0, gain_db=8.0)
    assert [gain_db(low, f, 48000) for f in (10, 1000, 20000)] == pytest.approx([8, 4, 0], abs=0.02)
    high = partial(high_shelf, centre_hz=1000.0, gain_db=-8.0)
    assert [gain_db(high, f, 48000) for f in (10, 1000, 20000)] == pytest.approx([0, -4, -8], abs=0.02)
    near_the_end = partial(high_shelf, centre_hz=3600.0, gain_db=8.0)
    assert [gain_db(near_the_end, f, 8000) for f in (100, 3600, 4000)] == pytest.approx([0, 4, 8], abs=0.02)
    peak = partial(peak_filter, centre_hz=1000.0, gain_db=8.0, q=4.0)
    assert [gain_db(peak, f, 48000) for f in (100, 1000, 10000)] == pytest.approx([0, 8, 0], abs=0.05)


def test_zero_phase_delays_nothing_and_happens_twice() -> None:
    impulse = Clip(np.eye(1, 2001, 1000), 8000)
    answer = low_pass(impulse, 500.0, zero_phase=True).samples[0]
    np.testing.assert_allclose(answer, answer[::-1], atol=1e-7)
    assert low_pass(impulse, 500.0).samples[0].argmax() > 1000  # what it would be with delay
    twice = partial(low_pass, cutoff_hz=500.0, zero_phase=True)
    assert gain_db(twice, 500, 8000) == pytest.approx(-6.0206, abs=0.01)
    once_db = gain_db(partial(low_pass, cutoff_hz=500.0), 700, 8000)
    assert gain_db(twice, 700, 8000) == pytest.approx(2 * once_db, abs=0.01)


@pytest.mark.parametrize("size", [1, 7, 400, 999])
def test_block_by_block_is_the_same_as_whole(size: int) -> None:
    clip = Clip(np.random.default_rng(0).normal(0, 0.1, (2, 1000)), 8000)
    for design in (Butterworth("band-pass", (100.0, 900.0), 3), Equaliser("high-shelf", 2000.0, 9.0, 0.7)):
        pieces = [
            Clip(clip.samples[:, start : start + size], 8000) for start in range(0, clip.n_samples, size)
        ]
        joined = np.concatenate([block.samples for block in filter_blocks(pieces, design)], axis=1)
        np.testing.assert_allclose(joined, filter_clip(clip, design).samples, atol=1e-7)


def test_a_file_can_be_filtered_while_it_is_read(tmp_path: Path) -> None:
    path = write(noise(duration_s=2.0), tmp_path / "a.wav")
    design = Butterworth("high-pass", (300.0,))
    blocks = list(filter_blocks(read_blocks(path, block_s=0.3), design))
    assert len(blocks) == 7
    joined = np.concatenate([block.samples for block in blocks], axis=1)
    np.testing.assert_allclose(joined, filter_clip(read(path), design).samples, atol=1e-7)


@pytest.mark.parametrize("name", EVERY)
def test_any_shape_of_clip_keeps_it_and_channels_do_not_mix(name: str) -> None:
    change = EVERY[name]
    assert change(Clip(np.ones(1), 8000)).n_samples == 1
    many = Clip(np.random.default_rng(0).normal(0, 0.1, (8, 500)), 192000, "many.wav")
    changed = change(many)
    assert (changed.samples.shape, changed.sample_rate, changed.source) == ((8, 500), 192000, "many.wav")
    assert not np.allclose(changed.samples, many.samples, atol=1e-3)
    np.testing.assert_allclose(
        changed.samples[5], change(Clip(many.samples[5], 192000)).samples[0], atol=1e-7
    )
    assert change(silence(0.1)) == silence(0.1)


def test_the_steepest_filters_are_stable() -> None:
    for rate, corners_hz in ((192000, (20.0, 30.0)), (8000, (3900.0, 3990.0))):
        design = Butterworth("band-pass", corners_hz, order=24)
        clip = noise(duration_s=2.0, sample_rate=rate)
        assert np.abs(filter_clip(clip, design).samples).max() < np.abs(clip.samples).max()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: low_pass(sine(440), 8000.0), r"below 8000 Hz.*got 8000.0. Lower it, or resample.*16000 Hz"),
        (lambda: high_pass(sine(440), 0.0), "above 0 and below 8000 Hz.*Choose a frequency above 0"),
        (lambda: low_pass(sine(440), float("nan")), "got nan"),
        (lambda: band_pass(sine(440), 900.0, 500.0), r"2 cutoffs, increasing, in Hz, got \(900.0, 500.0\)"),
        (lambda: band_stop(sine(440), 500.0, 9000.0), "below 8000 Hz"),
        (lambda: Butterworth("low-pass", (1.0, 2.0)), "expects 1 cutoff, in Hz"),
        (lambda: Butterworth("lowpass", (1.0,)), "Unknown filter kind 'lowpass'. Did you mean low-pass"),
        (lambda: low_pass(sine(440), 500.0, order=0), "whole order from 1 to 24, got 0"),
        (lambda: low_pass(sine(440), 500.0, order=2.5), "whole order from 1 to 24, got 2.5"),
        (lambda: peak_filter(sine(440), centre_hz=9000.0, gain_db=3.0), "peak filter .* below 8000 Hz"),
        (lambda: peak_filter(sine(440), centre_hz=900.0, gain_db=3.0, q=0.0), "positive q, got 0.0"),
        (
            lambda: high_shelf(sine(440), centre_hz=900.0, gain_db=float("inf")),
            "a gain from -120 to 120 dB, got inf",
        ),
    ],
)
def test_settings_out_of_range_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make()


def test_blocks_of_different_sounds_are_refused() -> None:
    blocks = [sine(440, sample_rate=8000), sine(440, sample_rate=16000)]
    with pytest.raises(AudioError, match=r"sine 440 Hz has 1 channels at 16000 Hz, expected 1 at 8000 Hz"):
        list(filter_blocks(blocks, Butterworth("low-pass", (100.0,))))
