"""``woodshed score edit``: change notes, in the order of the flags in the help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.score.work import Force, Out, Repeats, Scores, Strict, run_scores, suffix_of
from woodshed.errors import ParameterError, near_miss

if TYPE_CHECKING:
    from woodshed.score import Score

PARTS = ("melody", "bass", "drums")


def command(
    scores: Scores,
    out: Out,
    part: Annotated[str | None, typer.Option(help="Keep only the melody, bass or drums.")] = None,
    channel: Annotated[list[int] | None, typer.Option(help="Keep only these channels, 0 to 15.")] = None,
    start_beats: Annotated[float, typer.Option(help="Begin here, in quarter notes.")] = 0.0,
    end_beats: Annotated[float | None, typer.Option(help="End here, in quarter notes.")] = None,
    quantise: Annotated[
        float | None, typer.Option(help="Move notes to a grid of so many quarter notes, such as 0.25.")
    ] = None,
    strength: Annotated[float, typer.Option(help="How far they move to the grid, 0 to 1.")] = 1.0,
    semitones: Annotated[int, typer.Option(help="Transpose up; below 0 is down.")] = 0,
    tonic: Annotated[
        str | None, typer.Option(help="Transpose to this keynote: C, F#, Bb, or 0 (C) to 11 (B).")
    ] = None,
    tempo_bpm: Annotated[float | None, typer.Option(help="One tempo, in quarter notes a minute.")] = None,
    metre: Annotated[
        str | None,
        typer.Option(help="See it in this metre, such as 3/4: notes stay, bar lines move."),
    ] = None,
    times: Annotated[int, typer.Option(help="Play it so many times in a row.")] = 1,
    merge: Annotated[bool, typer.Option(help="Put all parts but drums into one.")] = False,
    to: Annotated[
        str | None, typer.Option(help="Format of the results. [dim]\\[default: each score's own][/dim]")
    ] = None,
    repeats: Repeats = True,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Transpose, quantise, cut, repeat, change tempo or metre, or keep some parts."""
    from woodshed.symbolic import edit
    from woodshed.symbolic.file import write_scores

    if part is not None and part not in PARTS:
        raise ParameterError(f"There is no part {part!r}. {near_miss(part, PARTS)}")
    keynote = None if tonic is None else _keynote(tonic)
    seen_in = None if metre is None else _metre(metre)

    def change(score: Score) -> Score:
        if channel:
            score = edit.keep_channels(score, channel)
        if part is not None:
            score = {"melody": edit.melody, "bass": edit.bass, "drums": edit.drums}[part](score)
        if start_beats or end_beats is not None:
            score = edit.cut(score, start_beats, end_beats)
        if quantise is not None:
            score = edit.quantise(score, quantise, strength=strength)
        score = edit.transpose(score, semitones)
        if keynote is not None:
            score = edit.transpose_to(score, keynote)
        if tempo_bpm is not None:
            score = edit.set_tempo(score, tempo_bpm)
        if seen_in is not None:
            score = edit.set_metre(score, *seen_in)
        score = edit.loop(score, times) if times != 1 else score
        return edit.merge(score) if merge else score

    def work(pieces: list[Score], target: Path) -> None:
        write_scores([change(score) for score in pieces], target, overwrite=force)

    run_scores(work, scores, out, suffix_of(to), force=force, repeats=repeats, strict=strict)


def _keynote(text: str) -> int:
    """Read a keynote as a pitch class."""
    from woodshed.symbolic.spelling import NATURALS

    if text.isdigit():
        return int(text)
    letter, alter = text[:1].upper(), {"": 0, "#": 1, "b": -1}.get(text[1:])
    if letter not in NATURALS or alter is None:
        raise ParameterError(f"--tonic expects a keynote such as C, F# or Bb, or 0 to 11, got {text!r}.")
    return (NATURALS[letter] + alter) % 12


def _metre(text: str) -> tuple[int, int]:
    """Read a metre such as 6/8 or C|."""
    from woodshed.symbolic.abc.field import read_metre

    metre = read_metre(text)
    if metre is None:
        raise ParameterError(f"--metre expects a metre such as 3/4, got {text!r}.")
    return metre
