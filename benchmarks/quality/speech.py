"""Accuracy on spoken digits: unseen speakers, and the published split with shared speakers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality import measure
from woodshed.data.corpora.fsdd import load
from woodshed.data.split import leave_one_group_out, official
from woodshed.tasks.speech import SpeechRecogniser

NOTES = Path(__file__).with_name("speech_notes.md")


def main() -> None:
    """Measure and write ``speech.md``."""
    options = measure.arguments(__doc__ or "")
    corpus = load(options.data / "fsdd")
    recogniser = SpeechRecogniser()
    unseen = measure.Task(
        "fsdd-unseen",
        corpus,
        leave_one_group_out(corpus.labels, corpus.groups or [], group_word="speaker"),
        0.90,
        "none published",
    )
    shared = measure.Task("fsdd-official", corpus, official(corpus), 0.993, "0.97 to 0.993")
    outcomes = [measure.run_task(task, recogniser, options.seeds, options.work) for task in (unseen, shared)]
    measure.publish(
        options.out,
        "Quality: spoken digits",
        [
            "Free Spoken Digit Dataset, 3,000 recordings of ten digits by six speakers, 8 kHz. Accuracy: mean of "
            f"the folds, ± standard deviation over {len(options.seeds)} seeds. The interval is a bootstrap over speakers "
            "of the mean over the seeds. SVM: radial kernel, C = 10, on summary features.",
            measure.summary(outcomes),
            "The official split has the same six speakers in both parts: it measures the accuracy for known "
            "speakers, not for new ones.",
            f"Settings: {measure.settings_line(recogniser)}.",
            "## One speaker left out at a time",
            measure.fold_table(outcomes[0]),
            measure.confusions(outcomes[0]),
            NOTES.read_text("utf-8"),
        ],
    )


if __name__ == "__main__":
    main()
