"""Validation of a data set before training: unusable and duplicate sounds are skipped."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from woodshed.data.doctor.inspection import SHORTEST_S, Inspection, inspect_sounds, usable
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import DataError, ParameterError, printable

N_NAMED = 3
"""Number of files listed in an error about a whole corpus."""


def check(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    inspections: Sequence[Inspection | str] | None = None,
    least_classes: int = 2,
) -> Corpus:
    """Decode every example once and skip the unusable ones, each with a reason.

    Skipped are files that cannot be read; single samples, sounds under 10 ms and digital silence; the same
    sound under two labels (all copies, since the correct label is unknown); later copies of a sound under one
    label; and, for training, the only sound of a class. Unlabelled sounds are skipped if they are unusable or
    copies of any other. Long files are read in blocks.

    Parameters
    ----------
    corpus
        The data set.
    n_jobs
        Number of files decoded at a time; -1 for the number of processors. The result does not depend on it.
    inspections
        Results of `woodshed.data.doctor.inspection.inspect_sounds` for the examples, then for the unlabelled
        ones. Nothing is decoded again in that case.
    least_classes
        Minimum number of classes left: 2 for training, 1 for testing.

    Returns
    -------
    Corpus
        The usable examples in the same order; ``skipped`` contains the files that were skipped before, then
        those skipped here.

    Raises
    ------
    DataError
        If too few classes are left.
    ParameterError
        If ``n_jobs`` is neither -1 nor 1 or more.

    Warns
    -----
    UserWarning
        If a class is left out because it has a single sound.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> names = ["3_theo_0", "3_theo_4", "7_theo_0", "7_theo_4", "lost"]
    >>> rows = [Example(sample_folder() / "recordings" / f"{name}.flac", name[0]) for name in names]
    >>> good = check(Corpus("some", tuple(rows)))
    >>> good.counts(), good.skipped[0].reason
    ({'3': 2, '7': 2}, 'there is no such file. Check the name and the folder.')
    """
    if n_jobs == 0 or n_jobs < -1:
        raise ParameterError(f"n_jobs must be a positive number, or -1 for all processors, got {n_jobs!r}.")
    rows = (*corpus.examples, *corpus.unlabelled)
    results = inspect_sounds(rows, n_jobs=n_jobs) if inspections is None else inspections
    faults = [result if isinstance(result, str) else _fault(result) for result in results]
    reasons = {k: fault for k, fault in enumerate(faults) if fault}
    digests = {k: sound.digest for k, sound in usable(results).items() if k not in reasons}
    n = len(corpus.examples)
    reasons |= _copies(rows, n, digests)
    reasons |= _single_sounds(corpus, reasons) if least_classes > 1 else {}
    checked = replace(
        corpus,
        examples=tuple(example for k, example in enumerate(corpus.examples) if k not in reasons),
        unlabelled=tuple(example for k, example in enumerate(rows) if k >= n and k not in reasons),
        skipped=corpus.skipped
        + tuple(
            Skipped(rows[k].path, segment_text(rows[k]) + reason) for k, reason in sorted(reasons.items())
        ),
    )
    if len(checked.counts()) < (least_classes if any(corpus.labels) else 1):
        raise DataError(_too_few_classes(checked, least_classes))
    return checked


def _fault(sound: Inspection) -> str:
    """Return why a decoded sound cannot be used, or an empty string."""
    if sound.n_samples == 1:
        return "it has a single sample. Record it again."
    if sound.constant:
        return "it is digital silence: all samples are equal. Record it again."
    if sound.duration_s < SHORTEST_S:
        return f"it is too short: {sound.duration_s:.4f} s, the minimum is {SHORTEST_S} s. Record it again."
    return ""


def _copies(examples: Sequence[Example], n_labelled: int, digests: Mapping[int, str]) -> dict[int, str]:
    """Return the rows that are copies of another row, with the reason; the labelled rows come first."""
    same: defaultdict[str, list[int]] = defaultdict(list)
    for k, digest in digests.items():
        same[digest].append(k)
    reasons: dict[int, str] = {}
    for first, *later in same.values():
        labelled = [k for k in later if k < n_labelled]
        conflicting = [k for k in labelled if _target(examples[k]) != _target(examples[first])]
        for k in later:
            reasons[k] = f"it is the same sound as {_place(examples[first])}. It counts once."
        if conflicting:
            reasons |= {
                k: _conflict(examples, k, conflicting[0] if k == first else first)
                for k in (first, *conflicting)
            }
    return reasons


def _conflict(examples: Sequence[Example], k: int, other: int) -> str:
    """Return the reason for skipping a copy with another label."""
    return (
        f"it is the same sound as {_place(examples[other])}, but one is labelled {_target(examples[k])!r} "
        f"and the other {_target(examples[other])!r}. Correct the wrong label"
        f"{_or_row(examples[k], examples[other])}."
    )


def _or_row(one: Example, other: Example) -> str:
    return ", or remove its row of the table" if one.path == other.path else ""


def segment_text(example: Example) -> str:
    """Return the segment of an example for a message, followed by a colon; empty for a whole file.

    Examples
    --------
    >>> from pathlib import Path
    >>> segment_text(Example(Path("a.wav"), start_s=1.5, end_s=2.0)), segment_text(Example(Path("a.wav")))
    ('from 1.5 s to 2 s: ', '')
    """
    if example.end_s is None:
        return f"from {example.start_s:g} s: " if example.start_s else ""
    return f"from {example.start_s:g} s to {example.end_s:g} s: "


def _place(example: Example) -> str:
    """Return the file, and the segment if it is a part of it."""
    segment = segment_text(example).removesuffix(": ")
    return f"{printable(example.path)} {segment}".strip()


def _target(example: Example) -> object:
    """Return the label, tags or values of an example."""
    return example.label or example.labels or dict(example.values)


def _single_sounds(corpus: Corpus, reasons: Mapping[int, str]) -> dict[int, str]:
    """Return the rows that are the only usable one of their class, with the reason."""
    labels = {k: label for k, label in enumerate(corpus.labels) if label and k not in reasons}
    counts = Counter(labels.values())
    single = {k: label for k, label in labels.items() if counts[label] == 1}
    if single:
        warnings.warn(
            f"{corpus.name}: left out {', '.join(sorted(single.values()))}: a class needs at least two "
            "usable sounds, one for training and one for testing. Record more.",
            stacklevel=3,
        )
    return {
        k: f"it is the only usable sound of class {label!r}; training and testing need one each. Record more."
        for k, label in single.items()
    }


def _too_few_classes(corpus: Corpus, least_classes: int) -> str:
    """Return the message of the error about a data set with too few usable classes."""
    left = f"one class with usable sounds ({corpus.labels[0]})" if corpus.examples else "no usable sound"
    reasons = [f"{printable(row.path)}: {row.reason}" for row in corpus.skipped[:N_NAMED]]
    more = len(corpus.skipped) - len(reasons)
    reasons += [f"(and {more} more)"] if more else []
    needed = "two classes are needed" if least_classes > 1 else "one is needed"
    return " ".join([f"{corpus.name} has {left}; {needed}.", *reasons])
