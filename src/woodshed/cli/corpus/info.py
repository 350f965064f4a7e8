"""``woodshed corpus info``: describe a corpus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import say

if TYPE_CHECKING:
    from woodshed.data.corpora.facts import CorpusFacts, Download


def command(
    name: Annotated[str, typer.Argument(help="Name of the corpus; see woodshed list corpora.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show licence, citation, layout and download addresses of a corpus.

    Example: woodshed corpus info fsdd
    """
    from dataclasses import asdict

    from woodshed.data.corpora import corpus_facts

    facts = corpus_facts(name)
    if json_:
        typer.echo(json.dumps(asdict(facts), indent=2, ensure_ascii=False))
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
