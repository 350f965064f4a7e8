"""Likelihood of folk tunes under an LSTM, in bits per token of held-out families; n-grams are the baseline.

    python -m benchmarks.quality.tune_tokens --data DATA --work WORK

The tunes are those of O'Neill and Ryan, which come with the package music21, and of Nottingham; 5 % are held
out by tune family. An interrupted training is resumed from the state in WORK.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.quality.measure import epoch_printer
from woodshed.metrics.baseline import bits_per_token
from woodshed.tasks.tune import RUN_STEPS, TuneComposer, families_of, read_tunes_corpus
from woodshed.tokens.folk.tokenizer import FolkAbc

NOTES = Path(__file__).with_name("tune_tokens_notes.md")
COLLECTIONS = ("oneill", "ryan", "nottingham")
ORDERS = range(1, 9)
SETTINGS: dict[str, Any] = {"dropout": 0.25, "learning_rate": 3e-3}
HELD_OUT = 0.05
LESS = 0.5
"""Target: number of bits per token below the best n-gram."""


@dataclass(frozen=True)
class Tune:
    """A tune in folk tokens, with the collection that it is from and its family in all of them."""

    text: str
    collection: str
    family: str


def read_tunes(nottingham: Path) -> list[Tune]:
    """Return the distinct tunes of the collections of music21 and of Nottingham."""
    found: dict[str, tuple[str, str]] = {}
    for source in ("folk", f"nottingham:{nottingham}"):
        corpus = read_tunes_corpus(source)
        for piece, name in zip(corpus.pieces, corpus.titles, strict=True):
            title, _, collection = name.removesuffix(")").rpartition(" (")
            found.setdefault(piece.text, (title, collection))
    families = families_of(list(found), [title for title, _ in found.values()])
    return [
        Tune(text, collection, family)
        for (text, (_, collection)), family in zip(found.items(), families, strict=True)
    ]


def split_by_family(tunes: Sequence[Tune], *, seed: int) -> tuple[list[Tune], list[Tune]]:
    """Split tunes into training tunes and 5 % that are held out by whole families."""
    sizes = Counter(tune.family for tune in tunes)
    names = list(sizes)
    taken: set[str] = set()
    n_wanted, n_taken = max(1, round(HELD_OUT * len(tunes))), 0
    for k in np.random.default_rng(seed).permutation(len(names)):
        if n_taken < n_wanted and n_taken + sizes[names[k]] <= n_wanted + max(1, n_wanted // 10):
            taken.add(names[k])
            n_taken += sizes[names[k]]
    train, test = ([tune for tune in tunes if (tune.family in taken) == held] for held in (False, True))
    return train, test


def ngram_bits(train: Sequence[str], test: Sequence[str]) -> dict[int, float]:
    """Return the bits per token of n-grams of each order (Kneser-Ney)."""
    tokens = FolkAbc()
    rows, held = ([tokens.encode(text) for text in texts] for texts in (train, test))
    n_tokens = len(tokens.vocabulary)
    return {order: bits_per_token(rows, held, order=order, n_tokens=n_tokens) for order in ORDERS}


def main() -> None:
    """Measure and write ``tune_tokens.md``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument(
        "--work", type=Path, default=Path("build/quality"), help="folder of the training state"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n-layers", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=12)
    options = parse(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    tunes = read_tunes(options.data / "nottingham")
    tunes = [tune for tune in tunes if tune.collection in COLLECTIONS]
    train, test = split_by_family(tunes, seed=options.seed)
    texts = [tune.text for tune in test]
    ngrams = ngram_bits([tune.text for tune in train], texts)
    print({order: round(bits, 3) for order, bits in ngrams.items()}, flush=True)
    composer = TuneComposer(
        **SETTINGS,
        n_layers=options.n_layers,
        epochs=options.epochs,
        patience=options.epochs,
        seed=options.seed,
    )
    began = time.monotonic()
    composer.fit(
        [tune.text for tune in train],
        [tune.family for tune in train],  # some of them are held out to choose the best epoch
        checkpoint=options.work / f"tune-{options.n_layers}-{options.epochs}-{options.seed}.state.npz",
        on_epoch=epoch_printer("accuracy on held-out tokens"),
    )
    minutes = (time.monotonic() - began) / 60
    bits, to_reach = composer.bits_per_token(texts), min(ngrams.values()) - LESS
    n_weights = sum(values.size for values in composer.weights_.values())
    write_markdown(
        options.out,
        "Quality: tokens of folk tunes",
        "\n\n".join(
            [
                f"{len(train):,} training tunes of O'Neill, Ryan and Nottingham, and {len(test)} held-out tunes, 5 % by tune "
                f"family: a tune with the same title, or the same {RUN_STEPS} intervals in a row, is in the same part (root C, "
                "137 tokens). The best epoch was chosen on families of the training part; no choice was based on the held-out tunes.",
                markdown_table(
                    ["predictor", "bits per token"],
                    [
                        [
                            f"LSTM, {options.n_layers} × {composer.width}, {n_weights:,} weights, "
                            f"{options.epochs} epochs in {minutes:.0f} minutes",
                            f"{bits:.3f}",
                        ]
                    ]
                    + [[f"n-gram, order {n}", f"{value:.3f}"] for n, value in ngrams.items()],
                ),
                f"To reach: the best n-gram minus {LESS}, which is {to_reach:.3f}. Reached: "
                f"{'yes' if bits <= to_reach else 'no'}.",
                NOTES.read_text("utf-8"),
            ]
        ),
    )


if __name__ == "__main__":
    main()
