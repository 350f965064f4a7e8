"""What `benchmarks.quality.confidence` measures: every job that answers with probabilities and has data here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.quality.noise_colour import RATE, clean_sources
from benchmarks.quality.tune_type import KINDS
from woodshed.data.check import check
from woodshed.data.corpora import emodb, esc10, fsdd, instrument_notes, nottingham
from woodshed.data.example import Corpus
from woodshed.data.noisy import noisy_examples
from woodshed.data.split import Split, group_folds, leave_one_group_out, official
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.tagger import Tagger
from woodshed.tasks.emotion import EmotionRecogniser
from woodshed.tasks.genre import GenreRecogniser
from woodshed.tasks.instrument import InstrumentRecogniser
from woodshed.tasks.noise import NoiseRecogniser
from woodshed.tasks.noise_colour import NoiseColourRecogniser
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.tasks.tags import TagsTagger

CATEGORIES = {
    "animal": ("dog bark", "rooster"),
    "nature": ("rain", "sea waves", "fire crackling"),
    "person": ("baby cry", "person sneeze"),
    "machine": ("helicopter", "chainsaw", "clock tick"),
    "steady": ("rain", "sea waves", "helicopter", "chainsaw"),
}
"""Tags of the classes of ESC-10: what makes the sound, and whether it goes on."""


@dataclass(frozen=True)
class Setting:
    """How much is measured.

    Parameters
    ----------
    epochs
        Passes at most of the nets; None for the job's own.
    every
        One spoken digit in so many.
    every_tune
        One tune in so many.
    every_source
        One of the clean recordings that noise is put under in so many.
    """

    epochs: int | None = None
    every: int = 1
    every_tune: int = 1
    every_source: int = 1

    def to_text(self) -> str:
        """Say what was made smaller than it is by default."""
        if self == Setting():
            return "Every job with its own settings, on all sounds."
        epochs = "the job's own number of" if self.epochs is None else f"at most {self.epochs}"
        return (
            f"Small setting: nets learned for {epochs} epochs; one spoken digit in {self.every}, one tune in "
            f"{self.every_tune}, one recording under noise in {self.every_source}. All else as it is by default."
        )

    @property
    def of_nets(self) -> dict[str, Any]:
        """What is changed in the settings of nets."""
        return {} if self.epochs is None else {"epochs": self.epochs}


SMALL = Setting(epochs=25, every=3, every_tune=2, every_source=4)


@dataclass(frozen=True)
class Trial:
    """One model, how it is tested, and the folders whose sounds are foreign to it."""

    name: str
    estimator: Recogniser | Tagger
    corpus: Corpus
    split: Split
    foreign: Mapping[str, Path] = field(default_factory=dict)


def _speech(data: Path, setting: Setting) -> Trial:
    digits = thin(check(fsdd.load(data / "fsdd")), setting.every)
    split = leave_one_group_out(digits.labels, digits.groups or [])
    foreign = _some(data, "instrument notes", "drum hits", "other words", "ESC-10")
    return Trial("speech (fsdd)", SpeechRecogniser(**setting.of_nets), digits, split, foreign)


def _noise(data: Path, setting: Setting) -> Trial:
    sounds = check(esc10.load(data / "esc10"))
    recogniser = NoiseRecogniser(validation_share=0.0, **setting.of_nets)
    foreign = _some(data, "instrument notes", "drum hits", "other words", "digits")
    return Trial("noise (esc10)", recogniser, sounds, official(sounds), foreign)


def _noise_colour(data: Path, setting: Setting) -> Trial:
    clean = [example for part in clean_sources(data, 0) for example in part][:: setting.every_source]
    corpus = check(Corpus("noisy", noisy_examples(clean, seed=0), group_word="recording"))
    split = group_folds(corpus.labels, corpus.groups or [], n_folds=5, group_word="recording")
    return Trial("noise_colour (fsdd, notes)", NoiseColourRecogniser(sample_rate=RATE), corpus, split)


def _tags(data: Path, setting: Setting) -> Trial:
    sounds = check(esc10.load(data / "esc10"))
    examples = tuple(
        replace(example, labels=tuple(tag for tag, classes in CATEGORIES.items() if example.label in classes))
        for example in sounds.examples
    )
    split = official(sounds)
    tagger = TagsTagger(**setting.of_nets)
    return Trial(
        "tags (esc10)",
        tagger,
        tagger.head.select(replace(sounds, examples=examples), tagger, to_fit=True),
        split,
    )


def _genre(data: Path, setting: Setting) -> Trial:
    whole = nottingham.load(data / "nottingham")
    kept = tuple(example for example in whole.examples if example.label in KINDS)
    corpus = thin(check(replace(whole, examples=kept)), setting.every_tune)
    split = group_folds(corpus.labels, corpus.groups or [], n_folds=5, group_word="tune")
    return Trial("genre (nottingham, notes)", GenreRecogniser(net=GenreRecogniser.notes_net), corpus, split)


def _emotion(data: Path, _: Setting) -> Trial:
    corpus = check(emodb.load(data / "emodb"))
    split = leave_one_group_out(corpus.labels, corpus.groups or [], group_word="speaker")
    foreign = _some(data, "instrument notes", "drum hits", "ESC-10")
    return Trial("emotion (emodb)", EmotionRecogniser(), corpus, split, foreign)


def _instrument(data: Path, _: Setting) -> Trial:
    corpus = check(instrument_notes.load(data / "instrument_notes"))
    split = group_folds(corpus.labels, corpus.groups or [], n_folds=5, group_word="MIDI note")
    foreign = _some(data, "drum hits", "other words", "ESC-10")
    return Trial("instrument (notes)", InstrumentRecogniser(), corpus, split, foreign)


def thin(corpus: Corpus, every: int) -> Corpus:
    """Take one example in so many of each class."""
    seen: dict[str, int] = {}
    kept = []
    for k, example in enumerate(corpus.examples):
        seen[example.label] = seen.get(example.label, 0) + 1
        if seen[example.label] % every == 0:
            kept.append(k)
    return replace(corpus, examples=corpus.subset(kept))


TRIALS: dict[str, Callable[[Path, Setting], Trial]] = {
    "noise_colour": _noise_colour,
    "tags": _tags,
    "speech": _speech,
    "noise": _noise,
    "genre": _genre,
    "emotion": _emotion,
    "instrument": _instrument,
}
"""Job -> function of the data folder and the setting that makes its trial."""


def _some(data: Path, *names: str) -> dict[str, Path]:
    """Return the folders of some kinds of sounds."""
    folders = {
        "instrument notes": "instrument_notes",
        "drum hits": "drum_oneshots",
        "other words": "speech_commands_mini",
        "ESC-10": "esc10",
        "digits": "fsdd",
    }
    return {name: data / folders[name] for name in names}
