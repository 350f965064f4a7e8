"""``woodshed audio``: every verb does to files what its function does to clips."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from woodshed.audio import (
    Marker,
    clicks,
    find_sound,
    gain,
    info,
    loudness_lufs,
    noise,
    read,
    silence,
    sine,
    true_peak_dbtp,
    write,
    write_markers,
)
from woodshed.cli.audio import VERBS
from woodshed.clip import Clip
from woodshed.timeline import FORMATS, Event, Timeline

Cli = Callable[..., Any]
RATE = 8000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a tree of sounds: a tone of 24 bits, and a stereo file with other tones left and right."""
    sounds = tmp_path / "sounds"
    (sounds / "deep").mkdir(parents=True)
    write(sine(440, duration_s=1.0, sample_rate=RATE, amplitude=0.25), sounds / "tone.wav", encoding="pcm24")
    left, right = (sine(hz, duration_s=1.0, sample_rate=RATE).samples for hz in (500, 2000))
    write(Clip(np.concatenate([left, right]), RATE), sounds / "deep" / "two.flac")
    return sounds


def peak_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE / len(samples))


def run(cli: Cli, *words: object) -> Any:
    finished = cli("audio", *words)
    assert finished.code == 0, finished.err
    return finished


def test_help_lists_every_verb(cli: Cli) -> None:
    said = cli("audio", "--help").out
    for verb in VERBS:
        assert verb in said


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        *((verb, "held in memory") for verb in ("stretch", "pitch", "denoise")),
        ("filter", "Files of any length"),
    ],
)
def test_help_tells_what_a_long_file_costs(verb: str, said: str, cli: Cli) -> None:
    assert said in " ".join(cli("audio", verb, "--help").out.split())
    assert "held in memory" not in cli("audio", "trim", "--help").out


def test_a_folder_keeps_its_tree_and_its_encodings(cli: Cli, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "2 sounds processed" in run(cli, "gain", folder, "--db", "-6.0206", "--out", out).out
    tone, two = out / "tone.wav", out / "deep" / "two.flac"
    assert np.abs(read(tone).samples).max() == pytest.approx(0.125, abs=1e-4)
    assert (soundfile.info(tone).subtype, info(two).n_channels) == ("PCM_24", 2)
    assert [round(peak_hz(channel)) for channel in read(two).samples] == [500, 2000]


def test_results_are_not_replaced_unless_forced(cli: Cli, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(cli, "gain", folder, "--db", "0", "--out", out)
    again = run(cli, "gain", folder, "--db", "-20", "--out", out)
    assert "2 existing results kept. Use --force to replace them" in again.err
    assert np.abs(read(out / "tone.wav").samples).max() == pytest.approx(0.25, abs=1e-3)
    run(cli, "gain", folder, "--db", "-20", "--out", out, "--force")
    assert np.abs(read(out / "tone.wav").samples).max() == pytest.approx(0.025, abs=1e-3)


def test_a_bad_file_is_named_and_the_run_goes_on(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (folder / "bad.wav").write_text("not a sound")
    finished = run(cli, "fade", folder, "--in-s", "0.5", "--out", tmp_path / "out")
    assert "skipped " in finished.err
    assert "bad.wav" in finished.err
    faded = np.abs(read(tmp_path / "out" / "tone.wav").samples[0])
    assert faded[:80].max() < 0.01 < 0.2 < faded[-4000:].max()
    alone = cli("audio", "fade", folder / "bad.wav", "--in-s", "0.5", "--out", tmp_path / "other")
    assert (
        alone.code,
        "bad.wav: " in alone.err,
        "None of the input files is usable: skipped 1 sound." in alone.err,
    ) == (2, True, True)


def test_info_measures_as_a_table_and_as_json(cli: Cli, folder: Path) -> None:
    rows = json.loads(run(cli, "info", folder, "--json").out)
    assert [Path(row["path"]).name for row in rows] == ["tone.wav", "two.flac"]
    assert (rows[0]["bits"], rows[0]["sample_rate"], rows[1]["n_channels"]) == (24, RATE, 2)
    assert rows[0]["peak_dbfs"] == pytest.approx(-12.04, abs=0.01)
    assert rows[0]["rms_dbfs"] == pytest.approx(-15.05, abs=0.01)
    assert "-12.0" in run(cli, "info", folder / "tone.wav").out
    assert "two.flac" in run(cli, "info", folder).out


def test_convert_changes_what_is_asked(cli: Cli, folder: Path, tmp_path: Path) -> None:
    run(
        cli,
        "convert",
        folder,
        "--to",
        "flac",
        "--channels",
        1,
        "--sample-rate",
        16000,
        "--out",
        tmp_path / "o",
    )
    made = info(tmp_path / "o" / "deep" / "two.flac")
    assert (made.sample_rate, made.n_channels, made.n_samples) == (16000, 1, 16000)
    run(cli, "convert", folder / "tone.wav", "--encoding", "pcm8", "--out", tmp_path / "small.wav")
    assert soundfile.info(tmp_path / "small.wav").subtype == "PCM_U8"


def test_trim_cuts_to_the_sample(cli: Cli, folder: Path, tmp_path: Path) -> None:
    run(cli, "trim", folder / "tone.wav", "--start-s", 0.25, "--end-s", 0.5, "--out", tmp_path / "a.wav")
    assert (read(tmp_path / "a.wav").samples == read(folder / "tone.wav").samples[:, 2000:4000]).all()


def beeps(path: Path, starts_s: list[float]) -> Path:
    samples = np.zeros(3 * RATE)
    beep = sine(800, duration_s=0.3, sample_rate=RATE).samples[0] * np.linspace(1, 0, 2400)
    for start_s in starts_s:
        samples[int(start_s * RATE) :][: len(beep)] = beep
    return write(Clip(samples, RATE), path)


@pytest.mark.parametrize(
    ("flags", "n_parts"),
    [(["--every-s", 1.0], 3), (["--silence"], 2), (["--onsets"], 3), (["--marks"], 2)],
)
def test_split_cuts_where_told(cli: Cli, tmp_path: Path, flags: list[object], n_parts: int) -> None:
    sound = beeps(tmp_path / "beeps.wav", [0.5, 2.0])
    if flags == ["--marks"]:
        flags = [
            "--marks",
            write_markers([Marker(0.5, 0.8, "a"), Marker(2.0, 2.3, "b")], tmp_path / "labels.txt"),
        ]
    finished = run(cli, "split", sound, *flags, "--out", tmp_path / "out")
    assert f"{n_parts} part" in finished.out
    parts = [read(path) for path in sorted((tmp_path / "out").iterdir())]
    assert len(parts) == n_parts
    loud = [part for part in parts if part.samples.std() > 0.05]
    assert len(loud) == 2
    if flags[0] in ("--silence", "--marks"):
        assert [part.duration_s for part in parts] == pytest.approx([0.3, 0.3], abs=0.05)


@pytest.mark.parametrize("format_", ["audacity", "textgrid", "raven", "csv"])
def test_split_names_the_parts_after_the_marks_of_any_program(cli: Cli, tmp_path: Path, format_: str) -> None:
    sound = beeps(tmp_path / "beeps.wav", [0.5, 2.0])
    timeline = Timeline("beeps.wav", 2.5, (Event(0.5, 0.8, "S\u00e4ge/1", 1), Event(2.0, 2.3, "dog bark", 1)))
    suffix, text_of = FORMATS[format_]
    labels = tmp_path / f"labels{suffix}"
    labels.write_text(text_of(timeline), encoding="utf-8", newline="")

    run(cli, "split", sound, "--marks", labels, "--out", tmp_path / "out")

    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["beeps-1-S\u00e4ge_1.wav", "beeps-2-dog bark.wav"]


def test_split_at_beats(cli: Cli, tmp_path: Path) -> None:
    sound = write(clicks(0.5, 6.0, sample_rate=22050), tmp_path / "clicks.wav")
    run(cli, "split", sound, "--beats", "--out", tmp_path / "out")
    lengths_s = [info(path).duration_s for path in sorted((tmp_path / "out").iterdir())]
    assert lengths_s[1:-1] == pytest.approx([0.5] * (len(lengths_s) - 2), abs=0.03)


def test_split_wants_one_way(cli: Cli, folder: Path, tmp_path: Path) -> None:
    finished = cli("audio", "split", folder, "--out", tmp_path / "o")
    assert finished.code == 2
    assert "Expected exactly one of --every-s, --silence" in finished.err


def test_join_and_silence(cli: Cli, folder: Path, tmp_path: Path) -> None:
    gap = write(silence(0.7, sample_rate=RATE), tmp_path / "gap.wav")
    tone, joined = folder / "tone.wav", tmp_path / "joined.wav"
    run(cli, "join", tone, gap, tone, "--out", joined)
    assert read(joined).duration_s == pytest.approx(2.7)
    listed = run(cli, "silence", joined).out
    assert "joined.wav" in listed
    run(cli, "silence", joined, "--out", tmp_path / "short.wav")
    assert read(tmp_path / "short.wav").duration_s == pytest.approx(2.0, abs=0.05)
    assert len(find_sound(read(tmp_path / "short.wav"))) == 1


def test_channels_go_apart_and_together(cli: Cli, folder: Path, tmp_path: Path) -> None:
    two = folder / "deep" / "two.flac"
    run(cli, "channels", two, "--do", "split", "--out", tmp_path / "apart")
    parts = sorted((tmp_path / "apart").iterdir())
    assert [round(peak_hz(read(part).samples[0])) for part in parts] == [500, 2000]
    run(cli, "channels", *reversed(parts), "--do", "merge", "--out", tmp_path / "swapped.flac")
    run(cli, "channels", two, "--do", "swap", "--out", tmp_path / "swapped-too.flac")
    assert read(tmp_path / "swapped.flac") == read(tmp_path / "swapped-too.flac")
    run(cli, "channels", two, "--do", "mono", "--out", tmp_path / "mono.flac")
    assert info(tmp_path / "mono.flac").n_channels == 1
    wrong = cli("audio", "channels", two, "--do", "mone", "--out", tmp_path / "x.flac")
    assert (wrong.code, "Did you mean mono" in wrong.err) == (2, True)


def test_an_invalid_setting_is_not_blamed_on_the_files(cli: Cli, folder: Path, tmp_path: Path) -> None:
    for verb, flag, value, message in (
        ("normalise", "--by", "loud", "error Unknown kind of level 'loud'. Known: lufs, peak, rms."),
        ("stretch", "--factor", "-1", "error --factor must be from 0.0625 to 16, got -1."),
        ("convert", "--sample-rate", 0, "error --sample-rate must be above 0, got 0."),
        ("convert", "--channels", 0, "error --channels must be 1 or more, got 0."),
        ("gain", "--db", "nan", "error --db must be a finite number, got nan."),
        ("normalise", "--true-peak", 1, "error --true-peak must be from -200 to 0, got 1."),
        ("normalise", "--level-db", 201, "error --level-db must be from -200 to 200, got 201."),
        ("fade", "--in-s", -1, "error --in-s must be 0 or more, got -1."),
        ("trim", "--end-s", 0, "error --end-s must be above 0, got 0."),
        ("split", "--every-s", 0, "error --every-s must be above 0, got 0."),
        ("filter", "--low-pass-hz", 0, "error --low-pass-hz must be above 0, got 0."),
        ("silence", "--jobs", 0, "error --jobs must be 1 or more, or -1 for one per core, got 0."),
    ):
        finished = cli("audio", verb, folder, flag, value, "--out", tmp_path / "new")
        assert (finished.code, message in finished.err, "skipped" in finished.err) == (2, True, False)


def test_normalise_reaches_the_loudness(cli: Cli, folder: Path, tmp_path: Path) -> None:
    run(cli, "normalise", folder / "tone.wav", "--by", "lufs", "--level-db", -20, "--out", tmp_path / "n.wav")
    assert loudness_lufs(read(tmp_path / "n.wav")) == pytest.approx(-20, abs=0.1)


@pytest.fixture
def peaky(tmp_path: Path) -> Path:
    """Return a folder with a file of clicks, whose peak is far above its loudness, and one of a tone."""
    folder = tmp_path / "peaky"
    folder.mkdir()
    samples = 0.01 * sine(1000, 2.0, sample_rate=16000).samples
    samples[0, ::4000] = 0.5
    write(Clip(samples, 16000), folder / "clicks.wav")
    write(sine(1000, 2.0, amplitude=0.01), folder / "tone.wav")
    return folder


def test_a_sound_that_would_clip_is_not_written(cli: Cli, peaky: Path, tmp_path: Path) -> None:
    done = run(cli, "normalise", peaky, "--by", "lufs", "--level-db", -16, "--out", tmp_path / "n")
    assert re.search(r"clicks\.wav: \d+ samples would clip\. Use --true-peak -1 or a lower level\.", done.err)
    assert [path.name for path in (tmp_path / "n").iterdir()] == ["tone.wav"]


def test_a_ceiling_of_the_true_peak_holds_and_what_it_costs_is_said(
    cli: Cli, peaky: Path, tmp_path: Path
) -> None:
    arguments = ("--by", "lufs", "--level-db", -16, "--true-peak", -1, "--out", tmp_path / "n")
    done = run(cli, "normalise", peaky, *arguments)
    clicks, tone = (read(tmp_path / "n" / name) for name in ("clicks.wav", "tone.wav"))
    assert true_peak_dbtp(clicks) == pytest.approx(-1, abs=0.01)
    assert loudness_lufs(tone) == pytest.approx(-16, abs=0.1)
    shortfall_db = -16 - loudness_lufs(clicks)
    said = " ".join(done.err.split())
    assert f"1 sound below the target level, by up to {shortfall_db:.1f} dB" in said
    assert "the gain was reduced to keep the true peak at -1 dBTP" in said


def test_filter_keeps_what_is_below(cli: Cli, folder: Path, tmp_path: Path) -> None:
    run(cli, "channels", folder / "deep" / "two.flac", "--do", "mono", "--out", tmp_path / "mono.wav")
    run(
        cli, "filter", tmp_path / "mono.wav", "--low-pass-hz", 1000, "--order", 8, "--out", tmp_path / "f.wav"
    )
    before, after = (np.abs(np.fft.rfft(read(tmp_path / name).samples[0])) for name in ("mono.wav", "f.wav"))
    assert 20 * np.log10(after[500] / before[500]) == pytest.approx(0, abs=0.1)
    assert 20 * np.log10(after[2000] / before[2000]) < -45
    nothing = cli("audio", "filter", tmp_path / "mono.wav", "--out", tmp_path / "g.wav")
    assert (nothing.code, "No filter given" in nothing.err) == (2, True)


def test_stretch_and_pitch(cli: Cli, folder: Path, tmp_path: Path) -> None:
    tone = folder / "tone.wav"
    run(cli, "stretch", tone, "--factor", 2, "--out", tmp_path / "s.wav")
    run(cli, "pitch", tone, "--semitones", 12, "--out", tmp_path / "p.wav")
    fast, high = read(tmp_path / "s.wav"), read(tmp_path / "p.wav")
    assert (fast.n_samples, high.n_samples) == (4000, 8000)
    assert peak_hz(fast.samples[0]) == pytest.approx(440, abs=2.1)
    assert peak_hz(high.samples[0]) == pytest.approx(880, abs=2.1)


def test_denoise_learns_from_a_noise_file(cli: Cli, tmp_path: Path) -> None:
    hiss = gain(noise(duration_s=2.0, sample_rate=RATE), -20)
    tone = sine(440, duration_s=2.0, sample_rate=RATE).samples[0] * (np.arange(2 * RATE) < RATE)
    noisy = write(Clip(hiss.samples[0] + tone, RATE), tmp_path / "noisy.wav")
    only = write(hiss, tmp_path / "hiss.wav")
    run(cli, "denoise", noisy, "--noise", only, "--out", tmp_path / "clean.wav")
    before, after = (read(path).samples[0] for path in (noisy, tmp_path / "clean.wav"))
    pause = slice(int(1.3 * RATE), int(1.9 * RATE))
    assert 20 * np.log10(after[pause].std() / before[pause].std()) < -8
    assert 20 * np.log10(after[:RATE].std() / before[:RATE].std()) == pytest.approx(0, abs=0.5)


def test_tempo_finds_beats_and_clicks_on_them(cli: Cli, tmp_path: Path) -> None:
    sound = write(clicks(0.5, 8.0, sample_rate=22050), tmp_path / "clicks.wav")
    (row,) = json.loads(run(cli, "tempo", sound, "--json").out)
    assert row["tempo_bpm"] == pytest.approx(120, abs=2)
    assert np.abs(np.asarray(row["beats_s"]) % 0.5 - 0.25).min() > 0.18  # within 70 ms of a click
    finished = run(cli, "tempo", sound, "--out", tmp_path / "heard.wav")
    assert f"{row['tempo_bpm']:.1f}" in finished.out
    assert read(tmp_path / "heard.wav") != read(sound)


def test_key_of_a_scale(cli: Cli, tmp_path: Path) -> None:
    steps = [0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0]
    notes = [sine(293.66 * 2 ** (step / 12), duration_s=0.4, sample_rate=22050).samples for step in steps]
    sound = write(Clip(np.concatenate(notes, axis=1), 22050), tmp_path / "scale.wav")
    (row,) = json.loads(run(cli, "key", sound, "--json").out)
    assert (row["name"], row["mode"]) == ("D", "major")


def test_without_a_device_the_cure_is_said(
    cli: Cli, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    for words in (["play", folder / "tone.wav"], ["record", tmp_path / "take.wav"]):
        finished = cli("audio", *words)
        assert finished.code == 2
        assert 'pip install "woodshed[device]"' in finished.err
    assert not (tmp_path / "take.wav").exists()
