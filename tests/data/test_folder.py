"""Folders of class folders: found whatever they contain; with nothing to learn, refused with the cure."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from woodshed.data import folder as folder_module
from woodshed.data.folder import list_sounds, read_folder
from woodshed.errors import DataError, ParameterError


def fill(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def names_of(root: Path, **settings: str) -> list[tuple[str, str]]:
    rows = read_folder(root, **settings).examples
    return [(row.path.relative_to(root).as_posix(), row.label) for row in rows]


def test_the_top_folder_is_the_label_however_deep_the_file(tmp_path: Path) -> None:
    fill(tmp_path / "my sounds", "dog/rex/monday/1.wav", "dog/2.FLAC", "rain/3.mp3")
    corpus = read_folder(tmp_path / "my sounds")
    assert corpus.name == "my sounds"
    assert corpus.counts() == {"dog": 2, "rain": 1}
    assert corpus.groups is None
    assert not corpus.has_official_split


def test_hidden_files_and_other_suffixes_are_passed_over(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "a/1.wav",
        "b/1.wav",
        "a/notes.txt",
        "a/._1.wav",
        ".git/1.wav",
        "a/.cache/2.wav",
        "readme.md",
    )
    corpus = read_folder(tmp_path)
    assert [row.path.name for row in corpus.examples] == ["1.wav", "1.wav"]
    assert corpus.skipped == ()


def test_what_the_decoder_cannot_read_is_listed_all_the_same(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.wav", "b/phone.m4a")
    assert read_folder(tmp_path).counts() == {"a": 1, "b": 1}


def test_the_order_is_that_of_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "b/2.wav", "b/1.wav", "a/x/1.wav", "a/9.wav")
    expected = [("a/9.wav", "a"), ("a/x/1.wav", "a"), ("b/1.wav", "b"), ("b/2.wav", "b")]
    assert names_of(tmp_path) == expected
    listed = os.listdir
    monkeypatch.setattr(folder_module.os, "listdir", lambda place: sorted(listed(place), reverse=True))
    assert names_of(tmp_path) == expected


def test_links_in_circles_end_and_links_elsewhere_are_followed(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", "3.wav")
    root = fill(tmp_path / "root", "a/1.wav", "b/2.wav")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a")
    (root / "a" / "far_up").symlink_to(tmp_path)
    (root / "b" / "more").symlink_to(elsewhere)
    (root / "loop").symlink_to(root)
    assert names_of(root) == [("a/1.wav", "a"), ("b/2.wav", "b"), ("b/more/3.wav", "b")]


def test_broken_links_are_listed_for_the_check_to_name(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.wav", "b/1.wav")
    (tmp_path / "b" / "2.wav").symlink_to(tmp_path / "gone.wav")
    (tmp_path / "b" / "3.wav").symlink_to(tmp_path / "b" / "3.wav")
    assert read_folder(tmp_path).counts() == {"a": 1, "b": 3}


def test_names_that_are_not_utf_8_make_printable_labels(tmp_path: Path) -> None:
    try:
        fill(tmp_path, "caf\udce9/1.wav", "\U0001f415/1.wav", "two words/1.wav")
    except OSError:
        pytest.skip("this file system does not take such names")
    corpus = read_folder(tmp_path)
    assert set(corpus.labels) == {r"caf\xe9", "\U0001f415", "two words"}
    assert all(row.path.exists() for row in corpus.examples)


def test_groups_come_from_names_and_misfits_are_set_aside(tmp_path: Path) -> None:
    fill(tmp_path, "no/1_ann.wav", "yes/1_bob.wav", "yes/odd.wav")
    corpus = read_folder(tmp_path, group_by="part:2")
    assert corpus.groups == ["ann", "bob"]
    assert corpus.skipped[0].path.name == "odd.wav"
    assert "has no group by part:2" in corpus.skipped[0].reason


def test_with_group_folders_a_file_in_none_is_a_group_of_its_own(tmp_path: Path) -> None:
    fill(tmp_path, "no/ann/1.wav", "yes/ann/1.wav", "yes/alone.wav")
    corpus = read_folder(tmp_path, group_by="folder")
    assert sorted(row.group or "-" for row in corpus.examples) == ["-", "ann", "ann"]
    assert len(set(corpus.groups)) == 2
    with pytest.raises(ParameterError, match="no way to group by"):
        read_folder(tmp_path, group_by="speaker")


def test_loose_files_are_set_aside_with_the_cure(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.wav", "b/1.wav", "loose.wav")
    (left_out,) = read_folder(tmp_path).skipped
    assert left_out.path.name == "loose.wav"
    assert "is in no class folder. Put the recordings of each class into a folder" in left_out.reason


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "contains no sounds: it is empty. Put the recordings of each class into a folder"),
        (["a.wav", "b.wav"], "contains 2 sound files but no class folders. Put the recordings"),
        (["a/1.wav", "a/2.wav"], r"has one class only \(a\). At least two classes are needed"),
        (["a/1.txt", "b/2.pdf"], "contains 2 files, but none has the suffix of a sound file"),
        (["notes.txt", "cover.jpg"], "contains 2 files, but none has the suffix of a sound file"),
        (["settings.json", "net.onnx"], "is a model folder and contains no sounds"),
    ],
)
def test_a_folder_without_classes_says_how_to_arrange_it(
    tmp_path: Path, names: list[str], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        read_folder(fill(tmp_path, *names))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("part:9", r"^File names have no 9th part \(at most 2\), such as 1_x\.wav\. Choose another rule\.$"),
        ("part:22", "no 22nd part"),
        ("part:111", "no 111th part"),
        ("chars:7-9", r"no characters 7-9 \(at most 3\)"),
        ("regex:(zz)", r"No file has a group by regex:\(zz\)"),
    ],
)
def test_a_rule_that_matches_no_file_is_a_mistake(tmp_path: Path, rule: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        read_folder(fill(tmp_path, "a/1_x.wav", "b/2_x.wav"), group_by=rule)


def test_folders_with_spellings_of_one_label_are_one_class(tmp_path: Path) -> None:
    fill(tmp_path, "Rain/1.wav", "rain/1.wav", "rain/2.wav", "dog_bark/1.wav", "dog bark/1.wav")
    with pytest.warns(UserWarning, match="'Rain' as 'rain', 'dog_bark' as 'dog bark'"):
        corpus = read_folder(tmp_path)
    assert corpus.counts() == {"dog bark": 2, "rain": 3}


def test_the_folder_of_excluded_files_is_not_data(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.wav", "b/1.wav", "excluded/a/2.wav", "excluded/3.wav")
    corpus = read_folder(tmp_path)
    assert (corpus.labels, corpus.skipped) == (["a", "b"], ())


def test_without_classes_all_sounds_are_examples_on_request(tmp_path: Path) -> None:
    corpus = read_folder(fill(tmp_path, "1.wav", "2.flac", "notes.txt"), least_classes=0)
    assert [(row.path.name, row.label) for row in corpus.examples] == [("1.wav", ""), ("2.flac", "")]


def test_media_of_other_formats_are_named(tmp_path: Path) -> None:
    (left_out,) = read_folder(fill(tmp_path, "a/1.wav", "b/1.wav", "b/2.mpg", "b/x.m3u")).skipped
    assert left_out.path.name == "2.mpg"
    assert "Convert it to WAV or FLAC" in left_out.reason


def test_a_table_in_a_folder_without_classes_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"1 sound file but no class folders\. If .* name it: .*labels\.csv"):
        read_folder(fill(tmp_path, "a.wav", "labels.csv"))


def test_no_folder_and_a_file_instead_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"a\.wav is a file"):
        read_folder(fill(tmp_path, "a.wav") / "a.wav")


def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_module.os, "listdir", refuse)  # root may list everything
    with pytest.raises(DataError, match=r"No permission to read .*chmod"):
        read_folder(tmp_path)


def test_the_working_folder_stands_for_the_sounds_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fill(tmp_path, "dog/1.wav", "rain/2.wav", "notes.txt"))
    assert list_sounds([Path()]) == [Path("dog/1.wav"), Path("rain/2.wav")]


def test_a_disk_that_fails_and_a_folder_that_is_closed_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a/1.wav", "b/1.wav")

    def denied(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def failing(path: Path) -> list[str]:
        raise OSError(errno.EIO, "Input/output error", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_dir", denied)
        with pytest.raises(DataError, match=r"No permission to read .*chmod"):
            read_folder(tmp_path)
    monkeypatch.setattr("os.listdir", failing)
    with pytest.raises(DataError, match=r"cannot be read \(Input/output error\)\. Check"):
        read_folder(tmp_path)
