"""Accuracy of valence and arousal for unseen speakers: EMO-DB."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality.measure import arguments, publish
from woodshed.data.check import check
from woodshed.data.corpora.emodb import VALUES, load
from woodshed.data.split import leave_one_group_out
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.experiments.result import SplitResult
from woodshed.tasks.emotion_values import EmotionValuesRegressor
from woodshed.training.run_state import RunState

NOTES = Path(__file__).with_name("emotion_values_notes.md")
Rows = NDArray[np.float64]


def r2(truth: Rows, predicted: Rows) -> float:
    """Return the coefficient of determination."""
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


def mae(truth: Rows, predicted: Rows) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(truth - predicted)))


def correlation(truth: Rows, predicted: Rows) -> float:
    """Return Pearson's correlation; 0 for constant predictions."""
    return float(np.corrcoef(truth, predicted)[0, 1]) if np.ptp(predicted) > 1e-9 else 0.0


SCORES: dict[str, Callable[[Rows, Rows], float]] = {"R²": r2, "mean error": mae, "correlation": correlation}


def score_table(results: Sequence[SplitResult], names: Sequence[str], speakers: NDArray[np.str_]) -> str:
    """Return the table of scores of each method and value: mean over the seeds, interval over speakers."""
    rows = []
    for method in results[0].outputs:
        for k, name in enumerate(names):
            cells = []
            for score in SCORES.values():
                pairs = [(result.truth[:, k], result.outputs[method][:, k]) for result in results]
                scores = [score(truth, predicted) for truth, predicted in pairs]
                low, high = bootstrap_interval(
                    lambda drawn, pairs=pairs, score=score: float(
                        np.mean([score(truth[drawn], predicted[drawn]) for truth, predicted in pairs])
                    ),
                    len(pairs[0][0]),
                    groups=speakers,
                    n_resamples=500,
                )
                cells.append(f"{np.mean(scores):.3f} ± {np.std(scores):.3f} ({low:.3f} to {high:.3f})")
            rows.append([method, name, *cells])
            print(*rows[-1], flush=True)
    return markdown_table(["method", "value", *SCORES], rows)


def main() -> None:
    """Measure and write ``emotion_values.md``."""
    options = arguments(__doc__ or "")
    warnings.simplefilter("ignore")
    corpus = check(
        EmotionValuesRegressor.head.select(
            load(options.data / "emodb"), EmotionValuesRegressor(), to_fit=True
        )
    )
    split = leave_one_group_out(corpus.labels, corpus.groups or [], group_word=corpus.group_word)
    results = []
    for seed in options.seeds:
        estimator = EmotionValuesRegressor(seed=seed, store=str(options.work / "features"))
        run = CrossValidation(
            estimator, corpus, [split], RunState(options.work / f"emotion_values-{seed}"), True
        )
        experiment, _ = run.measure()
        results.append(experiment.splits[0])
        names = experiment.names
    speakers = np.asarray(corpus.groups)[results[0].indices]
    places = "; ".join(f"{name} {valence:g}, {arousal:g}" for name, (valence, arousal) in VALUES.items())
    parts = [
        f"EMO-DB, {len(speakers)} sentences, {split.name}: mean ± standard deviation over {len(options.seeds)} seeds, and "
        "a 95 % interval over speakers (bootstrap). Valence and arousal are those of the label, from -1 to 1: "
        f"{places}.",
        score_table(results, names, speakers),
        "## Notes",
        NOTES.read_text("utf-8"),
    ]
    publish(options.out, "Quality: valence and arousal of a voice", parts)


if __name__ == "__main__":
    main()
