"""``woodshed score edit``: change the notes of scores."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.score.flags import Force, Out, Repeats, Scores, Strict, print_score_outcome
from woodshed.cli.terminal import ProgressBar
from woodshed.errors import ParameterError


def command(
    scores: Scores,
    out: Out,
    channel: Annotated[
        list[int] | None, typer.Option(help="MIDI channel to keep, 0 to 15; may be repeated.")
    ] = None,
    part: Annotated[str | None, typer.Option(help="Part to keep: melody, bass or drums.")] = None,
    start_beats: Annotated[float, typer.Option(help="Start of the section, in quarter notes.")] = 0.0,
    end_beats: Annotated[
        float | None,
        typer.Option(help="End of the section, in quarter notes. [dim]\\[default: the end][/dim]"),
    ] = None,
    quantise: Annotated[
        float | None, typer.Option(help="Quantise to this grid, in quarter notes, such as 0.25.")
    ] = None,
    strength: Annotated[float, typer.Option(help="How far notes move towards the grid, 0 to 1.")] = 1.0,
    semitones: Annotated[int, typer.Option(help="Transpose by this many semitones; negative for down.")] = 0,
    tonic: Annotated[
        str | None, typer.Option(help="Transpose to this tonic: C, F#, Bb, or 0 (C) to 11 (B).")
    ] = None,
    tempo_bpm: Annotated[
        float | None, typer.Option(help="Constant tempo, in quarter notes per minute.")
    ] = None,
    metre: Annotated[str | None, typer.Option(help="Metre such as 3/4; notes stay, bar lines move.")] = None,
    times: Annotated[int, typer.Option(help="Number of repetitions.")] = 1,
    merge: Annotated[bool, typer.Option("--merge", help="Combine all parts except drums into one.")] = False,
    to: Annotated[
        str | None, typer.Option(help="Output format. [dim]\\[default: that of each score][/dim]")
    ] = None,
    repeats: Repeats = True,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Transpose, quantise, cut, repeat, change tempo or metre, or extract parts.

    Changes are applied in the order of the options below.

    Example: woodshed score edit song.mid --part melody --tonic D --out melody.abc
    """
    from woodshed.workflows.score import ScoreEdit, edit_scores

    change = ScoreEdit(
        channels=channel or (),
        part=part,
        start_beats=start_beats,
        end_beats=end_beats,
        grid_beats=quantise,
        strength=strength,
        semitones=semitones,
        tonic=None if tonic is None else _read_tonic(tonic),
        tempo_bpm=tempo_bpm,
        metre=None if metre is None else _read_metre(metre),
        n_times=times,
        merge=merge,
    )
    outcome = edit_scores(
        change, scores, out, to=to, repeats=repeats, strict=strict, overwrite=force, progress=ProgressBar()
    )
    print_score_outcome(outcome, out)


def _read_tonic(text: str) -> int:
    """Return the pitch class of a tonic."""
    from woodshed.symbolic.notation import NATURALS

    if text.isdigit():
        return int(text)
    letter, alter = text[:1].upper(), {"": 0, "#": 1, "b": -1}.get(text[1:])
    if letter not in NATURALS or alter is None:
        raise ParameterError(
            f"Invalid --tonic {text!r}. Expected a note name such as C, F# or Bb, or 0 to 11."
        )
    return (NATURALS[letter] + alter) % 12


def _read_metre(text: str) -> tuple[int, int]:
    """Return the numerator and denominator of a metre such as 6/8 or C|."""
    from woodshed.symbolic.abc.field import read_metre

    metre = read_metre(text)
    if metre is None:
        raise ParameterError(f"Invalid --metre {text!r}. Expected a metre such as 3/4.")
    return metre
