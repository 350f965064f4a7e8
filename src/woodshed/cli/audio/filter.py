"""``woodshed audio filter``: keep or leave out bands, lift and lower them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Force, Jobs, Out, Sounds, To, change_files
from woodshed.errors import ParameterError

if TYPE_CHECKING:
    from woodshed.clip import Clip

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
    """Keep or leave out bands, or lift and lower them. Several filters are applied one after the other."""
    from woodshed.audio import band_stop, high_pass, high_shelf, low_pass, low_shelf, peak_filter

    steps: list[Callable[[Clip], Clip]] = []
    if high_pass_hz is not None:
        steps.append(lambda clip: high_pass(clip, high_pass_hz, order=order))
    if low_pass_hz is not None:
        steps.append(lambda clip: low_pass(clip, low_pass_hz, order=order))
    if stop_hz is not None:
        steps.append(lambda clip: band_stop(clip, *stop_hz, order=order))
    if peak_hz is not None:
        steps.append(lambda clip: peak_filter(clip, centre_hz=peak_hz, gain_db=gain_db, q=q))
    if low_shelf_hz is not None:
        steps.append(lambda clip: low_shelf(clip, centre_hz=low_shelf_hz, gain_db=gain_db))
    if high_shelf_hz is not None:
        steps.append(lambda clip: high_shelf(clip, centre_hz=high_shelf_hz, gain_db=gain_db))
    if not steps:
        raise ParameterError("Which filter? For instance --low-pass-hz 4000, or --peak-hz 100 --gain-db -6.")

    def change(clip: Clip) -> Clip:
        for step in steps:
            clip = step(clip)
        return clip

    change_files(change, sounds, out, to=to, force=force, jobs=jobs)
