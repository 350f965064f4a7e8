"""Keys, against scales and cadences in every key, and against the notes of real tunes."""

from __future__ import annotations

import csv
from collections import defaultdict

import numpy as np
import pytest

from woodshed.audio import read, silence
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError
from woodshed.features import KeyGuess, find_key
from woodshed.features.key import PROFILES, key_of_pitch_classes, tuning_semitones

RATE = 22050
# Chords as semitones above the keynote: I IV V I, and i iv V i.
CADENCES = {
    "major": [(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)],
    "minor": [(0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)],
}
SCALES = {"major": [0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0], "minor": [0, 2, 3, 5, 7, 8, 7, 12, 7, 3, 0]}


def play(chords: list[tuple[int, ...]], lowest: int, *, cents: float = 0.0) -> Clip:
    """Play chords of MIDI pitches ``lowest + step``, four partials each, half a second each."""
    time_s = np.arange(RATE // 2) / RATE
    sound = []
    for chord in chords:
        pitches = lowest + np.array(chord) + cents / 100
        partials = [
            np.sin(2 * np.pi * k * 440 * 2 ** ((pitch - 69) / 12) * time_s) / k**2
            for pitch in pitches
            for k in (1, 2, 3, 4)
        ]
        sound.append(sum(partials) * np.exp(-3 * time_s))
    return Clip(0.1 * np.concatenate(sound), RATE)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("keynote", range(12))
def test_a_cadence_has_its_key(keynote, mode) -> None:
    guess = find_key(play(CADENCES[mode], 48 + keynote))
    assert (guess.tonic, guess.mode) == (keynote, mode)
    assert guess.strength > 0.75


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("keynote", [0, 3, 6, 9])
def test_a_scale_that_comes_home_has_its_key(keynote, mode) -> None:
    guess = find_key(play([(step,) for step in SCALES[mode]], 60 + keynote))
    assert (guess.tonic, guess.mode) == (keynote, mode)


@pytest.mark.parametrize("cents", [-40, 35])
def test_an_instrument_out_of_tune_keeps_its_key(cents) -> None:
    clip = play(CADENCES["major"], 50, cents=cents)
    assert tuning_semitones(clip) == pytest.approx(cents / 100, abs=0.05)
    assert str(find_key(clip)) == "D major"


def test_rate_level_and_channels_make_no_difference() -> None:
    clip = play(CADENCES["minor"], 57)
    stereo = Clip(np.concatenate([clip.samples, clip.samples]) / 100, RATE)
    assert find_key(stereo).strength == pytest.approx(find_key(clip).strength, abs=0.02)
    assert str(find_key(stereo)) == "A minor"


def test_pauses_are_not_asked() -> None:
    clip = play(CADENCES["major"], 52)
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(5 * RATE)
    with_pause = Clip(np.r_[clip.mono(), hiss], RATE)
    assert find_key(with_pause).strength == pytest.approx(find_key(clip).strength, abs=0.05)


def test_the_profiles_themselves_are_their_keys() -> None:
    for mode, profile in PROFILES.items():
        for tonic in range(12):
            guess = key_of_pitch_classes(np.roll(profile, tonic))
            assert (guess.tonic, guess.mode) == (tonic, mode)
            assert guess.strength == pytest.approx(1.0)


@pytest.mark.data
def test_phrases_have_the_key_of_their_notes(shared_data) -> None:
    weights: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(12))
    with open(shared_data / "solo_phrases" / "notes.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if "violin" in row["path"] or "flute" in row["path"]:
                duration_s = float(row["offset_s"]) - float(row["onset_s"])
                weights[row["path"]][int(row["midi_pitch"]) % 12] += duration_s
    agree = [
        str(find_key(read(shared_data / "solo_phrases" / path))) == str(key_of_pitch_classes(notes))
        for path, notes in weights.items()
    ]
    assert len(agree) == 16
    assert np.mean(agree) >= 0.8, "a guess would agree once in 24"


def test_silence_has_no_key() -> None:
    with pytest.raises(AudioError, match="silence is silent, so it has no key"):
        find_key(silence())
    with pytest.raises(ParameterError, match="twelve finite weights that are not all equal"):
        key_of_pitch_classes(np.ones(12))
    with pytest.raises(ParameterError, match="twelve finite weights that are not all equal"):
        key_of_pitch_classes(np.arange(11))


def test_a_guess_prints_and_compares() -> None:
    assert str(KeyGuess("C#", "minor", 0.8)) == "C-sharp minor"
    assert KeyGuess("C", "major", 0.8) == KeyGuess("C", "major", 0.8)


def test_keys_have_their_usual_names() -> None:
    names = {}
    for mode, profile in PROFILES.items():
        names[mode] = [key_of_pitch_classes(np.roll(profile, tonic)).name for tonic in range(12)]
    assert names["major"] == ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
    assert names["minor"] == ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "Bb", "B"]
    assert str(KeyGuess("Bb", "major", 0.8)) == "B-flat major"
