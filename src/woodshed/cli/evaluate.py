"""``woodshed evaluate``: test a model on other sounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import list_skipped, note, print_experiment, refuse_skipped, say
from woodshed.cli.words import names_in
from woodshed.errors import printable

if TYPE_CHECKING:
    from woodshed.recognition.experiments.column_result import ColumnExperiment
    from woodshed.recognition.experiments.result import Experiment


def command(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    data: Annotated[
        str, typer.Argument(help="A folder of class folders, a table, or a corpus as NAME:PATH.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for report.html and metrics.json.")] = None,
    group_by: Annotated[str | None, typer.Option(help="Who a sound comes from; as for train.")] = None,
    target: Annotated[
        str | None, typer.Option(help="Columns of the table that hold the truth; as for train.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Refuse when any file has to be left out.")] = False,
    force: Annotated[bool, typer.Option(help="Replace an older report.")] = False,
) -> None:
    """Test a model on other sounds and write a report."""
    from woodshed.data.check import check
    from woodshed.recognition.corpus import load_corpus_for
    from woodshed.recognition.experiments.columns import evaluate_columns
    from woodshed.recognition.experiments.evaluation import evaluate
    from woodshed.report.recognition.folder import is_heard, prepare_folder, write_results
    from woodshed.tasks import load

    recogniser = load(model)
    corpus = load_corpus_for(recogniser, data, group_by=group_by, targets=names_in(target), to_learn=False)
    if out is not None:
        prepare_folder(out, force=force)
    corpus = check(corpus, least_classes=1)
    heard = is_heard(model, corpus)
    ask = evaluate if recogniser.answer == "classes" else evaluate_columns
    experiment: Experiment | ColumnExperiment = ask(recogniser, corpus, leaky=heard)
    left_out = [*corpus.skipped, *experiment.skipped]
    list_skipped(left_out, in_report=out is not None)
    refuse_skipped(left_out, strict=strict)
    if heard:
        note("The model learned from some of these sounds or groups: the score flatters it.")
    print_experiment(experiment)
    if out is not None:
        write_results(experiment, out)
        say(f"\nReport: {printable(out / 'report.html')}")
