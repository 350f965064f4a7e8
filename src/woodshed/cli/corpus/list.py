"""``woodshed corpus list``: the corpora that are known by name."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from woodshed.cli.terminal import note, print_table


def command(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the corpora."""
    from dataclasses import asdict

    from woodshed.data.corpora import CORPORA, corpus_facts

    known = [corpus_facts(name) for name in CORPORA]
    if json_:
        typer.echo(json.dumps([asdict(one) for one in known], indent=2, ensure_ascii=False))
        return
    print_table(
        ("corpus", "holds", "licence", "examples", "hours"),
        [
            (
                *(one.name, one.content, one.licence.partition(";")[0].partition(":")[0]),
                *(_number(one.n_examples), _number(one.hours)),
            )
            for one in known
        ],
        numbers_from=3,
    )
    note("A dash: not known. More: woodshed corpus info NAME. To learn from one: woodshed train NAME:FOLDER.")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"
