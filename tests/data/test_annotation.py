"""Folders of recordings with a label file beside each."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.data.annotation import label_files
from woodshed.data.source import read_source
from woodshed.errors import DataError, ParameterError
from woodshed.timeline import FORMATS, Event, Timeline


def label(sound: Path, format_: str, *labels: str) -> Path:
    """Write a sound (empty) and its label file, with one event of a second for each label."""
    sound.parent.mkdir(parents=True, exist_ok=True)
    sound.touch()
    events = tuple(Event(k, k + 1.0, name, 1.0) for k, name in enumerate(labels))
    suffix, text_of = FORMATS[format_]
    path = sound.with_suffix(suffix)
    path.write_text(text_of(Timeline(str(sound), 9.0, events)), encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("format_", ["raven", "audacity", "textgrid"])
def test_sounds_with_label_files_beside_them_are_data(tmp_path: Path, format_: str) -> None:
    label(tmp_path / "one.wav", format_, "dog", "siren")
    label(tmp_path / "two.wav", format_, "siren")
    (tmp_path / "three.wav").touch()

    corpus = read_source(tmp_path)

    assert [(row.path.name, row.label, row.start_s) for row in corpus.examples] == [
        ("one.wav", "dog", 0.0),
        ("one.wav", "siren", 1.0),
        ("two.wav", "siren", 0.0),
    ]
    assert corpus.groups == ["one.wav", "one.wav", "two.wav"]
    assert corpus.group_word == "file"
    assert [(row.path.name, row.reason) for row in corpus.skipped] == [
        ("three.wav", "it has no label file beside it.")
    ]


def test_label_files_in_subfolders_are_read_if_most_sounds_have_one(tmp_path: Path) -> None:
    label(tmp_path / "day1" / "rec.wav", "audacity", "dog", "siren")
    label(tmp_path / "day2" / "rec.wav", "audacity", "siren")

    corpus = read_source(tmp_path)

    assert corpus.groups == ["day1/rec.wav", "day1/rec.wav", "day2/rec.wav"]


def test_class_folders_with_few_label_files_are_class_folders(tmp_path: Path) -> None:
    label(tmp_path / "dog" / "1.wav", "audacity", "bark")
    for name in ("dog/2.wav", "dog/3.wav", "siren/1.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert read_source(tmp_path).labels == ["dog", "dog", "dog", "siren"]


def test_text_files_without_times_are_not_label_files(tmp_path: Path) -> None:
    for name in ("dog/1.wav", "siren/1.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
        (tmp_path / name).with_suffix(".txt").write_text("recorded in the yard\n")

    assert label_files(tmp_path) == {}
    assert read_source(tmp_path).labels == ["dog", "siren"]


def test_one_label_file_in_two_formats_counts_once(tmp_path: Path) -> None:
    for format_ in ("audacity", "textgrid"):
        label(tmp_path / "one.wav", format_, "dog", "siren")

    assert read_source(tmp_path).labels == ["dog", "siren"]


def test_a_bad_label_file_is_skipped_and_named(tmp_path: Path) -> None:
    label(tmp_path / "one.wav", "audacity", "dog", "siren")
    label(tmp_path / "two.wav", "audacity", "dog").write_text("1\tx\tdog\n1\t2\tdog\n")
    label(tmp_path / "three.wav", "raven")

    corpus = read_source(tmp_path)

    reasons = {row.path.name: row.reason for row in corpus.skipped}
    assert corpus.labels == ["dog", "siren"]
    assert "three.selections.txt has no rows" in reasons["three.selections.txt"]


def test_too_few_labels_are_named(tmp_path: Path) -> None:
    label(tmp_path / "one.wav", "audacity", "dog")

    with pytest.raises(DataError, match=r"have 1 label \(dog\); at least 2 are needed"):
        read_source(tmp_path)


def test_excluded_recordings_are_not_data_and_the_licence_is_that_beside_the_data(tmp_path: Path) -> None:
    label(tmp_path / "one.wav", "audacity", "dog", "siren")
    label(tmp_path / "excluded" / "two.wav", "audacity", "dog")
    (tmp_path / "excluded" / "three.wav").touch()
    (tmp_path / "LICENSE").write_text("CC0 1.0\n")

    corpus = read_source(tmp_path)

    assert corpus.labels == ["dog", "siren"]
    assert corpus.skipped == ()
    assert corpus.licence == "CC0 1.0 (LICENSE)"


def test_a_recording_that_does_not_match_the_rule_is_skipped_unless_none_does(tmp_path: Path) -> None:
    label(tmp_path / "1_ann.wav", "audacity", "dog", "siren")
    label(tmp_path / "plain.wav", "audacity", "dog")

    corpus = read_source(tmp_path, group_by="part:2")

    assert corpus.groups == ["ann", "ann"]
    assert [row.path.name for row in corpus.skipped] == ["plain.txt"]
    with pytest.raises(ParameterError, match="no 9th part"):
        read_source(tmp_path, group_by="part:9")
    with pytest.raises(ParameterError, match="part: expects a number"):
        read_source(tmp_path, group_by="part:x")
