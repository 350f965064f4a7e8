"""What verbs print with: tables, notes, problems, and the progress of a run."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from woodshed.errors import DataError, counted, printable

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup
    from woodshed.data.example import Skipped
    from woodshed.data.group_guess import Candidate
    from woodshed.recognition.experiments.column_result import ColumnExperiment
    from woodshed.recognition.experiments.cross_validation import Watcher
    from woodshed.recognition.experiments.result import Experiment

N_NAMED = 10
"""So many files that were set aside are named, if a report names the rest."""

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, stderr=True, soft_wrap=True)


def say(text: str = "") -> None:
    """Print a line of the answer."""
    out.print(escape(text))


def note(text: str) -> None:
    """Print a remark beside the answer, on standard error."""
    err.print(f"[yellow]note[/] {escape(text)}")


def problem(text: str) -> None:
    """Print why there is no answer, on standard error."""
    err.print(f"[red]error[/] {escape(text)}")


def print_table(heading: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 99) -> None:
    """Print a table; columns from ``numbers_from`` on are set flush right."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for k, name in enumerate(heading):
        table.add_column(name, justify="right" if k >= numbers_from else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table, soft_wrap=False)


def print_scores(rows: Iterable[tuple[str, str, str, str, str]], measure: str = "right") -> None:
    """Print rows of split, badge, method, share of right answers (or another measure), interval."""
    cells: list[tuple[str, str, str]] = []
    last = ""
    for split, badge, method, right, interval in rows:
        heading = f"Tested on {split}" + (f"   ({badge})" if badge else "")
        if heading != last:
            cells.append((heading, measure, "95 % interval"))
            last = heading
        cells.append((f"  {method}", right, interval))
    print_table(("", "", ""), cells, numbers_from=1)


def print_measures(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print scores that are no shares of right answers, as `woodshed.report.recognition.tags.main_scores` has them."""
    from woodshed.metrics.interval import Interval
    from woodshed.report.recognition.wording import decimal, decimal_range

    def texts(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
        value, low, high = (math.nan if x is None else x for x in (row["value"], *row["interval"]))
        return row["split"], row["badge"], row["method"], decimal(value), decimal_range(Interval(low, high))

    print_scores(map(texts, rows), rows[0]["measure"])


def print_bits(rows: Sequence[tuple[str, float | None]]) -> None:
    """Print how many bits a token of unseen pieces takes, for a model and the n-grams beside it."""
    cells = [(f"  {method}", "–" if bits is None else f"{bits:.3f}") for method, bits in rows]
    print_table(("On pieces held out", "bits a token"), cells, numbers_from=1)


def score_texts(experiment: Experiment) -> list[tuple[str, str, str, str, str]]:
    """Return what `print_scores` prints of an experiment."""
    from woodshed.report.recognition.table import score_rows

    return [row.to_texts() for row in score_rows(experiment)]


def print_experiment(experiment: Experiment | ColumnExperiment) -> None:
    """Print the scores of an experiment of any kind, and what a leaky one among them has too much."""
    from woodshed.recognition.experiments.column_result import ColumnExperiment
    from woodshed.report.recognition.gap import gap_text

    if isinstance(experiment, ColumnExperiment):
        from woodshed.report.recognition.tags import main_scores

        print_measures(main_scores(experiment))
    else:
        print_scores(score_texts(experiment))
    if gap := gap_text(experiment):
        say(f"\n{gap}")


def name_findings(checkup: Checkup, data: str, target: str | None = None) -> None:
    """Name what a quick look at the sounds found, a line for each kind, the most harmful first."""
    for kind in dict.fromkeys(finding.kind for finding in checkup.findings):
        first, *more = (finding for finding in checkup.findings if finding.kind == kind)
        rest = f" (and {len(more)} more of this kind)" if more else ""
        note(f"{kind} (harm {first.harm:.2f}): {printable(first.message)}{rest}")
    if checkup.findings:
        words = ["woodshed", "doctor", data, *(("--target", target) if target else ())]
        note(f"To see more: {shlex.join(words)}")


def print_candidates(candidates: Sequence[Candidate]) -> None:
    """Print what may tell groups, and how to confirm one."""
    say("\nWho or what was recorded may be told by one of these, the likeliest first:")
    rows = [
        (
            f"--group-by {shlex.quote(one.group_by)}",
            one.word,
            str(one.n_groups),
            str(one.n_examples),
            one.summary,
        )
        for one in candidates
    ]
    print_table(("to take it", "called", "groups", "sounds", "such as"), rows)
    say("These are guesses. If one is right, confirm it: give the command again with its --group-by.\n")


def name_likeliest(candidates: Sequence[Candidate]) -> None:
    """Name the likeliest guess at the groups, which is not used."""
    for one in candidates[:1]:
        note(
            f"The groups are unknown. {one.n_groups} of them ({one.summary}) may be told by --group-by "
            f"{shlex.quote(one.group_by)}: give it, if that is right. --dry-run shows all guesses."
        )


def list_skipped(skipped: Sequence[Skipped], *, in_report: bool = False) -> None:
    """Name the files that were left out and why: all of them, or a few if a report names them, too."""
    shown = skipped[:N_NAMED] if in_report else skipped
    for entry in shown:
        name = printable(entry.path)
        reason = printable(entry.reason)
        note(f"left out {reason if reason.startswith(name) else f'{name}: {reason}'}")
    if len(skipped) > len(shown):
        note(f"... and {len(skipped) - len(shown)} more; all are in the report.")


def refuse_skipped(skipped: Sequence[Skipped], *, strict: bool, what: str = "file") -> None:
    """End here if something was left out, and that was not to be."""
    if strict and skipped:
        raise DataError(
            f"{counted(len(skipped), what)} cannot be used. Mend or remove them, or leave out --strict."
        )


@contextmanager
def progress_bar() -> Iterator[Watcher]:
    """Show the trainings of a run, a bar for each, while the block lasts."""
    from woodshed.recognition.experiments.cross_validation import Watcher

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err) as bars:
        tasks: list[int] = []

        def begin(what: str, n_epochs: int) -> None:
            # Without epochs there is no share that is done: the bar moves to and fro.
            tasks.append(bars.add_task(escape(what), total=n_epochs or None, state=""))

        def epoch(number: int, loss: float, accuracy: float | None) -> None:
            state = f"loss {loss:.2f}" if accuracy is None else f"loss {loss:.2f}, right {accuracy:.0%}"
            bars.update(tasks[-1], completed=number + 1, state=state)  # type: ignore[arg-type]

        def end(accuracy: float | None) -> None:
            state = "done" if accuracy is None else f"right {accuracy:.0%} of the part held out"
            if tasks:
                done = bars.tasks[-1].completed or 1
                bars.update(tasks[-1], total=done, completed=done, state=state)  # type: ignore[arg-type]

        yield Watcher(begin, epoch, end)


@contextmanager
def counting_bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how many of ``total`` are done while the block lasts; call what it gives after each."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(escape(what), total=total)
        yield lambda: bars.advance(task)
