"""The rule by which benchmarks recognise near versions of held-out melodies in the training data."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from woodshed.metrics.originality import N_GRAM, Melody

ROOT = Path(__file__).resolve().parents[2]
PHRASE = [60, 62, 64, 65, 67, 65, 64, 62]  # N_GRAM notes
OTHER = [60, 67, 61, 66, 62, 69, 60, 68, 61]


@pytest.fixture(autouse=True)
def _root_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture
def rule() -> ModuleType:
    return importlib.import_module("benchmarks.quality.shared_passages")


def melody(pitches: list[int], duration_beats: float = 1.0) -> Melody:
    return Melody(pitches, [duration_beats] * len(pitches), np.arange(len(pitches)) // 4)


def test_half_of_the_notes_in_another_key_is_a_near_version(rule: ModuleType) -> None:
    assert len(PHRASE) == N_GRAM
    train = [melody(OTHER), melody([*OTHER, *(pitch + 5 for pitch in PHRASE)])]
    (near,) = rule.nearest([melody([*PHRASE, *OTHER[:8]])], train[1:])
    assert near.share == 1.0  # both parts are there, in the other order
    (near,) = rule.nearest([melody([*PHRASE, 50, 90, 51, 91, 52, 92, 53, 93])], train)
    assert (near.share, near.number, near.is_near) == (0.5, 1, True)
    (far,) = rule.nearest([melody([*PHRASE, 50, 90, 51, 91, 52, 92, 53, 93, 54])], train)
    assert far.share == pytest.approx(8 / 17)
    assert not far.is_near


def test_durations_and_length_of_passages_count(rule: ModuleType) -> None:
    slower, shorter = rule.nearest([melody(PHRASE, 2.0), melody(PHRASE[:-1])], [melody(PHRASE)])
    assert (slower.share, slower.number) == (0.0, -1)
    assert not shorter.is_near


def test_passages_of_two_training_melodies_are_not_added_up(rule: ModuleType) -> None:
    parts = [PHRASE, [71, 60, 70, 61, 69, 62, 68, 63], [80, 40, 81, 41, 82, 42, 83, 43]]
    joined = melody([pitch for part in parts for pitch in part])
    (near,) = rule.nearest([joined], [melody(part) for part in parts])
    assert near.share == pytest.approx(1 / 3)


def test_the_chorale_page_gives_the_accuracy_without_near_versions() -> None:
    chorale = importlib.import_module("benchmarks.quality.chorale")

    def grid(soprano: list[int], alto: int) -> np.ndarray:
        pitches = np.repeat(soprano, 4)
        return np.column_stack([pitches, *(np.full(len(pitches), alto - 12 * k) for k in range(3))])

    train = [grid(PHRASE, 55)]
    test = [grid([pitch - 2 for pitch in PHRASE], 55), grid(OTHER, 57)]
    near = chorale.nearest_sopranos(test, train)
    assert [one.is_near for one in near] == [True, False]
    written = [test[0], grid(OTHER, 50)]  # the first as Bach's, the second wrong throughout
    text = chorale.without_near_versions({"model": [written]}, test, train)
    assert "1 of the 2 sopranos" in text
    assert "| method | all (2) | near version (1) | no near version (1) |" in text
    assert "| model | 0.471 | 1.000 | 0.000 |" in text


def test_transcribers_are_read_from_the_header_of_a_tune() -> None:
    attribution = importlib.import_module("benchmarks.tune_attribution")
    header = (
        'X: 1\nT: Untitled\nN: "collected by J. O\'Neill"\nZ: 1997 by John Chambers <jc@example.org>\nK:G\n'
    )
    assert attribution.transcribers(header) == "John Chambers"
    corrected = "Z:Transcribed by Trish O'Nei\nZ:Corrected by John Chambers\n"
    assert attribution.transcribers(corrected) == "Trish O'Neil"
    assert attribution.transcribers('Z:"collected by F. O\'Neill"\n') == "not named"


def test_tunes_of_a_known_family_are_left_out() -> None:
    tune = importlib.import_module("benchmarks.quality.tune")
    seen = [("The Lark (ryan)", "M:4/4 K:Cmaj C 4 | c 4 |")]
    rows = [
        ("Lark - Reel (nottingham)", "M:4/4 K:Cmaj G 4 |"),
        ("The Hen (nottingham)", "M:4/4 K:Cmaj E 4 |"),
    ]
    assert tune.of_other_families(seen, rows) == rows[1:]
