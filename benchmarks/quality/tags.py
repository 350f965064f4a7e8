"""Accuracy of tags of notes (instrument, playing technique, register, dynamic) for unseen pitches."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from woodshed.data.check import check
from woodshed.data.corpora import urbansound8k
from woodshed.data.corpora.instrument_notes import LOUD_FROM, MEDIUM_FROM, load
from woodshed.data.split import group_folds, official
from woodshed.metrics import tagging
from woodshed.metrics.interval import bootstrap_interval
from woodshed.nets import NETS
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.experiments.result import SplitResult
from woodshed.tasks.tags import TagsTagger
from woodshed.training.run_state import RunState

NOTES = Path(__file__).with_name("tags_notes.md")
TO_REACH = 0.95
N_FOLDS = 5
WINDOW_S = 1.2
"""Window of a net in seconds: the length of a note."""

CITY_TAGS = {
    "alarm": ("car horn", "siren"),
    "animal": ("dog bark",),
    "continuous": ("air conditioner", "drilling", "engine idling", "jackhammer", "street music"),
    "machine": ("air conditioner", "drilling", "engine idling", "jackhammer"),
    "person": ("children playing", "street music"),
    "vehicle": ("car horn", "engine idling", "siren"),
}
"""Tag -> classes of UrbanSound8K; fixed before anything was measured on them."""

WORDS = {
    "svm": "baseline: an SVM for each tag on summary features",
    "mean": "constant: prevalence of each tag",
}

Score = Callable[..., Any]
SCORES: dict[str, Score] = {"macro ROC-AUC": tagging.roc_auc, "macro PR-AUC": tagging.pr_auc}


def score_table(outcomes: Mapping[str, Sequence[SplitResult]], groups: NDArray[np.str_]) -> str:
    """Return the table of scores of each method: mean and deviation over the seeds, interval over groups."""
    rows = []
    for name, results in outcomes.items():
        own, *plain = results[0].outputs
        for method in (own, *(plain if name == list(outcomes)[-1] else ())):
            cells = []
            for score in SCORES.values():
                pairs = [(result.truth, result.outputs[method]) for result in results]
                seeds = [score(truth, outputs, average="macro") for truth, outputs in pairs]
                low, high = bootstrap_interval(
                    lambda drawn, pairs=pairs, score=score: float(
                        np.mean([score(t[drawn], a[drawn], average="macro") for t, a in pairs])
                    ),
                    len(groups),
                    groups=groups,
                    n_resamples=200,
                )
                cells.append(f"{np.mean(seeds):.4f} ± {np.std(seeds):.4f} ({low:.3f}–{high:.3f})")
            rows.append([name if method == own else WORDS[method], *cells])
            print(*rows[-1], flush=True)
    return markdown_table(["method", *SCORES], rows)


def tag_table(results: Sequence[SplitResult], names: Sequence[str]) -> str:
    """Return the table of prevalence and scores of each tag, mean over the seeds."""
    first = results[0]
    own = next(iter(first.outputs))
    columns = [tagging.prevalence(first.truth)]
    for method in (own, "svm"):
        columns += [
            np.mean([score(r.truth, r.outputs[method]) for r in results], axis=0) for score in SCORES.values()
        ]
    f1 = [tagging.at_thresholds(r.truth, r.decisions)["F1"] for r in results]
    columns.append(np.mean(f1, axis=0))
    heading = ["tag", "prevalence", "ROC-AUC", "PR-AUC", "SVM ROC-AUC", "SVM PR-AUC", "F1"]
    rows = [
        [name, *(f"{value:.3f}" for value in values)] for name, *values in zip(names, *columns, strict=True)
    ]
    return markdown_table(heading, rows)


def city_table(data: Path, work: Path) -> str:
    """Measure the task with its default settings on tags of city sounds, and return the table of scores."""
    sounds = check(urbansound8k.load(data / "urbansound8k_mini"))
    examples = tuple(
        replace(example, labels=measure.tags_of(example.label, CITY_TAGS)) for example in sounds.examples
    )
    tagger = TagsTagger(store=str(work / "features"))
    corpus = tagger.head.select(replace(sounds, examples=examples), tagger, to_fit=True)
    run = CrossValidation(tagger, corpus, [official(sounds)], RunState(work / "tags-city"), True)
    results = run.test()
    return score_table({tagger.net: results}, np.asarray(corpus.groups)[results[0].indices])


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    nets = argparse.ArgumentParser(add_help=False)
    nets.add_argument("--nets", nargs="+", default=["conv-residual", "kernel-ridge"])
    return measure.arguments(__doc__ or "", nets)


def main() -> None:
    """Measure and write ``tags.md``."""
    options = arguments()
    notes = check(load(options.data / "instrument_notes"))
    split = group_folds(notes.labels, notes.groups or [], n_folds=N_FOLDS, group_word="MIDI note")
    corpus = TagsTagger.head.select(notes, TagsTagger(), to_fit=True)
    outcomes: dict[str, list[SplitResult]] = {}
    names: Sequence[str] = ()
    for net in options.nets:
        # A classical model is deterministic: all seeds would give the same scores.
        for seed in options.seeds if net in NETS else options.seeds[:1]:
            tagger = TagsTagger(net=net, window_s=WINDOW_S, seed=seed, store=str(options.work / "features"))
            run = CrossValidation(
                tagger, corpus, [split], RunState(options.work / f"tags-{net}-{seed}"), True
            )
            outcomes.setdefault(net, []).extend(run.test())
            names = run.names
            print(f"{net}, seed {seed}: done", flush=True)
    best = max(outcomes, key=lambda net: macro(outcomes[net]))
    truth = outcomes[best][0].truth
    pitches = np.asarray(corpus.groups)[outcomes[best][0].indices]
    seeds = ", ".join(f"{net} {len(results)}" for net, results in outcomes.items())
    parts = [
        f"instrument_notes: {len(truth)} notes of one sampler with {len(names)} tags, derived from the description "
        "of each: instrument, family, playing technique, register, and dynamic (soft below a velocity of "
        f"{MEDIUM_FROM}, loud from {LOUD_FROM} on). Split: {split.name}, so that no pitch is in both parts. Macro averages over "
        f"tags: mean ± standard deviation over seeds ({seeds}), and a 95 % interval over pitches (bootstrap).",
        score_table(outcomes, pitches),
        "Mean prevalence, which is the PR-AUC of random guessing: "
        f"{np.nanmean(tagging.prevalence(truth)):.3f}. To reach: a macro ROC-AUC of {TO_REACH}; "
        f"{'reached' if macro(outcomes[best]) >= TO_REACH else 'not reached'}.",
        f"## By tag ({best})",
        "SVM: the baseline. F1: decisions at thresholds that were fitted without the tested pitches.",
        tag_table(outcomes[best], names),
        "## City sounds",
        f"160 recordings of UrbanSound8K with {len(CITY_TAGS)} tags derived from their classes ({', '.join(CITY_TAGS)}), "
        "official folds, default settings of the task. Nothing was chosen on them.",
        city_table(options.data, options.work),
        NOTES.read_text("utf-8"),
    ]
    measure.publish(options.out, "Quality: tags", parts)


def macro(results: Sequence[SplitResult]) -> float:
    """Return the macro ROC-AUC of the first method, mean over the seeds."""
    own = next(iter(results[0].outputs))
    return float(np.mean([tagging.roc_auc(r.truth, r.outputs[own], average="macro") for r in results]))


if __name__ == "__main__":
    main()
