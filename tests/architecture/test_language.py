"""Language of code and documentation: plain technical English, and docstrings for everything public."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.source import PACKAGE, ROOT, modules, place, public_definitions, tree

BANNED = (
    r"\bnobody\b",
    r"\bmend(s|ed|ing)?\b",
    r"\bheed(s|ed|ing)?\b",
    r"\btold apart\b",
    r"\bpassed over\b",
    r"\bshall\b",
    r"\bas (it|they) comes?\b",
    r"\bby heart\b",
    r"\bsaid again\b",
    r"\bin one go\b",
    r"\bfor nothing\b",
    r"\b(may|might) or (may|might) not\b",
    r"\bwish(es|ed)?\b",
    r"(?<!there )\bis no (?!longer|more|less|louder|such)[a-z]+\b",
    r'^\s*(r?""")?(?-i:So) many\b',
    r'^\s*r?"""(?-i:Of) ',
)
"""Regular expressions of wording that does not belong in a reference, whatever its case."""

PHRASE = re.compile("|".join(f"(?:{phrase})" for phrase in BANNED), re.IGNORECASE)


def pages() -> Iterator[Path]:
    """Yield the files that a user or contributor reads."""
    yield from modules().values()
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md"))
    for folder in ("benchmarks", "docs", "examples"):
        yield from sorted((ROOT / folder).rglob("*.md"))
    yield from sorted(PACKAGE.rglob("*.md"))


def test_no_banned_phrase_is_used() -> None:
    found = [
        f"{place(path, number)}  {match[0].strip()}"
        for path in pages()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := PHRASE.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "so Nobody can say",
        "Mend the file.",
        '    """Of every clip, the loudest.',
        '"""So many windows in a batch."""',
        "raise ValueError(f'{key} is no key')",
        "it learns the tune by heart",
    ],
)
def test_a_banned_phrase_is_noticed(line: str) -> None:
    assert PHRASE.search(line)


@pytest.mark.parametrize(
    "line", ["recommended", "of the clips, so many as fit", "it is no longer used", "There is no net 'x'."]
)
def test_usual_wording_is_not_banned(line: str) -> None:
    assert not PHRASE.search(line)


def test_everything_public_has_a_docstring() -> None:
    bare = [place(path) for path in modules().values() if not ast.get_docstring(tree(path))]
    bare += [
        f"{place(path, node.lineno)}  {node.name}"
        for path in modules().values()
        for node in public_definitions(path)
        if not ast.get_docstring(node) and not _is_overload(node)
    ]
    assert not bare, "\n".join(bare)


def _is_overload(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(getattr(one, "id", getattr(one, "attr", "")) == "overload" for one in decorators)
