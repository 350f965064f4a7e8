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
    recogniser = NoiseRecogniser()
    task = measure.Task("esc10", corpus, official(corpus), 0.92, "random forest 0.727, listeners 0.957")
    outcome = measure.run_task(task, recogniser, options.seeds, options.work)
    measure.publish(
        options.out,
        "Quality: environmental sounds",
        [
            "ESC-10, 400 clips of 5 s in ten classes, from scratch, official five folds (clips of one recording "
            f"are in one fold). Accuracy: mean of the folds, ± standard deviation over {len(options.seeds)} seeds. The "
            "interval is a bootstrap over source recordings of the mean over the seeds. SVM: radial "
            "kernel, C = 10, on summary features.",
            measure.summary([outcome]),
            measure.without_net(task, recogniser, options.work),
            f"Settings: {measure.settings_line(recogniser)}.",
            "## By fold",
            measure.fold_table(outcome),
            measure.confusions(outcome),
            NOTES.read_text("utf-8"),
        ],
    )


if __name__ == "__main__":
    main()
