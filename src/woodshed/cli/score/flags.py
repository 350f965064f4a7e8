"""Flags that the verbs of ``woodshed score`` share, and the summary of a run over many files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.files import print_outcome
from woodshed.cli.terminal import note
from woodshed.errors import printable

if TYPE_CHECKING:
    from woodshed.data.file_jobs import Outcome

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
    """Print the faults found in the scores, which were skipped or existed already, and how many were written."""
    for file_job, faults in outcome.done:
        for fault in faults:
            note(f"{printable(file_job.source)}: {fault}")
    print_outcome(outcome, out, what="score")
