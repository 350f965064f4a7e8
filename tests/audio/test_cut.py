from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio import (
    Marker,
    Segment,
    add_clicks,
    cut_file,
    equal_segments,
    join,
    marker_segments,
    read,
    segments_between,
    write,
)
from woodshed.clip import Clip
from woodshed.errors import AudioFileError, OutputError, ParameterError

RATE = 8000


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 20011)).astype(np.float32)
    return write(Clip(samples, RATE), tmp_path / "whole.wav", encoding="pcm24")


def places(folder: Path, n: int, suffix: str = ".wav") -> list[Path]:
    return [folder / f"part-{k}{suffix}" for k in range(n)]


@pytest.mark.parametrize("length_s", [0.1, 0.7, 1.0 / 3, 99.0])
def test_parts_put_together_are_the_whole_to_the_bit(stereo: Path, tmp_path: Path, length_s: float) -> None:
    whole = read(stereo)
    stretches = equal_segments(whole.duration_s, length_s)
    parts = cut_file(stereo, stretches, places(tmp_path, len(stretches)))
    assert join([read(part) for part in parts]) == whole
    assert {soundfile.info(part).subtype for part in parts} == {"PCM_24"}


def test_a_dropped_last_part_leaves_only_equal_ones(stereo: Path, tmp_path: Path) -> None:
    stretches = equal_segments(read(stereo).duration_s, 0.5, last="drop")
    parts = cut_file(stereo, stretches, places(tmp_path, len(stretches), ".flac"))
    assert [read(part).n_samples for part in parts] == [4000] * 5


def test_times_divide_and_marks_keep() -> None:
    assert segments_between([2.0, 1.0, 0.0, 9.0], 3.0) == [Segment(0, 1), Segment(1, 2), Segment(2, 3)]
    long, point = Marker(0.5, 2.5, "chorus"), Marker(1.0, 1.0, "breath")
    assert marker_segments([long, point], 2.0) == [Marker(0.5, 2.0, "chorus")]
    assert marker_segments([point], 2.0) == [Segment(0, 1), Segment(1, 2)]


def test_what_is_there_is_kept_unless_told(stereo: Path, tmp_path: Path) -> None:
    (target,) = cut_file(stereo, [Segment(0, 1)], places(tmp_path, 1))
    with pytest.raises(OutputError, match="already exists"):
        cut_file(stereo, [Segment(0, 0.5)], [target])
    cut_file(stereo, [Segment(0, 0.5)], [target], overwrite=True)
    assert read(target).duration_s == 0.5


def test_mistakes_are_explained(stereo: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="expects 2 targets, one for each segment, got 1"):
        cut_file(stereo, [Segment(0, 1), Segment(1, 2)], places(tmp_path, 1))
    with pytest.raises(ParameterError, match=r"length must be positive, got 0\.0 s"):
        equal_segments(3.0, 0.0)
    with pytest.raises(ParameterError, match="'keep' or 'drop'"):
        equal_segments(3.0, 1.0, last="pad")
    with pytest.raises(AudioFileError, match=r"whole\.wav: it has no samples at 50"):
        cut_file(stereo, [Segment(50, 51)], places(tmp_path, 1))
    assert not places(tmp_path, 1)[0].exists()


def test_clicks_lie_on_top_and_the_sound_stays() -> None:
    clip = Clip(np.random.default_rng(0).uniform(-0.1, 0.1, (2, RATE)), RATE)
    clicked = add_clicks(clip, [0.2, 0.6, 7.0])
    added = clicked.samples - clip.samples
    assert added[0] == pytest.approx(added[1], abs=1e-6)
    sounding = np.flatnonzero(np.abs(added[0]) > 0.2) / RATE
    assert sounding[0] == pytest.approx(0.2, abs=0.001)
    assert sounding[sounding > 0.4][0] == pytest.approx(0.6, abs=0.001)
    assert not added[:, : int(0.2 * RATE)].any()
    assert not added[:, int(0.25 * RATE) : int(0.6 * RATE)].any()
