"""How well the kind of noise under a recording, and its signal-to-noise ratio, are told on unheard recordings."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import data_folder, markdown_table, write_markdown
from woodshed.data.corpora import load
from woodshed.data.example import Example
from woodshed.data.noisy import CROWD, Mix, noisy_examples
from woodshed.data.sound import ChangedExample, Sounds
from woodshed.metrics import confusion
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.classical.fitting import fit_columns, fit_model, predict_columns, probabilities
from woodshed.recognition.experiments.baseline import summarise
from woodshed.tasks import noise_colour, snr

NOTES = Path(__file__).with_name("noise_colour_notes.md")
N_SOURCES = 240
"""Clean recordings of each kind, speech and notes, that take part."""
TEST_SHARE = 1 / 3
RATE = 8000
TESTED_DB = (0.0, 20.0)
Rows = NDArray[np.float64]


class Told:
    """What a method answered: kinds of noise, and ratios in decibels."""

    METHODS: ClassVar[tuple[str, ...]] = ("NoiseFloor", "plain: Summary", "majority, mean")

    def __init__(self, kinds: dict[str, NDArray[np.str_]], snrs: dict[str, Rows]) -> None:
        self.kinds, self.snrs = kinds, snrs


def clean_sources(data: Path, seed: int) -> tuple[list[Example], list[Example]]:
    """Draw clean recordings, and say which of them are learned from and which are tested."""
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
    """Put real recordings of noise, which nothing learned from, under the tested recordings."""
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


def answer(train: Sequence[Example], asked: Sequence[Example], seed: int, store: str) -> Told:
    """Answer recordings by what was learned from others, by the jobs and by the baselines."""
    labels = [example.label for example in train]
    known = [k for k, example in enumerate(train) if example.values]
    values = [dict(train[k].values) for k in known]
    settings: dict[str, Any] = {"sample_rate": RATE, "seed": seed, "store": store}
    colour = noise_colour.NoiseColourRecogniser(**settings).fit(Sounds(train), labels)
    ratio = snr.SnrRegressor(**settings).fit(Sounds([train[k] for k in known]), values)
    rows, other = (summarise(Sounds(part), RATE, store=store) for part in (train, asked))
    names, columns = np.unique(labels, return_inverse=True)
    truth = np.array([[value["snr_db"]] for value in values])
    plain = fit_columns("svm", rows[known], truth, discrete=False)
    majority = names[np.bincount(columns).argmax()]
    kinds = {
        "NoiseFloor": colour.predict(Sounds(asked)),
        "plain: Summary": names[probabilities(fit_model("svm", rows, columns), other).argmax(axis=1)],
        "majority, mean": np.full(len(asked), majority),
    }
    snrs = {
        "NoiseFloor": ratio.predict(Sounds(asked))[:, 0],
        "plain: Summary": predict_columns(plain, other)[:, 0],
        "majority, mean": np.full(len(asked), truth.mean()),
    }
    return Told(kinds, snrs)


def error_db(asked: Sequence[Example], answers: Rows) -> Rows:
    """Return the absolute error of each example from 0 to 20 dB; NaN for the others."""
    truth = np.array([example.values.get("snr_db", np.nan) for example in asked])
    inside = (truth >= TESTED_DB[0]) & (truth <= TESTED_DB[1])
    return np.where(inside, np.abs(answers - truth), np.nan)


def score_table(runs: Sequence[tuple[Sequence[Example], Told]]) -> str:
    """Lay out both scores of each method: mean and spread over the seeds, interval over recordings."""
    rows = []
    for method in Told.METHODS:
        hits = [told.kinds[method] == np.array([e.label for e in asked]) for asked, told in runs]
        errors = [error_db(asked, told.snrs[method]) for asked, told in runs]
        groups = np.concatenate([[f"{k} {e.group}" for e in asked] for k, (asked, _) in enumerate(runs)])
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


def level_table(runs: Sequence[tuple[Sequence[Example], Told]]) -> str:
    """Lay out how both scores depend on the ratio."""
    rows = []
    for low, high in ((-5, 0), (0, 10), (10, 20), (20, 25), (25, 30)):
        hits: list[bool] = []
        errors: list[float] = []
        for asked, told in runs:
            kinds, snrs = told.kinds["NoiseFloor"], told.snrs["NoiseFloor"]
            for example, kind, ratio in zip(asked, kinds, snrs, strict=True):
                if low <= example.values.get("snr_db", -99) < high:
                    hits.append(kind == example.label)
                    errors.append(abs(ratio - example.values["snr_db"]))
        rows.append([f"{low} to {high} dB", f"{np.mean(hits):.3f}", f"{np.mean(errors):.2f} dB"])
    clean = [
        kind == "clean"
        for a, t in runs
        for e, kind in zip(a, t.kinds["NoiseFloor"], strict=True)
        if e.label == "clean"
    ]
    rows.append(["clean", f"{np.mean(clean):.3f}", "–"])
    return markdown_table(["noise", "accuracy of the kind", "mean error"], rows)


def kinds_table(runs: Sequence[tuple[Sequence[Example], Told]]) -> str:
    """Lay out the confusion matrix of all seeds together."""
    names = sorted({example.label for asked, _ in runs for example in asked})
    table = sum(
        confusion.confusion_matrix(np.array([e.label for e in asked]), told.kinds["NoiseFloor"], names)
        for asked, told in runs
    )
    rows = [[name, *map(str, row)] for name, row in zip(names, np.asarray(table).tolist(), strict=True)]
    return markdown_table(["truth", *names], rows)


def main() -> None:
    """Measure and write ``noise_colour.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--work", type=Path, default=Path("build/quality"), help="where features are kept")
    given = parser.parse_args()
    data = data_folder(given.data)
    warnings.simplefilter("ignore")
    recordings = sorted((data / "background_noise").rglob("*.flac"))
    runs, real = [], []
    for seed in given.seeds:
        train, test = clean_sources(data, seed)
        learned, asked = (noisy_examples(part, seed=seed) for part in (train, test))
        foreign = real_noise(test, recordings, seed)
        told = answer(learned, [*asked, *foreign], seed, str(given.work / "features"))
        n = len(asked)
        runs.append(
            (asked, Told({k: v[:n] for k, v in told.kinds.items()}, {k: v[:n] for k, v in told.snrs.items()}))
        )
        real.append(
            (
                foreign,
                Told({k: v[n:] for k, v in told.kinds.items()}, {k: v[n:] for k, v in told.snrs.items()}),
            )
        )
        print(f"seed {seed}", flush=True)
    parts = [
        f"{2 * N_SOURCES} clean recordings for each seed, half of them spoken digits (FSDD), half notes of instruments, "
        f"heard at {RATE} Hz; each six times: clean, and with each of five kinds of noise at -5 to 30 dB. A third of "
        "the recordings are tested and no version of them is learned from; the crowds of either part are made of its "
        f"own recordings. Mean ± standard deviation over {len(given.seeds)} seeds, which draw recordings and noise; the "
        "intervals are bootstraps over recordings. To reach: accuracy 0.95, and 3 dB.",
        score_table(runs),
        "## By level",
        level_table(runs),
        "## Kinds",
        kinds_table(runs),
        "## Noise of the world",
        f"The tested recordings with {len(recordings)} recordings of real noise that nothing learned from, at 0 to 20 dB. "
        "The kind counts as right if it is called a crowd or an animal, which some of it is not.",
        score_table(real),
        "## Notes",
        NOTES.read_text("utf-8"),
    ]
    write_markdown(
        Path(__file__).with_suffix(".md"),
        "Quality: kind of noise and signal-to-noise ratio",
        "\n\n".join(parts),
    )


if __name__ == "__main__":
    main()
