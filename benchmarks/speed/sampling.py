"""Sampling speed of a recurrent net of the folk model's size, in tokens per second; writes ``sampling.md``.

    python -m benchmarks.speed.sampling [--rounds 9] [--tokens 40] [--out FILE]

Every method runs the same net with the same random weights, once in every round, in one process on one
core with one thread, and in a second process with the default number of threads. The loss of likelihood by
rounding is measured on the shipped model.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.quality.tune import held_out
from benchmarks.speed.rounds import in_fresh_process, ratio_rows, spread, time_rounds

from woodshed.composition.sequence.step_net import RecurrentStep, Weights, net_weights
from woodshed.tasks import load
from woodshed.tasks.shipped import shipped_folder

N_TOKENS = 137
STREAMS = (1, 16, 64)
N_LAYERS, N_UNITS = 3, 512
NUMPY, WITH_STATE, HANDED_ON, WITHOUT_STATE = (
    f"{way}, 1" for way in ("NumPy loop", "Keras with state", "Keras, state handed on", "Keras without state")
)
QUICK = "woodshed, int8, 1"
MOST_BITS = 0.01
Seconds = dict[str, list[float]]
"""Method -> seconds in each round."""
NOTES = Path(__file__).with_name("sampling_notes.md")


def sample_tokens(stepper: RecurrentStep, n_streams: int, n_tokens: int) -> np.ndarray:
    """Sample sequences of tokens, shape ``(n_streams, n_tokens)``."""
    rng = np.random.default_rng(0)
    ids, state, drawn = np.zeros(n_streams, int), stepper.start(n_streams), []
    for _ in range(n_tokens):
        logits, state = stepper(ids, state)
        # The largest of logits plus Gumbel noise is a draw from their softmax. Minus the logarithm of an
        # exponential draw is Gumbel noise, and faster than rng.gumbel.
        ids = np.argmax(logits - np.log(rng.standard_exponential(size=logits.shape)), axis=1)
        drawn.append(ids)
    return np.stack(drawn, axis=1)


class PlainLoop:
    """One stream in a plain NumPy loop."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.n_layers = sum(name.endswith("/recurrent_kernel") for name in weights)
        self.start()

    def start(self) -> None:
        """Reset the state."""
        units = self.weights["lstm_1/recurrent_kernel"].shape[0]
        self.h, self.c = ([np.zeros(units, np.float32) for _ in range(self.n_layers)] for _ in range(2))

    def step(self, token: int) -> np.ndarray:
        """Process a token and return the logits of the next."""
        x = np.eye(N_TOKENS, dtype=np.float32)[token]
        for k in range(self.n_layers):
            name = f"lstm_{k + 1}"
            z = x @ self.weights[f"{name}/kernel"] + self.h[k] @ self.weights[f"{name}/recurrent_kernel"]
            i, f, g, o = np.split(z + self.weights[f"{name}/bias"], 4)
            self.c[k] = self.c[k] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            x = self.h[k] = np.tanh(self.c[k]) / (1 + np.exp(-o))
        return x @ self.weights["logits/kernel"] + self.weights["logits/bias"]


class KerasWithState:
    """One stream with stateful layers of Keras."""

    def __init__(self, net: Any) -> None:
        import keras

        tokens = keras.Input(batch_shape=(1, 1), dtype="int32")
        x = keras.ops.one_hot(tokens, N_TOKENS)
        for _ in range(N_LAYERS):
            x = keras.layers.LSTM(N_UNITS, return_sequences=True, stateful=True)(x)
        self.net = keras.Model(tokens, keras.layers.Dense(N_TOKENS)(x))
        self.net.set_weights(net.get_weights())

    def start(self) -> None:
        """Reset the state."""
        for layer in self.net.layers:
            if hasattr(layer, "reset_state"):
                layer.reset_state()

    def step(self, token: int) -> np.ndarray:
        """Process a token and return the logits of the next."""
        return self.net.predict_on_batch(np.array([[token]], np.int32))[0, 0]


class KerasHandedOn:
    """One stream with layers of Keras whose states are inputs and outputs, as in most decoders."""

    def __init__(self, net: Any) -> None:
        import keras

        tokens = keras.Input(batch_shape=(1, 1), dtype="int32")
        states_in, states_out, x = [], [], keras.ops.one_hot(tokens, N_TOKENS)
        for _ in range(N_LAYERS):
            state = [keras.Input(batch_shape=(1, N_UNITS)) for _ in "hc"]
            layer = keras.layers.LSTM(N_UNITS, return_sequences=True, return_state=True)
            x, *after = layer(x, initial_state=state)
            states_in, states_out = states_in + state, states_out + after
        self.net = keras.Model([tokens, *states_in], [keras.layers.Dense(N_TOKENS)(x), *states_out])
        self.net.set_weights(net.get_weights())

    def start(self) -> None:
        """Reset the state."""
        self.state = [np.zeros((1, N_UNITS), np.float32)] * (2 * N_LAYERS)

    def step(self, token: int) -> np.ndarray:
        """Process a token and return the logits of the next."""
        logits, *self.state = self.net.predict_on_batch([np.array([[token]], np.int32), *self.state])
        return logits[0, 0]


class KerasWithoutState:
    """One stream with the net as trained, which processes all tokens so far for each new one."""

    def __init__(self, net: Any) -> None:
        self.net = net
        self.start()

    def start(self) -> None:
        """Reset the state."""
        self.tokens: list[int] = []

    def step(self, token: int) -> np.ndarray:
        """Process a token and return the logits of the next."""
        self.tokens.append(token)
        return self.net.predict_on_batch(np.array([self.tokens], np.int32))[0, -1]


Way = PlainLoop | KerasWithState | KerasHandedOn | KerasWithoutState


def play(way: Way, n: int) -> Callable[[], object]:
    """Return a function that draws ``n`` tokens one after the other."""

    def draw() -> None:
        rng, token = np.random.default_rng(0), 0
        way.start()
        for _ in range(n):
            token = int(np.argmax(way.step(token) + rng.gumbel(size=N_TOKENS)))

    return draw


def check_alike(ways: Sequence[Way], stepper: RecurrentStep) -> None:
    """Exit unless all methods return the same logits."""
    ids = np.random.default_rng(1).integers(0, N_TOKENS, 8)
    for way in ways:
        way.start()
        state = stepper.start(1)
        for token in ids:
            logits, state = stepper(np.array([token]), state)
            if np.abs(way.step(int(token)) - logits[0]).max() > 1e-3:
                raise SystemExit(f"{type(way).__name__} returns other logits than woodshed.")


def measure(n_rounds: int, n: int, *, default_threads: bool) -> Seconds:
    """Time every method on one core with one thread, or with the default number of threads."""
    import keras

    from woodshed.nets.lstm_lm import lstm_lm

    if not default_threads and hasattr(os, "sched_setaffinity"):  # not available on every system
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    keras.utils.set_random_seed(0)
    net = lstm_lm(N_TOKENS)
    weights = net_weights(net)
    n_threads = None if default_threads else 1
    steppers = {
        name: RecurrentStep(weights, storage=name, n_threads=n_threads) for name in ("float32", "int8")
    }
    others: dict[str, Way] = {
        NUMPY: PlainLoop(weights),
        WITH_STATE: KerasWithState(net),
        HANDED_ON: KerasHandedOn(net),
        WITHOUT_STATE: KerasWithoutState(net),
    }
    check_alike(list(others.values()), steppers["float32"])
    ways: dict[str, Callable[[], object]] = {name: play(way, n) for name, way in others.items()}
    for storage, stepper in steppers.items():
        for n_streams in STREAMS:
            ways[f"woodshed, {storage}, {n_streams}"] = lambda s=stepper, m=n_streams: sample_tokens(s, m, n)
    return time_rounds(ways, n_rounds)


def mean_bits(stepper: RecurrentStep, rows: Sequence[np.ndarray]) -> float:
    """Return the mean bits per token after the first of each row, all rows in one batch."""
    longest = max(map(len, rows))
    ids = np.stack([np.pad(row, (0, longest - len(row)), constant_values=-1) for row in rows])
    state, bits = stepper.start(len(ids)), []
    for now, following in zip(ids.T[:-1], ids.T[1:], strict=True):
        logits, state = stepper(np.maximum(now, 0), state)
        log_sum = np.logaddexp.reduce(logits.astype(np.float64), axis=1)
        there = np.flatnonzero(following >= 0)
        bits.append((log_sum[there] - logits[there, following[there]]) / np.log(2))
    return float(np.concatenate(bits).mean())


def shipped_bits() -> tuple[int, dict[str, float]]:
    """Return the number of held-out tunes, and the bits per token for each storage of the weights."""
    composer = load(shipped_folder("tune"))
    rows = [composer.encode(text) for text in held_out(composer)]
    return len(rows), {
        storage: mean_bits(RecurrentStep(composer.weights_, storage=storage), rows)
        for storage in ("float32", "int8")
    }


def rate_rows(seconds: Seconds, n: int) -> list[list[str]]:
    """Return the rows of the table of tokens per second."""
    ways = [(name, *name.rsplit(", ", 1)) for name in seconds]
    return [
        [way, n_streams, spread(int(n_streams) * n / np.array(seconds[name]), 0)]
        for name, way, n_streams in ways
    ]


def tables(seconds: Seconds, n: int) -> str:
    """Return the tables of one process: tokens per second, and ratios."""
    ratios = {
        "one stream, int8, against the NumPy loop": (NUMPY, QUICK, 1.5),
        "one stream, float32, against the NumPy loop": (NUMPY, "woodshed, float32, 1", 1.0),
        "one stream, int8, against Keras with state": (WITH_STATE, QUICK, 8.0),
        "one stream, int8, against Keras, state handed on": (HANDED_ON, QUICK, 8.0),
        "one stream, int8, against Keras without state": (WITHOUT_STATE, QUICK, 8.0),
    }
    # 64 streams draw 64 times as many tokens: the ratio is of tokens, not of times.
    many = {
        f"64 streams against one, {storage}": (f"woodshed, {storage}, 1", f"woodshed, {storage}, 64", 8.0)
        for storage in ("float32", "int8")
    }
    per_token = seconds | {way: [value / 64 for value in seconds[way]] for _, way, _ in many.values()}
    rates = markdown_table(["method", "streams", "tokens per second, all streams"], rate_rows(seconds, n))
    head = ["tokens per second, ratio", "measured", "to reach", "reached"]
    return f"{rates}\n\n{markdown_table(head, ratio_rows(ratios | many, per_token))}"


def body_of(one_core: Seconds, default_threads: Seconds, chosen: argparse.Namespace) -> str:
    """Return the text of the page."""
    n_tunes, bits = shipped_bits()
    moved = bits["int8"] - bits["float32"]
    return f"""A net of three layers of {N_UNITS} units and {N_TOKENS} tokens, random weights, {chosen.tokens} tokens a stream, each drawn
from the softmax. Median of {chosen.rounds} paired rounds (lowest–highest). Keras runs by `predict_on_batch`:

- *with state*: the layers keep their state from one call to the next (`stateful=True`);
- *state handed on*: the states are inputs and outputs, as in most decoders written in Keras;
- *without state*: the net as trained, which processes all tokens so far for each new one.

Before the timing, a check ensures that all methods return the same logits.

## Default number of threads

The number of threads is not set: Keras uses both cores; woodshed uses one for one stream, and both for 64.

{tables(default_threads, chosen.tokens)}

## One core, one thread

{tables(one_core, chosen.tokens)}

## Loss of likelihood by rounding

The shipped model on {n_tunes} held-out tunes: {bits["float32"]:.4f} bits per token with weights
of 32 bits, {bits["int8"]:.4f} with weights of 8, {moved:+.4f}. To reach: at most {MOST_BITS} more. Reached: {"yes" if moved <= MOST_BITS else "no"}.

{NOTES.read_text("utf-8")}"""


def main() -> None:
    """Measure in fresh processes, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--times", choices=("one-core", "default-threads"), help=argparse.SUPPRESS)
    chosen = parse(parser)
    if chosen.times:
        default_threads = chosen.times == "default-threads"
        print(json.dumps(measure(chosen.rounds, chosen.tokens, default_threads=default_threads)))
        return
    size = ("--rounds", str(chosen.rounds), "--tokens", str(chosen.tokens))
    one_core, default_threads = (
        in_fresh_process("benchmarks.speed.sampling", *size, "--times", times, one_thread=one_thread)
        for times, one_thread in (("one-core", True), ("default-threads", False))
    )
    body = body_of(one_core, default_threads, chosen)
    write_markdown(chosen.out, "Tokens per second", body)
    print(body)


if __name__ == "__main__":
    main()
