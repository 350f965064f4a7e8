"""``woodshed score convert``: another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.score.work import Force, Out, Repeats, Scores, Strict, run_scores, suffix_of

if TYPE_CHECKING:
    from woodshed.score import Score


def command(
    scores: Scores,
    out: Out,
    to: Annotated[
        str | None,
        typer.Option(help="mid, abc, musicxml, mxl or csv. [dim]\\[default: the suffix of --out][/dim]"),
    ] = None,
    repeats: Repeats = True,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Change format: MIDI, ABC, MusicXML, a table of notes; several tunes of an ABC file are numbered."""
    from woodshed.symbolic.file import write_scores

    def work(pieces: list[Score], target: Path) -> None:
        write_scores(pieces, target, overwrite=force)

    run_scores(work, scores, out, suffix_of(to), force=force, repeats=repeats, strict=strict)
