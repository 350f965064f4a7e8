"""``woodshed audio convert``: another format, rate, bit depth or number of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, run_files
from woodshed.cli.terminal import note
from woodshed.errors import printable

if TYPE_CHECKING:
    from woodshed.audio.convert import Conversion
    from woodshed.data.file_jobs import FileJob


def command(
    sounds: Sounds,
    out: Out,
    to: To = None,
    sample_rate: Annotated[int | None, typer.Option(help="Samples per second; as it was by default.")] = None,
    channels: Annotated[int | None, typer.Option(help="1 mixes to mono; as they were by default.")] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="pcm8, pcm16, pcm24, pcm32, float32, float64; for ogg and mp3 a quality, 0 to 1."),
    ] = None,
    dither: Annotated[bool, typer.Option(help="Hide the rounding to fewer bits under a faint hiss.")] = True,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change format, rate, bit depth or channels; folders keep their tree."""
    from woodshed.audio import convert_file

    def work(file_job: FileJob) -> Conversion:
        return convert_file(
            file_job.source,
            file_job.target,
            sample_rate=sample_rate,
            n_channels=channels,
            encoding=_quality_or_word(encoding),
            dither=dither,
            overwrite=force,
        )

    for file_job, made in run_files(work, sounds, out, to=to, force=force, jobs=jobs):
        if made.n_clipped:
            note(
                f"{printable(file_job.target)}: {made.n_clipped} samples were clipped; make it softer first."
            )


def _quality_or_word(text: str | None) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
