"""Timelines: what other programs read of them is what was written."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest

from woodshed.audio.markers import Marker, read_markers
from woodshed.errors import ParameterError
from woodshed.timeline import Event, Timeline, timelines_to_csv, timelines_to_json

ODD = 'say "hé\tllo"'
DAY = Timeline(
    "day.wav",
    10.0,
    (Event(0.0, 1.25, "wren", 0.9), Event(1.25, 2.0, ODD, 1.0), Event(3.1, 10.0, "wren", 0.5)),
    8000.0,
)

Tiers = dict[str, list[tuple[float, float, str]]]


def read_textgrid(text: str) -> tuple[float, Tiers]:
    """Read a TextGrid as Praat does: numbers, quoted texts and flags count, all other words are comments."""
    tokens = re.findall(r'"(?:[^"]|"")*"|<exists>|(?<![\w\[.])-?\d[\d.]*(?:e-?\d+)?(?![\w\]])', text)
    values = iter(tokens)

    def word() -> str:
        token = next(values)
        assert token.startswith('"'), token
        return token[1:-1].replace('""', '"')

    def number() -> float:
        return float(next(values))

    assert (word(), word()) == ("ooTextFile", "TextGrid")
    start_s, end_s = number(), number()
    assert start_s == 0
    assert next(values) == "<exists>"
    tiers: Tiers = {}
    for _ in range(int(number())):
        assert word() == "IntervalTier"
        name = word()
        assert (number(), number()) == (start_s, end_s)
        tiers[name] = [(number(), number(), word()) for _ in range(int(number()))]
        reached_s = start_s
        for begin, end, _ in tiers[name]:  # Praat refuses a tier with a gap, or with an empty interval
            assert begin == reached_s
            assert end > begin
            reached_s = end
        assert reached_s == end_s
    assert next(values, None) is None
    return end_s, tiers


def test_a_textgrid_holds_the_events_and_fills_what_is_between_them() -> None:
    end_s, tiers = read_textgrid(DAY.to_textgrid())
    assert end_s == 10.0
    assert tiers == {
        "events": [
            (0.0, 1.25, "wren"),
            (1.25, 2.0, 'say "hé llo"'),
            (2.0, 3.1, ""),
            (3.1, 10.0, "wren"),
        ]
    }


def test_a_textgrid_of_nothing_is_one_empty_interval() -> None:
    assert read_textgrid(Timeline("a.wav", 2.5).to_textgrid()) == (2.5, {"events": [(0.0, 2.5, "")]})


def test_events_that_overlap_have_a_tier_for_each_label() -> None:
    both = Timeline("a.wav", 4.0, (Event(0.5, 2.0, "rain", 0.9), Event(1.0, 3.0, "dog", 0.8)))
    _, tiers = read_textgrid(both.to_textgrid())
    assert tiers["rain"] == [(0.0, 0.5, ""), (0.5, 2.0, "rain"), (2.0, 4.0, "")]
    assert tiers["dog"] == [(0.0, 1.0, ""), (1.0, 3.0, "dog"), (3.0, 4.0, "")]
    twice = Timeline("a.wav", 4.0, (Event(0.5, 2.0, "rain", 0.9), Event(1.0, 3.0, "rain", 0.8)))
    with pytest.raises(ParameterError, match="Two events called rain overlap"):
        twice.to_textgrid()


def test_audacity_labels_are_read_as_marks(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(DAY.to_audacity(), encoding="utf-8")
    assert read_markers(path) == [
        Marker(0.0, 1.25, "wren"),
        Marker(1.25, 2.0, 'say "hé llo"'),
        Marker(3.1, 10.0, "wren"),
    ]


def test_a_raven_table_has_its_columns() -> None:
    rows = [*csv.DictReader(io.StringIO(DAY.to_raven()), delimiter="\t", quoting=csv.QUOTE_NONE)]
    assert [row["Selection"] for row in rows] == ["1", "2", "3"]
    assert [float(row["Begin Time (s)"]) for row in rows] == [0.0, 1.25, 3.1]
    assert [float(row["End Time (s)"]) for row in rows] == [1.25, 2.0, 10.0]
    assert {(row["View"], row["Channel"], row["Low Freq (Hz)"], row["High Freq (Hz)"]) for row in rows} == {
        ("Spectrogram 1", "1", "0.0", "8000.0")
    }
    assert [row["Annotation"] for row in rows] == ["wren", 'say "hé llo"', "wren"]


def test_json_and_csv_give_every_number_back() -> None:
    said = json.loads(DAY.to_json())
    assert (said["source"], said["duration_s"]) == ("day.wav", 10.0)
    assert tuple(Event(**event) for event in said["events"]) == DAY.events
    assert DAY.to_json().isascii()
    rows = [*csv.DictReader(io.StringIO(DAY.to_csv(), newline=""))]
    assert [
        Event(float(row["start_s"]), float(row["end_s"]), row["label"], float(row["confidence"]))
        for row in rows
    ] == [*DAY.events]
    assert {row["source"] for row in rows} == {"day.wav"}


def test_several_timelines_are_one_table_and_one_array() -> None:
    night = Timeline("night.wav", 1.0)
    assert timelines_to_csv([night, DAY]) == DAY.to_csv()
    assert [one["source"] for one in json.loads(timelines_to_json([night, DAY]))] == ["night.wav", "day.wav"]
    assert json.loads(timelines_to_json([])) == []


def test_text_counts_hours_where_there_are_some() -> None:
    lines = Timeline("a.wav", 3700.0, (Event(59.999, 3661.5, "rain", 0.25),)).to_text().splitlines()
    assert lines == ["a.wav  1 h 1 min, 1 event", "  0:01:00.00-1:01:01.50  rain  25 %"]
    assert Timeline("a.wav", 5.0).to_text() == "a.wav  5 s, 0 events"


@pytest.mark.parametrize(
    ("times", "confidence", "words"),
    [
        ((1.0, 1.0), 0.5, "end after its start, got 1.0 s to 1.0 s"),
        ((-0.1, 1.0), 0.5, "start at 0 s or later"),
        ((0.0, math.inf), 0.5, "got 0.0 s to inf s"),
        ((math.nan, 1.0), 0.5, "got nan s"),
        ((0.0, 1.0), 1.5, "confidence from 0 to 1, got 1.5"),
    ],
)
def test_impossible_events_are_refused(times: tuple[float, float], confidence: float, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Event(*times, "wren", confidence)


def test_impossible_timelines_are_refused() -> None:
    early, late = Event(0.0, 1.0, "wren", 0.5), Event(2.0, 3.0, "wren", 0.5)
    with pytest.raises(ParameterError, match="expects events sorted by start"):
        Timeline("a.wav", 5.0, (late, early))
    with pytest.raises(ParameterError, match=r"wren ends at 3.0 s, after the end of the recording at 2.5 s"):
        Timeline("a.wav", 2.5, (early, late))
    with pytest.raises(ParameterError, match="positive duration, got 0"):
        Timeline("a.wav", 0)
