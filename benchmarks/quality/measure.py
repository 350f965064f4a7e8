"""Shared code of the quality benchmarks: seeds, splits, baselines, and the Markdown page of results."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table, parse, write_markdown
from woodshed.data.check import check
from woodshed.data.example import Corpus
from woodshed.data.split import Split
from woodshed.errors import counted
from woodshed.metrics.interval import Interval, bootstrap_interval, share_interval
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import CrossValidation, method_of
from woodshed.recognition.experiments.result import SplitResult
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState


@dataclass(frozen=True)
class Task:
    """One row of a benchmark.

    Parameters
    ----------
    name
        Key of stored results.
    corpus, split
        The examples, and how they are tested.
    to_reach
        Target accuracy.
    known
        Published accuracy, for the page.
    """

    name: str
    corpus: Corpus
    split: Split
    to_reach: float
    known: str


@dataclass(frozen=True)
class Outcome:
    """Results of a task.

    Parameters
    ----------
    task
        What was measured.
    results
        One for each seed.
    classes
        Names of the columns of the outputs.
    """

    task: Task
    results: Sequence[SplitResult]
    classes: Sequence[str]

    def hits(self, method: str) -> NDArray[np.float64]:
        """Return 1 for every correct prediction and 0 for the others, shape ``(n_seeds, n_test)``."""
        hits = [r.outputs[method].argmax(axis=1) == r.truth.argmax(axis=1) for r in self.results]
        return np.stack(hits).astype(float)

    def predicted(self, result: SplitResult, method: str) -> NDArray[np.str_]:
        """Return the most probable class of each tested example, shape ``(n_test,)``."""
        labels: NDArray[np.str_] = np.asarray(self.classes)[result.outputs[method].argmax(axis=1)]
        return labels

    def actual(self, result: SplitResult) -> NDArray[np.str_]:
        """Return the true class of each tested example, shape ``(n_test,)``."""
        labels: NDArray[np.str_] = np.asarray(self.classes)[result.truth.argmax(axis=1)]
        return labels

    def interval(self, method: str) -> Interval:
        """Return the 95 % bootstrap interval of the accuracy over groups, mean over the seeds."""
        share = self.hits(method).mean(axis=0)
        groups = self.task.corpus.groups
        tested = None if groups is None else [groups[k] for k in self.results[0].indices]
        if np.isin(share, (0, 1)).all():
            return share_interval(share, tested)
        return bootstrap_interval(lambda drawn: float(share[drawn].mean()), len(share), groups=tested)

    def by_fold(self, method: str) -> dict[str, float]:
        """Return the accuracy on each fold, mean over the seeds."""
        folds = self.results[0].folds
        return {str(name): float(self.hits(method)[:, folds == name].mean()) for name in dict.fromkeys(folds)}

    def mean_of_folds(self, method: str) -> list[float]:
        """Return the mean over the folds of the accuracy, for each seed."""
        folds = self.results[0].folds
        names = list(dict.fromkeys(folds))
        return [float(np.mean([row[folds == name].mean() for name in names])) for row in self.hits(method)]


def arguments(description: str, *more: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line: the arguments of every quality benchmark, and those of further parsers."""
    parser = argparse.ArgumentParser(description=description, parents=more)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/quality"),
        help="folder of stored results; an interrupted run is resumed",
    )
    parsed = parse(parser)
    return parsed


def run_task(task: Task, recogniser: Recogniser, seeds: Sequence[int], work: Path) -> Outcome:
    """Measure one task with several seeds; an interrupted run is resumed from its last epoch."""
    corpus = check(task.corpus)
    results: list[SplitResult] = []
    classes: list[str] = []
    for seed in seeds:
        place = work / f"{task.name}-{seed}"
        chosen = recogniser.get_params() | {"seed": seed, "store": str(work / "features")}
        watcher = Watcher(
            begin=lambda what, _, seed=seed: print(f"{task.name}, seed {seed}: {what}", flush=True),
            end=lambda accuracy: print(f"  {accuracy}", flush=True),
        )
        run = CrossValidation(
            type(recogniser)(**chosen), corpus, [task.split], RunState(place), True, watcher
        )
        results.append(run.test()[0])
        classes = run.names
    return Outcome(task, results, classes)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the table of scores: the net with its deviation over seeds, and the baselines on the same folds."""
    rows = []
    for outcome in outcomes:
        scores = outcome.mean_of_folds("net")
        low, high = outcome.interval("net")
        badge = " **leaky**" if outcome.task.split.leaky else ""
        rows.append(
            [
                f"{outcome.task.split.name}{badge}",
                f"{np.mean(scores):.4f} ± {np.std(scores):.4f}",
                f"{low:.3f}–{high:.3f}",
                f"{outcome.mean_of_folds('svm')[0]:.4f}",
                f"{outcome.mean_of_folds('majority')[0]:.3f}",
                outcome.task.known,
                f"{outcome.task.to_reach}",
                "yes" if np.mean(scores) >= outcome.task.to_reach else "no",
            ]
        )
    heading = ["split", "net", "95 % interval", "SVM", "majority", "known", "to reach", "reached"]
    return markdown_table(heading, rows)


def publish_models(
    options: argparse.Namespace,
    title: str,
    introduction: str,
    task: Task,
    models: Sequence[Recogniser],
    notes: Path,
) -> None:
    """Measure several models on the same folds, the default first, and write the page.

    Networks are measured with all seeds; classical models are deterministic.
    """
    outcomes = []
    for model in models:
        seeds = options.seeds[:1] if model.learner.reads_rows else options.seeds
        outcomes.append(run_task(replace(task, name=f"{task.name}-{model.net}"), model, seeds, options.work))
    default, first = models[0], outcomes[0]
    rows = [
        [f"`--net {model.net}`", *_scores(outcome, method_of(model))]
        for model, outcome in zip(models, outcomes, strict=True)
    ]
    rows += [["SVM on `Summary`", *_scores(first, "svm")], ["majority", *_scores(first, "majority")]]
    n_clips = len(task.corpus.examples) - len(task.split.folds[0].test)
    publish(
        options.out,
        title,
        [
            f"{introduction} Accuracy: mean of the folds; for networks ± standard deviation over "
            f"{counted(len(options.seeds), 'seed')}. The interval is a bootstrap over source recordings. SVM on `Summary`: radial kernel, C = 10.",
            markdown_table(["model", "accuracy", "95 % interval"], rows),
            f"The first model is the default: {default.net} on {default.row_input().front_end} of whole clips, "
            f"{counted(default.row_input().n_versions_for(n_clips), 'version')} of each. To reach: {task.to_reach}. "
            f"Published: {task.known}.",
            *(f"Settings of {model.net}: {settings_line(model)}." for model in models),
            "## By fold, default model",
            fold_table(first, method_of(default)),
            confusions(first, method=method_of(default)),
            notes.read_text("utf-8"),
        ],
    )


def _scores(outcome: Outcome, method: str) -> list[str]:
    """Return the accuracy, with its deviation over the seeds if there are several, and its interval."""
    scores, (low, high) = outcome.mean_of_folds(method), outcome.interval(method)
    deviation = f" ± {np.std(scores):.4f}" if len(scores) > 1 else ""
    return [f"{np.mean(scores):.4f}{deviation}", f"{low:.3f}–{high:.3f}"]


def fold_table(outcome: Outcome, method: str = "net") -> str:
    """Return the table of the accuracy on each fold."""
    net, svm = outcome.by_fold(method), outcome.by_fold("svm")
    rows = [[name, f"{net[name]:.4f}", f"{svm[name]:.4f}"] for name in net]
    return markdown_table(["held out", method, "SVM"], rows)


def confusions(outcome: Outcome, n_most: int = 8, *, method: str = "net") -> str:
    """Return the table of the most frequent mistakes, mean number over the seeds."""
    counts: Counter[tuple[str, str]] = Counter()
    for result in outcome.results:
        pairs = zip(outcome.actual(result), outcome.predicted(result, method), strict=True)
        counts.update((str(actual), str(predicted)) for actual, predicted in pairs if actual != predicted)
    n_seeds = len(outcome.results)
    rows = [
        [f"{actual} predicted as {predicted}", f"{count / n_seeds:.1f}"]
        for (actual, predicted), count in counts.most_common(n_most)
    ]
    return markdown_table(["mistake", "per seed"], rows)


def settings_line(recogniser: Recogniser) -> str:
    """Return all settings on one line."""
    given = {k: v for k, v in recogniser.get_params().items() if k not in ("seed", "store", "n_jobs")}
    return ", ".join(f"{name} {value}" for name, value in given.items())


def publish(path: Path, title: str, parts: Sequence[str]) -> None:
    """Write the page."""
    write_markdown(path, title, "\n\n".join(parts))


def tags_of(label: str, classes_of_tag: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the tags of a class; ``classes_of_tag`` lists the classes that have each tag."""
    return tuple(tag for tag, classes in classes_of_tag.items() if label in classes)


def epoch_printer(measure: str) -> Callable[[int, float, float | None], None]:
    """Return a callback that prints loss, score on the held-out part and time after each epoch."""
    started = time.monotonic()

    def print_epoch(epoch: int, loss: float, score: float | None) -> None:
        held_out = "" if score is None else f", {measure} {score:.5f}"
        print(
            f"  epoch {epoch + 1}: loss {loss:.3f}{held_out}, {time.monotonic() - started:.0f} s", flush=True
        )

    return print_epoch
