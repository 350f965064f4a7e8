"""Settings of tasks, and requests of generators, as a table, so that a help text imports no task.

The table, ``settings.json``, is derived from the dataclasses. After a change of a setting or of its
description, write it again::

    python -m woodshed.cli.setting_table
"""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from woodshed.atomic import write_whole
from woodshed.tasks import GENERATORS, TASKS, task_class

PATH = Path(__file__).with_name("settings.json")
"""The table: for ``train`` and ``generate``, the settings of each task."""

KINDS: Mapping[str, Any] = {
    "bool": bool,
    "float": float,
    "int": int,
    "list": list[str],
    "path": Path,
    "str": str,
}
"""Types of settings, by the name in the table."""


COMMAND_DEFAULTS: Mapping[str, Any] = {"n_jobs": -1}
"""Defaults of commands that differ from those of the classes: a command uses all cores."""


@dataclass(frozen=True)
class Setting:
    """One field of a dataclass, as a flag needs it.

    Parameters
    ----------
    kind
        Name of its type in `KINDS`.
    default
        Its default value as text.
    description
        From the docstring of the class.
    """

    kind: str
    default: str
    description: str


Settings = Mapping[str, Setting]
"""Name of a field -> its description."""


CLASSES: Mapping[str, Callable[[str], type[Any]]] = {
    "train": task_class,
    "generate": lambda task: task_class(task).request_class,
}
"""Verb -> function that returns the dataclass of a task, whose fields are flags of this verb."""


def task_settings(verb: str, tasks: Iterable[str]) -> dict[str, Settings]:
    """Return the settings of tasks for a verb of `CLASSES`; tasks that are not in the table are imported.

    Examples
    --------
    >>> task_settings("train", ["speech"])["speech"]["seed"]
    Setting(kind='int', default='0', description='Seed of all random draws, 0 or more.')
    """
    table = json.loads(PATH.read_text("utf-8"))[verb]
    return {
        task: (
            {name: Setting(**values) for name, values in table[task].items()}
            if task in table
            else settings_of(CLASSES[verb](task))
        )
        for task in tasks
    }


def settings_of(documented: type) -> dict[str, Setting]:
    """Derive the settings of a dataclass from its fields and its docstring, with the defaults of commands.

    Raises
    ------
    TypeError
        If the type of a field is not in `KINDS`.
    """
    descriptions, types, example = parameter_help(documented), typing.get_type_hints(documented), documented()
    return {
        field.name: Setting(
            _kind(types[field.name]),
            str(COMMAND_DEFAULTS.get(field.name, getattr(example, field.name))),
            descriptions.get(field.name, ""),
        )
        for field in fields(documented)
        if field.init
    }


def parameter_help(documented: type) -> dict[str, str]:
    """Read the descriptions of parameters out of the numpydoc docstrings of a class and those above it.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> parameter_help(Recogniser)["seed"]
    'Seed of all random draws, 0 or more.'
    """
    descriptions: dict[str, str] = {}
    for one in reversed(documented.__mro__):
        sections = re.split(r"\n(?=\w+\n-{3,}\n)", inspect.cleandoc(one.__doc__ or ""))
        entries = [part.split("\n", 2)[2] for part in sections if part.startswith("Parameters\n")]
        for entry in re.split(r"\n(?=\S)", "\n".join(entries)):
            names, _, text = entry.partition("\n")
            for name in names.split(","):
                descriptions[name.strip()] = " ".join(text.split()).replace("``", "").replace("`", "")
    return descriptions


def table_text() -> str:
    """Return the content of the table, derived from the classes of all tasks; all of them are imported."""
    tasks = {"train": TASKS, "generate": GENERATORS}
    table = {
        verb: {
            task: {name: asdict(setting) for name, setting in settings_of(class_of(task)).items()}
            for task in tasks[verb]
        }
        for verb, class_of in CLASSES.items()
    }
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"


def _kind(annotation: object) -> str:
    """Return the name of a type in `KINDS`, also of one that may be None."""
    if typing.get_origin(annotation) is Sequence:
        return "list"
    kinds = [kind for kind in typing.get_args(annotation) or (annotation,) if kind is not type(None)]
    for name, kind in KINDS.items():
        if kinds == [kind]:
            return name
    raise TypeError(f"A setting has no flag if its type is {annotation!r}. Add the type to KINDS.")


if __name__ == "__main__":
    write_whole(PATH, table_text())
