"""Hearing: what a recogniser answers from moment to moment along a sound of any length.

The sound comes in blocks and is decoded once. It is resampled and described as a stream, so that a window
which lies across two blocks is the same as in the whole sound. Kept are the answers and the level, some
thousand numbers a minute.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError
from woodshed.features.block import features_of_blocks, mono_blocks
from woodshed.features.log_mel import LogMel
from woodshed.features.row import RowFeature
from woodshed.recognition.classical.fitting import probabilities
from woodshed.recognition.confidence import Confidence
from woodshed.recognition.detection.level import LevelMeter, RingBuffer, sounding
from woodshed.recognition.novelty_detection import SpectralEmbedding
from woodshed.recognition.recogniser import Recogniser
from woodshed.recognition.window import STILL, cut_windows
from woodshed.training.inference import ONNX_NAME, predict_keras
from woodshed.units import samples_to_s

Answers = NDArray[np.float32]

N_BATCH = 64
"""So many windows are asked about at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowScores:
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
    strange
        Shape ``(n_windows,)``: whether each is unlike all that was learned from; None if nobody looked.
    silence_db
        A stretch that is nowhere louder is silence to the model.
    """

    labels: tuple[str, ...]
    centres_s: NDArray[np.float64]
    answers: Answers
    start_s: float
    end_s: float
    levels_db: NDArray[np.float32]
    level_s: float
    highest_hz: float
    strange: NDArray[np.bool_] | None = None
    silence_db: float = -math.inf

    @property
    def borders_s(self) -> NDArray[np.float64]:
        """Half-way between the middles: window ``k`` speaks for what is between border ``k`` and the next."""
        between = (self.centres_s[1:] + self.centres_s[:-1]) / 2
        return np.concatenate([[self.start_s], between, [self.end_s]])


@dataclass(frozen=True, eq=False)
class WindowClassifier:
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
    confidence
        What makes probabilities say how often they are right, and knows what is strange.
    """

    labels: tuple[str, ...]
    feature: LogMel | RowFeature
    n_rows: int
    n_step: int
    ask: Callable[[NDArray[np.float32]], Answers]
    confidence: Confidence = field(default_factory=Confidence)

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
        return self.confidence.calibrate(answers / answers.sum(axis=1, keepdims=True)).astype(np.float32)

    def is_strange(self, tape: RingBuffer, start: int, n_rows: int) -> bool:
        """Return whether the window of rows from ``start`` on is unlike all that was learned from.

        What a model learned from are single sounds, so of the window only what lies between its first and
        its last loud moment is looked at. Where there is none, nothing is strange.
        """
        novelty_detector = self.confidence.novelty_detector
        if novelty_detector is None:
            return False
        stop = min(self.place(start + n_rows), self.end(start + n_rows - 1))
        samples = sounding(tape.cut(self.place(start), stop), self.sample_rate)
        if not len(samples):
            return False
        row = SpectralEmbedding(sample_rate=self.sample_rate)(Clip(samples, self.sample_rate))[np.newaxis]
        return bool(novelty_detector.distance(row.astype(np.float64))[0] > self.confidence.furthest)


def window_classifier(recogniser: Recogniser, hop_s: float | None = None) -> WindowClassifier:
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
        If ``hop_s`` is not positive, or longer than a window: some sound would not be heard. If the model
        does not name classes.
    """
    if recogniser.answer != "classes":
        raise ParameterError(
            f"A model for {recogniser.task} gives {recogniser.answer}, and a timeline needs one that names "
            "what it hears. Ask it about whole files: leave out --timeline and --live."
        )
    feature: LogMel | RowFeature = recogniser.fitted("feature_")
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
    return WindowClassifier(labels, feature, n_rows, n_step, ask, recogniser.confidence_)


def hear(classifier: WindowClassifier, blocks: Iterable[Clip]) -> WindowScores:
    """Hear a sound that comes in blocks, window by window.

    Parameters
    ----------
    ear
        Of `window_classifier`.
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
    meter = LevelMeter(classifier.sample_rate)
    centres: list[float] = []
    answers: list[Answers] = []
    strange: list[bool] = []
    tape = RingBuffer()
    heard = _measured(mono_blocks(blocks, classifier.sample_rate), meter, tape)
    for starts, windows in slide(classifier.rows(heard), classifier.n_rows, classifier.n_step):
        n_rows = windows.shape[1]
        centres += [classifier.centre_s(start, n_rows) for start in starts]
        answers.append(classifier.answer(windows))
        strange += [classifier.is_strange(tape, start, n_rows) for start in starts]
        # The last window may start anywhere after the one before it.
        tape.forget(classifier.place(starts[-1]))
    return WindowScores(
        labels=classifier.labels,
        centres_s=np.array(centres),
        answers=np.concatenate(answers),
        start_s=0.0,
        end_s=samples_to_s(meter.n_heard, classifier.sample_rate),
        levels_db=np.concatenate([meter.take(), meter.rest()]),
        level_s=meter.level_s,
        highest_hz=classifier.sample_rate / 2,
        strange=np.array(strange),
        silence_db=classifier.confidence.silence_db,
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


def _measured(blocks: Iterable[Clip], meter: LevelMeter, tape: RingBuffer) -> Iterator[Clip]:
    """Measure the level of what passes by, and hold it for a while."""
    for block in blocks:
        meter.add(block.samples[0])
        tape.add(block.samples[0])
        yield block


def _ask_net(recogniser: Recogniser) -> Callable[[NDArray[np.float32]], Answers]:
    """Make a function that asks a net about several windows at once.

    A recogniser's own asks one at a time, so that no answer depends on its neighbours, not even in its last
    bit. Here that bit does not count, and a long sound is done sooner.
    """
    content = recogniser.fitted("files_").get(ONNX_NAME)
    if content is None:
        return predict_keras(recogniser.net_)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda windows: session.run(None, {name: np.ascontiguousarray(windows)})[0]


def _ask_classical(feature: RowFeature, model: Any, windows: NDArray[np.float32]) -> Answers:
    """Describe stretches of samples, each in a row, and ask about them."""
    rows = np.stack([feature(Clip(window, feature.sample_rate)) for window in windows])
    return probabilities(model, rows.astype(np.float64)).astype(np.float32)
