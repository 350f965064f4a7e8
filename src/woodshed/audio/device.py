"""Playback and recording through the optional package sounddevice."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from woodshed.clip import Clip, Samples
from woodshed.errors import MissingPackageError, OutputError, ParameterError, printable
from woodshed.units import s_to_samples

BLOCK_S = 0.1
"""Length of a recorded block in seconds, which is also the most that is lost on Ctrl-C."""


def play(clip: Clip, *, device: str | int | None = None) -> None:
    """Play a clip and wait for its end.

    Ctrl-C stops the playback and raises `KeyboardInterrupt`.

    Parameters
    ----------
    clip
        Sound with at most as many channels as the device has.
    device
        Part of the name of a device, or its number; None is the default of the system. ``python -m
        sounddevice`` lists the devices.

    Raises
    ------
    MissingPackageError
        If sounddevice, or the PortAudio library it needs, is not installed.
    OutputError
        If the device does not exist, or does not support the rate or the number of channels.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> play(sine(440, 0.5))  # doctest: +SKIP
    """
    what = f"play {printable(clip.source)} ({clip.sample_rate} Hz, channels: {clip.n_channels})"
    with _device(what) as sounddevice:
        try:
            sounddevice.play(clip.samples.T, clip.sample_rate, device=device)
            sounddevice.wait()
        except KeyboardInterrupt:
            sounddevice.stop()
            raise


def record(
    duration_s: float,
    *,
    sample_rate: int = 44100,
    n_channels: int = 1,
    device: str | int | None = None,
) -> Clip:
    """Record from a microphone.

    Parameters
    ----------
    duration_s
        Duration in seconds, positive. Ctrl-C ends the recording early and returns what was recorded.
    sample_rate
        Sample rate in hertz.
    n_channels
        1 is mono, 2 is stereo.
    device
        As in `play`.

    Returns
    -------
    Clip
        Its source is ``recording``.

    Raises
    ------
    MissingPackageError
        If sounddevice, or the PortAudio library it needs, is not installed.
    OutputError
        If the device does not exist, or does not support the rate or the number of channels.
    ParameterError
        If the duration, rate or number of channels is not positive.
    KeyboardInterrupt
        On Ctrl-C before the first block was recorded.

    Warns
    -----
    UserWarning
        If samples were lost because of system load.

    Examples
    --------
    >>> record(3.0, sample_rate=16000)  # doctest: +SKIP
    Clip('recording', 3.000 s, 16000 Hz, 1 channel)
    """
    for name, value in (("duration_s", duration_s), ("sample_rate", sample_rate), ("n_channels", n_channels)):
        if not 0 < value < math.inf or (name != "duration_s" and int(value) != value):
            kind = "positive" if name == "duration_s" else "whole, positive"
            raise ParameterError(f"record expects a {kind} {name}, got {value!r}.")
    n_samples = max(1, s_to_samples(duration_s, sample_rate))
    n_block = max(1, s_to_samples(BLOCK_S, sample_rate))
    blocks: list[Samples] = []
    n_lost = 0
    with (
        _device(f"record ({sample_rate} Hz, channels: {n_channels})") as sounddevice,
        sounddevice.InputStream(
            samplerate=sample_rate, channels=n_channels, dtype="float32", device=device
        ) as stream,
    ):
        try:
            for start in range(0, n_samples, n_block):
                block, overflowed = stream.read(min(n_block, n_samples - start))
                n_lost += bool(overflowed)
                blocks.append(np.array(block, dtype=np.float32))
        except KeyboardInterrupt:
            if not blocks:
                raise
    if n_lost:
        warnings.warn(
            f"Samples were lost in {n_lost} of {len(blocks)} blocks of {BLOCK_S} s because of system load. "
            "Close other programs, or record at a lower rate.",
            stacklevel=2,
        )
    return Clip(np.concatenate(blocks).T, sample_rate, "recording")


def record_blocks(
    sample_rate: int, *, block_s: float = BLOCK_S, device: str | int | None = None
) -> Iterator[Clip]:
    """Record from a microphone continuously and yield blocks in real time.

    Close the iterator, or press Ctrl-C, to stop and to release the microphone.

    Parameters
    ----------
    sample_rate
        Preferred sample rate in hertz. A microphone that does not support it records at its default rate.
    block_s
        Length of a block in seconds, which is the minimum latency.
    device
        As in `play`.

    Yields
    ------
    Clip
        Mono; its source is ``microphone``.

    Raises
    ------
    MissingPackageError
        If sounddevice, or the PortAudio library it needs, is not installed.
    OutputError
        If the device does not exist.

    Warns
    -----
    UserWarning
        Once, if samples were lost because of system load.

    Examples
    --------
    >>> blocks = record_blocks(16000)
    >>> next(blocks)  # doctest: +SKIP
    Clip('microphone', 0.100 s, 16000 Hz, 1 channel)
    """
    has_warned = False
    with _device(f"record ({sample_rate} Hz, channels: 1)") as sounddevice:
        try:
            sounddevice.check_input_settings(device=device, channels=1, samplerate=sample_rate)
        except sounddevice.PortAudioError:
            sample_rate = int(sounddevice.query_devices(device, "input")["default_samplerate"])
        n_block = max(1, s_to_samples(block_s, sample_rate))
        with sounddevice.InputStream(
            samplerate=sample_rate, channels=1, dtype="float32", device=device
        ) as stream:
            while True:
                block, overflowed = stream.read(n_block)
                if overflowed and not has_warned:
                    has_warned = True
                    warnings.warn("Samples were lost because of system load.", stacklevel=2)
                yield Clip(np.array(block, dtype=np.float32).T, sample_rate, "microphone")


@contextmanager
def _device(what: str) -> Iterator[Any]:
    """Yield the package sounddevice; its errors become an `OutputError` with a remedy."""
    try:
        import sounddevice
    except ImportError as error:
        raise MissingPackageError(
            'Playing and recording need sounddevice: pip install "woodshed[device]"'
        ) from error
    except OSError as error:  # sounddevice is installed, PortAudio is not
        raise MissingPackageError(
            f"sounddevice found no PortAudio library ({error}). Install it: apt install libportaudio2, "
            "or brew install portaudio."
        ) from error
    try:
        yield sounddevice
    except (sounddevice.PortAudioError, ValueError) as error:  # ValueError: no device of that name
        raise OutputError(
            f"No device could {what}: {error}. Connect one, or choose another by name: "
            "python -m sounddevice lists them."
        ) from error
