"""Accuracy on environmental sounds: ESC-10, trained from scratch on its official folds."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality import measure
from woodshed.data.corpora.esc10 import load
from woodshed.data.split import official
from woodshed.tasks.noise import NoiseRecogniser

NOTES = Path(__file__).with_name("noise_notes.md")


def main() -> None:
    """Measure and write ``noise.md``."""
    options = measure.arguments(__doc__ or "")
    corpus = load(options.data / "esc10")
    task = measure.Task("esc10", corpus, official(corpus), 0.93, "random forest 0.727, listeners 0.957")
    measure.publish_models(
        options,
        "Quality: environmental sounds",
        "ESC-10, 400 clips of 5 s in ten classes, from scratch, official five folds (clips of one recording are in one "
        "fold).",
        task,
        [NoiseRecogniser(), NoiseRecogniser(net="conv-residual")],
        NOTES,
    )


if __name__ == "__main__":
    main()
