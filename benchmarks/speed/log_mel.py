"""Speed of log-mel features compared with librosa; writes ``log_mel.md`` beside this file.

    python -m benchmarks.speed.log_mel [--data FOLDER] [--rounds 7] [--out FILE]

Real recordings at 44,100 Hz, joined to half minutes and as they are, are written as WAV, FLAC, Ogg Vorbis and MP3. Each
round times every method once on the same files, so that disturbances affect all of them; ratios are
computed within a round. The process runs with one thread for BLAS and OpenMP for both sides, and so do
its two workers.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.speed.rounds import in_fresh_process, ratio_rows, spread, time_rounds

from woodshed.features import LogMel

FILE_RATE = 44100
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
FILES_PER_SUFFIX = 12
LONG, SHORT = 6, 1
"""Clips of ESC-10, of 5 s, in a file: files of 30 s and of 5 s."""
FEATURE = LogMel(sample_rate=22050, n_fft=2048, hop_length=512, n_mels=128, f_min_hz=0.0)

WORKERS = "woodshed two workers"

# Name of a ratio -> (reference method, measured method, required ratio).
RATIOS = {
    "mel stage against librosa's": ("librosa mel", "woodshed mel", 2.2),
    "from files, one process, against a librosa loop": ("librosa files", "woodshed files", 1.3),
    "from files, two workers, against that loop in one process": ("librosa files", WORKERS, 2.2),
    "fraction of the limit (decode + resample + bare FFT)": ("limit", "woodshed files", 0.8),
}


def write_files(data: Path, folder: Path, clips_per_file: int) -> list[Path]:
    """Write the same number of files in each format; return their paths."""
    import soundfile

    recordings = sorted((data / "esc10" / "audio").glob("*/*.ogg"))
    n_needed = len(SUFFIXES) * FILES_PER_SUFFIX * clips_per_file
    if len(recordings) < n_needed:
        raise SystemExit(f"{data / 'esc10'} has {len(recordings)} recordings, expected at least {n_needed}.")
    chosen = iter(recordings[:: len(recordings) // n_needed])
    paths = []
    for number in range(FILES_PER_SUFFIX):
        for suffix in SUFFIXES:
            parts = []
            for _ in range(clips_per_file):
                part, rate = soundfile.read(next(chosen), dtype="float32", always_2d=True)
                if rate != FILE_RATE:
                    raise SystemExit(f"expected recordings at {FILE_RATE} Hz, got {rate} Hz.")
                parts.append(part[:, 0])
            paths.append(folder / f"{number}{suffix}")
            soundfile.write(paths[-1], np.concatenate(parts), FILE_RATE)
    return paths


def librosa_mel(samples: np.ndarray) -> np.ndarray:
    """Compute the power only, without the decibels that woodshed's features include."""
    import librosa

    mel: np.ndarray = librosa.feature.melspectrogram(
        y=samples,
        sr=FEATURE.sample_rate,
        n_fft=FEATURE.n_fft,
        hop_length=FEATURE.hop_length,
        n_mels=FEATURE.n_mels,
    )
    return mel


def librosa_file(path: Path) -> np.ndarray:
    """Read a file and compute its features with librosa, which resamples with soxr HQ like woodshed."""
    import librosa

    samples, _ = librosa.load(path, sr=FEATURE.sample_rate)
    return librosa_mel(samples)


def woodshed_file(path: Path) -> np.ndarray:
    """Read a file and compute its features with woodshed."""
    from woodshed.audio import read

    return FEATURE(read(path, sample_rate=FEATURE.sample_rate, mono=True))


def fill_store(paths: Sequence[Path]) -> None:
    """Compute the features of files in two processes, into an empty feature store."""
    from woodshed.data.item import FileItem
    from woodshed.data.store import FeatureStore

    items = [FileItem(path, FEATURE.sample_rate) for path in paths]
    # In the folder of the files, which is removed after the measurement.
    FeatureStore(tempfile.mkdtemp(dir=paths[0].parent), FEATURE).fill(items, n_jobs=2)


def limit_file(path: Path) -> int:
    """Decode, resample and transform only: the lower bound of any method."""
    import scipy.fft
    import soundfile
    import soxr

    samples, rate = soundfile.read(path, dtype="float32")
    samples = soxr.resample(samples, rate, FEATURE.sample_rate, quality="HQ")
    block = np.zeros((32, FEATURE.n_fft), dtype=np.float32)
    n_frames = FEATURE.n_frames(len(samples))
    for first in range(0, n_frames, len(block)):
        scipy.fft.rfft(block[: n_frames - first], axis=1, overwrite_x=True)
    return n_frames


def measure(folder: Path, n_rounds: int) -> dict[str, object]:
    """Time every method once in each round; return the seconds, and the largest difference of the results."""
    from woodshed.audio import read

    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    clips = [read(path, sample_rate=FEATURE.sample_rate, mono=True) for path in paths]
    ways: dict[str, Callable[[], Sequence[object]]] = {
        "librosa mel": lambda: [librosa_mel(clip.samples[0]) for clip in clips],
        "woodshed mel": lambda: [FEATURE(clip) for clip in clips],
        "librosa files": lambda: [librosa_file(path) for path in paths],
        "woodshed files": lambda: [woodshed_file(path) for path in paths],
        WORKERS: lambda: fill_store(paths),
        "limit": lambda: [limit_file(path) for path in paths],
    }
    difference_db = 0.0
    for clip in clips:
        theirs = 10 * np.log10(np.maximum(librosa_mel(clip.samples[0]).T, 1e-10))
        upper = theirs > max(FEATURE.floor_db, theirs.max() - 80)
        difference_db = max(difference_db, float(np.abs(FEATURE(clip) - theirs)[upper].max()))
    seconds = time_rounds(ways, n_rounds)
    sound_s = sum(clip.duration_s for clip in clips)
    return {"seconds": seconds, "sound_s": sound_s, "difference_db": difference_db}


def section(result: dict[str, object], clips_per_file: int) -> str:
    """Return the tables of files of one length."""
    seconds = {name: np.array(values) for name, values in result["seconds"].items()}  # type: ignore[attr-defined]
    sound_s = float(result["sound_s"])
    # The short files are less work than starting a worker.
    asked = {name: ratio for name, ratio in RATIOS.items() if clips_per_file == LONG or WORKERS not in ratio}
    ratios = ratio_rows(asked, result["seconds"])
    speeds = [[name, spread(sound_s / values, 0)] for name, values in seconds.items()]
    n_files = len(SUFFIXES) * FILES_PER_SUFFIX
    return f"""## Files of {clips_per_file * 5} s

{n_files} files, {sound_s:.0f} s of sound in all. Largest difference from librosa in the upper 80 dB of a file:
{result["difference_db"]:.1e} dB.

{markdown_table(["ratio", "measured", "to reach", "reached"], ratios)}

{markdown_table(["method", "× real time"], speeds)}"""


def page(results: dict[int, dict[str, object]], n_rounds: int) -> str:
    """Return the text of the page."""
    framing = f"n_fft {FEATURE.n_fft}, hop {FEATURE.hop_length}, {FEATURE.n_mels} bands"
    sections = "\n\n".join(section(result, length) for length, result in results.items())
    return f"""{FEATURE.sample_rate:,} Hz, {framing}. Files at {FILE_RATE:,} Hz: ESC-10 recordings, joined or as they are, in
equal parts WAV, FLAC, Ogg Vorbis and MP3. One thread for BLAS and OpenMP on both sides. Median of {n_rounds} paired
rounds (lowest–highest).

- "mel": from samples in memory; woodshed's includes the decibels, librosa's does not.
- "files": read, resampled with soxr HQ on both sides, mixed to mono, features computed.
- "two workers": the digest of every file is computed and its features are written to a feature store as well. The short
  files are too little work for workers to be started.
- "limit": soundfile, soxr and scipy's float32 FFT alone, with no window, power, filters or logarithm.

{sections}"""


def main() -> None:
    """Make the files, measure in a fresh process with one thread, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder of data sets (default: $WOODSHED_DATA, or ../shared/data)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parse(parser)
    if chosen.measure:
        print(json.dumps(measure(chosen.measure, chosen.rounds)))
        return
    results = {}
    for clips_per_file in (LONG, SHORT):
        with tempfile.TemporaryDirectory() as folder:
            write_files(chosen.data, Path(folder), clips_per_file)
            results[clips_per_file] = in_fresh_process(
                *("benchmarks.speed.log_mel", "--measure", folder, "--rounds", str(chosen.rounds)),
                *("--out", str(chosen.out)),
            )
    body = page(results, chosen.rounds)
    write_markdown(chosen.out, "Speed of log-mel features", body)
    print(body)


if __name__ == "__main__":
    main()
