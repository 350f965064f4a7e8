"""What every tokenizer promises: nothing is lost that it says it keeps, and nothing is taken in silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.errors import ParameterError, WoodshedError
from woodshed.score import Note, Score
from woodshed.symbolic.folk.from_abc import book_to_folk
from woodshed.symbolic.midi import read_midi
from woodshed.tokens import TOKENIZERS, tokenizer_class
from woodshed.tokens.character import Characters
from woodshed.tokens.chorale import ChoraleGrid
from woodshed.tokens.grid import GridNote, from_grid, to_grid
from woodshed.tokens.roll import PianoRoll


def unchanged(tokenizer: Any, piece: Any) -> Any:
    return piece


def on_roll(tokenizer: PianoRoll, score: Score) -> Score:
    """Return a score on the grid of a piano roll; without onsets, repeated notes that meet are joined."""
    joined: list[GridNote] = []
    steps = to_grid(score, tokenizer.steps_per_beat, tokenizer.low, tokenizer.high)
    for step in sorted(steps, key=lambda step: (step.pitch_midi, step.start)):
        last = joined[-1] if joined else None
        meets = last and (last.pitch_midi, last.stop) == (step.pitch_midi, step.start)
        if last and meets and not tokenizer.onsets:
            joined[-1] = GridNote(last.start, step.pitch_midi, step.stop)
        else:
            joined.append(step)
    return from_grid(joined, tokenizer.steps_per_beat, source="roll")


@dataclass(frozen=True)
class Case:
    """Name and settings of a tokenizer, its input, the expected round trip, and what it must refuse."""

    name: str
    material: Callable[[Path], list[Any]]
    unknown: Any
    naming: str
    settings: dict[str, Any] = field(default_factory=dict)
    expected: Callable[[Any, Any], Any] = unchanged

    def make(self) -> Any:
        return tokenizer_class(self.name)(**self.settings)


def melodies(folder: Path) -> list[Score]:
    paths = sorted((folder / "nottingham" / "melody_midi").glob("*.mid"))[::60]
    return [read_midi(path) for path in paths]


def tunes(folder: Path) -> list[str]:
    text = (folder / "nottingham" / "abc" / "jigs.abc").read_text(encoding="utf-8")
    return [tune.text for tune in book_to_folk(text)[0]]


def lines(folder: Path) -> list[str]:
    return (folder / "nottingham" / "README.md").read_text(encoding="utf-8").splitlines()


def chorales(folder: Path) -> list[Score]:
    from woodshed.data.corpora import jsb_chorales

    grid = ChoraleGrid()
    found = jsb_chorales.chorales(folder / "jsb_chorales", "test", grid="sixteenth")
    return [grid.decode(grid.grid_to_ids(np.array(piece))) for piece in found[::8]]


ALL_ASCII = "".join(map(chr, range(32, 127)))
TOO_HIGH = Score([Note(0, 1, 120)])
CASES = {
    "character": Case(
        "character", lines, "caf\u00e9", "'\u00e9' at position 4", settings={"alphabet": ALL_ASCII}
    ),
    "chorale": Case("chorale", chorales, TOO_HIGH, "pitch 120, outside the range of the tokens, 36 to 81"),
    "folk": Case("folk", tunes, "M:4/4 K:Cmaj ^E", r"'\^E', the 3rd word"),
    "roll": Case(
        "roll", melodies, TOO_HIGH, "pitch 120, outside the range of the tokens, 21 to 108", expected=on_roll
    ),
    "roll with onsets": Case(
        "roll",
        melodies,
        TOO_HIGH,
        "pitch 120, outside the range",
        settings={"steps_per_beat": 12, "onsets": True},
        expected=on_roll,
    ),
}


def test_every_tokenizer_of_the_registry_has_a_case() -> None:
    assert {case.name for case in CASES.values()} == set(TOKENIZERS)


def test_an_unknown_name_is_refused_with_the_near_miss() -> None:
    with pytest.raises(ParameterError, match=r"Unknown tokenizer 'rol'\. Did you mean roll\?"):
        tokenizer_class("rol")


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.mark.data
def test_what_is_encoded_comes_back(case: Case, shared_data: Path) -> None:
    tokens = case.make()
    material = case.material(shared_data)
    assert len(material) >= 5
    for piece in material:
        expected = case.expected(tokens, piece)
        assert tokens.decode(tokens.encode(piece)) == expected
        assert tokens.decode(tokens.encode(expected)) == expected


@pytest.mark.data
def test_ids_are_places_in_the_vocabulary(case: Case, shared_data: Path) -> None:
    tokens = case.make()
    vocabulary = tokens.vocabulary
    assert len(set(vocabulary)) == len(vocabulary)
    assert all(isinstance(word, str) for word in vocabulary)
    for piece in case.material(shared_data):
        ids = tokens.encode(piece)
        if ids.dtype == np.bool_:
            assert ids.shape[1] == len(vocabulary)
        else:
            assert ids.dtype == np.int32
            assert ids.min(initial=0) >= 0
            assert ids.max(initial=0) < len(vocabulary)


@pytest.mark.data
def test_material_that_differs_has_ids_that_differ(case: Case, shared_data: Path) -> None:
    tokens = case.make()
    first, second = case.material(shared_data)[:2]
    assert not np.array_equal(tokens.encode(first), tokens.encode(second))
    assert np.array_equal(tokens.encode(first), case.make().encode(first))


def test_what_has_no_token_is_named(case: Case) -> None:
    with pytest.raises(WoodshedError, match=case.naming):
        case.make().encode(case.unknown)


def test_an_id_beyond_the_vocabulary_is_refused(case: Case) -> None:
    tokens = case.make()
    beyond = np.full((2, 4), len(tokens.vocabulary)) if isinstance(tokens, ChoraleGrid) else [10_000]
    with pytest.raises(ParameterError, match=r"\d"):
        tokens.decode(beyond)


def test_equal_settings_compare_equal_and_cannot_be_changed(case: Case) -> None:
    one, other = case.make(), case.make()
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other)
    for setting in fields(one):
        with pytest.raises(FrozenInstanceError):
            setattr(one, setting.name, getattr(one, setting.name))


def test_other_settings_compare_unequal() -> None:
    assert PianoRoll() != PianoRoll(onsets=True)
    assert ChoraleGrid() != ChoraleGrid(low=30)
    assert Characters("ab") != Characters("ba")


def test_a_misspelt_or_senseless_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="onset"):
        PianoRoll(onset=True)  # type: ignore[call-arg]
    with pytest.raises(ParameterError, match="steps_per_beat must be a positive integer, got 0"):
        PianoRoll(steps_per_beat=0)
    with pytest.raises(ParameterError, match="0 <= low <= high <= 127"):
        ChoraleGrid(low=60, high=50)
    with pytest.raises(ParameterError, match="'a' occurs twice"):
        Characters("aba")
