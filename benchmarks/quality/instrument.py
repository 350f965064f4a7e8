"""How well instruments are recognised: notes of one sampler, by pitches and by velocities not learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from woodshed.base.recogniser import Recogniser
from woodshed.data.corpora.instrument_notes import load
from woodshed.data.example import Corpus
from woodshed.data.split import group_folds, leave_one_group_out
from woodshed.metrics.interval import share_interval
from woodshed.tasks.instrument import InstrumentRecogniser

NOTES = Path(__file__).with_name("instrument_notes.md")
TO_REACH = 0.97


def by_velocity(corpus: Corpus) -> Corpus:
    """Make the velocity the group: it ends the file's name."""
    examples = [replace(e, group=Path(e.path).stem.rsplit("_", 1)[1]) for e in corpus.examples]
    return replace(corpus, name=f"{corpus.name}_velocity", examples=tuple(examples), group_word="velocity")


def main() -> None:
    """Measure and write ``instrument.md``."""
    given = measure.arguments(__doc__ or "")
    pitches = load(given.data / "instrument_notes")
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
    rows, parts = [], []
    for task in tasks:
        outcome = measure.run_task(task, ours, given.seeds, given.work)
        beside = measure.run_task(
            replace(task, name=f"{task.name}_plain"), plain, given.seeds[:1], given.work
        )
        groups = task.corpus.groups or []
        tested = outcome.results[0].indices
        hits = outcome.hits(ours.net)
        low, high = share_interval(hits.mean(axis=0) > 0.5, [groups[k] for k in tested])
        mean = sum(outcome.mean_of_folds(ours.net)) / len(given.seeds)
        rows.append(
            [
                task.split.name,
                f"{mean:.4f}",
                f"{low:.3f}–{high:.3f}",
                f"{beside.mean_of_folds('svm')[0]:.4f}",
                f"{outcome.mean_of_folds('majority')[0]:.3f}",
                f"{TO_REACH}",
                "yes" if mean >= TO_REACH else "no",
            ]
        )
        net, svm = outcome.by_fold(ours.net), beside.by_fold("svm")
        folds = [[name, f"{net[name]:.4f}", f"{svm[name]:.4f}"] for name in net]
        parts.append(markdown_table(["held out", "with copies", "plain SVM"], folds))
    heading = ["split", "with copies", "95 % interval", "plain SVM", "majority", "to reach", "reached"]
    measure.publish(
        Path(__file__).with_suffix(".md"),
        "Quality: instruments",
        [
            "instrument_notes: 14 instruments, 20 pitches, 3 velocities, 840 notes of one sampler. A support "
            "vector machine (radial kernel, C = 10, summary features) that learns from each note and four "
            "changed copies, beside the same without copies. Mean of the folds; the interval is a bootstrap "
            f"over the groups. Seeds: {len(given.seeds)} (neither the machine nor the copies depend on it).",
            markdown_table(heading, rows),
            f"Change: {type(ours).change}, {type(ours).n_row_versions} versions.",
            "## By fold",
            *parts,
            NOTES.read_text("utf-8"),
        ],
    )


if __name__ == "__main__":
    main()
