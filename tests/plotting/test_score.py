"""Pictures of scores: every note is drawn where it belongs."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from PIL import Image

from woodshed.errors import MissingPackageError, ParameterError
from woodshed.plotting.figure import draw_stacks
from woodshed.plotting.score import (
    BAR_HEIGHT,
    abc_panel,
    engrave,
    roll_panel,
    save_scores,
    score_stack,
    with_plain_note,
)
from woodshed.score import Metre, Note, Score, Tempo

SCORE = Score(
    [Note(0, 1, 60), Note(1, 2, 64), Note(3, 1, 72, channel=1)],
    tempos=[Tempo(0, 60), Tempo(2, 120)],
    metres=[Metre(0, 3, 4)],
    pickup_beats=1,
    part_names=[(1, "Fläute")],
    title="A <tune>",
)


def bars_drawn(axes: Any) -> list[tuple[float, ...]]:
    paths = [path for bars in drawn_parts(axes) for path in bars.get_paths()]
    boxes = [path.get_extents() for path in paths]
    assert all(round(box.height, 6) == BAR_HEIGHT for box in boxes)
    return [(round(box.x0, 6), round(box.width, 6), round((box.y0 + box.y1) / 2, 6)) for box in boxes]


def drawn_parts(axes: Any) -> list[PolyCollection]:
    return [collection for collection in axes.collections if type(collection) is PolyCollection]


@pytest.mark.parametrize(
    ("along", "expected", "lines"),
    [
        ("s", [(0, 1, 60), (1, 1.5, 64), (2.5, 0.5, 72)], [0, 1, 2.5]),
        ("beats", [(0, 1, 60), (1, 2, 64), (3, 1, 72)], [0, 1, 4]),
    ],
)
def test_every_note_is_a_bar_at_its_time_and_pitch(
    along: Any, expected: list[Any], lines: list[float]
) -> None:
    figure = draw_stacks([score_stack(SCORE, along=along)])
    [axes] = figure.subfigs[0].axes
    assert bars_drawn(axes) == expected
    assert roll_panel(SCORE, along=along).bar_lines.tolist() == lines[: len(roll_panel(SCORE).bar_lines)]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["channel 0", "Fläute"]
    colours = [to_hex(bars.get_facecolor()[0]) for bars in drawn_parts(axes)]
    assert len(set(colours)) == 2
    assert "C4" in [text.get_text() for text in axes.get_yticklabels()]


def test_abc_is_written_out_and_a_long_one_is_cut() -> None:
    assert "T:A <tune>" in abc_panel(SCORE).lines
    long = abc_panel(Score([Note(k, 1, 60 + k % 12) for k in range(2000)]))
    assert len(long.lines) == 60
    assert long.lines[-1].endswith("lines more")


def test_pictures_are_written(tmp_path: Path) -> None:
    save_scores([SCORE, SCORE], tmp_path / "a.png", ["roll", "abc"], dpi=50)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == 15 * 50
    first = (tmp_path / "a.png").read_bytes()
    save_scores([SCORE, SCORE], tmp_path / "a.png", ["roll", "abc"], dpi=50, overwrite=True)
    assert (tmp_path / "a.png").read_bytes() == first
    with pytest.raises(ParameterError, match="Unknown panel 'rol'"):
        score_stack(SCORE, ["rol"])
    with pytest.raises(ParameterError, match="needs a single score"):
        save_scores([SCORE, SCORE], tmp_path / "b.svg", ["engraved"])


def test_engraving_needs_verovio_or_sets_every_note(tmp_path: Path) -> None:
    if find_spec("verovio") is None:
        with pytest.raises(MissingPackageError, match=r"woodshed\[engrave\]"):
            engrave(SCORE)
        return
    svg = engrave(SCORE)
    assert svg.count('class="notehead"') == len(SCORE.notes)
    save_scores([SCORE], tmp_path / "a.svg", ["engraved"])
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_note_of_a_tempo_is_one_that_every_machine_can_draw() -> None:
    tempo = (
        '<tspan font-family="Leipzig" font-size="720px">\ueca5</tspan><tspan font-size="405px">= 90</tspan>'
    )
    assert with_plain_note(f"<text>{tempo}</text>") == (
        '<text><tspan font-family="DejaVu Sans" font-size="405px">\u2669</tspan>'
        '<tspan font-size="405px">= 90</tspan></text>'
    )
    if find_spec("verovio") is not None:
        svg = engrave(replace(SCORE, tempos=[Tempo(0, 90)]))
        assert "\ueca5" in svg
        assert "\ueca5" not in with_plain_note(svg)
