"""Predictions of a recogniser for overlapping windows along a sound of any length.

The sound is decoded once, in blocks. It is resampled and its features are computed as a stream, so that a
window across two blocks equals that of the whole sound. Only the probabilities and the level are kept, some
thousand numbers per minute.
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
from woodshed.features.mel import LogMel
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.features.streaming import features_of_blocks, mono_blocks
from woodshed.features.summary import RowFeature
from woodshed.recognition.confidence import Confidence
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.window import cut_windows
from woodshed.training.inference import ONNX_NAME, predict_keras, predict_onnx
from woodshed.units import s_to_samples, samples_to_s

LEVEL_S = 0.01
"""Approximate length of a level frame, in seconds."""

LOWEST_DB = -120.0
"""Level of digital silence."""

ACTIVE_DB = 40.0
"""Frames whose level is further below the highest one of their window are not active."""

Probabilities = NDArray[np.floating]

BATCH_SIZE = 64
"""Maximum number of windows that are processed in one call."""


@dataclass(eq=False)
class SoundBuffer:
    """Levels and latest samples of a sound that arrives in blocks; indices are from its start.

    A level is the RMS of a frame of about 10 ms, relative to an RMS of 1.

    Examples
    --------
    >>> buffer = SoundBuffer(8000)
    >>> buffer.add(np.full(100, 0.1, np.float32))
    >>> buffer.add(np.zeros(100, np.float32))
    >>> buffer.pop_levels(ended=True).round(1).tolist()
    [-20.0, -26.0, -120.0]
    >>> buffer.discard(98)
    >>> buffer.read(98, 102).tolist() == [np.float32(0.1), np.float32(0.1), 0, 0]
    True
    """

    sample_rate: int
    n_samples: int = 0
    start: int = 0
    _samples: Samples = field(default_factory=lambda: np.empty(0, np.float32))
    _powers: list[NDArray[np.float32]] = field(default_factory=list)
    _remainder: Samples = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def frame_length(self) -> int:
        """Samples in a level frame."""
        return max(1, s_to_samples(LEVEL_S, self.sample_rate))

    @property
    def level_s(self) -> float:
        """Length of a level frame in seconds."""
        return samples_to_s(self.frame_length, self.sample_rate)

    def add(self, samples: Samples) -> None:
        """Append samples."""
        self.n_samples += len(samples)
        self._samples = np.concatenate([self._samples, samples])
        pending = np.concatenate([self._remainder, samples])
        n_whole = len(pending) // self.frame_length * self.frame_length
        self._powers.append(np.square(pending[:n_whole]).reshape(-1, self.frame_length).mean(axis=1))
        self._remainder = pending[n_whole:]

    def pop_levels(self, *, ended: bool = False) -> NDArray[np.float32]:
        """Return the levels in decibels of the frames that were completed since the last call.

        Parameters
        ----------
        ended
            Whether the last frame, if it is incomplete, is included.
        """
        powers = [np.empty(0, np.float32), *self._powers]
        if ended and len(self._remainder):
            powers.append(np.square(self._remainder).mean(keepdims=True))
        self._powers.clear()
        floor = np.float32(10 ** (LOWEST_DB / 10))
        return 10 * np.log10(np.maximum(np.concatenate(powers), floor), dtype=np.float32)

    def read(self, first: int, stop: int) -> Samples:
        """Return the samples from ``first`` to before ``stop``, as far as they are available."""
        return self._samples[first - self.start : stop - self.start]

    def discard(self, before: int) -> None:
        """Drop the samples before an index."""
        if before > self.start:
            self._samples, self.start = self._samples[before - self.start :].copy(), before


def trim_inactive(samples: Samples, sample_rate: int) -> Samples:
    """Return the samples from the first to the last active frame.

    Examples
    --------
    >>> samples = np.zeros(800, np.float32)
    >>> samples[160:320] = 0.5
    >>> len(trim_inactive(samples, 8000)), len(trim_inactive(np.zeros(800, np.float32), 8000))
    (160, 0)
    """
    buffer = SoundBuffer(sample_rate)
    buffer.add(samples)
    levels_db = buffer.pop_levels(ended=True)
    active = np.flatnonzero(levels_db >= max(levels_db.max(initial=LOWEST_DB) - ACTIVE_DB, LOWEST_DB + 1))
    if not len(active):
        return samples[:0]
    return samples[active[0] * buffer.frame_length : (active[-1] + 1) * buffer.frame_length]


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowScores:
    """Probabilities and levels along a segment of sound.

    Parameters
    ----------
    labels
        Labels of the columns of ``probabilities``.
    centres_s
        Centre of each window in seconds, ascending, shape ``(n_windows,)``.
    probabilities
        Shape ``(n_windows, n_labels)``.
    start_s, end_s
        Start and end of the segment.
    levels_db
        RMS level of the mono mix in frames from ``start_s`` on, relative to an RMS of 1.
    level_s
        Length of such a frame in seconds.
    highest_hz
        Half of the sample rate of the model.
    is_novel
        Whether each window is unlike the training data, shape ``(n_windows,)``; None if unknown.
    silence_db
        Segments whose levels are all lower are silence to the model.
    """

    labels: tuple[str, ...]
    centres_s: NDArray[np.float64]
    probabilities: NDArray[np.float32]
    start_s: float
    end_s: float
    levels_db: NDArray[np.float32]
    level_s: float
    highest_hz: float
    is_novel: NDArray[np.bool_] | None = None
    silence_db: float = -math.inf

    @property
    def borders_s(self) -> NDArray[np.float64]:
        """Ends of the segment and midpoints of centres: window ``k`` is from border ``k`` to the next."""
        between = (self.centres_s[1:] + self.centres_s[:-1]) / 2
        return np.concatenate([[self.start_s], between, [self.end_s]])


@dataclass(frozen=True, eq=False)
class WindowClassifier:
    """Window layout, features and prediction function of a recogniser.

    Positions are counted in rows: frames for a network, samples for a classical estimator.

    Parameters
    ----------
    labels
        Labels of the predicted probabilities.
    feature
        Front end.
    n_rows, n_step
        Length of a window, and step from one to the next.
    predict
        Windows to probabilities.
    confidence
        Calibration and novelty detection.
    """

    labels: tuple[str, ...]
    feature: LogMel | RowFeature
    n_rows: int
    n_step: int
    predict: Callable[[NDArray[np.float32]], Probabilities]
    confidence: Confidence = field(default_factory=Confidence)

    @property
    def sample_rate(self) -> int:
        """Sample rate of the model, in hertz."""
        return self.feature.sample_rate

    @property
    def hop_length(self) -> int:
        """Samples from one row to the next."""
        return self.feature.hop_length if isinstance(self.feature, LogMel) else 1

    @property
    def n_context(self) -> int:
        """Samples before, and after, the position of a row that influence it."""
        return self.feature.n_context if isinstance(self.feature, LogMel) else 0

    @property
    def step_s(self) -> float:
        """Step from one window to the next, in seconds."""
        return samples_to_s(self.n_step * self.hop_length, self.sample_rate)

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return samples_to_s(self.n_rows * self.hop_length, self.sample_rate)

    def sample_of(self, row: int) -> int:
        """Return the sample at the position of a row."""
        return row * self.hop_length

    def end_sample(self, row: int) -> int:
        """Return the first sample after those that influence a row."""
        return self.sample_of(row) + max(1, self.n_context)

    def n_rows_of(self, n_samples: int) -> int:
        """Return the number of rows of a sound of ``n_samples``."""
        return self.feature.n_frames(n_samples) if isinstance(self.feature, LogMel) else n_samples

    def centre_s(self, start: int, n_rows: int) -> float:
        """Return the centre of the window of ``n_rows`` from row ``start`` on, in seconds."""
        rate = self.sample_rate
        return samples_to_s(start * self.hop_length, rate) + (n_rows - 1) * self.hop_length / 2 / rate

    def rows(self, blocks: Iterable[Clip]) -> Iterator[Samples]:
        """Yield the rows of mono blocks at the rate of the model, as of one sound."""
        if isinstance(self.feature, LogMel):
            return features_of_blocks(self.feature, blocks)
        return (block.samples[0] for block in blocks)

    def probabilities(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the calibrated probabilities for windows of one length, shape ``(n_windows, n_labels)``."""
        if isinstance(self.feature, LogMel) and windows.shape[1] < self.n_rows:
            windows = cut_windows(list(windows), self.n_rows)
        parts = [self.predict(windows[k : k + BATCH_SIZE]) for k in range(0, len(windows), BATCH_SIZE)]
        outputs = np.concatenate(parts).astype(np.float64)
        return self.confidence.calibrate(outputs / outputs.sum(axis=1, keepdims=True)).astype(np.float32)

    def is_novel(self, buffer: SoundBuffer, start: int, n_rows: int) -> bool:
        """Return whether the window of ``n_rows`` from row ``start`` on is unlike the training data.

        Since training clips are single sounds, only the part of the window from its first to its last active
        frame is compared. A window without active frames is not novel.
        """
        novelty_detector = self.confidence.novelty_detector
        if novelty_detector is None:
            return False
        stop = min(self.sample_of(start + n_rows), self.end_sample(start + n_rows - 1))
        samples = trim_inactive(buffer.read(self.sample_of(start), stop), self.sample_rate)
        if not len(samples):
            return False
        row = SoundEmbedding(sample_rate=self.sample_rate).spectrum(Clip(samples, self.sample_rate))
        distance = novelty_detector.spectrum_distance(row[np.newaxis].astype(np.float64))[0]
        return bool(distance > self.confidence.max_spectrum_distance)


def window_classifier(recogniser: Recogniser, hop_s: float | None = None) -> WindowClassifier:
    """Return the window classifier of a fitted recogniser.

    Parameters
    ----------
    recogniser
        Fitted network or classical estimator.
    hop_s
        Step from one window to the next, in seconds; None is half a window.

    Raises
    ------
    NotFittedError
        If the recogniser is not fitted.
    ParameterError
        If ``hop_s`` is not positive or longer than a window, or the model is not a classifier.
    """
    recogniser.head.check_timeline(recogniser.task)
    feature: LogMel | RowFeature = recogniser.fitted("feature_")
    predict: Callable[[NDArray[np.float32]], Probabilities]
    if isinstance(feature, LogMel):
        rate_hz, n_rows = feature.frame_rate_hz, recogniser.n_frames_
        content = recogniser.fitted("files_").get(ONNX_NAME)
        predict = predict_keras(recogniser.net_) if content is None else predict_onnx(content, batched=True)
    else:
        rate_hz = float(feature.sample_rate)
        n_rows = max(1, round(recogniser.fitted_settings_["window_s"] * rate_hz))
        predict = functools.partial(_predict_classical, feature, recogniser.net_)
    window_s = n_rows / rate_hz
    hop_s = window_s / 2 if hop_s is None else hop_s
    if not 0 < hop_s <= window_s:
        raise ParameterError(
            f"hop_s must be positive and at most a window ({window_s:g} s), got {hop_s!r}. "
            "With longer steps some sound would be in no window."
        )
    return WindowClassifier(
        labels=tuple(map(str, recogniser.fitted("classes_"))),
        feature=feature,
        n_rows=n_rows,
        n_step=max(1, round(hop_s * rate_hz)),
        predict=predict,
        confidence=recogniser.confidence_,
    )


def scan(classifier: WindowClassifier, blocks: Iterable[Clip]) -> WindowScores:
    """Classify a sound window by window.

    Parameters
    ----------
    classifier
        The return value of `window_classifier`.
    blocks
        Consecutive blocks of one sound, at any rate, such as those of `woodshed.audio.read_blocks`.

    Returns
    -------
    WindowScores
        The last window ends with the sound. A sound shorter than a window is one window.

    Raises
    ------
    AudioError
        If there is no block.
    """
    buffer = SoundBuffer(classifier.sample_rate)
    centres_s: list[float] = []
    probabilities: list[NDArray[np.float32]] = []
    is_novel: list[bool] = []
    buffered = _buffered(mono_blocks(blocks, classifier.sample_rate), buffer)
    for starts, windows in sliding_windows(classifier.rows(buffered), classifier.n_rows, classifier.n_step):
        n_rows = windows.shape[1]
        centres_s += [classifier.centre_s(start, n_rows) for start in starts]
        probabilities.append(classifier.probabilities(windows))
        is_novel += [classifier.is_novel(buffer, start, n_rows) for start in starts]
        # The last window of the sound may start anywhere after the previous one.
        buffer.discard(classifier.sample_of(starts[-1]))
    return WindowScores(
        labels=classifier.labels,
        centres_s=np.array(centres_s),
        probabilities=np.concatenate(probabilities),
        start_s=0.0,
        end_s=samples_to_s(buffer.n_samples, classifier.sample_rate),
        levels_db=buffer.pop_levels(ended=True),
        level_s=buffer.level_s,
        highest_hz=classifier.sample_rate / 2,
        is_novel=np.array(is_novel),
        silence_db=classifier.confidence.silence_db,
    )


def sliding_windows(
    parts: Iterable[Samples], n_rows: int, n_step: int
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Cut consecutive parts of an array into windows of ``n_rows``, ``n_step`` rows apart.

    Yields
    ------
    starts, windows
        First row of each window, and a view of shape ``(n_windows, n_rows, ...)``. The last window ends with
        the last row; if there are too few rows for a window, it is shorter.

    Raises
    ------
    AudioError
        If there are no rows.

    Examples
    --------
    >>> parts = [np.arange(3.0), np.arange(3.0, 8.0)]
    >>> [(starts, windows.tolist()) for starts, windows in sliding_windows(parts, 3, 2)]
    [([0], [[0.0, 1.0, 2.0]]), ([2, 4], [[2.0, 3.0, 4.0], [4.0, 5.0, 6.0]]), ([5], [[5.0, 6.0, 7.0]])]
    """
    pending: Samples | None = None
    first = n_received = upcoming = 0
    for part in parts:
        pending = part if pending is None else np.concatenate([pending, part])
        n_received += len(part)
        n_windows = 1 + (n_received - n_rows - upcoming) // n_step
        if n_windows > 0:
            views = np.lib.stride_tricks.sliding_window_view(pending[upcoming - first :], n_rows, axis=0)
            starts = [upcoming + k * n_step for k in range(n_windows)]
            yield starts, np.moveaxis(views[::n_step], -1, 1)
            upcoming += n_windows * n_step
        # The last window may start before the next regular one.
        start = max(first, min(upcoming, n_received - n_rows))
        pending, first = pending[start - first :].copy(), start
    if pending is None or n_received == 0:
        raise AudioError("There is no sound to classify. Pass at least one block.")
    if n_received < n_rows:
        yield [0], pending[np.newaxis]
    elif upcoming - n_step + n_rows < n_received:
        yield [n_received - n_rows], pending[np.newaxis, -n_rows:]


def _buffered(blocks: Iterable[Clip], buffer: SoundBuffer) -> Iterator[Clip]:
    """Yield blocks unchanged, after adding them to a buffer."""
    for block in blocks:
        buffer.add(block.samples[0])
        yield block


def _predict_classical(feature: RowFeature, model: Any, windows: NDArray[np.float32]) -> Probabilities:
    """Return the output of a classical estimator for windows of samples."""
    rows = np.stack([feature(Clip(window, feature.sample_rate)) for window in windows])
    return np.asarray(model.predict(rows), np.float32)
