"""Kill commands at random moments; writes ``kills.md`` beside this file.

    python -m benchmarks.robustness.kills [--trainings 60] [--others 30] [--out FILE]

Each command runs once undisturbed. Then it is ended by SIGKILL, SIGINT or SIGTERM at a moment that a seeded generator
draws from its duration, and repeated (a training with ``--resume``). SIGINT goes to all processes of the command, as
Ctrl-C in a terminal does, the others to the first process. Checked after every kill: the exit status and the message, that
every file is whole, that the repeated command gives what the undisturbed one gave, and that no draft, temporary file or
process is left. Linux only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import woodshed
from benchmarks.provenance import markdown_table, parse, write_markdown
from woodshed.audio import write
from woodshed.clip import Clip
from woodshed.training.model_folder import SETTINGS_NAME

SEED = 0
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
LIMIT_S = 120.0
"""Seconds after which a process that should have ended counts as hanging."""

CHECKS = ("status", "files whole", "repeated equal", "no drafts", "no temporary files", "no processes")

_TINY = ("--width", "16", "--n-mels", "16", "--window-s", "0.35", "--epochs", "4", "--batch-size", "9")


@dataclass(frozen=True)
class Command:
    """A command that is to be killed.

    Parameters
    ----------
    name
        Name in the table.
    arguments
        Arguments of ``woodshed``, without ``--out``.
    out
        Name of the result below the folder of a run.
    again
        Arguments with which it is repeated.
    whole
        Raises an error if a file of the result is not whole; called with the result and the undisturbed one.
    values
        Returns what must be equal after it was repeated.
    """

    name: str
    arguments: Sequence[str]
    out: str
    again: Sequence[str]
    whole: Callable[[Path, Path], None]
    values: Callable[[Path], object]


@dataclass
class Tally:
    """Kills of one command by one signal, and the failed checks."""

    n: int = 0
    failed: Counter[str] = field(default_factory=Counter)


def make_sounds(folder: Path) -> None:
    """Write 24 short sounds of three classes and two groups."""
    rng = np.random.default_rng(SEED)
    time_s = np.arange(2800) / 8000
    for label, slope in (("fall", -1.0), ("level", 0.0), ("rise", 1.0)):
        (folder / label).mkdir(parents=True)
        for k in range(8):
            frequency_hz = rng.uniform(600, 800) * 2 ** (slope * time_s / 0.35)
            samples = 0.4 * np.sin(2 * np.pi * np.cumsum(frequency_hz) / 8000) + rng.normal(0, 1e-3, 2800)
            write(Clip(samples, 8000), folder / label / f"{k:02}_{'ab'[k % 2]}.wav")


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every visible file below a folder, or of one file."""
    paths = folder.rglob("[!.]*") if folder.is_dir() else [folder]
    return {
        path.name if path == folder else str(path.relative_to(folder)): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in paths
        if path.is_file()
    }


def model_values(folder: Path) -> object:
    """Return the scores of a model, and its predictions of noise."""
    scores = json.loads((folder / "metrics.json").read_text("utf-8"))["splits"]
    noise = Clip(np.random.default_rng(SEED).normal(0, 0.1, 2800), 8000)
    return scores, woodshed.load(folder).predict_proba([noise]).tolist()


def check_model(folder: Path, _: Path) -> None:
    """Load a model, if there is one."""
    if (folder / SETTINGS_NAME).exists():
        woodshed.load(folder)


def check_subset(result: Path, expected: Path) -> None:
    """Check that what was written is a part of the undisturbed result."""
    if result.exists() and not digests(result).items() <= digests(expected).items():
        raise ValueError(f"{result.name} differs from the undisturbed result")


def commands(sounds: Path) -> list[Command]:
    """Return the commands: two trainings, and three that write files."""
    data = ["train", str(sounds), "--task", "speech", "--group-by", "part:2"]

    def training(name: str, *arguments: str) -> Command:
        return Command(name, [*data, *arguments], "model", ["--resume"], check_model, model_values)

    return [
        training("train, network", "--net", "mlp", "--n-augmentations", "2", "--n-jobs", "2", *_TINY),
        training("train, classical", "--net", "knn", "--n-jobs", "2"),
        Command(
            "features",
            ["features", str(sounds), "--jobs", "2"],
            "features.csv",
            ["--force"],  # it may have been killed after the file was written
            check_subset,
            digests,
        ),
        Command(
            "audio convert",
            ["audio", "convert", str(sounds), "--to", "flac", "--sample-rate", "16000"],
            "sounds",
            [],
            check_subset,
            digests,
        ),
        Command(
            "generate",
            ["generate", "tune", "-n", "2", "--formats", "abc,mid,musicxml"],
            "tunes",
            ["--force"],
            lambda result, expected: None,
            digests,
        ),
    ]


def start(command: Command, folder: Path, extra: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start a command in a session of its own, with its own cache and temporary folder."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [
            *(sys.executable, "-c", "from woodshed.cli import main; main()"),
            *(*command.arguments, "--out", str(folder / command.out), *extra),
        ],
        env=os.environ | {"TMPDIR": str(folder / "tmp"), "WOODSHED_CACHE": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill(command: Command, folder: Path, number: signal.Signals, after_s: float) -> tuple[str, bool]:
    """Kill a command after some seconds; return the fault of its exit ("" for none), and whether it was done."""
    process = start(command, folder)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    try:
        _, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"did not end within {LIMIT_S:.0f} s", False
    if process.returncode in (0, -number):  # done before, or killed; Python ends so while it starts
        return "", process.returncode == 0
    if process.returncode != 128 + number or "Traceback" in err:
        return f"status {process.returncode}: {err[-300:]}", False
    if "train" in command.arguments and "--resume" not in err:
        return f"no --resume in: {err[-300:]}", False
    return "", False


def trial(
    command: Command, folder: Path, expected: Path, number: signal.Signals, after_s: float
) -> dict[str, str]:
    """Kill a command, check what is left, repeat it and compare; return the failed checks with a reason."""
    failed = {}
    fault, done = kill(command, folder, number, after_s)
    if fault:
        failed["status"] = fault
    if orphans := wait_for_workers(folder):
        failed["no processes"] = f"{len(orphans)} are running"
    if number != signal.SIGKILL and any((folder / "tmp").iterdir()):
        failed["no temporary files"] = ", ".join(path.name for path in (folder / "tmp").iterdir())
    try:
        command.whole(folder / command.out, expected / command.out)
    except Exception as error:  # whatever it is, it is a failed check
        failed["files whole"] = repr(error)
    if not done:
        again = start(command, folder, command.again)
        _, err = again.communicate(timeout=LIMIT_S)
        if again.returncode:
            failed["repeated equal"] = f"status {again.returncode}: {err[-300:]}"
    if "repeated equal" not in failed and command.values(folder / command.out) != command.values(
        expected / command.out
    ):
        failed["repeated equal"] = "other values"
    drafts = [path.name for path in folder.rglob(".woodshed*")]
    if drafts:
        failed["no drafts"] = ", ".join(drafts)
    return failed


def wait_for_workers(folder: Path) -> list[int]:
    """Return the processes that still use a folder as their temporary one after a while, by ``/proc``."""
    deadline = time.monotonic() + LIMIT_S
    mark = f"TMPDIR={folder / 'tmp'}".encode()
    while True:
        running = []
        for place in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in place.read_bytes().split(b"\0"):
                    running.append(int(place.parent.name))
            except OSError:  # ended meanwhile, or of another user
                continue
        if not running or time.monotonic() > deadline:
            return running
        time.sleep(0.1)


def measure(command: Command, place: Path, n: int) -> dict[signal.Signals, Tally]:
    """Run a command undisturbed, then kill it ``n`` times."""
    expected = place / "undisturbed"
    began = time.monotonic()
    process = start(command, expected)
    _, err = process.communicate()
    if process.returncode:
        raise SystemExit(f"{command.name} failed: {err}")
    duration_s = time.monotonic() - began
    rng = np.random.default_rng(SEED)
    tallies = {number: Tally() for number in SIGNALS}
    for k in range(n):
        number, after_s = SIGNALS[k % len(SIGNALS)], float(rng.uniform(0.05, 1.0)) * duration_s
        folder = place / str(k)
        failed = trial(command, folder, expected, number, after_s)
        tallies[number].n += 1
        tallies[number].failed.update(failed.keys())
        for check, reason in failed.items():
            print(f"{command.name}, {number.name} after {after_s:.1f} s: {check}: {reason}", flush=True)
        print(
            f"{command.name} {k + 1}/{n} {number.name} after {after_s:.2f} s: {len(failed)} failed",
            flush=True,
        )
        shutil.rmtree(folder)
    return tallies


def main() -> None:
    """Kill every command and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--trainings", type=int, default=60, help="kills of trainings, half of them classical"
    )
    parser.add_argument("--others", type=int, default=30, help="kills of each other command")
    chosen = parse(parser)
    rows, n_failed = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        make_sounds(place / "input")
        for k, command in enumerate(commands(place / "input")):
            is_training = command.again == ["--resume"]
            n = chosen.trainings // 2 if is_training else chosen.others
            for number, tally in measure(command, place / str(k), n).items():
                n_failed += sum(tally.failed.values())
                passed = [f"{tally.n - tally.failed[check]}" for check in CHECKS]
                rows.append([f"{command.name}, {number.name}", str(tally.n), *passed])
    body = f"""{sum(int(row[1]) for row in rows)} kills at moments drawn with seed {SEED} from the duration of each command, on 24
made-up sounds of 0.35 s. A number is that of the kills after which the check passed; {n_failed} checks failed.

{markdown_table(["command and signal", "kills", *CHECKS], rows)}

Status: 130 after SIGINT and 143 after SIGTERM, with a message that names `--resume` if the verb has it, and no traceback.
Files whole: a model loads or is not there yet, and other files are those of an undisturbed run. Repeated equal: the same
command, with `--resume` for a training and `--force` for `features` and `generate`, gives the same scores, predictions and files as an
undisturbed run. Drafts are looked for after that, temporary files before, and not after SIGKILL, which leaves no chance to delete
them."""
    write_markdown(chosen.out, "Killed runs", body)
    print(body)


if __name__ == "__main__":
    main()
