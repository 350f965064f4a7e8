"""Reading ABC: woodshed against music21 and abc2midi; writes ``reading_scores.md`` beside this file.

    python -m benchmarks.speed.reading_scores --peers PYTHON [--data FOLDER] [--files N] [--out FILE]

PYTHON is the interpreter of an environment with music21; abc2midi is a program of abcMIDI. music21 takes minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.provenance import markdown_table, parse, write_markdown

from woodshed.symbolic.abc.read import abc_to_book, read_text

PEER = Path(__file__).with_name("peers") / "music21_scores.py"


def woodshed(paths: Sequence[Path]) -> dict[str, Any]:
    """Read files with woodshed."""
    began = time.process_time()
    scores = [score for path in paths for score in abc_to_book(read_text(path)).tunes]
    n_notes = sum(len(score.notes) for score in scores)
    return {"tunes": len(scores), "notes": n_notes, "processor_s": time.process_time() - began}


def music21(paths: Sequence[Path], python: str) -> dict[str, Any]:
    """Read files with music21 in a fresh process."""
    done = subprocess.run(
        [python, str(PEER), *map(str, paths)], stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def abc2midi(paths: Sequence[Path]) -> dict[str, Any]:
    """Convert files with abc2midi, one process for each."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            shutil.copy(path, folder)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        for path in paths:
            subprocess.run(["abc2midi", path.name], cwd=folder, stdout=subprocess.DEVNULL, check=False)
        spent_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        n_tunes = len(list(Path(folder).glob("*.mid")))
    return {"tunes": n_tunes, "notes": None, "processor_s": spent_s}


def main() -> None:
    """Measure and write ``reading_scores.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--peers", required=True, help="interpreter of an environment with music21")
    parser.add_argument("--files", type=int, default=14)
    options = parse(parser)
    paths = sorted((options.data / "nottingham" / "abc").glob("*.abc"))[: options.files]
    results = {
        "woodshed": woodshed(paths),
        "music21": music21(paths, options.peers),
        "abc2midi": abc2midi(paths),
    }
    rows = [
        [
            name,
            f"{result['tunes']:,}",
            "" if result["notes"] is None else f"{result['notes']:,}",
            f"{result['processor_s']:.2f}",
            f"{1e3 * result['processor_s'] / result['tunes']:.2f}",
        ]
        for name, result in results.items()
    ]
    write_markdown(
        options.out,
        "Reading ABC",
        "\n\n".join(
            [
                f"The {len(paths)} files of the Nottingham collection, read whole, one process each.",
                markdown_table(["reader", "tunes", "notes", "processor, s", "ms for a tune"], rows),
                "woodshed plays repeats, so it counts the notes of a repeated part twice; music21 keeps the signs. abc2midi "
                "is a program in C that writes MIDI files without checking them. woodshed counts lengths in exact "
                "fractions, names every bar of a wrong length, and reports what a score cannot hold.",
            ]
        ),
    )


if __name__ == "__main__":
    main()
