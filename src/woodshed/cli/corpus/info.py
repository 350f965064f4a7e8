"""``woodshed corpus info``: what is known about one corpus before it is on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import say

if TYPE_CHECKING:
    from woodshed.data.corpora.facts import CorpusFacts, Download


def command(
    name: Annotated[str, typer.Argument(help="Name of the corpus; see woodshed corpus list.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what is known about a corpus."""
    from dataclasses import asdict

    from woodshed.data.corpora import corpus_facts

    known = corpus_facts(name)
    if json_:
        typer.echo(json.dumps(asdict(known), indent=2, ensure_ascii=False))
        return
    for line in lines(known):
        say(line)


def lines(known: CorpusFacts) -> list[str]:
    """Say what is known, a line for each fact."""
    amount = "number not known" if known.n_examples is None else f"{known.n_examples:,} examples"
    length = "" if known.hours is None else f", {known.hours:g} hours"
    said = [
        f"{known.title} ({known.name})",
        f"holds     {known.content}: {amount}{length}",
        f"licence   {known.licence}",
        f"cite      {known.citation}",
        f"layout    {known.layout}",
        f"page      {known.url}",
    ]
    if not known.downloads:
        return [*said, f"download  not automatic. {known.manual_download}"]
    return said + [f"download  {describe(wanted)}" for wanted in known.downloads]


def describe(wanted: Download) -> str:
    """Say where a file is and what is known about it."""
    size = "size not known" if wanted.size is None else f"{wanted.size:,} bytes"
    if wanted.checksum is None:
        return f"{wanted.url} ({size}, no checksum known)"
    method = "MD5" if len(wanted.checksum) == 32 else "SHA-256"
    return f"{wanted.url} ({size}, {method} {wanted.checksum})"
