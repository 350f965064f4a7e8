"""Windows: cutting, padding, and every variation by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from woodshed.recognition.window import (
    NO_AUGMENTATION,
    PAD_DB,
    SpectrogramAugmentation,
    cut_windows,
    mix_pairs,
)

N_FRAMES, N_BANDS = 40, 24


def ramp_in_time(n_frames: int = 200) -> np.ndarray:
    """Return a spectrogram that tells by its values which frame of the recording one looks at."""
    return np.repeat(np.arange(n_frames, dtype=np.float32)[:, None], N_BANDS, axis=1)


def ramp_in_frequency() -> np.ndarray:
    """Return a spectrogram that tells by its values which band one looks at."""
    return np.tile(np.arange(N_BANDS, dtype=np.float32), (N_FRAMES, 1))


def vary(spectrogram: np.ndarray, n_windows: int = 200, seed: int = 0, **change: object) -> np.ndarray:
    """Cut the same spectrogram many times with one kind of variation."""
    rng = np.random.default_rng(seed)
    return cut_windows([spectrogram] * n_windows, N_FRAMES, replace(NO_AUGMENTATION, **change), rng)


# -- cutting --------------------------------------------------------------------------------------


def test_still_takes_a_recording_of_the_right_length_as_it_is() -> None:
    spectrogram = np.random.default_rng(1).normal(-40, 10, (N_FRAMES, N_BANDS)).astype(np.float32)
    assert np.array_equal(cut_windows([spectrogram], N_FRAMES)[0], spectrogram)


@pytest.mark.parametrize("n_frames", [41, 100, 1000])
def test_still_takes_the_middle_of_a_long_recording(n_frames: int) -> None:
    start = (n_frames - N_FRAMES) // 2
    assert cut_windows([ramp_in_time(n_frames)], N_FRAMES)[0, :, 0].tolist() == [
        *range(start, start + N_FRAMES)
    ]


@pytest.mark.parametrize("n_frames", [1, 2, 39])
def test_still_puts_a_short_recording_in_the_middle_of_padding(n_frames: int) -> None:
    window = cut_windows([ramp_in_time(n_frames)], N_FRAMES)[0]
    sounding = np.flatnonzero(window[:, 0] != PAD_DB)
    assert window[sounding, 0].tolist() == [*range(n_frames)]
    assert abs(sounding[0] - (N_FRAMES - 1 - sounding[-1])) <= 1
    assert (window[np.setdiff1d(np.arange(N_FRAMES), sounding)] == PAD_DB).all()


def test_each_recording_is_cut_by_itself() -> None:
    recordings = [ramp_in_time(7), ramp_in_time(300), ramp_in_time(N_FRAMES)]
    together = cut_windows(recordings, N_FRAMES)
    assert together.shape == (3, N_FRAMES, N_BANDS)
    assert together.dtype == np.float32
    assert all(np.array_equal(together[k], cut_windows([recordings[k]], N_FRAMES)[0]) for k in range(3))


@pytest.mark.parametrize("variation", [NO_AUGMENTATION, SpectrogramAugmentation()], ids=["still", "varied"])
def test_only_the_rows_that_are_needed_are_read(variation: SpectrogramAugmentation) -> None:
    class Long:
        """An hour of sound that counts how many of its frames are looked at."""

        shape = (360_000, N_BANDS)
        n_read = 0

        def __len__(self) -> int:
            return self.shape[0]

        def __getitem__(self, rows: slice) -> np.ndarray:
            n = len(range(*rows.indices(len(self))))
            self.n_read += n
            return np.zeros((n, N_BANDS), np.float32)

    hour = Long()
    cut_windows([hour], N_FRAMES, variation, np.random.default_rng(0))  # type: ignore[list-item]
    assert N_FRAMES <= hour.n_read <= 0.01 * len(hour)


def test_the_recording_is_not_changed() -> None:
    spectrogram = ramp_in_time()
    spectrogram.setflags(write=False)
    kept = spectrogram.copy()
    cut_windows([spectrogram] * 8, N_FRAMES, SpectrogramAugmentation(), np.random.default_rng(0))
    assert np.array_equal(spectrogram, kept)


def test_the_same_draw_gives_the_same_windows_and_another_gives_others() -> None:
    spectrogram = np.random.default_rng(2).normal(-40, 10, (100, N_BANDS))
    first, again, other = (
        cut_windows([spectrogram] * 4, N_FRAMES, SpectrogramAugmentation(), np.random.default_rng(seed))
        for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) == 4  # nor are the windows of one batch alike


# -- one variation at a time ----------------------------------------------------------------------


def test_a_random_place_is_anywhere_in_the_recording_and_nowhere_else() -> None:
    windows = vary(ramp_in_time(200), random_position=True)
    starts = windows[:, 0, 0]
    assert np.array_equal(windows[:, :, 0], starts[:, None] + np.arange(N_FRAMES))
    assert starts.min() < 10
    assert starts.max() > 150
    assert (starts >= 0).all()
    assert (starts <= 200 - N_FRAMES).all()


def test_a_short_recording_is_put_at_a_random_place_whole() -> None:
    windows = vary(ramp_in_time(10), random_position=True)
    places = [np.flatnonzero(window[:, 0] != PAD_DB) for window in windows]
    assert all(
        np.array_equal(window[at, 0], np.arange(10)) for window, at in zip(windows, places, strict=True)
    )
    assert set(range(1, 31)) <= {int(at[0]) for at in places} <= set(range(31))


def test_stretch_reads_at_another_tempo() -> None:
    windows = vary(ramp_in_time(200), stretch=0.3)
    steps = np.diff(windows[:, :, 0], axis=1)  # how many frames of the recording pass in one of the window
    tempo = steps.mean(axis=1)
    assert np.abs(steps - tempo[:, None]).max() < 1e-3  # the same throughout, and between frames too
    assert np.exp(-0.3) <= tempo.min() < 0.78
    assert 1.28 < tempo.max() <= np.exp(0.3) + 1e-6
    middle = windows[:, :, 0].mean(axis=1)
    assert np.abs(middle - 99.5).max() < 1.5  # still the middle of the recording


def test_stretch_of_a_short_recording_changes_how_long_it_sounds() -> None:
    windows = vary(np.zeros((20, N_BANDS), np.float32), stretch=0.5)
    lengths = (windows[:, :, 0] > PAD_DB / 2).sum(axis=1)
    assert 11 <= lengths.min() <= 14  # 20 e^-0.5 = 12.1
    assert 31 <= lengths.max() <= 34  # 20 e^0.5 = 33.0


def test_warp_scales_the_frequency_axis_about_the_lowest_band() -> None:
    windows = vary(ramp_in_frequency(), warp=0.12)
    assert np.ptp(windows, axis=1).max() < 1e-4  # every frame is changed alike, up to rounding
    bands = windows[:, 0]
    scale = bands[:, 10] / 10
    assert np.abs(bands - np.minimum(np.arange(N_BANDS) * scale[:, None], N_BANDS - 1)).max() < 1e-4
    assert np.exp(-0.12) <= scale.min() < 0.9
    assert 1.11 < scale.max() <= np.exp(0.12) + 1e-6


def test_shift_moves_the_frequency_axis_by_whole_and_broken_bands() -> None:
    windows = vary(ramp_in_frequency(), shift_bands=3)
    shift = windows[:, 0, 12] - 12
    expected = np.clip(np.arange(N_BANDS) + shift[:, None], 0, N_BANDS - 1)
    assert np.abs(windows[:, 0] - expected).max() < 1e-4
    assert -3 <= shift.min() < -2.5
    assert 2.5 < shift.max() <= 3
    assert (shift != np.round(shift)).any()


def test_colour_is_an_equaliser_that_stays_the_same_through_a_window() -> None:
    spectrogram = np.full((N_FRAMES, N_BANDS), -40, np.float32)
    spectrogram[:5] = PAD_DB
    windows = vary(spectrogram, n_windows=2000, equaliser_db=4)
    assert (windows[:, :5] == PAD_DB).all()  # silence has no colour
    gain_db = windows[:, 5] + 40
    assert (windows[:, 5:] == windows[:, 5:6]).all()
    assert gain_db[:, [0, -1]].std() == pytest.approx(4, rel=0.05)
    assert gain_db.mean() == pytest.approx(0, abs=0.2)
    assert np.abs(np.diff(gain_db, n=2, axis=1)).mean() < 0.25 * gain_db.std()  # smooth: six knots, not 24


def test_silence_stays_exactly_silent_however_it_is_read() -> None:
    silence = np.full((N_FRAMES // 2, N_BANDS), PAD_DB, np.float32)
    windows = vary(silence, stretch=0.2, warp=0.12, shift_bands=1.5, equaliser_db=6.0)
    assert (windows == PAD_DB).all()  # interpolated in time and in frequency without rounding


def test_noise_is_as_far_below_the_loudest_as_it_should_be() -> None:
    spectrogram = np.full((N_FRAMES, N_BANDS), PAD_DB, np.float32)
    spectrogram[0, 0] = -10
    windows = vary(spectrogram, noise_share=1, noise_range_db=(30, 30))
    assert (windows >= spectrogram).all()  # powers add: nothing becomes quieter
    assert windows[:, 0, 0].max() < -9
    floor_db = np.median(windows[:, 1:], axis=1)  # over time: one spectrum of the noise for each window
    assert np.median(floor_db) == pytest.approx(-41, abs=1.5)  # 30 below -10, and the median of power noise
    assert (np.abs(floor_db + 41) < 6 + 3).all()  # tilted by up to 6 dB, with a ripple
    assert windows[:, 1:].std(axis=1).min() > 1  # it fluctuates, as noise does


def test_the_noise_comes_to_its_share_of_the_windows_at_its_range_of_levels() -> None:
    spectrogram = np.full((N_FRAMES, N_BANDS), PAD_DB, np.float32)
    spectrogram[0, 0] = 0
    windows = vary(spectrogram, n_windows=1000, noise_share=0.3, noise_range_db=(10, 50))
    noisy = (windows != spectrogram).any(axis=(1, 2))
    assert noisy.mean() == pytest.approx(0.3, abs=0.05)
    level_db = np.median(windows[noisy][:, 1:], axis=(1, 2))
    assert level_db.max() == pytest.approx(-11, abs=2)
    assert level_db.min() == pytest.approx(-51, abs=2)


def test_added_powers_are_right() -> None:
    quiet, loud = (np.full((N_FRAMES, N_BANDS), level, np.float32) for level in (-80, -20))
    noise = vary(
        np.pad(quiet, ((1, 0), (0, 0)), constant_values=-20)[:N_FRAMES], noise_share=1, noise_range_db=(0, 0)
    )
    both = vary(loud, noise_share=1, noise_range_db=(0, 0))
    alone = 10 ** (noise[:, 1:] / 10)  # the same draw over almost nothing: the noise itself
    assert 10 ** (both[:, 1:] / 10) - 10**-2 == pytest.approx(alone, rel=1e-2)


def test_mask_silences_stripes_of_bands_and_stretches_of_time() -> None:
    windows = vary(np.zeros((N_FRAMES, N_BANDS), np.float32), mask_bands=4, mask_share=0.2)
    assert set(np.unique(windows)) == {0, PAD_DB}
    silenced = windows == PAD_DB
    bands, frames = silenced.all(axis=1), silenced.all(axis=2)
    assert np.array_equal(silenced, bands[:, None, :] | frames[:, :, None])
    assert bands.sum(axis=1).max() in (7, 8)  # two of four at most
    assert 12 <= frames.sum(axis=1).max() <= 16  # two of 0.2 * 40 at most
    assert (bands.sum(axis=1) == 0).any()
    n_runs = (np.diff(np.pad(bands, ((0, 0), (1, 1))).astype(int), axis=1) == 1).sum(axis=1)
    assert n_runs.max() == 2
    assert bands.any(axis=0).all()
    assert frames.any(axis=0).all()


def test_only_bands_or_only_time_can_be_masked() -> None:
    flat = np.zeros((N_FRAMES, N_BANDS), np.float32)
    only_bands, only_time = vary(flat, mask_bands=4) == PAD_DB, vary(flat, mask_share=0.2) == PAD_DB
    assert only_bands.any()
    assert only_time.any()
    assert (only_bands == only_bands[:, :1]).all()
    assert (only_time == only_time[:, :, :1]).all()


# -- mixing ---------------------------------------------------------------------------------------


def test_two_windows_sound_at_once_with_the_shares_of_their_targets() -> None:
    rng = np.random.default_rng(0)
    windows = np.full((64, N_FRAMES, 64), PAD_DB, np.float32)
    windows[np.arange(64), :, np.arange(64)] = rng.uniform(-20, 0, (64, 1))  # each has a band of its own
    targets = np.eye(64, dtype=np.float32)
    mixed, mixed_targets = mix_pairs(windows, targets, 1.0, rng)
    assert mixed_targets.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert mixed_targets.diagonal().std() > 0.2  # all shares occur
    for k, (window, target) in enumerate(zip(mixed, mixed_targets, strict=True)):
        if target[k] == 1:  # drew itself as partner
            continue
        sounding = np.flatnonzero(target > 0.02)
        # Whatever their levels were, each has the amplitude that its target says, at the level of the first.
        expected_db = windows[k].max() + 20 * np.log10(target[sounding])
        assert window[:, sounding] == pytest.approx(np.tile(expected_db, (N_FRAMES, 1)), abs=0.01)


def test_equal_sounds_together_are_the_same_sound() -> None:
    pattern = np.random.default_rng(3).normal(-50, 3, (N_FRAMES, N_BANDS)).astype(np.float32)
    windows = np.tile(pattern, (4, 1, 1))
    mixed, _ = mix_pairs(windows, np.eye(4, dtype=np.float32), 1.0, np.random.default_rng(0))
    change_db = mixed - windows
    assert change_db.std(axis=(1, 2)) == pytest.approx(0, abs=1e-3)
    assert (change_db >= 10 * np.log10(0.5) - 1e-3).all()  # two unrelated halves: 3 dB less at most
    assert (change_db <= 1e-3).all()


def test_a_random_place_holds_sound() -> None:
    """A clip that is silent but for its first tenth is cut where something can be heard."""
    spectrogram = np.full((10 * N_FRAMES, N_BANDS), PAD_DB, np.float32)
    spectrogram[:N_FRAMES] = -20.0
    only_place = SpectrogramAugmentation(
        stretch=0, warp=0, shift_bands=0, noise_share=0, equaliser_db=0, mask_bands=0, mask_share=0
    )
    windows = cut_windows([spectrogram] * 200, N_FRAMES, only_place, np.random.default_rng(0))
    share_with_sound = float((windows.max(axis=(1, 2)) > PAD_DB).mean())
    assert share_with_sound > 0.5  # one blind draw finds it about 0.11 of the time
