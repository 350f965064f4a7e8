"""Contents of the registries: tasks, nets, features, corpora and the other names that a user can choose.

A description is the first line of the docstring of what a name stands for. It is read from the source file,
so that listing nets does not import Keras.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from woodshed.errors import ParameterError, check_choice

Fact = str | int | float | bool | None | list[object] | dict[str, object]


@dataclass(frozen=True)
class Entry:
    """One name in a registry.

    Parameters
    ----------
    name
        What the user types.
    description
        What it stands for, in one line.
    facts
        More about it, ready for JSON; which facts there are depends on the registry.
    """

    name: str
    description: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Registry:
    """Where a registry is, and what is shown of its entries.

    Parameters
    ----------
    place
        Module and attribute, as ``module:ATTRIBUTE``, of a mapping from names to what they stand for: an
        object, or its place as ``module:attribute`` or ``module``.
    facts
        Returns more about the entry of a name.
    columns
        Facts shown in a table, with their headings.
    hint
        What to do with a name, shown under the table.
    by_module
        Whether the docstring of the module describes an entry.
    """

    place: str
    facts: Callable[[str], Mapping[str, Fact]] = lambda name: {}
    columns: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    by_module: bool = False


def _corpus_facts(name: str) -> Mapping[str, Fact]:
    from woodshed.data.corpora import corpus_facts

    return asdict(corpus_facts(name))


def _feature_facts(name: str) -> Mapping[str, Fact]:
    from woodshed.features import feature_class

    return {"n_values": len(feature_class(name)().names)}


def _task_facts(name: str) -> Mapping[str, Fact]:
    from woodshed.tasks import task_class

    head = getattr(task_class(name), "head", None)
    return {"output": "music" if head is None else head.name}


REGISTRIES: dict[str, Registry] = {
    "classical": Registry("woodshed.recognition.classical:CLASSICAL"),
    "corpora": Registry(
        "woodshed.data.corpora:CORPORA",
        _corpus_facts,
        {"licence": "licence", "n_examples": "examples", "hours": "hours"},
        "Details: woodshed corpus info NAME. Training: woodshed train NAME:PATH.",
    ),
    "features": Registry("woodshed.features:FEATURES", _feature_facts, {"n_values": "values per frame"}),
    "front-ends": Registry("woodshed.recognition.front_ends:FRONT_ENDS"),
    "generators": Registry("woodshed.tasks:GENERATORS"),
    "heads": Registry("woodshed.recognition.heads:HEADS"),
    "learners": Registry("woodshed.recognition.learners:LEARNERS"),
    "metrics": Registry("woodshed.metrics:METRICS"),
    "nets": Registry("woodshed.nets:NETS", by_module=True),
    "tasks": Registry("woodshed.tasks:TASKS", _task_facts, {"output": "output"}),
    "tokenizers": Registry("woodshed.tokens:TOKENIZERS"),
}
"""Name of a registry -> where it is."""


def registry(name: str) -> Registry:
    """Return a registry.

    Raises
    ------
    ParameterError
        If there is none of that name.

    Examples
    --------
    >>> registry("nets").place
    'woodshed.nets:NETS'
    """
    if not name:
        raise ParameterError(f"Choose what to list: {', '.join(REGISTRIES)}.")
    check_choice("list", name, REGISTRIES)
    return REGISTRIES[name]


def list_entries(name: str) -> list[Entry]:
    """Return the entries of a registry, in its order.

    Raises
    ------
    ParameterError
        If there is no registry of that name.

    Examples
    --------
    >>> [entry.name for entry in list_entries("nets")][:2]
    ['conv-residual', 'conv-stack']
    """
    source = registry(name)
    module, _, attribute = source.place.partition(":")
    names: Mapping[str, object] = getattr(import_module(module), attribute)
    return [
        Entry(one, _description(value, by_module=source.by_module), source.facts(one))
        for one, value in names.items()
    ]


def _description(place: str | object, *, by_module: bool) -> str:
    """Return the first line of the docstring of what a registry has or names, or of its module."""
    if not isinstance(place, str):
        return _first_line(inspect.getdoc(place))
    module, _, attribute = place.partition(":")
    docstrings = _docstrings(module)
    return _first_line(docstrings.get("" if by_module or attribute not in docstrings else attribute))


@cache
def _docstrings(module: str) -> dict[str, str]:
    """Return the docstrings of a module (under the empty name) and its classes and functions, unimported."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # no such package, or no name
        return {}
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return {}
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    named = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    return {"": ast.get_docstring(tree) or ""} | {
        name: ast.get_docstring(node) or "" for name, node in named.items()
    }


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0].replace("`", "")
