"""Time and memory of ``woodshed doctor`` on thousands of files; writes ``doctor.md``.

    python -m benchmarks.speed.doctor [--data FOLDER] [--sizes 2000 20000] [--out FILE]

Each recording is three spoken digits of FSDD: one speaker and digit, at another speed, with some noise. The command is a
fresh process with all cores and an empty store; reading is `woodshed.read` of every file in one process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.provenance import markdown_table, parse, write_markdown

from woodshed.audio import read, resample
from woodshed.clip import Clip
from woodshed.data.corpora import fsdd

NOTES = Path(__file__).with_name("doctor_notes.md")
RATE = 8000
MOST_RATIO, MOST_MB = 1.5, 500


def write_recordings(words: Path, folder: Path, n_recordings: int) -> None:
    """Write recordings as ``digit/speaker_number.wav``."""
    rng = np.random.default_rng(0)
    takes: defaultdict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for example in fsdd.load(words).examples:
        takes[example.label, str(example.group)].append(read(example.path).samples[0])
    keys = sorted(takes)
    for number in range(n_recordings):
        label, speaker = keys[number % len(keys)]
        some = takes[label, speaker]
        joined = np.concatenate([some[k] for k in rng.choice(len(some), 3, replace=False)])
        changed = resample(Clip(joined[np.newaxis], round(RATE * rng.uniform(0.85, 1.15))), RATE).samples[0]
        noisy = 0.5 * changed / np.abs(changed).max() + rng.normal(0, 0.003, len(changed))
        place = folder / label / f"{speaker}_{number}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(place, noisy, RATE)


def doctor(folder: Path) -> tuple[float, float, float]:
    """Run ``woodshed doctor``; return seconds, seconds of processor time, and the largest process in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "woodshed", "doctor", str(folder), "--group-by", "part:1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"NO_COLOR": "1"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"woodshed doctor ended with {os.waitstatus_to_exitcode(status)}.")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and write ``doctor.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 20000])
    options = parse(parser)
    rows = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_recordings(options.data / "fsdd", folder, size)
            paths = sorted(folder.rglob("*.wav"))
            began = time.perf_counter()
            for path in paths:
                read(path)
            reading_s = time.perf_counter() - began
            duration_s, processor_s, peak_mb = doctor(folder)
        seconds = [f"{value:.1f}" for value in (reading_s, duration_s, processor_s)]
        rates = [f"{duration_s / reading_s:.1f}", f"{1000 * duration_s / size:.1f}"]
        rows.append([f"{size:,}", *seconds, *rates, f"{peak_mb:.0f}"])
        print(*rows[-1], flush=True)
    ratio, peak = float(rows[-1][4]), float(rows[-1][6])
    verdict = f"{'yes' if ratio <= MOST_RATIO else 'no'} and {'yes' if peak < MOST_MB else 'no'}"
    heading = ["files", "reading, s", "doctor, s", "processor, s", "doctor / reading", "ms per file"]
    body = [
        "Recordings of about 1.3 s at 8 kHz, ten classes, six groups.",
        markdown_table([*heading, "largest process, MB"], rows),
        f"To reach with the largest number: at most {MOST_RATIO:g} times the time of reading, and less than {MOST_MB} MB. "
        f"Reached: {verdict}.",
        NOTES.read_text("utf-8"),
    ]
    write_markdown(options.out, "The doctor on thousands of files", "\n\n".join(body))


if __name__ == "__main__":
    main()
