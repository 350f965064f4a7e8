"""Measurements of one recording for the data-set checks, in one pass over the file."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.audio.measure import (
    CLIPPED_RUN,
    FULL_SCALE,
    LARGEST,
    SILENCE_FRAME_S,
    SILENT_DBFS,
    share_above,
)
from woodshed.audio.read import FileInfo, info, length_remark, read
from woodshed.clip import ChannelMix, Clip, Samples
from woodshed.data.doctor.fingerprint import COMPARED_S, fingerprint, narrowed
from woodshed.data.example import Example, example_blocks, header_of, is_made, is_score, own_rate
from woodshed.errors import WoodshedError
from woodshed.parallel import in_processes
from woodshed.units import amplitude_to_db, db_to_amplitude, s_to_samples, samples_to_s

if TYPE_CHECKING:
    from woodshed.features.views import Views

HIGHEST_RATE = 32000
"""Maximum sample rate of the views, in hertz: some classes differ in their highest band only."""

VIEWED_S = 15.0
"""Duration from the start of a sound that the views describe, in seconds."""

SHORTEST_S = 0.01
"""Minimum duration of a usable sound, in seconds: the period of the lowest pitches is longer."""

_BLOCK_S = 10.0

_MOST_VALUES = 2**22
"""Maximum number of values of a file that is decoded as a whole (16 MiB)."""

_EDGE_DB = -40.0

_N_FFT = 2048
_BAND_WIDTH_HZ = 400.0
_LEAST_DROP_DB = 15.0
_DEPTH_DB = 100.0
_LOWEST_LIMIT_HZ = 1000.0


@dataclass(frozen=True, eq=False, slots=True)
class Inspection:
    """Measurements of one sound.

    Parameters
    ----------
    sample_rate, n_channels, n_samples, codec
        As in `woodshed.audio.read.FileInfo`, with the samples of the segment only.
    digest
        Equal for two sounds if, and only if, rate, channels and all decoded samples are equal.
    peak, rms
        Largest absolute value, and root mean square about the mean; full scale is 1.
    constant
        Whether all samples are equal.
    n_full, n_clipped
        Number of samples at full scale, and of those in runs of three or more of one channel and sign.
    dc_offset
        Mean of the channel with the largest absolute mean.
    silence_share
        Share of 20 ms frames below -60 dBFS.
    zero_share
        Share of the same frames in which every sample is exactly 0.
    lead_s, trail_s
        Time before the first and after the last frame within 40 dB of the loudest, in seconds.
    band_hz, band_drop_db
        See `band_limit`.
    print_
        See `woodshed.data.doctor.copies`; None unless requested.
    views
        Row of `woodshed.features.views.Views`; None unless requested.
    remarks
        As in `woodshed.audio.read.FileInfo`: whether the file breaks off.
    mix_remark
        Whether two channels cancel each other in a mix: see `woodshed.clip.ChannelMix`.
    share_above
        Share of the energy above the highest frequency that a model would use, 0 to 1.
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
    remarks: tuple[str, ...] = ()
    mix_remark: str = ""
    share_above: float = 0.0

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return samples_to_s(self.n_samples, self.sample_rate)

    @property
    def is_silent(self) -> bool:
        """Whether the sound is silent: all samples equal, or none above -60 dBFS."""
        return self.constant or self.peak < db_to_amplitude(SILENT_DBFS)

    @property
    def level_db(self) -> float:
        """RMS level relative to full scale, in decibels, at least -120."""
        return amplitude_to_db(self.rms)


def inspect_sound(
    example: Example,
    *,
    views: Views | None = None,
    slow: bool = False,
    model_rate: int = HIGHEST_RATE,
    decoded: Decoded | None = None,
) -> Inspection:
    """Measure one sound, block by block.

    Parameters
    ----------
    example
        File and segment.
    views
        Feature for the search for wrong labels, with which everything is measured; None leaves it out.
    slow
        Whether to measure what the other slow checks need, of the first 30 s at most.
    model_rate
        Sample rate of the model in hertz: the energy above half of it is measured, of the first 30 s.
    decoded
        The whole file, if it is in memory; None reads the segment. The result is the same.

    Raises
    ------
    AudioFileError, ScoreFileError
        If it cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> inspection = inspect_sound(Example(sample_folder() / "recordings" / "7_theo_0.flac", "7"))
    >>> inspection.n_samples, inspection.codec, inspection.is_silent
    (3428, 'FLAC PCM_16', False)
    """
    slow = slow or views is not None
    header = header_of(example.path) if decoded is None else decoded.header
    codec = header.codec if header else "MIDI"
    tally = _Tally(FULL_SCALE.get(codec.rpartition(" ")[2], LARGEST))
    start: list[Samples] = []
    n_start = 0
    for block in example_blocks(example) if decoded is None else decoded.blocks(example):
        tally.add(block)
        is_needed = slow or (header is not None and block.sample_rate > model_rate)
        if is_needed and n_start < COMPARED_S * block.sample_rate:
            start.append(block.samples)
            n_start += block.n_samples
    inspection = Inspection(
        *(block.sample_rate, block.n_channels, tally.n_samples, codec, *tally.results()),
        remarks=_remarks(header, example, tally.n_samples),
        mix_remark=tally.mix_remark,
    )
    if not start:
        return inspection
    clip = Clip(Clip(np.concatenate(start, axis=1), block.sample_rate).mono(), block.sample_rate)
    inspection = replace(inspection, share_above=share_above(clip, model_rate / 2))
    return _of_slow_checks(inspection, clip, views) if slow else inspection


def _remarks(header: FileInfo | None, example: Example, n_samples: int) -> tuple[str, ...]:
    """Return the remarks on a file, of which ``n_samples`` could be decoded."""
    if header is None:
        return ()
    is_whole = example.start_s == 0 and example.end_s is None
    early_end = length_remark(n_samples, header.n_samples, header.sample_rate) if is_whole else ""
    return (*header.remarks, early_end) if early_end else header.remarks


def _of_slow_checks(inspection: Inspection, clip: Clip, views: Views | None) -> Inspection:
    """Return an inspection with the measurements of the slow checks."""
    lead_s, trail_s = _edges_s(clip)
    band_hz, band_drop_db = band_limit(clip)
    return replace(
        inspection,
        lead_s=lead_s,
        trail_s=trail_s,
        band_hz=band_hz,
        band_drop_db=band_drop_db,
        print_=fingerprint(narrowed(clip)),
        views=None if views is None else described(clip, views),
    )


def inspect_starts(
    paths: Sequence[Path], *, model_rate: int, n_jobs: int = 1
) -> tuple[list[Example], dict[int, Inspection]]:
    """Measure the first 30 s of the recordings that a model may not use as they are.

    These are recordings at a higher rate than that of the model, stereo ones, and those with a remark on the
    file. Files that cannot be read are left to the one who uses them.

    Returns
    -------
    examples, inspections
        All recordings, and the measurements by index.
    """
    examples = [Example(path, "", end_s=COMPARED_S) for path in paths if not is_score(path)]
    suspects = [k for k, example in enumerate(examples) if _is_suspect(example.path, model_rate)]
    results = inspect_sounds([examples[k] for k in suspects], model_rate=model_rate, n_jobs=n_jobs)
    found = zip(suspects, results, strict=True)
    return examples, {k: result for k, result in found if isinstance(result, Inspection)}


def _is_suspect(path: Path, model_rate: int) -> bool:
    try:
        header = info(path)
    except WoodshedError:
        return False
    return header.sample_rate > model_rate or header.n_channels == 2 or bool(header.remarks)


def inspect_sounds(
    examples: Sequence[Example],
    *,
    views: Views | None = None,
    slow: bool = False,
    model_rate: int = HIGHEST_RATE,
    n_jobs: int = 1,
    on_done: Callable[[int, Inspection | str], None] = lambda k, result: None,
) -> list[Inspection | str]:
    """Measure every sound in ``n_jobs`` processes; return the reason as text for one that cannot be read.

    ``on_done`` is called after each sound with its index and result.

    Raises
    ------
    OutputError
        If a process is ended from outside.
    ParameterError
        If ``n_jobs`` is 0.
    """
    rows_of: defaultdict[Path, list[int]] = defaultdict(list)
    for k, example in enumerate(examples):
        rows_of[example.path].append(k)
    results: list[Inspection | str] = [""] * len(examples)
    parts = [[examples[k] for k in rows] for rows in rows_of.values()]
    inspect = partial(
        _inspect_file, measure=partial(inspect_sound, views=views, slow=slow, model_rate=model_rate)
    )
    for rows, inspections in zip(rows_of.values(), in_processes(inspect, parts, n_jobs), strict=True):
        for k, inspection in zip(rows, inspections, strict=True):
            results[k] = inspection
            on_done(k, inspection)
    return results


@dataclass(frozen=True, eq=False)
class Decoded:
    """A whole file in memory, of which several segments are measured.

    Parameters
    ----------
    clip, header
        Its samples and header.
    """

    clip: Clip
    header: FileInfo

    def blocks(self, example: Example) -> Iterator[Clip]:
        """Yield the blocks of a segment; they are those of `woodshed.audio.read.read_blocks`."""
        segment = self.clip.cut(example.start_s, example.end_s)
        n_block = s_to_samples(_BLOCK_S, segment.sample_rate)
        for start in range(0, segment.n_samples, n_block):
            part = segment.samples[:, start : start + n_block]
            yield segment if part.shape == segment.samples.shape else replace(segment, samples=part)

    def has(self, example: Example) -> bool:
        """Return whether the segment has samples."""
        rate, n_samples = self.clip.sample_rate, self.clip.n_samples
        end = n_samples if example.end_s is None else min(n_samples, s_to_samples(example.end_s, rate))
        return 0 <= s_to_samples(example.start_s, rate) < end


def _inspect_file(examples: Sequence[Example], measure: Callable[..., Inspection]) -> list[Inspection | str]:
    """Measure the examples of one file, which is decoded once if it is short and holds several."""
    decoded = _decoded(examples) if len(examples) > 1 else None
    return [
        _inspection_or_reason(measure, example, decoded if decoded and decoded.has(example) else None)
        for example in examples
    ]


def _decoded(examples: Sequence[Example]) -> Decoded | None:
    """Return the whole file of several examples; None if it is long, synthesised, or cannot be read."""
    if any(map(is_made, examples)):
        return None
    try:
        header = info(examples[0].path)
        if header.n_samples * header.n_channels > _MOST_VALUES:
            return None
        return Decoded(read(examples[0].path), header)
    except WoodshedError:
        return None  # the parts that can be read are measured one by one


def usable(results: Sequence[Inspection | str]) -> dict[int, Inspection]:
    """Return the measurements of the readable sounds by row, given the result of `inspect_sounds`."""
    return {k: result for k, result in enumerate(results) if isinstance(result, Inspection)}


def common_rate(examples: Sequence[Example], highest: int = HIGHEST_RATE) -> int:
    """Return the most common sample rate in the headers of at most 200 files, from 4000 to ``highest`` Hz."""
    rates = []
    for example in examples[:: max(1, len(examples) // 200)]:
        try:
            rates.append(own_rate(example.path))
        except WoodshedError:
            continue
    return min(highest, max(4000, max(rates, key=rates.count))) if rates else highest


def _inspection_or_reason(
    measure: Callable[..., Inspection], example: Example, decoded: Decoded | None
) -> Inspection | str:
    try:
        return measure(example, decoded=decoded)
    except WoodshedError as error:
        return str(getattr(error, "reason", error))
    except Exception as error:  # no single file may end a long run
        return f"{type(error).__name__}: {error}"


class _Tally:
    """Running statistics of a sound that is read in blocks."""

    def __init__(self, full_scale: float) -> None:
        self._full_scale = full_scale
        self._digest = hashlib.blake2b(digest_size=16)
        self._lowest, self._highest = np.inf, -np.inf
        self._squares, self._sums = 0.0, np.zeros(1)
        self._n_full = self._n_clipped = self._n_zero = 0
        self._n_silent = self.n_samples = 0
        self._mix = ChannelMix(1)

    def add(self, block: Clip) -> None:
        samples = block.samples
        if self.n_samples == 0:
            self._digest.update(f"{block.sample_rate} Hz, {block.n_channels} channels:".encode())
            self._sums = np.zeros(block.n_channels)
            self._mix = ChannelMix(block.sample_rate)
        self._mix.add(samples)
        self._digest.update(samples.T.tobytes())  # sample by sample: independent of the block length
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

    @property
    def mix_remark(self) -> str:
        """Whether two channels cancel each other in a mix."""
        return self._mix.remark

    def results(self) -> tuple[str, float, float, bool, int, int, float, float, float]:
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
    """Count the samples in runs of three or more at full scale, separately for each channel and sign.

    Examples
    --------
    >>> count_clipped(np.array([[0, 1, 1, 1, 0, 1, 1, -1, -1, -1, -1]]), 1.0)
    7
    """
    n_clipped = 0
    for at in (samples >= full_scale, samples <= -full_scale):
        runs = at[:, 2:] & at[:, 1:-1] & at[:, :-2]
        marked: NDArray[np.bool_] = np.zeros_like(at)
        for k in range(CLIPPED_RUN):
            marked[:, k : k + runs.shape[1]] |= runs
        n_clipped += int(marked.sum())
    return n_clipped


def _edges_s(clip: Clip) -> tuple[float, float]:
    """Return the duration of the quiet parts at the start and at the end, in seconds."""
    length = max(1, s_to_samples(SILENCE_FRAME_S / 2, clip.sample_rate))
    starts = np.arange(0, clip.n_samples, length)
    power = np.add.reduceat(np.square(clip.samples[0], dtype=np.float64), starts)
    loud = np.flatnonzero(power > power.max() * db_to_amplitude(_EDGE_DB) ** 2)
    if not len(loud):
        return samples_to_s(clip.n_samples, clip.sample_rate), 0.0
    lead, trail = starts[loud[0]], clip.n_samples - min(clip.n_samples, starts[loud[-1]] + length)
    return samples_to_s(int(lead), clip.sample_rate), samples_to_s(int(trail), clip.sample_rate)


def described(clip: Clip, views: Views) -> Samples:
    """Return the row of `Views` of a clip at any rate, float32."""
    return views(resample(clip.cut(0.0, min(clip.duration_s, VIEWED_S)), views.sample_rate))


def band_limit(clip: Clip) -> tuple[float, float]:
    """Return the upper band limit of a sound, such as of a filter, lossy codec or resampler, and its depth.

    The long-term spectrum of a room or a microphone falls slowly; after a low-pass filter it drops steeply
    and stays low up to half the sample rate. The limit is the steepest drop between two neighbouring bands of
    400 Hz above which the level does not recover. Levels are limited to 100 dB below the maximum, and limits
    below 1 kHz are ignored, because the partials of a low note end steeply too.

    Returns
    -------
    limit_hz, drop_db
        Half the sample rate and 0 without a band limit.

    Examples
    --------
    >>> from woodshed.audio.edit import resample
    >>> from woodshed.audio.signals import noise
    >>> band_limit(noise())
    (8000.0, 0.0)
    >>> limit_hz, drop_db = band_limit(resample(resample(noise(), 8000), 16000))
    >>> 3800 < limit_hz < 4100, drop_db > 40
    (True, True)
    """
    half_hz = clip.sample_rate / 2
    n_fft = min(_N_FFT, clip.n_samples)
    width = max(2, round(_BAND_WIDTH_HZ * n_fft / clip.sample_rate))
    level_db = _long_term_db(clip, n_fft)
    level_db = np.maximum(level_db, level_db.max() - _DEPTH_DB)
    n_edges = len(level_db) - 2 * width
    if n_edges < 1:
        return half_hz, 0.0
    sums = np.concatenate([[0.0], np.cumsum(level_db)])
    mean_db = (sums[width:] - sums[:-width]) / width  # of the bins starting at k
    drop_db = mean_db[:n_edges] - mean_db[width : width + n_edges]
    highest_from = np.maximum.accumulate(mean_db[::-1])[::-1]
    stays = highest_from[width : width + n_edges] <= mean_db[:n_edges] - _LEAST_DROP_DB
    high = np.arange(width, width + n_edges) * clip.sample_rate / n_fft >= _LOWEST_LIMIT_HZ
    drop_db = np.where(stays & high, drop_db, 0.0)
    edge = int(drop_db.argmax())
    if drop_db[edge] < _LEAST_DROP_DB:
        return half_hz, 0.0
    return float((edge + width) * clip.sample_rate / n_fft), float(drop_db[edge])


def _long_term_db(clip: Clip, n_fft: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the mean power of each bin, in decibels."""
    starts = np.arange(0, clip.n_samples - n_fft + 1, n_fft)
    frames = clip.mono()[starts[:, np.newaxis] + np.arange(n_fft)] * np.hanning(n_fft).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1))).mean(axis=0)
    level: np.ndarray[tuple[int], np.dtype[np.float64]] = 10 * np.log10(np.maximum(power, 1e-14))
    return level
