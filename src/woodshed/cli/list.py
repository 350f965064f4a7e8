"""``woodshed list``: list what a user can choose by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.flags import choices_of
from woodshed.cli.terminal import note, print_json, print_table
from woodshed.workflows.listing import REGISTRIES, list_entries, registry

if TYPE_CHECKING:
    from woodshed.workflows.listing import Fact


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=f"What to list: {', '.join(REGISTRIES)}.",
            show_default=False,
            autocompletion=choices_of(REGISTRIES),
        ),
    ] = "",
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON: an array with one object per entry, with more facts.")
    ] = False,
) -> None:
    """List tasks, nets, features, corpora and whatever else can be chosen by name.

    Example: woodshed list features
    """
    entries = list_entries(name)
    if json_:
        objects = [{"name": entry.name, "description": entry.description, **entry.facts} for entry in entries]
        print_json(objects)
        return
    source = registry(name)
    rows = [
        (entry.name, entry.description, *(cell(entry.facts[fact]) for fact in source.columns))
        for entry in entries
    ]
    print_table(("name", "description", *source.columns.values()), rows)
    if source.hint:
        note(source.hint)


def cell(fact: Fact) -> str:
    """Format a fact for a table: a dash if it is unknown, of a text the part before a colon or semicolon.

    Examples
    --------
    >>> cell(None), cell(2000), cell("CC BY 3.0; each clip under its own licence")
    ('–', '2,000', 'CC BY 3.0')
    """
    if fact is None:
        return "–"
    if isinstance(fact, int | float):
        return f"{fact:,}"
    return str(fact).partition(";")[0].partition(":")[0]
