"""Spellings of labels."""

from __future__ import annotations

import unicodedata

import pytest

from woodshed.data.label import canonical_label, common_spellings, match_labels, spelling_note

COMPOSED = "cr\u00e9cerelle"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.mark.parametrize("other", ["Rain", "RAIN", "rain ", " rain", "rain\t"])
def test_spellings_of_one_label_have_one_key(other: str) -> None:
    assert canonical_label(other) == canonical_label("rain")


@pytest.mark.parametrize(("a", "b"), [("C", "c"), ("dog", "dogs"), ("a-1", "a 1"), ("_", "")])
def test_different_labels_have_different_keys(a: str, b: str) -> None:
    assert canonical_label(a) != canonical_label(b)


def test_the_most_frequent_spelling_stands_for_a_label() -> None:
    labels = [COMPOSED, DECOMPOSED, DECOMPOSED, "wind"]

    assert common_spellings(labels) == {COMPOSED: DECOMPOSED, DECOMPOSED: DECOMPOSED, "wind": "wind"}


def test_of_equally_frequent_spellings_the_first_stands_for_the_label() -> None:
    assert common_spellings(["Rain", "rain"])["rain"] == "Rain"


def test_names_match_classes_of_another_spelling() -> None:
    names = ["dog bark", "Siren", DECOMPOSED, "cat"]

    assert match_labels(names, ["dog_bark", "siren", COMPOSED]) == {
        "dog bark": "dog_bark",
        "Siren": "siren",
        DECOMPOSED: COMPOSED,
    }


def test_an_ambiguous_name_matches_no_class_and_an_equal_one_does() -> None:
    assert match_labels(["RAIN", "rain"], ["Rain", "rain"]) == {"rain": "rain"}


def test_a_decomposed_spelling_is_told_from_the_composed_one_in_the_note() -> None:
    note = spelling_note(common_spellings([COMPOSED, COMPOSED, DECOMPOSED]).items())

    assert f"'{DECOMPOSED}' (decomposed characters) as '{COMPOSED}'" in note
