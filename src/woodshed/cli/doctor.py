"""``woodshed doctor``: what is wrong with a set of sounds, before anyone learns from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import counting_bar, print_table, say
from woodshed.cli.words import names_in
from woodshed.errors import ParameterError, printable

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup


def command(
    data: Annotated[
        str,
        typer.Argument(help="A folder of class folders, a table (.csv, .parquet), or a corpus as NAME:PATH."),
    ],
    group_by: Annotated[str | None, typer.Option(help="Who a sound comes from; as for train.")] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Columns of the table that hold values, or tags as 0 and 1; as for train."),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="How to answer: text or json.")] = "text",
    out: Annotated[
        Path | None, typer.Option(help="File to write the answer to; the terminal if not given.")
    ] = None,
    n: Annotated[int, typer.Option("-n", help="Files named of each finding in a text.", min=0)] = 3,
    seed: Annotated[int, typer.Option(help="Source of every random draw, 0 or more.")] = 0,
    jobs: Annotated[int, typer.Option(help="Sounds looked at at once; -1 is one for each core.")] = -1,
) -> None:
    """Look at a set of sounds before training: faults, copies, wrong labels and shortcuts, ranked by harm."""
    from woodshed.atomic import write_whole
    from woodshed.data.doctor import doctor
    from woodshed.data.source import read_source

    if format_ not in ("text", "json"):
        raise ParameterError(f"--format expects text or json, got {format_!r}.")
    corpus = read_source(data, group_by=group_by, targets=names_in(target))
    with staged_bar() as on_stage:
        checkup = doctor(corpus, n_jobs=jobs, seed=seed, on_stage=on_stage)
    if out is not None:
        write_whole(out, (checkup.to_json() if format_ == "json" else checkup.to_text(n)) + "\n")
        say(f"{checkup.summary} {printable(out)}")
    elif format_ == "json":
        typer.echo(checkup.to_json())
    else:
        print_checkup(checkup, n)


@contextmanager
def staged_bar() -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """Show one counting bar after the other while the block lasts; call what it gives at each stage."""
    with ExitStack() as stage:

        def begin(what: str, total: int) -> Callable[[], None]:
            stage.close()
            return stage.enter_context(counting_bar(what, total))

        yield begin


def print_checkup(checkup: Checkup, n_shown: int) -> None:
    """Print the findings as a ranked table, then each with its files and what mends it."""
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
