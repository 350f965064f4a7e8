"""Recordings and groups that a model was trained on are noticed, without training one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from woodshed.data.example import Corpus
from woodshed.data.item import file_digest
from woodshed.errors import ModelFolderError
from woodshed.report.recognition.folder import DIGESTS_NAME, find_overlap


def learned(folder: Path, sounds: list[Path], groups: list[str]) -> Path:
    digests = {"sounds": [file_digest(path) for path in sounds], "groups": groups}
    (folder / DIGESTS_NAME).write_text(json.dumps(digests), "utf-8")
    return folder


def grouped(corpus: Corpus, group: str | None) -> Corpus:
    return replace(corpus, examples=tuple(replace(one, group=group) for one in corpus.examples))


def test_a_recording_is_noticed_under_another_name(toy_corpus: Corpus, tmp_path: Path) -> None:
    path = toy_corpus.examples[0].path
    copy = tmp_path / "copy.wav"
    copy.write_bytes(path.read_bytes())
    tested = replace(toy_corpus, examples=(replace(toy_corpus.examples[0], path=copy, group="new"),))
    overlap = find_overlap(learned(tmp_path, [path], ["ann"]), tested)
    assert (overlap.leaky, overlap.learned_from) == (True, {copy: "copy.wav"})


def test_a_group_is_noticed(toy_corpus: Corpus, tmp_path: Path) -> None:
    assert find_overlap(learned(tmp_path, [], ["ann"]), grouped(toy_corpus, "ann")).leaky is True


@pytest.mark.parametrize(
    ("groups", "group", "expected"),
    [(["ann"], "new", False), (["ann"], None, None), ([], "new", None), ([], None, None)],
)
def test_without_groups_on_both_sides_it_is_unknown(
    toy_corpus: Corpus, tmp_path: Path, groups: list[str], group: str | None, expected: bool | None
) -> None:
    assert find_overlap(learned(tmp_path, [], groups), grouped(toy_corpus, group)).leaky is expected


def test_without_digests_it_is_unknown(toy_corpus: Corpus, tmp_path: Path) -> None:
    assert find_overlap(tmp_path, toy_corpus).leaky is None


@pytest.mark.parametrize("text", ["{", "[]", '{"sounds": []}'])
def test_damaged_digests_are_named(toy_corpus: Corpus, tmp_path: Path, text: str) -> None:
    (tmp_path / DIGESTS_NAME).write_text(text, "utf-8")
    with pytest.raises(ModelFolderError, match=r"heard\.json is damaged"):
        find_overlap(tmp_path, toy_corpus)
