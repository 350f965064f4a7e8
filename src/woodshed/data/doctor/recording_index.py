"""Index of recordings: whether a sound is a version of one that a model was trained on.

The recordings themselves are not kept. Of each there is a summary (`woodshed.data.doctor.fingerprint`), which
finds candidates, and a signature: one bit for each band and frame, which tells whether the difference between
neighbouring bands rises or falls. Gain, resampling and lossy codecs change few of the bits; in another
recording about half of them differ. Bits of soft bands are not compared.

References
----------
J. Haitsma and T. Kalker, "A highly robust audio fingerprinting system", ISMIR 2002: the bits, there with
frames of 0.37 s, for music of several seconds. Frames here are shorter, since a sound may be a word.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.data.doctor.fingerprint import COMPARED_S, RATE, fingerprint, narrowed
from woodshed.data.example import Example, is_made, read_example
from woodshed.decoding import parse_arrays
from woodshed.errors import DataError, WoodshedError
from woodshed.features.mel import LogMel

MAX_RECORDINGS = 3000
"""Maximum number of recordings of an index; of more, as many are taken, evenly spread."""

SIGNATURE_S = 5.0
"""Duration from the start of a sound that has a signature, in seconds."""

WITHIN_DB = 12.0
"""Maximum distance of the summaries of a pair whose signatures are compared."""

N_CANDIDATES = 8
"""Maximum number of recordings, the nearest by their summaries, that a sound is compared with."""

MAX_ERROR = 0.24
"""Maximum share of differing bits of two versions of one recording.

Versions differ in at most 0.11 of the bits (MP3 and OGG of environmental sounds) to 0.19 (MP3 of speech at
8 kHz), other recordings in 0.30 or more.
"""

_N_VALUES, _N_BANDS = 120, 25
"""Numbers of values of a summary, and of bands of a signature."""

_N_BYTES = (_N_BANDS - 1) // 8
"""Bytes of a frame of a signature: a bit for each pair of neighbouring bands."""

_LEAST_SAMPLES = 1600
"""Minimum length of a compared sound at 8 kHz, 0.2 s: shorter ones agree by chance."""

_HOP, _N_OFFSETS = 80, 2
"""Samples from frame to frame, and beginnings of the frames of a compared sound."""

_DEPTH_DB, _AUDIBLE_DB = 60.0, 55.0
"""Dynamic range of the levels, and of the bands whose bits are compared, in decibels."""

_LEAST_BITS, _LEAST_SHARE = 200, 0.6
"""Least number of audible bits that are compared, and their least share in the compared sound."""


@dataclass(frozen=True)
class RecordingPrint:
    """Summary and signature of a recording in one row, which a feature store can keep.

    Parameters
    ----------
    sample_rate
        Rate of the clips in hertz, at least 8000.

    Examples
    --------
    >>> from woodshed.audio import noise, silence
    >>> recording_print = RecordingPrint(16000)
    >>> recording_print(noise()).shape, recording_print(silence(1.0)).shape
    ((420,), (1,))
    """

    key: ClassVar[str] = "recording-print/1"
    sample_rate: int

    def __call__(self, clip: Clip) -> Samples:
        """Return 120 values of the summary, then the bytes of the signature; one value if inaudible."""
        samples = narrowed(clip.cut(0.0, min(clip.duration_s, COMPARED_S)))
        if not _is_audible(samples):
            return np.zeros(1, np.float32)
        signature = np.packbits(_bits(_levels(samples)), axis=1)
        return np.concatenate([fingerprint(samples), signature.ravel()], dtype=np.float32)


def print_rate(sample_rate: int) -> int:
    """Return the rate at which recordings are read for their prints, given that of a model, in hertz.

    Examples
    --------
    >>> print_rate(16000), print_rate(4000)
    (16000, 8000)
    """
    return max(sample_rate, RATE)


def indexed_rows(n_recordings: int) -> list[int]:
    """Return which of a number of recordings an index holds: at most `MAX_RECORDINGS`, evenly spread.

    Examples
    --------
    >>> indexed_rows(3)
    [0, 1, 2]
    """
    n_indexed = min(n_recordings, MAX_RECORDINGS)
    rows: list[int] = np.linspace(0, n_recordings - 1, n_indexed).astype(int).tolist()
    return rows


@dataclass(frozen=True)
class RecordingIndex:
    """Summaries and signatures of recordings.

    Parameters
    ----------
    names
        Name of the file of each recording.
    summaries
        Shape ``(n_recordings, 120)``, float16, in decibels.
    signatures
        Of each recording the bits, packed into shape ``(n_frames, 3)``, uint8.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> first, *others = load(sample_folder()).examples[:6]
    >>> index = RecordingIndex.of([first])
    >>> index.match(first) == first.path.name, [index.match(other) for other in others]
    (True, [None, None, None, None, None])
    """

    names: tuple[str, ...]
    summaries: NDArray[np.float16]
    signatures: tuple[NDArray[np.uint8], ...]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Self:
        """Make the index of some examples; what is unreadable, silent or very short is left out."""
        chosen = [examples[k] for k in indexed_rows(len(examples))]
        waveforms = [(example.path.name, _waveform(example)) for example in chosen]
        return cls.of_prints(
            (name, RecordingPrint(RATE)(Clip(samples, RATE)))
            for name, samples in waveforms
            if samples is not None
        )

    @classmethod
    def of_prints(cls, prints: Iterable[tuple[str, NDArray[np.floating]]]) -> Self:
        """Make the index from the name and the `RecordingPrint` of each file; inaudible ones are left out."""
        audible = [(name, row) for name, row in prints if len(row) > 1]
        summaries = [row[:_N_VALUES] for _, row in audible]
        return cls(
            tuple(name for name, _ in audible),
            np.asarray(summaries, np.float16).reshape(len(audible), _N_VALUES),
            tuple(row[_N_VALUES:].astype(np.uint8).reshape(-1, _N_BYTES) for _, row in audible),
        )

    def match(self, example: Example) -> str | None:
        """Return the name of the recording that an example is a version of; None if there is none."""
        samples = _waveform(example) if self.names else None
        if samples is None:
            return None
        differences = self.summaries.astype(np.float32) - fingerprint(samples)
        distances_db = np.sqrt(np.mean(np.square(differences), axis=1))
        # The frames of two versions seldom begin at the same sample.
        versions = [
            _audible_signs(_levels(samples[offset:])) for offset in range(0, _HOP, _HOP // _N_OFFSETS)
        ]
        for k in np.argsort(distances_db, kind="stable")[:N_CANDIDATES].tolist():
            if distances_db[k] > WITHIN_DB:
                break
            signs = _signs(np.unpackbits(self.signatures[k], axis=1))
            if min(_error(signs, version) for version in versions) <= MAX_ERROR:
                name: str = self.names[k]
                return name
        return None

    def to_bytes(self) -> bytes:
        """Return the index as ``.npz``."""
        content = io.BytesIO()
        lengths = [len(signature) for signature in self.signatures]
        np.savez_compressed(
            content,
            allow_pickle=False,
            names=np.asarray(self.names, dtype=str),
            summaries=self.summaries,
            signatures=np.concatenate([np.zeros((0, _N_BYTES), np.uint8), *self.signatures]),
            lengths=np.asarray(lengths, np.int64),
        )
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read an index; no code in it is run.

        Raises
        ------
        DataError
            If it cannot be parsed.
        """
        try:
            arrays = parse_arrays(content)
            names, summaries, signatures, lengths = (
                arrays[name] for name in ("names", "summaries", "signatures", "lengths")
            )
            n_frames = int(lengths.sum()) if lengths.dtype == np.int64 else -1
            if (
                [array.dtype.kind for array in (names, summaries, signatures)] != ["U", "f", "u"]
                or names.shape != lengths.shape
                or summaries.shape != (*names.shape, _N_VALUES)
                or signatures.shape != (n_frames, _N_BYTES)
                or signatures.dtype != np.uint8
                or np.any(lengths < 0)
            ):
                raise ValueError("its arrays do not fit together")
            parts = np.split(signatures, np.cumsum(lengths)[:-1]) if len(names) else []
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"The index of recordings cannot be parsed ({error}).") from error
        return cls(tuple(names.tolist()), summaries.astype(np.float16), tuple(parts))


def _waveform(example: Example) -> Samples | None:
    """Return the waveform of an example as it is compared; None if it cannot be, or is synthesised."""
    if is_made(example):
        return None
    try:
        samples = narrowed(read_example(example, mono=True).cut(0.0, COMPARED_S))
    except WoodshedError:
        return None
    return samples if _is_audible(samples) else None


def _is_audible(samples: Samples) -> bool:
    """Return whether a waveform at 8 kHz has enough sound to be compared."""
    return len(samples) >= _LEAST_SAMPLES and bool(np.any(samples))


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Return the levels of 25 bands in decibels, at least 60 dB below the maximum."""
    feature = LogMel(
        sample_rate=RATE, n_fft=512, hop_length=_HOP, n_mels=_N_BANDS, f_min_hz=150.0, f_max_hz=3500.0
    )
    levels_db = feature(Clip(samples[np.newaxis, : round(SIGNATURE_S * RATE)], RATE)).astype(np.float64)
    return np.asarray(np.maximum(levels_db, levels_db.max() - _DEPTH_DB))


def _bits(levels_db: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the difference of neighbouring bands rises, shape ``(n_frames, 24)``."""
    return np.asarray(np.diff(np.diff(levels_db, axis=1), axis=0) > 0)


def _signs(bits: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(bits, 1.0, -1.0)


def _audible_signs(levels_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 and -1 for the bits of a waveform, 0 where the bands are too soft to survive a codec."""
    is_loud = levels_db > levels_db.max() - _AUDIBLE_DB
    is_loud = is_loud[:, 1:] | is_loud[:, :-1]
    return np.asarray(_signs(_bits(levels_db)) * (is_loud[1:] | is_loud[:-1]))


def _error(recording: NDArray[np.float64], version: NDArray[np.float64]) -> float:
    """Return the least share of differing bits over all shifts at which enough of them meet; else 1."""
    from scipy import fft

    size = fft.next_fast_len(len(recording) + len(version), real=True)
    spectra = [fft.rfft(values, size, axis=0) for values in (recording, version)]
    agreement = fft.irfft(spectra[0] * np.conj(spectra[1]), size, axis=0).sum(axis=1)
    n_bits = np.abs(version).sum(axis=1)
    inside = fft.rfft(np.ones(len(recording)), size) * np.conj(fft.rfft(n_bits, size))
    n_compared = np.rint(fft.irfft(inside, size))
    enough = n_compared >= max(_LEAST_BITS, _LEAST_SHARE * n_bits.sum())
    if not enough.any():
        return 1.0
    return float(0.5 - 0.5 * (agreement[enough] / n_compared[enough]).max())
