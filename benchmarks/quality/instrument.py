"""Accuracy of instrument recognition for unseen pitches, velocities and samplers."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from benchmarks.quality.another_sampler import (
    FONT_FOLDER,
    FONTS,
    LabelledClips,
    find_fonts,
    pitch_ranges,
    play_notes,
    play_phrases,
)
from woodshed.data.corpora.instrument_notes import load
from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import group_folds, leave_one_group_out
from woodshed.metrics.interval import share_interval
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import method_of
from woodshed.recognition.front_ends import front_end_class
from woodshed.tasks.instrument import InstrumentRecogniser

NOTES = Path(__file__).with_name("instrument_notes.md")
TO_REACH = 0.97


def by_velocity(corpus: Corpus) -> Corpus:
    """Return the corpus with the velocity, the last part of the file name, as the group."""
    examples = [replace(e, group=Path(e.path).stem.rsplit("_", 1)[1]) for e in corpus.examples]
    return replace(corpus, name=f"{corpus.name}_velocity", examples=tuple(examples), group_word="velocity")


def score(estimator: Recogniser, test: LabelledClips) -> str:
    """Return the accuracy with a 95 % interval."""
    hits = estimator.predict(test.clips) == test.labels
    low, high = share_interval(hits, None)
    return f"{hits.mean():.3f} ({low:.3f}–{high:.3f})"


def other_samplers(corpus: Corpus, methods: dict[str, Recogniser], folder: Path) -> str:
    """Train on all notes and test on other samplers, or return why that was left out."""
    fonts = find_fonts(folder)
    if not fonts:
        return (
            f"Not measured: requires {' or '.join(FONTS)} in the folder of --fonts, and tinysoundfont "
            "(`pip install --no-deps tinysoundfont`)."
        )
    for estimator in methods.values():
        estimator.fit(Sounds(corpus.examples), corpus.labels, corpus.groups)
    ranges = pitch_ranges(corpus.examples)
    rows = []
    for name, font in fonts.items():
        for what, play in (("notes", play_notes), ("phrases", play_phrases)):
            test = play(font, ranges, 16000)
            for where, clips in (("as played", test), ("recorded elsewhere", test.elsewhere())):
                rows.append([f"{name}: {what}, {where}", *(score(m, clips) for m in methods.values())])
                print(*rows[-1], flush=True)
    uses = "; ".join(f"{name}: {FONTS[name]}" for name in fonts)
    return f"{uses}.\n\n{markdown_table(['played by', *methods], rows)}"


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    fonts = argparse.ArgumentParser(add_help=False)
    fonts.add_argument("--fonts", type=Path, default=FONT_FOLDER)
    return measure.arguments(__doc__ or "", fonts)


def main() -> None:
    """Measure and write ``instrument.md``."""
    options = arguments()
    pitches = load(options.data / "instrument_notes")
    velocities = by_velocity(pitches)
    tasks = []
    for corpus in (pitches, velocities):
        groups = corpus.groups or []
        split = (
            group_folds(corpus.labels, groups, n_folds=5, group_word="MIDI note")
            if corpus is pitches
            else leave_one_group_out(corpus.labels, groups, group_word="velocity")
        )
        tasks.append(measure.Task(corpus.name, corpus, split, TO_REACH, ""))
    ours, plain = InstrumentRecogniser(), Recogniser(net="svm")
    method = method_of(ours)
    rows, parts = [], []
    for task in tasks:
        outcome = measure.run_task(task, ours, options.seeds, options.work)
        low, high = outcome.interval(method)
        mean = sum(outcome.mean_of_folds(method)) / len(options.seeds)
        rows.append(
            [
                task.split.name,
                f"{mean:.4f}",
                f"{low:.3f}–{high:.3f}",
                f"{outcome.mean_of_folds('svm')[0]:.4f}",
                f"{outcome.mean_of_folds('majority')[0]:.3f}",
                f"{TO_REACH}",
                "yes" if mean >= TO_REACH else "no",
            ]
        )
        net, svm = outcome.by_fold(method), outcome.by_fold("svm")
        folds = [[name, f"{net[name]:.4f}", f"{svm[name]:.4f}"] for name in net]
        parts.append(markdown_table(["held out", "ours", "plain SVM"], folds))
    methods = {"ours": ours, "plain SVM": plain}
    for estimator in methods.values():
        estimator.set_params(
            store=str(options.work / "features")
        )  # which contains the augmented copies by now
    elsewhere = other_samplers(pitches, methods, options.fonts)
    heading = ["split", "ours", "95 % interval", "plain SVM", "majority", "to reach", "reached"]
    measure.publish(
        options.out,
        "Quality: instruments",
        [
            "instrument_notes: 14 instruments, 20 pitches, 3 velocities, 840 notes of one sampler. Ours: "
            f"{ours.net} on {front_end_class(ours.row_input().front_end).__name__}, trained on each note and "
            f"{ours.row_input().n_versions - 1} augmented copies; baseline: a plain support vector machine (radial "
            "kernel, C = 10, summary features). Mean of the folds; the interval is a bootstrap over the groups. "
            f"Seeds: {len(options.seeds)} (neither model nor copies depend on it).",
            markdown_table(heading, rows),
            f"Augmentation: {type(ours).waveform_augmentation}.",
            "## Other samplers",
            "Both were trained on all 840 notes. Of each instrument, 20 notes and 10 synthetic phrases of another "
            "General MIDI SoundFont, as played and as if recorded elsewhere (rooms, microphones, noise, level, a "
            "cut attack); random guessing has an accuracy of 0.071. Interval: bootstrap over clips.",
            elsewhere,
            "## By fold",
            *parts,
            NOTES.read_text("utf-8"),
        ],
    )


if __name__ == "__main__":
    main()
