"""What a training step of the folk model's net costs; writes ``lstm_training.md`` beside this file.

    python -m benchmarks.speed.lstm_training [--rounds 5] [--batch 64] [--time 128] [--torch PYTHON] [--out FILE]

Ours, Keras' own layers on one-hot vectors, and, where a Python that has PyTorch is named, its LSTM: a step
each in every round, all with Adam and the gradient clipped at 5.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmarks.provenance import markdown_table, write_markdown
from benchmarks.speed.rounds import spread, time_rounds

N_TOKENS = 137
MOST_RATIO = 1.3

TORCH = """
import sys
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
    step()
    print("done", flush=True)
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
        [chosen.torch, "-c", TORCH, *size], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ask(process: subprocess.Popen[str]) -> None:
    """Have PyTorch take one step."""
    process.stdin.write("step\n")
    process.stdin.flush()
    if not process.stdout.readline():
        raise SystemExit("the process with PyTorch ended early.")


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--time", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2, help="threads of PyTorch")
    parser.add_argument("--torch", help="a Python that has PyTorch")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen = parser.parse_args()
    tokens = np.random.default_rng(0).integers(0, N_TOKENS, (chosen.batch, chosen.time + 1)).astype(np.int32)
    ways = {
        "ours": keras_way(True, tokens[:, :-1], tokens[:, 1:]),
        "Keras' layers": keras_way(False, tokens[:, :-1], tokens[:, 1:]),
    }
    process = torch_process(chosen) if chosen.torch else None
    if process:
        ways["PyTorch"] = lambda: ask(process)
    seconds = {name: np.array(values) for name, values in time_rounds(ways, chosen.rounds).items()}
    if process:
        process.stdin.close()
        process.wait()
    rows = [[name, spread(values, 2)] for name, values in seconds.items()]
    others = list(seconds)[1:]
    rows += [[f"ours / {name}", spread(seconds["ours"] / seconds[name], 2)] for name in others]
    wanted = (
        f"Wanted: at most {MOST_RATIO} times PyTorch's time." if chosen.torch else "PyTorch was not measured."
    )
    body = f"""Three layers of 512 units, {N_TOKENS} tokens, {chosen.batch} sequences of {chosen.time}; seconds for one training
step, median of {chosen.rounds} paired rounds (lowest–highest). {wanted}

{markdown_table(["one training step", "seconds"], rows)}"""
    write_markdown(chosen.out, "A training step of the folk model's net", body)
    print(body)


if __name__ == "__main__":
    main()
