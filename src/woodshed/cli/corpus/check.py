"""``woodshed corpus check``: what of a corpus is on disk, and what of it can be read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import counting_bar, list_skipped, note, print_table, say
from woodshed.errors import DataError, ParameterError, printable

if TYPE_CHECKING:
    from woodshed.data.corpora.survey import Survey


def command(
    corpus: Annotated[str, typer.Argument(metavar="NAME:PATH", help="The corpus and its folder: fsdd:PATH.")],
    quick: Annotated[bool, typer.Option(help="Only list the files; open none.")] = False,
    strict: Annotated[bool, typer.Option(help="Fail when anything is missing or cannot be read.")] = False,
    jobs: Annotated[int, typer.Option(help="Files opened at a time; -1: one for each core.")] = -1,
) -> None:
    """Read a corpus on disk and say what is there."""
    from woodshed.data.corpora import split_name
    from woodshed.data.corpora.survey import open_files, survey

    name, folder = split_name(corpus)
    if not (name and folder):
        raise ParameterError(f"Say which corpus and where, as NAME:PATH (fsdd:recordings), got {corpus!r}.")
    found = survey(name, folder)
    if not quick:
        with counting_bar("opening files", len(found.paths)) as tick:
            found = open_files(found, n_jobs=jobs, tick=tick)
    show(found)
    if strict and not found.is_complete:
        raise DataError(f"{name} is not whole. Get it again (woodshed corpus fetch), or leave out --strict.")


def show(found: Survey) -> None:
    """Print what was found."""
    corpus = found.corpus
    say(f"{found.facts.title}: {len(corpus.examples):,} examples{missing(found)}")
    tags = Counter(tag for example in corpus.examples for tag in example.labels)
    for what, counts in (("class", corpus.counts()), ("tag", dict(tags.most_common()))):
        rows = [(name, f"{n:,}") for name, n in counts.items() if name]
        if rows:
            print_table((what, "examples"), rows, numbers_from=1)
            say()
    if corpus.targets:
        say(f"values: {', '.join(corpus.targets)}")
    groups = corpus.groups
    say(f"groups, by {corpus.group_word}: {'not known' if groups is None else f'{len(set(groups)):,}'}")
    parts = Counter(example.split or "none" for example in corpus.examples)
    if set(parts) == {"none"}:
        say("official split: none")
    else:
        say(f"official split: {', '.join(f'{part} {n:,}' for part, n in sorted(parts.items()))}")
    list_skipped(corpus.skipped)
    for row in found.unreadable:
        note(f"cannot be used {printable(row.path)}: {row.reason}")
    if found.opened:
        say(f"{len(found.unreadable):,} of {len(found.paths):,} files cannot be used")


def missing(found: Survey) -> str:
    """Say how many are missing of how many."""
    if found.n_missing is None:
        return " (how many the whole corpus has is not known)"
    if not found.n_missing:
        return ", all that it should hold"
    return f"; {found.n_missing:,} of {found.facts.n_examples:,} are missing"
