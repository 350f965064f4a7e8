"""What the table or the folders say: labels and values that are missing, and classes out of balance."""

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
"""Words that stand where a label should be."""

FEW = 10
"""A class of fewer sounds is hardly learned, and its score is a matter of luck."""

LOPSIDED = 5.0
"""A class that is so many times smaller than the largest drowns."""

_NO_LABEL = "the label is empty"


def missing_labels(corpus: Corpus) -> Finding | None:
    """Report rows without a label, or with a word such as ``unknown`` or ``nan`` in its place.

    An example whose label is empty is not among them: it has tags or values instead.
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
        *("missing label", min(1.0, 0.4 + 0.5 * share_of(len(rows), len(corpus.examples) + len(rows)))),
        tuple(path for path, _ in rows),
        f"{counted(len(rows), 'sound')} without a label: left out, or learned as a class of that name.",
        "Fill in the label, or remove the rows.",
        tuple(reason for _, reason in rows),
    )


def missing_values(corpus: Corpus) -> list[Finding]:
    """Report groups and splits that some rows have and others lack."""
    findings = []
    for what, values, harm, meaning in (
        (
            *("group", [example.group for example in corpus.examples], 0.5),
            "each is taken for a group of its own, and may sit on both sides of a split",
        ),
        (
            *("split", [example.split for example in corpus.examples], 0.3),
            "the official split cannot be used",
        ),
    ):
        lacking = [k for k, value in enumerate(values) if value is None]
        if lacking and len(lacking) < len(values):
            findings.append(
                Finding(
                    f"missing {what}",
                    harm,
                    tuple(corpus.examples[k].path for k in lacking),
                    f"{counted(len(lacking), 'sound')} of {len(values):,} have no {what}: {meaning}.",
                    f"Fill in the column {what}"
                    + (", or give a rule that fits every file: --group-by." if what == "group" else "."),
                )
            )
    return findings


def balance(corpus: Corpus) -> list[Finding]:
    """Report classes that are small, far smaller than the largest, or that come from one group alone.

    Only sounds that can be used should be among the examples.
    """
    counts = {label: n for label, n in corpus.counts().items() if label}
    if not counts:
        return []
    most = max(counts.values())
    few = {label: n for label, n in counts.items() if n < FEW}
    drowned = {label: n for label, n in counts.items() if n * LOPSIDED < most}
    findings = []
    if few:
        findings.append(
            Finding(
                *("few sounds", min(0.6, 0.2 + 0.04 * (FEW - min(few.values())))),
                _files_of(corpus, list(few)),
                f"{_sizes(few)}. So few are hardly learned, and how well is a matter of luck.",
                "Record more of them.",
            )
        )
    if drowned:
        findings.append(
            Finding(
                *("class balance", min(0.6, 0.2 + 0.05 * most / min(drowned.values()))),
                _files_of(corpus, list(drowned)),
                f"{_sizes(drowned)}; the largest class has {most:,}. Such classes are rarely answered.",
                "Record more of them; woodshed audio pitch or woodshed audio stretch makes variants.",
            )
        )
    alone = _one_group(corpus)
    if alone:
        findings.append(
            Finding(
                *("one group only", 0.6, _files_of(corpus, alone)),
                f"All of {', '.join(map(repr, alone))} comes from one {corpus.group_word}: nobody can tell "
                f"whether the class was learned or the {corpus.group_word}.",
                f"Record the class from another {corpus.group_word}.",
            )
        )
    return findings


def lacks_label(entry: Skipped) -> bool:
    """Whether a row was set aside for want of a label."""
    return _NO_LABEL in entry.reason


def _sizes(counts: Mapping[str, int]) -> str:
    """Write how many sounds each class has, the smallest first."""
    return ", ".join(f"{label!r} has {n}" for label, n in sorted(counts.items(), key=lambda item: item[1]))


def _one_group(corpus: Corpus) -> list[str]:
    if corpus.groups is None:
        return []
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for label, group in zip(corpus.labels, corpus.groups, strict=True):
        groups[label].add(group)
    counts = corpus.counts()
    return sorted(label for label, own in groups.items() if len(own) == 1 and counts[label] > 1)


def _files_of(corpus: Corpus, labels: Sequence[str]) -> tuple[Path, ...]:
    return tuple(example.path for example in corpus.examples if example.label in labels)
