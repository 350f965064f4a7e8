"""What the commands share: notes and tables on the terminal, progress bars, and names given in flags."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import platformdirs
import typer
from rich.console import Console
from rich.markup import escape

from woodshed.cli.setting_table import COMMAND_DEFAULTS
from woodshed.errors import counted, printable
from woodshed.workflows.progress import stage

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup
    from woodshed.data.example import Skipped
    from woodshed.data.file_jobs import Outcome
    from woodshed.data.group_guess import Candidate
    from woodshed.recognition.experiments.result import Experiment
    from woodshed.report.recognition.head_report import HeadReport, ScoreRow
    from woodshed.training.progress import Watcher


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
"""Flag of every verb that reports; notes and progress go to standard error anyway."""

N_NAMED = 10
"""Maximum number of skipped files that are printed when a report lists all of them."""


class _Console(Console):
    """Console that raises `BrokenPipeError` if its reader has ended, instead of ending the process."""

    def on_broken_pipe(self) -> None:
        raise


out = _Console(highlight=False, soft_wrap=True)
err = _Console(highlight=False, stderr=True, soft_wrap=True)


class Verbosity:
    """How much is printed: set once for each run of the command."""

    quiet = False
    """Whether notes and progress are left out."""
    verbose = False
    """Whether an error is shown with its traceback."""


def say(text: str = "") -> None:
    """Print a line of the result on standard output."""
    out.print(escape(text))


def note(text: str) -> None:
    """Print a note on standard error, unless the run is quiet."""
    if not Verbosity.quiet:
        err.print(f"[yellow]note[/] {escape(text)}")


def problem(text: str) -> None:
    """Print an error message on standard error."""
    err.print(f"[red]error[/] {escape(text)}")


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output; NaN and infinity become null, and paths text."""
    from woodshed.training.model_folder import to_json

    typer.echo(to_json(_with_text_paths(value)), nl=False)


def _with_text_paths(value: Any) -> Any:
    if isinstance(value, Path):
        return printable(value)
    if isinstance(value, dict):
        return {name: _with_text_paths(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_paths(inner) for inner in value]
    return value


def skipped_values(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    """Return the skipped files and the reasons, ready for JSON."""
    return [{"path": printable(entry.path), "reason": printable(entry.reason)} for entry in skipped]


def print_table(heading: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 99) -> None:
    """Print a table; columns from index ``numbers_from`` on are right-aligned."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for k, name in enumerate(heading):
        table.add_column(name, justify="right" if k >= numbers_from else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table, soft_wrap=False)


def print_scores(rows: Iterable[ScoreRow], report: HeadReport) -> None:
    """Print the main measure of every method on every split, with its confidence interval."""
    cells: list[tuple[str, str, str]] = []
    previous = ""
    for row in rows:
        split, badge, method, value, interval = report.row_texts(row)
        heading = f"Tested on {split}" + (f"   ({badge})" if badge else "")
        if heading != previous:
            cells.append((heading, row.measure, "95 % interval"))
            previous = heading
        cells.append((f"  {method}", value, interval))
    print_table(("", "", ""), cells, numbers_from=1)


def print_bits(rows: Sequence[tuple[str, float | None]]) -> None:
    """Print the cross-entropy of held-out pieces in bits per token, for a model and its n-gram baselines."""
    cells = [(f"  {method}", "–" if bits is None else f"{bits:.3f}") for method, bits in rows]
    print_table(("Tested on held-out pieces", "bits per token"), cells, numbers_from=1)


def print_experiment(experiment: Experiment) -> None:
    """Print the scores of an experiment, and by how much a leaky split overestimates them."""
    from woodshed.report.recognition.head_report import report_of

    report = report_of(experiment.head)
    print_scores(report.score_rows(experiment), report)
    if experiment.evaluation is not None:
        for remark in report.remarks(experiment, experiment.splits[0]):
            say(remark)
    if leakage := report.leakage_note(experiment):
        say(f"\n{leakage}")


def name_findings(checkup: Checkup, data: str, target: str | None = None) -> None:
    """Print one note for each kind of finding in the data, the most harmful first."""
    for kind in dict.fromkeys(finding.kind for finding in checkup.findings):
        first, *more = (finding for finding in checkup.findings if finding.kind == kind)
        rest = f" (and {len(more)} more of this kind)" if more else ""
        note(f"{kind} (harm {first.harm:.2f}): {printable(first.message)}{rest}")
    if checkup.findings:
        words = ["woodshed", "doctor", data, *(("--target", target) if target else ())]
        note(f"For details: {shlex.join(words)}")


def print_candidates(candidates: Sequence[Candidate], *, default: str = "") -> None:
    """Print guesses at the groups of the recordings, and how to confirm one.

    Parameters
    ----------
    candidates
        The guesses, the likeliest first.
    default
        Word for the groups that are used by default; empty if there are none.
    """
    known = f"known only by {default}" if default else "unknown"
    say(f"\nThe groups (speaker, song, source) are {known}. Possible ways to find them, most likely first:")
    rows = [
        (
            f"--group-by {shlex.quote(candidate.group_by)}",
            candidate.word,
            str(candidate.n_groups),
            str(candidate.n_examples),
            candidate.summary,
        )
        for candidate in candidates
    ]
    print_table(("option", "kind", "groups", "sounds", "examples"), rows)
    say("These are guesses. To use one, repeat the command with its --group-by.\n")


def name_likeliest(candidates: Sequence[Candidate]) -> None:
    """Print the most likely guess at the groups, which is not applied."""
    for best in candidates[:1]:
        note(
            f"The groups are unknown. If {best.summary} are names of groups ({best.n_groups} in all), set "
            f"--group-by {shlex.quote(best.group_by)}. --dry-run lists all guesses."
        )


def list_skipped(skipped: Sequence[Skipped], *, in_report: bool = False) -> None:
    """Print the skipped files and the reasons: all of them, or the first few if a report lists all."""
    shown = skipped[:N_NAMED] if in_report else skipped
    for entry in shown:
        name = printable(entry.path)
        reason = printable(entry.reason)
        note(f"skipped {reason if reason.startswith(name) else f'{name}: {reason}'}")
    if len(skipped) > len(shown):
        note(f"... and {len(skipped) - len(shown)} more; the report lists all.")


@contextmanager
def progress_bar() -> Iterator[Watcher]:
    """Show a progress bar for each training of a run."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from woodshed.training.progress import Watcher

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err, disable=Verbosity.quiet) as bars:
        tasks: list[int] = []

        def begin(what: str, n_epochs: int) -> None:
            # Without epochs the total is unknown: the bar pulses.
            tasks.append(bars.add_task(escape(what), total=n_epochs or None, state=""))

        def epoch(number: int, loss: float, accuracy: float | None) -> None:
            state = f"loss {loss:.2f}" if accuracy is None else f"loss {loss:.2f}, accuracy {accuracy:.0%}"
            bars.update(tasks[-1], completed=number + 1, state=state)  # type: ignore[arg-type]

        def end(accuracy: float | None) -> None:
            state = "done" if accuracy is None else f"accuracy {accuracy:.0%} on held-out data"
            if tasks:
                done = bars.tasks[-1].completed or 1
                bars.update(tasks[-1], total=done, completed=done, state=state)  # type: ignore[arg-type]

        def step(n_done: int) -> None:
            bars.update(tasks[-1], completed=n_done)  # type: ignore[arg-type]

        yield Watcher(begin, epoch, end, step)


class ProgressBar:
    """Progress bar of a workflow on standard error, removed at the end of each stage."""

    def begin(self, total: int, description: str) -> None:
        """Show a bar for a stage of ``total`` steps."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
        )
        self._bars = Progress(
            *columns, console=err, transient=True, disable=Verbosity.quiet or not err.is_terminal
        )
        self._task = self._bars.add_task(escape(description), total=total)
        self._bars.start()

    def advance(self) -> None:
        """Move the bar by one step."""
        self._bars.advance(self._task)

    def end(self) -> None:
        """Remove the bar."""
        self._bars.stop()


def counting_bar(what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
    """Show a progress bar inside the ``with`` block, which receives the function that counts a step."""
    return stage(ProgressBar(), total, what)


def resources() -> dict[str, Any]:
    """Return the settings that commands use by default: where features are kept, and all cores."""
    return {"store": feature_folder(), **COMMAND_DEFAULTS}


def feature_folder() -> str:
    """Return the folder of the feature store.

    ``$WOODSHED_CACHE/features`` if that variable is set, else the user cache folder of the operating system.
    It may be deleted at any time: missing features are computed again.
    """
    cache = os.environ.get("WOODSHED_CACHE")
    root = Path(cache) if cache else platformdirs.user_cache_path("woodshed", appauthor=False)
    return str(root / "features")


def names_in(text: str | None) -> list[str]:
    """Split the value of a flag that takes several names, separated by commas.

    Examples
    --------
    >>> names_in("valence, arousal"), names_in(None)
    (['valence', 'arousal'], [])
    """
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def print_outcome(outcome: Outcome[Any], out: Path, *, what: str = "sound", quiet: bool = False) -> None:
    """Print which files were skipped or existed already and, unless ``quiet``, how many were written."""
    list_skipped(outcome.skipped)
    if n := len(outcome.existing):
        note(f"{counted(n, 'existing result')} kept. Use --force to replace them.")
    if not quiet:
        say(f"{counted(len(outcome.done), what)} processed: {printable(out)}")
