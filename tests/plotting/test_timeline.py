"""Pictures of timelines: every event has its bar, in the lane of its label."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from woodshed.audio import noise, write
from woodshed.errors import AudioFileError
from woodshed.plotting.excerpt import clip_excerpt
from woodshed.plotting.figure import draw_stacks
from woodshed.plotting.timeline import MAX_LANES, OTHERS, lane_panel, save_timelines, timeline_stack
from woodshed.timeline import Event, Timeline

DAY = Timeline(
    "day.wav",
    10.0,
    (Event(1.0, 2.0, "wren", 0.9), Event(2.0, 6.0, "雨 rain", 0.4), Event(7.0, 8.0, "wren", 0.6)),
)


def test_bars_are_where_the_events_are_and_the_surer_are_stronger() -> None:
    stack = timeline_stack(DAY, clip_excerpt(noise(duration_s=10.0)), ["waveform"])
    figure = draw_stacks([stack])
    wave, lanes = figure.subfigs[0].axes
    assert lanes.get_title(loc="left") == "Events: 3"
    assert lanes.get_xlim() == wave.get_xlim() == (0.0, 10.0)
    at = {text.get_text()[-4:]: text.get_position()[1] for text in lanes.get_yticklabels()}
    bars = {}
    for group in lanes.collections:
        for path, face in zip(group.get_paths(), group.get_facecolors(), strict=True):
            box = path.get_extents()
            name = next(name for name, height in at.items() if box.y0 < height < box.y1)
            bars[(round(box.x0, 6), round(box.x1, 6), name)] = face[3]
    assert bars == {
        (1.0, 2.0, "wren"): pytest.approx(0.3 + 0.7 * 0.9),
        (2.0, 6.0, "rain"): pytest.approx(0.3 + 0.7 * 0.4),
        (7.0, 8.0, "wren"): pytest.approx(0.3 + 0.7 * 0.6),
    }


def test_more_labels_than_lanes_share_the_last() -> None:
    many = tuple(Event(k, k + 1, f"bird {k}", 0.5) for k in range(40))
    panel = lane_panel(Timeline("a.wav", 40.0, many))
    assert len(panel.lanes) == MAX_LANES
    assert panel.y.ticks[0] == (0.0, OTHERS)
    assert sum(map(len, panel.lanes)) == 40
    assert len(panel.lanes[-1]) == 40 - MAX_LANES + 1


def test_a_timeline_without_events_can_be_drawn(tmp_path: Path) -> None:
    path = write(noise(duration_s=1.0), tmp_path / "a.wav")
    picture = save_timelines([Timeline(str(path), 1.0)], tmp_path / "a.png", dpi=40)
    with Image.open(picture) as image:
        assert image.width == 440
    with pytest.raises(AudioFileError, match="no such file"):
        timeline_stack(Timeline(str(tmp_path / "gone.wav"), 1.0))
