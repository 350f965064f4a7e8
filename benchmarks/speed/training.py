"""Overhead of training: time and memory beyond the net itself; writes ``training.md`` beside this file.

    python -m benchmarks.speed.training [--rounds 7] [--steps 40] [--clips 20000] [--out FILE]

Time: every epoch of ``fit`` runs between two epochs of a bare Keras loop over a prepared array, with the
same net, compiled equally, on windows of the same clips; the ratio is to their mean, so that disturbances affect
both. Memory: a fresh process trains on a corpus that is larger than the limit of its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.provenance import ROOT, markdown_table, parse, write_markdown
from benchmarks.speed.rounds import spread

from woodshed.clip import Clip
from woodshed.tasks import task_class

N_CLASSES = 10
SAMPLE_RATE = 16000
CLIP_DURATIONS_S = {"speech": 1.0, "noise": 5.0}
"""Task -> duration of its clips in seconds."""

NETS = {"speech": "conv-tdnn", "noise": "conv-residual"}
"""Task -> network; everything else is the default of the task."""

CLIP_S = 5.0
SMALL_NET = {"net": "conv-stack", "width": 8, "epochs": 1, "n_augmentations": 1}
"""Settings for the measurement of memory, which depends on the size of the corpus."""

MOST_RATIO = 1.1
MOST_GB = 2.0
SAMPLED_EVERY_S = 0.05


class MadeUpClips(Sequence[Clip]):
    """Synthetic noise, coloured by class; each clip is generated on access, and all differ."""

    def __init__(self, n_clips: int, duration_s: float) -> None:
        self.n_clips = n_clips
        rng = np.random.default_rng(0)
        n_samples = round(duration_s * SAMPLE_RATE)
        spectra = np.fft.rfft(rng.normal(0, 0.1, (N_CLASSES, n_samples)))
        frequency = np.linspace(0, 1, spectra.shape[1])
        centre = np.linspace(0.1, 0.9, N_CLASSES)[:, None]
        shaped = np.fft.irfft(spectra * np.exp(-(((frequency - centre) / 0.2) ** 2)), n_samples)
        self.bases = shaped.astype(np.float32)

    def __len__(self) -> int:
        return self.n_clips

    def __getitem__(self, k: int) -> Clip:  # type: ignore[override]
        if not 0 <= k < self.n_clips:  # ends an iteration
            raise IndexError(k)
        samples = np.roll(self.bases[k % N_CLASSES], 37 * k)  # 37 does not divide the lengths used here
        return Clip(samples, SAMPLE_RATE, f"made up {k}")

    @property
    def labels(self) -> list[str]:
        """Label of each clip."""
        return [f"class {k % N_CLASSES}" for k in range(self.n_clips)]


def clocks() -> np.ndarray:
    """Return the wall-clock time and the processor time of all threads in seconds, shape ``(2,)``."""
    return np.array([time.perf_counter(), time.process_time()])


@dataclass
class Rounds:
    """Callback of a training that runs an epoch of the bare loop after each of its epochs.

    Parameters
    ----------
    bare
        Runs one epoch of the bare loop and returns its times, as `clocks` does.
    """

    bare: Callable[[], np.ndarray]
    woodshed_s: list[np.ndarray] = field(default_factory=list)
    bare_s: list[np.ndarray] = field(default_factory=list)

    def __call__(self, epoch: int, loss: float, accuracy: float | None) -> None:
        """Record the times; the first epoch of each side traces its graph and is not counted."""
        ended_s = clocks()
        if epoch == 0:
            self.bare()
        else:
            self.woodshed_s.append(ended_s - self.resumed_s)
        self.bare_s.append(self.bare())
        self.resumed_s = clocks()


def measure_time(task: str, kept: bool, n_steps: int, n_rounds: int) -> dict[str, Any]:
    """Train with the defaults of a task, paired with the bare loop.

    Parameters
    ----------
    task
        Name of a task.
    kept
        Whether spectrograms are kept in memory, as for a small corpus, or read from the store
        every time, as for a large one.
    n_steps, n_rounds
        Steps in an epoch, and epochs that count.
    """
    import keras

    from woodshed.recognition.learners import net as learning
    from woodshed.recognition.window import cut_windows

    recogniser = task_class(task)(
        net=NETS[task], epochs=n_rounds + 1, patience=n_rounds + 1, validation_share=0
    )
    clips = MadeUpClips(n_steps * recogniser.batch_size, CLIP_DURATIONS_S[task])
    feature = learning.make_feature(recogniser, clips)
    windows = cut_windows([feature(clip) for clip in clips], recogniser.n_frames)
    _, targets = recogniser.head.encode(clips.labels)
    net = learning.make_net(recogniser, recogniser.n_mels, N_CLASSES)
    learning.make_recipe(recogniser, targets).compile(net, n_steps)
    edges_s: list[np.ndarray] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: edges_s.append(clocks()), on_epoch_end=lambda *_: edges_s.append(clocks())
    )

    def bare() -> np.ndarray:
        net.fit(windows, targets, batch_size=recogniser.batch_size, verbose=0, callbacks=[clock])
        return edges_s[-1] - edges_s[-2]  # without the start of `fit`

    rounds = Rounds(bare)
    learning.MEMORY_BYTES = 2**40 if kept else 0
    recogniser.fit(clips, clips.labels, on_epoch=rounds)
    bare_s = np.array(rounds.bare_s)
    return {
        "task": task,
        "kept": kept,
        "net": f"{recogniser.net}, {net.count_params():,} weights",
        "window": f"{recogniser.n_frames} × {recogniser.n_mels}",
        "batch_size": recogniser.batch_size,
        "woodshed_s": (np.array(rounds.woodshed_s) / n_steps).tolist(),
        "bare_s": ((bare_s[:-1] + bare_s[1:]) / 2 / n_steps).tolist(),
    }


class MemoryWatch(threading.Thread):
    """Thread that samples the memory of this process and records the maximum."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.peak_bytes = 0
        self.of_files_bytes = 0

    def run(self) -> None:
        """Sample until the event ``ended`` is set."""
        while not self.ended.wait(SAMPLED_EVERY_S):
            state = memory_state()
            if state.get("VmRSS", 0) > self.peak_bytes:
                self.peak_bytes, self.of_files_bytes = state["VmRSS"], state.get("RssFile", 0)


def memory_state() -> dict[str, int]:
    """Return the memory statistics of this process on Linux in bytes; empty on other systems."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    rows = [line.split() for line in lines if line.endswith(" kB")]
    return {row[0].rstrip(":"): 1024 * int(row[1]) for row in rows}


def peak_bytes() -> int:
    """Return the peak memory of this process."""
    import resource

    # ru_maxrss can be that of the parent process; VmHWM belongs to this one.
    unit = 1 if sys.platform == "darwin" else 1024
    return memory_state().get("VmHWM", unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def measure_memory(n_clips: int) -> dict[str, Any]:
    """Train on many clips for one epoch; must run in a fresh process."""
    from woodshed.recognition.learners import net as learning

    watch = MemoryWatch()
    watch.start()
    with tempfile.TemporaryDirectory() as store:
        recogniser = task_class("noise")(**SMALL_NET, store=store)
        clips = MadeUpClips(n_clips, CLIP_S)
        groups = [f"voice {k // N_CLASSES % 100}" for k in range(n_clips)]
        at_start = peak_bytes()
        began = time.perf_counter()
        ends: list[float] = []
        recogniser.fit(
            clips, clips.labels, groups, on_epoch=lambda *_: ends.append(time.perf_counter() - began)
        )
        stored = [path.stat() for path in Path(store).rglob("*.npy")]
    watch.ended.set()
    watch.join()
    return {
        "at_start": at_start,
        "peak": peak_bytes(),
        "of_files": watch.of_files_bytes,
        "kept_if_below": learning.MEMORY_BYTES,
        "n_entries": len(stored),
        "disk": sum(state.st_blocks * 512 for state in stored),
        "seconds": ends[0],
    }


def time_part(results: Sequence[dict[str, Any]]) -> str:
    """Return the table of times of a training step."""
    rows = []
    for result in results:
        woodshed_s, bare_s = np.array(result["woodshed_s"]), np.array(result["bare_s"])
        ratio = woodshed_s / bare_s
        rows.append(
            [
                f"{result['task']} ({result['net']}; {result['batch_size']} × {result['window']})",
                "memory" if result["kept"] else "store",
                spread(1e3 * woodshed_s[:, 0], 0),
                spread(1e3 * bare_s[:, 0], 0),
                spread(ratio[:, 0], 2),
                spread(ratio[:, 1], 2),
                "yes" if np.median(ratio[:, 0]) <= MOST_RATIO else "no",
            ]
        )
    heading = ["task (net; windows × frames × bands)", "source", "woodshed, ms", "bare loop, ms", "ratio"]
    return markdown_table([*heading, "ratio of processor time", f"ratio ≤ {MOST_RATIO}"], rows)


def memory_part(result: dict[str, Any], n_clips: int) -> str:
    """Return the table of memory and disk usage."""
    gb = 1e9
    heading = ["one short training", "GB"]
    rows = [
        ["peak memory", f"{result['peak'] / gb:.2f}"],
        ["part of it: pages of files (shared libraries, mapped entries)", f"{result['of_files'] / gb:.2f}"],
        ["memory before any clip was read", f"{result['at_start'] / gb:.2f}"],
        ["size of the samples of all clips", f"{n_clips * CLIP_S * SAMPLE_RATE * 4 / gb:.2f}"],
        [f"disk used by {result['n_entries']:,} stored spectrograms", f"{result['disk'] / gb:.2f}"],
    ]
    return markdown_table(heading, rows)


def page(times: Sequence[dict[str, Any]], memory: dict[str, Any], chosen: argparse.Namespace) -> str:
    """Return the text of the page."""
    verdict = "yes" if memory["peak"] < MOST_GB * 1e9 else "no"
    return f"""## Time of a training step

`fit` with the network, window, augmentation, mixing and batch size of each task,
against `net.fit(windows, targets)` on a prepared array of windows of the same clips, with the same net compiled
equally. {chosen.steps} steps per epoch; median of {chosen.rounds} epochs (lowest–highest). Every epoch of woodshed runs
between two of the bare loop, and the ratio is to their mean. The first epoch of each, which traces the
graph, is left out.

{time_part(times)}

- "memory": a corpus whose spectrograms fit in {memory["kept_if_below"] / 2**20:.0f} MiB is kept in memory once it has been read.
- "store": a larger corpus is read from the store in every epoch; here the small one is, too. Its files
  are in the system's cache.
- Processor time is the sum over all threads. Unlike the wall-clock time, it measures the cost of the work when
  other programs share the cores.

## Memory of a training

{memory["n_entries"]:,} synthetic clips of {CLIP_S:.0f} s at {SAMPLE_RATE:,} Hz, each generated on access; one whole
epoch of the noise task with a small net ({SMALL_NET["net"]}, width {SMALL_NET["width"]}) and one version of each clip:
five versions take five times as long to store, and some 60 MB more for their names. In a fresh process,
{memory["seconds"] / 60:.1f} minutes to the end of the epoch. To reach: under {MOST_GB:.0f} GB. Reached: {verdict}.

{memory_part(memory, chosen.clips)}"""


def run(*arguments: str) -> Any:
    """Run a measurement of this script in a fresh process and return its result."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.training", *arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure each part in a fresh process and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument(
        "--clips", type=int, default=20000, help="number of clips in the measurement of memory"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    chosen = parse(parser)
    if chosen.measure == "memory":
        print(json.dumps(measure_memory(chosen.clips)))
        return
    if chosen.measure:
        task, place = chosen.measure.split("/")
        print(json.dumps(measure_time(task, place == "memory", chosen.steps, chosen.rounds)))
        return
    size = ["--steps", str(chosen.steps), "--rounds", str(chosen.rounds)]
    times = [
        run("--measure", f"{task}/{place}", *size)
        for task in CLIP_DURATIONS_S
        for place in ("memory", "store")
    ]
    memory = run("--measure", "memory", "--clips", str(chosen.clips))
    body = page(times, memory, chosen)
    write_markdown(chosen.out, "Cost of training", body)
    print(body)


if __name__ == "__main__":
    main()
