"""Copies: one recording several times, to the last sample or nearly, and whether that spoils a score."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from woodshed.clip import Samples
from woodshed.data.doctor.finding import Finding, command_on, share_of
from woodshed.data.doctor.fingerprint import LISTENED_S, likeness, narrowed, neighbours
from woodshed.data.doctor.look import Look
from woodshed.data.example import Corpus, Example
from woodshed.data.sound import is_made, read_example
from woodshed.errors import ParameterError, WoodshedError, counted, printable

WITHIN_DB = 3.0
"""Fingerprints further apart are not compared any closer."""

ALIKE = 0.92
"""From this `likeness` on, two sounds are one recording.

Takes of one word by one speaker reach 0.90, MP3 at 8 kHz falls to 0.95.
"""

LEAST_S = 0.1
"""Shorter sounds lie on each other too easily."""

_CACHED = 32

_HARM = {"across classes": 0.9, "across splits": 0.85, "across groups": 0.75, "": 0.4}
_MEANING = {
    "across classes": "nobody can learn both labels, and at most one is right",
    "across splits": "the test asks for what was learned by heart, and the score is too high",
    "across groups": "a split by group does not keep them apart, and the score is too high",
    "": "they count twice, and a split that does not know groups puts them on both sides",
}


def exact_sets(looks: Mapping[int, Look]) -> list[list[int]]:
    """Return the rows that hold the same samples, a list for each recording; silence does not count."""
    same: defaultdict[str, list[int]] = defaultdict(list)
    for k, seen in looks.items():
        if not seen.is_silent:
            same[seen.digest].append(k)
    return [rows for rows in same.values() if len(rows) > 1]


def near_sets(
    examples: Sequence[Example],
    looks: Mapping[int, Look],
    *,
    n_jobs: int = 1,
    on_plan: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> tuple[list[list[int]], dict[tuple[int, int], float]]:
    """Return the rows that hold one recording in several versions, and the likeness of the pairs found.

    Sounds whose fingerprints are near are read once more and laid on each other. Exact copies are left to
    `exact_sets`: the first of each stands for all.

    Parameters
    ----------
    examples, looks
        The rows, and what was seen of them.
    n_jobs
        Pairs compared at a time.
    on_plan
        Called with the number of pairs; what it returns is called after each.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0.
    """
    import joblib

    if n_jobs == 0:
        raise ParameterError("n_jobs must be 1 or more, or -1 for one thread a core, got 0.")
    later = {k for rows in exact_sets(looks) for k in rows[1:]}
    rows = [
        k
        for k, seen in looks.items()
        if seen.print_ is not None and not seen.is_silent and seen.duration_s >= LEAST_S and k not in later
    ]
    if len(rows) < 2:
        return [], {}
    prints = np.stack([looks[k].print_ for k in rows])  # type: ignore[misc]
    pairs = [(rows[a], rows[b]) for a, b in neighbours(prints, within_db=WITHIN_DB)]

    @functools.lru_cache(_CACHED)
    def heard(k: int) -> Samples:
        example = examples[k]
        end_s = example.start_s + LISTENED_S
        end_s = end_s if example.end_s is None else min(end_s, example.end_s)
        # What is made when it is heard belongs to the whole: it is made, then cut.
        stretch = example if is_made(example) else replace(example, end_s=end_s)
        return narrowed(read_example(stretch, mono=True).cut(0.0, LISTENED_S))

    def compare(a: int, b: int) -> float:
        try:
            return likeness(heard(a), heard(b))
        except WoodshedError:  # deleted since it was looked at
            return 0.0

    advance = on_plan(len(pairs))
    found: dict[tuple[int, int], float] = {}
    answers = joblib.Parallel(n_jobs=n_jobs, backend="threading", return_as="generator")(
        joblib.delayed(compare)(a, b) for a, b in pairs
    )
    for pair, alike in zip(pairs, answers, strict=True):
        if alike >= ALIKE:
            found[pair] = alike
        advance()
    return joined(found), found


def joined(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Gather pairs into sets: what is tied by any chain of pairs is together.

    Examples
    --------
    >>> joined([(0, 4), (1, 2), (4, 7)])
    [[0, 4, 7], [1, 2]]
    """
    head: dict[int, int] = {}

    def top(k: int) -> int:
        while head.setdefault(k, k) != k:
            head[k] = head[head[k]]
            k = head[k]
        return k

    for a, b in pairs:
        low, high = sorted((top(a), top(b)))
        head[high] = low
    sets: defaultdict[int, list[int]] = defaultdict(list)
    for k in sorted(head):
        sets[top(k)].append(k)
    return list(sets.values())


def copies(
    corpus: Corpus,
    sets: Iterable[Sequence[int]],
    *,
    kind: str = "duplicate",
    alike: Mapping[tuple[int, int], float] | None = None,
) -> list[Finding]:
    """Report sets of copies: those across classes, across parts of the split, across groups, and the rest.

    Parameters
    ----------
    corpus
        The rows.
    sets
        From `exact_sets` or `near_sets`.
    kind
        ``duplicate`` or ``near duplicate``.
    alike
        Likeness of pairs, said beside the files.
    """
    sorted_out: defaultdict[str, list[Sequence[int]]] = defaultdict(list)
    groups = corpus.groups
    for rows in sets:
        sorted_out[_crossing(corpus, rows, groups)].append(rows)
    return [_report(corpus, where, found, kind, alike or {}) for where, found in sorted_out.items()]


def _crossing(corpus: Corpus, rows: Sequence[int], groups: Sequence[str] | None) -> str:
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
    rows = [k for found in sets for k in found]
    later = [corpus.examples[k].path for found in sets for k in found[1:]]
    n_all = len(corpus.examples)
    versions = "the same samples" if kind == "duplicate" else "one recording in versions that differ a little"
    clash = {"across classes": " under several labels", "": ""}.get(where, f" {where}")
    repair = command_on("rm", later)
    if where == "across classes":
        repair = f"Listen, keep the one whose label is right, and remove the others: {repair}"
    elif kind != "duplicate":
        repair = (
            f"Give the versions one group (column group, or --group-by), or remove the later ones: {repair}"
        )
    return Finding(
        f"{kind} {where}".strip(),
        min(1.0, _HARM[where] - (0.05 if kind != "duplicate" else 0) + 0.1 * share_of(len(rows), n_all)),
        tuple(corpus.examples[k].path for k in rows),
        f"{counted(len(rows), 'sound')} in {counted(len(sets), 'set')} hold {versions}{clash}: "
        f"{_MEANING[where]}.",
        repair,
        tuple(_detail(corpus, found, k, alike) for found in sets for k in found),
    )


def _detail(corpus: Corpus, found: Sequence[int], k: int, alike: Mapping[tuple[int, int], float]) -> str:
    example = corpus.examples[k]
    tied = {pair: value for pair, value in alike.items() if k in pair} if len(alike) < 1000 else {}
    best = max(tied, key=lambda pair: tied[pair], default=None)
    other = next(j for j in (best or found) if j != k)
    words = [f"like {printable(corpus.examples[other].path.name)}"]
    words += [f"likeness {tied[best]:.3f}"] if best else []
    words += [f"labelled {example.label!r}"]
    words += [f"split {example.split!r}"] if example.split is not None else []
    words += [f"{corpus.group_word} {example.group!r}"] if example.group is not None else []
    return ", ".join(words)
