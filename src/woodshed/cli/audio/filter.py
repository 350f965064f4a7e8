"""``woodshed audio filter``: keep or leave out bands, lift and lower them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, run_files
from woodshed.errors import ParameterError

if TYPE_CHECKING:
    from woodshed.audio.filter import FilterDesign
    from woodshed.data.file_jobs import FileJob

Frequency = float | None


def command(
    sounds: Sounds,
    out: Out,
    low_pass_hz: Annotated[Frequency, typer.Option(help="Keep what is below this frequency.")] = None,
    high_pass_hz: Annotated[Frequency, typer.Option(help="Keep what is above this frequency.")] = None,
    stop_hz: Annotated[
        tuple[float, float] | None, typer.Option(help="Leave out what is between two frequencies.")
    ] = None,
    peak_hz: Annotated[Frequency, typer.Option(help="Lift or lower what is around this frequency.")] = None,
    low_shelf_hz: Annotated[Frequency, typer.Option(help="Lift or lower what is below it.")] = None,
    high_shelf_hz: Annotated[Frequency, typer.Option(help="Lift or lower what is above it.")] = None,
    gain_db: Annotated[float, typer.Option(help="By how much a peak or shelf lifts; below 0 lowers.")] = 6.0,
    q: Annotated[float, typer.Option(help="How narrow a peak is: 0.5 is wide, 10 narrow.")] = 1.0,
    order: Annotated[int, typer.Option(help="Steepness of a pass or stop: 6 dB an octave each.")] = 4,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Keep or leave out bands, or lift and lower them. Several filters are applied one after the other.

    Files of any length: they are filtered while they are read and written.
    """
    from woodshed.audio import Butterworth, Equaliser, filter_blocks
    from woodshed.audio.convert import change_file
    from woodshed.audio.filter import FLATTEST_Q

    designs: list[FilterDesign] = []
    if high_pass_hz is not None:
        designs.append(Butterworth("high-pass", (high_pass_hz,), order))
    if low_pass_hz is not None:
        designs.append(Butterworth("low-pass", (low_pass_hz,), order))
    if stop_hz is not None:
        designs.append(Butterworth("band-stop", stop_hz, order))
    if peak_hz is not None:
        designs.append(Equaliser("peak", peak_hz, gain_db, q))
    if low_shelf_hz is not None:
        designs.append(Equaliser("low-shelf", low_shelf_hz, gain_db, FLATTEST_Q))
    if high_shelf_hz is not None:
        designs.append(Equaliser("high-shelf", high_shelf_hz, gain_db, FLATTEST_Q))
    if not designs:
        raise ParameterError("Which filter? For instance --low-pass-hz 4000, or --peak-hz 100 --gain-db -6.")

    def work(file_job: FileJob) -> None:
        change_file(
            file_job.source,
            file_job.target,
            lambda blocks: functools.reduce(filter_blocks, designs, blocks),
            overwrite=True,
        )

    run_files(work, sounds, out, to=to, force=force, jobs=jobs)
