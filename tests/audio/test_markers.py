"""Marks in and out, in the three forms that other programs know."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from woodshed.audio.markers import Marker, marker_segments, read_markers, write_markers
from woodshed.errors import DataError, OutputError, ParameterError
from woodshed.timeline import FORMATS, Event, Timeline

SONG = [Marker(0.0, 12.5, "verse, first"), Marker(12.5, 20.25, 'the "chorus"'), Marker(21.0, 21.0, "")]

AUDACITY = (
    "2.150000\t2.150000\tpoint label at 2.15 seconds\n"
    "3.400000\t6.100000\tregion label\n"
    "\\\t-1.000000\t6334.588867\n"  # the range of frequencies of the label before
    "\n"
    "7.000000\t8.000000\t\n"
)


def save(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_an_exported_label_track_is_read(tmp_path: Path) -> None:
    expected = [
        Marker(2.15, 2.15, "point label at 2.15 seconds"),
        Marker(3.4, 6.1, "region label"),
        Marker(7, 8),
    ]
    assert read_markers(save(tmp_path, "a.txt", AUDACITY)) == expected
    assert read_markers(save(tmp_path, "b.txt", "\ufeff" + AUDACITY.replace("\n", "\r\n"))) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "0,5\t1,25\train\n2\t2\tend, quiet\n"),
        ("a.csv", "start;end;name\n0,5;1,25;rain\n2;2;end, quiet\n"),
    ],
)
def test_times_with_a_decimal_comma_are_read(tmp_path: Path, name: str, text: str) -> None:
    assert read_markers(save(tmp_path, name, text)) == [Marker(0.5, 1.25, "rain"), Marker(2, 2, "end, quiet")]


def test_old_label_tracks_have_no_end(tmp_path: Path) -> None:
    path = save(tmp_path, "a.txt", "1.5\tintro\n2.5\t3.5\n4\t5\t6\n")
    assert read_markers(path) == [Marker(1.5, 1.5, "intro"), Marker(2.5, 3.5), Marker(4, 5, "6")]


def test_plain_times_are_points(tmp_path: Path) -> None:
    assert read_markers(save(tmp_path, "beats.txt", "0.5\n 1.0 \n\n1.5")) == [
        Marker(t, t) for t in (0.5, 1.0, 1.5)
    ]
    assert read_markers(save(tmp_path, "none.txt", "")) == []


@pytest.mark.parametrize(
    "text",
    [
        "start_s,end_s,name\n1,2,a\n3,,b\n",
        "name;start_s;end_s\na;1;2\nb;3;\n",
        "\ufeffstart_s, end_s, name, colour\r\n1, 2, a, red\r\n3, 3, b, blue\r\n",
    ],
)
def test_tables_are_read_by_their_header(tmp_path: Path, text: str) -> None:
    assert read_markers(save(tmp_path, "a.csv", text)) == [Marker(1, 2, "a"), Marker(3, 3, "b")]


def test_a_table_may_have_starts_alone(tmp_path: Path) -> None:
    assert read_markers(save(tmp_path, "a.CSV", "start_s\n0.5\n1.5\n")) == [
        Marker(0.5, 0.5),
        Marker(1.5, 1.5),
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    assert read_markers(write_markers(SONG, tmp_path / name)) == SONG
    assert read_markers(write_markers([], tmp_path / f"none-{name}")) == []


def test_the_written_forms_are_those_of_the_other_programs(tmp_path: Path) -> None:
    labels = write_markers([Marker(0.1, 1 / 3, "two\twords\n")], tmp_path / "a.txt")
    assert labels.read_bytes() == b"0.100000\t0.333333\ttwo words\n"
    table = write_markers([Marker(0.1, 1 / 3, "a, b")], tmp_path / "a.csv")
    assert table.read_bytes() == b'start_s,end_s,name\n0.100000,0.333333,"a, b"\n'
    times = write_markers(SONG, tmp_path / "beats.txt", times_only=True)
    assert times.read_bytes() == b"0.000000\n12.500000\n21.000000\n"


@settings(max_examples=50, deadline=None)
@example(times=[0.0, 0.0], name="one\rother", suffix=".csv")
@given(
    times=st.lists(st.floats(0, 1e5), min_size=2, max_size=2).map(sorted),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    suffix=st.sampled_from([".txt", ".csv"]),
)
def test_any_mark_survives(
    tmp_path_factory: pytest.TempPathFactory, times: list[float], name: str, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("marks") / f"a{suffix}"
    (back,) = read_markers(write_markers([Marker(*times, name)], path))
    assert (back.start_s, back.end_s) == pytest.approx(times, abs=1e-6)
    assert back.name.split() == name.split()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.txt", "1\t2\ta\n\none\t3\tb\n", r"a\.txt, line 3: expected times in seconds.*got 'one' and '3'"),
        ("a.txt", "1\n2,5\n", r"line 2: expected times.*got '2,5'"),
        ("a.txt", "3\t2\ta\n", r"line 1: A marker must start.*got 3\.0 s to 2\.0 s"),
        ("a.txt", "-1\n", r"line 1: A marker must start at 0 s or later"),
        ("a.txt", "nan\n", r"line 1: .*got nan s to nan s"),
        ("a.csv", "start_s,end_s,name\n1,2,a\n1,x,b\n", r"a\.csv, line 3: expected times.*'1' and 'x'"),
        ("a.csv", 'start_s,name\n1,"a\nb"\n,c\n', "line 4: expected times"),
        ("a.csv", "begin,end\n1,2\n", r"a\.csv has no column start_s"),
        ("a.csv", "", r"a\.csv has no column start_s"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_markers(save(tmp_path, name, text))


EVENTS = Timeline(
    "field.wav", 9.0, (Event(0.5, 2.0, "S\u00e4ge", 0.9), Event(3.0, 4.25, 'the "wren"', 0.5)), 8000.0
)
EVENT_MARKERS = [Marker(0.5, 2.0, "S\u00e4ge"), Marker(3.0, 4.25, 'the "wren"')]


@pytest.mark.parametrize("format_", ["csv", "audacity", "textgrid", "raven"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_exported_timelines_are_read_back(tmp_path: Path, format_: str, encoding: str) -> None:
    suffix, write = FORMATS[format_]
    path = tmp_path / f"field{suffix}"
    path.write_text(write(EVENTS), encoding=encoding, newline="")

    assert read_markers(path) == EVENT_MARKERS


def test_a_label_track_in_latin_1_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"1\t2\tS\xe4ge\n")

    assert read_markers(tmp_path / "a.txt") == [Marker(1, 2, "S\u00e4ge")]


def test_a_short_text_grid_with_points_and_several_tiers_is_read(tmp_path: Path) -> None:
    text = '''File type = "ooTextFile"
Object class = "TextGrid"

0
3.5
<exists>
2
"IntervalTier"
"words"
0
3.5
3
0
1.5
"one ""1"""
1.5
2
""
2
3.5
"2"
"TextTier"
"bells"
0
3.5
1
2.75
"bell"
'''

    assert read_markers(save(tmp_path, "a.TextGrid", text)) == [
        Marker(0, 1.5, 'one "1"'),
        Marker(2, 3.5, "2"),
        Marker(2.75, 2.75, "bell"),
    ]


def test_text_grids_with_overlapping_events_have_a_tier_for_each_label(tmp_path: Path) -> None:
    timeline = Timeline("a.wav", 4.0, (Event(0, 2, "b", 1), Event(1, 3, "a", 1)))

    assert sorted(
        read_markers(save(tmp_path, "a.TextGrid", timeline.to_textgrid())), key=lambda m: m.name
    ) == [
        Marker(1, 3, "a"),
        Marker(0, 2, "b"),
    ]


RAVEN = """Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tSpecies
1\tWaveform 1\t1\t0.0\t1.2\tfield.wav\tdog_bark
1\tSpectrogram 1\t1\t0.0\t1.2\tfield.wav\tdog_bark
2\tSpectrogram 1\t1\t2.0\t3.2\tother.wav\tsiren
"""


def test_of_a_raven_table_each_selection_is_read_once(tmp_path: Path) -> None:
    path = save(tmp_path, "field.Table.1.selections.txt", RAVEN)

    assert read_markers(path) == [Marker(0, 1.2, "dog_bark"), Marker(2, 3.2, "siren")]
    assert read_markers(path, recording="other.wav") == [Marker(2, 3.2, "siren")]
    assert len(read_markers(path, recording="renamed.wav")) == 2


@pytest.mark.parametrize("text", ["0\t1\tstart\n1\t2\tverse\n", "0\tstart\n1\tverse\n"])
def test_a_first_label_like_the_name_of_a_column_is_no_header(tmp_path: Path, text: str) -> None:
    assert [marker.name for marker in read_markers(save(tmp_path, "a.txt", text))] == ["start", "verse"]


def test_a_column_of_selections_without_views_is_not_that_of_raven(tmp_path: Path) -> None:
    text = "start_s,end_s,name,selection\n1,2,a,yes\n3,4,b,yes\n"

    assert read_markers(save(tmp_path, "a.csv", text)) == [Marker(1, 2, "a"), Marker(3, 4, "b")]


def test_segments_keep_the_names_of_their_markers() -> None:
    markers = [Marker(1.0, 2.0, "verse"), Marker(2.5, 9.0, "chorus"), Marker(4.0, 5.0, "after the end")]

    assert marker_segments(markers, 3.0) == [Marker(1.0, 2.0, "verse"), Marker(2.5, 3.0, "chorus")]


def test_files_that_cannot_be_read_or_replaced_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.txt cannot be read \(No such file"):
        read_markers(tmp_path / "none.txt")
    (tmp_path / "a.txt").write_text("1\t2\ta\n")
    with pytest.raises(OutputError, match=r"a\.txt already exists.*overwrite=True"):
        write_markers(SONG, tmp_path / "a.txt")
    assert read_markers(write_markers(SONG, tmp_path / "a.txt", overwrite=True)) == SONG
    for times in ((-1, 2), (2, 1), (math.nan, 1), (0, math.inf)):
        with pytest.raises(ParameterError, match="A marker must start at 0 s or later"):
            Marker(*times)
