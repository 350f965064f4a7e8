"""Peak memory for a very long file; writes ``long_file.md`` beside this file.

    python -m benchmarks.speed.long_file [--hours 3] [--out FILE]

A stereo file is made of real recordings, then each command runs on it in a fresh process, whose peak memory the
system reports.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.provenance import markdown_table, parse, write_markdown

RATE = 44100
LIMIT_MB = 500.0


def make_file(data: Path, path: Path, hours: float) -> None:
    """Write recordings one after the other in two channels, the second with a delay."""
    recordings = sorted((data / "esc10" / "audio").glob("*/*.ogg"))
    n_left = round(hours * 3600 * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_16") as out:
        while n_left > 0:
            for recording in recordings:
                mono, rate = soundfile.read(recording, dtype="float32")
                if rate != RATE:
                    raise SystemExit(f"expected recordings at {RATE} Hz, got {rate} Hz.")
                both = np.stack([mono, np.roll(mono, 441)], axis=1)[:n_left]
                out.write(both)
                n_left -= len(both)
                if n_left <= 0:
                    break


def run(arguments: list[str], cache: Path) -> tuple[float, float]:
    """Run ``woodshed`` in a fresh process; return its peak memory in MB and its duration in seconds."""
    command = [sys.executable, "-c", "from woodshed.cli import main; main()", *arguments]
    began = time.perf_counter()
    with open(os.devnull, "w") as nothing:
        child = os.posix_spawn(
            sys.executable,
            command,
            os.environ | {"WOODSHED_CACHE": str(cache)},
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)],
        )
        _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"woodshed {' '.join(arguments)} failed.")
    # The maximum of the process and its largest child.
    return usage.ru_maxrss / 1000, time.perf_counter() - began


def main() -> None:
    """Make the file, run the commands, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder of data sets (default: $WOODSHED_DATA, or ../shared/data)")
    parser.add_argument("--hours", type=float, default=3.0)
    chosen = parse(parser)
    with tempfile.TemporaryDirectory() as folder:
        long, out, cache = Path(folder) / "long.wav", Path(folder) / "out", Path(folder) / "cache"
        make_file(chosen.data, long, chosen.hours)
        size_gb = long.stat().st_size / 1e9
        commands = {
            "audio info": ["audio", "info", str(long)],
            "audio convert, to FLAC at 22,050 Hz": [
                *("audio", "convert", str(long), "--sample-rate", "22050", "--out", f"{out}/a.flac"),
            ],
            "audio split --every-s 600": [
                "audio",
                "split",
                str(long),
                "--every-s",
                "600",
                "--out",
                f"{out}/e",
            ],
            "audio split --silence": ["audio", "split", str(long), "--silence", "--out", f"{out}/s"],
            "features (34 + 34, statistics)": ["features", str(long), "--out", f"{out}/f.csv"],
            "features (log-mel, every frame, Parquet)": [
                *("features", str(long), "--feature", "log-mel", "--frames", "--out", f"{out}/m.parquet"),
            ],
        }
        out.mkdir()
        rows = []
        for name, arguments in commands.items():
            peak_mb, duration_s = run(arguments, cache)
            verdict = "yes" if peak_mb < LIMIT_MB else "no"
            rows.append([name, f"{peak_mb:,.0f}", f"{duration_s:.0f}", verdict])
            print(*rows[-1], flush=True)
    body = f"""A stereo WAV file of {chosen.hours:g} hours at {RATE:,} Hz, 16 bits ({size_gb:.2f} GB; as float32 in memory it
would be {2 * size_gb:.2f} GB), made of ESC-10 recordings. Each command in a fresh process with an empty store.

{markdown_table(["command", "peak MB", "seconds", f"< {LIMIT_MB:.0f} MB"], rows)}

The peak is the resident size of the process or of its largest worker, whichever is larger."""
    write_markdown(chosen.out, "Memory of very long files", body)
    print(body)


if __name__ == "__main__":
    main()
