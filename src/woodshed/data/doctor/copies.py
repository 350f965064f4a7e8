"""Duplicates: exact and near copies of a recording, and their effect on the score."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from woodshed.clip import Samples
from woodshed.data.doctor.finding import Finding, excluding, share_of
from woodshed.data.doctor.fingerprint import COMPARED_S, likeness, narrowed, neighbours
from woodshed.data.doctor.inspection import Inspection
from woodshed.data.example import Corpus, Example, is_made, read_example
from woodshed.data.file_jobs import in_threads
from woodshed.errors import WoodshedError, counted, printable

WITHIN_DB = 3.0
"""Maximum distance of the fingerprints of a pair whose waveforms are compared."""

ALIKE = 0.92
"""Minimum `likeness` of two versions of one recording.

Takes of one word by one speaker reach 0.90; MP3 at 8 kHz reduces it to 0.95.
"""

LEAST_S = 0.1
"""Minimum duration, in seconds: shorter sounds correlate by chance."""

_CACHED = 32

_HARM = {"across classes": 0.9, "across splits": 0.85, "across groups": 0.75, "": 0.4}
_MEANING = {
    "across classes": "the labels contradict each other, and at most one is correct",
    "across splits": "the test set contains training data, and the score is too high",
    "across groups": "a split by group does not keep them together, and the score is too high",
    "": "they count twice, and a split without groups puts them on both sides",
}


def exact_sets(inspections: Mapping[int, Inspection]) -> list[list[int]]:
    """Return sets of rows with identical samples, except silent ones."""
    same: defaultdict[str, list[int]] = defaultdict(list)
    for k, sound in inspections.items():
        if not sound.is_silent:
            same[sound.digest].append(k)
    return [rows for rows in same.values() if len(rows) > 1]


def near_sets(
    examples: Sequence[Example],
    inspections: Mapping[int, Inspection],
    *,
    n_jobs: int = 1,
    on_plan: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> tuple[list[list[int]], dict[tuple[int, int], float]]:
    """Return sets of rows with versions of one recording, and the likeness of their pairs.

    The waveforms of sounds with similar fingerprints are read again and compared. Of exact copies
    (`exact_sets`) only the first is compared.

    Parameters
    ----------
    examples, inspections
        The rows and their measurements.
    n_jobs
        Number of threads; -1 for one per core.
    on_plan
        Called with the number of pairs; returns a callback that is called after each.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0.
    """
    later = {k for rows in exact_sets(inspections) for k in rows[1:]}
    rows = [
        k
        for k, sound in inspections.items()
        if sound.print_ is not None and not sound.is_silent and sound.duration_s >= LEAST_S and k not in later
    ]
    if len(rows) < 2:
        return [], {}
    prints = np.stack([inspections[k].print_ for k in rows])  # type: ignore[misc]
    pairs = [(rows[a], rows[b]) for a, b in neighbours(prints, within_db=WITHIN_DB)]

    @functools.lru_cache(_CACHED)
    def waveform(k: int) -> Samples:
        example = examples[k]
        end_s = example.start_s + COMPARED_S
        end_s = end_s if example.end_s is None else min(end_s, example.end_s)
        # Synthesised sounds depend on the whole example: they are made first, then cut.
        segment = example if is_made(example) else replace(example, end_s=end_s)
        return narrowed(read_example(segment, mono=True).cut(0.0, COMPARED_S))

    def compare(pair: tuple[int, int]) -> float:
        try:
            return likeness(*map(waveform, pair))
        except WoodshedError:  # deleted since it was measured
            return 0.0

    advance = on_plan(len(pairs))
    matches: dict[tuple[int, int], float] = {}
    for pair, value in zip(pairs, in_threads(compare, pairs, n_jobs), strict=True):
        if value >= ALIKE:
            matches[pair] = value
        advance()
    return joined(matches), matches


def joined(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the connected components of a graph, given its edges.

    Examples
    --------
    >>> joined([(0, 4), (1, 2), (4, 7)])
    [[0, 4, 7], [1, 2]]
    """
    from scipy.cluster.hierarchy import DisjointSet

    edges = list(pairs)
    sets = DisjointSet(chain.from_iterable(edges))
    for a, b in edges:
        sets.merge(a, b)
    return sorted(map(sorted, sets.subsets()))


def copies(
    corpus: Corpus,
    sets: Iterable[Sequence[int]],
    *,
    kind: str = "duplicate",
    alike: Mapping[tuple[int, int], float] | None = None,
) -> list[Finding]:
    """Report sets of copies: across classes, across parts of the split, across groups, and others.

    Parameters
    ----------
    corpus
        The rows.
    sets
        From `exact_sets` or `near_sets`.
    kind
        ``duplicate`` or ``near duplicate``.
    alike
        Likeness of pairs, listed with the files.
    """
    by_boundary: defaultdict[str, list[Sequence[int]]] = defaultdict(list)
    groups = corpus.groups
    for rows in sets:
        by_boundary[_boundary(corpus, rows, groups)].append(rows)
    return [_report(corpus, where, members, kind, alike or {}) for where, members in by_boundary.items()]


def _boundary(corpus: Corpus, rows: Sequence[int], groups: Sequence[str] | None) -> str:
    """Return the most harmful boundary that a set of copies crosses, or an empty string."""
    examples = corpus.subset(rows)
    if len({example.label for example in examples}) > 1:
        return "across classes"
    if len({example.split for example in examples}) > 1:
        return "across splits"
    if groups is not None and len({groups[k] for k in rows}) > 1:
        return "across groups"
    return ""


def _report(
    corpus: Corpus,
    where: str,
    sets: Sequence[Sequence[int]],
    kind: str,
    alike: Mapping[tuple[int, int], float],
) -> Finding:
    """Return the finding about sets of copies across one kind of boundary."""
    rows = [k for members in sets for k in members]
    later = [corpus.examples[k].path for members in sets for k in members[1:]]
    versions = "the same samples" if kind == "duplicate" else "slightly different versions of one recording"
    clash = {"across classes": " under several labels", "": ""}.get(where, f" {where}")
    repair = excluding(later)
    if where == "across classes":
        repair = f"Listen, keep the one with the correct label, and exclude the others: {repair}"
    elif kind != "duplicate":
        repair = (
            f"Give the versions one group (column group, or --group-by), or exclude the later ones: {repair}"
        )
    return Finding(
        f"{kind} {where}".strip(),
        min(
            1.0,
            _HARM[where]
            - (0.05 if kind != "duplicate" else 0)
            + 0.1 * share_of(len(rows), len(corpus.examples)),
        ),
        tuple(corpus.examples[k].path for k in rows),
        f"{counted(len(rows), 'sound')} in {counted(len(sets), 'set')} contain {versions}{clash}: "
        f"{_MEANING[where]}.",
        repair,
        tuple(_detail(corpus, members, k, alike) for members in sets for k in members),
    )


def _detail(corpus: Corpus, members: Sequence[int], k: int, alike: Mapping[tuple[int, int], float]) -> str:
    """Return the remark on one file: its most similar copy, label, split and group."""
    example = corpus.examples[k]
    values = {pair: value for pair, value in alike.items() if k in pair} if len(alike) < 1000 else {}
    best = max(values, key=lambda pair: values[pair], default=None)
    other = next(j for j in (best or members) if j != k)
    words = [f"like {printable(corpus.examples[other].path.name)}"]
    words += [f"likeness {values[best]:.3f}"] if best else []
    words += [f"labelled {example.label!r}"]
    words += [f"split {example.split!r}"] if example.split is not None else []
    words += [f"{corpus.group_word} {example.group!r}"] if example.group is not None else []
    return ", ".join(words)


def recordings(n_rows: int, sets: Iterable[Sequence[int]], groups: Sequence[str] | None = None) -> list[str]:
    """Return the unit of each row: rows that are copies or share a group are in one unit.

    Examples
    --------
    >>> recordings(4, [[0, 3]])
    ['0', '1', '2', '0']
    >>> recordings(4, [[0, 3]], ["ann", "bob", "bob", "bob"])
    ['0', '0', '0', '0']
    """
    pairs = [(rows[0], k) for rows in sets for k in rows[1:]]
    if groups is not None:
        first: dict[str, int] = {}
        pairs += [(first.setdefault(group, k), k) for k, group in enumerate(groups)]
    first_copy = {k: rows[0] for rows in joined(pairs) for k in rows}
    return [str(first_copy.get(k, k)) for k in range(n_rows)]
