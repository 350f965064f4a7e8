"""Speed of feature extraction from many files, and of reading stored features; writes ``features.md``.

    python -m benchmarks.speed.features [--data FOLDER] [--rounds 5] [--files 500] [--out FILE]

Real recordings of 5 s are written as WAV, FLAC, Ogg Vorbis and MP3. See `benchmarks.speed.rounds` for the
timing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.speed.rounds import in_fresh_process, ratio_rows, spread, time_rounds

from woodshed.features import LogMel, Mfcc, ShortTerm

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
MEL = {"sample_rate": 22050, "n_fft": 2048, "hop_length": 512, "n_mels": 128, "f_min_hz": 0.0}
LOG_MEL = LogMel(**MEL)
MFCC = Mfcc(**MEL, n_mfcc=20)
SHORT_TERM = ShortTerm()

RATIOS = {
    "log-mel against a librosa loop": ("librosa log-mel", "log-mel", 1.3),
    "log-mel, two workers into the store, against that loop": (
        "librosa log-mel",
        "log-mel, two workers",
        2.2,
    ),
    "MFCC against a librosa loop": ("librosa MFCC", "MFCC", 1.3),
    "MFCC, two workers into the store, against that loop": ("librosa MFCC", "MFCC, two workers", 2.2),
    "34 + 34 features against an equal librosa recipe": ("librosa 34 + 34", "34 + 34", 3.0),
    "34 + 34 features against pyAudioAnalysis": ("pyAudioAnalysis", "34 + 34", 3.0),
    "a second run from the store against the first": ("34 + 34, first run", "34 + 34, second run", 20.0),
    "fraction of the limit (decode + resample), log-mel": ("limit", "log-mel", 0.0),
}


def write_files(data: Path, folder: Path, n_files: int) -> None:
    """Write recordings, alternating between the formats."""
    import soundfile

    recordings = sorted((data / "esc10" / "audio").glob("*/*.ogg"))
    for number in range(n_files):
        samples, rate = soundfile.read(recordings[number % len(recordings)], dtype="float32")
        soundfile.write(folder / f"{number:04d}{SUFFIXES[number % len(SUFFIXES)]}", samples, rate)


def librosa_log_mel(path: Path) -> np.ndarray:
    """Compute log-mel features with librosa."""
    import librosa

    samples, rate = librosa.load(path, sr=22050)
    power = librosa.feature.melspectrogram(y=samples, sr=rate, n_fft=2048, hop_length=512, n_mels=128)
    decibels: np.ndarray = librosa.power_to_db(power)
    return decibels


def librosa_mfcc(path: Path) -> np.ndarray:
    """Compute MFCCs and their changes with librosa."""
    import librosa

    samples, rate = librosa.load(path, sr=22050)
    mfcc = librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=20, n_fft=2048, hop_length=512, n_mels=128)
    return np.concatenate([mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)])


def librosa_short_term(samples: np.ndarray) -> np.ndarray:
    """Compute the same 34 features and their changes with librosa, for frames of 50 ms, from one spectrogram."""
    import librosa

    rate = SHORT_TERM.sample_rate
    framing = {"n_fft": 800, "hop_length": 400}
    spectrum = np.abs(librosa.stft(samples, **framing))
    power = spectrum**2
    frames = librosa.util.frame(np.pad(samples, 400), frame_length=800, hop_length=400)

    def entropy(blocks: np.ndarray) -> np.ndarray:
        share = blocks / np.maximum(blocks.sum(axis=0), 1e-12)
        return -np.sum(share * np.log2(share + 1e-12), axis=0, keepdims=True)

    tenths = frames.reshape(10, 80, -1)
    bands = power[:400].reshape(10, 40, -1)
    share = spectrum / np.maximum(spectrum.sum(axis=0), 1e-12)
    chroma = librosa.feature.chroma_stft(S=power, sr=rate, n_fft=800, hop_length=400)
    rows = [
        librosa.feature.zero_crossing_rate(samples, frame_length=800, hop_length=400),
        librosa.feature.rms(y=samples, frame_length=800, hop_length=400) ** 2,
        entropy((tenths**2).sum(axis=1)),
        librosa.feature.spectral_centroid(S=spectrum, sr=rate),
        librosa.feature.spectral_bandwidth(S=spectrum, sr=rate),
        entropy(bands.sum(axis=1)),
        np.sum(np.diff(share, axis=1, prepend=share[:, :1]) ** 2, axis=0, keepdims=True),
        librosa.feature.spectral_rolloff(S=spectrum, sr=rate, roll_percent=0.9),
        librosa.feature.mfcc(
            S=librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=rate, n_mels=40)), n_mfcc=13
        ),
        chroma,
        chroma.std(axis=0, keepdims=True),
    ]
    plain = np.concatenate([row[:, : spectrum.shape[1]] for row in rows])
    return np.concatenate([plain, np.diff(plain, axis=1, prepend=plain[:, :1])])


def pyaudioanalysis(samples: np.ndarray) -> np.ndarray:
    """Compute the 34 features and their changes with pyAudioAnalysis, which expects the scale of 16 bits."""
    from pyAudioAnalysis import ShortTermFeatures

    described: np.ndarray = ShortTermFeatures.feature_extraction(
        samples * 32768, SHORT_TERM.sample_rate, SHORT_TERM.frame_length, SHORT_TERM.hop_length
    )[0]
    return described


def is_installed(package: str) -> bool:
    """Return whether an optional package is installed."""
    return importlib.util.find_spec(package) is not None


def limit(path: Path) -> None:
    """Decode and resample only: the lower bound of any method."""
    import soundfile
    import soxr

    samples, rate = soundfile.read(path, dtype="float32")
    soxr.resample(samples, rate, 22050, quality="HQ")


def measure(folder: Path, n_rounds: int) -> dict[str, list[float]]:
    """Time every method; return the seconds of each."""
    from woodshed.audio import read
    from woodshed.data.extract import extract
    from woodshed.data.item import _file_digest

    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    clips = [read(path, sample_rate=SHORT_TERM.sample_rate, mono=True) for path in paths]
    stores = folder / "stores"  # one for every run; removing them is not measured
    stores.mkdir()

    def one_process(feature: LogMel | Mfcc | ShortTerm) -> None:
        for path in paths:
            feature(read(path, sample_rate=feature.sample_rate, mono=True))

    def into_store(feature: LogMel | Mfcc | ShortTerm, n_jobs: int, *, anew: bool = True) -> None:
        if anew:
            tempfile.mkdtemp(prefix=f"{len(list(stores.iterdir())):04d}-", dir=stores)
        _file_digest.cache_clear()  # as in a fresh process
        extraction = extract(paths, [feature], max(stores.iterdir()), n_jobs=n_jobs)
        if not anew:
            for path in paths:
                extraction.arrays(path)

    def first() -> None:
        into_store(SHORT_TERM, 1)

    ways: dict[str, Callable[[], object]] = {
        "librosa log-mel": lambda: [librosa_log_mel(path) for path in paths],
        "log-mel": lambda: one_process(LOG_MEL),
        "log-mel, two workers": lambda: into_store(LOG_MEL, 2),
        "librosa MFCC": lambda: [librosa_mfcc(path) for path in paths],
        "MFCC": lambda: one_process(MFCC),
        "MFCC, two workers": lambda: into_store(MFCC, 2),
        "librosa 34 + 34": lambda: [librosa_short_term(clip.samples[0]) for clip in clips],
        "34 + 34": lambda: [SHORT_TERM(clip) for clip in clips],
        "limit": lambda: [limit(path) for path in paths],
    }
    if is_installed("pyAudioAnalysis"):
        ways["pyAudioAnalysis"] = lambda: [pyaudioanalysis(clip.samples[0]) for clip in clips]
    return time_rounds(ways, n_rounds) | _store_rounds(
        first, lambda: into_store(SHORT_TERM, 1, anew=False), n_rounds
    )


def _store_rounds(
    first: Callable[[], object], second: Callable[[], object], n_rounds: int
) -> dict[str, list[float]]:
    """Time a first run and a second one from the store, always in this order."""
    seconds: dict[str, list[float]] = {}
    for _ in range(n_rounds):
        for name, way in (("34 + 34, first run", first), ("34 + 34, second run", second)):
            seconds.setdefault(name, []).extend(time_rounds({name: way}, 1)[name])
    return seconds


def page(seconds: dict[str, list[float]], n_files: int, n_rounds: int) -> str:
    """Return the text of the page."""
    known = {name: ratio for name, ratio in RATIOS.items() if ratio[0] in seconds}
    rows = ratio_rows(known, seconds)
    rows[-1][2:] = ["–", "–"]
    speeds = [[name, spread(1000 * np.array(values) / n_files, 2)] for name, values in seconds.items()]
    return f"""{n_files} files of 5 s at 44,100 Hz: ESC-10 recordings, in equal parts WAV, FLAC, Ogg Vorbis and MP3. One thread for
BLAS and OpenMP on both sides. Median of {n_rounds} paired rounds (lowest–highest).

{markdown_table(["ratio", "measured", "to reach", "reached"], rows)}

{markdown_table(["method", "ms per file"], speeds)}

- Log-mel and MFCC: 22,050 Hz, n_fft 2048, hop 512, 128 bands; MFCC: 20 coefficients with first and second changes.
- 34 + 34: from samples in memory on both sides, 16,000 Hz, frames of 50 ms every 25 ms. The recipe computes the same
  features with librosa and NumPy for the whole clip at once, from one spectrogram.
- Two workers: every file is also written to an empty feature store. Second run: all files are
  read and compared by digest, then their features are read from the store."""


def main() -> None:
    """Make the files, measure in a fresh process with one thread, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder of data sets (default: $WOODSHED_DATA, or ../shared/data)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parse(parser)
    if chosen.measure:
        print(json.dumps(measure(chosen.measure, chosen.rounds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_files(chosen.data, Path(folder), chosen.files)
        seconds = in_fresh_process(
            "benchmarks.speed.features", "--measure", folder, "--rounds", str(chosen.rounds)
        )
    body = page(seconds, chosen.files, chosen.rounds)
    write_markdown(chosen.out, "Speed of feature extraction", body)
    print(body)


if __name__ == "__main__":
    main()
