"""One word for what to learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.data.sample import sample_folder
from woodshed.data.source import read_source
from woodshed.errors import DataError, ParameterError


def test_a_name_a_folder_and_a_table_are_told_apart(tmp_path: Path) -> None:
    for name in ("a/1_x.wav", "b/1_y.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "rows.csv").write_text("path,label\na/1_x.wav,low\nb/1_y.wav,high\n")
    assert read_source(f"fsdd:{sample_folder()}").citation.startswith("Z. Jackson")
    assert read_source(f"FSDD:{sample_folder()}").name == "fsdd"
    assert read_source(tmp_path, group_by="part:2").groups == ["x", "y"]
    assert read_source(str(tmp_path / "rows.csv")).labels == ["low", "high"]


def test_a_folder_whose_name_has_a_colon_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fsdd:mine/a/1.wav", "fsdd:mine/b/1.wav"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert read_source("fsdd:mine").name == "fsdd:mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fssd:/data", "Unknown corpus 'fssd'. Did you mean fsdd?"),
        ("fsdd:nowhere", "nowhere: there is no such folder"),
        ("nowhere", "nowhere: there is no such folder or table"),
        ("C:\\sounds", "there is no such folder or table"),
        (__file__, "is neither a folder nor a table"),
    ],
)
def test_what_is_not_there_is_named(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_source(text)


def test_a_folder_in_the_layout_of_a_published_corpus_is_named(sample_corpus_folder: Path) -> None:
    with pytest.raises(DataError, match=rf"published corpus fsdd\. Name it: fsdd:{sample_corpus_folder}$"):
        read_source(sample_corpus_folder)


def test_the_folder_audio_of_a_published_corpus_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    names = ("1-0-0-0.wav", "2-1-0-0.wav")
    for name in names:
        (tmp_path / "audio" / name).touch()
    rows = [f"{name},{k}" for k, name in enumerate(names, 1)]
    (tmp_path / "metadata.csv").write_text("\n".join(["slice_file_name,fold", *rows]), "utf-8")
    with pytest.raises(DataError, match=r"has the layout of the published corpus urbansound8k\. Name it: "):
        read_source(tmp_path, least_classes=1)


def test_a_class_folder_of_a_published_corpus_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "rain"
    folder.mkdir()
    (folder / "1-17367-A-10.wav").touch()
    assert read_source(tmp_path, least_classes=1).labels == ["rain"]


def test_a_table_beside_the_only_folder_of_sounds_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "1.wav").touch()
    (tmp_path / "labels.csv").write_text("path,label\n")
    with pytest.raises(DataError, match=r"one class only \(audio\).* name it: .*labels\.csv"):
        read_source(tmp_path)


def test_a_known_corpus_brings_its_own_groups() -> None:
    with pytest.raises(ParameterError, match="The corpus fsdd defines its groups"):
        read_source(f"fsdd:{sample_folder()}", group_by="part:1")
