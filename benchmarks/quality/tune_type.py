"""Accuracy of the kind of a tune (reel, jig, hornpipe ...) from its notes, without the metre."""

from __future__ import annotations

import argparse
import csv
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table, parse, write_markdown
from woodshed.data.split import group_folds
from woodshed.features.notes import NoteSummary
from woodshed.metrics import confusion
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.classical.model import fit_model, probabilities
from woodshed.symbolic.abc.read import read_abc
from woodshed.symbolic.midi import read_midi
from woodshed.tasks.genre import GenreRecogniser

NOTES = Path(__file__).with_name("tune_type_notes.md")
TO_REACH = 0.75
N_FOLDS = 5
KINDS = ("reel", "jig", "hornpipe", "waltz", "slip jig")
FILE_KINDS = ("reel", "polka", "hornpipe", "jig", "slide")
TASK_MODEL = f"`--task genre`, {GenreRecogniser.notes_net}"
PLAIN = re.compile(r"(length|step)_[\d.]+(_pulses)?")  # the baseline: two histograms


@dataclass(frozen=True)
class Tunes:
    """Feature rows with the kind and the family of each tune."""

    name: str
    rows: NDArray[np.float32]
    labels: NDArray[np.str_]
    families: NDArray[np.str_]


def family(title: str) -> str:
    """Normalise a title so that variants match: without article, number, kind and text in brackets."""
    title = re.sub(r"\(.*?\)", "", title.lower())
    title = re.sub(r"\b(the|an?|no|version|var\w*|[ivx]+)\b", "", title)
    title = re.sub(r"(the|\d+)$", "", re.sub(r"[^a-z0-9]", "", title))
    bare = re.sub(r"\d+|(reel|jig|hornpipe|polka|slide|waltz)(the)?$", "", title)
    return bare or title


def nottingham(folder: Path) -> Tunes:
    """Read the ABC tunes of the five kinds."""
    with (folder / "tunes.csv").open(encoding="utf-8") as file:
        kind_of = {(row["file"], row["x"]): row["type"] for row in csv.DictReader(file)}

    def each() -> Iterator[tuple[Any, str, str]]:
        for path in sorted((folder / "abc").glob("*.abc")):
            book = read_abc(path)
            for score, number in zip(book.tunes, book.numbers, strict=True):
                yield score, kind_of.get((f"abc/{path.name}", number), ""), family(score.title)

    return _collect("Nottingham", each(), KINDS)


def kind_in_name(path: Path) -> str:
    """Return the kind of a tune that its file name ends with; empty if it ends otherwise."""
    found = re.search(rf"({'|'.join(FILE_KINDS)})\d*(the)?$", path.stem.lower())
    return found[1] if found else ""


def ceol_rince(folder: Path) -> Tunes:
    """Read the MIDI tunes whose file name contains their kind."""

    def each() -> Iterator[tuple[Any, str, str]]:
        for path in sorted((folder / "midi").glob("*.mid")):
            if kind := kind_in_name(path):
                yield read_midi(path), kind, family(path.stem)

    return _collect("Ceol Rince", each(), FILE_KINDS)


class TaskModel:
    """The model that ``woodshed train --task genre`` fits to scores."""

    def fit(self, rows: NDArray[np.float32], labels: NDArray[np.str_]) -> TaskModel:
        """Fit to rows of features and the kind of each."""
        self.names, columns = np.unique(labels, return_inverse=True)
        self.model = fit_model(GenreRecogniser.notes_net, rows, columns)
        return self

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.str_]:
        """Return the most probable kind of each row."""
        return np.asarray(self.names[probabilities(self.model, rows).argmax(axis=1)])


def methods(seed: int) -> dict[str, Callable[[], Any]]:
    """Return constructors of the models by name; the first is that of the task."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    fair = {"class_weight": "balanced", "random_state": seed}
    return {
        TASK_MODEL: TaskModel,
        "SVM": lambda: make_pipeline(StandardScaler(), SVC(C=3, gamma=0.002, **fair)),
        "gradient boosting": lambda: HistGradientBoostingClassifier(
            max_iter=30, learning_rate=0.2, max_leaf_nodes=8, **fair
        ),
    }


def macro_f1(truth: NDArray[np.str_], predicted: NDArray[np.str_]) -> float:
    """Return the mean F1 over the kinds; a kind that is never predicted correctly counts as 0."""
    kinds = sorted(set(truth.tolist()) | set(predicted.tolist()))
    return float(confusion.evaluate(confusion.confusion_matrix(truth, predicted, kinds))["f1"]["macro"])


def held_out_predictions(
    tunes: Tunes, make: Callable[[], Any], columns: Sequence[int], seed: int
) -> NDArray[np.str_]:
    """Predict each tune with a model trained on other families."""
    split = group_folds(
        tunes.labels.tolist(), tunes.families.tolist(), n_folds=N_FOLDS, seed=seed, group_word="tune"
    )
    predicted = np.empty_like(tunes.labels)
    for fold in split.folds:
        model = make().fit(tunes.rows[np.ix_(fold.train, columns)], tunes.labels[fold.train])
        predicted[fold.test] = model.predict(tunes.rows[np.ix_(fold.test, columns)])
    return predicted


def measure(tunes: Tunes, seeds: Sequence[int]) -> tuple[str, str]:
    """Return the table of scores, and the confusion matrix of the model of the task."""
    names = NoteSummary().names
    everything = list(range(len(names)))
    plain = [k for k, name in enumerate(names) if PLAIN.fullmatch(name)]
    trials: dict[str, tuple[str, Sequence[int]]] = {name: (name, everything) for name in methods(0)}
    trials["baseline: the same on lengths and steps"] = (TASK_MODEL, plain)
    majority = Counter(tunes.labels.tolist()).most_common(1)[0][0]
    predictions = {
        title: [held_out_predictions(tunes, methods(seed)[name], columns, seed) for seed in seeds]
        for title, (name, columns) in trials.items()
    }
    predictions["majority"] = [np.full_like(tunes.labels, majority)] * len(seeds)
    rows = []
    for title, runs in predictions.items():
        scores = [macro_f1(tunes.labels, run) for run in runs]
        low, high = bootstrap_interval(
            lambda drawn, runs=runs: np.mean([macro_f1(tunes.labels[drawn], run[drawn]) for run in runs]),
            len(tunes.labels),
            groups=tunes.families,
            n_resamples=200,
        )
        hits = np.mean([np.mean(run == tunes.labels) for run in runs])
        spread = f"{np.mean(scores):.3f} ± {np.std(scores):.3f}"
        rows.append([title, spread, f"{low:.3f}–{high:.3f}", f"{hits:.3f}"])
        print(tunes.name, *rows[-1], flush=True)
    scores_table = markdown_table(["method", "macro-F1", "95 % interval", "accuracy"], rows)
    return scores_table, _kinds_table(tunes, TASK_MODEL, predictions[TASK_MODEL])


def main() -> None:
    """Measure and write ``tune_type.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parse(parser)
    data = options.data
    warnings.simplefilter("ignore")
    parts = [
        f"Macro-F1 over the kinds, five folds that hold out whole tune families (titles without article, number and "
        f"kind, so that variants stay together), mean ± standard deviation over {len(options.seeds)} seeds, which draw "
        "the folds and initialise the models. The interval is a bootstrap over families. Features: "
        f"`NoteSummary(metre_hidden=True)`, {NoteSummary().n_values} numbers, all times in pulses: no bar line, "
        f"metre, tempo or unit of notation. To reach on Nottingham: {TO_REACH}. Nothing was chosen on Ceol Rince."
    ]
    for tunes in (nottingham(data / "nottingham"), ceol_rince(data / "ceol_rince_midi")):
        counts = ", ".join(f"{kind} {n}" for kind, n in Counter(tunes.labels.tolist()).most_common())
        scores, kinds = measure(tunes, options.seeds)
        parts += [
            f"## {tunes.name}",
            f"{len(tunes.labels)} tunes of {len(set(tunes.families))} families: {counts}.",
            scores,
            kinds,
        ]
    parts += ["## Notes", NOTES.read_text("utf-8")]
    write_markdown(options.out, "Quality: kinds of tune, metre hidden", "\n\n".join(parts))


def _collect(name: str, tunes: Iterator[tuple[Any, str, str]], kinds: Sequence[str]) -> Tunes:
    feature = NoteSummary()
    rows = [(feature(score), kind, of) for score, kind, of in tunes if kind in kinds]
    values, labels, families = zip(*rows, strict=True)
    return Tunes(name, np.stack(values), np.array(labels), np.array(families))


def _kinds_table(tunes: Tunes, method: str, runs: Sequence[NDArray[np.str_]]) -> str:
    """Return the mean confusion matrix over the seeds, with F1."""
    kinds = [kind for kind, _ in Counter(tunes.labels.tolist()).most_common()]
    tables = [confusion.confusion_matrix(tunes.labels, run, kinds) for run in runs]
    f1 = np.mean([confusion.evaluate(table)["f1"]["per_class"] for table in tables], axis=0)
    mean = np.mean(tables, axis=0)
    rows = [
        [kind, *(f"{n:.1f}" for n in row), f"{score:.3f}"]
        for kind, row, score in zip(kinds, mean, f1, strict=True)
    ]
    return f"{method} (rows: true kind):\n\n" + markdown_table(["", *kinds, "F1"], rows)


if __name__ == "__main__":
    main()
