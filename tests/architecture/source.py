"""Modules of the package as paths, syntax trees and imports, for the tests of the architecture."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "woodshed"

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, Path]:
    """Return the path of every module of the package by its dotted name."""
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def module_name(path: Path) -> str:
    """Return the dotted name of a module; a package has the name of its folder."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place(path: Path, line: int | None = None) -> str:
    """Return a path relative to the repository, with a line if there is one, as a terminal links it."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str, path: Path, known: Mapping[str, Path]) -> set[str]:
    """Return the modules of the package that a module imports.

    Imports inside functions and under ``TYPE_CHECKING`` count. Modules that are named in strings, as in a
    registry, do not.
    """
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imported: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, package)
            for alias in node.names:
                member = f"{source}.{alias.name}"
                imported.add(member if member in known else source)
    return imported & set(known) - {name}


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the full name of the module in ``from MODULE import ...``."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    above = parents[: len(parents) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def only_exports(path: Path) -> bool:
    """Return whether a module is the ``__init__`` of a package and defines nothing but lazy exports."""
    names = {node.name for node in tree(path).body if isinstance(node, Definition)}
    return path.name == "__init__.py" and names <= {"__getattr__", "__dir__"}


def public_definitions(path: Path) -> Iterator[Definition]:
    """Yield the public classes and functions of a module, and the public methods of its public classes."""
    yield from _public(tree(path).body)


def _public(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)
