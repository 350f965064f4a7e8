"""``woodshed corpus check``: check a corpus on disk."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import ProgressBar, list_skipped, note, print_table, say
from woodshed.errors import DataError, ParameterError, printable

if TYPE_CHECKING:
    from woodshed.data.corpora.survey import Survey


def command(
    corpus: Annotated[
        str, typer.Argument(metavar="NAME:PATH", help="Name and folder of the corpus, such as fsdd:PATH.")
    ],
    quick: Annotated[bool, typer.Option("--quick", help="List the files without opening them.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if an example is missing or a file is unusable.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Number of files opened in parallel; -1: one per core.")] = -1,
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
    print_survey(survey)
    if strict and not survey.is_complete:
        raise DataError(f"{name} is incomplete. Download it again (woodshed corpus fetch), or omit --strict.")


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
