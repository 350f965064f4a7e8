"""Train the chorale model that woodshed ships.

    python -m benchmarks.make_chorale_model --data DATA --out src/woodshed/models/chorale

It learns from the training part of the JSB chorales; the validation part chooses the weights, and the test
part is not read. An interrupted run goes on from STATE, if the same one is given again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.provenance import data_folder, machine_line, versions_line
from woodshed.atomic import write_whole
from woodshed.composition.saving import save_composer
from woodshed.data.corpora.jsb_chorales import FACTS, chorales
from woodshed.tasks.chorale import ChoraleComposer

WIDTH = 224
"""So wide that it takes 7.2 MB in half precision."""

DROPOUT = 0.4
"""More than the default: with intervals in view, this net would soon know 229 chorales by heart."""

CARD = """\
# Chorale model

Writes chorales in four voices, or the voices that are missing to a melody; `woodshed generate chorale`.

- **Net**: {n_layers} residual layers of {width} channels over beats, which see both ways, and all notes around as intervals, too;
  {n_weights:.1f} million weights in half precision. It is orderless: trained with random cells hidden, it answers for any of them.
- **Learned from** the {n_train} chorales of the training part of the JSB chorales, by J. S. Bach, which are in the public
  domain; the encoding ({url}) states no licence. {citation}
  A grid of sixteenths with the four voices apart; transposed by up to six semitones while learning, as far as every
  voice stays in its range. They are in `known.json.gz`, so that every new chorale can be compared with them.
- **Not learned from**: the {n_valid} chorales of the validation part, by which the weights were chosen, and the 77 of the test
  part, which no choice looked at.
- **How**: {epochs} passes at most, weights of pass {best} kept (lowest loss on the validation part); Adam with weight decay, a rate
  of {rate} that fell along a half cosine, dropout {dropout}, seed {seed}; {minutes:.0f} minutes on one core.
  Made by `python -m benchmarks.make_chorale_model`. {versions}
- **How well**: see `benchmarks/quality/chorale.md`.
- **What it is not for**: it knows this music and no other: no text, no fermatas, no metre but the beat, and no note that is
  struck again at the same pitch.
- **Licence**: that of woodshed.
"""


def main() -> None:
    """Read the arguments, train and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="file that keeps the state of the training")
    parser.add_argument("--epochs", type=int, default=38)
    options = parser.parse_args()
    folder = data_folder(options.data) / "jsb_chorales"
    train, valid = (
        [np.array(piece) for piece in chorales(folder, part, grid="sixteenth")]
        for part in ("train", "validation")
    )
    composer = ChoraleComposer(epochs=options.epochs, patience=options.epochs, width=WIDTH, dropout=DROPOUT)
    started = time.monotonic()

    def tell(epoch: int, loss: float, right: float | None) -> None:
        print(
            f"pass {epoch + 1}: loss {loss:.4f}, right {right:.4f}, {time.monotonic() - started:.0f} s",
            flush=True,
        )

    composer.fit(
        train,
        titles=[f"chorale {k + 1} of the training part" for k in range(len(train))],
        held_out=valid,
        checkpoint=options.state,
        on_epoch=tell,
    )
    write(composer, options.out, n_valid=len(valid), minutes=(time.monotonic() - started) / 60)
    print(machine_line())


def write(composer: ChoraleComposer, folder: Path, *, n_valid: int, minutes: float) -> None:
    """Write the model and its card."""
    save_composer(composer, folder, half=True)
    card = CARD.format(
        n_layers=composer.n_layers,
        width=composer.width,
        n_weights=sum(values.size for values in composer.weights_.values()) / 1e6,
        n_train=len(composer.known_),
        n_valid=n_valid,
        url=FACTS.url,
        citation=FACTS.citation,
        epochs=composer.epochs,
        best=composer.curve_.best_epoch + 1,
        rate=composer.learning_rate,
        dropout=composer.dropout,
        seed=composer.seed,
        minutes=minutes,
        versions=versions_line(("numpy", "keras", "tensorflow-cpu")),
    )
    write_whole(folder / "card.md", card)


if __name__ == "__main__":
    main()
