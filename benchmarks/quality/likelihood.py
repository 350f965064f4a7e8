"""Likelihood of frames of polyphonic music: all nets of frames, trained on the same splits.

    python -m benchmarks.quality.likelihood --data DATA --work WORK

The result of each model is stored in WORK as JSON and not computed again; an interrupted training is
resumed. No choice is based on the test parts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.quality.chord_chain import (
    FROM_THE_TOP,
    ORDERS,
    ChordSettings,
    chord_nats,
    learn_chords,
    to_cells,
)
from benchmarks.quality.frames import Rolls
from benchmarks.quality.likelihood_rows import GRID, JSB, TABLES, TO_REACH, Row
from benchmarks.quality.measure import epoch_printer
from woodshed.atomic import write_whole
from woodshed.metrics.baseline import note_nats
from woodshed.tasks.roll import RollComposer

NOTES = Path(__file__).with_name("likelihood_notes.md")

Nats = list[NDArray[np.float64]]
"""Nats of each frame, piece by piece."""


MOST_ESTIMATED = {"validation": 1000, "test": 5000}
"""Part -> number of frames, drawn once, on which an RBM is estimated."""

N_CHAINS, N_ANNEAL = 50, 300
"""Number of chains and of steps of annealing of RBMs."""


def counted(rolls: Rolls, name: str) -> dict[str, Nats]:
    """Return the nats of notes from counts, independent or given their previous state."""
    train, *parts = (
        [as_frames(piece, rolls) for piece in getattr(rolls, part)]
        for part in ("train", "validation", "test")
    )
    order = int(name == "order-1")
    return {
        part: note_nats(train, pieces, order=order)
        for part, pieces in zip(("validation", "test"), parts, strict=True)
    }


def as_frames(piece: Any, rolls: Rolls) -> NDArray[np.int8]:
    """Encode pitches as frames of 0 and 1."""
    return RollComposer(low=rolls.low, high=rolls.high).encode(piece)


def learned_roll(
    rolls: Rolls, row: Row, grid: Mapping[str, Any], seed: int, checkpoint: Path
) -> tuple[dict[str, Nats], dict[str, Any]]:
    """Train a composer of rolls, and evaluate all frames, or `MOST_ESTIMATED` of them."""
    settings = {"max_shift": 0, **grid, **row.settings}
    settings.setdefault("patience", settings["epochs"])
    composer = RollComposer(low=rolls.low, high=rolls.high, seed=seed, **settings)
    composer.fit(
        rolls.train,
        held_out=rolls.validation,
        checkpoint=checkpoint,
        on_epoch=epoch_printer("probability of a held-out frame"),
    )
    found = {}
    for part in ("validation", "test"):
        pieces = list(getattr(rolls, part))
        if composer.parts[1] == "rbm":
            pieces = some_pieces(pieces, MOST_ESTIMATED[part])
        found[part] = composer.frame_nats(pieces, n_chains=N_CHAINS, n_anneal=N_ANNEAL)
    n_weights = sum(values.size for values in composer.weights_.values())
    return found, {"n_weights": n_weights, "best_epoch": composer.curve_.best_epoch + 1}


def some_pieces(pieces: Sequence[Any], n_frames: int) -> list[Any]:
    """Draw pieces, the same ones each time, until they have ``n_frames`` or all are drawn."""
    drawn: list[Any] = []
    for k in np.random.default_rng(0).permutation(len(pieces)):
        if sum(map(len, drawn)) >= n_frames:
            break
        drawn.append(pieces[k])
    return drawn


def learned_chords(
    rolls: Rolls, name: str, row: Row, seed: int, work: Path
) -> tuple[dict[str, Nats], dict[str, Any]]:
    """Train a net over chords, or load the trained net of another row, and evaluate all frames."""
    of = row.settings.get("of")
    settings = ChordSettings(**(JSB[of].settings if of else row.settings))
    checkpoint = work / f"jsb-{of or name}-{seed}.state.npz"
    net, layout, best = learn_chords(
        rolls,
        settings,
        seed,
        checkpoint=checkpoint,
        on_epoch=epoch_printer("probability of a held-out frame"),
    )
    orders = ORDERS if of else FROM_THE_TOP
    found = {
        part: [chord_nats(net, layout, to_cells(piece, rolls.low), orders) for piece in getattr(rolls, part)]
        for part in ("validation", "test")
    }
    return found, {"n_weights": net.count_params(), "best_epoch": best + 1}


def mean_of(parts: Sequence[dict[str, Nats]]) -> dict[str, Nats]:
    """Average the probabilities of each frame over several models."""
    return {
        part: [
            np.log(len(parts)) - np.logaddexp.reduce([-one for one in nats], axis=0)
            for nats in zip(*(found[part] for found in parts), strict=True)
        ]
        for part in ("validation", "test")
    }


def measure(corpus: str, rolls: Rolls, name: str, seed: int, work: Path) -> dict[str, Any]:
    """Return the result of a row: the stored one, or a new one."""
    place = work / f"{corpus}-{name}-{seed}.json"
    row = TABLES[corpus][1][name]
    request = {"settings": settled(corpus, name), "grid": GRID[corpus]}
    if place.exists():
        result: dict[str, Any] = json.loads(place.read_text("utf-8"))
        if result["asked"] == request:
            return result
    print(corpus, name, seed, flush=True)
    started = time.monotonic()
    more: dict[str, Any] = {}
    if row.kind == "count":
        found = counted(rolls, name)
    elif row.kind == "roll":
        found, more = learned_roll(rolls, row, GRID[corpus], seed, work / f"{corpus}-{name}-{seed}.state.npz")
    elif row.kind == "chords":
        found, more = learned_chords(rolls, name, row, seed, work)
    else:
        found = mean_of([kept(work, corpus, of, seed) for of in row.settings["of"]])
    with (work / f"{corpus}-{name}-{seed}.npz").open("wb") as file:
        np.savez(file, **{f"{part}_{k:04d}": n for part, nats in found.items() for k, n in enumerate(nats)})
    result = {"asked": request, "seconds": time.monotonic() - started, **more}
    for part, nats in found.items():
        result[part] = float(np.concatenate(nats).mean())
        result[f"{part}_error"] = clustered_error(nats)
        result[f"{part}_frames"] = sum(map(len, nats))
    write_whole(place, json.dumps(result, indent=1))
    print(f"  validation {result['validation']:.3f}, {result['seconds']:.0f} s", flush=True)
    return result


def settled(corpus: str, name: str) -> dict[str, Any]:
    """Return the settings of a row and of the rows that it combines."""
    settings = dict(TABLES[corpus][1][name].settings)
    of = settings.get("of", [])
    parts = [of] if isinstance(of, str) else of
    return settings | {f"settings of {part}": settled(corpus, part) for part in parts}


def kept(work: Path, corpus: str, name: str, seed: int) -> dict[str, Nats]:
    """Read the stored nats of all frames of a row."""
    with np.load(work / f"{corpus}-{name}-{seed}.npz") as arrays:
        return {
            part: [arrays[key] for key in sorted(arrays) if key.startswith(part)]
            for part in ("validation", "test")
        }


def clustered_error(nats: Nats) -> float:
    """Return the standard error of the mean over frames, with pieces as clusters."""
    sizes = np.array([len(n) for n in nats])
    sums = np.array([n.sum() for n in nats])
    mean = sums.sum() / sizes.sum()
    return float(np.sqrt(((sums - mean * sizes) ** 2).sum()) / sizes.sum())


def table(corpus: str, results: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the table of a corpus."""
    rows = []
    for name, row in TABLES[corpus][1].items():
        runs = results.get(name, [])
        if not runs:
            continue
        test = float(np.mean([run["test"] for run in runs]))
        over_seeds = f", {np.std([run['test'] for run in runs]):.2f} over seeds" if len(runs) > 1 else ""
        published = " / ".join(f"{value:.2f}" for value in row.published)
        limit = 1.1 * min(row.published, default=np.inf)
        rows.append(
            [
                row.label,
                row.how,
                f"{np.mean([run['validation'] for run in runs]):.2f}",
                f"**{test:.2f}** ± {np.mean([run['test_error'] for run in runs]):.2f}{over_seeds}",
                published or "–",
                ("yes" if test <= limit else "no") if row.published else "–",
                f"{runs[0]['n_weights'] / 1000:.0f}" if "n_weights" in runs[0] else "–",
                f"{np.mean([run['seconds'] for run in runs]) / 60:.1f}",
                str(len(runs)),
            ]
        )
    heading = ["model", "likelihood", "validation", "test ± s.e.", "published", "within 10 %", "weights, k"]
    return markdown_table([*heading, "minutes", "seeds"], rows)


def reached(corpus: str, results: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the best model on the validation part, and whether it reached the target, as text."""
    means = {name: np.mean([run["validation"] for run in runs]) for name, runs in results.items()}
    best = min(means, key=lambda name: means[name])
    test = float(np.mean([run["test"] for run in results[best]]))
    return (
        f"Best on the validation part: {TABLES[corpus][1][best].label}, {test:.2f} nats per frame on the test part. "
        f"To reach: at most {TO_REACH[corpus]:.1f} (reached: {'yes' if test <= TO_REACH[corpus] else 'no'})."
    )


def described(rolls: Rolls) -> str:
    """Return a description of the frames of a corpus."""
    return f"{rolls.made} {sizes_of(rolls)}. Pitches {rolls.low} to {rolls.high}."


def sizes_of(rolls: Rolls) -> str:
    """Return the number of pieces and frames of each part."""
    return "; ".join(
        f"{len(pieces)} pieces, {sum(map(len, pieces)):,} frames ({part})"
        for part in ("train", "validation", "test")
        for pieces in [getattr(rolls, part)]
    )


INTRODUCTION = """\
The unit is the **nat per frame**: the mean over all frames of the negative natural logarithm of the probability of a
frame under the model, given all frames before it; lower is better. First frames count, too, and are predicted from silence.
All models were trained here on the same training part. Settings are first choices, or were compared on the validation part, as
described in the notes; so was the best epoch. No choice was based on the test part. ± is the standard error over pieces; over seeds: the
standard deviation of the means. Where the last column is 1, there was time for one seed only; the aim is three.

*Exact*: the probabilities of all frames sum to 1, without estimation. *RAISE*: the normalising constant of an RBM is
intractable. The value is the probability that a frame is sampled by annealing from independent notes to the RBM
({steps} steps), estimated by annealing back from the frame, {chains} times (Burda, Grosse and Salakhutdinov, 2015): these probabilities sum to 1,
and the estimate is too high rather than too low. (Published values for RBMs come from forward annealing, which is
too low rather than too high.) For RBMs about {validation:,} validation frames and at most {test:,} test frames, of whole pieces, are evaluated. *Upper bound*: the model predicts
ordered rows of four cells, and a frame is one such row, so that the frame itself has at most this many nats.

*Published* values are from the literature, on their own training and often without the first frame: RNN, GRU and LSTM
of 2014 (arXiv 1412.3555) and 2018, TCN (arXiv 1803.01271), the others of Boulanger-Lewandowski et al., 2012; "within 10 %"
compares with the lowest. RNN, GRU, LSTM, TCN and Transformer predict each note independently, given the past; NADE,
RBM and the cells model the notes of a frame jointly, which explains their large lead."""


def main() -> None:
    """Compute missing results, and write ``likelihood.md``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--work", type=Path, default=Path("build/quality"), help="folder of stored results")
    parser.add_argument("--corpora", nargs="+", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--only", nargs="+", help="measure these models only, without writing the page")
    parser.add_argument(
        "--kept", action="store_true", help="write a page of the stored results, without training"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parse(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    parts = [INTRODUCTION.format(**MOST_ESTIMATED, chains=N_CHAINS, steps=N_ANNEAL)]
    for corpus in options.corpora:
        make, rows = TABLES[corpus]
        rolls = make(options.data)
        results: dict[str, list[dict[str, Any]]] = {}
        for name in options.only or rows:
            places = {seed: options.work / f"{corpus}-{name}-{seed}.json" for seed in options.seeds}
            seeds = [seed for seed, place in places.items() if place.exists() or not options.kept]
            if seeds:
                results[name] = [measure(corpus, rolls, name, seed, options.work) for seed in seeds]
        parts += [f"## {rolls.name}", described(rolls), table(corpus, results), reached(corpus, results)]
        missing = [row.label for name, row in rows.items() if name not in results]
        if missing:
            parts.append(f"Not measured yet: {'; '.join(missing)}.")
    if not options.only:
        write_markdown(
            options.out, "Quality: likelihood of frames", "\n\n".join([*parts, NOTES.read_text("utf-8")])
        )


if __name__ == "__main__":
    main()
