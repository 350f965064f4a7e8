"""``woodshed compare``: compare models on the same folds, with their costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.flags import (
    DEFAULT_TASK,
    RECOGNITION_TASK_HELP,
    Command,
    choices_of,
    task_in,
    with_task_flags,
)
from woodshed.cli.setting_table import task_settings
from woodshed.cli.terminal import (
    Json,
    list_skipped,
    names_in,
    note,
    print_json,
    print_table,
    progress_bar,
    resources,
    say,
)
from woodshed.errors import DataError, counted, printable
from woodshed.tasks import recognition_tasks

if TYPE_CHECKING:
    from woodshed.recognition.experiments.model_comparison import Comparison
    from woodshed.report.recognition.comparison import Ranked


def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders with audio or MIDI files, a table (.csv, .parquet), or a corpus "
            "as NAME:PATH."
        ),
    ],
    task: Annotated[
        str, typer.Option(help=RECOGNITION_TASK_HELP, autocompletion=choices_of(recognition_tasks()))
    ] = DEFAULT_TASK,
    nets: Annotated[
        str | None,
        typer.Option(
            help="Models to compare, separated by commas. "
            "[dim]\\[default: the task's own, mlp, conv-stack, svm, forest, logistic][/dim]"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and tables.")] = Path("comparison"),
    split: Annotated[str, typer.Option(help="How to test; as for train.")] = "auto",
    group_by: Annotated[
        str | None, typer.Option(help="Speaker, song or source of a file; as for train.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Columns of the table with the targets; as for train.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Continue an interrupted comparison; finished folds are not repeated.")
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Fail if any file has to be skipped or a candidate fails.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Replace an existing comparison.")] = False,
    json_: Json = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Compare models on the same sounds: accuracy, size and speed.

    All models are fitted and tested on the same folds.

    Example: woodshed compare sounds --task noise --group-by part:1 --nets conv-residual,svm,forest
    """
    from woodshed.workflows.compare import CompareSettings, compare, prepare_comparison

    request = CompareSettings(
        task=task,
        data=data,
        out=out,
        settings={**resources(), **settings},
        nets=nets,
        split=split,
        group_by=group_by,
        targets=names_in(target),
        resume=resume,
        strict=strict,
        force=force,
    )
    preparation = prepare_comparison(request)
    list_skipped(preparation.corpus.skipped)
    with preparation.lock, progress_bar() as watcher:
        comparison, ranked = compare(preparation, watcher)
    if json_:
        from woodshed.report.recognition.comparison import to_values

        print_json(to_values(comparison, ranked))
    else:
        print_comparison(comparison, ranked)
        say(f"\nPage and tables: {printable(out / 'comparison.html')}")
    if comparison.interrupted or comparison.failed:
        note("Finished candidates are kept. To try the others, repeat the command with --resume.")
    if comparison.interrupted:
        raise KeyboardInterrupt
    if strict and comparison.failed:
        n_failed = counted(len(comparison.failed), "candidate")
        raise DataError(f"{n_failed} failed: {', '.join(comparison.failed)}.")


def command_for(arguments: Sequence[str]) -> Command:
    """Return the command with flags for the settings of the chosen task."""
    settings = task_settings("train", recognition_tasks())
    return with_task_flags(command, arguments, task_in(arguments), settings)


def print_comparison(comparison: Comparison, ranked: list[Ranked]) -> None:
    """Print scores and costs, one table below the other."""
    from woodshed.report.recognition.comparison import N_OF_SCORES, cells, heading, remarks

    say(f"Tested on {comparison.split}, {len(comparison.truth)} clips")
    head, rows = heading(comparison), [cells(comparison, one) for one in ranked]
    print_table(head[:N_OF_SCORES], [row[:N_OF_SCORES] for row in rows], numbers_from=1)
    say()
    costs = [(row[0], *row[N_OF_SCORES:]) for row in rows if row[0] in comparison.costs]
    print_table((head[0], *head[N_OF_SCORES:]), costs, numbers_from=1)
    for remark in remarks(comparison):
        note(remark)
