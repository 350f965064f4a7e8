"""Recordings and groups that a model was trained on are noticed, without training one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from woodshed.data.example import Corpus
from woodshed.data.item import file_digest
from woodshed.report.recognition.folder import DIGESTS_NAME, is_leaky


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
    assert is_leaky(learned(tmp_path, [path], ["ann"]), tested) is True


def test_a_group_is_noticed(toy_corpus: Corpus, tmp_path: Path) -> None:
    assert is_leaky(learned(tmp_path, [], ["ann"]), grouped(toy_corpus, "ann")) is True


@pytest.mark.parametrize(
    ("groups", "group", "expected"),
    [(["ann"], "new", False), (["ann"], None, None), ([], "new", None), ([], None, None)],
)
def test_without_groups_on_both_sides_it_is_unknown(
    toy_corpus: Corpus, tmp_path: Path, groups: list[str], group: str | None, expected: bool | None
) -> None:
    assert is_leaky(learned(tmp_path, [], groups), grouped(toy_corpus, group)) is expected


@pytest.mark.parametrize("text", [None, "{", "[]", '{"sounds": []}'])
def test_without_digests_it_is_unknown(toy_corpus: Corpus, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / DIGESTS_NAME).write_text(text, "utf-8")
    assert is_leaky(tmp_path, toy_corpus) is None
