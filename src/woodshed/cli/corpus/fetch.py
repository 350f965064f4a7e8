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
    name: Annotated[str, typer.Argument(help="Name of the corpus; see woodshed corpus list.")],
    out: Annotated[Path, typer.Option(help="Folder for the corpus.")],
) -> None:
    """Download a corpus and unpack it."""
    from woodshed.data.corpora import corpus_facts
    from woodshed.data.corpora.get import ARCHIVES, get_corpus

    known = corpus_facts(name)
    say(f"{known.title}. Licence: {known.licence}. Please cite: {known.citation}")
    for wanted in known.downloads:
        if wanted.checksum is None:
            note(f"Cannot be verified: {describe(wanted)}")
    with download_bar() as watch:
        n_files = get_corpus(known, out, watch=watch)
    say(f"{n_files:,} files in {printable(out)}")
    say(f"Look at them: woodshed corpus check {known.name}:{printable(out)}")
    if (out / ARCHIVES).is_dir():
        note(f"What was unpacked is still in {printable(out / ARCHIVES)}. Delete it if you need the room.")


@contextmanager
def download_bar() -> Iterator[Callable[[str], Callable[[int, int | None], None]]]:
    """Show how much of each file is here while the block lasts; a bar for each."""
    columns = (
        *(TextColumn("{task.description}"), BarColumn(bar_width=24), DownloadColumn()),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err) as bars:

        def watch(name: str) -> Callable[[int, int | None], None]:
            task = bars.add_task(escape(name), total=None)
            return lambda here, total: bars.update(task, completed=here, total=total)

        yield watch
