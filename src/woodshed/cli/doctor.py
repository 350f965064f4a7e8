"""``woodshed doctor``: examine a set of sounds before training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import Json, ProgressBar, names_in, print_table, say
from woodshed.errors import ParameterError, printable

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup


def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders, a table (.csv, .parquet), or a corpus as NAME:PATH. Of a folder "
            "of sounds, or a single sound, format, level and copies are checked."
        ),
    ],
    group_by: Annotated[str | None, typer.Option(help="Origin of each sound; see train.")] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Columns of the table that hold values, or tags as 0 and 1; see train."),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="Output format: text or json.")] = "text",
    out: Annotated[
        Path | None, typer.Option(help="Output file. [dim]\\[default: print to the terminal][/dim]")
    ] = None,
    n: Annotated[int, typer.Option("-n", help="Files listed per finding in text output.", min=0)] = 3,
    thorough: Annotated[
        bool, typer.Option(help="Check the labels of all sounds, not only of 3000 of a larger set.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of all random draws, 0 or more.")] = 0,
    json_: Json = False,
    jobs: Annotated[int, typer.Option(help="Number of sounds processed in parallel; -1: one per core.")] = -1,
) -> None:
    """Examine a set of sounds before training: faults, copies, wrong labels, shortcuts.

    Findings are ranked by the harm that they do to a model or its score, each with its remedy.

    Example: woodshed doctor recordings --group-by part:1
    """
    from woodshed.atomic import write_whole
    from woodshed.workflows.corpus import examine

    format_ = "json" if json_ else format_
    if format_ not in ("text", "json"):
        raise ParameterError(f"Invalid --format {format_!r}. Expected text or json.")
    checkup = examine(
        data,
        group_by=group_by,
        targets=names_in(target),
        seed=seed,
        n_jobs=jobs,
        thorough=thorough,
        progress=ProgressBar(),
    )
    if out is not None:
        write_whole(out, (checkup.to_json() if format_ == "json" else checkup.to_text(n)) + "\n")
        if not json_:
            say(f"{checkup.summary} {printable(out)}")
    if json_ or (format_ == "json" and out is None):
        typer.echo(checkup.to_json())
    elif out is None:
        print_checkup(checkup, n)


def print_checkup(checkup: Checkup, n_shown: int) -> None:
    """Print the findings as a ranked table, then each with its files and its remedy."""
    say(checkup.summary)
    if not checkup.findings:
        return
    rows = [
        (str(k), finding.kind, str(len(finding.files)), f"{finding.harm:.2f}")
        for k, finding in enumerate(checkup.findings, start=1)
    ]
    say()
    print_table(("", "finding", "files", "harm"), rows, numbers_from=2)
    for k, finding in enumerate(checkup.findings, start=1):
        say(f"\n{k}. {finding.to_text(n_shown)}")
