"""Who or what a file was recorded from, read off its place and name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath

from woodshed.errors import ParameterError, near_miss, printable

WORDS = {
    "folder": "the folder below the class folder",
    "part:N": "the N-th part of the file name, cut at _ and -",
    "regex:PATTERN": "what the first (...) of the pattern matches in the path",
    "none": "no groups",
}
"""The rules, with what each one takes for the group."""

Rule = Callable[[PurePath], str | None]


def group_rule(text: str | None) -> Rule | None:
    r"""Turn ``--group-by`` into a function from a path below the corpus folder to its group.

    Parameters
    ----------
    text
        ``folder``: the first folder below the class folder, as in ``dog/rex/1.wav``; folders inside it count
        for it. ``part:2``: the second part of the file name, cut at ``_`` and ``-``, as in ``7_theo_0.wav``.
        ``regex:PATTERN``: what the first ``(...)`` of the pattern matches anywhere in the path below the
        folder (written with ``/``). ``none`` or None: no groups.

    Returns
    -------
    callable or None
        ``rule(path)`` returns the group, or None if the path has none; the rule is None for no groups.

    Raises
    ------
    ParameterError
        If there is no such rule, or it is written wrongly.

    Examples
    --------
    >>> group_rule("part:2")(PurePath("seven/7_theo_0.wav"))
    'theo'
    >>> group_rule("folder")(PurePath("dog/rex/1.wav"))
    'rex'
    >>> group_rule(r"regex:session(\d+)")(PurePath("dog/session12/rex.wav"))
    '12'
    """
    word, _, rest = (text or "none").partition(":")
    if word == "none" and not rest:
        return None
    if word == "folder" and not rest:
        return _folder
    if word == "part":
        return _part(rest)
    if word == "regex":
        return _regex(rest)
    rules = "; ".join(f"{name}: {meaning}" for name, meaning in WORDS.items())
    raise ParameterError(
        f"There is no way to group by {text!r}. {near_miss(text or '', WORDS)} The rules are {rules}."
    )


def _folder(path: PurePath) -> str | None:
    return printable(path.parts[1]) if len(path.parts) > 2 else None


def _part(number: str) -> Rule:
    if not number.isdecimal() or int(number) < 1:
        raise ParameterError(f"part: expects a number from 1, such as part:2, got part:{number}.")

    def rule(path: PurePath) -> str | None:
        parts = re.split("[_-]", path.stem)
        return printable(parts[int(number) - 1]) or None if int(number) <= len(parts) else None

    return rule


def _regex(pattern: str) -> Rule:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ParameterError(f"regex:{pattern} is not a regular expression ({error}).") from error
    if not compiled.groups:
        raise ParameterError(
            f"regex:{pattern} has no (...) to say which part is the group. Put brackets around it."
        )

    def rule(path: PurePath) -> str | None:
        match = compiled.search(path.as_posix())
        return printable(match[1]) or None if match and match[1] else None

    return rule
