"""``woodshed score info``: what a score is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.score.work import Scores, list_scores
from woodshed.cli.terminal import list_skipped, note, print_table
from woodshed.errors import DataError, ScoreError, printable
from woodshed.units import duration_text

if TYPE_CHECKING:
    from pathlib import Path

    from woodshed.score import Score

HEADING = ("score", "notes", "parts", "bars", "length", "range", "key", "metre", "bpm")


def command(
    scores: Scores,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON: one object for each piece.")] = False,
) -> None:
    """Show length, parts, range, key, metre and tempo of scores, and what was odd in reading them."""
    from woodshed.data.example import Skipped
    from woodshed.symbolic.file import read_scores

    skipped, pieces = [], []
    paths = list_scores(scores)
    for path in paths:
        try:
            pieces += [(path, score) for score in read_scores(path)]
        except ScoreError as error:
            skipped.append(Skipped(path, str(error)))
    list_skipped(skipped)
    if not pieces:
        raise DataError(f"None of {len(paths)} scores could be used.")
    facts = [facts_of(path, score) for path, score in pieces]
    if json_:
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    print_table(HEADING, [cells(one) for one in facts], numbers_from=1)
    for (path, score), _ in zip(pieces, facts, strict=True):
        for finding in score.findings:
            note(f"{printable(score.title or path.name)}: {finding}")


def facts_of(path: Path, score: Score) -> dict[str, Any]:
    """Describe a score in plain values."""
    from woodshed.symbolic.staff import bars_of

    tuned = [one.pitch_midi for one in score.notes if one.channel != 9] or [0]
    return {
        "path": printable(path),
        "title": score.title,
        "n_notes": len(score.notes),
        "channels": sorted({one.channel for one in score.notes}),
        "n_bars": len(bars_of(score)),
        "duration_beats": score.duration_beats,
        "duration_s": score.duration_s,
        "lowest_midi": min(tuned),
        "highest_midi": max(tuned),
        "keys": [(key.onset_beats, key.tonic, key.mode) for key in score.keys],
        "metres": [(one.onset_beats, one.numerator, one.denominator) for one in score.metres],
        "tempos": [(tempo.onset_beats, tempo.tempo_bpm) for tempo in score.tempos],
        "findings": list(score.findings),
    }


def cells(facts: dict[str, Any]) -> tuple[str, ...]:
    """Spell what was found, one text for each column of ``HEADING``."""
    from woodshed.features.chroma import PITCH_CLASSES

    keys = [f"{PITCH_CLASSES[tonic]} {mode}" for _, tonic, mode in facts["keys"]]
    metres = [f"{numerator}/{denominator}" for _, numerator, denominator in facts["metres"]]
    tempos = [f"{tempo_bpm:.4g}" for _, tempo_bpm in facts["tempos"]]
    return (
        facts["title"] or facts["path"],
        f"{facts['n_notes']:,}",
        str(len(facts["channels"])),
        f"{facts['n_bars']:,}",
        duration_text(facts["duration_s"]),
        f"{facts['lowest_midi']}–{facts['highest_midi']}",
        *(f"{texts[0]} …" if len(texts) > 1 else "".join(texts) or "–" for texts in (keys, metres, tempos)),
    )
