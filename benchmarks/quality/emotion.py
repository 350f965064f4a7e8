"""Accuracy of emotion recognition for unseen speakers: EMO-DB, one speaker left out at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from woodshed.data.corpora.emodb import load
from woodshed.data.split import leave_one_group_out
from woodshed.metrics.confusion import balanced_accuracy, confusion_matrix
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.experiments.cross_validation import method_of
from woodshed.recognition.experiments.result import SplitResult
from woodshed.tasks.emotion import EmotionRecogniser

NOTES = Path(__file__).with_name("emotion_notes.md")
TO_REACH = 0.78

CHOSEN_BY = ("03", "09", "11", "13", "16")
"""Speakers on whose recordings, each left out in turn, features, model and settings were chosen."""


def unweighted_recall(outcome: measure.Outcome, method: str) -> tuple[list[float], tuple[float, float]]:
    """Return the mean recall of the classes for each seed, and the interval of the first seed."""
    names, first = np.asarray(outcome.classes), outcome.results[0]

    def score(result: SplitResult, rows: NDArray[np.int64]) -> float:
        truth, predicted = outcome.actual(result)[rows], outcome.predicted(result, method)[rows]
        return balanced_accuracy(confusion_matrix(truth, predicted, names))

    scores = [score(result, np.arange(len(result.truth))) for result in outcome.results]
    low, high = bootstrap_interval(
        lambda drawn: score(first, drawn), len(first.truth), n_resamples=500, groups=list(first.folds)
    )
    return scores, (low, high)


def recall_of_halves(outcome: measure.Outcome, method: str) -> tuple[float, float]:
    """Return the mean recall of the classes for the speakers of `CHOSEN_BY`, and for the others."""
    result, names = outcome.results[0], np.asarray(outcome.classes)
    chosen = np.isin([str(fold) for fold in result.folds], CHOSEN_BY)
    truth, predicted = outcome.actual(result), outcome.predicted(result, method)
    by, others = (
        balanced_accuracy(confusion_matrix(truth[part], predicted[part], names)) for part in (chosen, ~chosen)
    )
    return by, others


def score_table(outcome: measure.Outcome, recogniser: EmotionRecogniser) -> str:
    """Return the table of the recall of each method: of all speakers, and of both halves."""
    own = method_of(recogniser)
    rows = []
    for method in (own, "svm", "majority"):
        scores, (low, high) = unweighted_recall(outcome, method)
        by, others = recall_of_halves(outcome, method)
        rows.append(
            [
                {own: recogniser.net, "svm": "SVM on `Summary`"}.get(method, method),
                f"{np.mean(scores):.4f} ± {np.std(scores):.4f}",
                f"{low:.3f}–{high:.3f}",
                f"{outcome.hits(method).mean():.4f}",
                f"{by:.3f}",
                f"{others:.3f}",
            ]
        )
    heading = ["method", "UAR", "95 % interval", "accuracy", "UAR, chosen on", "UAR, the others"]
    return markdown_table(heading, rows)


def main() -> None:
    """Measure and write ``emotion.md``."""
    options = measure.arguments(__doc__ or "")
    recogniser = EmotionRecogniser()
    outcomes = []
    for name in ("emodb", "emodb_uncut"):
        corpus = load(options.data / name)
        split = leave_one_group_out(corpus.labels, corpus.groups or [], group_word="speaker")
        task = measure.Task(name, corpus, split, TO_REACH, "")
        outcomes.append(measure.run_task(task, recogniser, options.seeds, options.work))
    cuts, whole = outcomes
    own = method_of(recogniser)
    reached = float(np.mean(unweighted_recall(cuts, own)[0]))
    measure.publish(
        options.out,
        "Quality: emotion in a voice",
        [
            "EMO-DB, ten speakers, each left out in turn. Unweighted average recall (UAR): the mean recall of the "
            f"emotions over all speakers, ± standard deviation over {len(options.seeds)} seeds; the interval is a "
            "bootstrap over speakers of the first seed.",
            f"Features, model and settings were chosen on the speakers {', '.join(CHOSEN_BY)} of the two-second cuts "
            "(*chosen on*), each left out in turn, except for the number of augmented copies, which was compared "
            "on all ten. The other five speakers confirm the choice.",
            "## Two-second cuts, seven emotions",
            f"{len(cuts.task.corpus.examples)} recordings of exactly two seconds at 22,050 Hz, cut or padded from the "
            "published utterances: not comparable with figures on these.",
            score_table(cuts, recogniser),
            f"To reach: {TO_REACH}. Reached: {'yes' if reached >= TO_REACH else 'no'}.",
            measure.fold_table(cuts, own),
            measure.confusions(cuts, method=own),
            "## Whole utterances, four emotions",
            f"{len(whole.task.corpus.examples)} utterances as they were recorded, 16 kHz, 1.4 to 9 s: anger, happiness, "
            "neutral and sadness. No setting was chosen on them; they are the same speakers and sentences as the cuts.",
            score_table(whole, recogniser),
            measure.fold_table(whole, own),
            measure.confusions(whole, method=own),
            f"Settings: {measure.settings_line(recogniser)}.",
            NOTES.read_text("utf-8"),
        ],
    )


if __name__ == "__main__":
    main()
