"""``woodshed audio filter``: apply filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.files import Force, Jobs, Out, Sounds, To, print_outcome
from woodshed.cli.terminal import ProgressBar
from woodshed.errors import ParameterError

if TYPE_CHECKING:
    from woodshed.audio.filter import FilterDesign

Frequency = float | None


def command(
    sounds: Sounds,
    out: Out,
    low_pass_hz: Annotated[Frequency, typer.Option(help="Cut-off frequency of a low-pass filter.")] = None,
    high_pass_hz: Annotated[Frequency, typer.Option(help="Cut-off frequency of a high-pass filter.")] = None,
    stop_hz: Annotated[
        tuple[float, float] | None, typer.Option(help="Lower and upper edge of a band-stop filter.")
    ] = None,
    peak_hz: Annotated[Frequency, typer.Option(help="Centre frequency of a peak filter.")] = None,
    low_shelf_hz: Annotated[Frequency, typer.Option(help="Corner frequency of a low-shelf filter.")] = None,
    high_shelf_hz: Annotated[Frequency, typer.Option(help="Corner frequency of a high-shelf filter.")] = None,
    gain_db: Annotated[
        float, typer.Option(help="Gain of peak and shelf filters in decibels; negative to attenuate.")
    ] = 6.0,
    q: Annotated[float, typer.Option(help="Quality factor of the peak filter: 0.5 wide, 10 narrow.")] = 1.0,
    order: Annotated[
        int, typer.Option(help="Order of pass and stop filters; each adds 6 dB per octave.")
    ] = 4,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Apply low-pass, high-pass, band-stop, peak and shelving filters; several are applied in turn.

    Files of any length are supported: they are filtered block by block.
    """
    from woodshed.audio import Butterworth, Equaliser
    from woodshed.audio.filter import FLATTEST_Q
    from woodshed.workflows.audio import filter_files

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
        raise ParameterError(
            "No filter given. Set at least one, such as --low-pass-hz 4000, or --peak-hz 100 --gain-db -6."
        )
    outcome = filter_files(designs, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
