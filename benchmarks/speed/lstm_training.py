"""What a training step of the folk model's net costs; writes ``lstm_training.md`` beside this file.

    python -m benchmarks.speed.lstm_training [--rounds 5] [--batch 64] [--time 128] [--torch PYTHON] [--out FILE]

Ours, Keras' own layers on one-hot vectors, and, where a Python that has PyTorch is named (by ``--torch`` or
``$WOODSHED_TORCH``), its LSTM: a step each in every round, all with Adam, the gradient clipped at 5, and the
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
from benchmarks.provenance import markdown_table, write_markdown
from benchmarks.speed.rounds import spread, time_rounds

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


def keras_way(ours: bool, inputs: np.ndarray, targets: np.ndarray) -> Callable[[], object]:
    """Compile our net, or one of Keras' layers, and return its training step."""
    import keras

    from woodshed.nets.lstm_lm import lstm_lm

    if ours:
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
    """Start the Python that has PyTorch; it takes a step for every line that it is sent."""
    size = [str(chosen.batch), str(chosen.time), str(chosen.threads)]
    return subprocess.Popen(
        [chosen.torch, "-c", TORCH, *size],
        # A thread that waits is not to burn the time of the core, which would be counted.
        env=os.environ | {"OMP_WAIT_POLICY": "passive"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def set_threads(n: int) -> None:
    """Give TensorFlow as many threads as PyTorch has."""
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(n)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def ask(process: subprocess.Popen[str]) -> float:
    """Have PyTorch take one step; return the processor time of all its threads."""
    process.stdin.write("step\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit("the process with PyTorch ended early.")
    return float(answer)


def timed(step: Callable[[], object]) -> Callable[[], float]:
    """Return a function that takes a step, and returns the processor time of all threads of this process."""

    def take() -> float:
        start = time.process_time()
        step()
        return time.process_time() - start

    return take


def keeping(way: Callable[[], float], kept: list[float]) -> Callable[[], None]:
    """Return a function that goes a way and keeps what it returns."""
    return lambda: kept.append(way())


def measure(chosen: argparse.Namespace) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return seconds on the wall, and of the processor, of each way in each round."""
    set_threads(chosen.threads)
    tokens = np.random.default_rng(0).integers(0, N_TOKENS, (chosen.batch, chosen.time + 1)).astype(np.int32)
    ways = {
        "ours": timed(keras_way(True, tokens[:, :-1], tokens[:, 1:])),
        "Keras' layers": timed(keras_way(False, tokens[:, :-1], tokens[:, 1:])),
    }
    process = torch_process(chosen) if chosen.torch else None
    if process:
        ways["PyTorch"] = lambda: ask(process)
    processor: dict[str, list[float]] = {name: [] for name in ways}
    wall = time_rounds({name: keeping(way, processor[name]) for name, way in ways.items()}, chosen.rounds)
    if process:
        process.stdin.close()
        process.wait()
    # The first of each was not counted on the wall either.
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
    parser.add_argument("--threads", type=int, default=2, help="threads of each")
    parser.add_argument("--torch", default=os.environ.get("WOODSHED_TORCH"), help="a Python that has PyTorch")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen = parser.parse_args()
    clocks = measure(chosen)
    wall = clocks[0]
    rows = [[name, *(spread(seconds[name], 2) for seconds in clocks)] for name in wall]
    rows += [
        [f"ours / {name}", *(spread(seconds["ours"] / seconds[name], 2) for seconds in clocks)]
        for name in list(wall)[1:]
    ]
    wanted = "PyTorch was not measured."
    if chosen.torch:
        reached = all(np.median(seconds["ours"] / seconds["PyTorch"]) <= MOST_RATIO for seconds in clocks)
        wanted = f"Wanted: at most {MOST_RATIO} times PyTorch's time, by both clocks. Reached: {'yes' if reached else 'no'}."
    body = f"""Three layers of 512 units, {N_TOKENS} tokens, {chosen.batch} sequences of {chosen.time}; seconds for one training
step with {chosen.threads} threads, median of {chosen.rounds} paired rounds (lowest–highest). {wanted}

{markdown_table(["one training step", "seconds on the wall", "processor seconds, all threads"], rows)}

{NOTES.read_text("utf-8")}"""
    write_markdown(chosen.out, "A training step of the folk model's net", body)
    print(body)


if __name__ == "__main__":
    main()
