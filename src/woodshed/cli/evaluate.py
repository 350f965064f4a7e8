"""``woodshed evaluate``: test a model on other sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import Json, list_skipped, names_in, note, print_experiment, print_json, say
from woodshed.errors import printable


def command(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    data: Annotated[
        str, typer.Argument(help="A folder of class folders, a table, or a corpus as NAME:PATH.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for report.html and metrics.json.")] = None,
    group_by: Annotated[
        str | None, typer.Option(help="Speaker, song or source of a file; as for train.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Columns of the table with the targets; as for train.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Fail if any file has to be skipped.")] = False,
    force: Annotated[bool, typer.Option(help="Replace an older report.")] = False,
    json_: Json = False,
) -> None:
    """Evaluate a model on other sounds and write a report.

    Example: woodshed evaluate my-model other-sounds --out my-report
    """
    from woodshed.report.recognition.page import skipped_files
    from woodshed.workflows.evaluate import evaluate
    from woodshed.workflows.model import check_model

    check_model(model, "evaluate MODEL DATA")
    experiment = evaluate(
        model,
        data,
        out=out,
        group_by=group_by,
        targets=names_in(target),
        strict=strict,
        force=force,
    )
    list_skipped(skipped_files(experiment), in_report=out is not None)
    if experiment.splits[0].leaky:
        note("The model was trained on some of these sounds or groups: the score is too high.")
    if json_:
        from woodshed.report.recognition.head_report import report_of

        print_json(report_of(experiment.head).metrics(experiment))
        return
    print_experiment(experiment)
    if out is not None:
        say(f"\nReport: {printable(out / 'report.html')}")
