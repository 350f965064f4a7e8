"""Silence put in at known places is found and taken out, and the speech stays."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio import noise, read, read_blocks, silence, sine, trim_silence, write
from woodshed.audio.segment import Segment, join, split_every
from woodshed.audio.silence_detection import (
    SilenceRule,
    find_silence,
    find_sound,
    remove_silence,
    split_on_silence,
)
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.errors import AudioError, ParameterError

PAUSES_S = (0.4, 1.0, 0.55, 2.0, 0.7, 0.5, 1.3, 0.35)


def speech() -> tuple[Clip, list[Segment]]:
    """Return digits at one level with pauses of faint noise between them, and where each digit is."""
    paths = sorted((sample_folder() / "recordings").glob("*_7.flac"))[:60:8]
    digits = [trim_silence(read(path), threshold_db=-30) for path in paths]
    pieces, places, at = [], [], 0
    for digit, pause_s in zip(digits, PAUSES_S, strict=True):
        rms = np.sqrt(np.mean(digit.samples**2))
        pieces += [np.zeros(round(pause_s * 8000)), 0.1 * digit.samples[0] / rms]
        places.append(Segment((at + len(pieces[-2])) / 8000, (at + len(pieces[-2]) + len(pieces[-1])) / 8000))
        at += len(pieces[-2]) + len(pieces[-1])
    samples = np.concatenate(pieces)
    faint = np.random.default_rng(0).normal(0, 1e-4, samples.size)  # -80 dB, 60 below the speech
    return Clip(samples + faint, 8000), places


def overlap_s(a: Segment, b: Segment) -> float:
    return max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))


def test_digits_are_found_within_20_ms_and_98_percent_of_the_speech_is_kept() -> None:
    clip, places = speech()
    found = find_sound(clip)
    assert len(found) == len(places)
    for stretch, place in zip(found, places, strict=True):
        assert stretch.start_s == pytest.approx(place.start_s, abs=0.02)
        assert stretch.end_s == pytest.approx(place.end_s, abs=0.02)
    kept_s = sum(overlap_s(*pair) for pair in zip(found, places, strict=True))
    assert kept_s >= 0.98 * sum(place.duration_s for place in places)


def test_what_is_left_is_the_speech() -> None:
    clip, places = speech()
    spoken_s = sum(place.duration_s for place in places)
    left = remove_silence(clip)
    assert spoken_s * 0.98 < left.duration_s < spoken_s + len(places) * 0.04
    energy = [float(np.sum(part.samples.astype(float) ** 2)) for part in (left, clip)]
    assert energy[0] == pytest.approx(energy[1], rel=0.005)
    parts = split_on_silence(clip)
    assert [part.n_samples for part in parts] == [round(p.duration_s * 8000) for p in find_sound(clip)]
    assert parts[3] == clip.cut(find_sound(clip)[3].start_s, find_sound(clip)[3].end_s)


def test_sound_and_silence_tile_the_clip() -> None:
    clip, _ = speech()
    tiles = sorted([*find_sound(clip), *find_silence(clip)], key=lambda stretch: stretch.start_s)
    assert (tiles[0].start_s, tiles[-1].end_s) == (0.0, clip.duration_s)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(tiles))
    assert [s.duration_s for s in find_silence(clip)][1:] == pytest.approx(PAUSES_S[1:], abs=0.04)


def bursts(*spans_s: tuple[float, float], duration_s: float = 4.0) -> Clip:
    samples = np.zeros(round(duration_s * 8000))
    for start_s, end_s in spans_s:
        samples[round(start_s * 8000) : round(end_s * 8000)] = 0.5
    return Clip(samples, 8000)


def test_short_pauses_are_bridged_and_clicks_left_out() -> None:
    clip = bursts((0.5, 1.0), (1.2, 1.5), (2.5, 2.52), (3.0, 3.5))
    assert find_sound(clip, SilenceRule(margin_s=0)) == [Segment(0.5, 1.5), Segment(3.0, 3.5)]
    assert find_sound(clip, SilenceRule(margin_s=0, min_sound_s=0.02))[1] == Segment(2.5, 2.52)
    assert find_sound(clip, SilenceRule(margin_s=0, min_silence_s=0.2))[:2] == [
        Segment(0.5, 1.0),
        Segment(1.2, 1.5),
    ]
    assert find_sound(clip, SilenceRule(margin_s=0.75)) == [Segment(0.0, 4.0)]


def test_the_threshold_is_relative_or_absolute() -> None:
    parts = [noise(duration_s=1.0, level_db=level_db, seed=3) for level_db in (-80, -20, -65)]
    clip = join(parts)
    assert find_sound(clip, SilenceRule(margin_s=0)) == [Segment(1.0, 2.0)]
    assert find_sound(clip, SilenceRule(threshold_db=-52, margin_s=0)) == [Segment(1.0, 3.0)]
    assert find_sound(clip, SilenceRule(threshold_db=-72, absolute=True, margin_s=0)) == [Segment(1.0, 3.0)]
    assert find_sound(clip, SilenceRule(threshold_db=-10, absolute=True)) == []


def test_a_sound_in_one_channel_is_heard() -> None:
    stereo = Clip(np.stack([np.zeros(32000), bursts((1.0, 2.0)).samples[0]]), 8000)
    assert find_sound(stereo, SilenceRule(margin_s=0)) == [Segment(1.0, 2.0)]
    antiphase = Clip(np.stack([stereo.samples[1], -stereo.samples[1]]), 8000)  # its mono mix is silent
    assert remove_silence(antiphase, SilenceRule(margin_s=0)).samples.shape == (2, 8000)


def test_a_pause_can_be_left_and_no_seam_clicks() -> None:
    tone = sine(50, 4.0, sample_rate=8000)
    gated = Clip(tone.samples * (bursts((0.5, 1.5), (3.0, 3.5)).samples > 0), 8000)
    assert remove_silence(gated, SilenceRule(margin_s=0)).duration_s == pytest.approx(1.5 - 0.005)
    assert remove_silence(gated, SilenceRule(margin_s=0), keep_s=0.4).duration_s == pytest.approx(
        1.5 + 0.8 - 0.005
    )
    assert remove_silence(gated, SilenceRule(margin_s=0), keep_s=10) == gated
    # Cosines end and begin at their peak: cut bluntly, a seam jumps by 1.
    cosine = Clip(np.cos(2 * np.pi * 50 * np.arange(32000) / 8000) * (gated.samples[0] != 0), 8000)
    cosine = Clip(cosine.samples * np.where(np.arange(32000) < 16000, 1, -1), 8000)
    left = remove_silence(cosine, SilenceRule(margin_s=0)).samples[0]
    assert np.abs(np.diff(left[80:-80])).max() < 0.2


@pytest.mark.parametrize("block_s", [0.0123, 0.3, 1.0, 100.0])
def test_blocks_give_the_same_answer_as_the_whole(tmp_path: Path, block_s: float) -> None:
    clip, _ = speech()
    path = write(Clip(clip.samples, 11025), tmp_path / "a.wav")
    assert find_sound(read_blocks(path, block_s=block_s)) == find_sound(read(path))
    assert find_silence(split_every(read(path), block_s)) == find_silence(read(path))


def test_three_hours_take_little_memory() -> None:
    minute = Clip(np.r_[np.full(8000 * 30, 0.1), np.zeros(8000 * 30)], 8000)

    def blocks() -> Iterator[Clip]:
        for _ in range(180):
            yield minute

    tracemalloc.start()
    found = find_sound(blocks(), SilenceRule(margin_s=0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(s.start_s, s.end_s) for s in found] == [(60.0 * k, 60.0 * k + 30) for k in range(180)]
    assert peak < 40e6  # the recording itself is 346 MB


def test_odd_clips() -> None:
    one = Clip(np.ones(1), 8000)
    assert find_sound(one) == []  # shorter than any sound
    assert find_sound(one, SilenceRule(min_sound_s=0)) == [Segment(0.0, 1 / 8000)]
    assert remove_silence(one, SilenceRule(min_sound_s=0)) == one
    assert (find_sound(silence(0.2)), find_silence(silence(0.2))) == ([], [Segment(0.0, 0.2)])
    assert (find_sound([]), find_silence([]), split_on_silence(silence())) == ([], [], [])
    wide = Clip(np.tile(np.r_[np.zeros(96000), np.ones(96000)], (8, 1)), 192000)
    assert find_sound(wide, SilenceRule(margin_s=0)) == [Segment(0.5, 1.0)]
    assert remove_silence(wide).n_channels == 8
    slow = Clip(np.r_[np.ones(1), np.zeros(30), np.ones(1)], 50)  # a frame is one sample
    assert remove_silence(slow, SilenceRule(min_sound_s=0, margin_s=0)).n_samples == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold_db": 40}, r"negative unless absolute.*got 40"),
        ({"threshold_db": math.nan}, "got nan"),
        ({"min_silence_s": -1}, "min_silence_s must be 0 s or more, got -1"),
        ({"min_sound_s": math.nan}, "min_sound_s must be 0 s or more, got nan"),
        ({"margin_s": math.inf}, "margin_s must be 0 s or more, got inf"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        SilenceRule(**settings)


def test_nothing_left_and_mixed_blocks_are_refused() -> None:
    with pytest.raises(AudioError, match=r"silence is silent throughout.*lower threshold_db"):
        remove_silence(silence())
    with pytest.raises(ParameterError, match="keep_s of 0 or more, got nan"):
        remove_silence(sine(440), keep_s=math.nan)
    with pytest.raises(AudioError, match="at 16000 Hz and then at 8000 Hz"):
        find_sound([sine(440), Clip(np.ones(9), 8000)])


@pytest.mark.data
def test_real_phrases_keep_their_energy(shared_data: Path) -> None:
    path = min((shared_data / "solo_phrases").rglob("*.flac"))
    clip = read(path)
    left = remove_silence(clip, SilenceRule(min_silence_s=0.1))
    energy = [float(np.sum(part.samples.astype(float) ** 2)) for part in (left, clip)]
    assert energy[0] == pytest.approx(energy[1], rel=0.01)
