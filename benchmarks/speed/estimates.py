"""Estimated against true duration of trainings of different shape; writes ``estimates.md``.

    python -m benchmarks.speed.estimates [--data FOLDER] [--out FILE]

Each training is announced by ``--dry-run`` and then run, with an empty store, in fresh processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.provenance import markdown_table, parse, write_markdown

from woodshed.data.corpora import esc10
from woodshed.data.sample import sample_folder

NOTES = Path(__file__).with_name("estimates_notes.md")
WITHIN, TO_REACH = 0.3, 9


@dataclass(frozen=True)
class Case:
    """A training as a user would type it, and what it stands for."""

    title: str
    arguments: Sequence[str]


def long_recordings(data: Path, folder: Path) -> Path:
    """Join clips of ESC-10 to 30 recordings of 40 s in three class folders."""
    by_label: dict[str, list[Path]] = {}
    for example in esc10.load(data / "esc10").examples:
        by_label.setdefault(example.label, []).append(example.path)
    for label in sorted(by_label)[:3]:
        (folder / label).mkdir(parents=True)
        for number in range(10):
            parts = [soundfile.read(path) for path in by_label[label][4 * number : 4 * number + 8]]
            samples = np.concatenate([part if part.ndim == 1 else part.mean(axis=1) for part, _ in parts])
            soundfile.write(folder / label / f"{number}.flac", samples, parts[0][1])
    return folder


def cases(data: Path, folder: Path) -> list[Case]:
    """Return ten trainings of different shape."""
    esc, digits, voices = f"esc10:{data / 'esc10'}", f"fsdd:{data / 'fsdd'}", f"emodb:{data / 'emodb'}"
    city, notes = (
        f"urbansound8k:{data / 'urbansound8k_mini'}",
        f"instrument_notes:{data / 'instrument_notes'}",
    )
    long = str(long_recordings(data, folder / "long"))
    return [
        Case("400 clips of 5 s, SVM", [esc, "--task", "noise", "--net", "svm"]),
        Case(
            "400 clips of 5 s, kernel ridge, all copies",
            [esc, "--task", "noise", "--net", "kernel-ridge", "--thorough"],
        ),
        Case("3,000 words, SVM", [digits, "--task", "speech", "--net", "svm"]),
        Case("3,000 words, forest", [digits, "--task", "speech", "--net", "forest"]),
        Case("535 sentences, kernel ridge on voices", [voices, "--task", "emotion"]),
        Case(
            "840 notes, nearest neighbours on four views, copies",
            [notes, "--task", "instrument", "--net", "knn"],
        ),
        Case(
            "160 clips of 4 s, a network for 1,000 steps",
            [city, "--task", "noise", "--net", "conv-residual", "--n-steps", "1000"],
        ),
        Case(
            "900 words of the sample, a network for 300 steps",
            [f"fsdd:{sample_folder()}", "--task", "speech", "--n-steps", "300"],
        ),
        Case("30 recordings of 40 s, SVM", [long, "--task", "noise", "--net", "svm"]),
        Case(
            "535 sentences, logistic regression on one summary",
            [voices, "--task", "emotion", "--net", "logistic", "--front-end", "summary"],
        ),
    ]


def run(arguments: Sequence[str], folder: Path, *more: str) -> tuple[Mapping[str, object], float]:
    """Run ``woodshed train``; return its JSON output and its duration in seconds."""
    command = [sys.executable, "-m", "woodshed", "train", *arguments, "--json", *more]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--out", str(folder / "model"), "--store", str(folder / "store")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return json.loads(done.stdout), time.perf_counter() - began


def main() -> None:
    """Measure and write ``estimates.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    options = parse(parser)
    rows, n_within = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        for number, case in enumerate(cases(options.data, Path(temporary))):
            folder = Path(temporary) / str(number)
            folder.mkdir()
            announced, dry_s = run(case.arguments, folder, "--dry-run")
            plan = announced["plan"]
            estimate_s = float(plan["duration_s"])  # type: ignore[index]
            _, true_s = run(case.arguments, folder)
            is_within = abs(estimate_s / true_s - 1) <= WITHIN
            n_within += is_within
            rows.append(
                [
                    case.title,
                    f"{dry_s:.1f}",
                    f"{estimate_s:.0f}",
                    f"{true_s:.0f}",
                    f"{estimate_s / true_s:.2f}",
                    "yes" if is_within else "no",
                ]
            )
            print(*rows[-1], plan, flush=True)
    verdict = "yes" if n_within >= TO_REACH else "no"
    body = [
        "`woodshed train --dry-run` times a few clips, fits and steps, and announces the duration of the whole run. "
        "Both in fresh processes with all cores and an empty store, one after the other.",
        markdown_table(
            ["training", "dry-run, s", "announced, s", "true, s", "ratio", f"within {WITHIN:.0%}"], rows
        ),
        f"Within {WITHIN:.0%}: {n_within} of {len(rows)}. To reach: {TO_REACH}. Reached: {verdict}.",
        NOTES.read_text("utf-8"),
    ]
    write_markdown(options.out, "Estimates of the duration of a training", "\n\n".join(body))


if __name__ == "__main__":
    main()
