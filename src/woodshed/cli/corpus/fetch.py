"""``woodshed corpus fetch``: download a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from woodshed.cli.corpus.info import describe
from woodshed.cli.terminal import err, note, say
from woodshed.errors import printable


def command(
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
