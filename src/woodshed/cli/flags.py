"""Command-line flags of the settings of tasks: names, types and help."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from pkgutil import resolve_name
from typing import Annotated, Any

import typer

from woodshed.cli.setting_table import KINDS, Setting, Settings
from woodshed.errors import ParameterError, flag_of
from woodshed.tasks import GENERATORS, TASKS, recognition_tasks, task_class

RECOGNITION_TASK_HELP = f"What to recognise: {', '.join(recognition_tasks())}."
"""Help of ``--task`` where recognition tasks are accepted."""

TRAIN_TASK_HELP = (
    f"{RECOGNITION_TASK_HELP} What to compose: {', '.join(sorted(set(TASKS) & set(GENERATORS)))}."
)
"""Help of ``--task`` where every task is accepted."""

DEFAULT_TASK = "noise"
"""Task of ``train`` and ``compare`` when none is chosen."""

MOST_NAMED = 3
"""Largest number of tasks that the help of a flag names as those that have it."""

NO_DEFAULT = {"None", "()", "False"}
"""Defaults that the help does not show."""

COMPLETED = {
    "net": ("woodshed.nets:NETS", "woodshed.recognition.classical:CLASSICAL"),
    "front_end": ("woodshed.recognition.front_ends:FRONT_ENDS",),
}
"""Setting -> the registries whose names a shell completes after its flag."""

Command = Callable[..., None]


def choices_of(*registries: Iterable[str] | str) -> Callable[[str], list[str]]:
    """Return the function that completes a word to a name of the registries; a place is loaded when used.

    Examples
    --------
    >>> choices_of(["svm", "knn"], "woodshed.nets:NETS")("mu")
    ['musicnn']
    """

    def complete(incomplete: str) -> list[str]:
        loaded = (resolve_name(names) if isinstance(names, str) else names for names in registries)
        return [name for names in loaded for name in names if name.startswith(incomplete)]

    return complete


def with_task_flags(
    command: Command,
    arguments: Collection[str],
    task: str | None,
    table: Mapping[str, Settings],
    *,
    panel: str = "Settings",
) -> Command:
    """Return a command with a flag for every setting of a task.

    The flags of all tasks are added if the task is unknown, or if an argument is a flag that it lacks, so
    that the error about it can name the task.

    Parameters
    ----------
    command
        Function whose last parameter ``settings`` receives the flags in use, as values by name.
    arguments
        Arguments of the command.
    task
        Name of the task, or None if it is unknown.
    table
        The settings of each task that the command supports.
    panel
        Heading of the flags in the help.
    """
    if task is not None and task in table:
        complete = with_flags(command, {task: table[task]}, panel)
        supported = {"--help", *map(flag_of, inspect.signature(complete).parameters)}
        flags = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
        if flags <= supported:
            return complete
    return with_flags(command, table, panel)


def task_in(arguments: Sequence[str]) -> str | None:
    """Return the task in the arguments, or the default; None if the help is to list the flags of all tasks.

    Examples
    --------
    >>> task_in(["sounds", "--task", "speech"]), task_in(["--task=snr"]), task_in([]), task_in(["--help"])
    ('speech', 'snr', 'noise', None)
    """
    task = None if {"-h", "--help"} & set(arguments) else DEFAULT_TASK
    for argument, following in pairwise([*arguments, ""]):
        flag, equals, value = argument.partition("=")
        if flag == "--task":
            task = value if equals else following
    return task


def with_flags(command: Command, table: Mapping[str, Settings], panel: str) -> Command:
    """Return a command with a flag for every setting of some tasks.

    The help shows where tasks differ. Flags that are not used keep the default of the task.
    """
    owners: dict[str, dict[str, Setting]] = {}
    for task, settings in table.items():
        for name, setting in settings.items():
            owners.setdefault(name, {})[task] = setting
    *parameters, _ = inspect.signature(command, eval_str=True).parameters.values()
    for name, tasks in owners.items():
        is_common = len(tasks) > MOST_NAMED or len(tasks) == len(table)
        text = _flag_help(
            _tasks_by_value({task: setting.description for task, setting in tasks.items()}),
            _tasks_by_value({task: setting.default for task, setting in tasks.items()}),
            [] if is_common else list(tasks),
        )
        option = typer.Option(
            flag_of(name),
            help=text,
            show_default=False,
            rich_help_panel=panel,
            autocompletion=choices_of(*COMPLETED[name]) if name in COMPLETED else None,
        )
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=None,
                annotation=Annotated[KINDS[next(iter(tasks.values())).kind] | None, option],
            )
        )

    def run(**arguments: Any) -> None:
        values = {name: arguments.pop(name) for name in owners}
        command(**arguments, settings={name: value for name, value in values.items() if value is not None})

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def _flag_help(texts: Mapping[str, list[str]], defaults: Mapping[str, list[str]], owners: list[str]) -> str:
    """Return the help of a flag: its most common description, those of other tasks, owners and default.

    Parameters
    ----------
    texts, defaults
        Descriptions and defaults, each with the tasks that have it.
    owners
        Tasks that the help names as the only ones with the flag; empty for a common flag.
    """
    most_common, *others = sorted(texts, key=lambda text: -len(texts[text]))
    parts = [most_common, *(f"For {', '.join(texts[other])}: {other}" for other in others)]
    if len(defaults) > 1:
        each = "; ".join(f"{value} for {', '.join(tasks)}" for value, tasks in defaults.items())
        return " ".join([*parts, _dimmed(f"default: {each}")])
    if owners:
        parts.append(_dimmed(", ".join(owners)))
    (default,) = defaults
    if default not in NO_DEFAULT:
        parts.append(_dimmed(f"default: {default}"))
    return " ".join(parts)


def _dimmed(text: str) -> str:
    """Return the markup of a text in brackets."""
    return f"[dim]\\[{text}][/dim]"


def _tasks_by_value(values: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the tasks that have each of the values."""
    tasks: dict[str, list[str]] = {}
    for task, value in values.items():
        tasks.setdefault(value, []).append(task)
    return tasks


def check_task_flags(settings: Iterable[str], task: str) -> None:
    """Refuse a flag of another task.

    Raises
    ------
    ParameterError
        If the task does not exist, or has no such setting; the message names the flag and those that exist.

    Examples
    --------
    >>> check_task_flags(["front_end"], "roll")
    Traceback (most recent call last):
    woodshed.errors.ParameterError: --front-end is not supported by task 'roll'. Supported: --net, ...
    """
    supported = [setting.name for setting in fields(task_class(task))]
    for name in settings:
        if name not in supported:
            raise ParameterError(
                f"{flag_of(name)} is not supported by task {task!r}. "
                f"Supported: {', '.join(map(flag_of, supported))}."
            )
