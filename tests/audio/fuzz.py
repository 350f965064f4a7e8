"""Damage sound files at random, then read each: run as a script, it prints a line of JSON for every file.

In a process of its own, so that a crash or a hang of the decoder is seen and ends nothing else.
"""

from __future__ import annotations

import io
import json
import re
import resource
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from woodshed import audio
from woodshed.data.sample import sample_folder
from woodshed.errors import AudioError

FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "float.wav": ("WAV", "FLOAT"),
    "adpcm.wav": ("WAV", "IMA_ADPCM"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_24"),
    "w64": ("W64", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
}
HOSTILE = (0, 1, 7, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
HEADER_BYTES = 96

Damage = Callable[[bytearray, np.random.Generator], bytearray]


def truncate(content: bytearray, rng: np.random.Generator) -> bytearray:
    """End the file anywhere, often in its header."""
    reach = HEADER_BYTES if rng.random() < 0.5 else len(content)
    return content[: rng.integers(0, min(reach, len(content)))]


def flip_bits(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Flip a few bits anywhere."""
    for place in rng.integers(0, len(content), rng.integers(1, 40)):
        content[place] ^= 1 << int(rng.integers(8))
    return content


def spoil_header(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Put noise over some of the first bytes."""
    for place in rng.integers(0, min(HEADER_BYTES, len(content)), rng.integers(1, 12)):
        content[place] = int(rng.integers(256))
    return content


def declare(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Write a hostile whole number over a field of the header: sizes, rates, channels, lengths."""
    order = "<" if rng.random() < 0.5 else ">"
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(4, min(HEADER_BYTES, len(content) - 8)))
        struct.pack_into(f"{order}I", content, place, int(rng.choice(HOSTILE)))
    return content


def declare_length(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Make the size of the named chunks huge, or that of the whole."""
    for name in (b"data", b"SSND", b"fmt ", b"COMM", b"RIFF", b"FORM", b".snd"):
        at = content.find(name)
        if at >= 0 and rng.random() < 0.7:
            struct.pack_into("<I" if rng.random() < 0.7 else ">I", content, at + 4, int(rng.choice(HOSTILE)))
    if content[:4] == b"fLaC":  # 36 bits for the number of samples, at the end of STREAMINFO
        content[21:26] = rng.integers(0, 256, 5, dtype=np.uint8).tobytes()
    return content


def shuffle(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Cut a stretch out and put it elsewhere."""
    start, stop = sorted(int(k) for k in rng.integers(0, len(content), 2))
    stretch, rest = content[start:stop], content[:start] + content[stop:]
    at = int(rng.integers(0, len(rest) + 1))
    return rest[:at] + stretch + rest[at:]


DAMAGES: tuple[Damage, ...] = (truncate, flip_bits, spoil_header, declare, declare_length, shuffle)


def damaged_files(folder: Path, n_files: int, seed: int) -> Iterator[tuple[Path, str]]:
    """Write damaged files; yield each with what was done to it. The same seed writes the same files."""
    rng = np.random.default_rng(seed)
    sources = sorted((sample_folder() / "recordings").glob("*.flac"))
    suffixes = [name for name in FORMATS if FORMATS[name][0] in soundfile.available_formats()]
    for number in range(n_files):
        suffix = suffixes[number % len(suffixes)]
        samples, sample_rate = soundfile.read(sources[rng.integers(len(sources))], dtype="float32")
        content = io.BytesIO()
        container, subtype = FORMATS[suffix]
        soundfile.write(content, samples, sample_rate, format=container, subtype=subtype)
        damage = DAMAGES[number // len(suffixes) % len(DAMAGES)]
        path = folder / f"{number:04d}.{suffix}"
        path.write_bytes(damage(bytearray(content.getvalue()), rng))
        yield path, damage.__name__


def try_reading(path: Path) -> str:
    """Open, read, read in blocks, and measure; return what came of it."""
    try:
        audio.info(path)
        clip = audio.read(path, sample_rate=8000, mono=True)
        n_blocks = sum(1 for _ in audio.read_blocks(path, block_s=0.1))
    except AudioError as error:
        return "named" if path.name in str(error) else f"not named: {error}"
    return "read" if np.isfinite(clip.samples).all() and n_blocks else "wrong"


def peak_bytes() -> int:
    """Return the most memory that this process has used; what its parent used before it is not counted."""
    status = Path("/proc/self/status")
    if status.exists():
        peak_kb = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]
        return int(peak_kb) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Damage and read; the line of each file is printed before the next is begun."""
    folder, n_files, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for path, damage in damaged_files(folder, n_files, seed):
        began = time.monotonic()
        line = {"file": path.name, "damage": damage, "outcome": try_reading(path)}
        line["duration_s"] = round(time.monotonic() - began, 3)
        line["peak_bytes"] = peak_bytes()
        path.unlink()
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
