"""Models measured by ``likelihood.py``: their settings for each corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.quality.frames import jsb_rolls, nottingham_rolls


@dataclass(frozen=True)
class Row:
    """Row of a table.

    Parameters
    ----------
    label
        Name of the model.
    settings
        Settings of a `RollComposer` or of `ChordSettings`; none for counts.
    kind
        Method: count, roll, chords, or mean.
    how
        Whether the likelihood is exact, an estimate, or a bound.
    published
        Published values on the same kind of grid; the comparison is with the lowest.
    """

    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "roll"
    how: str = "exact"
    published: tuple[float, ...] = ()


RAISE = "RAISE, biased high"
JSB = {
    "independent": Row("independent notes", kind="count"),
    "order-1": Row("each note given its previous state (order 1)", kind="count"),
    "rbm": Row(
        "RBM", {"net": "rbm", "n_hidden": 150, "n_gibbs": 5, "learning_rate": 0.02, "epochs": 300}, how=RAISE
    ),
    "nade": Row("NADE", {"net": "nade", "n_hidden": 100, "epochs": 240}, published=(7.19,)),
    "rnn": Row("RNN, tanh", {"net": "rnn", "width": 100, "epochs": 40}, published=(9.10, 8.91)),
    "gru": Row("GRU", {"net": "gru", "epochs": 40}, published=(8.54, 8.43)),
    "lstm": Row("LSTM", {"net": "lstm", "epochs": 40}, published=(8.67, 8.45)),
    "tcn": Row("TCN, gated", {"net": "tcn", "width": 48, "n_layers": 5, "epochs": 40}, published=(8.10,)),
    "transformer": Row("Transformer", {"net": "transformer", "width": 64, "n_layers": 3, "epochs": 25}),
    "rnn-rbm": Row(
        "RNN-RBM",
        {"net": "rnn-rbm", "width": 100, "n_hidden": 150, "learning_rate": 5e-3, "epochs": 60},
        how=RAISE,
        published=(6.27,),
    ),
    "gru-rbm": Row(
        "the same with a GRU",
        {
            "net": "gru-rbm",
            "width": 150,
            "n_hidden": 150,
            "dropout": 0.5,
            "learning_rate": 5e-3,
            "epochs": 40,
        },
        how=RAISE,
        published=(6.27,),
    ),
    "rnn-nade": Row(
        "RNN-NADE (GRU)",
        {"net": "rnn-nade", "width": 192, "n_hidden": 96, "epochs": 50},
        published=(5.56,),
    ),
    "transformer-nade": Row(
        "Transformer-NADE", {"net": "transformer-nade", "width": 64, "n_layers": 3, "epochs": 40}
    ),
    "orderless": Row(
        "chords as 4 cells, `chorale_net` (orderless)", {"orderless": True}, kind="chords", how="upper bound"
    ),
    "chain": Row(
        "chords as 4 cells, `chorale_chain`", {"dropout": 0.5, "epochs": 8}, kind="chords", how="upper bound"
    ),
    "chain-orders": Row("the same, mean of 24 orders", {"of": "chain"}, kind="chords", how="upper bound"),
    "chain-moved": Row(
        "`chorale_chain`, transposed during training",
        {"max_shift": 5, "width": 128, "epochs": 12},
        kind="chords",
        how="upper bound",
    ),
    "chain-moved-orders": Row(
        "the same, mean of 24 orders", {"of": "chain-moved"}, kind="chords", how="upper bound"
    ),
    "chains": Row(
        "mean of the two chains (24 orders)",
        {"of": ["chain-orders", "chain-moved-orders"]},
        kind="mean",
        how="upper bound",
    ),
    "mean": Row(
        "mean of the two chains (24 orders) and RNN-NADE",
        {"of": ["chain-orders", "chain-moved-orders", "rnn-nade"]},
        kind="mean",
        how="upper bound",
    ),
}
LONG = {"n_steps": 256, "batch_size": 4, "epochs": 5}
LONGER = {**LONG, "epochs": 24}
NOTTINGHAM = {
    "independent": Row("independent notes", kind="count"),
    "order-1": Row("each note given its previous state (order 1)", kind="count"),
    "rbm": Row(
        "RBM",
        {**LONG, "net": "rbm", "n_hidden": 150, "n_gibbs": 5, "learning_rate": 0.02, "epochs": 16},
        how=RAISE,
    ),
    "nade": Row("NADE", {**LONG, "net": "nade", "n_hidden": 64}),
    "rnn": Row("RNN, tanh", {**LONGER, "net": "rnn", "width": 100}, published=(3.13, 4.05)),
    "gru": Row("GRU", {**LONGER, "net": "gru"}, published=(3.23, 3.46)),
    "lstm": Row("LSTM", {**LONGER, "net": "lstm"}, published=(3.20, 3.29)),
    "tcn": Row(
        "TCN, gated", {**LONG, "epochs": 16, "net": "tcn", "width": 64, "n_layers": 7}, published=(3.07,)
    ),
    "transformer": Row(
        "Transformer", {**LONG, "epochs": 16, "net": "transformer", "width": 96, "n_layers": 3}
    ),
    "rnn-rbm": Row(
        "RNN-RBM",
        {**LONG, "net": "rnn-rbm", "width": 150, "n_hidden": 100, "learning_rate": 1e-3, "epochs": 16},
        how=RAISE,
    ),
    "rnn-nade": Row(
        "RNN-NADE (GRU)",
        {**LONG, "net": "rnn-nade", "width": 192, "n_hidden": 96, "dropout": 0.1, "epochs": 16},
    ),
    "transformer-nade": Row(
        "Transformer-NADE", {**LONG, "epochs": 16, "net": "transformer-nade", "width": 96, "n_layers": 3}
    ),
}
TABLES = {"jsb": (jsb_rolls, JSB), "nottingham": (nottingham_rolls, NOTTINGHAM)}
GRID = {"jsb": {"steps_per_beat": 1, "n_steps": 160, "batch_size": 4}, "nottingham": {"steps_per_beat": 2}}
TO_REACH = {"jsb": 5.0, "nottingham": 2.3}
