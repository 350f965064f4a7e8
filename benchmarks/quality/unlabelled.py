"""Accuracy of self-training on unlabelled sounds: few labelled digits, many unlabelled ones, unseen speakers.

    python -m benchmarks.quality.unlabelled [--data FOLDER] [--seeds 0 1 2]

Each speaker of the Free Spoken Digit Dataset is left out once. Of the others a few recordings of each digit keep
their label, and the rest are unlabelled. Three recognisers are tested on the speaker left out: one trained on the
labelled recordings alone, one trained on pseudo-labels of the others as well, and one trained with all labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from woodshed.data.corpora.fsdd import load
from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import Fold, leave_one_group_out
from woodshed.recognition.self_training import N_PARTS, PSEUDO_WEIGHT, TARGET_PRECISION
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.training.run_state import RunState

NOTES = Path(__file__).with_name("unlabelled_notes.md")

TRIED = (("svm", 10),)
"""Models, and number of labelled recordings of each digit."""

TRAINING_SETS = ("labelled only", "with pseudo-labels", "all labels")


def main() -> None:
    """Measure and write ``unlabelled.md``."""
    options = measure.arguments(__doc__ or "")
    corpus = load(options.data / "fsdd")
    split = leave_one_group_out(corpus.labels, corpus.groups or [], group_word="speaker")
    run_state = RunState(options.work / "unlabelled")
    run_state.open("unlabelled", resume=True)
    rows, speakers = [], []
    for net, n_labelled in TRIED:
        found = np.stack(
            [
                [
                    _fold(corpus, fold, (net, n_labelled, seed), run_state, options.work)
                    for fold in split.folds
                ]
                for seed in options.seeds
            ]
        )  # (n_seeds, n_folds, 6)
        rows.append(_row(net, n_labelled, found))
        speakers += [
            [net, str(n_labelled), fold.name, *(f"{value:.3f}" for value in found[:, f, :3].mean(axis=0))]
            for f, fold in enumerate(split.folds)
        ]
    heading = [
        "net",
        "labels per digit",
        *TRAINING_SETS,
        "gain",
        "seeds that gained",
        "pseudo-labelled",
        "of these correct",
    ]
    measure.publish(
        options.out,
        "Quality: learning from unlabelled sounds",
        [
            "Free Spoken Digit Dataset, one speaker left out at a time, six folds. Accuracy for the left-out "
            "speaker: mean of the folds, ± standard deviation over "
            f"{len(options.seeds)} seeds, which draw the recordings that keep a label. All three columns of scores are "
            "for the same folds. All other recordings of the five training speakers are unlabelled; no recording of "
            "the sixth speaker is used in training.",
            markdown_table(heading, rows),
            "A pseudo-label is used from the probability on at which "
            f"{TARGET_PRECISION:.0%} of held-out labelled recordings ({N_PARTS} parts) are classified correctly, with "
            f"weight {PSEUDO_WEIGHT}.",
            "## Speaker by speaker",
            markdown_table(["net", "labels per digit", "left out", *TRAINING_SETS], speakers),
            NOTES.read_text("utf-8"),
        ],
    )


def _row(net: str, n_labelled: int, found: NDArray[np.float64]) -> list[str]:
    of_seed = found.mean(axis=1)
    gains = of_seed[:, 1] - of_seed[:, 0]
    scores = [f"{of_seed[:, k].mean():.3f} ± {of_seed[:, k].std():.3f}" for k in range(3)]
    n_named, n_right, n_unlabelled = found[:, :, 3:].sum(axis=(0, 1))
    share = f"{n_right / n_named:.1%}" if n_named else "none"
    gained = f"{int((gains > 0).sum())} of {len(gains)}"
    return [
        net,
        str(n_labelled),
        *scores,
        f"{gains.mean():+.3f} ± {gains.std():.3f}",
        gained,
        f"{n_named / n_unlabelled:.0%}",
        share,
    ]


def _fold(
    corpus: Corpus, fold: Fold, what: tuple[str, int, int], run_state: RunState, work: Path
) -> NDArray[np.float64]:
    """Return the three scores, then the number of pseudo-labels, of correct ones, and of unlabelled recordings."""
    net, n_labelled, seed = what
    name = f"{net}-{n_labelled}-{seed}-{fold.name}"
    if (written := run_state.recall(name)) is not None:
        return np.asarray(written["found"])
    labels, groups = np.asarray(corpus.labels), np.asarray(corpus.groups)
    kept = set(_draw(labels, fold.train, n_labelled, seed))
    few = [k for k in fold.train if k in kept]
    train = fold.train
    partly = [str(labels[k]) if k in kept else None for k in train]
    trials: Sequence[tuple[str | None, NDArray[np.int64], Sequence[str | None]]] = (
        (None, np.asarray(few), [str(labels[k]) for k in few]),
        ("pseudo", train, partly),
        (None, train, labels[train].tolist()),
    )
    scores, pseudo_labels = [], None
    test = Sounds(corpus.subset(fold.test.tolist()))
    for mode, rows, targets in trials:
        model = SpeechRecogniser(net=net, seed=seed, unlabelled=mode, store=str(work / "features"))
        model.fit(Sounds(corpus.subset(rows.tolist())), targets, groups[rows].tolist())
        scores.append(model.score(test, labels[fold.test].tolist()))
        pseudo_labels = model.pseudo_labels_ or pseudo_labels
    if pseudo_labels is None:
        raise SystemExit(f"{name}: expected unlabelled recordings, got none. Use fewer labels per digit.")
    n_right = sum(label == labels[train[k]] for k, label in pseudo_labels.names.items())
    found = np.asarray([*scores, len(pseudo_labels.names), n_right, pseudo_labels.n_unlabelled], np.float64)
    run_state.write(name, {"found": found})
    print(name, found, flush=True)
    return found


def _draw(labels: NDArray[np.str_], rows: NDArray[np.int64], n_labelled: int, seed: int) -> NDArray[np.int64]:
    """Draw ``n_labelled`` recordings of each digit, of any speaker."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.choice(rows[labels[rows] == digit], n_labelled, replace=False) for digit in np.unique(labels)
    ]
    return np.concatenate(drawn)


if __name__ == "__main__":
    main()
