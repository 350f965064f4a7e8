"""``woodshed corpus``: published corpora in their own layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from woodshed.cli.terminal import (
    Json,
    ProgressBar,
    err,
    list_skipped,
    note,
    print_json,
    print_table,
    say,
    skipped_values,
)
from woodshed.errors import DataError, ParameterError, printable

if TYPE_CHECKING:
    from woodshed.data.corpora.facts import CorpusFacts, Download
    from woodshed.data.corpora.survey import Survey


def info(
    name: Annotated[str, typer.Argument(help="Name of the corpus; see woodshed list corpora.")],
    json_: Json = False,
) -> None:
    """Show licence, citation, layout and download addresses of a corpus.

    Example: woodshed corpus info fsdd
    """
    from dataclasses import asdict

    from woodshed.data.corpora import corpus_facts

    facts = corpus_facts(name)
    if json_:
        print_json(asdict(facts))
        return
    for line in lines(facts):
        say(line)


def lines(facts: CorpusFacts) -> list[str]:
    """Return one line for each fact."""
    size = "number unknown" if facts.n_examples is None else f"{facts.n_examples:,} examples"
    duration = "" if facts.hours is None else f", {facts.hours:g} hours"
    texts = [
        f"{facts.title} ({facts.name})",
        f"content   {facts.content}: {size}{duration}",
        f"licence   {facts.licence}",
        f"citation  {facts.citation}",
        f"layout    {facts.layout}",
        f"homepage  {facts.url}",
    ]
    if not facts.downloads:
        return [*texts, f"download  not available automatically. {facts.manual_download}"]
    return texts + [f"download  {describe(download)}" for download in facts.downloads]


def describe(download: Download) -> str:
    """Return the address of a file with its size and checksum."""
    size = "size unknown" if download.size is None else f"{download.size:,} bytes"
    if download.checksum is None:
        return f"{download.url} ({size}, checksum unknown)"
    method = "MD5" if len(download.checksum) == 32 else "SHA-256"
    return f"{download.url} ({size}, {method} {download.checksum})"


def check(
    corpus: Annotated[
        str, typer.Argument(metavar="NAME:PATH", help="Name and folder of the corpus, such as fsdd:PATH.")
    ],
    quick: Annotated[bool, typer.Option("--quick", help="List the files without opening them.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if an example is missing or a file is unusable.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Number of files opened in parallel; -1: one per core.")] = -1,
    json_: Json = False,
) -> None:
    """Check a corpus on disk: what is there, what is missing, what is unusable.

    Prints the number of examples, classes and groups, and the official split.

    Example: woodshed corpus check esc50:ESC-50-master --quick
    """
    from woodshed.workflows.corpus import check_corpus

    name, colon, folder = corpus.partition(":")
    if not (name and colon and folder):
        raise ParameterError(
            f"Invalid corpus {corpus!r}. Expected its name and folder as NAME:PATH, such as fsdd:recordings."
        )
    survey = check_corpus(name, folder, quick=quick, n_jobs=jobs, progress=ProgressBar())
    if json_:
        print_json(survey_values(survey))
    else:
        print_survey(survey)
    if strict and not survey.is_complete:
        raise DataError(f"{name} is incomplete. Download it again (woodshed corpus fetch), or omit --strict.")


def survey_values(survey: Survey) -> dict[str, object]:
    """Return the content of a corpus, ready for JSON."""
    corpus = survey.corpus
    return {
        "name": survey.facts.name,
        "n_examples": len(corpus.examples),
        "n_missing": survey.n_missing,
        "n_by_class": {name: n for name, n in corpus.counts().items() if name},
        "n_by_tag": dict(Counter(tag for example in corpus.examples for tag in example.labels)),
        "target_columns": list(corpus.targets),
        "n_groups": None if corpus.groups is None else len(set(corpus.groups)),
        "split": dict(Counter(example.split or "none" for example in corpus.examples)),
        "skipped": skipped_values(corpus.skipped),
        "opened": survey.opened,
        "unusable": skipped_values(survey.unreadable),
    }


def print_survey(survey: Survey) -> None:
    """Print the content of a corpus."""
    corpus = survey.corpus
    say(f"{survey.facts.title}: {len(corpus.examples):,} examples{missing(survey)}")
    tags = Counter(tag for example in corpus.examples for tag in example.labels)
    for what, counts in (("class", corpus.counts()), ("tag", dict(tags.most_common()))):
        rows = [(name, f"{n:,}") for name, n in counts.items() if name]
        if rows:
            print_table((what, "examples"), rows, numbers_from=1)
            say()
    if corpus.targets:
        say(f"values: {', '.join(corpus.targets)}")
    groups = corpus.groups
    say(f"groups, by {corpus.group_word}: {'unknown' if groups is None else f'{len(set(groups)):,}'}")
    parts = Counter(example.split or "none" for example in corpus.examples)
    if set(parts) == {"none"}:
        say("official split: none")
    else:
        say(f"official split: {', '.join(f'{part} {n:,}' for part, n in sorted(parts.items()))}")
    list_skipped(corpus.skipped)
    for entry in survey.unreadable:
        note(f"unusable {printable(entry.path)}: {entry.reason}")
    if survey.opened:
        say(f"{len(survey.unreadable):,} of {len(survey.paths):,} files are unusable")


def missing(survey: Survey) -> str:
    """Return how many examples of the whole corpus are missing."""
    if survey.n_missing is None:
        return " (size of the complete corpus unknown)"
    if not survey.n_missing:
        return ", complete"
    return f"; {survey.n_missing:,} of {survey.facts.n_examples:,} are missing"


def fetch(
    name: Annotated[str, typer.Argument(help="Name of the corpus; see woodshed list corpora.")],
    out: Annotated[Path, typer.Option(help="Folder for the corpus.", show_default=False)],
) -> None:
    """Download a corpus; an interrupted download is resumed.

    Archives are unpacked. Files that are complete are not downloaded again.

    Example: woodshed corpus fetch fsdd --out fsdd
    """
    from woodshed.data.corpora import corpus_facts
    from woodshed.data.corpora.get import ARCHIVES, get_corpus

    facts = corpus_facts(name)
    say(f"{facts.title}. Licence: {facts.licence}. Please cite: {facts.citation}")
    for download in facts.downloads:
        if download.checksum is None:
            note(f"Cannot be verified: {describe(download)}")
    with download_bars() as watch:
        n_files = get_corpus(facts, out, watch=watch)
    say(f"{n_files:,} files in {printable(out)}")
    say(f"Check them: woodshed corpus check {facts.name}:{printable(out)}")
    if (out / ARCHIVES).is_dir():
        note(f"The unpacked archives are in {printable(out / ARCHIVES)}; they are no longer needed.")


@contextmanager
def download_bars() -> Iterator[Callable[[str], Callable[[int, int | None], None]]]:
    """Show a progress bar for each file that is downloaded."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err) as bars:

        def watch(name: str) -> Callable[[int, int | None], None]:
            task = bars.add_task(escape(name), total=None)
            return lambda n_bytes, total: bars.update(task, completed=n_bytes, total=total)

        yield watch


VERBS = {"info": info, "check": check, "fetch": fetch}
