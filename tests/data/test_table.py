"""Tables: every usable row, and the number of every row that is not."""

from __future__ import annotations

import builtins
from pathlib import Path

import pytest

from woodshed.data.table import read_table
from woodshed.errors import DataError, MissingPackageError, ParameterError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    for name in ("1_ann.wav", "2_ann.wav", "3_bob.wav", "two words.wav"):
        (tmp_path / "audio" / name).touch()
    return tmp_path


def table(place: Path, *lines: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = place / name
    path.write_text("\n".join(lines), encoding=encoding)
    return path


FULL = (
    "path,label,group,start_s,end_s,split,remark",
    "audio/1_ann.wav,no,ann,0.5,1.25,train,x",
    "audio/3_bob.wav,yes,bob,,,testing,y",
)


@pytest.mark.parametrize("cut", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_all_columns_are_read_however_they_are_cut(place: Path, cut: str, encoding: str) -> None:
    corpus = read_table(table(place, *(line.replace(",", cut) for line in FULL), encoding=encoding))
    first, second = corpus.examples
    assert first.path == place / "audio" / "1_ann.wav"
    assert (first.label, first.group, first.start_s, first.end_s, first.split) == (
        "no",
        "ann",
        0.5,
        1.25,
        "train",
    )
    assert (second.start_s, second.end_s, second.split) == (0.0, None, "test")
    assert (corpus.name, corpus.folds, corpus.skipped) == ("table", False, ())


def test_quotes_and_spaces_in_names(place: Path) -> None:
    corpus = read_table(table(place, "label,path", 'a,"audio/two words.wav"', '"b, c", audio/1_ann.wav'))
    assert corpus.labels == ["a", "b, c"]
    assert all(row.path.exists() for row in corpus.examples)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("loud | dry|loud", "a, b; c"), [("loud", "dry"), ("a, b; c",)]),
        (("loud; dry", "a, b"), [("loud", "dry"), ("a, b",)]),
        (("loud, dry,", "wet"), [("loud", "dry"), ("wet",)]),
        (("loud", ""), [("loud",), ()]),
    ],
)
def test_tags_are_cut_at_what_the_table_has_between_them(
    place: Path, cells: tuple[str, str], expected: list[tuple[str, ...]]
) -> None:
    first, second = cells
    lines = ("path,tags", f'audio/1_ann.wav,"{first}"', f'audio/3_bob.wav,"{second}"')
    assert [row.labels for row in read_table(table(place, *lines)).examples] == expected


def test_parquet_is_read_as_the_same_table(place: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    columns = {
        "path": ["audio/1_ann.wav", "audio/3_bob.wav", "audio/2_ann.wav"],
        "label": [1, 2, None],
        "end_s": [1.5, None, None],
    }
    write_table(pyarrow.table(columns), place / "table.parquet")
    corpus = read_table(place / "table.parquet")
    assert corpus.labels == ["1", "2"]
    assert [row.end_s for row in corpus.examples] == [1.5, None]
    assert corpus.skipped[0].reason == "row 4: the label is empty."
    (place / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"bad\.parquet is not a Parquet table"):
        read_table(place / "bad.parquet")


def test_parquet_without_pyarrow_says_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_pyarrow(name: str, *rest: object, **more: object) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real_import(name, *rest, **more)

    (place / "table.parquet").touch()
    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(MissingPackageError, match=r'pip install "woodshed\[table\]"'):
        read_table(place / "table.parquet")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("audio/lost.wav,no,,", "row 4: there is no such file. Paths are relative to the table's folder."),
        (",no,,", "row 4: the path is empty."),
        ("audio/2_ann.wav, ,,", "row 4: the label is empty."),
        ("audio/2_ann.wav", "row 4: the label is empty."),
        ("audio/1_ann.wav,no,,", "row 4: it repeats row 2."),
        ("audio/2_ann.wav,no,soon,", "row 4: start_s and end_s must be seconds, got 'soon' and ''."),
        ("audio/2_ann.wav,no,2,1", "row 4: it must start at 0 s or later and end after it starts"),
        ("audio/2_ann.wav,no,-1,1", "row 4: it must start at 0 s or later"),
        ("audio/2_ann.wav,no,nan,1", "row 4: it must start at 0 s or later"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_its_number(place: Path, row: str, reason: str) -> None:
    good = ("audio/1_ann.wav,no,,", "audio/3_bob.wav,yes,,")
    corpus = read_table(table(place, "path,label,start_s,end_s", *good, row))
    assert corpus.labels == ["no", "yes"]
    (left_out,) = corpus.skipped
    assert left_out.reason.startswith(reason)


def test_a_row_that_the_group_rule_does_not_fit_is_set_aside(place: Path) -> None:
    rows = ("audio/1_ann.wav,no", "audio/3_bob.wav,yes", "audio/two words.wav,yes", "", ",")
    corpus = read_table(table(place, "path,label", *rows), group_by="regex:_(\\w+)")
    assert corpus.groups == ["ann", "bob"]
    (left_out,) = corpus.skipped
    assert left_out.reason == "row 4: it has no group by regex:_(\\w+). Rename it, or choose another rule."


def test_a_repeat_in_another_part_of_the_split_is_still_a_repeat(place: Path) -> None:
    rows = ("audio/1_ann.wav,no,train", "audio/3_bob.wav,yes,test", "audio/1_ann.wav,no,test")
    corpus = read_table(table(place, "path,label,split", *rows))
    assert [row.split for row in corpus.examples] == ["train", "test"]


def test_the_same_file_may_come_in_several_stretches(place: Path) -> None:
    rows = ("audio/1_ann.wav,no,0,1", "audio/1_ann.wav,no,1,2", "audio/1_ann.wav,yes,2,3")
    assert len(read_table(table(place, "path,label,start_s,end_s", *rows)).examples) == 3


def test_groups_from_a_column_a_rule_or_not_at_all(place: Path) -> None:
    rows = ("audio/1_ann.wav,no,x,studio", "audio/3_bob.wav,yes,y,studio")
    path = table(place, "path,label,group,room", *rows)
    assert read_table(path).groups == ["x", "y"]
    assert read_table(path, group_by="room").groups == ["studio", "studio"]
    assert (read_table(path).group_word, read_table(path, group_by="room").group_word) == ("group", "room")
    assert read_table(path, group_by="part:2").groups == ["ann", "bob"]
    assert read_table(path, group_by="folder").groups == ["audio", "audio"]
    assert read_table(path, group_by="none").groups is None
    with pytest.raises(DataError, match=r"no column 'rooom' to group by\. Did you mean room"):
        read_table(path, group_by="rooom")
    with pytest.raises(ParameterError, match="part:"):
        read_table(path, group_by="part:x")


def test_other_words_in_split_are_folds_but_not_both(place: Path) -> None:
    def rows(first: str, second: str) -> Path:
        return table(
            place, "path,label,split", f"audio/1_ann.wav,no,{first}", f"audio/3_bob.wav,yes,{second}"
        )

    corpus = read_table(rows("1", "2"))
    assert corpus.folds
    assert [row.split for row in corpus.examples] == ["1", "2"]
    assert not read_table(rows("", "")).folds
    with pytest.raises(DataError, match="the column 'split' mixes train with two"):
        read_table(rows("train", "two"))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["file,label", "a,b"], "has no column 'path'"),
        (["path,lable", "a,b"], "has no column 'label'. Did you mean lable?"),
        (["path,label"], "has no rows. It needs a header"),
        ([], "has no rows"),
        (["path,label", "lost.wav,a"], r"has no usable row. .*lost\.wav: row 2: there is no such file"),
        (["path,label", "audio/1_ann.wav,a", "audio/2_ann.wav,a"], r"of one class only \(a\)"),
    ],
)
def test_a_table_to_learn_nothing_from_says_why(place: Path, lines: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_table(table(place, *lines))


def test_a_table_that_is_not_there_is_named(place: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: there is no such table"):
        read_table(place / "gone.csv")


def test_paths_that_are_not_utf_8_are_found(place: Path) -> None:
    try:
        (place / "caf\udce9.wav").touch()
    except OSError:
        pytest.skip("this file system does not take such names")
    path = place / "table.csv"
    path.write_bytes(b"path,label\ncaf\xe9.wav,a\naudio/1_ann.wav,b\n")
    assert read_table(path).labels == ["a", "b"]
