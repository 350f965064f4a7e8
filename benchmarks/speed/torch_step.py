"""One training step of the default networks against the same networks in PyTorch; writes ``torch_step.md``.

    python -m benchmarks.speed.torch_step --peers PYTHON [--rounds 15] [--steps 24] [--out FILE]

PYTHON is the interpreter of an environment with PyTorch. Both sides take their steps in turn, in rounds whose order
is reversed from one to the next, and the ratio is taken in each round.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.speed.rounds import in_fresh_process, spread

from woodshed.nets.backend import require_keras
from woodshed.tasks import task_class

PEER = Path(__file__).with_name("peers") / "nets.py"
NOTES = Path(__file__).with_name("torch_step_notes.md")
NETS = {"noise": "conv-residual", "speech": "conv-tdnn"}
"""Task -> network whose default sizes are measured."""

VARIANTS = ("compiled by XLA", "16-bit floats (mixed_bfloat16)", "without oneDNN", "two batches in one")
"""What was tried to make a step faster; measured with one thread in the same way as the default."""

N_OUTPUTS = 10
MOST_RATIO = 1.05
N_PROFILED = 8

Steps = Callable[[int], tuple[float, float]]
"""Number of steps to their seconds by the clock and of the processor."""


def keras_steps(task: str, n_threads: int, variant: str) -> tuple[Steps, dict[str, Any], Callable[[], None]]:
    """Return the steps of woodshed's training loop, the size of the network, and one profiled group of steps.

    ``variant`` is one of `VARIANTS`, or empty for the default.
    """
    if variant == "without oneDNN":
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # read when TensorFlow is imported
    require_keras()
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    from woodshed.recognition.learners.net import make_net, make_recipe
    from woodshed.training.loop import STEPS_PER_EXECUTION, prepare, train_steps

    if variant.startswith("16-bit"):
        keras.config.set_dtype_policy("mixed_bfloat16")
    model = task_class(task)(net=NETS[task])
    if variant == "two batches in one":
        model.set_params(batch_size=2 * model.batch_size)
    rng = np.random.default_rng(0)
    windows = rng.normal(-40, 10, (model.batch_size, model.n_frames, model.n_mels)).astype(np.float32)
    targets = np.eye(N_OUTPUTS, dtype=np.float32)[np.arange(model.batch_size) % N_OUTPUTS]
    net = make_net(model, model.n_mels, N_OUTPUTS)
    prepare(net, make_recipe(model, targets), steps_per_epoch=100)
    if variant == "compiled by XLA":
        net.jit_compile = True
        net.make_train_function(force=True)

    def group() -> None:
        train_steps(net, [(windows, targets)] * STEPS_PER_EXECUTION)

    def steps(n: int) -> tuple[float, float]:
        began, worked = time.perf_counter(), time.process_time()
        for _ in range(n // STEPS_PER_EXECUTION):
            group()
        return time.perf_counter() - began, time.process_time() - worked

    size = {
        "net": model.net,
        "n_frames": model.n_frames,
        "n_bands": model.n_mels,
        "n_outputs": N_OUTPUTS,
        "width": model.width,
        "strength": model.channel_norm,
        "batch_size": model.batch_size,
        "n_threads": n_threads,
        "n_weights": sum(int(np.prod(weight.shape)) for weight in net.trainable_variables),
    }
    return steps, size, group


def torch_steps(python: str, size: dict[str, Any]) -> tuple[Steps, int]:
    """Start the network in PyTorch; return its steps and its number of weights."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [python, str(PEER), json.dumps(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    to, of = process.stdin, process.stdout
    if to is None or of is None:
        raise RuntimeError("the process has no pipes")
    n_weights = int(of.readline())

    def steps(n: int) -> tuple[float, float]:
        to.write(f"{n}\n")
        to.flush()
        wall_s, processor_s = json.loads(of.readline())
        return wall_s, processor_s

    return steps, n_weights


def measure(
    task: str, n_threads: int, variant: str, *, python: str, n_rounds: int, n_steps: int
) -> dict[str, Any]:
    """Time both sides in rounds; must run in a fresh process."""
    own, size, group = keras_steps(task, n_threads, variant)
    torch, n_weights = torch_steps(python, size)
    sides = {"keras": own, "torch": torch}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for steps in sides.values():
        steps(n_steps)  # graphs and caches are not measured
    for number in range(n_rounds):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            seconds[name].append(sides[name](n_steps))
    spent_ms = {} if variant else profile(group)
    return {"task": task, **size, "n_torch": n_weights, "seconds": seconds, "profile": spent_ms}


def profile(group: Callable[[], None]) -> dict[str, float]:
    """Return the milliseconds of each kind of operation in one step, the most expensive first."""
    import tempfile

    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    from woodshed.training.loop import STEPS_PER_EXECUTION

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            for _ in range(N_PROFILED):
                group()
        space = xplane_pb2.XSpace()
        space.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    spent_ms: Counter[str] = Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                _, separator, kind = plane.event_metadata[event.metadata_id].name.partition(":")
                if separator and kind.isidentifier():  # an operation of the graph: "name:kind"
                    spent_ms[kind] += event.duration_ps / 1e9 / (N_PROFILED * STEPS_PER_EXECUTION)
    return dict(spent_ms.most_common(8))


def rows_of(results: list[dict[str, Any]]) -> list[list[str]]:
    """Return the rows of the table of times."""
    rows = []
    for result in results:
        keras, torch = (np.array(result["seconds"][name]) for name in ("keras", "torch"))
        ratio = keras / torch
        n_steps = result["n_steps"]
        rows.append(
            [
                f"{result['net']} ({result['batch_size']} × {result['n_frames']} × {result['n_bands']}, "
                f"{result['n_weights']:,} weights)",
                str(result["n_threads"]),
                spread(1e3 * keras[:, 0] / n_steps, 1),
                spread(1e3 * torch[:, 0] / n_steps, 1),
                spread(ratio[:, 0], 2),
                spread(ratio[:, 1], 2),
                "yes" if np.median(ratio[:, 0]) <= MOST_RATIO else "no",
            ]
        )
    return rows


def variant_row(variant: str, result: dict[str, Any]) -> list[str]:
    """Return the row of a variant: its times, and their ratio to PyTorch."""
    own, torch = (np.array(result["seconds"][name])[:, 0] for name in ("keras", "torch"))
    return [
        f"{result['net']}, {variant or 'default'}",
        str(result["batch_size"]),
        spread(1e3 * own / result["n_steps"], 1),
        spread(own / torch, 2),
    ]


def main() -> None:
    """Measure each case in a fresh process and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", required=True, help="interpreter of an environment with PyTorch")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    chosen = parse(parser)
    if chosen.measure:
        task, n_threads, variant = chosen.measure.split("/")
        result = measure(
            task,
            int(n_threads),
            variant,
            python=chosen.peers,
            n_rounds=chosen.rounds,
            n_steps=chosen.steps,
        )
        print(json.dumps(result))
        return
    size = ["--peers", chosen.peers, "--rounds", str(chosen.rounds), "--steps", str(chosen.steps)]
    size += ["--out", str(chosen.out)]
    n_cores = len(os.sched_getaffinity(0))

    def measured(task: str, n_threads: int, variant: str = "") -> dict[str, Any]:
        module = "benchmarks.speed.torch_step"
        case = f"{task}/{n_threads}/{variant}"
        result = in_fresh_process(module, "--measure", case, *size, one_thread=False)
        return {**result, "n_steps": chosen.steps}

    results = [measured(task, n) for task in NETS for n in sorted({1, n_cores})]
    variants = [variant_row(name, measured("noise", 1, name)) for name in ("", *VARIANTS)]
    heading = ["net (windows × frames × bands)", "threads", "woodshed, ms", "PyTorch, ms", "ratio"]
    profiles = [
        [f"{result['net']}, {kind}", f"{spent_ms:.2f}"]
        for result in results
        if result["n_threads"] == 1
        for kind, spent_ms in result["profile"].items()
    ]
    write_markdown(
        chosen.out,
        "A training step against PyTorch",
        "\n\n".join(
            [
                "One step (forward, backward, AdamW) on the same prepared batch, with the network of each task's default "
                f"sizes. Median of {chosen.rounds} paired rounds of {chosen.steps} steps (lowest–highest). PyTorch: "
                "images with channels last, fused AdamW.",
                markdown_table(
                    [*heading, "ratio of processor time", f"ratio ≤ {MOST_RATIO}"], rows_of(results)
                ),
                "## Where woodshed's step spends its time, one thread",
                markdown_table(["operation", "ms in a step"], profiles),
                "## What else was tried, one thread",
                markdown_table(["net", "windows", "woodshed, ms", "ratio to PyTorch"], variants),
                NOTES.read_text("utf-8"),
            ]
        ),
    )


if __name__ == "__main__":
    main()
