"""Rules that derive the group of a file (speaker, song, source) from its path or its tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from woodshed.audio.read import TAGS, read_tags
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import ParameterError, near_miss, printable

WORDS = {
    "folder": "the folder below the class folder",
    "part:N": "the N-th part of the file name, split at _ and -, or at spaces if it has neither",
    "chars:A-B": "the characters from A to B of the file name",
    "stem": "the file name without the number at its end",
    "tag:NAME": "a tag of the sound file, such as tag:artist or tag:album",
    "regex:PATTERN": "the match of the first (...) of the pattern in the path",
    "none": "no groups",
}
"""Rule -> what it uses as the group."""

GroupRule = Callable[[PurePath], str | None]


def group_rule(text: str | None, root: Path = Path()) -> GroupRule | None:
    r"""Parse ``--group-by`` to a function that maps a path below the corpus folder to its group.

    Parameters
    ----------
    text
        ``folder``: the first folder below the class folder, as in ``dog/rex/1.wav``, whatever is between it
        and the file. ``part:2``: the second part of the file name, split at ``_`` and ``-`` (at spaces if it
        has neither), as in ``7_theo_0.wav``. ``chars:1-2``: the first two characters of the name, as in
        ``03a01Fa.wav``. ``stem``: the name without the number at its end, as in ``so_what_12.wav``.
        ``tag:artist``: a tag of the file, one of `woodshed.audio.read.TAGS`. ``regex:PATTERN``: the match of
        the first ``(...)`` of the pattern anywhere in the path below the folder (with ``/``). ``none`` or
        None: no groups.
    root
        The folder that the paths are relative to; only ``tag`` opens files.

    Returns
    -------
    callable or None
        ``rule(path)`` returns the group, or None if the rule does not match; None without groups. A rule by
        tag raises `AudioFileError` for a file that cannot be opened.

    Raises
    ------
    ParameterError
        If there is no such rule, or it is malformed.

    Examples
    --------
    >>> group_rule("part:2")(PurePath("seven/7_theo_0.wav"))
    'theo'
    >>> group_rule("chars:1-2")(PurePath("anger/03a01Wa.wav"))
    '03'
    >>> group_rule("stem")(PurePath("jazz/so_what_12.wav"))
    'so_what'
    >>> group_rule("folder")(PurePath("dog/rex/1.wav"))
    'rex'
    >>> group_rule(r"regex:session(\d+)")(PurePath("dog/session12/rex.wav"))
    '12'
    """
    word, _, rest = (text or "none").partition(":")
    plain_rules: dict[str, GroupRule | None] = {"none": None, "folder": _folder, "stem": _stem}
    if word in plain_rules and not rest:
        return plain_rules[word]
    makers: dict[str, Callable[[str], GroupRule]] = {
        "part": _part,
        "chars": _chars,
        "regex": _regex,
        "tag": partial(_tag, root=root),
    }
    if word in makers:
        return makers[word](rest)
    rules = "; ".join(f"{name}: {meaning}" for name, meaning in WORDS.items())
    raise ParameterError(
        f"There is no way to group by {text!r}. {near_miss(text or '', WORDS)} The rules are {rules}."
    )


def _folder(path: PurePath) -> str | None:
    return printable(path.parts[1]) if len(path.parts) > 2 else None


def group_word_of(text: str | None) -> str:
    """Return the word for the groups of a rule: the name of a tag, else ``group``.

    Examples
    --------
    >>> group_word_of("tag:artist"), group_word_of("part:2"), group_word_of(None)
    ('artist', 'group', 'group')
    """
    return text.partition(":")[2] if text is not None and text.startswith("tag:") else "group"


def no_group(text: str) -> str:
    """Return the reason for skipping a file that does not match a rule."""
    repair = "Fill it in" if text.startswith("tag:") else "Rename it"
    return f"it has no group by {text}. {repair}, or choose another rule."


def check_some_match(text: str, skipped: Sequence[Skipped]) -> None:
    """Raise an error if no file matches a rule: then the rule is wrong, not the files.

    Parameters
    ----------
    text
        The rule.
    skipped
        The files, none of which can be used.

    Raises
    ------
    ParameterError
        If all of them were skipped because of the rule.

    Examples
    --------
    >>> check_some_match("part:9", [Skipped(Path("7_theo_0.wav"), no_group("part:9"))])
    Traceback (most recent call last):
    woodshed.errors.ParameterError: File names have no 9th part (at most 3), such as 7_theo_0.wav. ...
    """
    if not skipped or not all(entry.reason.endswith(no_group(text)) for entry in skipped):
        return
    word, _, rest = text.partition(":")
    stems = [entry.path.stem for entry in skipped]
    fault = f"No file has a group by {text}"
    if word == "part":
        n_parts = max(len(name_parts(stem)) for stem in stems)
        fault = f"File names have no {_ordinal(int(rest))} part (at most {n_parts})"
    elif word == "chars":
        fault = f"File names have no characters {rest} (at most {max(map(len, stems))})"
    raise ParameterError(f"{fault}, such as {printable(skipped[0].path.name)}. Choose another rule.")


def with_file_groups(corpus: Corpus, root: Path) -> Corpus:
    """Use the file as the group of segments of one file, if no group is known.

    Segments of a recording share its place, voices and microphone, and may overlap: a random split of them is
    leaky.

    Parameters
    ----------
    corpus
        A data set. It is returned unchanged if it has groups, or every example is in a file of its own.
    root
        Folder to which the names of the groups are relative.

    Examples
    --------
    >>> rows = [Example(Path("a.wav"), "no"), Example(Path("a.wav"), "yes", start_s=1.0)]
    >>> corpus = with_file_groups(Corpus("some", tuple(rows)), Path())
    >>> corpus.groups, corpus.group_word, corpus.group_reason
    (['a.wav', 'a.wav'], 'file', 'several examples are segments of one file')
    """
    if corpus.groups is not None or len({row.path for row in corpus.examples}) == len(corpus.examples):
        return corpus
    names: dict[Path, str] = {}

    def grouped(example: Example) -> Example:
        path = example.path
        if path not in names:
            names[path] = printable(path.relative_to(root) if path.is_relative_to(root) else path)
        return replace(example, group=names[path])

    return replace(
        corpus,
        examples=tuple(map(grouped, corpus.examples)),
        unlabelled=tuple(map(grouped, corpus.unlabelled)),
        group_word="file",
        group_reason="several examples are segments of one file",
    )


def _ordinal(number: int) -> str:
    """Return a number as an ordinal, such as 9th."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number // 10 % 10 == 1 else endings.get(number % 10, 'th')}"


def name_parts(stem: str) -> list[str]:
    """Split a file name without suffix at ``_`` and ``-``, or at spaces if it has neither.

    Examples
    --------
    >>> name_parts("7_theo-0"), name_parts("so what_12"), name_parts("7 theo 0")
    (['7', 'theo', '0'], ['so what', '12'], ['7', 'theo', '0'])
    """
    parts = re.split("[_-]", stem)
    return parts if len(parts) > 1 else stem.split(" ")


def _stem(path: PurePath) -> str | None:
    match = re.fullmatch(r"(.*?)[ _-]*[0-9]+", path.stem, re.DOTALL)
    return printable(match[1]) or None if match else None


def _part(number: str) -> GroupRule:
    if not number.isdecimal() or int(number) < 1:
        raise ParameterError(f"part: expects a number from 1, such as part:2, got part:{number}.")

    def rule(path: PurePath) -> str | None:
        parts = name_parts(path.stem)
        return printable(parts[int(number) - 1]) or None if int(number) <= len(parts) else None

    return rule


def _chars(span: str) -> GroupRule:
    first, _, last = span.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        raise ParameterError(f"chars: expects two positions from 1, such as chars:1-2, got chars:{span}.")

    def rule(path: PurePath) -> str | None:
        name = path.stem
        return printable(name[int(first) - 1 : int(last)]) if int(last) <= len(name) else None

    return rule


def _tag(name: str, root: Path) -> GroupRule:
    if name not in TAGS:
        raise ParameterError(f"Unknown tag {name!r} to group by. {near_miss(name, TAGS)}")

    def rule(path: PurePath) -> str | None:
        return printable(read_tags(root / path).get(name, "").strip()) or None

    return rule


def _regex(pattern: str) -> GroupRule:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ParameterError(f"regex:{pattern} is not a regular expression ({error}).") from error
    if not compiled.groups:
        raise ParameterError(f"regex:{pattern} has no group (...). Put parentheses around the part to use.")

    def rule(path: PurePath) -> str | None:
        match = compiled.search(path.as_posix())
        return printable(match[1]) or None if match and match[1] else None

    return rule
