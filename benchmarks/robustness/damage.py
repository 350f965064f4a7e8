"""Read damaged scores and sounds in one process; writes ``damage.md`` beside this file.

    python -m benchmarks.robustness.damage [--files 1000] [--memory-gb 4] [--out FILE]

Half of the files are scores (ABC, MIDI, MusicXML, compressed MusicXML), half are sounds (WAV, FLAC, Ogg, MP3). Each is a
file that woodshed wrote, with bytes flipped, inserted, removed, repeated or cut off at places that a seeded generator
draws. A score is described, as by ``woodshed score info``; a sound is read, and predicted by a classical model, as by
``woodshed predict``. A file may be readable all the same; otherwise the error must be a `WoodshedError` that names the
file. The memory of the process is limited by the system.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import woodshed
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.robustness.kills import make_sounds
from woodshed.audio import write
from woodshed.data.folder import read_folder
from woodshed.errors import WoodshedError, printable
from woodshed.recognition.estimator import AudioEstimator
from woodshed.symbolic.file import read_scores, write_scores
from woodshed.tasks import load, task_class
from woodshed.tasks.shipped import shipped_folder
from woodshed.training.stderr import suppress_stderr
from woodshed.workflows.score import describe_scores

SEED = 0
SCORE_SUFFIXES = (".abc", ".mid", ".musicxml", ".mxl")
SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
RESULTS = ("readable", "refused", "other error")
N_PIECES = 5

Bytes = bytearray


def flip(content: Bytes, rng: np.random.Generator) -> None:
    """Replace some bytes."""
    for at in rng.integers(len(content), size=rng.integers(1, 20)):
        content[at] = rng.integers(256)


def insert(content: Bytes, rng: np.random.Generator) -> None:
    """Insert random bytes."""
    at = rng.integers(len(content))
    content[at:at] = rng.bytes(int(rng.integers(1, 100)))


def remove(content: Bytes, rng: np.random.Generator) -> None:
    """Remove some bytes."""
    at = int(rng.integers(len(content)))
    del content[at : at + int(rng.integers(1, 100))]


def repeat(content: Bytes, rng: np.random.Generator) -> None:
    """Repeat a part many times."""
    at, n = int(rng.integers(len(content))), int(rng.integers(1, 200))
    content[at:at] = bytes(content[at : at + n]) * int(rng.integers(2, 200))


def cut(content: Bytes, rng: np.random.Generator) -> None:
    """Remove the end."""
    del content[int(rng.integers(len(content))) :]


DAMAGES: tuple[Callable[[Bytes, np.random.Generator], None], ...] = (flip, insert, remove, repeat, cut)


def make_originals(folder: Path) -> dict[str, list[Path]]:
    """Write a few intact files of each format; return them by suffix."""
    originals: dict[str, list[Path]] = {}
    composer = load(shipped_folder("tune"))
    pieces = [piece.to_score(f"piece {k}") for k, piece in enumerate(composer.sample(n=N_PIECES, seed=SEED))]
    for suffix in SCORE_SUFFIXES:
        originals[suffix] = [folder / f"score-{k}{suffix}" for k in range(N_PIECES)]
        for piece, path in zip(pieces, originals[suffix], strict=True):
            write_scores([piece], path)
    clips = [woodshed.read(path) for path in sorted(folder.glob("input/*/*.wav"))[:N_PIECES]]
    for suffix in SOUND_SUFFIXES:
        originals[suffix] = [folder / f"sound-{k}{suffix}" for k in range(N_PIECES)]
        for clip, path in zip(clips, originals[suffix], strict=True):
            write(clip, path)
    return originals


def outcome(path: Path, model: AudioEstimator) -> tuple[str, str]:
    """Return one of `RESULTS` for a damaged file, and the text of the error."""
    try:
        if path.suffix in SCORE_SUFFIXES:
            read_scores(path)
            describe_scores([path])
        else:
            model.predict([woodshed.read(path)])
    except WoodshedError as error:
        return ("refused" if printable(path) in str(error) else "other error"), repr(error)
    except Exception as error:  # the fault that is looked for
        return "other error", repr(error)
    return "readable", ""


def measure(folder: Path, n_files: int) -> tuple[dict[str, Counter[str]], float]:
    """Damage and read the files; return the results by suffix, and the longest time for one in seconds."""
    make_sounds(folder / "input")
    corpus = read_folder(folder / "input")
    clips = [woodshed.read(example.path) for example in corpus.examples]
    model = task_class("speech")(net="knn").fit(clips, corpus.labels)
    originals = make_originals(folder)
    rng = np.random.default_rng(SEED)
    results: dict[str, Counter[str]] = {suffix: Counter() for suffix in originals}
    longest_s = 0.0
    for k in range(n_files):
        suffix = list(originals)[k % len(originals)]
        content = bytearray(originals[suffix][int(rng.integers(N_PIECES))].read_bytes())
        for damage in rng.choice(np.arange(len(DAMAGES)), size=rng.integers(1, 3)):
            if content:
                DAMAGES[damage](content, rng)
        path = folder / f"damaged-{k}{suffix}"
        path.write_bytes(content)
        began = time.monotonic()
        with suppress_stderr():  # of the MP3 decoder
            result, text = outcome(path, model)
        longest_s = max(longest_s, time.monotonic() - began)
        results[suffix][result] += 1
        if result == "other error":
            print(f"{path.name}: {text}", flush=True)
        path.unlink()
    return results, longest_s


def main(arguments: Sequence[str] | None = None) -> None:
    """Read damaged files and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--memory-gb", type=float, default=4.0)
    chosen = parse(parser, arguments)
    n_bytes = int(chosen.memory_gb * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        results, longest_s = measure(Path(folder), chosen.files)
    rows = [
        [suffix, str(n.total()), *(str(n[result]) for result in RESULTS)] for suffix, n in results.items()
    ]
    n_other = sum(n["other error"] for n in results.values())
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    body = f"""{chosen.files} damaged files, drawn with seed {SEED}, in one process that may use {chosen.memory_gb:g} GiB of address
space. {n_other} led to another error than a `WoodshedError` that names the file.

{markdown_table(["format", "files", *RESULTS], rows)}

The longest took {longest_s:.1f} s; the peak of the memory was {peak_mb:,.0f} MB. Each file has one or two damages out of: bytes
replaced, inserted, removed or repeated, and the end cut off."""
    write_markdown(chosen.out, "Damaged files", body)
    print(body)


if __name__ == "__main__":
    main()
