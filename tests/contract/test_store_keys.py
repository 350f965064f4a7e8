"""What every class in a key of the feature store promises: a name of its own that no rename changes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass, replace
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

import woodshed.features
from woodshed.audio import augmentation
from woodshed.audio.augmentation import Chain, Gain, Noise, Room
from woodshed.clip import Clip
from woodshed.data import noisy
from woodshed.data.example import ChangedExample, Example, Sounds
from woodshed.data.item import ChangedItem, callable_key
from woodshed.data.noisy import Mix
from woodshed.data.store import FeatureStore
from woodshed.errors import ParameterError
from woodshed.features import FEATURES, LogMel, MidTerm, Rms, feature_class
from woodshed.plotting import map as plotting_map
from woodshed.recognition import clip_item, confidence, front_ends
from woodshed.recognition.clip_item import AugmentedVersion, ReadAt, ReadChanged, ResampledTo, clip_items

MODULES = [
    *(augmentation, noisy, clip_item, confidence, front_ends, plotting_map),
    *(
        importlib.import_module(f"woodshed.features.{module.name}")
        for module in pkgutil.iter_modules(woodshed.features.__path__)
    ),
]


def callable_classes(module: ModuleType) -> list[type]:
    """Return the dataclasses of a module that can be called and are complete."""
    return [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and is_dataclass(cls) and "__call__" in dir(cls)
    ]


CLASSES = sorted(
    {cls for module in MODULES for cls in callable_classes(module) if not inspect.isabstract(cls)},
    key=lambda cls: cls.__qualname__,
)


@dataclass(frozen=True)
class Toy:
    """A feature without a key."""

    factor: float = 1.0

    def __call__(self, clip: Clip) -> np.ndarray:
        return self.factor * clip.samples.T


@dataclass(frozen=True)
class ToyLogMel(LogMel):
    """A feature with nothing but the key of another."""


@pytest.fixture
def renamed_classes() -> Iterator[Callable[[], None]]:
    """Return a function that renames and moves every class until the test ends."""
    names = [(cls, cls.__name__, cls.__qualname__, cls.__module__) for cls in CLASSES]

    def rename() -> None:
        for cls in CLASSES:
            cls.__name__ = cls.__qualname__ = f"Renamed{cls.__name__}"
            cls.__module__ = "somewhere.else"

    yield rename
    for cls, name, qualified_name, module in names:
        cls.__name__, cls.__qualname__, cls.__module__ = name, qualified_name, module


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__qualname__)
def test_every_class_has_a_versioned_key_of_its_own(cls: type[Any]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*/[1-9][0-9]*", vars(cls)["key"])


def test_no_two_classes_share_a_key() -> None:
    keys = [cls.key for cls in CLASSES]  # type: ignore[attr-defined]
    assert len(set(keys)) == len(keys)
    assert len(keys) > 50


@pytest.mark.parametrize("word", sorted(FEATURES))
def test_the_key_of_a_feature_is_the_word_it_is_called_by(word: str) -> None:
    cls = feature_class(word)
    assert cls in CLASSES
    assert cls.key.startswith(f"{word}/")


def test_every_augmentation_of_the_package_takes_part() -> None:
    names = ("Gain", "Shift", "Speed", "Noise", "Tone", "Chain", "Room", "Attack", "Band", "Phrase")
    assert {getattr(augmentation, name) for name in names} <= set(CLASSES)


@pytest.mark.parametrize(
    "value",
    [
        LogMel(),
        MidTerm(feature=Rms()),
        ReadAt(8000),
        ReadChanged(8000, Mix("pink", 10.0, 0)),
        ResampledTo(8000),
        AugmentedVersion(Chain((Gain(), Noise(), Room())), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_renaming_or_moving_a_class_keeps_its_keys(value: Any, renamed_classes: Callable[[], None]) -> None:
    before = callable_key(value)
    assert not any(cls.__name__ in before or cls.__module__ in before for cls in CLASSES)
    renamed_classes()
    assert type(value).__name__.startswith("Renamed")
    assert callable_key(value) == before


def test_a_raised_version_and_every_nested_setting_change_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    value = AugmentedVersion(Chain((Gain(-3.0, 3.0),)), 1)
    others = [replace(value, number=2), replace(value, change=Chain((Gain(-3.0, 4.0),)))]
    keys = {callable_key(each) for each in (value, *others)}
    monkeypatch.setattr(Gain, "key", "gain/2")
    assert len(keys | {callable_key(value)}) == 4


def test_no_key_of_the_package_contains_a_module_path(tmp_path) -> None:
    (tmp_path / "a.wav").write_bytes(b"never decoded")
    example = Example(tmp_path / "a.wav", "x")
    mixed = ChangedExample(tmp_path / "a.wav", "x", change=Mix("pink", 10.0, 0))
    in_files = [item.read for item in clip_items(Sounds([example, mixed]), 8000)]  # type: ignore[attr-defined]
    (in_memory,) = clip_items([Clip(np.ones(8), 8000)], 16000)
    assert isinstance(in_memory, ChangedItem)
    assert not any("woodshed" in callable_key(each) for each in (*in_files, in_memory.change))


@pytest.mark.parametrize("toy", [Toy(), ToyLogMel(), Chain((Toy(),))], ids=["none", "inherited", "nested"])  # type: ignore[arg-type]
def test_a_class_without_a_key_is_refused_with_the_line_to_add(tmp_path, toy: Any) -> None:
    expected = r'no key of its own.*Add a class attribute: key: ClassVar\[str\] = "toy(-log-mel)?/1"'
    with pytest.raises(TypeError, match=expected):
        FeatureStore(tmp_path, toy)


def test_an_object_that_is_not_a_dataclass_is_refused(tmp_path) -> None:
    class Plain:
        key: ClassVar[str] = "plain/1"

        def __call__(self, clip: Clip) -> np.ndarray:
            return clip.samples

    with pytest.raises(ParameterError, match="or a frozen dataclass with __call__ and a class attribute key"):
        FeatureStore(tmp_path, Plain())


@pytest.mark.parametrize("sample_rate", [8000, 16000, 32000, 44100, 48000])
@pytest.mark.parametrize("name", sorted(set(front_ends.FRONT_ENDS) - {"notes", "timed-notes"}))
def test_up_to_48_khz_the_lengths_of_frames_are_those_of_the_class(name: str, sample_rate: int) -> None:
    """Stored features and models of these rates stay valid."""
    kind = front_ends.front_end_class(name)
    feature = front_ends.row_front_end(name, sample_rate)
    assert getattr(feature, "feature", feature) == kind(sample_rate=sample_rate)


@pytest.mark.parametrize("sample_rate", [96000, 192000, 250000, 384000])
@pytest.mark.parametrize("name", sorted(set(front_ends.FRONT_ENDS) - {"notes", "timed-notes"}))
def test_every_front_end_works_at_high_rates(name: str, sample_rate: int) -> None:
    feature = front_ends.row_front_end(name, sample_rate)
    inner = getattr(feature, "feature", feature)
    for part in getattr(inner, "parts", (inner,))[:1]:  # other parts have lengths in seconds
        assert 512 / 48000 <= part.n_fft / sample_rate < 512 / 24000
    tone = Clip(np.random.default_rng(0).normal(0, 0.1, sample_rate // 2), sample_rate)
    assert np.isfinite(feature(tone)).all()


def test_features_by_name_follow_high_rates_unless_they_are_told_otherwise() -> None:
    (feature,) = woodshed.features.make_features(["log-mel"], {"sample_rate": 192000})
    assert (feature.n_fft, feature.hop_length, feature.highest_hz) == (2048, 640, 96000)
    (feature,) = woodshed.features.make_features(["log-mel"], {"sample_rate": 192000, "n_fft": 4096})
    assert feature.n_fft == 4096
