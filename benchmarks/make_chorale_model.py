"""Train the chorale model that woodshed ships.

    python -m benchmarks.make_chorale_model --data DATA --out src/woodshed/models/chorale

The model is trained on the training part of the JSB chorales; the best epoch is chosen on the validation part, and the
test part is not read. With --state FILE, an interrupted run is resumed when the same command is given again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.provenance import data_folder, machine_line
from benchmarks.quality.measure import epoch_printer
from benchmarks.shipped_model import write_model
from woodshed.data.corpora.jsb_chorales import FACTS, chorales
from woodshed.tasks.chorale import ChoraleComposer

WIDTH = 224
"""Number of channels: 7.2 MB in half precision."""

DROPOUT = 0.4
"""Higher than the default: with intervals as input, this net soon overfits 229 chorales."""

CARD = """\
# Chorale model

Generates chorales in four voices, or the missing voices of a melody; `woodshed generate chorale`.

- **Network**: {n_layers} residual layers of {width} channels over beats in both directions, with the surrounding notes also as intervals;
  {n_weights:.1f} million weights in half precision. It is orderless: trained with random cells hidden, it predicts any of them.
- **Training data**: the {n_train} chorales of the training part of the JSB chorales, by J. S. Bach, which are in the public
  domain; the encoding ({url}) states no licence: see `ATTRIBUTION.md`. {citation}
  A grid of sixteenths with four separate voices; transposed by up to six semitones during training, as far as every
  voice stays in its range. They are in `known.json.gz`, so that every new chorale can be compared with them.
- **Held out**: the {n_valid} chorales of the validation part, on which the best epoch was chosen, and the 77 of the test
  part, which were not used for any choice.
- **Training**: at most {epochs} epochs, weights of epoch {best} (lowest loss on the validation part); Adam with weight decay, a learning
  rate of {rate} that falls along a half cosine, dropout {dropout}, seed {seed}; {minutes:.0f} minutes on one core.
  Made by `python -m benchmarks.make_chorale_model`. {versions}
- **Scores**: see `benchmarks/quality/chorale.md`.
- **Limitations**: trained on this music alone, without text, fermatas, metre beyond the beat, and repeated
  notes of one pitch.
- **Licence of the training data**: {licence}.
- **Licence of the model**: that of woodshed, as far as the training data allow; `ATTRIBUTION.md` belongs to it.
"""


def main() -> None:
    """Read the arguments, train and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="file of the training state")
    parser.add_argument("--epochs", type=int, default=38)
    options = parser.parse_args()
    folder = data_folder(options.data) / "jsb_chorales"
    train, valid = (
        [np.array(piece) for piece in chorales(folder, part, grid="sixteenth")]
        for part in ("train", "validation")
    )
    composer = ChoraleComposer(epochs=options.epochs, patience=options.epochs, width=WIDTH, dropout=DROPOUT)
    started = time.monotonic()
    composer.fit(
        train,
        titles=[f"chorale {k + 1} of the training part" for k in range(len(train))],
        held_out=valid,
        checkpoint=options.state,
        on_epoch=epoch_printer("accuracy on held-out cells"),
    )
    write(composer, options.out, n_valid=len(valid), minutes=(time.monotonic() - started) / 60)
    print(machine_line())


def write(composer: ChoraleComposer, folder: Path, *, n_valid: int, minutes: float) -> None:
    """Write the model and its card."""
    write_model(
        composer,
        folder,
        CARD,
        facts={"corpus": FACTS.name, "licence": FACTS.licence, "citation": FACTS.citation},
        minutes=minutes,
        n_valid=n_valid,
        url=FACTS.url,
        licence=FACTS.licence,
        citation=FACTS.citation,
    )


if __name__ == "__main__":
    main()
