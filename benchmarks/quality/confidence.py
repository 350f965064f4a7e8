"""Reliability of confidence: calibration on held-out groups, silence, and foreign sounds.

    python -m benchmarks.quality.confidence [--data FOLDER] [--small] [--work FOLDER]

An interrupted run is resumed: finished folds and results are stored in the work folder.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import markdown_table, parse
from benchmarks.quality import measure
from benchmarks.quality.confidence_trials import SMALL, TRIALS, Foreign, Setting, Trial
from woodshed.atomic import write_whole
from woodshed.audio.edit import resample
from woodshed.audio.read import read
from woodshed.audio.signals import noise, silence
from woodshed.clip import Clip
from woodshed.data.clip_sequence import each_clip
from woodshed.features.notes import PlayedNotes
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.metrics.calibration import (
    Reliability,
    calibration_interval,
    expected_calibration_error,
    reliability,
)
from woodshed.metrics.probability import roc_auc
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import HeldOut
from woodshed.recognition.estimator import AudioEstimator, Recogniser
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.heads.classes import ConfidenceEvaluator
from woodshed.training.run_state import RunState

NOTES = Path(__file__).with_name("confidence_notes.md")
TO_REACH, MOST_LOST, LEAST_SILENT, LEAST_REFUSED = 0.05, 0.05, 0.99, 0.9
COLOURS = ("white", "pink", "brown")
QUIET_DBFS = -60.0
N_FOREIGN = 150
N_DRAWS = 200
Rows = NDArray[np.float64]


@dataclass
class Verdict:
    """Results of one model: rows of the tables of the page."""

    calibration: list[str]
    refusal: list[str] = field(default_factory=list)
    foreign: list[list[str]] = field(default_factory=list)
    elsewhere: list[list[str]] = field(default_factory=list)
    bins: str = ""


def main() -> None:
    """Measure and write ``confidence.md``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--small", action="store_true", help="shorter training, fewer sounds")
    parser.add_argument(
        "--only", nargs="+", choices=TRIALS, help="tasks to measure again; the others are kept"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("build/confidence"), help="folder of stored results"
    )
    options = parse(parser)
    setting = SMALL if options.small else Setting()
    data = options.data
    for task in options.only or TRIALS:
        began = time.monotonic()
        verdict = judge(TRIALS[task](data, setting), options.work, data)
        write_whole(options.work / task / "verdict.json", json.dumps(asdict(verdict)))
        print(task, f"{time.monotonic() - began:.0f} s", flush=True)
        publish(options.out, options.work, setting)


def publish(out: Path, work: Path, setting: Setting) -> None:
    """Write the page of the results so far."""
    kept = {task: work / task / "verdict.json" for task in TRIALS}
    verdicts = [Verdict(**json.loads(path.read_text("utf-8"))) for path in kept.values() if path.exists()]
    missing = [task for task, path in kept.items() if not path.exists()]
    measure.publish(out, "Quality: confidence", page(verdicts, setting, missing))


def page(verdicts: Sequence[Verdict], setting: Setting, missing: Sequence[str]) -> list[str]:
    """Return the parts of the page."""
    heading = ["model", "sounds", "groups", "accuracy", "ECE before", "ECE after", "95 % interval", "chance"]
    refusals = ["model", "own lost", "silence", f"{QUIET_DBFS:g} dBFS noise", "reached"]
    return [
        "Expected calibration error (ECE: ten bins of equal width) on groups that neither the model nor its "
        f"calibration was fitted on; to reach {TO_REACH}. The intervals are bootstraps over the groups. Chance: the "
        "error of the same number of perfectly calibrated predictions with the same confidence, the limit of "
        f"measurement (mean of {N_DRAWS} draws). For tags, every decision is a prediction of two classes.",
        setting.to_text() + (f" Not measured yet: {', '.join(missing)}." if missing else ""),
        markdown_table([*heading, "reached"], [verdict.calibration for verdict in verdicts]),
        "## Refusals",
        "Own lost: refused sounds of the model's domain, on groups that the limits were not fitted on: at most 5 %. Digital "
        "silence, and white, pink and brown noise at an RMS of -60 dBFS, refused by the final model: at least 99 %.",
        markdown_table(refusals, [verdict.refusal for verdict in verdicts if verdict.refusal]),
        "## Foreign sounds",
        "Distance of foreign sounds against that of held-out sounds of the model's domain, and the share that the final "
        "model refuses: at least 90 %. The scores and limits were developed on other recordings (see the notes); the "
        "synthetic noises are of the same kind as the background sounds that every detector is fitted with.",
        markdown_table(
            ["model", "sounds", "number", "AUROC", "refused", "reached"],
            [row for verdict in verdicts for row in verdict.foreign],
        ),
        "## Elsewhere",
        "The final model on labelled sounds of other collections, which it was not calibrated on and which decided "
        "nothing. Most confidences are too high there: a calibration holds for further groups of one collection, not for "
        "another microphone, room or player. Before: without the calibration. There is no second collection of "
        "emotional speech among the data sets.",
        markdown_table(
            ["model", "sounds", "number", "accuracy", "mean confidence", "ECE before", "ECE after", "chance"],
            [row for verdict in verdicts for row in verdict.elsewhere],
        ),
        "## Bins",
        "Mean confidence and accuracy of each bin, with the number of predictions.",
        "\n".join(verdict.bins for verdict in verdicts),
        NOTES.read_text("utf-8"),
    ]


def judge(trial: Trial, work: Path, data: Path) -> Verdict:
    """Train and test a model, and predict silence, foreign sounds and sounds of other collections."""
    chosen = trial.estimator.get_params() | {"store": str(work / "features")}
    fresh, run_state = type(trial.estimator)(**chosen), RunState(work / trial.name.split()[0])
    if not isinstance(fresh, Recogniser):
        return judge_tags(trial, CrossValidation(fresh, trial.corpus, [trial.split], run_state, True), data)
    run = CrossValidation(fresh, trial.corpus, [trial.split], run_state, True)
    experiment, model = run.measure()
    judged, evaluator = experiment.splits[0].judged, run._evaluator
    if judged is None or not isinstance(evaluator, ConfidenceEvaluator) or not isinstance(model, Recogniser):
        raise SystemExit(f"{trial.name}: calibration cannot be tested with a single group.")
    held_out = evaluator.held_out[0]
    names = list(experiment.names)
    before = expected_calibration_error(held_out.truth, judged.raw, names)
    made = verdict_on(trial, held_out.truth, judged.calibrated, names, before, held_out.groups)
    if not isinstance(model.feature_, PlayedNotes):  # scores have no silence
        own = float(np.mean(judged.refusals != ""))
        made.refusal = refusal_row(trial.name, model, own)
        made.foreign = foreign_rows(trial, model, held_out)
    made.elsewhere = elsewhere_rows(trial, model, data, class_decisions)
    return made


def judge_tags(trial: Trial, run: CrossValidation, data: Path) -> Verdict:
    """Evaluate every decision of a tagger as a prediction of two classes."""
    experiment, model = run.measure()
    result = experiment.splits[0]
    tag_probabilities = result.outputs[result.method]
    known = ~np.isnan(result.truth)
    probabilities = np.stack([1 - tag_probabilities[known], tag_probabilities[known]], axis=1)
    truth = np.where(result.truth[known] > 0.5, "yes", "no")
    all_groups = np.asarray(trial.corpus.groups)[result.indices]
    groups = np.repeat(all_groups, known.sum(axis=1))
    made = verdict_on(trial, truth, probabilities, ["no", "yes"], float("nan"), groups)
    made.elsewhere = elsewhere_rows(trial, model, data, tag_decisions)
    return made


def verdict_on(
    trial: Trial,
    truth: NDArray[np.str_],
    probabilities: Rows,
    names: Sequence[str],
    before: float,
    groups: NDArray[np.str_] | None,
) -> Verdict:
    """Measure the calibration of predictions."""
    after = expected_calibration_error(truth, probabilities, names)
    low, high = calibration_interval(truth, probabilities, names, groups=groups)
    row = [
        trial.name,
        str(len(truth)),
        "-" if groups is None else str(len(set(groups.tolist()))),
        f"{np.mean(np.asarray(names)[probabilities.argmax(axis=1)] == truth):.3f}",
        "-" if np.isnan(before) else f"{before:.3f}",
        f"{after:.3f}",
        f"{low:.3f}–{high:.3f}",
        f"{chance(probabilities, names):.3f}",
        "yes" if after <= TO_REACH else "no",
    ]
    print(row, flush=True)
    return Verdict(row, bins=f"- {trial.name}: {bins_text(reliability(truth, probabilities, names))}.")


def chance(probabilities: Rows, names: Sequence[str]) -> float:
    """Return the mean calibration error of perfectly calibrated predictions, which is due to chance alone."""
    rng = np.random.default_rng(0)
    ends = probabilities.cumsum(axis=1)
    errors = []
    for _ in range(N_DRAWS):
        drawn = (rng.random((len(probabilities), 1)) > ends[:, :-1]).sum(axis=1)
        errors.append(expected_calibration_error(np.asarray(names)[drawn], probabilities, names))
    return float(np.mean(errors))


def bins_text(bins: Reliability) -> str:
    """Return confidence, accuracy and size of each bin as text."""
    return ", ".join(
        f"{confidence:.2f} {accuracy:.2f} ({n})"
        for confidence, accuracy, n in zip(bins.confidence, bins.accuracy, bins.n_examples, strict=True)
    )


def refusal_row(name: str, model: Recogniser, own: float) -> list[str]:
    """Return the row of refusals of silence and quiet noise."""
    rate = model.sample_rate_
    silent = refused(model, [silence(duration_s=s, sample_rate=rate) for s in (0.01, 0.2, 1.0, 5.0)])
    quiet = refused(model, quiet_noises(rate))
    good = own <= MOST_LOST and min(silent, quiet) >= LEAST_SILENT
    row = [name, f"{own:.2%}", f"{silent:.1%}", f"{quiet:.1%}", "yes" if good else "no"]
    print(row, flush=True)
    return row


def foreign_rows(trial: Trial, model: Recogniser, held_out: HeldOut) -> list[list[str]]:
    """Return a row for each kind of foreign sounds."""
    rows, novelty_detector = [], model.confidence_.novelty_detector
    for name, foreign in trial.foreign.items():
        clips = foreign_clips(foreign, model.sample_rate_)
        if novelty_detector is None or not clips:
            continue
        distances = novelty_detector.distance(describe(clips, SoundEmbedding(sample_rate=model.sample_rate_)))
        auc = roc_auc(
            np.repeat([False, True], [len(held_out.distances), len(distances)]),
            np.concatenate([held_out.distances, distances]),
        )
        share = refused(model, clips)
        reached = "yes" if share >= LEAST_REFUSED else "no"
        rows.append([trial.name, name, str(len(clips)), f"{auc:.3f}", f"{share:.0%}", reached])
    return rows


Decisions = tuple[NDArray[np.str_], Rows, Sequence[str]]
"""True classes, shape ``(n,)``, probabilities, shape ``(n, n_classes)``, and the names of the classes."""


def class_decisions(model: AudioEstimator, outputs: Rows, labels: Sequence[str]) -> Decisions:
    """Return one decision for each sound."""
    names = [str(name) for name in model.classes_]
    return np.asarray(labels), outputs / outputs.sum(axis=1, keepdims=True), names


def tag_decisions(model: AudioEstimator, outputs: Rows, labels: Sequence[Sequence[str]]) -> Decisions:
    """Return one decision for each tag of each sound."""
    truth = [["yes" if name in tags else "no" for name in model.classes_] for tags in labels]
    present = outputs.ravel()
    return np.ravel(truth), np.stack([1 - present, present], axis=1), ["no", "yes"]


def elsewhere_rows(
    trial: Trial, model: AudioEstimator, data: Path, decisions: Callable[..., Decisions]
) -> list[list[str]]:
    """Return a row for each other collection: the error of calibration without and with the calibration."""
    rows = []
    for name, load in trial.elsewhere.items():
        found = load(data, model.sample_rate_)
        if found is None:
            rows.append([trial.name, name, "not measured", *["-"] * 5])
            continue
        clips = list(each_clip(found.sounds))
        raw = np.stack([model.raw_output(clip) for clip in clips])
        calibrated = np.stack([model.head.calibrate(model, row) for row in raw])
        truth, before, names = decisions(model, raw, found.labels)
        _, after, _ = decisions(model, calibrated, found.labels)
        rows.append(
            [
                trial.name,
                name,
                str(len(raw)),
                f"{np.mean(np.asarray(names)[after.argmax(axis=1)] == truth):.3f}",
                f"{after.max(axis=1).mean():.3f}",
                f"{expected_calibration_error(truth, before, names):.3f}",
                f"{expected_calibration_error(truth, after, names):.3f}",
                f"{chance(after, names):.3f}",
            ]
        )
        print(rows[-1], flush=True)
    return rows


def refused(model: Recogniser, clips: Sequence[Clip]) -> float:
    """Return the share of the clips that are given no class."""
    return float(np.mean(~np.isin(model.decide(clips), model.classes_)))


def quiet_noises(sample_rate: int, n: int = 100) -> list[Clip]:
    """Return noises of every colour with an RMS of -60 dBFS."""
    made = []
    for k in range(n):
        clip = noise(colour=COLOURS[k % 3], sample_rate=sample_rate, seed=k)
        rms = np.sqrt(np.square(clip.samples, dtype=np.float64).mean())
        made.append(
            replace(clip, samples=(clip.samples * (10 ** (QUIET_DBFS / 20) / rms)).astype(np.float32))
        )
    return made


def foreign_clips(foreign: Foreign, sample_rate: int) -> list[Clip]:
    """Read some foreign sounds, evenly spread over a folder, or synthesise them."""
    if foreign.folder is None:
        return synthetic_clips(sample_rate)
    paths = [
        path
        for path in sorted(foreign.folder.rglob("*"))
        if path.suffix in (".wav", ".flac", ".ogg") and path.parent.name not in foreign.without
    ]
    if not paths:
        return []
    chosen = np.linspace(0, len(paths) - 1, min(len(paths), N_FOREIGN)).round().astype(int)
    clips = [resample(read(paths[k], mono=True), sample_rate) for k in chosen]
    if foreign.piece_s is None:
        return clips
    return [piece for clip in clips for piece in pieces(clip, foreign.piece_s)]


def pieces(clip: Clip, piece_s: float) -> list[Clip]:
    """Cut a recording into pieces of one length; the rest is left out."""
    n = round(piece_s * clip.sample_rate)
    starts = range(0, clip.n_samples - n + 1, n)
    return [replace(clip, samples=clip.samples[:, start : start + n]) for start in starts]


def synthetic_clips(sample_rate: int, n: int = 20) -> list[Clip]:
    """Return white, pink and brown noise and mains hum at a normal level."""
    noises = [noise(colour, sample_rate=sample_rate, seed=1000 + k) for colour in COLOURS for k in range(n)]
    rng = np.random.default_rng(7)
    time_s = np.arange(sample_rate) / sample_rate
    partials = np.arange(1, 12)[:, np.newaxis]
    hums = []
    for k in range(n):
        phases = 2 * np.pi * ((50.0, 60.0)[k % 2] * partials * time_s + rng.random((11, 1)))
        hum = (rng.uniform(0.1, 1, (11, 1)) / partials * np.sin(phases)).sum(axis=0)
        hum += 0.01 * rng.standard_normal(sample_rate)
        hums.append(Clip((0.5 * hum / np.abs(hum).max()).astype(np.float32), sample_rate, "hum"))
    return [*noises, *hums]


if __name__ == "__main__":
    main()
