"""Whether confidence can be acted on: calibration on held-out groups, silence, and foreign sounds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import data_folder, markdown_table
from benchmarks.quality import measure
from woodshed.audio.edit import resample
from woodshed.audio.read import read
from woodshed.audio.signals import noise, silence
from woodshed.base.baseline import describe
from woodshed.base.experiment import Run
from woodshed.base.familiar import Outline
from woodshed.base.notebook import Notebook
from woodshed.base.recogniser import Recogniser
from woodshed.clip import Clip
from woodshed.data.check import check
from woodshed.data.corpora import esc10, fsdd
from woodshed.data.example import Corpus
from woodshed.data.split import Split, leave_one_group_out, official
from woodshed.metrics.calibration import calibration_interval, expected_calibration_error
from woodshed.metrics.probability import roc_auc
from woodshed.tasks.noise import NoiseRecogniser
from woodshed.tasks.speech import SpeechRecogniser

NOTES = Path(__file__).with_name("confidence_notes.md")
COLOURS = ("white", "pink", "brown")
QUIET_DBFS = -60.0
N_FOREIGN = 150
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Trial:
    """One model, how it is tested, and the folders whose sounds are foreign to it."""

    name: str
    recogniser: Recogniser
    corpus: Corpus
    split: Split
    foreign: Mapping[str, Path]


def main() -> None:
    """Measure and write ``confidence.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--epochs", type=int, help="passes at most, to try it out; by default the job's own")
    parser.add_argument("--every", type=int, default=1, help="take one spoken digit in so many")
    parser.add_argument("--work", type=Path, default=Path("build/confidence"), help="where a run is kept")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    given = parser.parse_args()
    data = data_folder(given.data)
    rows, foreign_rows = [], []
    for trial in trials(data, given.epochs, given.every):
        row, more = judge(trial, given.work)
        rows.append(row)
        foreign_rows += more
    heading = [
        "model",
        "ECE before",
        "ECE after",
        "95 % interval",
        "own refused",
        "silence",
        "-60 dBFS noise",
    ]
    measure.publish(
        given.out,
        "Quality: confidence",
        [
            "Expected calibration error (ten bins of equal width) on groups that neither the model nor its "
            "temperature was fitted on; to reach 0.05. Own sounds refused, on groups that the levels were not "
            "fitted on; at most 2 %. Digital silence, and white, pink and brown noise at an RMS of -60 dBFS, "
            "that are refused by the model that is kept; to reach 99 %.",
            setting(given.epochs, given.every),
            markdown_table(heading, rows),
            "## Foreign sounds",
            "Distance of foreign sounds against that of held-out sounds of the model's own kind.",
            markdown_table(["model", "sounds", "AUROC", "refused"], foreign_rows),
            NOTES.read_text("utf-8"),
        ],
    )


def setting(epochs: int | None, every: int) -> str:
    """Say what was made smaller than it is by default."""
    smaller = [] if epochs is None else [f"nets that learned for {epochs} epochs at most"]
    smaller += [] if every == 1 else [f"one spoken digit in {every}"]
    return f"Small setting: {', and '.join(smaller)}." if smaller else "Every job with its own settings."


def trials(data: Path, epochs: int | None, every: int) -> list[Trial]:
    """Return what is measured."""
    change: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    digits = thin(check(fsdd.load(data / "fsdd")), every)
    sounds = check(esc10.load(data / "esc10"))
    both = {"instrument notes": data / "instrument_notes", "drum hits": data / "drum_oneshots"}
    words = {"other words": data / "speech_commands_mini"}
    return [
        Trial(
            "speech (fsdd)",
            SpeechRecogniser(**change),
            digits,
            leave_one_group_out(digits.labels, digits.groups),
            both | words | {"ESC-10": data / "esc10"},
        ),
        Trial(
            "noise (esc10)",
            NoiseRecogniser(validation_share=0.0, **change),
            sounds,
            official(sounds),
            both | {"words": data / "speech_commands_mini", "digits": data / "fsdd"},
        ),
    ]


def thin(corpus: Corpus, every: int) -> Corpus:
    """Take one example in so many of each class."""
    seen: dict[str, int] = {}
    kept = []
    for k, example in enumerate(corpus.examples):
        seen[example.label] = seen.get(example.label, 0) + 1
        if seen[example.label] % every == 0:
            kept.append(k)
    return replace(corpus, examples=corpus.subset(kept))


def judge(trial: Trial, work: Path) -> tuple[list[str], list[list[str]]]:
    """Train, test, and ask what silence and foreign sounds are answered."""
    chosen = trial.recogniser.get_params() | {"store": str(work / "features")}
    place = work / trial.name.split()[0]
    run = Run(type(trial.recogniser)(**chosen), trial.corpus, [trial.split], Notebook(place), True)
    experiment, model = run.measure()
    judged, held_out = experiment.splits[0].judged, run.held_out[0]
    if judged is None:
        raise SystemExit(f"{trial.name}: one group cannot judge itself.")
    labels = list(experiment.labels)
    before, after = (
        expected_calibration_error(held_out.truth, given, labels) for given in (judged.raw, judged.calibrated)
    )
    low, high = calibration_interval(held_out.truth, judged.calibrated, labels, groups=held_out.groups)
    rate = model.sample_rate_
    silent = [silence(duration_s=length_s, sample_rate=rate) for length_s in (0.01, 0.2, 1.0, 5.0)]
    row = [
        trial.name,
        f"{before:.3f}",
        f"{after:.3f}",
        f"{low:.3f}–{high:.3f}",
        f"{np.mean(judged.refusals != ''):.2%}",
        f"{refused(model, silent):.1%}",
        f"{refused(model, quiet_noises(rate)):.1%}",
    ]
    print(row, flush=True)
    confidence, rows = model.confidence_, []
    for name, folder in trial.foreign.items():
        clips = foreign_clips(folder, rate)
        if confidence.familiar is None or not clips:
            continue
        distances = confidence.familiar.distance(describe(clips, Outline(sample_rate=rate)))
        auc = roc_auc(
            np.repeat([False, True], [len(held_out.distances), len(distances)]),
            np.concatenate([held_out.distances, distances]),
        )
        rows.append([trial.name, name, f"{auc:.3f}", f"{refused(model, clips):.0%}"])
        print(rows[-1], flush=True)
    return row, rows


def refused(model: Recogniser, clips: Sequence[Clip]) -> float:
    """Return the share of the clips that get no name."""
    return float(np.mean(~np.isin(model.decide(clips), model.classes_)))


def quiet_noises(sample_rate: int, n: int = 100) -> list[Clip]:
    """Make noises of every colour with an RMS of -60 dBFS."""
    made = []
    for k in range(n):
        clip = noise(colour=COLOURS[k % 3], sample_rate=sample_rate, seed=k)
        rms = np.sqrt(np.square(clip.samples, dtype=np.float64).mean())
        made.append(
            replace(clip, samples=(clip.samples * (10 ** (QUIET_DBFS / 20) / rms)).astype(np.float32))
        )
    return made


def foreign_clips(folder: Path, sample_rate: int) -> list[Clip]:
    """Read some sounds, evenly spread over a folder, but for spoken digits among words."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".wav", ".flac", ".ogg") and path.parent.name not in DIGITS
    ]
    step = max(1, len(paths) // N_FOREIGN)
    return [resample(read(path, mono=True), sample_rate) for path in paths[::step][:N_FOREIGN]]


if __name__ == "__main__":
    main()
