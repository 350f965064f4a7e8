"""Tables: every usable row, and the number of every row that is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from woodshed.data.table import read_table
from woodshed.errors import DataError, MissingPackageError, ParameterError
from woodshed.timeline import FORMATS, Event, Timeline


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
    (place / "table.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
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
        (["name,label", "a,b"], "has no column 'path'.*is called path, file, filename, filepath, audio, "),
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


COLUMN_NAMES = [
    "Path,Label",
    "filename,class",
    "file,category",
    "FILE NAME,Class",
    "file_path,Species",
    "Audio,label",
    "sound,annotation",
]


@pytest.mark.parametrize("header", COLUMN_NAMES)
def test_columns_are_found_by_their_synonyms_in_any_case(place: Path, header: str) -> None:
    corpus = read_table(table(place, header, "audio/1_ann.wav,no", "audio/3_bob.wav,yes"))

    assert corpus.labels == ["no", "yes"]


def test_start_end_and_group_are_found_in_any_case(place: Path) -> None:
    rows = ("audio/1_ann.wav,no,1,2,x", "audio/3_bob.wav,yes,,,y")

    corpus = read_table(table(place, "file,class,Start,END TIME,Group", *rows))

    assert [(row.start_s, row.end_s, row.group) for row in corpus.examples] == [
        (1.0, 2.0, "x"),
        (0.0, None, "y"),
    ]


def test_the_name_itself_precedes_its_synonyms_and_targets_keep_theirs(place: Path) -> None:
    rows = ("audio/1_ann.wav,no,0.5", "audio/3_bob.wav,yes,1")

    assert read_table(table(place, "file,label,class", *rows)).labels == ["no", "yes"]
    values = [
        row.values for row in read_table(table(place, "file,label,class", *rows), targets=["class"]).examples
    ]
    assert values == [{"class": 0.5}, {"class": 1.0}]


def test_several_columns_that_may_be_the_label_are_named(place: Path) -> None:
    path = table(place, "file,class,category", "audio/1_ann.wav,no,a", "audio/3_bob.wav,yes,b")

    with pytest.raises(DataError, match=r"table\.csv: the label may be in the column 'class' or 'category'"):
        read_table(path)


@pytest.mark.parametrize(
    "name",
    [
        "audio\\1_ann.wav",
        "C:\\recordings\\audio\\1_ann.wav",
        "\\recordings\\audio\\1_ann.wav",
        "/elsewhere/audio/1_ann.wav",
        "D:\\1_ann.wav",
        "1_ann.wav",
        "1_ANN.WAV",
    ],
)
@pytest.mark.filterwarnings("ignore:.* of another computer")
def test_paths_of_other_computers_and_bare_names_are_found(place: Path, name: str) -> None:
    corpus = read_table(table(place, "path,label", f"{name},no", "audio/3_bob.wav,yes"))

    assert corpus.examples[0].path == place / "audio" / "1_ann.wav"


def test_paths_of_another_computer_are_named_once(place: Path) -> None:
    rows = ("C:\\x\\audio\\1_ann.wav,no", "C:\\x\\audio\\3_bob.wav,yes")

    with pytest.warns(UserWarning, match=r"2 paths of another computer.*1_ann.wav is .*1_ann.wav"):
        read_table(table(place, "path,label", *rows))


def test_a_bare_name_of_several_files_is_ambiguous(place: Path) -> None:
    (place / "old").mkdir()
    (place / "old" / "1_ann.wav").touch()

    corpus = read_table(table(place, "path,label", "1_ann.wav,no", "2_ann.wav,no", "3_bob.wav,yes"))

    (skipped,) = corpus.skipped
    assert skipped.reason.startswith(
        "row 2: 2 files below the table's folder have this name: audio/1_ann.wav, old/1_ann.wav."
    )


@pytest.mark.parametrize("header", ["path,label,label", "path,class,class", "path,path,label"])
def test_two_columns_of_one_name_are_named(place: Path, header: str) -> None:
    path = table(place, header, "audio/1_ann.wav,no,yes", "audio/3_bob.wav,yes,no")

    with pytest.raises(DataError, match=r"several columns '(label|path)'|in the column 'class' or 'class'"):
        read_table(path)


@pytest.mark.parametrize("declaration", ["sep=;", '"sep=;"'])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_first_line_may_declare_the_separator(place: Path, declaration: str, encoding: str) -> None:
    lines = (declaration, "path;label (no, yes);label", "audio/1_ann.wav;a;no", "audio/3_bob.wav;b;yes")
    (place / "table.csv").write_text("\n".join(lines), encoding=encoding)

    assert read_table(place / "table.csv").labels == ["no", "yes"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_byte_order_mark_is_read(place: Path, encoding: str) -> None:
    text = "path,label\naudio/1_ann.wav,S\u00e4ge\naudio/3_bob.wav,yes\n"
    (place / "table.csv").write_bytes(text.encode(encoding))

    assert read_table(place / "table.csv").labels == ["S\u00e4ge", "yes"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "utf-8-sig"])
@pytest.mark.parametrize("cut", [",", ";", "\t"])
def test_tables_of_windows_are_read(place: Path, encoding: str, cut: str) -> None:
    (place / "audio" / "S\u00e4ge.wav").touch()
    lines = ("path,label", "audio/S\u00e4ge.wav,S\u00e4ge", "audio/3_bob.wav,yes")
    text = "\r\n".join(lines).replace(",", cut)
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    (place / "table.csv").write_bytes((mark + text).encode(encoding))

    corpus = read_table(place / "table.csv")

    assert corpus.labels == ["S\u00e4ge", "yes"]
    assert corpus.examples[0].path.is_file()


def test_decimal_commas_are_read(place: Path) -> None:
    rows = ("audio/1_ann.wav;no;0,5;1,25", "audio/3_bob.wav;yes;0;2")

    corpus = read_table(table(place, "path;label;start_s;end_s", *rows))

    assert (corpus.examples[0].start_s, corpus.examples[0].end_s) == (0.5, 1.25)


def test_spellings_of_a_label_are_one_class_and_named(place: Path) -> None:
    composed, decomposed = "cr\u00e9cerelle", "cre\u0301cerelle"
    rows = (
        f"audio/1_ann.wav,{decomposed}",
        f"audio/2_ann.wav,{composed}",
        f"audio/two words.wav,{composed}",
        "audio/3_bob.wav,Rain ",
        "audio/1_ann.wav,rain",
    )

    with pytest.warns(
        UserWarning, match=r"count as one label: .*\(decomposed characters\).*'rain' as 'Rain'"
    ):
        corpus = read_table(table(place, "path,label", *rows))

    assert corpus.labels == [composed, composed, composed, "Rain", "Rain"]


def test_spellings_of_a_tag_are_one_tag(place: Path) -> None:
    rows = ("audio/1_ann.wav,loud|Loud|dry", "audio/2_ann.wav,loud")

    with pytest.warns(UserWarning, match="'Loud' as 'loud'"):
        corpus = read_table(table(place, "path,tags", *rows))

    assert [row.labels for row in corpus.examples] == [("loud", "dry"), ("loud",)]


def test_segments_of_a_file_have_the_file_as_group(place: Path) -> None:
    rows = ("audio/1_ann.wav,no,0,1", "audio/1_ann.wav,yes,0.5,2", "audio/3_bob.wav,yes,,")
    path = table(place, "path,label,start_s,end_s", *rows)

    corpus = read_table(path)

    assert corpus.groups == ["audio/1_ann.wav", "audio/1_ann.wav", "audio/3_bob.wav"]
    assert (corpus.group_word, corpus.group_reason) == ("file", "several examples are segments of one file")
    assert read_table(path, group_by="none").groups is None
    assert read_table(path, group_by="part:2").group_reason == ""


RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tBegin File\tSpecies",
    "1\tWaveform 1\t1\t0.0\t1.2\t0\tfield.wav\tdog_bark",
    "1\tSpectrogram 1\t1\t0.0\t1.2\t200\tfield.wav\tdog_bark",
    "2\tSpectrogram 1\t1\t2.0\t3.2\t200\tfield.wav\tsiren",
)


def test_a_raven_table_is_a_table_of_segments(place: Path) -> None:
    (place / "field.wav").touch()

    corpus = read_table(table(place, *RAVEN, name="any.Table.1.selections.txt"))

    assert [(row.path, row.label, row.start_s, row.end_s) for row in corpus.examples] == [
        (place / "field.wav", "dog_bark", 0.0, 1.2),
        (place / "field.wav", "siren", 2.0, 3.2),
    ]
    assert (corpus.skipped, corpus.groups) == ((), ["field.wav", "field.wav"])


TIMELINE = Timeline(
    "field.wav", 9.0, (Event(0.5, 2.0, "S\u00e4ge", 0.9), Event(3.0, 4.0, "wren", 0.5)), 8000.0
)


@pytest.mark.parametrize(
    ("format_", "name"),
    [
        ("raven", "field.Table.1.selections.txt"),
        ("raven", "field.selections.txt"),
        ("audacity", "field.txt"),
        ("audacity", "field.wav.txt"),
        ("textgrid", "field.TextGrid"),
        ("csv", "anything.csv"),
    ],
)
def test_label_files_belong_to_the_sound_beside_them(place: Path, format_: str, name: str) -> None:
    (place / "field.wav").touch()
    (place / name).write_text(FORMATS[format_][1](TIMELINE), encoding="utf-8", newline="")

    corpus = read_table(place / name)

    assert [(row.path.name, row.label, row.start_s, row.end_s) for row in corpus.examples] == [
        ("field.wav", "S\u00e4ge", 0.5, 2.0),
        ("field.wav", "wren", 3.0, 4.0),
    ]
    assert corpus.group_word == "file"


def test_points_of_a_label_track_are_skipped(place: Path) -> None:
    (place / "field.wav").touch()
    path = table(place, "1\t2\ta", "3\t3\tb", "4\t5\tb", "6\t7\t", name="field.txt")

    corpus = read_table(path)

    assert corpus.labels == ["a", "b"]
    reasons = [skipped.reason for skipped in corpus.skipped]
    assert reasons[0].startswith("row 2: it must start at 0 s or later and end after it starts")
    assert reasons[1] == "row 4: the label is empty."


def test_a_rule_that_matches_no_path_is_a_mistake(place: Path) -> None:
    rows = ("audio/1_ann.wav,no", "audio/3_bob.wav,yes")

    with pytest.raises(ParameterError, match=r"no 9th part \(at most 2\), such as 1_ann\.wav"):
        read_table(table(place, "path,label", *rows), group_by="part:9")


@pytest.mark.parametrize(
    "tail", [b"a", "a,b\n".encode("utf-16-le") * 9000 + b"\x00\xd8a\0"], ids=["odd", "late"]
)
def test_damaged_utf_16_is_named_wherever_it_is(place: Path, tail: bytes) -> None:
    (place / "table.csv").write_bytes("path,label\n".encode("utf-16") + tail)
    with pytest.raises(DataError, match=r"table\.csv is not text \(.*\)\. Save it as UTF-8"):
        read_table(place / "table.csv")


def test_a_file_of_half_a_character_is_not_text(place: Path) -> None:
    (place / "table.csv").write_bytes(b"\xff\xfea")
    with pytest.raises(DataError, match="is not text"):
        read_table(place / "table.csv")


def test_a_damaged_parquet_table_is_named(place: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"path": [f"{k}.wav" for k in range(2000)], "label": ["a"] * 2000}
    parquet.write_table(pyarrow.table(columns), place / "table.parquet", compression="gzip")
    content = bytearray((place / "table.parquet").read_bytes())
    content[40:400] = bytes(360)  # within the first column; the header is at the end
    (place / "table.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"table\.parquet is not a Parquet table"):
        read_table(place / "table.parquet")


def test_values_are_finite_or_missing(place: Path) -> None:
    rows = ("audio/1_ann.wav,nan,2", "audio/2_ann.wav,inf,1", "audio/3_bob.wav,nan,")

    corpus = read_table(table(place, "path,x,y", *rows), targets=["x", "y"])

    assert [example.values for example in corpus.examples] == [{"y": 2.0}]
    assert [skipped.reason for skipped in corpus.skipped] == [
        "row 3: its values must be finite numbers or empty, got x 'inf', y '1'.",
        "row 4: all its values are missing.",
    ]
