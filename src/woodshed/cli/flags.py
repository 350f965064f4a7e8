"""Flags made from a constructor: names, types and help come from the class, and are said once."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Annotated, Any

import typer

from woodshed.base.piece import flag_of
from woodshed.base.recogniser import Recogniser
from woodshed.tasks import COMPOSERS, JOBS, job_class

JOB_HELP = f"What to learn: {', '.join(JOBS)}."
"""Help of ``--job``: every job that listens."""


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for every setting of a recogniser; those that are used reach it as ``settings``.

    A flag that is not given is left to the job, whose default may differ from other jobs'; the help
    shows those of each job.
    """
    types = typing.get_type_hints(Recogniser)
    help_of = parameter_help(Recogniser)
    defaults = {job: job_class(job)() for job in JOBS}

    def parameter(name: str) -> inspect.Parameter:
        shown = {job: getattr(recogniser, name, None) for job, recogniser in defaults.items()}
        values = set(shown.values())
        text = (
            str(values.pop())
            if len(values) == 1
            else ", ".join(f"{value} for {job}" for job, value in shown.items())
        )
        help_text = help_of[name] + ("" if text == "None" else f" [dim]\\[default: {text}][/dim]")
        flag = typer.Option(
            f"--{name.replace('_', '-')}", help=help_text, show_default=False, rich_help_panel="Settings"
        )
        return inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[_optional(types[name]), flag],
        )

    settings = [setting.name for setting in fields(Recogniser)]
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "settings"]

    def run(**arguments: Any) -> None:
        given = {name: value for name in settings if (value := arguments.pop(name)) is not None}
        command(**arguments, settings=given)

    positional = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in own]
    run.__signature__ = inspect.Signature([*positional, *map(parameter, settings)])  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def with_wishes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for all that can be asked of any job that writes; used ones come as ``wishes``.

    What makes no sense for the model at hand is refused by its wish, not here.
    """
    classes = {job: job_class(job).wish_class for job in COMPOSERS}
    found: dict[str, dict[str, Any]] = {}
    for job, wish_class in classes.items():
        for setting in fields(wish_class):
            if setting.init:
                found.setdefault(setting.name, {})[job] = setting

    def parameter(name: str) -> inspect.Parameter:
        of = found[name]
        texts = {parameter_help(classes[job]).get(name, ""): job for job in of}
        text = " ".join(told if len(texts) == 1 else f"{job}: {told}" for told, job in texts.items())
        only = "" if len(of) == len(classes) else f" [dim]\\[{', '.join(of)}][/dim]"
        job, setting = next(iter(of.items()))
        flag = typer.Option(flag_of(setting), help=text + only, show_default=False, rich_help_panel="Wishes")
        kind = typing.get_type_hints(classes[job])[name]
        kind = list[str] if typing.get_origin(kind) is Sequence else kind
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[_optional(kind), flag]
        )

    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "wishes"]

    def run(**arguments: Any) -> None:
        given = {name: value for name in found if (value := arguments.pop(name)) is not None}
        command(**arguments, wishes=given)

    positional = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in own]
    run.__signature__ = inspect.Signature([*positional, *map(parameter, found)])  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def parameter_help(documented: type) -> dict[str, str]:
    """Read the descriptions of parameters out of the numpydoc docstrings of a class and those above it.

    Examples
    --------
    >>> parameter_help(Recogniser)["seed"]
    'Source of every random draw.'
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
