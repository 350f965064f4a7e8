"""Candidate groups of a data set, derived from paths, tags and columns, for the user to confirm.

A part of the file names, a folder, a tag or a column of a table may be a speaker or a song, or as well a date
or a microphone, so candidates are suggested, never applied. Each comes as the ``--group-by`` that selects it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from woodshed.data.example import Corpus, Example
from woodshed.data.group import GroupRule, group_rule, group_word_of, name_parts
from woodshed.data.sound_finder import SoundFinder
from woodshed.data.table import MEANINGS, TABLE_SUFFIXES, open_sounds
from woodshed.delimited import Row, to_number, without_surrogates
from woodshed.errors import AudioFileError, printable

TAGS = ("artist", "album", "title")
"""Tags of the performer or the work."""

GROUP_NAMES = ("actor", "artist", "performer", "player", "recording", "singer", "song", "source", "speaker")
"""Typical names of columns with groups."""

N_CANDIDATES = 5
"""Maximum number of candidates."""

COVERED = 0.9
"""Minimum share of the sounds that a rule must match."""

LARGEST = 0.8
"""Maximum share of the sounds in one group."""

N_SAMPLED = 200
"""Number of files, evenly spaced, whose tags are read to decide whether to read those of all."""

Values = Sequence[str | None]
"""Group of each example by one rule; None where the rule does not match."""

_COLUMN, _FOLDER, _TAG, _NAME = range(4)
"""Origin of a grouping, in order of preference."""


@dataclass(frozen=True)
class Candidate:
    """One possible grouping.

    Parameters
    ----------
    group_by
        Value of ``--group-by`` that selects it.
    word
        Word for a group in reports.
    n_groups, n_examples
        Number of groups and of sounds in them, without sounds that do not match.
    names
        The first few groups.
    """

    group_by: str
    word: str
    n_groups: int
    n_examples: int
    names: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Names of the first groups, with an ellipsis if there are more."""
        return ", ".join(self.names) + (", ..." if self.n_groups > len(self.names) else "")


Ranked = tuple[tuple[int, ...], Candidate, Values]
"""Sort key, candidate, and group of each example."""


def guess_groups(corpus: Corpus, place: Path) -> list[Candidate]:
    """Find candidate groups of a data set, the most probable first.

    A candidate has few values, each with several sounds; it is neither a synonym of the label nor a running
    number. Groups that span several labels, such as a speaker of many words, rank before groups within one
    label, such as a song of one genre.

    Parameters
    ----------
    corpus
        The data set; its groups are not used.
    place
        The folder or table that it was read from.

    Returns
    -------
    list of Candidate
        At most `N_CANDIDATES`, possibly none.

    Examples
    --------
    >>> people = ("ann", "bob", "eve")
    >>> names = [f"{digit}_{who}_{k}.wav" for digit in "37" for who in people for k in range(5)]
    >>> corpus = Corpus("digits", tuple(Example(Path(name[0], name), name[0]) for name in names))
    >>> for candidate in guess_groups(corpus, Path()):
    ...     print(candidate.group_by, candidate.n_groups, candidate.summary)
    part:2 3 ann, bob, eve
    """
    labels = corpus.labels
    root = place.parent if place.suffix.lower() in TABLE_SUFFIXES and not place.is_dir() else place
    candidates: list[Ranked] = []
    for rank, group_by, values in _all_values(corpus.examples, place, root):
        spans_labels = _spans_labels(values, labels)
        if spans_labels is None:
            continue
        names = sorted(_distinct(values))
        word = group_by if rank == _COLUMN else group_word_of(group_by)
        n_examples = sum(value is not None for value in values)
        candidate = Candidate(group_by, word, len(names), n_examples, tuple(names[:4]))
        are_words = sum(map(_is_word, names)) * 2 > len(names)
        order = (
            group_by.lower() not in GROUP_NAMES,
            len(names) < 3 and not are_words,
            rank,
            not spans_labels,
            not are_words,
            len(candidates),
        )
        candidates.append((order, candidate, values))
    return _without_repeats(sorted(candidates, key=lambda row: row[0]))[:N_CANDIDATES]


def _all_values(examples: Sequence[Example], place: Path, root: Path) -> Iterator[tuple[int, str, Values]]:
    """Yield all possible groupings: origin, rule, and group of each example."""
    if place.is_file():
        yield from ((_COLUMN, *row) for row in _columns(examples, place))
    # Rules on names are applied once to each file, which may hold thousands of examples.
    numbers: dict[Path, int] = {}
    file_of = [numbers.setdefault(example.path, len(numbers)) for example in examples]
    paths = [path.relative_to(root) if path.is_relative_to(root) else path for path in numbers]
    for rank, group_by, values in _path_values(paths, place, root):
        yield rank, group_by, [values[k] for k in file_of]


def _path_values(paths: Sequence[PurePath], place: Path, root: Path) -> Iterator[tuple[int, str, Values]]:
    """Yield the groupings by path and tags: origin, rule, and group of each file."""
    if place.is_file():
        yield _FOLDER, "folder", [printable(path.parent.name) or None for path in paths]
    else:
        yield _FOLDER, "folder", _by("folder", paths)
    yield from ((_TAG, f"tag:{name}", values) for name, values in _tags(paths, root))
    stems = [path.stem for path in paths]
    parts = [name_parts(stem) for stem in stems]
    for number in range(1, max(map(len, parts), default=0) + 1):
        if not _is_running(parts, number - 1):
            yield _NAME, f"part:{number}", _by(f"part:{number}", paths)
    for first, last in _fields(stems):
        yield _NAME, f"chars:{first}-{last}", _by(f"chars:{first}-{last}", paths)
    yield _NAME, "stem", _by("stem", paths)


def _by(group_by: str, paths: Iterable[PurePath], root: Path = Path()) -> Values:
    rule = group_rule(group_by, root)
    return [] if rule is None else [_or_none(rule, path) for path in paths]


def _or_none(rule: GroupRule, path: PurePath) -> str | None:
    try:
        return rule(path)
    except AudioFileError:  # reported when the sounds are checked
        return None


def _columns(examples: Sequence[Example], table: Path) -> Iterator[tuple[str, Values]]:
    """Yield the other columns of a table, for the rows that are examples.

    The table is read once more, row by row; equal cells are kept once.
    """
    rows = open_sounds(table)
    names = [name for name in rows.columns if name not in MEANINGS]
    if not names or "path" not in rows.columns:
        return
    values: list[list[str | None]] = [[] for _ in names]
    cells: dict[str, str | None] = {"": None}
    finder = SoundFinder(table.parent)
    pending = iter(examples)  # in the order of the table, without the rows that were skipped
    example = next(pending, None)
    for row in rows:
        if example is None:
            break
        if _seconds(row.get("start_s", "")) != example.start_s or _path(finder, row) != example.path:
            continue
        for name, column in zip(names, values, strict=True):
            cell = row.get(name, "").strip()
            column.append(cells.setdefault(cell, printable(without_surrogates(cell))))
        example = next(pending, None)
    if example is None:
        yield from zip(names, values, strict=True)


def _path(finder: SoundFinder, row: Row) -> Path | None:
    try:
        return finder.find(row["path"].strip())
    except AudioFileError:
        return None


def _seconds(cell: str) -> float:
    try:
        return to_number(cell.strip() or "0")
    except ValueError:
        return -1.0


def _tags(paths: Sequence[PurePath], root: Path) -> Iterator[tuple[str, Values]]:
    """Yield the tags that most files have, with the value of each file."""
    sample = paths[:: max(1, len(paths) // N_SAMPLED)]
    for name in TAGS:
        group_by = f"tag:{name}"
        n_tagged = sum(value is not None for value in _by(group_by, sample, root))
        if n_tagged >= COVERED * len(sample):
            yield name, _by(group_by, paths, root)


def _fields(stems: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield first and last position, from 1, of the fields of names with one pattern, such as ``03a01Fa``.

    A field is a run of digits, lower-case or upper-case letters, or one letter followed by digits. Names with
    separators have no fields, and a running number at the end is left out.
    """
    patterns = {re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "0", stem))) for stem in stems}
    if len(patterns) != 1:
        return
    pattern = patterns.pop()
    runs = [match.span() for match in re.finditer("0+|a+|A+", pattern)]
    if re.search("[^0aA]", pattern) or len(runs) < 2:
        return
    cells = [[stem[first:last] for first, last in runs] for stem in stems]
    spans = [span for k, span in enumerate(runs) if not _is_running(cells, k)]
    spans += [match.span() for match in re.finditer("(?<![aA])[aA]0+", pattern)]
    yield from ((first + 1, last) for first, last in sorted(spans))


def _is_running(parts: Sequence[Sequence[str]], k: int) -> bool:
    """Return whether the k-th part of the names is a running number.

    That is a number at the end of most names, or one that counts from 0 or 1 without gaps, after the same
    beginning, up to different maxima: a number in the middle may as well be a speaker. Names of two-digit
    codes, such as 03-01-06-01-02, have no running numbers.
    """
    cells = [row[k] for row in parts if len(row) > k]
    if not all(cell.isdecimal() and cell.isascii() for cell in cells):
        return False
    if all(len(row) > 2 and all(re.fullmatch("[0-9]{2}", cell) for cell in row) for row in parts):
        return False
    if 2 * sum(len(row) == k + 1 for row in parts) > len(cells):
        return True
    numbers: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for row in parts:
        if len(row) > k:
            numbers[tuple(row[:k])].add(int(row[k]))
    gapless = [own for own in numbers.values() if max(own) - min(own) + 1 == len(own) and min(own) < 2]
    return len(gapless) >= COVERED * len(numbers) and len({max(own) for own in gapless}) > 1


def _spans_labels(values: Values, labels: Sequence[str]) -> bool | None:
    """Return whether most groups span several labels, or None if the values cannot be groups."""
    pairs = [(value, label) for value, label in zip(values, labels, strict=True) if value is not None]
    counts = Counter(value for value, _ in pairs)
    n = len(pairs)
    most_are_single = 2 * len(counts) > n
    if len(counts) < 2 or most_are_single or n < COVERED * len(values) or max(counts.values()) > LARGEST * n:
        return None
    n_labels = Counter(value for value, _ in set(pairs))
    of_label: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for value, label in pairs:
        of_label[label][value] += 1
    if len(of_label) > 1 and sum(max(own.values()) for own in of_label.values()) >= COVERED * n:
        return None  # a synonym of the label
    n_shared = sum(counts[value] for value, n_own in n_labels.items() if n_own > 1)
    return len(of_label) < 2 or n_shared >= COVERED * n


def _distinct(values: Values) -> set[str]:
    """Return the groups that occur."""
    return {value for value in values if value is not None}


def _is_word(text: str) -> bool:
    """Return whether a value has at least two letters: a name rather than a number."""
    return sum(letter.isalpha() for letter in text) > 1


def _without_repeats(candidates: Sequence[Ranked]) -> list[Candidate]:
    """Remove candidates with the groups of an earlier one, or with subdivisions of them within a label."""
    unique: list[tuple[Candidate, Values]] = []
    for order, candidate, values in candidates:
        within_labels = bool(order[3])
        if not any(_refines(earlier, values, subdivided=within_labels) for _, earlier in unique):
            unique.append((candidate, values))
    return [candidate for candidate, _ in unique]


def _refines(coarse: Values, fine: Values, *, subdivided: bool) -> bool:
    """Return whether two groupings are equal, or, if ``subdivided``, the second may subdivide the first."""
    pairs = {(one, other) for one, other in zip(coarse, fine, strict=True) if other is not None}
    fine_groups = _distinct(fine)
    is_refinement = len(pairs) == len(fine_groups)
    return is_refinement and (subdivided or len(fine_groups) == len(_distinct(coarse)))
