"""Look: what one reading of a sound tells the doctor; a few hundred numbers, however long it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.measure import CLIPPED_RUN, FULL_SCALE, LARGEST, SILENCE_FRAME_S, SILENT_DBFS
from woodshed.clip import Clip, Samples
from woodshed.data.doctor.band import band_limit
from woodshed.data.doctor.fingerprint import LISTENED_S, fingerprint, narrowed
from woodshed.data.doctor.view import HIGHEST_RATE, described
from woodshed.data.example import Example
from woodshed.data.sound import codec_of, example_blocks, own_rate
from woodshed.errors import AudioFileError, ParameterError, ScoreFileError, WoodshedError
from woodshed.features.views import Views
from woodshed.units import amplitude_to_db, db_to_amplitude, s_to_samples, samples_to_s

_EDGE_DB = -40.0


@dataclass(frozen=True, eq=False)
class Look:
    """What is known of one sound.

    Parameters
    ----------
    sample_rate, n_channels, n_samples, codec
        As in `woodshed.audio.read.FileInfo`, the samples counted in the stretch.
    digest
        Equal for two sounds if, and only if, rate, channels and every decoded sample are.
    peak, rms
        Largest value without sign, and root mean square around the mean; full scale is 1.
    constant
        Whether all samples are the same.
    n_full, n_clipped
        Samples at full scale, and those of them in runs of three or more, in one channel, on one side.
    dc_offset
        Mean of the channel whose mean is furthest from 0.
    silence_share
        Share of 20 ms frames below -60 dBFS.
    zero_share
        Share of the same frames in which every sample is exactly 0.
    lead_s, trail_s
        Time before the first and behind the last frame that is less than 40 dB below the loudest, in seconds.
    band_hz, band_drop_db
        See `woodshed.data.doctor.band.band_limit`.
    print_
        See `woodshed.data.doctor.fingerprint`; None when it was not asked for.
    views
        Row of `woodshed.features.views.Views`; None when it was not asked for.
    """

    sample_rate: int
    n_channels: int
    n_samples: int
    codec: str
    digest: str
    peak: float
    rms: float
    constant: bool
    n_full: int
    n_clipped: int
    dc_offset: float
    silence_share: float
    zero_share: float
    lead_s: float = 0.0
    trail_s: float = 0.0
    band_hz: float = 0.0
    band_drop_db: float = 0.0
    print_: Samples | None = None
    views: Samples | None = None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return samples_to_s(self.n_samples, self.sample_rate)

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to hear: all samples the same, or not one above -60 dBFS."""
        return self.constant or self.peak < db_to_amplitude(SILENT_DBFS)

    @property
    def level_db(self) -> float:
        """RMS level in decibels below full scale, at least -120."""
        return amplitude_to_db(self.rms)


def look(example: Example, *, views: Views | None = None) -> Look:
    """Read one sound, block by block, and note what there is to know.

    Parameters
    ----------
    example
        File and stretch.
    views
        How to describe it for the search for wrong labels; None for the cheap part alone. What costs more
        hears the first 30 s at most.

    Raises
    ------
    AudioFileError, ScoreFileError
        If it cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> seen = look(Example(sample_folder() / "recordings" / "7_theo_0.flac", "7"))
    >>> seen.n_samples, seen.codec, seen.is_silent
    (3428, 'FLAC PCM_16', False)
    """
    codec = codec_of(example.path)
    tally = _Tally(FULL_SCALE.get(codec.rpartition(" ")[2], LARGEST))
    heard: list[Samples] = []
    n_heard = 0
    for block in example_blocks(example):
        tally.add(block)
        if views is not None and n_heard < LISTENED_S * block.sample_rate:
            heard.append(block.mono())
            n_heard += block.n_samples
    rate, n_channels = block.sample_rate, block.n_channels
    if views is None:
        return Look(rate, n_channels, tally.n_samples, codec, *tally.answers())
    clip = Clip(np.concatenate(heard)[np.newaxis], rate)
    small = narrowed(clip)
    rows = (fingerprint(small), described(clip, views))
    return Look(
        *(rate, n_channels, tally.n_samples, codec, *tally.answers()),
        *(*_edges_s(clip), *band_limit(clip), *rows),
    )


def look_at_all(
    examples: Sequence[Example],
    *,
    views: Views | None = None,
    n_jobs: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> list[Look | str]:
    """Look at every sound, several at a time; where one cannot be read, the reason stands in its place.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0.
    """
    import joblib

    if n_jobs == 0:
        raise ParameterError("n_jobs must be 1 or more, or -1 for one thread a core, got 0.")
    tasks = (joblib.delayed(_look_or_reason)(example, views) for example in examples)
    # Threads: decoding, hashing, resampling and transforms leave the interpreter to others.
    answers: Iterator[Look | str] = joblib.Parallel(
        n_jobs=n_jobs, backend="threading", return_as="generator"
    )(tasks)
    looks = []
    for answer in answers:
        looks.append(answer)
        on_done()
    return looks


def common_rate(examples: Sequence[Example], highest: int = HIGHEST_RATE) -> int:
    """Return the rate to describe all at: the commonest in the headings of at most 200 files, bounded."""
    rates = []
    for example in examples[:: max(1, len(examples) // 200)]:
        try:
            rates.append(own_rate(example.path))
        except WoodshedError:
            continue
    return min(highest, max(4000, max(rates, key=rates.count))) if rates else highest


def _look_or_reason(example: Example, views: Views | None) -> Look | str:
    try:
        return look(example, views=views)
    except (AudioFileError, ScoreFileError) as error:
        return error.reason
    except WoodshedError as error:
        return str(error)
    except Exception as error:  # whatever one strange file brings about must not end a long run
        return f"{type(error).__name__}: {error}"


class _Tally:
    """Counts a sound block by block."""

    def __init__(self, full_scale: float) -> None:
        self._full_scale = full_scale
        self._digest = hashlib.blake2b(digest_size=16)
        self._lowest, self._highest = np.inf, -np.inf
        self._squares, self._sums = 0.0, np.zeros(1)
        self._n_full = self._n_clipped = self._n_zero = 0
        self._n_silent = self.n_samples = 0

    def add(self, block: Clip) -> None:
        samples = block.samples
        if self.n_samples == 0:
            self._digest.update(f"{block.sample_rate} Hz, {block.n_channels} channels:".encode())
            self._sums = np.zeros(block.n_channels)
        self._digest.update(samples.T.tobytes())  # sample by sample, so that the blocks leave no trace
        self._lowest = min(self._lowest, float(samples.min()))
        self._highest = max(self._highest, float(samples.max()))
        power = np.square(samples, dtype=np.float64).mean(axis=0)
        self._squares += float(power.sum())
        self._sums += samples.sum(axis=1, dtype=np.float64)
        if max(-self._lowest, self._highest) >= self._full_scale:
            self._n_full += int(np.count_nonzero(np.abs(samples) >= self._full_scale))
            self._n_clipped += count_clipped(samples, self._full_scale)
        length = min(block.n_samples, max(1, s_to_samples(SILENCE_FRAME_S, block.sample_rate)))
        starts = np.arange(0, block.n_samples, length)
        lengths = np.diff(starts, append=block.n_samples)
        energy = np.add.reduceat(power, starts)
        self._n_silent += int(lengths[energy < lengths * db_to_amplitude(SILENT_DBFS) ** 2].sum())
        self._n_zero += int(lengths[energy == 0].sum())
        self.n_samples += block.n_samples

    def answers(self) -> tuple[str, float, float, bool, int, int, float, float, float]:
        means = self._sums / self.n_samples
        variance = self._squares / self.n_samples - float(np.mean(means**2))
        return (
            self._digest.hexdigest(),
            max(abs(self._lowest), abs(self._highest)),
            float(np.sqrt(max(variance, 0.0))),
            self._lowest == self._highest,
            self._n_full,
            self._n_clipped,
            float(means[np.abs(means).argmax()]),
            self._n_silent / self.n_samples,
            self._n_zero / self.n_samples,
        )


def count_clipped(samples: Samples, full_scale: float) -> int:
    """Count the samples in runs of three or more at full scale, each channel and side for itself.

    Examples
    --------
    >>> count_clipped(np.array([[0, 1, 1, 1, 0, 1, 1, -1, -1, -1, -1]]), 1.0)
    7
    """
    n_clipped = 0
    for at in (samples >= full_scale, samples <= -full_scale):
        if at.shape[1] < CLIPPED_RUN:
            continue
        runs = at[:, 2:] & at[:, 1:-1] & at[:, :-2]
        marked: NDArray[np.bool_] = np.zeros_like(at)
        for k in range(CLIPPED_RUN):
            marked[:, k : k + runs.shape[1]] |= runs
        n_clipped += int(marked.sum())
    return n_clipped


def _edges_s(clip: Clip) -> tuple[float, float]:
    """Return how long it is quiet at the start and at the end, in seconds."""
    length = max(1, s_to_samples(SILENCE_FRAME_S / 2, clip.sample_rate))
    starts = np.arange(0, clip.n_samples, length)
    power = np.add.reduceat(np.square(clip.samples[0], dtype=np.float64), starts)
    loud = np.flatnonzero(power > power.max() * db_to_amplitude(_EDGE_DB) ** 2)
    if not len(loud):
        return samples_to_s(clip.n_samples, clip.sample_rate), 0.0
    lead, trail = starts[loud[0]], clip.n_samples - min(clip.n_samples, starts[loud[-1]] + length)
    return samples_to_s(int(lead), clip.sample_rate), samples_to_s(int(trail), clip.sample_rate)
