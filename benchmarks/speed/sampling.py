"""How many tokens a second a recurrent net of the folk model's size plays; writes ``sampling.md``.

    python -m benchmarks.speed.sampling [--rounds 7] [--tokens 20] [--out FILE]

Every way steps the same net with the same random weights, each once in every round.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.provenance import markdown_table, write_markdown
from benchmarks.speed.rounds import ratio_rows, spread, time_rounds

from woodshed.base.stepping import Stepper, net_weights, sample_tokens

N_TOKENS = 137


def numpy_loop(weights: dict[str, np.ndarray], n: int) -> Callable[[], object]:
    """Step one stream with plain NumPy, as one would write it first."""
    n_layers = sum(name.endswith("/recurrent_kernel") for name in weights)

    def play() -> None:
        units = weights["lstm_1/recurrent_kernel"].shape[0]
        h = [np.zeros(units, np.float32) for _ in range(n_layers)]
        c = [np.zeros(units, np.float32) for _ in range(n_layers)]
        rng, token = np.random.default_rng(0), 0
        for _ in range(n):
            x = np.eye(N_TOKENS, dtype=np.float32)[token]
            for k in range(n_layers):
                name = f"lstm_{k + 1}"
                z = x @ weights[f"{name}/kernel"] + h[k] @ weights[f"{name}/recurrent_kernel"]
                i, f, g, o = np.split(z + weights[f"{name}/bias"], 4)
                c[k] = c[k] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
                x = h[k] = np.tanh(c[k]) / (1 + np.exp(-o))
            logits = x @ weights["logits/kernel"] + weights["logits/bias"]
            token = int(np.argmax(logits + rng.gumbel(size=N_TOKENS)))

    return play


def keras_loop(step: Callable[[np.ndarray], Any], n: int) -> Callable[[], object]:
    """Ask a Keras net for one token after another, with all tokens so far, as it has no state to give."""

    def play() -> None:
        rng, tokens = np.random.default_rng(0), np.zeros((1, 1), np.int32)
        for _ in range(n):
            logits = np.asarray(step(tokens))[0, -1]
            token = np.argmax(logits + rng.gumbel(size=N_TOKENS))
            tokens = np.append(tokens, [[token]], axis=1).astype(np.int32)

    return play


def measure(n_rounds: int, n: int) -> tuple[dict[str, list[float]], float]:
    """Time every way, and say by how many bits a token rounding the weights moves the likelihood."""
    import keras

    from woodshed.nets.lstm_lm import lstm_lm

    keras.utils.set_random_seed(0)
    net = lstm_lm(N_TOKENS)
    weights = net_weights(net)
    steppers = {storage: Stepper(weights, storage=storage) for storage in ("float32", "int8")}
    ways = {
        "NumPy loop, 1 stream": numpy_loop(weights, n),
        "Keras predict_on_batch": keras_loop(net.predict_on_batch, n),
        "Keras called": keras_loop(net, n),
    }
    for storage, stepper in steppers.items():
        for n_streams in (1, 16, 64):
            ways[f"ours, {storage}, {n_streams}"] = lambda s=stepper, m=n_streams: sample_tokens(s, m, n)
    ids = np.random.default_rng(0).integers(0, N_TOKENS, (4, 100))
    exact, rounded = (mean_bits(stepper, ids) for stepper in steppers.values())
    return time_rounds(ways, n_rounds), abs(exact - rounded)


def mean_bits(stepper: Stepper, ids: np.ndarray) -> float:
    """Return the mean bits of each token after the first."""
    state, bits = stepper.start(len(ids)), []
    for now, following in zip(ids.T[:-1], ids.T[1:], strict=True):
        logits, state = stepper(now, state)
        log_sum = np.logaddexp.reduce(logits, axis=1)
        bits.append((log_sum - logits[np.arange(len(ids)), following]) / np.log(2))
    return float(np.mean(bits))


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    chosen = parser.parse_args()
    seconds, moved_bits = measure(chosen.rounds, chosen.tokens)
    rows = []
    for name, values in seconds.items():
        n_streams = int(name.rsplit(" ", 1)[1]) if name.startswith("ours") else 1
        rows.append([name, spread(n_streams * chosen.tokens / np.array(values), 0)])
    ratios = {
        "one stream, int8, against the NumPy loop": ("NumPy loop, 1 stream", "ours, int8, 1", 1.5),
        "one stream, float32, against the NumPy loop": ("NumPy loop, 1 stream", "ours, float32, 1", 1.0),
        # 64 streams may take 8 times as long as one for 8 times the tokens
        "one step of 64 streams against 8 of one, float32": ("ours, float32, 1", "ours, float32, 64", 1 / 8),
        "one step of 64 streams against 8 of one, int8": ("ours, int8, 1", "ours, int8, 64", 1 / 8),
    }
    body = f"""A net of three layers of 512 units and {N_TOKENS} tokens, random weights, {chosen.tokens} tokens a stream;
one thread of ONNX Runtime. Median of {chosen.rounds} paired rounds (lowest–highest).

{markdown_table(["way", "tokens a second, all streams"], rows)}

{markdown_table(["ratio of times", "measured", "wanted at least", "reached"], ratio_rows(ratios, seconds))}

- Rounding the weights to 8 bits moves the likelihood by {moved_bits:.4f} bits a token (random weights, random tokens).
- Keras is asked with all tokens so far: its net gives no state away."""
    write_markdown(chosen.out, "Tokens a second", body)
    print(body)


if __name__ == "__main__":
    main()
