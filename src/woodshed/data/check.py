"""Open every sound once before learning starts, and set aside what would spoil the run or its score."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.sound import example_blocks
from woodshed.errors import (
    AudioFileError,
    DataError,
    ParameterError,
    ScoreFileError,
    WoodshedError,
    printable,
)

if TYPE_CHECKING:
    from woodshed.data.doctor.look import Look

SHORTEST_S = 0.01
"""A sound shorter than this, in seconds, is no sound: not one period of most pitches fits in."""

N_NAMED = 3
"""An error about a whole corpus names so many files as examples."""


@dataclass(frozen=True)
class FileFacts:
    """What one full decoding of a sound tells.

    Parameters
    ----------
    n_samples, sample_rate
        Samples in each channel; rate in hertz.
    lowest, highest
        The extreme sample values, full scale at ±1.
    fingerprint
        The same for two sounds if, and only if, rate, channels and every decoded sample are the same,
        whatever the files are called and however they are packed without loss.
    """

    n_samples: int
    sample_rate: int
    lowest: float
    highest: float
    fingerprint: str


def check(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    looks: Sequence[Look | str] | None = None,
    least_classes: int = 2,
) -> Corpus:
    """Decode every example once and set aside the unusable ones, each with its reason.

    Set aside are: files that cannot be read; single samples, sounds under 10 ms, digital silence; the
    same sound under two labels (all copies, since nobody knows which label is right); the same sound
    again under one label (the later copies); and where there is to be learned, the last sound of a class that
    has only one. Of the unlabelled sounds those that are unusable, or copies of any other, go too. Long files
    are read in blocks.

    Parameters
    ----------
    corpus
        What was listed.
    n_jobs
        How many files to decode at a time; -1 for as many as there are processors. The answer is the same.
    looks
        What `woodshed.data.doctor.look.look_at_all` saw of the examples, then of the unlabelled ones. Nothing
        is decoded again then.
    least_classes
        How many classes must be left: two to learn from, one to test with.

    Returns
    -------
    Corpus
        The usable examples in their order; ``skipped`` holds what the corpus had set aside before, then the
        files found here.

    Raises
    ------
    DataError
        If fewer classes are left.

    Warns
    -----
    UserWarning
        If a class is left out because one sound of it is not enough.

    Examples
    --------
    >>> from pathlib import Path
    >>> from woodshed.data.sample import sample_folder
    >>> names = ["3_theo_0", "3_theo_4", "7_theo_0", "7_theo_4", "lost"]
    >>> rows = [Example(sample_folder() / "recordings" / f"{name}.flac", name[0]) for name in names]
    >>> good = check(Corpus("some", tuple(rows)))
    >>> good.counts(), good.skipped[0].reason
    ({'3': 2, '7': 2}, 'there is no such file. Check the name and the folder.')
    """
    rows = (*corpus.examples, *corpus.unlabelled)
    found = _examine_all(rows, n_jobs) if looks is None else map(_seen_or_reason, looks)
    against: dict[int, str] = {}
    fingerprints: dict[int, str] = {}
    for k, finding in enumerate(found):
        if isinstance(finding, FileFacts):
            fingerprints[k] = finding.fingerprint
        else:
            against[k] = finding
    n = len(corpus.examples)
    against |= _copies(corpus.examples, {k: mark for k, mark in fingerprints.items() if k < n})
    against |= _heard_already(rows, n, fingerprints)
    against |= _alone(corpus, against) if least_classes > 1 else {}
    checked = replace(
        corpus,
        examples=tuple(example for k, example in enumerate(corpus.examples) if k not in against),
        unlabelled=tuple(example for k, example in enumerate(rows) if k >= n and k not in against),
        skipped=corpus.skipped
        + tuple(Skipped(rows[k].path, reason) for k, reason in sorted(against.items())),
    )
    if len(checked.counts()) < (least_classes if any(corpus.labels) else 1):
        raise DataError(_complaint(checked, least_classes))
    return checked


def examine(example: Example) -> FileFacts:
    """Decode one example in blocks and return what is to be known about it.

    Raises
    ------
    AudioFileError, ScoreFileError
        If it cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> facts = examine(Example(sample_folder() / "recordings" / "7_theo_0.flac", "7"))
    >>> facts.n_samples, round(facts.highest, 3)
    (3428, 0.028)
    """
    digest = hashlib.blake2b(digest_size=16)
    n_samples, lowest, highest = 0, np.inf, -np.inf
    for block in example_blocks(example):
        if n_samples == 0:
            digest.update(f"{block.sample_rate} Hz, {block.n_channels} channels:".encode())
        digest.update(block.samples.T.tobytes())  # sample by sample, so that the blocks leave no trace
        n_samples += block.n_samples
        lowest, highest = min(lowest, float(block.samples.min())), max(highest, float(block.samples.max()))
    return FileFacts(n_samples, block.sample_rate, lowest, highest, digest.hexdigest())


def _examine_all(examples: tuple[Example, ...], n_jobs: int) -> Iterator[FileFacts | str]:
    if n_jobs == 0 or n_jobs < -1:
        raise ParameterError(f"n_jobs must be a positive number, or -1 for all processors, got {n_jobs!r}.")
    if n_jobs == 1:
        yield from map(_facts_or_reason, examples)
        return
    # Threads, not processes: decoding and hashing leave the interpreter lock, and nothing is pickled.
    with ThreadPoolExecutor(os.cpu_count() if n_jobs == -1 else n_jobs) as pool:
        yield from pool.map(_facts_or_reason, examples)


def _facts_or_reason(example: Example) -> FileFacts | str:
    """Return the facts of a usable sound, or why it is not usable."""
    try:
        facts = examine(example)
    except (AudioFileError, ScoreFileError) as error:
        return error.reason
    except WoodshedError as error:
        return str(error)
    return _reason_against(facts) or facts


def _seen_or_reason(seen: Look | str) -> FileFacts | str:
    """Return the facts of a usable sound that somebody has looked at, or why it is not usable."""
    if isinstance(seen, str):
        return seen
    lowest = seen.peak if seen.constant else -seen.peak
    facts = FileFacts(seen.n_samples, seen.sample_rate, lowest, seen.peak, seen.digest)
    return _reason_against(facts) or facts


def _reason_against(facts: FileFacts) -> str:
    duration_s = facts.n_samples / facts.sample_rate
    if facts.n_samples == 1:
        return "holds one sample only. Record it again."
    if facts.lowest == facts.highest:
        return "is digital silence: every sample is the same. Record it again."
    if duration_s < SHORTEST_S:
        return f"is too short: it lasts {duration_s:.4f} s, and {SHORTEST_S} s is the least. Record it again."
    return ""


def _heard_already(rows: Sequence[Example], n: int, fingerprints: Mapping[int, str]) -> dict[int, str]:
    """Return the unlabelled rows, from ``n`` on, that repeat an earlier one, with the reason against each."""
    first: dict[str, int] = {}
    against: dict[int, str] = {}
    for k, mark in fingerprints.items():
        if first.setdefault(mark, k) != k and k >= n:
            against[k] = f"is the same sound as {printable(rows[first[mark]].path)}. Remove one of the two."
    return against


def _copies(examples: tuple[Example, ...], fingerprints: Mapping[int, str]) -> dict[int, str]:
    """Return the rows that repeat the sound of another row, with the reason against each."""
    same: defaultdict[str, list[int]] = defaultdict(list)
    for k, fingerprint in fingerprints.items():
        same[fingerprint].append(k)
    against: dict[int, str] = {}
    for first, *later in same.values():
        rivals = [k for k in later if _said(examples[k]) != _said(examples[first])]
        for k in later:
            against[k] = f"is the same sound as {printable(examples[first].path)}. Remove one of the two."
        if rivals:
            against |= {
                k: _rivalry(examples, k, rivals[0] if k == first else first) for k in (first, *rivals)
            }
    return against


def _rivalry(examples: tuple[Example, ...], k: int, rival: int) -> str:
    return (
        f"is the same sound as {printable(examples[rival].path)}, but one is labelled "
        f"{_said(examples[k])!r} and the other {_said(examples[rival])!r}. Keep the one whose label is right."
    )


def _said(example: Example) -> object:
    """Return what is to be learned from an example."""
    return example.label or example.labels or dict(example.values)


def _alone(corpus: Corpus, against: Mapping[int, str]) -> dict[int, str]:
    """Return the rows that are the last of their class, with the reason against each."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for k, label in enumerate(corpus.labels):
        if label and k not in against:
            rows[label].append(k)
    alone = {label: found[0] for label, found in rows.items() if len(found) == 1}
    if alone:
        warnings.warn(
            f"{corpus.name}: left out {', '.join(sorted(alone))}: one usable sound of a class cannot be both "
            "learned and tested. Record more.",
            stacklevel=3,
        )
    return {
        k: f"is the only usable sound of class {label!r}, and cannot be both learned and tested. Record more."
        for label, k in alone.items()
    }


def _complaint(corpus: Corpus, least_classes: int) -> str:
    left = f"one class with usable sounds ({corpus.labels[0]})" if corpus.examples else "no usable sound"
    reasons = [f"{printable(row.path)}: {row.reason}" for row in corpus.skipped[:N_NAMED]]
    more = len(corpus.skipped) - len(reasons)
    reasons += [f"(and {more} more)"] if more else []
    needed = "two classes are needed" if least_classes > 1 else "one is needed"
    return " ".join([f"{corpus.name} has {left}; {needed}.", *reasons])
