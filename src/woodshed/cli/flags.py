"""Command-line flags derived from the fields of dataclasses: names, types and help."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import Annotated, Any

import typer

from woodshed.composition.generator import flag_of
from woodshed.errors import ParameterError
from woodshed.tasks import GENERATORS, TASKS, recognition_tasks, task_class

RECOGNITION_TASK_HELP = f"What to recognise: {', '.join(recognition_tasks())}."
"""Help of ``--task`` where recognition tasks are accepted."""

TRAIN_TASK_HELP = (
    f"{RECOGNITION_TASK_HELP} What to compose: {', '.join(sorted(set(TASKS) & set(GENERATORS)))}."
)
"""Help of ``--task`` where every task is accepted."""

Command = Callable[..., None]


def with_settings(tasks: Iterable[str]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command a flag for every setting of the given tasks.

    Name, type and help of a flag come from the class of the task. Used flags are passed as ``settings``; the
    others keep the default of the task, and the help shows where defaults differ.
    """
    classes = {task: task_class(task) for task in tasks}
    return lambda command: _with_settings(command, classes)


def _with_settings(command: Command, classes: dict[str, type[Any]]) -> Command:
    """Return a command with a flag for every setting of some classes."""
    defaults = {task: task_class(task)() for task in classes}
    owners: dict[str, list[str]] = {}
    for task, one in classes.items():
        for setting in fields(one):
            owners.setdefault(setting.name, []).append(task)
    help_of = {one: parameter_help(one) for one in classes.values()}
    types = {one: typing.get_type_hints(one) for one in classes.values()}

    def parameter(name: str) -> inspect.Parameter:
        texts: dict[str, list[str]] = {}
        values: dict[str, list[str]] = {}
        for task in owners[name]:
            texts.setdefault(help_of[classes[task]][name], []).append(task)
            values.setdefault(str(getattr(defaults[task], name, None)), []).append(task)
        text = max(texts, key=lambda text: len(texts[text]))
        others = [f"For {', '.join(names)}: {other}" for other, names in texts.items() if other != text]
        default = next(iter(values))
        if len(values) > 1:
            default = "; ".join(f"{value} for {', '.join(names)}" for value, names in values.items())
        help_text = " ".join([text, *others]) + (
            "" if default == "None" else f" [dim]\\[default: {default}][/dim]"
        )
        flag = typer.Option(
            f"--{name.replace('_', '-')}", help=help_text, show_default=False, rich_help_panel="Settings"
        )
        kind = _optional(types[classes[owners[name][0]]][name])
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, flag]
        )

    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "settings"]

    def run(**arguments: Any) -> None:
        given = {name: value for name in owners if (value := arguments.pop(name)) is not None}
        command(**arguments, settings=given)

    positional = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in own]
    run.__signature__ = inspect.Signature([*positional, *map(parameter, owners)])  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


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


def with_request_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for every field of the request of any generator; used flags come as ``requests``.

    A field that the generator at hand does not have is refused by its request, not here.
    """
    classes = {task: task_class(task).request_class for task in GENERATORS}
    found: dict[str, dict[str, Any]] = {}
    for task, request_class in classes.items():
        for setting in fields(request_class):
            if setting.init:
                found.setdefault(setting.name, {})[task] = setting

    def parameter(name: str) -> inspect.Parameter:
        of = found[name]
        texts: dict[str, list[str]] = {}
        for task in of:
            texts.setdefault(parameter_help(classes[task]).get(name, ""), []).append(task)
        descriptions = [
            text if len(texts) == 1 else f"{', '.join(names)}: {text}" for text, names in texts.items()
        ]
        only = "" if len(of) == len(classes) else f" [dim]\\[{', '.join(of)}][/dim]"
        flag = typer.Option(
            flag_of(name), help=" ".join(descriptions) + only, show_default=False, rich_help_panel="Request"
        )
        kind = typing.get_type_hints(classes[next(iter(of))])[name]
        kind = list[str] if typing.get_origin(kind) is Sequence else kind
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[_optional(kind), flag]
        )

    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "requests"]

    def run(**arguments: Any) -> None:
        given = {name: value for name in found if (value := arguments.pop(name)) is not None}
        command(**arguments, requests=given)

    positional = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in own]
    run.__signature__ = inspect.Signature([*positional, *map(parameter, found)])  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


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


def _optional(annotation: Any) -> Any:
    """Return the type of a flag that may be left out."""
    return annotation if type(None) in typing.get_args(annotation) else annotation | None
