"""Score against cost of what classical estimators are fitted to: front ends and numbers of augmented copies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from woodshed.data.check import check
from woodshed.data.corpora import emodb, esc10, instrument_notes, urbansound8k
from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import Split, group_folds, leave_one_group_out, official
from woodshed.recognition.clip_model import RowInput
from woodshed.recognition.estimator import Recogniser
from woodshed.tasks.emotion import EmotionRecogniser
from woodshed.tasks.instrument import InstrumentRecogniser
from woodshed.tasks.noise import NoiseRecogniser

NOTES = Path(__file__).with_name("row_features_notes.md")
NETS = ("svm", "kernel-ridge")


@dataclass(frozen=True)
class Case:
    """A corpus, how it is tested, and what is compared on it."""

    title: str
    kind: type[Recogniser]
    corpus: Corpus
    split: Split
    inputs: Sequence[RowInput]


def cases(data: Path) -> list[Case]:
    """Return the corpora with their usual splits."""
    sounds = [
        RowInput("summary"),
        *(RowInput("sound-views", n) for n in (1, 3, 5)),
        *(RowInput("views", n) for n in (1, 5)),
    ]
    voices = [
        RowInput("summary"),
        RowInput("sound-views"),
        RowInput("voice"),
        *(RowInput("voice-course", n) for n in (1, 2, 5)),
        RowInput("views", 5),
    ]
    esc, urban = (
        check(load(data / name))
        for load, name in ((esc10.load, "esc10"), (urbansound8k.load, "urbansound8k_mini"))
    )
    emotion, notes = (
        check(load(data / name))
        for load, name in ((emodb.load, "emodb"), (instrument_notes.load, "instrument_notes"))
    )
    by_speaker = leave_one_group_out(emotion.labels, emotion.groups or [], group_word="speaker")
    by_pitch = group_folds(notes.labels, notes.groups or [], n_folds=5, group_word="MIDI note")
    tones = [
        RowInput("summary"),
        RowInput("timbre"),
        RowInput("sound-views"),
        *(RowInput("views", n) for n in (1, 5)),
    ]
    return [
        Case("ESC-10, official folds", NoiseRecogniser, esc, official(esc), sounds),
        Case("160 city sounds, official folds", NoiseRecogniser, urban, official(urban), sounds),
        Case("EMO-DB, one speaker left out", EmotionRecogniser, emotion, by_speaker, voices),
        Case("instrument_notes, pitches left out", InstrumentRecogniser, notes, by_pitch, tones),
    ]


def score_and_seconds(case: Case, row_input: RowInput, net: str, store: str) -> tuple[float, float, float]:
    """Return the mean accuracy of the folds, and the processor seconds of features (if missing) and of fits."""
    kind = type(case.kind.__name__, (case.kind,), {"rows": row_input, "rows_by_net": {}})
    estimator = kind(net=net, store=store)
    sounds, labels = Sounds(case.corpus.examples), np.asarray(case.corpus.labels)
    began = time.process_time()
    estimator.learner.extract(estimator, sounds)
    extracted = time.process_time()
    scores = []
    for fold in case.split.folds:
        train, test = (Sounds(case.corpus.subset(rows.tolist())) for rows in (fold.train, fold.test))
        model = kind(net=net, store=store).fit(train, labels[fold.train].tolist())
        scores.append(model.score(test, labels[fold.test].tolist()))
    return float(np.mean(scores)), extracted - began, time.process_time() - extracted


def default_of(case: Case, net: str) -> RowInput:
    """Return what the task fits an estimator to on the training parts of a corpus."""
    chosen = case.kind(net=net).row_input()
    return RowInput(chosen.front_end, chosen.n_versions_for(len(case.split.folds[0].train)))


def rows_of(case: Case) -> list[list[str]]:
    """Return the rows of the table of a corpus; defaults of the task are marked."""
    rows = []
    for row_input in case.inputs:
        with TemporaryDirectory() as store:
            measured = [score_and_seconds(case, row_input, net, store) for net in NETS]
        cells = []
        for net, (score, _, fit_s) in zip(NETS, measured, strict=True):
            is_default = row_input == default_of(case, net)
            cells += [f"**{score:.4f}**" if is_default else f"{score:.4f}", f"{fit_s:.1f}"]
        rows.append([row_input.front_end, str(row_input.n_versions), f"{measured[0][1]:.1f}", *cells])
        print(case.title, *rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure and write ``row_features.md``."""
    options = measure.arguments(__doc__ or "")
    heading = ["front end", "versions", "features, s", "SVM", "fits, s", "kernel ridge", "fits, s"]
    parts = []
    for case in cases(options.data):
        parts += [f"## {case.title}", markdown_table(heading, rows_of(case))]
    measure.publish(
        options.out,
        "Cost of features for classical estimators",
        [
            "Mean accuracy of the folds, and seconds of processor time in one process for the features of all clips and "
            "their copies, and for the fits of all folds with the predictions of the tested parts. Defaults are bold; "
            "`--thorough` uses all copies. Everything is deterministic.",
            *parts,
            NOTES.read_text("utf-8"),
        ],
    )


if __name__ == "__main__":
    main()
