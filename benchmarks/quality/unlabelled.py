"""What unlabelled sounds are worth: few digits with labels, many without, and a speaker nobody has heard.

    python -m benchmarks.quality.unlabelled [--data FOLDER] [--seeds 0 1 2]

Each speaker of the Free Spoken Digit Dataset is left out once. Of the others a few recordings of each digit keep
their label, and the rest lose it. Three recognisers are tested on the speaker left out: one that has the labelled
recordings alone, one that also learns from the others by its own names for them, and one that has all labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from woodshed.data.corpora.fsdd import load
from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, leave_one_group_out
from woodshed.recognition.self_training import N_PARTS, PSEUDO_WEIGHT, TARGET_PRECISION
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.training.run_state import RunState

NOTES = Path(__file__).with_name("unlabelled_notes.md")

TRIED = (("svm", 10),)
"""Nets, and labelled recordings of each digit."""

SELF_TRAINING_MODES = ("labelled alone", "with own names", "all labels")


def main() -> None:
    """Measure and write ``unlabelled.md``."""
    given = measure.arguments(__doc__ or "")
    corpus = load(given.data / "fsdd")
    split = leave_one_group_out(corpus.labels, corpus.groups or [], group_word="speaker")
    run_state = RunState(given.work / "unlabelled")
    run_state.open("unlabelled", resume=True)
    rows, speakers = [], []
    for net, n_labelled in TRIED:
        found = np.stack(
            [
                [_fold(corpus, fold, (net, n_labelled, seed), run_state, given.work) for fold in split.folds]
                for seed in given.seeds
            ]
        )  # (n_seeds, n_folds, 6)
        rows.append(_row(net, n_labelled, found))
        speakers += [
            [net, str(n_labelled), fold.name, *(f"{value:.3f}" for value in found[:, f, :3].mean(axis=0))]
            for f, fold in enumerate(split.folds)
        ]
    heading = [
        "net",
        "labels a digit",
        *SELF_TRAINING_MODES,
        "gain",
        "seeds that gained",
        "named by itself",
        "of them right",
    ]
    measure.publish(
        Path(__file__).with_suffix(".md"),
        "Quality: learning from unlabelled sounds",
        [
            "Free Spoken Digit Dataset, one speaker left out at a time, six folds. Share of the left-out speaker's "
            "digits that are named right: mean of the folds, ± standard deviation over "
            f"{len(given.seeds)} seeds, which draw anew who keeps a label. All three columns of scores are of the "
            "same folds. Unlabelled are all other recordings of the five speakers who are learned from; nothing of "
            "the sixth is learned from in any way.",
            markdown_table(heading, rows),
            f"A name of its own counts where {TARGET_PRECISION:.0%} of held-out labelled recordings ({N_PARTS} parts) "
            f"were named right, and then with weight {PSEUDO_WEIGHT}.",
            "## Speaker by speaker",
            markdown_table(["net", "labels a digit", "left out", *SELF_TRAINING_MODES], speakers),
            NOTES.read_text("utf-8"),
        ],
    )


def _row(net: str, n_labelled: int, found: NDArray[np.float64]) -> list[str]:
    of_seed = found.mean(axis=1)
    gains = of_seed[:, 1] - of_seed[:, 0]
    scores = [f"{of_seed[:, k].mean():.3f} ± {of_seed[:, k].std():.3f}" for k in range(3)]
    n_named, n_right, n_unlabelled = found[:, :, 3:].sum(axis=(0, 1))
    share = f"{n_right / n_named:.1%}" if n_named else "none named"
    gained = f"{int((gains > 0).sum())} of {len(gains)}"
    return [
        *(net, str(n_labelled), *scores, f"{gains.mean():+.3f} ± {gains.std():.3f}"),
        *(gained, f"{n_named / n_unlabelled:.0%}", share),
    ]


def _fold(
    corpus: Corpus, fold: Fold, what: tuple[str, int, int], run_state: RunState, work: Path
) -> NDArray[np.float64]:
    """Return the three scores, the unlabelled recordings that were named, those named right, and all of them."""
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
    scores, told = [], None
    test = Sounds(corpus.subset(fold.test.tolist()))
    for way, rows, given in trials:
        model = SpeechRecogniser(net=net, seed=seed, unlabelled=way, store=str(work / "features"))
        model.fit(Sounds(corpus.subset(rows.tolist())), given, groups[rows].tolist())
        scores.append(model.score(test, labels[fold.test].tolist()))
        told = model.pseudo_labels_ or told
    if told is None:
        raise SystemExit("Nothing was unlabelled.")
    n_right = sum(name == labels[train[k]] for k, name in told.names.items())
    found = np.asarray([*scores, len(told.names), n_right, told.n_unlabelled], np.float64)
    run_state.write(name, {"found": found})
    print(name, found, flush=True)
    return found


def _draw(labels: NDArray[np.str_], rows: NDArray[np.int64], n_labelled: int, seed: int) -> NDArray[np.int64]:
    """Draw so many recordings of each digit, of whichever speaker."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.choice(rows[labels[rows] == digit], n_labelled, replace=False) for digit in np.unique(labels)
    ]
    return np.concatenate(drawn)


if __name__ == "__main__":
    main()
