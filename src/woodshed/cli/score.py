"""``woodshed score``: processing of score files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import (
    ProgressBar,
    list_skipped,
    note,
    print_json,
    print_outcome,
    print_table,
)
from woodshed.errors import ParameterError, counted, printable
from woodshed.units import duration_text

if TYPE_CHECKING:
    from woodshed.data.file_jobs import Outcome
    from woodshed.workflows.score import ScoreSummary


Scores = Annotated[
    list[Path],
    typer.Argument(
        help="Score files (.mid, .abc, .musicxml, .mxl, or a table of notes as .csv), and folders of them.",
        show_default=False,
    ),
]
Out = Annotated[
    Path,
    typer.Option(help="Output folder; for a single file also the output file.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing results.")]
SoundFont = Annotated[
    str,
    typer.Option(
        help="Synthesiser: an .sf2 or .sf3 file; tones: the built-in one; found: the SoundFont installed on "
        "this machine; best: that SoundFont if it can be played, else tones."
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Reject scores with faults, such as a bar of the wrong duration.",
    ),
]
Repeats = Annotated[bool, typer.Option(help="Play the repeats and endings of ABC and MusicXML.")]


def print_score_outcome(outcome: Outcome[list[str]], out: Path) -> None:
    """Print faults and losses of the scores, which were skipped or existed, and how many were written."""
    for file_job, remarks in outcome.done:
        for remark in remarks:
            note(f"{printable(file_job.source)}: {remark}")
    print_outcome(outcome, out, what="score")
    if n := len(outcome.skipped):
        note(f"{counted(n, 'score')} skipped.")


HEADING = ("score", "notes", "parts", "bars", "duration", "range", "key", "metre", "bpm")


def info(
    scores: Scores,
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON: an array with one object per piece.")
    ] = False,
) -> None:
    """Show duration, parts, range, key, metre and tempo of scores.

    Faults found while reading, such as a bar of the wrong duration, and what was left out are printed.

    Example: woodshed score info tunes.abc
    """
    from woodshed.workflows.score import describe_scores

    summaries, skipped = describe_scores(scores, progress=ProgressBar())
    list_skipped(skipped)
    if json_:
        objects = [asdict(summary) | {"path": printable(summary.path)} for summary in summaries]
        print_json(objects)
        return
    print_table(HEADING, map(cells, summaries), numbers_from=1)
    for summary in summaries:
        for remark in (*summary.findings, *summary.remarks):
            note(f"{printable(summary.title or summary.path.name)}: {remark}")


def cells(summary: ScoreSummary) -> tuple[str, ...]:
    """Format a description as the columns of ``HEADING``."""
    metres = [f"{numerator}/{denominator}" for _, numerator, denominator in summary.metres]
    tempos = [f"{tempo_bpm:.4g}" for _, tempo_bpm in summary.tempos]
    return (
        summary.title or printable(summary.path),
        f"{summary.n_notes:,}",
        str(len(summary.channels)),
        f"{summary.n_bars:,}",
        duration_text(summary.duration_s),
        f"{summary.lowest_midi}–{summary.highest_midi}",
        *(
            f"{texts[0]} …" if len(texts) > 1 else "".join(texts) or "–"
            for texts in (summary.key_names, metres, tempos)
        ),
    )


def convert(
    scores: Scores,
    out: Out,
    to: Annotated[
        str | None,
        typer.Option(help="mid, abc, musicxml, mxl or csv. [dim]\\[default: the suffix of --out][/dim]"),
    ] = None,
    repeats: Repeats = True,
    keep_repeats: Annotated[
        bool,
        typer.Option("--keep-repeats", help="Write repeat signs, endings and jumps instead of playing them."),
    ] = False,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Convert between MIDI, ABC, MusicXML and tables of notes.

    A file with several tunes becomes one ABC file, or one numbered file per tune in any other format.

    Example: woodshed score convert tunes.abc --to mid --out midi
    """
    from woodshed.workflows.score import convert_scores

    outcome = convert_scores(
        scores,
        out,
        to=to,
        repeats=repeats,
        keep_repeats=keep_repeats,
        strict=strict,
        overwrite=force,
        progress=ProgressBar(),
    )
    print_score_outcome(outcome, out)


def edit(
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


def render(
    scores: Scores,
    out: Out,
    to: Annotated[str, typer.Option(help="Output format, such as flac or mp3.")] = "wav",
    sample_rate: Annotated[int, typer.Option(help="Sample rate in hertz.")] = 44100,
    soundfont: SoundFont = "best",
    repeats: Repeats = True,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Render scores as sound files.

    Example: woodshed score render song.mid --to flac --out sounds
    """
    from woodshed.workflows.score import render_scores

    outcome = render_scores(
        scores,
        out,
        to=to,
        sample_rate=sample_rate,
        soundfont=soundfont,
        repeats=repeats,
        strict=strict,
        overwrite=force,
        progress=ProgressBar(),
    )
    print_score_outcome(outcome, out)


VERBS = {"info": info, "convert": convert, "edit": edit, "render": render}
