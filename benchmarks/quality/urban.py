"""Accuracy on city sounds with few training clips: a part of UrbanSound8K on its folds."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality import measure
from woodshed.data.corpora.urbansound8k import load
from woodshed.data.split import official
from woodshed.tasks.noise import NoiseRecogniser

NOTES = Path(__file__).with_name("urban_notes.md")


def main() -> None:
    """Measure and write ``urban.md``."""
    options = measure.arguments(__doc__ or "")
    corpus = load(options.data / "urbansound8k_mini")
    # The SVM on summary features gets 0.531.
    task = measure.Task("urbansound8k-mini", corpus, official(corpus), 0.61, "none for this part")
    measure.publish_models(
        options,
        "Quality: city sounds",
        "160 clips of UrbanSound8K at 16 kHz, ten classes, folds 1, 2, 3 and 10, from scratch; each fold is tested by a "
        "model of the other 120 clips. Not comparable with figures on the whole corpus.",
        task,
        [NoiseRecogniser(), NoiseRecogniser(net="conv-residual")],
        NOTES,
    )


if __name__ == "__main__":
    main()
