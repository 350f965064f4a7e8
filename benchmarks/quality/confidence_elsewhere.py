"""Labelled sounds of other collections than those that the models of `confidence_trials` are trained on.

Every function takes the folder of the data sets and the sample rate of the model. The classes were matched by their
names before anything was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.quality.another_sampler import (
    FONT_FOLDER,
    find_fonts,
    pitch_ranges,
    play_notes,
    play_phrases,
)
from benchmarks.quality.measure import tags_of
from benchmarks.quality.tune_type import FILE_KINDS, KINDS, kind_in_name
from woodshed.data.corpora import instrument_notes, speech_commands, urbansound8k
from woodshed.data.example import Example, Sounds
from woodshed.data.noisy import noisy_examples

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""Words that are digits."""

CATEGORIES_ELSEWHERE = {
    "animal": ("dog bark",),
    "machine": ("air conditioner", "drilling", "engine idling", "jackhammer"),
    "person": ("children playing",),
    "steady": ("air conditioner", "drilling", "engine idling", "jackhammer"),
}
"""Tag of the model -> classes of UrbanSound8K; classes with no or a doubtful tag are not used."""

UNCHOSEN_FONT = "sf_GMbank.sf2"
"""SoundFont by which nothing was chosen."""

EVERY_WORD = 6
"""One word of Speech Commands in so many is mixed with noise."""


@dataclass(frozen=True)
class Labelled:
    """Sounds with their true classes, or with their tags.

    Parameters
    ----------
    sounds
        Clips or examples.
    labels
        The class, or the tags, of each sound.
    """

    sounds: Any
    labels: Sequence[str] | Sequence[tuple[str, ...]]


Elsewhere = Mapping[str, Callable[[Path, int], Labelled | None]]
"""Name of a collection -> function that reads it, or returns None if this machine lacks something for it."""


def spoken_digits(data: Path, _: int) -> Labelled:
    """Return the digits of Speech Commands."""
    words = speech_commands.load(data / "speech_commands_mini").examples
    return _labelled(
        [replace(word, label=str(DIGITS.index(word.label))) for word in words if word.label in DIGITS]
    )


def dogs(data: Path, _: int) -> Labelled:
    """Return the dogs of UrbanSound8K."""
    sounds = urbansound8k.load(data / "urbansound8k_mini").examples
    return _labelled([sound for sound in sounds if sound.label == "dog bark"])


def noisy_words(data: Path, _: int) -> Labelled:
    """Return words of Speech Commands with and without added noise."""
    words = speech_commands.load(data / "speech_commands_mini").examples[::EVERY_WORD]
    return _labelled(noisy_examples(words, seed=0))


def city_tags(data: Path, _: int) -> Labelled:
    """Return the sounds of UrbanSound8K that have tags of ESC-10."""
    sounds = urbansound8k.load(data / "urbansound8k_mini").examples
    tagged = [sound for sound in sounds if tags_of(sound.label, CATEGORIES_ELSEWHERE)]
    return Labelled(Sounds(tagged), [tags_of(sound.label, CATEGORIES_ELSEWHERE) for sound in tagged])


def tunes(data: Path, _: int) -> Labelled:
    """Return the tunes of Ceol Rince whose kind the model knows."""
    paths = sorted((data / "ceol_rince_midi" / "midi").glob("*.mid"))
    examples = [Example(path, kind_in_name(path)) for path in paths]
    return _labelled([example for example in examples if example.label in set(KINDS) & set(FILE_KINDS)])


def another_sampler(data: Path, sample_rate: int) -> Labelled | None:
    """Return notes and phrases of a SoundFont by which nothing was chosen."""
    font = find_fonts(FONT_FOLDER).get(UNCHOSEN_FONT)
    if font is None:
        return None
    pitches = pitch_ranges(instrument_notes.load(data / "instrument_notes").examples)
    parts = [play(font, pitches, sample_rate) for play in (play_notes, play_phrases)]
    return Labelled(
        [clip for part in parts for clip in part.clips], [label for part in parts for label in part.labels]
    )


def _labelled(examples: Sequence[Example]) -> Labelled:
    return Labelled(Sounds(examples), [example.label for example in examples])
