"""Hearing: what a recogniser answers from moment to moment along a sound of any length.

The sound comes in blocks and is decoded once. It is resampled and described as a stream, so that a window
which lies across two blocks is the same as in the whole sound. Kept are the answers and the level, some
thousand numbers a minute.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.base.classical import probabilities
from woodshed.base.inference import ONNX_NAME, ask_keras
from woodshed.base.recogniser import Recogniser
from woodshed.base.window import STILL, cut_windows
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError
from woodshed.features.block import features_of_blocks, mono_blocks
from woodshed.features.log_mel import LogMel
from woodshed.features.summary import Summary
from woodshed.units import s_to_samples, samples_to_s

Answers = NDArray[np.float32]

LEVEL_S = 0.01
"""The level is measured in frames of about this length, in seconds."""

LOWEST_DB = -120.0
"""The level of digital silence."""

N_BATCH = 64
"""So many windows are asked about at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Hearing:
    """Answers and levels along a stretch of sound.

    Parameters
    ----------
    labels
        What the columns of the answers are about.
    centres_s
        Middle of each window, shape ``(n_windows,)``, in seconds, ascending.
    answers
        Probabilities, shape ``(n_windows, n_labels)``.
    start_s, end_s
        The stretch.
    levels_db
        RMS level of the mono mix in frames from ``start_s`` on, relative to an RMS of 1.
    level_s
        Length of such a frame in seconds.
    highest_hz
        Half of the rate at which it was heard.
    """

    labels: tuple[str, ...]
    centres_s: NDArray[np.float64]
    answers: Answers
    start_s: float
    end_s: float
    levels_db: NDArray[np.float32]
    level_s: float
    highest_hz: float

    @property
    def borders_s(self) -> NDArray[np.float64]:
        """Half-way between the middles: window ``k`` speaks for what is between border ``k`` and the next."""
        between = (self.centres_s[1:] + self.centres_s[:-1]) / 2
        return np.concatenate([[self.start_s], between, [self.end_s]])


@dataclass(eq=False)
class Meter:
    """Level of a sound that comes in blocks.

    Examples
    --------
    >>> meter = Meter(8000)
    >>> meter.add(np.full(100, 0.1, np.float32))
    >>> meter.add(np.zeros(100, np.float32))
    >>> np.concatenate([meter.take(), meter.rest()]).round(1).tolist()
    [-20.0, -26.0, -120.0]
    """

    sample_rate: int
    n_heard: int = 0
    _powers: list[NDArray[np.float32]] = field(default_factory=list)
    _left: Samples = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def n_frame(self) -> int:
        """Samples in a frame."""
        return max(1, s_to_samples(LEVEL_S, self.sample_rate))

    @property
    def level_s(self) -> float:
        """Length of a frame in seconds."""
        return samples_to_s(self.n_frame, self.sample_rate)

    def add(self, samples: Samples) -> None:
        """Take the next samples."""
        self.n_heard += len(samples)
        samples = np.concatenate([self._left, samples])
        n_whole = len(samples) // self.n_frame * self.n_frame
        self._powers.append(np.square(samples[:n_whole]).reshape(-1, self.n_frame).mean(axis=1))
        self._left = samples[n_whole:]

    def take(self) -> NDArray[np.float32]:
        """Return the levels of the frames that are complete and were not taken yet, in decibels."""
        powers = np.concatenate([np.empty(0, np.float32), *self._powers])
        self._powers.clear()
        return _power_db(powers)

    def rest(self) -> NDArray[np.float32]:
        """Return the level of the last frame, which is shorter; nothing if there is none."""
        return _power_db(np.square(self._left).mean(keepdims=True) if len(self._left) else self._left)


@dataclass(frozen=True, eq=False)
class Ear:
    """How a recogniser hears windows: where they lie, what it sees of them, what it answers.

    Places are counted in rows: frames for a net, samples for a classical model.

    Parameters
    ----------
    labels
        The names it knows.
    feature
        What describes the sound.
    n_rows, n_step
        Length of a window, and from one to the next.
    ask
        Windows to probabilities.
    calibrate
        Probabilities to such as say how often they are right.
    """

    labels: tuple[str, ...]
    feature: LogMel | Summary
    n_rows: int
    n_step: int
    ask: Callable[[NDArray[np.float32]], Answers]
    calibrate: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda probabilities: probabilities

    @property
    def sample_rate(self) -> int:
        """The rate at which it hears, in hertz."""
        return self.feature.sample_rate

    @property
    def n_hop(self) -> int:
        """Samples from row to row."""
        return self.feature.hop_length if isinstance(self.feature, LogMel) else 1

    @property
    def n_context(self) -> int:
        """How many samples a row hears before, and as many after, its own place."""
        return self.feature.n_context if isinstance(self.feature, LogMel) else 0

    @property
    def step_s(self) -> float:
        """From window to window, in seconds."""
        return samples_to_s(self.n_step * self.n_hop, self.sample_rate)

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return samples_to_s(self.n_rows * self.n_hop, self.sample_rate)

    def place(self, row: int) -> int:
        """Return the sample around which a row lies."""
        return row * self.n_hop

    def end(self, row: int) -> int:
        """Return the first sample that a row no longer hears."""
        return self.place(row) + max(1, self.n_context)

    def count(self, n_samples: int) -> int:
        """Count the rows of so many samples."""
        return self.feature.n_frames(n_samples) if isinstance(self.feature, LogMel) else n_samples

    def centre_s(self, start: int, n_rows: int | None = None) -> float:
        """Return the middle of a window that starts at a row; a row lies around its place."""
        n_rows = self.n_rows if n_rows is None else n_rows
        return (
            samples_to_s(start * self.n_hop, self.sample_rate)
            + (n_rows - 1) * self.n_hop / 2 / self.sample_rate
        )

    def rows(self, blocks: Iterable[Clip]) -> Iterator[Samples]:
        """Turn mono blocks at its rate into rows, without seams."""
        if isinstance(self.feature, LogMel):
            return features_of_blocks(self.feature, blocks)
        return (block.samples[0] for block in blocks)

    def answer(self, windows: NDArray[np.float32]) -> Answers:
        """Ask about windows of any one length, at most so many at once; rows sum to 1."""
        if isinstance(self.feature, LogMel) and windows.shape[1] < self.n_rows:
            windows = cut_windows(list(windows), self.n_rows, STILL)
        parts = [self.ask(windows[k : k + N_BATCH]) for k in range(0, len(windows), N_BATCH)]
        answers = np.concatenate(parts).astype(np.float64)
        return self.calibrate(answers / answers.sum(axis=1, keepdims=True)).astype(np.float32)


def ear_of(recogniser: Recogniser, hop_s: float | None = None) -> Ear:
    """Make an ear of a fitted recogniser.

    Parameters
    ----------
    recogniser
        With a net or a classical model.
    hop_s
        From one window to the next, in seconds; None is half a window.

    Raises
    ------
    NotFittedError
        If it has not learned.
    ParameterError
        If ``hop_s`` is not positive, or longer than a window: some sound would not be heard.
    """
    feature: LogMel | Summary = recogniser.fitted("feature_")
    labels = tuple(recogniser.fitted("classes_").tolist())
    ask: Callable[[NDArray[np.float32]], Answers]
    if isinstance(feature, LogMel):
        rate_hz, n_rows, ask = feature.frame_rate_hz, recogniser.n_frames, _ask_net(recogniser)
    else:
        rate_hz = float(feature.sample_rate)
        n_rows = max(1, round(recogniser.window_s * rate_hz))
        ask = functools.partial(_ask_classical, feature, recogniser.net_)
    window_s = n_rows / rate_hz
    hop_s = window_s / 2 if hop_s is None else hop_s
    if not 0 < hop_s <= window_s:
        raise ParameterError(
            f"hop_s must be positive and at most a window ({window_s:g} s), got {hop_s!r}: "
            "between longer steps nothing would be heard."
        )
    n_step = max(1, round(hop_s * rate_hz))
    return Ear(labels, feature, n_rows, n_step, ask, recogniser.confidence_.calibrate)


def hear(ear: Ear, blocks: Iterable[Clip]) -> Hearing:
    """Hear a sound that comes in blocks, window by window.

    Parameters
    ----------
    ear
        Of `ear_of`.
    blocks
        Stretches of one sound in order, without gap or overlap, at any rate, as `woodshed.audio.read_blocks`
        gives them.

    Returns
    -------
    Hearing
        The last window ends with the sound. A sound shorter than a window is heard as one.

    Raises
    ------
    AudioError
        If there is no sound.
    """
    meter = Meter(ear.sample_rate)
    centres: list[float] = []
    answers: list[Answers] = []
    heard = _measured(mono_blocks(blocks, ear.sample_rate), meter)
    for starts, windows in slide(ear.rows(heard), ear.n_rows, ear.n_step):
        centres += [ear.centre_s(start, windows.shape[1]) for start in starts]
        answers.append(ear.answer(windows))
    return Hearing(
        labels=ear.labels,
        centres_s=np.array(centres),
        answers=np.concatenate(answers),
        start_s=0.0,
        end_s=samples_to_s(meter.n_heard, ear.sample_rate),
        levels_db=np.concatenate([meter.take(), meter.rest()]),
        level_s=meter.level_s,
        highest_hz=ear.sample_rate / 2,
    )


def slide(
    parts: Iterable[Samples], n_rows: int, n_step: int
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Cut rows that come in parts into windows.

    Yields
    ------
    starts, windows
        First row of each window, and a view of shape ``(n_windows, n_rows, ...)``. The last window ends with
        the last row; if there are too few rows for a window, it is shorter.

    Raises
    ------
    AudioError
        If there is no row at all.

    Examples
    --------
    >>> parts = [np.arange(3.0), np.arange(3.0, 8.0)]
    >>> [(starts, windows.tolist()) for starts, windows in slide(parts, 3, 2)]
    [([0], [[0.0, 1.0, 2.0]]), ([2, 4], [[2.0, 3.0, 4.0], [4.0, 5.0, 6.0]]), ([5], [[5.0, 6.0, 7.0]])]
    """
    held: Samples | None = None
    first = n_heard = following = 0
    for part in parts:
        held = part if held is None else np.concatenate([held, part])
        n_heard += len(part)
        n_windows = 1 + (n_heard - n_rows - following) // n_step
        if n_windows > 0:
            views = np.lib.stride_tricks.sliding_window_view(held[following - first :], n_rows, axis=0)
            starts = [following + k * n_step for k in range(n_windows)]
            yield starts, np.moveaxis(views[::n_step], -1, 1)
            following += n_windows * n_step
        # The last window may start before the one that would follow.
        start = max(first, min(following, n_heard - n_rows))
        held, first = held[start - first :].copy(), start
    if held is None or n_heard == 0:
        raise AudioError("There is no sound to hear. Give at least one block.")
    if n_heard < n_rows:
        yield [0], held[np.newaxis]
    elif following - n_step + n_rows < n_heard:
        yield [n_heard - n_rows], held[np.newaxis, -n_rows:]


def _measured(blocks: Iterable[Clip], meter: Meter) -> Iterator[Clip]:
    """Measure the level of what passes by."""
    for block in blocks:
        meter.add(block.samples[0])
        yield block


def _power_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    return 10 * np.log10(np.maximum(power, np.float32(10 ** (LOWEST_DB / 10))), dtype=np.float32)


def _ask_net(recogniser: Recogniser) -> Callable[[NDArray[np.float32]], Answers]:
    """Make a function that asks a net about several windows at once.

    A recogniser's own asks one at a time, so that no answer depends on its neighbours, not even in its last
    bit. Here that bit does not count, and a long sound is done sooner.
    """
    content = recogniser.fitted("files_").get(ONNX_NAME)
    if content is None:
        return ask_keras(recogniser.net_)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda windows: session.run(None, {name: np.ascontiguousarray(windows)})[0]


def _ask_classical(feature: Summary, model: Any, windows: NDArray[np.float32]) -> Answers:
    """Describe stretches of samples, each in a row, and ask about them."""
    rows = np.stack([feature(Clip(window, feature.sample_rate)) for window in windows])
    return probabilities(model, rows.astype(np.float64)).astype(np.float32)
