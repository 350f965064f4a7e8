"""Room, attack, band and phrase: each does by how much it says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from woodshed.audio import noise, silence, sine
from woodshed.audio.augmentation import Attack, Band, Phrase, Room, WaveformAugmentation
from woodshed.clip import Clip
from woodshed.errors import ParameterError

RATE = 16000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def knock(duration_s: float = 2.0, sample_rate: int = RATE) -> Clip:
    return Clip(np.eye(1, round(duration_s * sample_rate)), sample_rate)


def fall_s(response: NDArray[np.floating], sample_rate: int) -> float:
    """Measure a reverberation time as ISO 3382 does: the energy still to come, from -5 to -25 dB, times 3."""
    to_come = np.cumsum(response[::-1].astype(float) ** 2)[::-1]
    level_db = 10 * np.log10(np.maximum(to_come / to_come[0], 1e-12))
    return float(3 * (np.argmax(level_db < -25) - np.argmax(level_db < -5)) / sample_rate)


@pytest.mark.parametrize(
    "change", [Room(), Attack(), Band(), Phrase()], ids=lambda change: type(change).__name__
)
def test_rate_and_channels_stay_and_the_seed_decides(change: WaveformAugmentation) -> None:
    clip = Clip(rng(9).normal(0, 0.1, (2, 4000)), 8000, "take.wav")
    changed = [change(clip, rng(seed)) for seed in range(6)]
    assert all((c.sample_rate, c.n_channels, c.source) == (8000, 2, "take.wav") for c in changed)
    assert changed[3] == change(clip, rng(3))
    assert len(set(changed)) > 1
    assert all(c.samples.dtype == np.float32 for c in changed)


@pytest.mark.parametrize("direct_db", [-6.0, 0.0, 12.0])
def test_direct_sound_stays_and_reverberation_has_the_power_that_was_asked(direct_db: float) -> None:
    heard = Room(0.5, 0.5, direct_db, direct_db)(knock(), rng()).samples[0].astype(float)
    assert heard[0] == pytest.approx(1)
    assert -10 * np.log10(np.sum(heard[1:] ** 2)) == pytest.approx(direct_db, abs=0.01)


@pytest.mark.parametrize("reverberation_s", [0.3, 0.6, 1.2])
def test_reverberation_falls_by_60_db_in_the_time_that_was_asked(reverberation_s: float) -> None:
    room = Room(reverberation_s, reverberation_s, 0.0, 0.0, high_share=1.0)
    measured_s = [fall_s(room(knock(), rng(seed)).samples[0, 1:], RATE) for seed in range(8)]
    assert np.mean(measured_s) == pytest.approx(reverberation_s, rel=0.05)


def test_high_frequencies_die_away_sooner() -> None:
    # The octave around 4000 Hz is the sixth of seven above 62.5 Hz.
    room = Room(1.0, 1.0, 0.0, 0.0, high_share=0.25)
    measured_s = []
    for seed in range(8):
        spectrum = np.fft.rfft(room(knock(), rng(seed)).samples[0, 1:], 2 * RATE)
        frequency_hz = np.fft.rfftfreq(2 * RATE, 1 / RATE)
        octave = np.fft.irfft(spectrum * (np.abs(frequency_hz - 4000) < 400), 2 * RATE)
        measured_s.append(fall_s(octave[:RATE], RATE))
    assert np.mean(measured_s) == pytest.approx(0.25 ** (6 / 7), rel=0.15)


def test_room_is_linear_keeps_length_and_does_not_wrap_around() -> None:
    room, tone = Room(0.5, 0.5, 0.0, 0.0), sine(440, 0.3, sample_rate=RATE)
    heard = room(tone, rng())
    assert heard.n_samples == tone.n_samples
    response = room(knock(0.3), rng()).samples[0].astype(float)
    expected = np.convolve(tone.samples[0].astype(float), response)[: tone.n_samples]
    np.testing.assert_allclose(heard.samples[0], expected, atol=1e-5)
    assert room(silence(sample_rate=RATE), rng()) == silence(sample_rate=RATE)


def test_room_is_heard_differently_in_each_channel() -> None:
    heard = Room(0.5, 0.5, 0.0, 0.0)(Clip(np.repeat(knock().samples, 2, axis=0), RATE), rng()).samples
    assert abs(np.corrcoef(heard[:, 1:])[0, 1]) < 0.1


def test_draws_fill_their_ranges_evenly() -> None:
    draws, short = rng(), knock(0.25, 2000)
    room = Room(0.05, 0.2, 3.0, 9.0)
    direct_db = [-10 * np.log10(np.sum(room(short, draws).samples[0, 1:] ** 2)) for _ in range(400)]
    assert np.mean(direct_db) == pytest.approx(6, abs=0.3)
    assert (min(direct_db), max(direct_db)) == pytest.approx((3, 9), abs=0.1)
    cut_s = [0.5 - Attack(0.1, 0.0)(knock(0.5, 2000), draws).duration_s for _ in range(400)]
    assert np.mean(cut_s) == pytest.approx(0.05, abs=0.005)
    assert (min(cut_s), max(cut_s)) == pytest.approx((0, 0.1), abs=0.001)


def test_attack_cuts_the_beginning_and_never_more_than_half() -> None:
    ramp = Clip(np.arange(1000) / 1000, 1000)
    left = Attack(0.3, 0.0)(ramp, rng())
    np.testing.assert_array_equal(left.samples[0], ramp.samples[0, 1000 - left.n_samples :])
    assert 700 <= left.n_samples < 1000
    assert min(Attack(60.0, 0.0)(ramp, rng(seed)).n_samples for seed in range(20)) == 500
    assert Attack(0.0, 0.0)(ramp, rng()) == ramp


def test_attack_rises_in_a_straight_line() -> None:
    level = Attack(0.0, 0.5)(Clip(np.ones(1000), 1000), rng()).samples[0]
    n_rise = int(np.argmax(level == 1))
    assert 0 < n_rise <= 500
    np.testing.assert_allclose(np.diff(level[:n_rise]), 1 / n_rise, rtol=0.05)
    assert (level[n_rise:] == 1).all()


def test_band_takes_away_what_lies_outside_and_keeps_the_middle() -> None:
    def power_db(frequency_hz: float) -> list[float]:
        tone = sine(frequency_hz, 0.5, sample_rate=RATE)
        heard = [Band(200.0, 3000.0)(tone, rng(seed)).samples[0, 2000:] for seed in range(30)]
        return [20 * np.log10(np.std(h) / np.std(tone.samples)) for h in heard]

    # A filter of second order with its limit at 20 to 200 Hz takes 1 to 24 dB from 40 or so Hz.
    low_db, middle_db, high_db = power_db(50), power_db(800), power_db(7000)
    assert -24.5 < min(low_db) < -10 < -2 < max(low_db) <= 0.1
    assert min(middle_db) > -3.1
    assert max(middle_db) <= 0.1
    assert min(high_db) < -12
    assert max(high_db) > -6
    assert min(power_db(1600)) > -3.1


def test_band_leaves_alone_what_a_low_rate_does_not_reach() -> None:
    clip = noise(duration_s=0.2, sample_rate=4000)
    assert Band()(clip, rng()).n_samples == clip.n_samples


def test_phrase_has_as_many_notes_as_are_drawn_each_at_its_own_pitch() -> None:
    tone = sine(440, 1.0, sample_rate=RATE)
    draws, phrase = rng(), Phrase(3, 12.0, 0.5, 0.5, max_gap_s=0.0, max_release_s=0.0, spread_db=0.0)
    phrases = [phrase(tone, draws) for _ in range(90)]
    # A note an octave up has only half a second to give, which is what is taken.
    counts = np.bincount([round(heard.duration_s / 0.5) for heard in phrases if heard != tone])
    assert counts[:2].tolist() == [0, 0]
    assert 15 < counts[2] < 45
    assert 15 < counts[3] < 45
    assert 15 < sum(heard == tone for heard in phrases) < 45
    notes = [heard.samples[0, :8000] for heard in phrases if heard != tone]
    pitch_hz = [2 * np.abs(np.fft.rfft(note * np.hanning(len(note)))).argmax() for note in notes]
    semitones = 12 * np.log2(np.asarray(pitch_hz) / 440)
    assert -12.2 <= semitones.min() < -8
    assert 8 < semitones.max() <= 12.2


def test_notes_of_a_phrase_die_away_have_levels_of_their_own_and_gaps_in_half_of_the_phrases() -> None:
    hum = Clip(np.ones(16000), RATE)
    draws = rng()
    two = Phrase(2, 0.0, 0.5, 0.5, max_gap_s=0.2, max_release_s=0.1, spread_db=6.0)
    phrases = [heard.samples[0] for heard in (two(hum, draws) for _ in range(120)) if heard != hum]
    peaks_db = 20 * np.log10([[phrase[0], phrase[8000:].max()] for phrase in phrases])
    assert np.abs(peaks_db).max() <= 6.01
    assert np.abs(peaks_db[:, 0] - peaks_db[:, 1]).max() > 6, "notes of one phrase differ"
    gaps_s = np.asarray([(len(phrase) - 16000) / RATE for phrase in phrases])
    assert 0.3 < np.mean(gaps_s > 0) < 0.7
    assert 0.2 < gaps_s.max() <= 0.4
    assert min(phrase[7990] / phrase[0] for phrase in phrases) < 0.1, "a note ends softly"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Room(1.0, 0.5), "min_reverberation_s <= max_reverberation_s.*got 1.0 and 0.5"),
        (lambda: Room(0.0, 0.5), "0 < min_reverberation_s"),
        (lambda: Room(min_direct_db=20.0), "min_direct_db <= max_direct_db"),
        (lambda: Room(high_share=0.0), "high_share above 0, at most 1, got 0.0"),
        (lambda: Attack(-0.1), "max_cut_s of 0 or more, got -0.1"),
        (lambda: Attack(max_fade_s=float("nan")), "max_fade_s of 0 or more, got nan"),
        (lambda: Band(10.0), "max_low_hz < min_high_hz, got 10.0"),
        (lambda: Phrase(0), "max_notes of 1 or more, got 0"),
        (lambda: Phrase(max_semitones=-1.0), "max_semitones of 0 or more, got -1.0"),
        (lambda: Phrase(max_gap_s=-1.0), "max_gap_s of 0 or more, got -1.0"),
        (lambda: Phrase(min_note_s=2.0), "min_note_s <= max_note_s"),
    ],
)
def test_impossible_settings_are_refused(make: WaveformAugmentation, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()  # type: ignore[call-arg]
