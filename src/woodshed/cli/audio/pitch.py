"""``woodshed audio pitch``: change the pitch without changing the tempo."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar


def command(
    sounds: Sounds,
    out: Out,
    semitones: Annotated[float, typer.Option(help="Shift in semitones; negative to lower the pitch.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the pitch without changing the tempo.

    A whole file is held in memory several times over; split files of several hours first.

    Example: woodshed audio pitch song.wav --semitones -2 --out lower.wav
    """
    from woodshed.audio import pitch_shift
    from woodshed.workflows.audio import change_files

    change = functools.partial(pitch_shift, semitones=semitones)
    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
