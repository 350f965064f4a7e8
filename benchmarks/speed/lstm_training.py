"""Duration of a training step of the folk model's net; writes ``lstm_training.md`` beside this file.

    python -m benchmarks.speed.lstm_training [--rounds 5] [--batch 64] [--time 128] [--torch PYTHON] [--out FILE]

Each round times a step of woodshed, of the layers of Keras on one-hot vectors, and, if ``--torch`` or
``$WOODSHED_TORCH`` names a Python with PyTorch, of its LSTM: all with Adam, the gradient clipped at 5, and the
same number of threads.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.speed.rounds import spread, time_rounds

from woodshed.nets.backend import require_keras

N_TOKENS = 137
MOST_RATIO = 1.3
NOTES = Path(__file__).with_name("lstm_training_notes.md")

TORCH = """
import sys
from time import process_time as time_of_all_threads
import torch
from torch import nn
batch, time = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(int(sys.argv[3]))
lstm, dense = nn.LSTM(137, 512, 3, dropout=0.5), nn.Linear(512, 137)
weights = [*lstm.parameters(), *dense.parameters()]
optimizer = torch.optim.Adam(weights, 0.003)
tokens = torch.randint(0, 137, (time + 1, batch))
def step():
    optimizer.zero_grad()
    x = lstm(nn.functional.one_hot(tokens[:-1], 137).float())[0]
    logits = dense(nn.functional.dropout(x, 0.5))
    nn.functional.cross_entropy(logits.reshape(-1, 137), tokens[1:].reshape(-1)).backward()
    nn.utils.clip_grad_norm_(weights, 5.0)
    optimizer.step()
for line in sys.stdin:
    start = time_of_all_threads()
    step()
    print(time_of_all_threads() - start, flush=True)
"""


def keras_step(woodshed_layers: bool, inputs: np.ndarray, targets: np.ndarray) -> Callable[[], object]:
    """Compile the net with the layers of woodshed or of Keras, and return its training step."""
    import keras

    from woodshed.nets.lstm_lm import lstm_lm

    if woodshed_layers:
        net = lstm_lm(N_TOKENS)
    else:
        tokens = keras.Input((None,), dtype="int32")
        x = keras.ops.one_hot(tokens, N_TOKENS)
        for _ in range(3):
            x = keras.layers.Dropout(0.5)(keras.layers.LSTM(512, return_sequences=True)(x))
        net = keras.Model(tokens, keras.layers.Dense(N_TOKENS)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.Adam(0.003, global_clipnorm=5.0), loss, jit_compile=False)
    return lambda: net.train_on_batch(inputs, targets)


def torch_process(chosen: argparse.Namespace) -> subprocess.Popen[str]:
    """Start the Python with PyTorch, which runs a step for every line of input."""
    size = [str(chosen.batch), str(chosen.time), str(chosen.threads)]
    return subprocess.Popen(
        [chosen.torch, "-c", TORCH, *size],
        # Waiting threads must not spin, as that would be counted as processor time.
        env=os.environ | {"OMP_WAIT_POLICY": "passive"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def set_threads(n: int) -> None:
    """Set the number of threads of TensorFlow, with the settings with which woodshed imports it."""
    require_keras()
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(n)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def torch_step(process: subprocess.Popen[str]) -> float:
    """Run one step of PyTorch; return the processor time of all its threads."""
    process.stdin.write("step\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit("The process with PyTorch ended early.")
    return float(line)


def timed(step: Callable[[], object]) -> Callable[[], float]:
    """Return a function that runs a step and returns the processor time of all threads of this process."""

    def take() -> float:
        start = time.process_time()
        step()
        return time.process_time() - start

    return take


def storing(step: Callable[[], float], results: list[float]) -> Callable[[], None]:
    """Return a function that runs a step and stores its result."""
    return lambda: results.append(step())


def measure(chosen: argparse.Namespace) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the wall-clock time and the processor time of each method in each round."""
    set_threads(chosen.threads)
    tokens = np.random.default_rng(0).integers(0, N_TOKENS, (chosen.batch, chosen.time + 1)).astype(np.int32)
    ways = {
        "woodshed": timed(keras_step(True, tokens[:, :-1], tokens[:, 1:])),
        "Keras layers": timed(keras_step(False, tokens[:, :-1], tokens[:, 1:])),
    }
    process = torch_process(chosen) if chosen.torch else None
    if process:
        ways["PyTorch"] = lambda: torch_step(process)
    processor: dict[str, list[float]] = {name: [] for name in ways}
    wall = time_rounds({name: storing(way, processor[name]) for name, way in ways.items()}, chosen.rounds)
    if process:
        process.stdin.close()
        process.wait()
    # The first step of each is left out of the wall-clock times, too.
    return (
        {name: np.array(values) for name, values in wall.items()},
        {name: np.array(values[1:]) for name, values in processor.items()},
    )


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--time", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2, help="number of threads of each")
    parser.add_argument(
        "--torch", default=os.environ.get("WOODSHED_TORCH"), help="Python interpreter with PyTorch"
    )
    chosen = parse(parser)
    clocks = measure(chosen)
    wall = clocks[0]
    rows = [[name, *(spread(seconds[name], 2) for seconds in clocks)] for name in wall]
    rows += [
        [f"woodshed / {name}", *(spread(seconds["woodshed"] / seconds[name], 2) for seconds in clocks)]
        for name in list(wall)[1:]
    ]
    wanted = "PyTorch was not measured."
    if chosen.torch:
        reached = all(np.median(seconds["woodshed"] / seconds["PyTorch"]) <= MOST_RATIO for seconds in clocks)
        wanted = f"To reach: at most {MOST_RATIO} times the time of PyTorch, by both clocks. Reached: {'yes' if reached else 'no'}."
    body = f"""Three layers of 512 units, {N_TOKENS} tokens, {chosen.batch} sequences of {chosen.time}; seconds for one training
step with {chosen.threads} threads, median of {chosen.rounds} paired rounds (lowest–highest). {wanted}

{markdown_table(["one training step", "wall-clock seconds", "processor seconds, all threads"], rows)}

{NOTES.read_text("utf-8")}"""
    write_markdown(chosen.out, "A training step of the folk model's net", body)
    print(body)


if __name__ == "__main__":
    main()
