"""From a folder to an honest report: woodshed against scripts and other tools; writes ``end_to_end.md``.

    python -m benchmarks.speed.end_to_end --peers PYTHON [--data FOLDER] [--nets svm kernel-ridge default] [--out FILE]

PYTHON is the interpreter of an environment with librosa, scikit-learn, PyTorch, pyAudioAnalysis and nkululeko. Every
command is a fresh process with all cores, one after the other, and tests each group of the table in turn.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
from benchmarks.provenance import markdown_table, parse, write_markdown

from woodshed.data.corpora import esc10, fsdd
from woodshed.data.example import Example

PEERS = Path(__file__).with_name("peers")
PEER_SCRIPTS = ("librosa_svm", "nkululeko_svm", "pyaudioanalysis_svm", "torch_cnn")
NOTES = Path(__file__).with_name("end_to_end_notes.md")
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
N_MIXED = 200


@dataclass(frozen=True)
class Run:
    """What a command took, and what it scored."""

    wall_s: float
    processor_s: float
    score: float


@dataclass(frozen=True)
class Work:
    """A data set as a table, and how long its clips are."""

    title: str
    task: str
    table: Path
    clip_s: float


def write_table(path: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    """Write the path, label and group of each clip."""
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "group"])
        table.writerows(rows)
    return path


def row_of(example: Example, group: str | None) -> tuple[str, str, str]:
    """Return the row of an example in a table."""
    return str(example.path), example.label, str(group)


def works(data: Path, folder: Path) -> list[Work]:
    """Return the data sets: ESC-10, FSDD, and clips of ESC-10 in four formats."""
    esc = [row_of(example, example.split) for example in esc10.load(data / "esc10").examples]
    digits = [row_of(example, example.group) for example in fsdd.load(data / "fsdd").examples]
    mixed = []
    for number, (path, label, group) in enumerate(esc[:: len(esc) // N_MIXED]):
        samples, rate = soundfile.read(path, dtype="float32")
        place = folder / f"{number:04d}{SUFFIXES[number % len(SUFFIXES)]}"
        soundfile.write(place, samples, rate)
        mixed.append((str(place), label, group))
    return [
        Work("ESC-10: 400 clips of 5 s, five folds", "noise", write_table(folder / "esc10.csv", esc), 5.0),
        Work(
            "FSDD: 3,000 words, one of six speakers left out",
            "speech",
            write_table(folder / "fsdd.csv", digits),
            0.5,
        ),
        Work(
            f"{len(mixed)} clips of 5 s as WAV, FLAC, OGG and MP3, five folds",
            "noise",
            write_table(folder / "mixed.csv", mixed),
            5.0,
        ),
    ]


def timed(command: Sequence[str]) -> tuple[str, float, float]:
    """Run a command; return its output, and its time by the clock and of all processors."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, wall_s, processor_s


def woodshed(work: Work, net: str | None, store: Path) -> Run:
    """Train, test and report with woodshed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        command = [sys.executable, "-m", "woodshed", "train", str(work.table), "--task", work.task]
        command += ["--split", "leave-one-group-out", "--out", str(out), "--store", str(store), "--json"]
        output, wall_s, processor_s = timed([*command, *(() if net is None else ("--net", net))])
        values = json.loads(output)
    return Run(wall_s, processor_s, float(values["scores"][0]["value"]))


def peer(name: str, work: Work, python: str) -> Run:
    """Run the script of a peer."""
    length = {"torch_cnn": work.clip_s, "pyaudioanalysis_svm": min(1.0, work.clip_s / 2)}.get(name, 0)
    output, wall_s, processor_s = timed([python, str(PEERS / f"{name}.py"), str(work.table), str(length)])
    return Run(wall_s, processor_s, float(json.loads(output.splitlines()[-1])["score"]))


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--peers", help="interpreter of the environment of the peers")
    parser.add_argument("--nets", nargs="+", default=["svm", "kernel-ridge"])
    parsed = parse(parser)
    return parsed


def main() -> None:
    """Measure and write ``end_to_end.md``."""
    options = arguments()
    parts: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for work in works(options.data, folder):
            runs: dict[str, Run] = {}
            for name in PEER_SCRIPTS if options.peers else ():
                runs[name.replace("_", ", ")] = peer(name, work, options.peers)
                print(work.title, name, runs[name.replace("_", ", ")], flush=True)
            for net in options.nets:
                store = folder / f"{work.table.stem}-{net}"
                for which in ("first run", "second run"):
                    title = f"woodshed, {net}, {which}"
                    runs[title] = woodshed(work, None if net == "default" else net, store)
                    print(work.title, title, runs[title], flush=True)
            base = runs.get("librosa, svm")
            rows = [
                [
                    name,
                    f"{run.wall_s:.1f}",
                    f"{run.processor_s:.1f}",
                    f"{run.score:.3f}",
                    f"{run.wall_s / base.wall_s:.2f}" if base else "-",
                ]
                for name, run in runs.items()
            ]
            parts += [
                f"## {work.title}",
                markdown_table(["what", "seconds", "processor seconds", "score", "against the script"], rows),
            ]
    write_markdown(
        options.out,
        "From a folder to a report",
        "\n\n".join([INTRODUCTION, *parts, NOTES.read_text("utf-8")]),
    )


INTRODUCTION = (
    "Time from files to the score of every group, each tested by a model of all others; one fresh process after "
    "another, with all cores. Score: mean accuracy of the groups (nkululeko: unweighted recall). woodshed also checks the "
    "files, compares with two baselines, calibrates, tests a final model and writes it with a report; the scripts print a "
    "number. The script of thirty lines is `peers/librosa_svm.py`; all peers are in that folder."
)


if __name__ == "__main__":
    main()
