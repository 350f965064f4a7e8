"""Only the heads and their registry depend on the kind of answer; everything else calls the head."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from tests.architecture.source import modules, place, tree

from woodshed.recognition.heads import HEADS

KINDS = frozenset(HEADS)
CLASSES = frozenset(entry.partition(":")[2] for entry in HEADS.values()) | {
    *("Head", "Recogniser", "Tagger", "Regressor")
}
"""Heads, and the estimators of one head each."""

VARIABLES = frozenset({"answer", "head", "kind"})
"""Names of what holds a head or its name."""


def names_in(node: ast.AST) -> set[str]:
    """Return the last part of every name in an expression."""
    parts = (
        part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
        for part in ast.walk(node)
    )
    return set(parts) - {""}


def texts_in(node: ast.AST) -> set[object]:
    """Return the strings in an expression."""
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def is_switch(node: ast.AST) -> bool:
    """Return whether a node chooses between kinds of answer."""
    match node:
        case ast.Compare():
            names = names_in(node)
            return bool(names & VARIABLES) and bool(texts_in(node) & KINDS or names & CLASSES)
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, classes]):
            return bool(names_in(classes) & CLASSES)
        case ast.Match(subject=subject, cases=cases):
            patterns = [case.pattern for case in cases]
            is_named = bool(names_in(subject) & VARIABLES)
            return any(
                (is_named and texts_in(pattern) & KINDS) or names_in(pattern) & CLASSES
                for pattern in patterns
            )
        case ast.Dict(keys=keys):
            return len({key.value for key in keys if isinstance(key, ast.Constant)} & KINDS) > 1
        case ast.Subscript(slice=ast.Attribute(attr="name", value=value)):
            return "head" in names_in(value)
    return False


def switches(text: ast.Module) -> Iterator[int]:
    """Yield the lines that choose between kinds of answer."""
    return (node.lineno for node in ast.walk(text) if is_switch(node))  # type: ignore[attr-defined]


def test_nothing_outside_the_heads_depends_on_the_kind_of_answer() -> None:
    found = [
        place(path, line)
        for name, path in modules().items()
        if not name.startswith("woodshed.recognition.heads")
        for line in switches(tree(path))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "if head.name == 'tags': pass",
        "if kind in ('tags', 'values'): pass",
        "if type(estimator).head is TagsHead: pass",
        "isinstance(estimator.head, ClassesHead)",
        "issubclass(task, Regressor)",
        "match head.name:\n    case 'classes': pass",
        "match head:\n    case ValuesHead(): pass",
        "SECTIONS = {'classes': 1, 'tags': 2}",
        "SECTIONS[head.name]",
    ],
)
def test_a_switch_is_noticed(line: str) -> None:
    assert list(switches(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["head.name in registry", "kind == 'noise'", "x = {'tags': 1}", "columns == 'tags'"]
)
def test_other_code_is_not_a_switch(line: str) -> None:
    assert not list(switches(ast.parse(line)))
