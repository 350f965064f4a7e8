"""Playing and recording, with a stand-in for the loudspeaker and the microphone."""

from __future__ import annotations

import builtins
import math
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from woodshed.audio import sine
from woodshed.audio.device import play, record, record_blocks
from woodshed.clip import Clip
from woodshed.errors import MissingPackageError, OutputError, ParameterError


class PortAudioError(Exception):
    """As sounddevice has it."""


class StandIn(ModuleType):
    """What woodshed uses of sounddevice: it hears a ramp and remembers what it was asked."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.calls: list[Any] = []
        self.fault: BaseException | None = None
        self.fault_after = 0
        self.overflows: set[int] = set()

    def play(self, frames: np.ndarray, sample_rate: int, *, device: object) -> None:
        self.calls.append(("play", frames, sample_rate, device))

    def wait(self) -> None:
        if self.fault:
            raise self.fault

    def stop(self) -> None:
        self.calls.append("stop")

    def InputStream(self, **settings: Any) -> Microphone:  # noqa: N802
        self.calls.append(settings)
        return Microphone(self, settings["channels"])


class Microphone:
    def __init__(self, world: StandIn, n_channels: int) -> None:
        self.world, self.n_channels = world, n_channels
        self.n_read = self.n_blocks = 0
        self.buffer = np.zeros((100_000, n_channels), np.float32)

    def __enter__(self) -> Microphone:
        self.world.calls.append("open")
        return self

    def __exit__(self, *_: object) -> None:
        self.world.calls.append("close")

    def read(self, n: int) -> tuple[np.ndarray, bool]:
        if self.world.fault and self.n_blocks == self.world.fault_after:
            raise self.world.fault
        self.n_blocks += 1
        frames = self.buffer[:n]  # used again for the next block, as real buffers are
        frames[:] = np.arange(self.n_read, self.n_read + n)[:, np.newaxis] / 2**20
        self.n_read += n
        return frames, self.n_blocks in self.world.overflows


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in)
    return stand_in


def test_a_clip_is_played_as_it_is(world: StandIn) -> None:
    clip = Clip(np.array([[0.5, 0.25, 0.0], [-0.5, -0.25, 0.0]]), 48000)
    play(clip, device="Speakers")
    (_, frames, sample_rate, device), *rest = world.calls
    assert frames.tolist() == [[0.5, -0.5], [0.25, -0.25], [0.0, 0.0]]
    assert (sample_rate, device, rest) == (48000, "Speakers", [])


def test_ctrl_c_stops_the_sound_and_is_passed_on(world: StandIn) -> None:
    world.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        play(sine(440))
    assert world.calls[-1] == "stop"


@pytest.mark.parametrize(("duration_s", "n_channels"), [(1.0, 1), (0.333, 2), (1 / 16000, 8)])
def test_a_recording_has_every_sample_once(world: StandIn, duration_s: float, n_channels: int) -> None:
    clip = record(duration_s, sample_rate=16000, n_channels=n_channels, device=3)
    n = round(duration_s * 16000)
    np.testing.assert_array_equal(clip.samples, np.tile(np.arange(n) / 2**20, (n_channels, 1)))
    assert (clip.sample_rate, clip.source) == (16000, "recording")
    asked = {"samplerate": 16000, "channels": n_channels, "dtype": "float32", "device": 3}
    assert world.calls == [asked, "open", "close"]


def test_ctrl_c_ends_a_recording_and_keeps_it(world: StandIn) -> None:
    world.fault, world.fault_after = KeyboardInterrupt(), 4
    clip = record(60.0, sample_rate=16000)
    assert clip.duration_s == pytest.approx(0.4)
    assert clip.samples[0, -1] == 6399 / 2**20
    assert world.calls[-1] == "close"
    world.fault_after = 0
    with pytest.raises(KeyboardInterrupt):
        record(60.0, sample_rate=16000)


def test_lost_samples_are_told(world: StandIn) -> None:
    world.overflows = {2, 3}
    with pytest.warns(UserWarning, match=r"lost in 2 of 10 blocks of 0\.1 s"):
        assert record(1.0, sample_rate=16000).duration_s == 1.0


def test_a_missing_package_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    for use in (lambda: play(sine(440)), lambda: record(1.0)):
        with pytest.raises(MissingPackageError, match=r'pip install "woodshed\[device\]"'):
            use()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_library(name: str, *rest: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_library)
    with pytest.raises(MissingPackageError, match=r"PortAudio library not found.*apt install libportaudio2"):
        play(sine(440))


@pytest.mark.parametrize(
    "fault", [PortAudioError("Error querying device -1"), ValueError("No output device matching 'x'")]
)
def test_a_missing_device_is_told_with_the_cure(world: StandIn, fault: Exception) -> None:
    world.fault = fault
    with pytest.raises(OutputError, match=rf"play sine 440 Hz \(16000 Hz.*{fault}.*python -m sounddevice"):
        play(sine(440))
    with pytest.raises(OutputError, match=rf"record \(44100 Hz, channels: 1\): {fault}"):
        record(1.0)


@pytest.mark.parametrize("bad", [0, -1.0, math.nan, math.inf])
def test_settings_out_of_range_are_refused(world: StandIn, bad: float) -> None:
    for settings in ({"duration_s": bad}, {"sample_rate": bad}, {"n_channels": bad}):
        (name,) = settings
        with pytest.raises(ParameterError, match=f"record expects a .*positive {name}, got"):
            record(**{"duration_s": 1.0, **settings})
    with pytest.raises(ParameterError, match=r"whole, positive sample_rate, got 44100\.5"):
        record(1.0, sample_rate=44100.5)
    assert world.calls == []


def test_a_microphone_is_heard_block_by_block_and_let_go(world: StandIn) -> None:
    world.check_input_settings = lambda **_: None
    blocks = record_blocks(16000, block_s=0.05, device=2)
    first, second = next(blocks), next(blocks)
    np.testing.assert_array_equal(first.samples, [np.arange(800) / 2**20])
    np.testing.assert_array_equal(second.samples, [np.arange(800, 1600) / 2**20])
    assert (first.sample_rate, first.source) == (16000, "microphone")
    blocks.close()
    asked = {"samplerate": 16000, "channels": 1, "dtype": "float32", "device": 2}
    assert world.calls == [asked, "open", "close"]


def test_a_microphone_without_that_rate_gives_its_own(world: StandIn) -> None:
    def refuse(**_: object) -> None:
        raise PortAudioError("Invalid sample rate")

    world.check_input_settings = refuse
    world.query_devices = lambda device, kind: {"default_samplerate": 44100.0}
    block = next(record_blocks(8000, block_s=0.1))
    assert (block.sample_rate, block.n_samples) == (44100, 4410)


def test_lost_blocks_are_told_once_and_a_missing_microphone_with_the_cure(world: StandIn) -> None:
    world.check_input_settings = lambda **_: None
    world.overflows = {1, 2}
    blocks = record_blocks(16000)
    with pytest.warns(UserWarning, match="Samples were lost"):
        next(blocks)
    next(blocks)
    world.fault = PortAudioError("Error querying device -1")
    with pytest.raises(OutputError, match=r"record \(16000 Hz, channels: 1\): Error querying device -1"):
        next(record_blocks(16000))
