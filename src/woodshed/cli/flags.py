"""Command-line flags derived from the fields of dataclasses: names, types and help."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from pkgutil import resolve_name
from typing import Annotated, Any

import typer

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
    tasks: Collection[str],
    *,
    class_of: Callable[[str], type[Any]] = task_class,
    panel: str = "Settings",
) -> Command:
    """Return a command with a flag for every field of a dataclass that belongs to a task.

    A task is imported only when its flags are needed. The flags of all tasks are added if the task is
    unknown, or if an argument is a flag that it lacks, so that the error about it can name the task.

    Parameters
    ----------
    command
        Function whose last parameter ``settings`` receives the flags in use, as values by name.
    arguments
        Arguments of the command.
    task
        Name of the task, or None if it is unknown.
    tasks
        Names of all tasks that the command supports.
    class_of
        Returns the dataclass of a task.
    panel
        Heading of the flags in the help.
    """
    if task is not None and task in tasks:
        complete = with_flags(command, {task: class_of(task)}, panel)
        supported = {"--help", *map(flag_of, inspect.signature(complete).parameters)}
        flags = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
        if flags <= supported:
            return complete
    return with_flags(command, {name: class_of(name) for name in tasks}, panel)


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


def with_flags(command: Command, classes: Mapping[str, type[Any]], panel: str) -> Command:
    """Return a command with a flag for every field of some dataclasses, which are named by their task.

    Name, type and help of a flag come from the field and the docstring of its class; the help shows where
    classes differ. Flags that are not used keep the default of the class.
    """
    owners: dict[str, list[str]] = {}
    for task, task_settings in classes.items():
        for setting in fields(task_settings):
            if setting.init:
                owners.setdefault(setting.name, []).append(task)
    texts = {task: parameter_help(task_settings) for task, task_settings in classes.items()}
    defaults = {task: task_settings() for task, task_settings in classes.items()}
    *parameters, _ = inspect.signature(command, eval_str=True).parameters.values()
    for name, tasks in owners.items():
        is_common = len(tasks) > MOST_NAMED or len(tasks) == len(classes)
        text = _flag_help(
            _tasks_by_value({task: texts[task].get(name, "") for task in tasks}),
            _tasks_by_value({task: str(getattr(defaults[task], name)) for task in tasks}),
            [] if is_common else tasks,
        )
        option = typer.Option(
            flag_of(name),
            help=text,
            show_default=False,
            rich_help_panel=panel,
            autocompletion=choices_of(*COMPLETED[name]) if name in COMPLETED else None,
        )
        kind = _flag_type(typing.get_type_hints(classes[tasks[0]])[name])
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=None,
                annotation=Annotated[kind, option],
            )
        )

    def run(**arguments: Any) -> None:
        values = {name: arguments.pop(name) for name in owners}
        command(**arguments, settings={name: value for name, value in values.items() if value is not None})

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def _flag_type(kind: Any) -> Any:
    """Return the type of a flag, which is None if it is not used, from the type of a field."""
    if typing.get_origin(kind) is Sequence:
        return list[str] | None
    return kind | None


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
