"""Processor time and score of default models, now and at a former commit; writes ``default_models.md``.

    python -m benchmarks.speed.default_models --before FOLDER [--data FOLDER] [--out FILE]

FOLDER is a checkout of the former commit. Each case is a fresh process, one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.provenance import ROOT, markdown_table, parse, write_markdown

FIT = Path(__file__).with_name("peers") / "defaults.py"
NOTES = Path(__file__).with_name("default_models_notes.md")
CASES = {
    "ESC-10, five folds": ("noise", "esc10", "split", 0.93),
    "FSDD, one of six speakers left out": ("speech", "fsdd", "group", 0.915),
}
"""Title -> task, corpus, what its folds are, and the accuracy to reach."""

MOST_RATIO = 0.5


def fits(checkout: Path, task: str, corpus: str, data: Path, key: str) -> dict[str, Any]:
    """Fit and test a model on every fold with the source of a checkout."""
    done = subprocess.run(
        [sys.executable, str(FIT), task, corpus, str(data / corpus), key],
        env=os.environ | {"PYTHONPATH": str(checkout / "src"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure both sides and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--before", type=Path, required=True, help="checkout of the former commit")
    options = parse(parser)
    before = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=options.before,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    rows = []
    for title, (task, corpus, key, to_reach) in CASES.items():
        sides = {
            name: fits(checkout, task, corpus, options.data, key)
            for name, checkout in ((before, options.before), ("now", ROOT))
        }
        for name, side in sides.items():
            score, ratio = (
                np.mean(list(side["scores"].values())),
                side["processor_s"] / sides[before]["processor_s"],
            )
            reached = "" if name == before else "yes" if ratio <= MOST_RATIO and score >= to_reach else "no"
            seconds = [f"{side['processor_s']:.0f}", f"{ratio:.2f}"]
            rows.append([title, name, side["net"], f"{score:.4f}", *seconds, reached])
    heading = [
        "data",
        "commit",
        "default model",
        "accuracy",
        "processor, s",
        "ratio of processor time",
    ]
    write_markdown(
        options.out,
        "Default models: time and score",
        "\n\n".join(
            [
                "Features, fits and predictions of all folds with an empty store and seed 0, in one process. To reach: at "
                f"most {MOST_RATIO} of the former processor time, with at least "
                + " and ".join(f"{case[3]} on {title.split(',')[0]}" for title, case in CASES.items())
                + ".",
                markdown_table([*heading, "reached"], rows),
                NOTES.read_text("utf-8"),
            ]
        ),
    )


if __name__ == "__main__":
    main()
