"""Train the tune model that woodshed ships.

    python -m benchmarks.make_tune_model --collections oneill ryan --out src/woodshed/models/tune

One part of the tune families is held out to choose the best epoch. ``--state FILE`` allows an interrupted run to be
resumed by the same command. The attribution of the tunes is written as by `benchmarks.tune_attribution`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.provenance import machine_line
from benchmarks.quality.measure import epoch_printer
from benchmarks.shipped_model import write_model
from benchmarks.tune_attribution import BOOKS, write_attribution
from woodshed.tasks.tune import MUSIC21_BOOKS, MUSIC21_LICENCE, TuneComposer, read_tunes_corpus

HELD_OUT, TESTED = 0.05, 0.05
"""Shares of the tunes, whole families, that choose the best epoch, and that are not used at all."""

CARD = """\
# Tune model

Generates folk tunes, token by token; `woodshed generate tune`.

- **Network**: {n_layers} recurrent layers (LSTM) of {width} units over the 137 tokens of the folk model of B. L. Sturm et al. (2016);
  {n_weights:.1f} million weights in half precision.
- **Training data**: {n_train:,} tunes of collections that are in the public domain: {books}. They were read from the ABC
  transcriptions in the package music21 and moved to the root C. They are in `known.json.gz`, so that every new tune can be
  compared with them.
- **Licence of the training data**: {licence}. `ATTRIBUTION.md` has the terms, `transcribers.csv` who transcribed each tune.
- **Held out**: {n_held} tunes of other families of the same collections. The weights with the lowest loss on them were kept.
- **Training**: at most {epochs} epochs in batches of {batch_size} tunes, weights of epoch {best}; Adam, a learning rate of {rate} that
  falls along a half cosine, dropout {dropout}, seed {seed}; {minutes:.0f} minutes.
  Made by `python -m benchmarks.make_tune_model`. {versions}
- **Scores**: see `benchmarks/quality/tune.md`, also on a collection by which nothing was chosen.
- **Limitations**: trained on this music alone, without chords, words and ornaments.
- **Licence of the model**: that of woodshed, as far as the training data allow; `ATTRIBUTION.md` belongs to it.
"""


def main() -> None:
    """Read the arguments, train and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--collections", nargs="+", choices=MUSIC21_BOOKS, default=list(MUSIC21_BOOKS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="file of the training state")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--width", type=int, default=384)
    options = parser.parse_args()
    corpus = read_tunes_corpus("folk")  # families are those of all collections
    parts = corpus.divide(test=TESTED, validation=HELD_OUT)
    train, held_out = (
        [
            k
            for k in parts[part]
            if corpus.titles[k].endswith(tuple(f"({one})" for one in options.collections))
        ]
        for part in ("train", "validation")
    )
    composer = TuneComposer(
        net="planned-lstm",
        width=options.width,
        n_layers=2,
        dropout=0.25,
        learning_rate=3e-3,
        batch_size=16,
        n_steps=256,
        epochs=options.epochs,
        patience=options.epochs,
    )
    began = time.monotonic()
    composer.fit(
        [corpus.pieces[k] for k in train],
        titles=[corpus.titles[k] for k in train],
        held_out=[corpus.pieces[k] for k in held_out],
        checkpoint=options.state,
        on_epoch=epoch_printer("accuracy on held-out tokens"),
    )
    write(
        composer,
        options.out,
        collections=options.collections,
        n_held=len(held_out),
        minutes=(time.monotonic() - began) / 60,
    )
    print(machine_line())


def write(
    composer: TuneComposer, folder: Path, *, collections: Sequence[str], n_held: int, minutes: float
) -> None:
    """Write the model with its card, licence and attribution."""
    citation = "; ".join([*(MUSIC21_BOOKS[one] for one in collections), "all names in ATTRIBUTION.md"])
    write_model(
        composer,
        folder,
        CARD,
        facts={"corpus": ", ".join(collections), "licence": MUSIC21_LICENCE, "citation": citation},
        minutes=minutes,
        books="; ".join(BOOKS[one] for one in collections),
        licence=MUSIC21_LICENCE,
        n_held=n_held,
    )
    write_attribution(composer, folder)


if __name__ == "__main__":
    main()
