"""Cells of CSV files that a spreadsheet would evaluate."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import Marker, read_markers, write, write_markers
from woodshed.clip import Clip
from woodshed.data.extract import extract, write_features
from woodshed.delimited import csv_writer, escaped, open_table, unescaped
from woodshed.features import Rms
from woodshed.prediction import Prediction, predictions_to_csv
from woodshed.timeline import Event, Timeline, timelines_to_csv

FORMULAS = ("=1+1", "+SUM(A1)", "-x", "@cmd", "\t=1", "\r=1", '=HYPERLINK("http://a")', "+")
SOURCE = Path(__file__).resolve().parents[1] / "src" / "woodshed"


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text) -> None:
    assert escaped(text) == f"'{text}"
    assert escaped(f"'{text}") == f"''{text}"
    assert unescaped(f"'{text}") == text
    assert unescaped(f"''{text}") == f"'{text}"


def test_an_empty_file_has_no_columns_and_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    table = open_table(tmp_path / "a.csv")
    assert (table.columns, list(table)) == ((), [])


@pytest.mark.parametrize("cell", ["dog", "", "a=b", "-3.2", "+4e-5", "-inf", -3.2, 7, None, "'tis"])
def test_other_cells_stay(cell) -> None:
    assert escaped(cell) == cell


@pytest.mark.parametrize("label", FORMULAS)
def test_predictions_and_timelines_are_escaped(label) -> None:
    prediction = Prediction(label, label, 0.75, {label: 0.75, "no": 0.25}, 0.0, 1.0)
    head, row = cells_of(predictions_to_csv([prediction]))
    assert row[1:3] == [f"'{label}", "0.75"]
    assert not any(cell.startswith(("=", "+", "@", "-", "\t", "\r")) for cell in (*head, *row))
    _, event = cells_of(timelines_to_csv([Timeline("-a.wav", 2.0, (Event(0.5, 1.0, label, 0.75),))]))
    assert event == ["'-a.wav", "0.5", "1.0", f"'{label}", "0.75"]


def test_negative_numbers_stay_numbers(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("=sound.wav")
    write(Clip(np.full(800, 0.1), 8000), path)
    extraction = extract([path], [Rms(sample_rate=8000)], tmp_path / "store")
    write_features(extraction, tmp_path / "t.csv", statistics=["mean"])
    _, row = cells_of((tmp_path / "t.csv").read_text("utf-8"))
    assert row[0] == "'=sound.wav"
    assert float(row[1]) > 0


def test_names_of_markers_survive(tmp_path) -> None:
    path = write_markers([Marker(0.5, 1.0, "=1+1"), Marker(2.0, 2.5, "'quoted'")], tmp_path / "m.csv")
    assert "'=1+1" in path.read_text("utf-8")
    assert [marker.name for marker in read_markers(path)] == ["=1+1", "'quoted'"]


def test_every_csv_writer_escapes() -> None:
    found = [
        path.name
        for path in SOURCE.rglob("*.py")
        if re.search(r"csv\.(Dict)?[wW]riter\(", path.read_text("utf-8"))
    ]
    assert found == ["delimited.py"]


def test_a_table_of_predictions_is_read_with_its_own_labels(tmp_path: Path) -> None:
    with open(tmp_path / "table.csv", "w", encoding="utf-8", newline="") as file:
        csv_writer(file).writerows([["path", "label"], ["-take.wav", "=rain"]])
    assert [dict(row) for row in open_table(tmp_path / "table.csv")] == [
        {"path": "-take.wav", "label": "=rain"}
    ]


def test_cells_beyond_the_header_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("path,label\na.wav,rain,,\nrain, hard.wav,rain\nb, c.wav,sun\n", encoding="utf-8")
    with pytest.warns(
        UserWarning, match=r"a\.csv, line 3: 3 cells, but the header has 2; .* ',' in double"
    ) as caught:
        rows = list(open_table(path))
    assert len(caught) == 1
    assert [row["path"] for row in rows] == ["a.wav", "rain", "b"]
