"""Models measured by `benchmarks.quality.confidence`: every task that predicts probabilities and has data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.quality import confidence_elsewhere
from benchmarks.quality.confidence_elsewhere import DIGITS, Elsewhere
from benchmarks.quality.measure import tags_of
from benchmarks.quality.noise_colour import RATE, clean_sources
from benchmarks.quality.tune_type import KINDS
from woodshed.data.check import check
from woodshed.data.corpora import emodb, esc10, fsdd, instrument_notes, nottingham
from woodshed.data.example import Corpus
from woodshed.data.noisy import noisy_examples
from woodshed.data.split import Split, group_folds, leave_one_group_out, official
from woodshed.recognition.estimator import Recogniser, Tagger
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
"""Tag -> classes of ESC-10: the source of the sound, and whether it is continuous."""


@dataclass(frozen=True)
class Setting:
    """Amount of training and data.

    Parameters
    ----------
    epochs
        Maximum number of epochs of nets; None for the default of the task.
    every
        Take every n-th spoken digit.
    every_tune
        Take every n-th tune.
    every_source
        Take every n-th clean recording that noise is added to.
    """

    epochs: int | None = None
    every: int = 1
    every_tune: int = 1
    every_source: int = 1

    def to_text(self) -> str:
        """Return what differs from the defaults as text."""
        if self == Setting():
            return "Every task with its default settings, on all sounds."
        epochs = "the default number of" if self.epochs is None else f"at most {self.epochs}"
        return (
            f"Small setting: nets trained for {epochs} epochs; one spoken digit in {self.every}, one tune in "
            f"{self.every_tune}, one noisy recording in {self.every_source}. Everything else is the default."
        )

    @property
    def of_nets(self) -> dict[str, Any]:
        """Settings of nets that differ from the defaults."""
        return {} if self.epochs is None else {"epochs": self.epochs}


SMALL = Setting(epochs=25, every=3, every_tune=2, every_source=4)


@dataclass(frozen=True)
class Foreign:
    """Sounds that are foreign to a model.

    Parameters
    ----------
    folder
        Folder of the sounds; None for synthetic noise and hum.
    without
        Names of the folders of sounds that are not foreign.
    piece_s
        Length of the pieces that long recordings are cut into, in seconds; None for whole sounds.
    """

    folder: Path | None
    without: tuple[str, ...] = ()
    piece_s: float | None = None


@dataclass(frozen=True)
class Trial:
    """A model, its corpus and split, and the sounds of other collections that are foreign to it or of its classes."""

    name: str
    estimator: Recogniser | Tagger
    corpus: Corpus
    split: Split
    foreign: Mapping[str, Foreign] = field(default_factory=dict)
    elsewhere: Elsewhere = field(default_factory=dict)


def _speech(data: Path, setting: Setting) -> Trial:
    digits = thin(check(fsdd.load(data / "fsdd")), setting.every)
    split = leave_one_group_out(digits.labels, digits.groups or [])
    foreign = _some(data, "other words", "ESC-10", "UrbanSound8K")
    elsewhere = {"digits of Speech Commands": confidence_elsewhere.spoken_digits}
    return Trial("speech (fsdd)", SpeechRecogniser(**setting.of_nets), digits, split, foreign, elsewhere)


def _noise(data: Path, setting: Setting) -> Trial:
    sounds = check(esc10.load(data / "esc10"))
    recogniser = NoiseRecogniser(**setting.of_nets)
    foreign = _some(data, "UrbanSound8K without dogs", "other words", "digits", "instrument notes")
    elsewhere = {"dogs of UrbanSound8K": confidence_elsewhere.dogs}
    return Trial("noise (esc10)", recogniser, sounds, official(sounds), foreign, elsewhere)


def _noise_colour(data: Path, setting: Setting) -> Trial:
    clean = [example for part in clean_sources(data, 0) for example in part][:: setting.every_source]
    corpus = check(Corpus("noisy", noisy_examples(clean, seed=0), group_word="recording"))
    split = group_folds(corpus.labels, corpus.groups or [], n_folds=5, group_word="recording")
    elsewhere = {"words of Speech Commands": confidence_elsewhere.noisy_words}
    recogniser = NoiseColourRecogniser(sample_rate=RATE)
    return Trial("noise_colour (fsdd, notes)", recogniser, corpus, split, elsewhere=elsewhere)


def _tags(data: Path, setting: Setting) -> Trial:
    sounds = check(esc10.load(data / "esc10"))
    examples = tuple(
        replace(example, labels=tags_of(example.label, CATEGORIES)) for example in sounds.examples
    )
    split = official(sounds)
    tagger = TagsTagger(**setting.of_nets)
    return Trial(
        "tags (esc10)",
        tagger,
        tagger.head.select(replace(sounds, examples=examples), tagger, to_fit=True),
        split,
        elsewhere={"UrbanSound8K": confidence_elsewhere.city_tags},
    )


def _genre(data: Path, setting: Setting) -> Trial:
    whole = nottingham.load(data / "nottingham")
    kept = tuple(example for example in whole.examples if example.label in KINDS)
    corpus = thin(check(replace(whole, examples=kept)), setting.every_tune)
    split = group_folds(corpus.labels, corpus.groups or [], n_folds=5, group_word="tune")
    recogniser = GenreRecogniser(net=GenreRecogniser.notes_net)
    elsewhere = {"Ceol Rince": confidence_elsewhere.tunes}
    return Trial("genre (nottingham, notes)", recogniser, corpus, split, elsewhere=elsewhere)


def _emotion(data: Path, _: Setting) -> Trial:
    corpus = check(emodb.load(data / "emodb"))
    split = leave_one_group_out(corpus.labels, corpus.groups or [], group_word="speaker")
    foreign = _some(
        data, "ESC-10", "UrbanSound8K", "instrument notes", "background noise", "synthetic noise and hum"
    )
    return Trial("emotion (emodb)", EmotionRecogniser(), corpus, split, foreign)


def _instrument(data: Path, _: Setting) -> Trial:
    corpus = check(instrument_notes.load(data / "instrument_notes"))
    split = group_folds(corpus.labels, corpus.groups or [], n_folds=5, group_word="MIDI note")
    foreign = _some(
        data,
        "background noise",
        "synthetic noise and hum",
        "other words",
        "digits",
        "ESC-10",
        "UrbanSound8K",
    )
    elsewhere = {"another sampler": confidence_elsewhere.another_sampler}
    return Trial("instrument (notes)", InstrumentRecogniser(), corpus, split, foreign, elsewhere)


def thin(corpus: Corpus, every: int) -> Corpus:
    """Return every n-th example of each class."""
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
"""Task -> function of the data folder and the setting that returns its trial."""


def _some(data: Path, *names: str) -> dict[str, Foreign]:
    """Return the named kinds of foreign sounds."""
    urban = data / "urbansound8k_mini"
    kinds = {
        "instrument notes": Foreign(data / "instrument_notes"),
        "other words": Foreign(data / "speech_commands_mini", without=DIGITS),
        "ESC-10": Foreign(data / "esc10"),
        "UrbanSound8K": Foreign(urban),
        "UrbanSound8K without dogs": Foreign(urban, without=("dog_bark",)),
        "digits": Foreign(data / "fsdd"),
        "background noise": Foreign(data / "background_noise", piece_s=1.25),
        "synthetic noise and hum": Foreign(None),
    }
    return {name: kinds[name] for name in names}
