"""``woodshed score info``: describe scores."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.score.flags import Scores
from woodshed.cli.terminal import ProgressBar, list_skipped, note, print_table
from woodshed.errors import printable
from woodshed.units import duration_text

if TYPE_CHECKING:
    from woodshed.workflows.score import ScoreSummary

HEADING = ("score", "notes", "parts", "bars", "duration", "range", "key", "metre", "bpm")


def command(
    scores: Scores,
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON: an array with one object per piece.")
    ] = False,
) -> None:
    """Show duration, parts, range, key, metre and tempo of scores, and faults found while reading them."""
    from woodshed.workflows.score import describe_scores

    summaries, skipped = describe_scores(scores, progress=ProgressBar())
    list_skipped(skipped)
    if json_:
        objects = [asdict(summary) | {"path": printable(summary.path)} for summary in summaries]
        typer.echo(json.dumps(objects, indent=2, ensure_ascii=False))
        return
    print_table(HEADING, map(cells, summaries), numbers_from=1)
    for summary in summaries:
        for finding in summary.findings:
            note(f"{printable(summary.title or summary.path.name)}: {finding}")


def cells(summary: ScoreSummary) -> tuple[str, ...]:
    """Format a description as the columns of ``HEADING``."""
    from woodshed.features.chroma import PITCH_CLASSES

    keys = [f"{PITCH_CLASSES[tonic]} {mode}" for _, tonic, mode in summary.keys]
    metres = [f"{numerator}/{denominator}" for _, numerator, denominator in summary.metres]
    tempos = [f"{tempo_bpm:.4g}" for _, tempo_bpm in summary.tempos]
    return (
        summary.title or printable(summary.path),
        f"{summary.n_notes:,}",
        str(len(summary.channels)),
        f"{summary.n_bars:,}",
        duration_text(summary.duration_s),
        f"{summary.lowest_midi}–{summary.highest_midi}",
        *(f"{texts[0]} …" if len(texts) > 1 else "".join(texts) or "–" for texts in (keys, metres, tempos)),
    )
