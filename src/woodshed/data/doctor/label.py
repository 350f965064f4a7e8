"""Checks of the annotation: missing labels and values, class balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from woodshed.data.doctor.finding import Finding, share_of
from woodshed.data.example import Corpus, Skipped
from woodshed.errors import counted

PLACEHOLDERS = frozenset(
    {"", "?", "-", "n/a", "na", "nan", "none", "null", "todo", "unknown", "unlabelled", "unlabeled"}
)
"""Lower-case placeholders for a missing label."""

FEW = 10
"""Classes with fewer sounds are reported: their scores are unreliable."""

LOPSIDED = 5.0
"""Classes smaller than the largest by more than this factor are reported."""

_NO_LABEL = "the label is empty"


def missing_labels(corpus: Corpus) -> Finding | None:
    """Report rows without a label, or with a placeholder such as ``unknown`` or ``nan``.

    Examples with an empty label are not reported: they have tags or values instead.
    """
    rows = [(entry.path, entry.reason) for entry in corpus.skipped if lacks_label(entry)]
    rows += [
        (example.path, f"labelled {example.label!r}")
        for example in corpus.examples
        if example.label and example.label.strip().lower() in PLACEHOLDERS
    ]
    if not rows:
        return None
    return Finding(
        "missing label",
        min(1.0, 0.4 + 0.5 * share_of(len(rows), len(corpus.examples) + len(rows))),
        tuple(path for path, _ in rows),
        f"{counted(len(rows), 'sound')} without a label: skipped, or treated as a class of that name.",
        "Fill in the label, or remove the rows.",
        tuple(reason for _, reason in rows),
    )


def missing_values(corpus: Corpus) -> list[Finding]:
    """Report groups and splits that are given for some rows only."""
    findings = [
        _missing_value(
            corpus,
            "group",
            [example.group for example in corpus.examples],
            harm=0.5,
            meaning="each becomes a group of its own, so one source may be on both sides of a split",
            repair="Fill in the column group, or give a rule that fits every file: --group-by.",
        ),
        _missing_value(
            corpus,
            "split",
            [example.split for example in corpus.examples],
            harm=0.3,
            meaning="the official split cannot be used",
            repair="Fill in the column split.",
        ),
    ]
    return [finding for finding in findings if finding is not None]


def _missing_value(
    corpus: Corpus, column: str, values: Sequence[str | None], *, harm: float, meaning: str, repair: str
) -> Finding | None:
    """Report the rows that lack a value which others have."""
    missing = [k for k, value in enumerate(values) if value is None]
    if not missing or len(missing) == len(values):
        return None
    return Finding(
        f"missing {column}",
        harm,
        tuple(corpus.examples[k].path for k in missing),
        f"{counted(len(missing), 'sound')} of {len(values):,} without a {column}: {meaning}.",
        repair,
    )


def balance(corpus: Corpus) -> list[Finding]:
    """Report classes that are small, far smaller than the largest, or from a single group.

    The examples should be usable sounds only.
    """
    counts = {label: n for label, n in corpus.counts().items() if label}
    if not counts:
        return []
    most = max(counts.values())
    few = {label: n for label, n in counts.items() if n < FEW}
    outnumbered = {label: n for label, n in counts.items() if n * LOPSIDED < most}
    findings = []
    if few:
        findings.append(
            Finding(
                "few sounds",
                min(0.6, 0.2 + 0.04 * (FEW - min(few.values()))),
                _files_of(corpus, list(few)),
                f"{_sizes(few)}. That is too few to train on, and their scores are unreliable.",
                "Record more of them.",
            )
        )
    if outnumbered:
        findings.append(
            Finding(
                "class balance",
                min(0.6, 0.2 + 0.05 * most / min(outnumbered.values())),
                _files_of(corpus, list(outnumbered)),
                f"{_sizes(outnumbered)}; the largest class has {most:,}. Such classes are rarely predicted.",
                "Record more of them; woodshed audio pitch or woodshed audio stretch makes variants.",
            )
        )
    single = _single_group_classes(corpus)
    if single:
        findings.append(
            Finding(
                "one group only",
                0.6,
                _files_of(corpus, single),
                f"All sounds of {', '.join(map(repr, single))} come from one {corpus.group_word}: a model "
                f"may learn the {corpus.group_word} instead of the class.",
                f"Record the class from another {corpus.group_word}.",
            )
        )
    return findings


def lacks_label(entry: Skipped) -> bool:
    """Whether a row was skipped because it has no label."""
    return _NO_LABEL in entry.reason


def _sizes(counts: Mapping[str, int]) -> str:
    """Return the size of each class as text, the smallest first."""
    return ", ".join(f"{label!r} has {n}" for label, n in sorted(counts.items(), key=lambda item: item[1]))


def _single_group_classes(corpus: Corpus) -> list[str]:
    """Return the classes of several sounds that all come from one group."""
    if corpus.groups is None:
        return []
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for label, group in zip(corpus.labels, corpus.groups, strict=True):
        groups[label].add(group)
    counts = corpus.counts()
    return sorted(label for label, names in groups.items() if len(names) == 1 and counts[label] > 1)


def _files_of(corpus: Corpus, labels: Sequence[str]) -> tuple[Path, ...]:
    return tuple(example.path for example in corpus.examples if example.label in labels)
