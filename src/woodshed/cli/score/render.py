"""``woodshed score render``: render scores as sound files."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.score.flags import Force, Out, Repeats, Scores, SoundFont, Strict, print_score_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    scores: Scores,
    out: Out,
    to: Annotated[str, typer.Option(help="Output format, such as flac or mp3.")] = "wav",
    sample_rate: Annotated[int, typer.Option(help="Sample rate in hertz.")] = 44100,
    soundfont: SoundFont = "best",
    repeats: Repeats = True,
    strict: Strict = False,
    force: Force = False,
) -> None:
    """Render scores as sound files."""
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
