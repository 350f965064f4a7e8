"""What every generator promises: the shipped ones, and a minimal one for each kind of result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import woodshed
from woodshed import tasks
from woodshed.clip import Clip
from woodshed.composition.generation import (
    Generation,
    ScoreGeneration,
    SoundGeneration,
    TextGeneration,
    VoiceLine,
)
from woodshed.composition.generator import Generator, Request, generate
from woodshed.errors import ParameterError, SettingNameError
from woodshed.metrics.originality import Melody
from woodshed.score import Note, Score
from woodshed.tasks.shipped import SHIPPED, shipped_folder
from woodshed.workflows.generate import generate_into_folder


@dataclass(frozen=True, kw_only=True)
class LengthRequest(Request):
    """A request for a length."""

    length: int = 8

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ParameterError(f"--length must be at least 1, got {self.length!r}.")


@dataclass(frozen=True)
class Scale(ScoreGeneration):
    """Pitches, a quarter note each."""

    pitches: tuple[int, ...]

    @property
    def text(self) -> str:
        return " ".join(map(str, self.pitches))

    def to_score(self, title: str = "") -> Score:
        return Score([Note(k, 1, pitch) for k, pitch in enumerate(self.pitches)], title=title)

    @property
    def lines(self) -> tuple[VoiceLine, ...]:
        n = len(self.pitches)
        return (VoiceLine("melody", Melody(self.pitches, np.ones(n), np.arange(n) // 4 + 1)),)  # type: ignore[arg-type]


@dataclass(kw_only=True, eq=False)
class RandomWalk(Generator):
    """Notes: a random walk on a scale."""

    task: ClassVar[str] = "walk"
    request_class: ClassVar[type[Request]] = LengthRequest
    largest_step: int = 2

    def generations(self, request: LengthRequest, numbers: range, *, seed: int) -> Sequence[Generation]:
        rngs = [np.random.default_rng([seed, k]) for k in numbers]
        steps = [rng.integers(-self.largest_step, self.largest_step + 1, request.length) for rng in rngs]
        return [Scale(tuple((60 + np.cumsum(row)).tolist())) for row in steps]


@dataclass(kw_only=True, eq=False)
class Babble(Generator):
    """Text: random words."""

    task: ClassVar[str] = "babble"
    request_class: ClassVar[type[Request]] = LengthRequest
    words: str = "la li lo"

    def generations(self, request: LengthRequest, numbers: range, *, seed: int) -> Sequence[Generation]:
        rngs = [np.random.default_rng([seed, k]) for k in numbers]
        return [TextGeneration(" ".join(rng.choice(self.words.split(), request.length))) for rng in rngs]


@dataclass(kw_only=True, eq=False)
class NoiseBurst(Generator):
    """Sound: white noise."""

    task: ClassVar[str] = "noise-burst"
    request_class: ClassVar[type[Request]] = LengthRequest
    gain: float = 0.1

    def generations(self, request: LengthRequest, numbers: range, *, seed: int) -> Sequence[Generation]:
        rngs = [np.random.default_rng([seed, k]) for k in numbers]
        clips = [Clip(self.gain * rng.standard_normal((1, 800 * request.length)), 8000) for rng in rngs]
        return [SoundGeneration(clip) for clip in clips]


TOYS = {toy.task: f"{__name__}:{toy.__name__}" for toy in (RandomWalk, Babble, NoiseBurst)}
WRONG = {"tune": {"top_k": 0}, "chorale": {"bars": 0}, "roll": {"bars": 0}}
"""An option out of range, by generator; the toys have ``length``."""

READABLE: dict[str, Callable[[Path], Any]] = {
    "abc": lambda path: woodshed.symbolic.read_abc(path),
    "mid": lambda path: woodshed.symbolic.read_midi(path),
    "musicxml": lambda path: woodshed.symbolic.read_musicxml(path),
    "wav": lambda path: woodshed.read(path),
    "txt": lambda path: path.read_text("utf-8"),
}

every_generator = pytest.mark.parametrize("name", [*tasks.GENERATORS, *TOYS])
every_usable_one = pytest.mark.parametrize("name", [*SHIPPED, *TOYS])
"""Those that need no training here."""


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in TOYS.items():
        monkeypatch.setitem(tasks.GENERATORS, name, place)
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__, _module()))


def _module() -> Any:
    """Return this module as an object: pytest's importlib mode does not register it."""
    import types

    module = types.ModuleType(__name__)
    vars(module).update(globals())
    return module


def make(name: str) -> Generator:
    """Return a generator that can be sampled."""
    if name in SHIPPED:
        generator: Generator = woodshed.load(shipped_folder(name))
        return generator
    made: Generator = tasks.task_class(name)()
    return made


def content(generation: Generation) -> object:
    """Return what two equal generations have in common."""
    if isinstance(generation, SoundGeneration):
        return generation.to_clip().samples.tobytes()
    return generation.text  # type: ignore[attr-defined]


def short(name: str) -> Request:
    """Return a request for something short."""
    options: dict[str, Any] = {"tune": {"bars": 4}, "chorale": {"bars": 1, "ends": "any"}}.get(name, {})
    return tasks.task_class(name).request_class(**options)


@every_usable_one
def test_an_item_depends_on_the_seed_and_its_number_alone(name: str) -> None:
    generator, request = make(name), short(name)
    two = [content(one) for one in generator.sample(request, 2, seed=5)]
    assert [content(one) for one in make(name).sample(request, 1, seed=5, first=1)] == two[1:]
    assert [content(one) for one in generator.sample(request, 1, seed=6)] != two[:1]


@every_usable_one
def test_it_writes_whole_files_that_open(name: str, tmp_path: Path) -> None:
    (generation,) = make(name).sample(short(name))
    paths = generation.write(tmp_path, "item-01")
    assert [path.suffix[1:] for path in paths] == list(generation.files)
    assert sorted(tmp_path.iterdir()) == sorted(paths)  # no temporary file is left
    for path in paths:
        assert READABLE[path.suffix[1:]](path)
    with pytest.raises(ParameterError, match="Unknown format 'xyz'"):
        generation.write(tmp_path, "item-02", ["xyz"])


@every_usable_one
def test_its_novelty_is_reported(name: str) -> None:
    generator = make(name)
    (item,) = generate(generator, short(name), seed=1)
    assert item.name == f"{name}-01"
    assert len(item.novelty) == len(item.generation.lines) >= 1
    for report in item.novelty:
        assert report.n_units > 0
        assert 0 <= report.copied_units <= report.n_units
        assert np.isnan(report.new_share) or 0 <= report.new_share <= 1
        assert bool(report.source) == bool(report.copied_units)
        assert report.unit in ("note", "word", "frame")
    has_reference = generator.reference_set.n_items > 0
    assert has_reference == (name in SHIPPED)


@every_usable_one
def test_a_training_item_is_wholly_a_copy(name: str) -> None:
    from woodshed.composition.generation import ReferenceSet

    first, second = make(name).sample(short(name), 2, seed=1)
    reports = ReferenceSet.of([first, second], ["one", "two"]).compare(second)
    assert any(report.source == "two" and report.copied_units >= report.n_units - 1 for report in reports)


@pytest.mark.parametrize("name", list(TOYS))
def test_the_verb_writes_a_page_for_any_kind(name: str, tmp_path: Path) -> None:
    result = generate_into_folder(make(name), {"length": 9}, 2, seed=3, out=tmp_path / "out")
    assert [item.name for item in result.items] == [f"{name}-01", f"{name}-02"]
    page = result.page.read_text("utf-8")
    assert result.items[0].generation.length in page
    assert (tmp_path / "out" / "originality.json").exists()


@every_generator
def test_a_misspelt_setting_names_the_near_miss(name: str) -> None:
    generator_class = tasks.task_class(name)
    setting = next(iter(generator_class().get_params()))
    with pytest.raises(SettingNameError, match=rf"no setting {setting}x\. Did you mean {setting}"):
        generator_class(**{f"{setting}x": 1})


@every_generator
def test_settings_are_read_changed_cloned_and_printed(name: str) -> None:
    from sklearn.base import clone

    generator = tasks.task_class(name)()
    generator.check_settings()
    assert clone(generator).get_params() == generator.get_params()
    assert repr(generator) == f"{type(generator).__name__}()"
    setting, value = next(iter(generator.get_params().items()))
    assert generator.set_params(**{setting: value}) is generator


@every_generator
def test_a_wrong_request_is_refused(name: str) -> None:
    generator = tasks.task_class(name)()
    ((option, value),) = WRONG.get(name, {"length": 0}).items()
    with pytest.raises(ParameterError, match=rf"{option} must be .*, got {value}"):
        generator.request_class(**{option: value})
    with pytest.raises(ParameterError, match=rf"--lenth is not supported by task '{name}'"):
        generator.request_class.from_options({"lenth": 3}, task=name)
    with pytest.raises(ParameterError, match=rf"expects a {generator.request_class.__name__}, got Request"):
        generator.sample(Request())
    for arguments in ({"n": 0}, {"first": -1}):
        with pytest.raises(ParameterError, match="n >= 1 and first >= 0"):
            generator.sample(**arguments)
    with pytest.raises(ParameterError, match="seed must be 0 or more, got -1"):
        generator.sample(seed=-1)
