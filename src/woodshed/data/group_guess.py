"""Guesses at who or what sounds were recorded from, where nobody has said: to be confirmed, never just used.

A part of the file names, a folder, a tag or a column of a table may be a speaker or a song. It may as well be
a date or a microphone: nobody can tell but who made the recordings. So each guess comes as the ``--group-by``
that takes it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from woodshed.data.example import Corpus, Example
from woodshed.data.group import TokenConstraint, group_rule, group_word_of, name_parts
from woodshed.data.table import TABLE_SUFFIXES, read_rows
from woodshed.errors import AudioFileError, printable

TAGS = ("artist", "album", "title")
"""The tags that may say who plays, or what is played."""

COLUMNS = ("path", "label", "tags", "group", "start_s", "end_s", "split")
"""The columns of a table that have a meaning already."""

SPEAKING = ("actor", "artist", "performer", "player", "recording", "singer", "song", "source", "speaker")
"""Names of columns that say outright what they hold."""

N_GIVEN = 5
"""So many candidates are given at most."""

COVERED = 0.9
"""A rule must fit so many of the sounds."""

LARGEST = 0.8
"""A value that so many sounds have tells nobody apart."""

N_LOOKED_AT = 200
"""So many files, evenly spread, tell whether it is worth while to read the tags of all."""

Values = Sequence[str | None]
"""The group of each example by one rule; None where the rule does not fit."""


@dataclass(frozen=True)
class Candidate:
    """One way to tell groups.

    Parameters
    ----------
    group_by
        What to give ``--group-by`` to take it.
    word
        What a group would be called in reports.
    n_groups, n_examples
        How many groups it makes, of how many sounds; sounds that it does not fit are left out.
    names
        The first few groups.
    """

    group_by: str
    word: str
    n_groups: int
    n_examples: int
    names: tuple[str, ...]

    @property
    def such_as(self) -> str:
        """The first groups by name, with dots if there are more."""
        return ", ".join(self.names) + (", ..." if self.n_groups > len(self.names) else "")


Found = tuple[tuple[int, ...], Candidate, Values]
"""What a candidate is sorted by, the candidate, and the group of each example."""


def guess_groups(corpus: Corpus, place: Path) -> list[Candidate]:
    """Look for what may tell the groups of a corpus, the likeliest first.

    A candidate takes few values, each with several sounds; it is neither the label in other words nor a
    running number. Those that several labels share, as a speaker says many words, come before those that are
    within one label, as a song is of one genre.

    Parameters
    ----------
    corpus
        Without groups.
    place
        The folder or the table that it was read from.

    Returns
    -------
    list of Candidate
        Empty if nothing was found.

    Examples
    --------
    >>> people = ("ann", "bob", "eve")
    >>> names = [f"{digit}_{who}_{k}.wav" for digit in "37" for who in people for k in range(5)]
    >>> corpus = Corpus("digits", tuple(Example(Path(name[0], name), name[0]) for name in names))
    >>> for found in guess_groups(corpus, Path()):
    ...     print(found.group_by, found.n_groups, found.such_as)
    part:2 3 ann, bob, eve
    """
    labels = corpus.labels
    root = place.parent if place.suffix.lower() in TABLE_SUFFIXES and not place.is_dir() else place
    paths = [_below(example.path, root) for example in corpus.examples]
    found: list[Found] = []
    for rank, group_by, values in _all_values(corpus.examples, paths, place, root):
        crossed = _judge(values, labels)
        if crossed is None:
            continue
        names = sorted(_known(values))
        column = group_by if rank == _COLUMN else group_word_of(group_by)
        candidate = Candidate(
            *(group_by, column, len(names), sum(value is not None for value in values)),
            tuple(names[:4]),
        )
        wordy = sum(map(_is_word, names)) * 2 > len(names)
        order = (
            *(group_by.lower() not in SPEAKING, len(names) < 3 and not wordy, rank),
            *(not crossed, not wordy, len(found)),
        )
        found.append((order, candidate, values))
    return _without_repeats(sorted(found, key=lambda row: row[0]))[:N_GIVEN]


_COLUMN, _FOLDER, _TAG, _NAME = range(4)
"""Where a group may be written, what was written on purpose first."""


def _all_values(
    examples: Sequence[Example], paths: Sequence[PurePath], place: Path, root: Path
) -> Iterator[tuple[int, str, Values]]:
    """Yield all that may tell groups: where it is written, its rule, and the group of each example."""
    if place.is_file():
        yield from ((_COLUMN, *row) for row in _columns(examples, place))
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


def _or_none(rule: TokenConstraint, path: PurePath) -> str | None:
    try:
        return rule(path)
    except AudioFileError:  # named when the sounds are checked
        return None


def _below(path: Path, root: Path) -> PurePath:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _columns(examples: Sequence[Example], table: Path) -> Iterator[tuple[str, Values]]:
    """Yield the other columns of a table, for the rows that are examples."""
    columns, rows = read_rows(table)
    of_path = {(table.parent / row["path"].strip(), _seconds(row.get("start_s", ""))): row for row in rows}
    own = [of_path.get((example.path, example.start_s), {}) for example in examples]
    for name in columns:
        if name not in COLUMNS:
            yield name, [printable(row.get(name, "").strip()) or None for row in own]


def _seconds(cell: str) -> float:
    try:
        return float(cell.strip() or 0)
    except ValueError:
        return -1.0


def _tags(paths: Sequence[PurePath], root: Path) -> Iterator[tuple[str, Values]]:
    """Yield the tags that are worth while, with the value of each file."""
    some = paths[:: max(1, len(paths) // N_LOOKED_AT)]
    for name in TAGS:
        group_by = f"tag:{name}"
        n_tagged = sum(value is not None for value in _by(group_by, some, root))
        if n_tagged >= COVERED * len(some):
            yield name, _by(group_by, paths, root)


def _fields(stems: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the fields of names that are all built alike, as ``03a01Fa``: places from 1, first and last.

    A field is a run of digits, of small or of capital letters, or one letter with the digits behind it. Names
    that are cut into parts have none, and a running number at the end is left out.
    """
    patterns = {re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "0", stem))) for stem in stems}
    if len(patterns) != 1:
        return
    pattern = patterns.pop()
    runs = [match.span() for match in re.finditer("0+|a+|A+", pattern)]
    if re.search("[^0aA]", pattern) or len(runs) < 2:
        return
    cut = [[stem[first:last] for first, last in runs] for stem in stems]
    spans = [span for k, span in enumerate(runs) if not _is_running(cut, k)]
    spans += [match.span() for match in re.finditer("(?<![aA])[aA]0+", pattern)]
    yield from ((first + 1, last) for first, last in sorted(spans))


def _is_running(parts: Sequence[Sequence[str]], k: int) -> bool:
    """Whether the k-th part of names only counts: it is a number at the end, or counts up to other ends.

    A speaker may be a number, too. So in the middle of a name a part counts only if behind other beginnings
    come 0 or 1, 2, 3, ... up to other ends; and not at all in names that are codes of one width, such as
    03-01-06-01-02.
    """
    cells = [row[k] for row in parts if len(row) > k]
    if not all(cell.isdecimal() and cell.isascii() for cell in cells):
        return False
    if all(len(row) > 2 and all(re.fullmatch("[0-9]{2}", cell) for cell in row) for row in parts):
        return False
    if 2 * sum(len(row) == k + 1 for row in parts) > len(cells):
        return True
    behind: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for row in parts:
        if len(row) > k:
            behind[tuple(row[:k])].add(int(row[k]))
    counted = [seen for seen in behind.values() if max(seen) - min(seen) + 1 == len(seen) and min(seen) < 2]
    return len(counted) >= COVERED * len(behind) and len({max(seen) for seen in counted}) > 1


def _judge(values: Values, labels: Sequence[str]) -> bool | None:
    """Tell whether values can be groups: None if not, True if several labels share each, else False."""
    pairs = [(value, label) for value, label in zip(values, labels, strict=True) if value is not None]
    counts = Counter(value for value, _ in pairs)
    n = len(pairs)
    if len(counts) < 2 or n < COVERED * len(values) or max(counts.values()) > LARGEST * n:
        return None
    if 2 * len(counts) > n:  # most sounds are alone
        return None
    labels_of: defaultdict[str, set[str]] = defaultdict(set)
    of_label: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for value, label in pairs:
        labels_of[value].add(label)
        of_label[label][value] += 1
    if len(of_label) > 1 and sum(max(own.values()) for own in of_label.values()) >= COVERED * n:
        return None  # the label in other words
    n_shared = sum(counts[value] for value, own in labels_of.items() if len(own) > 1)
    return len(of_label) < 2 or n_shared >= COVERED * n


def _known(values: Values) -> set[str]:
    return {value for value in values if value is not None}


def _is_word(text: str) -> bool:
    """Whether a value has two letters or more: a name rather than a number."""
    return sum(letter.isalpha() for letter in text) > 1


def _without_repeats(found: Sequence[Found]) -> list[Candidate]:
    """Leave out what makes the groups of an earlier candidate again, or cuts them up within a label."""
    kept: list[tuple[Candidate, Values]] = []
    for order, candidate, values in found:
        is_nested = bool(order[3])
        if any(_divides(earlier, values, or_less=is_nested) for _, earlier in kept):
            continue
        kept.append((candidate, values))
    return [candidate for candidate, _ in kept]


def _divides(coarse: Values, fine: Values, *, or_less: bool) -> bool:
    """Whether two ways make the same groups; or, if ``or_less``, whether the second cuts up the first's."""
    above: Mapping[str, set[str | None]] = defaultdict(set)
    for one, other in zip(coarse, fine, strict=True):
        if other is not None:
            above[other].add(one)
    cuts = all(len(own) == 1 for own in above.values())
    return cuts and (or_less or len(above) == len(_known(coarse)))
