"""Command-line flags derived from the fields of dataclasses: names, types and help."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
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

Command = Callable[..., None]


def with_flags_in_use(
    command: Command,
    arguments: Collection[str],
    chosen: str | None,
    tasks: Iterable[str],
    *,
    of: Callable[[str], type[Any]] = task_class,
) -> Command:
    """Return a command with a flag for every field of a dataclass that belongs to the chosen task.

    A task is imported only when its flags are needed. All tasks are used if none is chosen, or if an
    argument is a flag that the chosen one lacks, so that the message about it can name the task.

    Parameters
    ----------
    command
        Function whose last parameter ``settings`` receives the flags that were used, as values by name.
    arguments
        Arguments of the command.
    chosen
        Name of the chosen task, or None if it is unknown.
    tasks
        Names of all tasks that the command supports.
    of
        Returns the dataclass of a task.
    """
    if chosen in (tasks := tuple(tasks)):
        complete = with_flags(command, {chosen: of(chosen)})
        flags = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
        if flags <= known_flags(complete):
            return complete
    return with_flags(command, {task: of(task) for task in tasks})


def chosen_task(arguments: Sequence[str]) -> str | None:
    """Return the task that arguments choose; None if the help is to list the flags of all tasks.

    Examples
    --------
    >>> chosen_task(["sounds", "--task", "speech"]), chosen_task(["--task=snr"]), chosen_task(["sounds"])
    ('speech', 'snr', 'noise')
    """
    task = None if {"-h", "--help"} & set(arguments) else DEFAULT_TASK
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        flag, equals, value = argument.partition("=")
        if flag == "--task":
            task = value if equals else following
    return task


def known_flags(command: Command) -> set[str]:
    """Return all flags of a command, ``--help`` included."""
    app = typer.Typer(add_completion=False)
    app.command()(command)
    parameters = typer.main.get_command(app).params
    return {"--help", *(flag for one in parameters for flag in (*one.opts, *one.secondary_opts))}


def with_flags(command: Command, classes: Mapping[str, type[Any]]) -> Command:
    """Return a command with a flag for every field of some dataclasses, given by the name of their task.

    Name, type and help of a flag come from the field and the docstring of its class; the help shows where
    classes differ. Flags that are not used keep the default of the class.
    """
    owners: dict[str, list[str]] = {}
    for task, one in classes.items():
        for setting in fields(one):
            if setting.init:
                owners.setdefault(setting.name, []).append(task)
    defaults = {task: one() for task, one in classes.items()}
    help_of = {task: parameter_help(one) for task, one in classes.items()}

    def parameter(name: str) -> inspect.Parameter:
        texts = _by_value({task: help_of[task].get(name, "") for task in owners[name]})
        values = _by_value({task: str(getattr(defaults[task], name, None)) for task in owners[name]})
        text = max(texts, key=lambda text: len(texts[text]))
        others = [f"For {', '.join(names)}: {other}" for other, names in texts.items() if other != text]
        notes = [] if len(owners[name]) > len(classes) / 2 else [f"\\[{', '.join(owners[name])}]"]
        if len(values) > 1:
            each = [f"{value} for {', '.join(names)}" for value, names in values.items()]
            notes.append(f"\\[default: {'; '.join(each)}]")
        elif not {"None", "()"} & set(values):
            notes.append(f"\\[default: {next(iter(values))}]")
        dimmed = [f"[dim]{note}[/dim]" for note in notes]
        flag = typer.Option(
            flag_of(name),
            help=" ".join([text, *others, *dimmed]),
            show_default=False,
            rich_help_panel="Settings",
        )
        kind = typing.get_type_hints(classes[owners[name][0]])[name]
        kind = list[str] if typing.get_origin(kind) is Sequence else kind
        kind = kind if type(None) in typing.get_args(kind) else kind | None
        return inspect.Parameter(
            name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Annotated[kind, flag]
        )

    *own, _ = inspect.signature(command, eval_str=True).parameters.values()

    def run(**arguments: Any) -> None:
        given = {name: value for name in owners if (value := arguments.pop(name)) is not None}
        command(**arguments, settings=given)

    run.__signature__ = inspect.Signature([*own, *map(parameter, owners)])  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def _by_value(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names that have each of the values."""
    names: dict[str, list[str]] = {}
    for name, text in texts.items():
        names.setdefault(text, []).append(name)
    return names


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
    found: dict[str, str] = {}
    for one in reversed(documented.__mro__):
        sections = re.split(r"\n(?=\w+\n-{3,}\n)", inspect.cleandoc(one.__doc__ or ""))
        entries = [part.split("\n", 2)[2] for part in sections if part.startswith("Parameters\n")]
        for entry in re.split(r"\n(?=\S)", "\n".join(entries)):
            names, _, text = entry.partition("\n")
            for name in names.split(","):
                found[name.strip()] = " ".join(text.split()).replace("``", "").replace("`", "")
    return found
