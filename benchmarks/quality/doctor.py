"""How many planted faults `woodshed doctor` finds, and how much it reports that was not planted.

    python -m benchmarks.quality.doctor [--data FOLDER] [--seeds 0 1 2]

Into four real corpora faults are planted, 5 % of the sounds for each kind. What the doctor reports of the
untouched corpus is taken for a fault of its own and does not count; it is listed on the page.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import joblib
import numpy as np

from benchmarks.provenance import markdown_table
from benchmarks.quality import measure
from benchmarks.quality.planting import CHANGES, PLANTED_CUES, SHARE, Material, plant, save
from woodshed.audio.read import read
from woodshed.data.corpora import fsdd
from woodshed.data.doctor.copies import copies, exact_sets, near_sets
from woodshed.data.doctor.finding import Finding
from woodshed.data.doctor.fold import recordings
from woodshed.data.doctor.label import missing_labels
from woodshed.data.doctor.level import clipped, off_centre, other_rate, silent, too_short, unreadable
from woodshed.data.doctor.look import Look, common_rate, look_at_all
from woodshed.data.doctor.outlier import suspicious
from woodshed.data.doctor.shortcut import CUES, guesses
from woodshed.data.example import Corpus, Example
from woodshed.features.summary import Summary

NOTES = Path(__file__).with_name("doctor_notes.md")
RECALL, PRECISION = 0.95, 0.9

Counts = dict[tuple[str, str], list[tuple[int, int, int]]]
"""(corpus, kind) -> for each seed: planted, found of them, reported in all."""


def corpora(data: Path) -> list[Corpus]:
    """List about 300 sounds of each corpus, evenly over classes and speakers."""
    whole = fsdd.load(data / "fsdd")
    digits = [row for row in whole.examples if int(row.path.stem.rpartition("_")[2]) % 10 == 7]
    clips = sorted((data / "esc10" / "audio").glob("*/*.ogg"))[::2]
    speech = sorted((data / "emodb" / "audio").glob("*.flac"))[::2]
    notes = sorted((data / "instrument_notes" / "audio").glob("*/*_080.flac"))
    return [
        Corpus("fsdd", tuple(digits), group_word="speaker"),
        Corpus("esc10", tuple(Example(p, p.parent.name, p.stem.rpartition("-")[0]) for p in clips)),
        Corpus("emodb", tuple(Example(p, p.stem[5], p.stem[:2]) for p in speech)),
        Corpus("instrument_notes", tuple(Example(p, p.parent.name) for p in notes)),
    ]


def file_findings(material: Material) -> dict[str, set[Path]]:
    """Return what the doctor reports of each kind that concerns files."""
    examples, looks = material.corpus.examples, material.good
    near, alike = near_sets(examples, looks)
    found: list[Finding | None] = [
        unreadable(examples, material.bad, ()),
        *(check(examples, looks) for check in (silent, clipped, off_centre, too_short, other_rate)),
        *copies(material.corpus, exact_sets(looks)),
        *copies(material.corpus, near, kind="near duplicate", alike=alike),
    ]
    reported: dict[str, set[Path]] = defaultdict(set)
    for finding in found:
        if finding is not None:
            kind = finding.kind.partition(" across")[0]
            reported[kind] |= set(finding.files)
    return reported


def score_files(material: Material, seeds: Sequence[int], counts: Counts) -> dict[str, int]:
    """Plant and look for files' faults; return how many files the untouched corpus has reported of each."""
    own = file_findings(material)
    name = material.corpus.name
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            changed, planted = plant(material, seed, Path(folder))
            reported = file_findings(changed)
            for kind, rows in planted.kinds.items():
                paths = {changed.corpus.examples[k].path for k in rows}
                hits = paths & reported[kind]
                # A copy has its source's own faults, and is reported with it: neither false nor planted.
                known = set(own.get(kind, ()))
                known |= {copy for copy, source in planted.sources.items() if source in known}
                known |= set(planted.sources.values()) if "duplicate" in kind else set()
                fair = reported[kind] - known
                counts[name, kind].append((len(paths), len(hits), len(fair | hits)))
    return {kind: len(paths) for kind, paths in own.items()}


def score_missing(material: Material, seeds: Sequence[int], counts: Counts) -> None:
    """Blot out labels."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        rows = list(material.corpus.examples)
        chosen = rng.choice(len(rows), max(1, round(SHARE * len(rows))), replace=False)
        for k in chosen:
            rows[k] = replace(rows[k], label=str(rng.choice(["nan", "unknown", "N/A", "?"])))
        finding = missing_labels(replace(material.corpus, examples=tuple(rows)))
        reported = set(finding.files) if finding else set()
        paths = {rows[k].path for k in chosen}
        counts[material.corpus.name, "missing label"].append(
            (len(paths), len(paths & reported), len(reported))
        )


SEARCHES = {"speaker": ("groups", 1), "copies": ("units", 1), "twice": ("units", 2)}
"""Name of a search -> what is kept in one fold, and rounds."""

IDEAS = {
    "folds by speaker or source, one round": ("speaker", 0.0),
    "folds by copies only, one round": ("copies", 0.0),
    "folds by copies only, two rounds (used)": ("twice", 0.0),
    "the same, only if 0.7 sure": ("twice", 0.7),
}
"""Idea -> search, and how sure it must be."""


def score_labels(
    material: Material, seeds: Sequence[int], scores: dict[tuple[str, str], list[tuple[float, float]]]
) -> dict[str, int]:
    """Change 5 % of the labels and count which idea finds them."""
    looks = material.good
    near, _ = near_sets(material.corpus.examples, looks)
    rows = list(looks)
    sets = [*exact_sets(looks), *near]
    n_all = len(material.corpus.examples)
    kept = {"units": recordings(n_all, sets), "groups": recordings(n_all, sets, material.corpus.groups)}
    values = np.stack([looks[k].summary for k in rows]).astype(float)  # type: ignore[misc]
    truth = [material.corpus.examples[k].label for k in rows]
    classes = sorted(set(truth))

    def search(labels: list[str], seed: int) -> dict[str, set[int]]:
        answers = {
            name: suspicious(values, labels, [kept[unit][k] for k in rows], seed=seed, n_rounds=n_rounds)
            for name, (unit, n_rounds) in SEARCHES.items()
        }
        return {
            idea: {k for k, (_, sure) in answers[name].items() if sure >= least}
            for idea, (name, least) in IDEAS.items()
        }

    own = search(truth, 0)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        wrong = set(rng.choice(len(rows), round(SHARE * len(rows)), replace=False).tolist())
        labels = [
            str(rng.choice([c for c in classes if c != label])) if k in wrong else label
            for k, label in enumerate(truth)
        ]
        for idea, found in search(labels, seed).items():
            hits, fair = len(found & wrong), len(found - (own[idea] - wrong))
            scores[material.corpus.name, idea].append((hits / len(wrong), hits / max(1, fair)))
            scores[material.corpus.name, f"{idea}, raw"].append(
                (hits / len(wrong), hits / max(1, len(found)))
            )
    return {idea: len(found) for idea, found in own.items()}


IMPLIED = {
    "loudness": ("format",),
    "length": ("format",),
    "band limit": ("format",),
    "silence": ("format", "loudness"),
}
"""Planting these changes the container from that of the corpus to WAV, and blanking lowers the level."""


def score_shortcuts(material: Material, seeds: Sequence[int], counts: Counts) -> list[str]:
    """Record one class otherwise; return the shortcuts that the untouched corpus has."""
    name = material.corpus.name
    labels = material.corpus.labels
    near, _ = near_sets(material.corpus.examples, material.good)
    units = recordings(len(labels), [*exact_sets(material.good), *near], material.corpus.groups)
    before = {guess.cue: guess for guess in guesses(labels, material.good, units)}
    own = [cue for cue, guess in before.items() if guess.is_shortcut]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        label = str(rng.choice(sorted(set(labels))))
        for cue, (change, suffix) in PLANTED_CUES.items():
            with tempfile.TemporaryDirectory() as folder:
                rows = [k for k, other in enumerate(labels) if other == label]
                examples = [
                    replace(
                        material.corpus.examples[k],
                        path=save(
                            change(read(material.corpus.examples[k].path)), Path(folder, f"{k}.{suffix}")
                        ),
                    )
                    for k in rows
                ]
                fresh = look_at_all(examples, summary=material.summary)
            changed = {k: seen for k, seen in zip(rows, fresh, strict=True) if isinstance(seen, Look)}
            looks = material.good | changed
            moved = [
                other
                for other, values_of in CUES.items()
                if other == cue or any(values_of(looks[k]) != values_of(material.good[k]) for k in changed)
            ]
            moved = [other for other in moved if other not in IMPLIED.get(cue, ())]
            after = {guess.cue: guess for guess in guesses(labels, looks, units, cues=moved)}
            hit = cue in after and after[cue].is_shortcut and after[cue].label == label
            others = [
                other for other, guess in after.items() if other not in (cue, *own) and guess.is_shortcut
            ]
            counts[name, f"shortcut: {cue}"].append((1, int(hit), int(hit) + len(others)))
    return own


def cell(entries: Sequence[tuple[int, int, int]]) -> str:
    """Spell recall and precision."""
    planted, found, reported = np.sum(entries, axis=0)
    return f"{found / planted:.3f} / {found / max(1, reported):.3f}"


def page(
    names: Sequence[str],
    counts: Counts,
    scores: Mapping[tuple[str, str], list[tuple[float, float]]],
    own: Mapping[str, Mapping[str, int]],
    own_cues: Mapping[str, Sequence[str]],
    own_labels: Mapping[str, Mapping[str, int]],
) -> list[str]:
    """Lay out the results."""
    kinds = list(dict.fromkeys(kind for _, kind in counts))
    rows = []
    for kind in kinds:
        every = [entry for name in names for entry in counts[name, kind]]
        planted, found, reported = np.sum(every, axis=0)
        good = found >= RECALL * planted and found >= PRECISION * reported
        rows.append(
            [kind, *(cell(counts[name, kind]) for name in names), cell(every), "yes" if good else "no"]
        )
    files = markdown_table(["kind", *names, "all", "reached"], rows)

    def spread(name: str, idea: str) -> str:
        recall, precision = np.mean(scores[name, idea], axis=0)
        raw = np.mean(scores[name, f"{idea}, raw"], axis=0)[1]
        return f"{recall:.2f} / {precision:.2f} ({raw:.2f})"

    labels = markdown_table(
        ["idea", *names], [[idea, *(spread(name, idea) for name in names)] for idea in IDEAS]
    )
    own_rows = [
        [
            name,
            *(
                str(own[name].get(kind, 0))
                for kind in (*CHANGES, "unreadable", "duplicate", "near duplicate")
            ),
        ]
        for name in names
    ]
    own_table = markdown_table(["corpus", *CHANGES, "unreadable", "duplicate", "near duplicate"], own_rows)
    cues = "\n".join(f"- {name}: {', '.join(own_cues[name]) or 'none'}." for name in names)
    marked = "\n".join(
        f"- {name}: {', '.join(f'{n} ({idea})' for idea, n in own_labels[name].items())}." for name in names
    )
    return [
        files,
        "## Wrong labels",
        "Recall / precision, in brackets the precision when what was reported of the untouched corpus counts as false.",
        labels,
        "## What the corpora have of their own",
        "Files reported before anything was planted; they do not count above.",
        own_table,
        "Shortcuts, before anything was planted:",
        cues,
        "Labels doubted, before any was changed:",
        marked,
    ]


@dataclass
class Score:
    """What was measured on one corpus."""

    counts: Counts = field(default_factory=lambda: defaultdict(list))
    labels: dict[tuple[str, str], list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    own: dict[str, int] = field(default_factory=dict)
    own_cues: list[str] = field(default_factory=list)
    own_labels: dict[str, int] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"counts": dict(self.counts), "labels": dict(self.labels)}


def score(corpus: Corpus, seeds: Sequence[int]) -> Score:
    """Measure everything on one corpus."""
    summary = Summary(sample_rate=common_rate(corpus.examples))
    material = Material(corpus, summary, look_at_all(corpus.examples, summary=summary))
    made = Score()
    made.own = score_files(material, seeds, made.counts)
    score_missing(material, seeds, made.counts)
    print(corpus.name, {kind: cell(entries) for (_, kind), entries in made.counts.items()}, flush=True)
    made.own_labels = score_labels(material, seeds, made.labels)
    print(
        corpus.name, {idea: np.mean(v, axis=0).round(2) for (_, idea), v in made.labels.items()}, flush=True
    )
    made.own_cues = score_shortcuts(material, seeds, made.counts)
    print(corpus.name, {kind: cell(entries) for (_, kind), entries in made.counts.items()}, flush=True)
    return made


def main() -> None:
    """Plant, look, and write ``doctor.md``; each corpus in a process of its own."""
    given = measure.arguments((__doc__ or "").splitlines()[0])
    every = corpora(given.data)
    made = joblib.Parallel(n_jobs=len(every))(joblib.delayed(score)(corpus, given.seeds) for corpus in every)
    names = [corpus.name for corpus in every]
    of_name = dict(zip(names, made, strict=True))
    counts = {key: entries for one in made for key, entries in one.counts.items()}
    labels = {key: entries for one in made for key, entries in one.labels.items()}
    sizes = ", ".join(f"{corpus.name} {len(corpus.examples)}" for corpus in every)
    intro = (
        f"Part of four real corpora ({sizes} sounds). Recall / precision of {len(given.seeds)} seeds together. Of each "
        f"kind 5 % of the sounds are planted; a shortcut in one whole class. To reach: recall {RECALL}, precision "
        f"{PRECISION}, for each kind. Wrong labels have a table of their own."
    )
    tables = page(
        names,
        counts,
        labels,
        {name: one.own for name, one in of_name.items()},
        {name: one.own_cues for name, one in of_name.items()},
        {name: one.own_labels for name, one in of_name.items()},
    )
    parts = [intro, *tables, NOTES.read_text("utf-8")]
    measure.publish(Path(__file__).with_suffix(".md"), "Quality: the doctor", parts)


if __name__ == "__main__":
    main()
