"""``woodshed score render``: scores as sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.score.work import Force, Out, Repeats, Scores, SoundFont, Strict, run_scores

if TYPE_CHECKING:
    from woodshed.score import Score


def command(
    scores: Scores,
    out: Out,
    to: Annotated[str, typer.Option(help="Format of the sound, such as flac or mp3.")] = "wav",
    sample_rate: Annotated[int, typer.Option(help="Samples per second.")] = 44100,
    soundfont: SoundFont = "best",
    repeats: Repeats = True,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Play scores into sound files."""
    from woodshed.audio import write
    from woodshed.symbolic.render import render

    def work(pieces: list[Score], target: Path) -> None:
        write(render(pieces[0], sample_rate, soundfont), target, overwrite=force)

    run_scores(work, scores, out, f".{to.lower().lstrip('.')}", force=force, repeats=repeats, strict=strict)
