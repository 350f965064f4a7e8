"""Made-up noisy recordings: the ratio is as told, nothing is written, and no recording is on both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import sine, write
from woodshed.data.example import ChangedExample, Sounds, example_blocks
from woodshed.data.noisy import KINDS, Mix, hum, load
from woodshed.data.source import read_source
from woodshed.errors import DataError, ParameterError


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    for name in ("0", "1"):
        (tmp_path / name).mkdir()
    for k in range(8):
        write(sine(300 + 50 * k, 0.5, sample_rate=8000), tmp_path / f"{k % 2}" / f"take{k}.wav")
    return tmp_path


def test_each_recording_comes_once_with_each_kind_at_the_ratio_that_is_told(clean: Path) -> None:
    before = sorted(clean.rglob("*"))
    corpus = read_source(f"noisy:{clean}")
    assert corpus.counts() == dict.fromkeys(sorted(KINDS), 8)
    assert sorted(set(corpus.groups or [])) == [f"{k % 2}/take{k}.wav" for k in (0, 2, 4, 6, 1, 3, 5, 7)]
    assert sorted(clean.rglob("*")) == before
    sources = {row.group: Sounds([row])[0].samples for row in corpus.examples if row.label == "clean"}
    for row, clip in zip(corpus.examples, Sounds(corpus.examples), strict=True):
        if row.label == "clean":
            assert not row.values
            continue
        noise = clip.samples.astype(float) - sources[row.group]
        told = 10 * np.log10(np.mean(sources[row.group].astype(float) ** 2) / np.mean(noise**2))
        assert told == pytest.approx(row.values["snr_db"], abs=0.05)
        assert -5 <= row.values["snr_db"] <= 30


def test_it_is_the_same_whenever_it_is_heard_and_new_for_each_recording(clean: Path) -> None:
    rows = [row for row in load(clean).examples if row.label == "white"]
    first, again = Sounds(rows), Sounds([row for row in load(clean).examples if row.label == "white"])
    assert list(first) == list(again)
    assert list(example_blocks(rows[0])) == [first[0]]
    changes = [row.change for row in rows if isinstance(row, ChangedExample)]
    assert len(set(changes)) == len(rows)


def test_hum_stands_on_the_multiples_of_a_mains_frequency() -> None:
    power = np.abs(np.fft.rfft(hum(np.random.default_rng(1), 8000, 8000))) ** 2
    strong = np.flatnonzero(power > power.max() / 1000)
    assert (strong % 50 == 0).all() or (strong % 60 == 0).all()
    assert len(strong) >= 3


def test_what_cannot_be_mixed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        load(tmp_path / "none")
    with pytest.raises(DataError, match="at least two clean recordings, got 0"):
        load(tmp_path)
    with pytest.raises(ParameterError, match="Did you mean pink"):
        Mix("pnk", 0.0, 0)
