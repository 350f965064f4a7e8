"""Conversion: lengths, spectra, bits and memory are what theory says."""

from __future__ import annotations

import functools
import itertools
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile

from woodshed.audio import chirp, info, noise, read, resample, sine, write
from woodshed.audio.convert import Conversion, change_file, convert_file
from woodshed.audio.filter import Butterworth, Equaliser, filter_blocks, filter_clip
from woodshed.audio.write import Writer
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.errors import AudioError, AudioFileError, OutputError, ParameterError

MP3_FRAME = 1152


def float_file(folder: Path, samples: np.ndarray, sample_rate: int = 16000) -> Path:
    return write(Clip(samples, sample_rate), folder / "source.wav", encoding="float32")


@pytest.mark.parametrize(
    ("old", "new"), list(itertools.permutations([".wav", ".flac", ".mp3", ".ogg", ".opus"], 2))
)
def test_durations_stay_across_formats(tmp_path: Path, old: str, new: str) -> None:
    source = write(chirp(100, 4000, 1.3, sample_rate=48000), tmp_path / f"a{old}")
    made = convert_file(source, tmp_path / f"b{new}")
    assert abs(read(made.path).n_samples - 62400) <= MP3_FRAME
    assert (made.sample_rate, made.n_channels, made.n_clipped) == (48000, 1, 0)
    assert made.n_samples == read(source).n_samples


def test_every_step_of_a_whole_number_survives(tmp_path: Path) -> None:
    for subtype, n_bits in (("PCM_16", 16), ("PCM_24", 24)):
        whole = np.random.default_rng(0).integers(-(2 ** (n_bits - 1)), 2 ** (n_bits - 1), (5000, 2))
        soundfile.write(tmp_path / "a.wav", (whole << (32 - n_bits)).astype(np.int32), 44100, subtype)
        convert_file(tmp_path / "a.wav", tmp_path / "b.flac", overwrite=True)
        convert_file(tmp_path / "b.flac", tmp_path / "c.aiff", overwrite=True)
        back = soundfile.read(tmp_path / "c.aiff", dtype="int32")[0] >> (32 - n_bits)
        np.testing.assert_array_equal(back, whole)  # no dither where nothing is rounded


@pytest.mark.parametrize(
    ("subtype", "name", "encoding", "expected"),
    [
        ("PCM_16", "a.flac", None, "PCM_16"),
        ("PCM_24", "a.flac", None, "PCM_24"),
        ("FLOAT", "a.flac", None, "PCM_24"),
        ("FLOAT", "a.aiff", None, "FLOAT"),
        ("PCM_U8", "a.wav", None, "PCM_16"),
        ("PCM_24", "a.wav", "pcm16", "PCM_16"),
        ("PCM_16", "a.wav", "pcm8", "PCM_U8"),
        ("PCM_16", "a.wav", "float32", "FLOAT"),
        ("PCM_24", "a.ogg", 0.3, "VORBIS"),
        ("DOUBLE", "a.mp3", None, "MPEG_LAYER_III"),
    ],
)
def test_bits_are_kept_or_those_asked_for(
    tmp_path: Path, subtype: str, name: str, encoding: str | float | None, expected: str
) -> None:
    soundfile.write(tmp_path / "source.wav", sine(440).samples[0], 16000, subtype)
    made = convert_file(tmp_path / "source.wav", tmp_path / name, encoding=encoding)
    assert soundfile.info(made.path).subtype == expected
    assert info(made.path).n_samples == made.n_samples == 16000


@pytest.mark.parametrize("new_rate", [8000, 22050, 44100, 96000])
def test_streaming_equals_resampling_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_rate: int
) -> None:
    monkeypatch.setattr("woodshed.audio.convert.VALUES_PER_BLOCK", 3000)
    clip = Clip(np.stack([noise(duration_s=1.7, seed=seed).samples[0] for seed in (1, 2)]), 16000)
    source = float_file(tmp_path, clip.samples)
    made = convert_file(source, tmp_path / "b.wav", sample_rate=new_rate)
    assert made.n_samples == round(1.7 * new_rate)
    np.testing.assert_allclose(read(made.path).samples, resample(clip, new_rate).samples, atol=1e-4)


def test_nothing_is_left_above_the_new_nyquist_frequency(tmp_path: Path) -> None:
    source = float_file(tmp_path, chirp(100, 23900, 4.0, sample_rate=48000).samples, 48000)
    down = convert_file(source, tmp_path / "b.wav", sample_rate=16000)
    # Seen at the old rate: the band that must be empty holds 60 dB less than the one below.
    up = read(convert_file(down.path, tmp_path / "c.wav", sample_rate=48000).path).samples[0]
    frequency_hz, power = scipy.signal.welch(up, 48000, nperseg=4096)
    above, below = power[frequency_hz > 8200].max(), power[(frequency_hz > 200) & (frequency_hz < 7000)].min()
    assert 10 * np.log10(above / below) < -60
    # And nothing came back as an alias: once the chirp is past 8 kHz, there is silence.
    late = read(down.path).cut(3.3, 3.9)  # 8 kHz is passed after 4 s * log(80) / log(239) = 3.2 s
    assert 20 * np.log10(np.abs(late.samples).max() / 0.5) < -60


def test_dither_turns_the_harmonics_of_a_faint_tone_into_hiss(tmp_path: Path) -> None:
    n = 2**18
    time_s = np.arange(n) / 16000
    tone_hz = 16000 * 4096 / n  # a whole number of periods: no leakage
    tone = 10 ** (-92 / 20) * np.sin(2 * np.pi * tone_hz * time_s)  # less than one step of 16 bits
    source = float_file(tmp_path, tone)
    power = {}
    for dither in (False, True):
        path = tmp_path / f"{dither}.wav"
        convert_file(source, path, encoding="pcm16", dither=dither)
        power[dither] = np.abs(np.fft.rfft(read(path).samples[0])) ** 2
    harmonics = 4096 * np.arange(2, 30)
    floor = np.median(power[True])
    assert power[False][harmonics].max() > 1000 * np.median(power[False])
    assert power[True][harmonics].max() < 12 * floor  # hiss: the largest of 28 draws from an exponential
    assert power[True][4096] == pytest.approx((n / 2 * 10 ** (-92 / 20)) ** 2, rel=0.1)
    # Triangular dither and rounding together: a variance of 1/4 step.
    assert np.mean(power[True][5:4000]) / n == pytest.approx(0.25 / 32768**2, rel=0.1)


def test_a_tone_below_the_last_bit_is_heard_through_the_dither(tmp_path: Path) -> None:
    n = 2**18
    tone = 1e-5 * np.sin(2 * np.pi * 4096 / n * np.arange(n))  # -100 dB, a third of a step
    source = float_file(tmp_path, tone)
    plain, dithered = (
        read(convert_file(source, tmp_path / f"{d}.flac", encoding="pcm16", dither=d).path).samples[0]
        for d in (False, True)
    )
    assert not plain.any()
    error = dithered - tone
    assert abs(np.corrcoef(error, tone)[0, 1]) < 4 / np.sqrt(n)
    again = convert_file(source, tmp_path / "again.flac", encoding="pcm16").path
    assert again.read_bytes() == (tmp_path / "True.flac").read_bytes()


def test_channels_are_mixed_or_copied(tmp_path: Path) -> None:
    stereo = np.stack([np.full(1000, 0.5), np.full(1000, -0.25)])
    source = float_file(tmp_path, stereo)
    mono = convert_file(source, tmp_path / "mono.wav", n_channels=1)
    np.testing.assert_array_equal(read(mono.path).samples, np.full((1, 1000), 0.125))
    wide = convert_file(mono.path, tmp_path / "wide.wav", n_channels=6, sample_rate=192000)
    assert read(wide.path).samples.shape == (6, 12000)
    np.testing.assert_array_equal(read(wide.path).samples[5], read(wide.path).samples[0])
    with pytest.raises(AudioError, match=r"6 channels of .*wide\.wav to 2"):
        convert_file(wide.path, tmp_path / "no.wav", n_channels=2)
    assert not (tmp_path / "no.wav").exists()


def test_clipping_is_counted_where_it_happens(tmp_path: Path) -> None:
    loud = np.array([[0.5, 1.5, -3.0, 1.0], [2.0, 0.0, 0.0, -1.0]])
    source = float_file(tmp_path, loud)
    made = convert_file(source, tmp_path / "a.flac")
    assert made == Conversion(tmp_path / "a.flac", 16000, 2, 4, n_clipped=3)
    assert np.abs(read(made.path).samples).max() <= 1
    assert convert_file(source, tmp_path / "b.wav").n_clipped == 0  # still floating-point
    np.testing.assert_array_equal(read(tmp_path / "b.wav").samples, loud)


TAGS = {
    "title": "Für Elise",
    "artist": "Anna",
    "album": "Bagatelles",
    "date": "1810",
    "tracknumber": "25",
    "genre": "Classical",
    "comment": "recorded at home",
    "copyright": "free",
    "license": "CC0",
}


def tagged_file(path: Path, tags: dict[str, str]) -> Path:
    with soundfile.SoundFile(path, "w", 48000, 1) as sound:
        for name, text in tags.items():
            setattr(sound, name, text)
        sound.write(chirp(100, 4000, sample_rate=48000, amplitude=0.25).samples[0])
    return path


def tags_of(path: Path) -> dict[str, str]:
    with soundfile.SoundFile(path) as sound:
        found = {name: getattr(sound, name) for name in TAGS}
    return {name: text for name, text in found.items() if text}


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("a.flac", set()),
        ("a.ogg", set()),
        ("a.opus", set()),
        ("a.wav", {"license"}),
        ("a.mp3", {"title", "copyright", "license"}),  # the title is not ASCII
        ("a.aiff", set(TAGS) - {"title", "artist", "comment"}),
    ],
)
def test_tags_go_with_the_sound_as_far_as_the_format_holds_them(
    tmp_path: Path, name: str, lost: set[str]
) -> None:
    source = tagged_file(tmp_path / "source.flac", TAGS)
    made = convert_file(source, tmp_path / name)
    assert tags_of(made.path) == {tag: text for tag, text in TAGS.items() if tag not in lost}
    assert made.n_samples == 48000
    plain = tagged_file(tmp_path / "plain.flac", {})
    assert tags_of(convert_file(plain, tmp_path / f"bare{made.path.suffix}").path) == {}


def test_tags_survive_a_conversion_in_place_and_long_ones_spoil_nothing(tmp_path: Path) -> None:
    path = tagged_file(tmp_path / "a.flac", TAGS | {"comment": "long " * 100_000})
    convert_file(path, path, sample_rate=24000, overwrite=True)
    assert tags_of(path) == {tag: text for tag, text in TAGS.items() if tag != "comment"}
    full = tagged_file(tmp_path / "b.flac", dict.fromkeys(TAGS, "x" * 2000))
    for suffix in (".wav", ".aiff", ".opus", ".mp3"):
        made = convert_file(full, tmp_path / f"b{suffix}", sample_rate=48000)
        assert tags_of(made.path)["title"] == "x" * 2000
        assert abs(read(made.path).n_samples - 48000) <= MP3_FRAME


def test_8_channels_at_192_khz_and_a_single_sample(tmp_path: Path) -> None:
    many = float_file(tmp_path, np.random.default_rng(0).normal(0, 0.1, (8, 19200)), 192000)
    made = convert_file(many, tmp_path / "a.flac", sample_rate=48000)
    assert (made.n_channels, made.n_samples) == (8, 4800)
    single = write(Clip(np.ones(1), 16000), tmp_path / "one.wav")
    assert convert_file(single, tmp_path / "b.wav", sample_rate=48000).n_samples == 3
    with pytest.raises(
        AudioError, match=r"one\.wav has only 1 samples at 16000 Hz, none of them left at 4000"
    ):
        convert_file(single, tmp_path / "c.wav", sample_rate=4000)
    assert not (tmp_path / "c.wav").exists()


def test_a_file_may_be_converted_onto_itself(tmp_path: Path) -> None:
    path = write(sine(440), tmp_path / "a.wav")
    convert_file(path, path, sample_rate=8000, overwrite=True)
    assert (info(path).sample_rate, info(path).n_samples) == (8000, 8000)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    minute = np.random.default_rng(0).normal(0, 3000, (16000 * 60, 2)).astype(np.int16)
    with soundfile.SoundFile(path, "w", 16000, 2) as file:
        for _ in range(4):
            file.write(minute)
    tracemalloc.start()
    made = convert_file(path, tmp_path / "b.wav", sample_rate=22050)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.n_samples == 4 * 60 * 22050
    assert peak < 20e6  # the sound is 42 MB as float32 at its new rate


DESIGNS = (Butterworth("band-pass", (50.0, 3000.0), 6), Equaliser("low-shelf", 200.0, 6.0, 0.7))


def filtered(blocks: Iterator[Clip]) -> Iterator[Clip]:
    return functools.reduce(filter_blocks, DESIGNS, blocks)


def test_a_file_is_changed_block_by_block_as_the_clip_would_be_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.stack([noise("pink", 1.7, seed=seed).samples[0] for seed in (1, 2)])
    source = float_file(tmp_path, samples)
    monkeypatch.setattr("woodshed.audio.convert.VALUES_PER_BLOCK", 1234)
    made = change_file(source, tmp_path / "b.wav", filtered)
    at_once = functools.reduce(filter_clip, DESIGNS, read(source))
    np.testing.assert_allclose(read(made.path).samples, at_once.samples, atol=1e-6)
    assert made == Conversion(tmp_path / "b.wav", 16000, 2, samples.shape[1], 0)
    assert info(made.path).codec == "WAV FLOAT"
    tagged = tagged_file(tmp_path / "a.flac", TAGS)
    change_file(tagged, tagged, filtered, overwrite=True)
    assert tags_of(tagged) == TAGS


def test_what_a_change_makes_too_loud_is_clipped_with_a_warning(tmp_path: Path) -> None:
    source = write(sine(100, amplitude=0.9), tmp_path / "a.wav")
    with pytest.warns(UserWarning, match=r"b\.wav: \d+ samples beyond ±1 were clipped"):
        made = change_file(source, tmp_path / "b.wav", lambda blocks: filter_blocks(blocks, DESIGNS[1]))
    assert made.n_clipped > 1000  # 0.9 times almost 2


def test_memory_does_not_grow_with_a_file_that_is_filtered(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    minute = np.random.default_rng(0).normal(0, 3000, (16000 * 60, 2)).astype(np.int16)
    with soundfile.SoundFile(path, "w", 16000, 2) as file:
        for _ in range(4):
            file.write(minute)
    next(filtered(iter([sine(440)])))  # SciPy is there
    tracemalloc.start()
    made = change_file(path, tmp_path / "b.wav", filtered)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.n_samples == 4 * 60 * 16000
    assert peak < 20e6  # the sound is 31 MB as float32


def test_an_interruption_or_a_damaged_source_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(noise(duration_s=20.0), tmp_path / "a.flac")
    target = write(sine(440), tmp_path / "b.wav")
    old = target.read_bytes()
    content = bytearray(source.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    source.write_bytes(content)
    with pytest.raises(AudioFileError, match="damaged"):
        convert_file(source, target, overwrite=True)

    def interrupted(self: Writer, samples: np.ndarray) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert_file(target, target, overwrite=True)
    assert target.read_bytes() == old
    assert {path.name for path in tmp_path.iterdir()} == {"a.flac", "b.wav"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sample_rate": 0}, "whole, positive sample_rate, got 0"),
        ({"sample_rate": float("nan")}, "sample_rate, got nan"),
        ({"sample_rate": 44100.5}, r"sample_rate, got 44100\.5"),
        ({"sample_rate": True}, "sample_rate, got True"),
        ({"n_channels": -1}, "n_channels, got -1"),
        ({"encoding": "mp3"}, "does not support the encoding 'mp3'"),
    ],
)
def test_settings_out_of_range_are_refused(tmp_path: Path, settings: dict[str, float], words: str) -> None:
    source = sample_folder() / "recordings" / "7_theo_0.flac"
    with pytest.raises(ParameterError, match=words):
        convert_file(source, tmp_path / "a.wav", **settings)
    assert not list(tmp_path.iterdir())


def test_targets_that_cannot_be_are_refused(tmp_path: Path) -> None:
    source = write(sine(440, sample_rate=44100), tmp_path / "a.wav")
    with pytest.raises(OutputError, match=r"a\.wav already exists"):
        convert_file(source, source)
    with pytest.raises(
        OutputError, match=r"b\.opus: OGG does not support 1 channel at 44100 Hz .*48000.*Resample"
    ):
        convert_file(source, tmp_path / "b.opus")
    with pytest.raises(ParameterError, match=r"cannot write \.m4a"):
        convert_file(source, tmp_path / "b.m4a")
    with pytest.raises(AudioFileError, match="no such file"):
        convert_file(tmp_path / "none.wav", tmp_path / "b.wav")
