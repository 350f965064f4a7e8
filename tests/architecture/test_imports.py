"""Import rules: layers are imported downwards only, and never in a circle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from tests.architecture.source import ROOT, imports, modules, only_exports


def circles(graph: Mapping[str, Set[str]]) -> Iterator[list[str]]:
    """Yield the sets of modules that reach each other, in order.

    Examples
    --------
    >>> list(circles({"a": {"b"}, "b": {"a", "c"}, "c": set()}))
    [['a', 'b']]
    """
    reached = {name: _reachable(name, graph) for name in graph}
    seen: set[str] = set()
    for name in sorted(graph):
        circle = {other for other in reached[name] if name in reached[other]}
        if circle and name not in seen:
            seen |= circle
            yield sorted(circle)


def _reachable(start: str, graph: Mapping[str, Set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting.extend(new)
    return reached


def test_there_are_no_import_circles() -> None:
    known = modules()
    exports = {name for name, path in known.items() if only_exports(path)}

    def is_own_package(name: str, module: str) -> bool:
        return module in exports and name.startswith(f"{module}.")

    graph = {
        name: {other for other in imports(name, path, known) if not is_own_package(name, other)}
        for name, path in known.items()
    }
    found = [" <-> ".join(circle) for circle in circles(graph)]
    assert not found, "\n".join(found)


def test_layers_are_imported_downwards_only() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 0, ran.stdout.partition("Broken contracts")[2] or ran.stdout + ran.stderr
