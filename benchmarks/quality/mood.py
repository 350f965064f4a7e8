"""Accuracy of mood from notes: VGMIDI's labelled phrases, one game left out at a time; writes ``mood.md``.

    python -m benchmarks.quality.mood --vgmidi FOLDER [--seeds 0 1 2]

The licence of the corpus does not allow redistribution: FOLDER is your copy, with ``vgmidi_labelled.csv``.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table, parse
from benchmarks.quality.measure import publish
from woodshed.data.check import check
from woodshed.data.corpora.vgmidi import load
from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import Split, leave_one_group_out
from woodshed.features.notes import NoteSummary
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.symbolic.midi import read_midi
from woodshed.tasks.mood import MoodRegressor
from woodshed.training.run_state import RunState
from woodshed.workflows.train import net_for

TO_REACH = {"valence": 0.77, "arousal": 0.84}
PLAIN = (
    *("pitch_mean_midi", "pitch_std_semitones", "range_semitones", "velocity_mean", "velocity_std"),
    *("notes_per_s", "notes_at_once", "tempo_bpm", "step_mean_semitones", "major_fit", "minor_fit"),
    "harsh_share",
)
"""Twelve simple features of the baseline."""

Signs = NDArray[np.bool_]


def balanced_accuracy(truth: Signs, predicted: Signs) -> float:
    """Return the mean recall of high and low; NaN if the truth has only one of them."""
    shares = [np.mean(predicted[truth == side] == side) for side in (True, False) if (truth == side).any()]
    return float(np.mean(shares)) if len(shares) == 2 else float("nan")


def baseline_predictions(corpus: Corpus, split: Split, truth: Signs) -> Signs:
    """Return held-out predictions of a logistic regression on twelve features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    feature = NoteSummary(metre_hidden=False)
    columns = [feature.names.index(name) for name in PLAIN]
    rows = np.stack([feature(read_midi(example.path))[columns] for example in corpus.examples])
    predicted = np.zeros_like(truth)
    for fold in split.folds:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced"))
        predicted[fold.test] = model.fit(rows[fold.train], truth[fold.train]).predict(rows[fold.test])
    return predicted


def task_predictions(corpus: Corpus, split: Split, seed: int, work: Path) -> tuple[str, dict[str, Signs]]:
    """Return the name of the default model and its held-out predictions, as ``woodshed train`` computes them."""
    estimator = MoodRegressor(seed=seed, store=str(work / "features"))
    estimator = estimator.set_params(net=net_for(estimator, Sounds(corpus.examples)))
    experiment, _ = CrossValidation(
        estimator, corpus, [split], RunState(work / f"mood-{seed}"), True
    ).measure()
    result = experiment.splits[0]
    method = next(iter(result.outputs))
    order = np.argsort(result.indices)
    columns = result.outputs[method][order].T
    return estimator.net, {name: column >= 0 for name, column in zip(experiment.names, columns, strict=True)}


def score_row(title: str, truth: Signs, predicted: Sequence[Signs], games: NDArray[np.str_]) -> list[str]:
    """Return a row of the table: mean over the seeds, interval over the games."""
    scores = [balanced_accuracy(truth, one) for one in predicted]
    low, high = bootstrap_interval(
        lambda drawn: float(np.mean([balanced_accuracy(truth[drawn], one[drawn]) for one in predicted])),
        len(truth),
        groups=games,
        n_resamples=500,
    )
    return [title, f"{np.mean(scores):.3f} ± {np.std(scores):.3f}", f"{low:.3f}–{high:.3f}"]


def main() -> None:
    """Measure and write ``mood.md``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vgmidi", type=Path, required=True, help="folder of vgmidi_labelled.csv")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--work", type=Path, default=Path("build/quality"))
    options = parse(parser)
    warnings.simplefilter("ignore")
    corpus = check(MoodRegressor.head.select(load(options.vgmidi), MoodRegressor(), to_fit=True))
    games = np.asarray(corpus.groups)
    split = leave_one_group_out(corpus.labels, games.tolist(), group_word="game")
    predictions = [task_predictions(corpus, split, seed, options.work) for seed in options.seeds]
    parts = [
        f"VGMIDI, {len(games)} labelled phrases of {len(set(games))} games, {split.name}. Balanced accuracy of high "
        f"and low: mean ± standard deviation over {len(options.seeds)} seeds, and a bootstrap over games. The task predicts "
        "numbers; above 0 is high. The baseline is a logistic regression on twelve features of the notes: "
        f"{', '.join(PLAIN)}."
    ]
    for name, to_reach in TO_REACH.items():
        truth = np.array([example.values[name] > 0 for example in corpus.examples])
        rows = [
            score_row(
                f"default model (`{predictions[0][0]}`)",
                truth,
                [predicted[name] for _, predicted in predictions],
                games,
            ),
            score_row("twelve features", truth, [baseline_predictions(corpus, split, truth)], games),
            score_row("always high", truth, [np.ones_like(truth)], games),
        ]
        table = markdown_table(["method", "balanced accuracy", "95 % interval"], rows)
        parts += [f"## {name.capitalize()}", f"To reach: {to_reach}.", table]
    publish(options.out, "Quality: mood from notes", parts)
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()
