"""``woodshed score convert``: convert scores to another format."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.score.flags import Force, Out, Repeats, Scores, Strict, print_score_outcome
from woodshed.cli.terminal import ProgressBar


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
    """Convert between MIDI, ABC, MusicXML and tables of notes.

    A file with several tunes becomes one ABC file, or one numbered file per tune in any other format.
    """
    from woodshed.workflows.score import convert_scores

    outcome = convert_scores(
        scores, out, to=to, repeats=repeats, strict=strict, overwrite=force, progress=ProgressBar()
    )
    print_score_outcome(outcome, out)
