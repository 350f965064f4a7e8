"""``woodshed compare``: several nets on the same folds, with what each costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.flags import JOB_HELP, with_settings
from woodshed.cli.place import feature_folder
from woodshed.cli.terminal import note, print_table, progress_bar, say
from woodshed.cli.train import check_for
from woodshed.cli.words import names_in
from woodshed.errors import DataError, ParameterError, printable

if TYPE_CHECKING:
    from woodshed.recognition.experiments.comparison import Comparison


@with_settings
def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders with sound or MIDI files, a table (.csv, .parquet), or a corpus "
            "as NAME:PATH."
        ),
    ],
    task: Annotated[str, typer.Option(help=JOB_HELP)] = "noise",
    nets: Annotated[
        str | None,
        typer.Option(
            help="What to compare, with commas between. "
            "[dim]\\[default: the job's own, mlp, conv-stack, svm, forest, logistic][/dim]"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and tables.")] = Path("comparison"),
    split: Annotated[str, typer.Option(help="How to test; as for train.")] = "auto",
    group_by: Annotated[str | None, typer.Option(help="Who a sound comes from; as for train.")] = None,
    target: Annotated[str | None, typer.Option(help="Columns of the table to learn; as for train.")] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on with a comparison that was cut short; what is done is not done again.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Refuse when any file or candidate is left out.")] = False,
    force: Annotated[bool, typer.Option(help="Replace the comparison that is there already.")] = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Compare nets on the same folds: how well each does, and what it costs."""
    from woodshed.data.split import honest_splits, parse_split
    from woodshed.recognition.corpus import load_corpus_for
    from woodshed.recognition.experiments.comparison import ModelComparison, candidates_of
    from woodshed.report.recognition.folder import NOTEBOOK_NAME, prepare_folder
    from woodshed.tasks import task_class
    from woodshed.training.run_state import RunState

    if "net" in settings:
        raise ParameterError(f"--net names one net. To compare, give --nets {settings['net']},svm or others.")
    estimator = task_class(task)(**{"store": feature_folder(), **settings})
    estimator.check_settings()
    candidates = candidates_of(estimator, nets)
    parse_split(split)  # a misspelt one is refused before any sound is opened
    corpus = load_corpus_for(estimator, data, group_by=group_by, targets=names_in(target))
    prepare_folder(out, resume=resume, force=force)
    corpus = check_for(estimator, corpus, strict=strict)
    tested = honest_splits(corpus, split, estimator.seed)[0]
    bakeoff = ModelComparison(estimator, corpus, tested, candidates, RunState(out / NOTEBOOK_NAME), resume)
    with progress_bar() as bakeoff.watcher:
        comparison = bakeoff.measure()
    print_comparison(comparison, out)
    if comparison.interrupted or comparison.failed:
        note("What is done is kept. To try the others, give the same command with --resume.")
    else:
        bakeoff.run_state.close()
    say(f"\nPage and tables: {printable(out / 'comparison.html')}")
    if strict and comparison.failed:
        raise DataError(f"{len(comparison.failed)} candidates failed: {', '.join(comparison.failed)}.")


def print_comparison(comparison: Comparison, out: Path) -> None:
    """Write the page and the tables into a folder, and print scores and costs one below the other."""
    from woodshed.report.recognition.comparison import N_OF_SCORES, cells, heading, ranking, remarks
    from woodshed.report.recognition.comparison_page import write_comparison

    ranked = ranking(comparison)
    write_comparison(comparison, ranked, out)
    say(f"Tested on {comparison.split}, {len(comparison.truth)} clips")
    head, rows = heading(comparison), [cells(comparison, one) for one in ranked]
    print_table(head[:N_OF_SCORES], [row[:N_OF_SCORES] for row in rows], numbers_from=1)
    say()
    costs = [(row[0], *row[N_OF_SCORES:]) for row in rows if row[0] in comparison.costs]
    print_table((head[0], *head[N_OF_SCORES:]), costs, numbers_from=1)
    for remark in remarks(comparison):
        note(remark)
