"""Accuracy of the kind of noise in unseen recordings, and of their signal-to-noise ratio."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table, parse, write_markdown
from woodshed.data.corpora import load
from woodshed.data.example import ChangedExample, Example, Sounds
from woodshed.data.noisy import CROWD, Mix, noisy_examples
from woodshed.metrics import confusion
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.classical.model import fit_columns, fit_model, predict_columns, probabilities
from woodshed.recognition.clip_item import summarise
from woodshed.tasks import noise_colour, snr

NOTES = Path(__file__).with_name("noise_colour_notes.md")
N_SOURCES = 240
"""Number of clean recordings of speech, and of notes."""
TEST_SHARE = 1 / 3
RATE = 8000
TESTED_DB = (0.0, 20.0)
Rows = NDArray[np.float64]


class Predictions:
    """Predictions of each method: kinds of noise, and signal-to-noise ratios in decibels."""

    METHODS: ClassVar[tuple[str, ...]] = ("NoiseFloor", "baseline: Summary", "majority, mean")

    def __init__(self, kinds: dict[str, NDArray[np.str_]], snrs: dict[str, Rows]) -> None:
        self.kinds, self.snrs = kinds, snrs

    def part(self, rows: slice) -> Predictions:
        """Return the predictions for some of the examples."""
        kinds = {name: values[rows] for name, values in self.kinds.items()}
        snrs = {name: values[rows] for name, values in self.snrs.items()}
        return Predictions(kinds, snrs)


def clean_sources(data: Path, seed: int) -> tuple[list[Example], list[Example]]:
    """Draw clean recordings, and return the training and the test part."""
    rng = np.random.default_rng(seed)
    train: list[Example] = []
    test: list[Example] = []
    for name in ("fsdd", "instrument_notes"):
        examples = load(name, data / name).examples
        drawn = [examples[k] for k in rng.permutation(len(examples))[:N_SOURCES].tolist()]
        drawn = [replace(e, group=f"{name} {e.path.parent.name} {e.path.stem}") for e in drawn]
        n_test = round(TEST_SHARE * len(drawn))
        test, train = test + drawn[:n_test], train + drawn[n_test:]
    return train, test


def real_noise(test: Sequence[Example], recordings: Sequence[Path], seed: int) -> tuple[Example, ...]:
    """Add real recordings of noise, which are not in the training data, to the test recordings."""
    rng = np.random.default_rng(seed)
    made = []
    for example in test:
        snr_db = float(rng.uniform(*TESTED_DB))
        path = str(recordings[rng.integers(len(recordings))])
        mix = Mix(CROWD, snr_db, int(rng.integers(1 << 31)), (path,))
        made.append(
            ChangedExample(
                example.path,
                CROWD,
                example.group,
                values={"snr_db": snr_db},
                change=mix,
                start_s=example.start_s,
                end_s=example.end_s,
            )
        )
    return tuple(made)


def predict(train: Sequence[Example], test: Sequence[Example], seed: int, store: str) -> Predictions:
    """Train the tasks and the baselines, and predict the test recordings."""
    labels = [example.label for example in train]
    known = [k for k, example in enumerate(train) if example.values]
    values = [dict(train[k].values) for k in known]
    settings: dict[str, Any] = {"sample_rate": RATE, "seed": seed, "store": store}
    colour = noise_colour.NoiseColourRecogniser(**settings).fit(Sounds(train), labels)
    ratio = snr.SnrRegressor(**settings).fit(Sounds([train[k] for k in known]), values)
    rows, other = (summarise(Sounds(part), RATE, store=store) for part in (train, test))
    names, columns = np.unique(labels, return_inverse=True)
    truth = np.array([[value["snr_db"]] for value in values])
    plain = fit_columns("svm", rows[known], truth, discrete=False)
    majority = names[np.bincount(columns).argmax()]
    kinds = {
        "NoiseFloor": colour.predict(Sounds(test)),
        "baseline: Summary": names[probabilities(fit_model("svm", rows, columns), other).argmax(axis=1)],
        "majority, mean": np.full(len(test), majority),
    }
    snrs = {
        "NoiseFloor": ratio.predict(Sounds(test))[:, 0],
        "baseline: Summary": predict_columns(plain, other)[:, 0],
        "majority, mean": np.full(len(test), truth.mean()),
    }
    return Predictions(kinds, snrs)


def error_db(test: Sequence[Example], predicted: Rows) -> Rows:
    """Return the absolute error of each example from 0 to 20 dB; NaN for the others."""
    truth = np.array([example.values.get("snr_db", np.nan) for example in test])
    inside = (truth >= TESTED_DB[0]) & (truth <= TESTED_DB[1])
    return np.where(inside, np.abs(predicted - truth), np.nan)


def score_table(runs: Sequence[tuple[Sequence[Example], Predictions]]) -> str:
    """Return the table of both scores of each method: mean and deviation over the seeds, interval over recordings."""
    rows = []
    for method in Predictions.METHODS:
        hits = [run.kinds[method] == np.array([e.label for e in test]) for test, run in runs]
        errors = [error_db(test, run.snrs[method]) for test, run in runs]
        groups = np.concatenate([[f"{k} {e.group}" for e in test] for k, (test, _) in enumerate(runs)])
        cells = []
        for parts, form in ((hits, "{:.3f}"), (errors, "{:.2f}")):
            joined = np.concatenate(parts).astype(float)
            low, high = bootstrap_interval(
                lambda drawn, joined=joined: float(np.nanmean(joined[drawn])),
                len(joined),
                groups=groups,
                n_resamples=500,
            )
            means = [np.nanmean(part) for part in parts]
            cells += [
                f"{form.format(np.mean(means))} ± {form.format(np.std(means))}",
                f"{form.format(low)}–{form.format(high)}",
            ]
        rows.append([method, *cells])
        print(*rows[-1], flush=True)
    heading = ["method", "accuracy of the kind", "95 % interval", "mean error on 0 to 20 dB", "95 % interval"]
    return markdown_table(heading, rows)


def level_table(runs: Sequence[tuple[Sequence[Example], Predictions]]) -> str:
    """Return the table of both scores by signal-to-noise ratio."""
    rows = []
    for low, high in ((-5, 0), (0, 10), (10, 20), (20, 25), (25, 30)):
        hits: list[bool] = []
        errors: list[float] = []
        for test, run in runs:
            kinds, snrs = run.kinds["NoiseFloor"], run.snrs["NoiseFloor"]
            for example, kind, ratio in zip(test, kinds, snrs, strict=True):
                if low <= example.values.get("snr_db", -99) < high:
                    hits.append(kind == example.label)
                    errors.append(abs(ratio - example.values["snr_db"]))
        rows.append([f"{low} to {high} dB", f"{np.mean(hits):.3f}", f"{np.mean(errors):.2f} dB"])
    clean = [
        kind == "clean"
        for test, run in runs
        for example, kind in zip(test, run.kinds["NoiseFloor"], strict=True)
        if example.label == "clean"
    ]
    rows.append(["clean", f"{np.mean(clean):.3f}", "–"])
    return markdown_table(["noise", "accuracy of the kind", "mean error"], rows)


def kinds_table(runs: Sequence[tuple[Sequence[Example], Predictions]]) -> str:
    """Return the confusion matrix of all seeds together."""
    names = sorted({example.label for test, _ in runs for example in test})
    table = sum(
        confusion.confusion_matrix(np.array([e.label for e in test]), run.kinds["NoiseFloor"], names)
        for test, run in runs
    )
    rows = [[name, *map(str, row)] for name, row in zip(names, np.asarray(table).tolist(), strict=True)]
    return markdown_table(["truth", *names], rows)


def main() -> None:
    """Measure and write ``noise_colour.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--work", type=Path, default=Path("build/quality"), help="folder of stored features")
    options = parse(parser)
    data = options.data
    warnings.simplefilter("ignore")
    recordings = sorted((data / "background_noise").rglob("*.flac"))
    runs, real = [], []
    for seed in options.seeds:
        train, test = clean_sources(data, seed)
        noisy_train, noisy_test = (noisy_examples(part, seed=seed) for part in (train, test))
        foreign = real_noise(test, recordings, seed)
        predictions = predict(noisy_train, [*noisy_test, *foreign], seed, str(options.work / "features"))
        n = len(noisy_test)
        runs.append((noisy_test, predictions.part(slice(n))))
        real.append((foreign, predictions.part(slice(n, None))))
        print(f"seed {seed}", flush=True)
    parts = [
        f"{2 * N_SOURCES} clean recordings for each seed, half of them spoken digits (FSDD), half notes of instruments, "
        f"at {RATE} Hz; each six times: clean, and with each of five kinds of noise at -5 to 30 dB. A third of "
        "the recordings are in the test part, with all their versions; the crowds of each part are made of its "
        f"own recordings. Mean ± standard deviation over {len(options.seeds)} seeds, which draw recordings and noise; the "
        "intervals are bootstraps over recordings. To reach: accuracy 0.95, and 3 dB.",
        score_table(runs),
        "## By level",
        level_table(runs),
        "## Kinds",
        kinds_table(runs),
        "## Real noise",
        f"The test recordings with {len(recordings)} recordings of real noise that are not in the training data, at 0 to "
        "20 dB. The prediction crowd-or-animal counts as correct, although some of it is neither.",
        score_table(real),
        "## Notes",
        NOTES.read_text("utf-8"),
    ]
    write_markdown(
        options.out,
        "Quality: kind of noise and signal-to-noise ratio",
        "\n\n".join(parts),
    )


if __name__ == "__main__":
    main()
