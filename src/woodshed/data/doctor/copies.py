"""Duplicates: exact and near copies of a recording, and their effect on the score."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from woodshed.clip import Samples
from woodshed.data.doctor.finding import N_SHOWN, Finding, excluding, share_of
from woodshed.data.doctor.fingerprint import COMPARED_S, likeness, narrowed, neighbours
from woodshed.data.doctor.inspection import Inspection
from woodshed.data.example import Corpus, Example, is_made, read_example
from woodshed.errors import WoodshedError, counted, printable
from woodshed.parallel import in_processes

WITHIN_DB = 3.0
"""Maximum distance of the fingerprints of a pair whose waveforms are compared."""

ALIKE = 0.92
"""Minimum `likeness` of two versions of one recording.

Takes of one word by one speaker reach 0.90; MP3 at 8 kHz reduces it to 0.95.
"""

LOSSY = ("MPEG", "VORBIS", "OPUS", "ADPCM", "GSM", "AAC")
"""Parts of the names of lossy codecs."""

_BAND_STEP_HZ = 500.0

LEAST_S = 0.1
"""Minimum duration, in seconds: shorter sounds correlate by chance."""

N_TOGETHER = 64
"""Pairs that are compared together: sounds that occur in several are read once."""

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
        Number of processes; -1 for one per core.
    on_plan
        Called with the number of pairs; returns a callback that is called after each.

    Raises
    ------
    OutputError
        If a process is ended from outside.
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
    pairs = [(rows[a], rows[b]) for a, b in ordered_for_locality(neighbours(prints, within_db=WITHIN_DB))]
    parts = [pairs[k : k + N_TOGETHER] for k in range(0, len(pairs), N_TOGETHER)]
    tasks = [[(examples[a], examples[b]) for a, b in part] for part in parts]
    advance = on_plan(len(pairs))
    matches: dict[tuple[int, int], float] = {}
    for part, values in zip(parts, in_processes(_likenesses, tasks, n_jobs), strict=True):
        for pair, value in zip(part, values, strict=True):
            if value >= ALIKE:
                matches[pair] = value
            advance()
    return joined(matches), matches


def ordered_for_locality(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the edges of a graph in an order in which edges with a common node are close to each other.

    The nodes are numbered by the reverse Cuthill-McKee algorithm (E. Cuthill and J. McKee, 1969).

    Examples
    --------
    >>> ordered_for_locality([(0, 3), (1, 4), (2, 3), (4, 5)])
    [(4, 5), (1, 4), (2, 3), (0, 3)]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    if not pairs:
        return []
    edges = np.asarray(pairs)
    n_nodes = int(edges.max()) + 1
    graph = csr_array((np.ones(len(edges)), edges.T), (n_nodes, n_nodes))
    ranks = np.argsort(reverse_cuthill_mckee((graph + graph.T).tocsr(), symmetric_mode=True))
    first, second = np.sort(ranks[edges], axis=1).T
    return [pairs[k] for k in np.lexsort((second, first)).tolist()]


def _likenesses(pairs: Sequence[tuple[Example, Example]]) -> list[float]:
    """Return the likeness of the two sounds of each pair; each sound is read once."""
    waveforms = {example: _waveform(example) for example in set(chain.from_iterable(pairs))}
    found = ((waveforms[a], waveforms[b]) for a, b in pairs)
    return [0.0 if a is None or b is None else likeness(a, b) for a, b in found]


def _waveform(example: Example) -> Samples | None:
    """Return the waveform that is compared; None if the file was deleted since it was measured."""
    end_s = example.start_s + COMPARED_S
    end_s = end_s if example.end_s is None else min(end_s, example.end_s)
    # Synthesised sounds depend on the whole example: they are made first, then cut.
    segment = example if is_made(example) else replace(example, end_s=end_s)
    try:
        return narrowed(read_example(segment, mono=True).cut(0.0, COMPARED_S))
    except WoodshedError:
        return None


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
    inspections: Mapping[int, Inspection],
    *,
    kind: str = "duplicate",
    alike: Mapping[tuple[int, int], float] | None = None,
) -> list[Finding]:
    """Report sets of copies: across classes, across parts of the split, across groups, and others.

    Of every set the original stays (`original_of`). No file is to be taken out that other rows use, or that
    is the original by another name.

    Parameters
    ----------
    corpus
        The rows.
    sets
        From `exact_sets` or `near_sets`.
    inspections
        Measurements by row.
    kind
        ``duplicate`` or ``near duplicate``.
    alike
        Likeness of pairs, listed with the files.
    """
    by_boundary: defaultdict[str, list[Sequence[int]]] = defaultdict(list)
    groups = corpus.groups
    for rows in sets:
        by_boundary[_boundary(corpus, rows, groups)].append(rows)
    originals = {rows[0]: original_of(corpus.examples, rows, inspections) for rows in sets}
    spare = _spare_files(corpus, sets, originals, alike)
    return [
        _report(corpus, where, members, kind, alike or {}, spare) for where, members in by_boundary.items()
    ]


def original_of(
    examples: Sequence[Example], rows: Sequence[int], inspections: Mapping[int, Inspection]
) -> int:
    """Return the row of a set of copies that was processed least.

    That is a file rather than a link to it; lossless rather than lossy; with the widest band, and one that is
    not filtered below half the sample rate; the longest; the one with the fewest samples at full scale; the
    one with the oldest file; and else the first.
    """

    def order(k: int) -> tuple[object, ...]:
        sound, path = inspections[k], examples[k].path
        return (
            os.path.islink(path),
            any(name in sound.codec for name in LOSSY),
            -round(sound.band_hz / _BAND_STEP_HZ),
            sound.band_drop_db > 0,
            -round(sound.duration_s, 2),
            sound.n_full,
            os.stat(path).st_mtime if os.path.exists(path) else math.inf,
            k,
        )

    return min(rows, key=order)


def _spare_files(
    corpus: Corpus,
    sets: Iterable[Sequence[int]],
    originals: Mapping[int, int],
    alike: Mapping[tuple[int, int], float] | None,
) -> frozenset[Path]:
    """Return the files that may be taken out: every row of theirs is a copy of an original elsewhere."""
    spare_rows: set[int] = set()
    for rows in sets:
        original = originals[rows[0]]
        # What only resembles another version is not replaced by the original.
        spare_rows |= {
            k
            for k in rows
            if k != original and (alike is None or (min(k, original), max(k, original)) in alike)
        }
    kept_rows = set(range(len(corpus.examples))) - spare_rows
    kept_paths = {corpus.examples[k].path for k in kept_rows}
    kept_files = {os.path.realpath(corpus.examples[k].path) for k in originals.values()}
    spare = {corpus.examples[k].path for k in spare_rows} - kept_paths
    return frozenset(path for path in spare if _entry(path) not in kept_files)


def _entry(path: Path) -> str:
    """Return a path without links in its folders; the file itself may be a link."""
    return os.path.join(os.path.realpath(path.parent), path.name)


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
    spare: frozenset[Path],
) -> Finding:
    """Return the finding about sets of copies across one kind of boundary."""
    rows = [k for members in sets for k in members]
    versions = "the same samples" if kind == "duplicate" else "slightly different versions of one recording"
    clash = {"across classes": " under several labels", "": ""}.get(where, f" {where}")
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
        _repair(corpus, where, sets, kind, spare, N_SHOWN),
        tuple(_detail(corpus, members, k, alike) for members in sets for k in members),
        _repair(corpus, where, sets, kind, spare, None),
    )


def _repair(
    corpus: Corpus,
    where: str,
    sets: Sequence[Sequence[int]],
    kind: str,
    spare: frozenset[Path],
    n_shown: int | None,
) -> str:
    """Return the advice on sets of copies, by which the original of each stays."""
    paths = [[corpus.examples[k].path for k in members] for members in sets]
    movable = [path for path in dict.fromkeys(chain.from_iterable(paths)) if path in spare]
    steps = []
    if where == "across classes":
        steps.append("Listen, and correct the wrong labels.")
    elif kind != "duplicate":
        steps.append("Give the versions one group (column group, or --group-by).")
    if any(len(set(members)) < len(members) for members in paths):
        which = "the wrong label" if where == "across classes" else "the same sound again"
        steps.append(f"Of several rows of one file, remove those with {which} from the table; keep the file.")
    if movable:
        steps.append(f"To keep only the original of each set: {excluding(movable, _root(corpus), n_shown)}")
    return " ".join(steps) or "Give them one group (column group, or --group-by)."


def _root(corpus: Corpus) -> Path:
    """Return the lowest folder that contains all examples."""
    return Path(os.path.commonpath([example.path.parent.absolute() for example in corpus.examples]))


def _detail(corpus: Corpus, members: Sequence[int], k: int, alike: Mapping[tuple[int, int], float]) -> str:
    """Return the remark on one file: its most similar copy, label, split and group."""
    example = corpus.examples[k]
    values = {pair: value for pair, value in alike.items() if k in pair} if len(alike) < 1000 else {}
    best = max(values, key=lambda pair: values[pair], default=None)
    other = next(j for j in (best or members) if j != k)
    words = [f"like {printable(corpus.examples[other].path)}"]
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
