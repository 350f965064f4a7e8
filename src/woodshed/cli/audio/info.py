"""``woodshed audio info``: sample rate, duration, level, loudness and defects of sound files."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import typer

from woodshed.cli.audio.files import Jobs, Json, Sounds
from woodshed.cli.terminal import ProgressBar, list_skipped, note, out, print_table
from woodshed.errors import printable
from woodshed.units import duration_text

if TYPE_CHECKING:
    from woodshed.audio.measure import Measurement

HEADING = (
    "sound",
    "rate Hz",
    "ch",
    "bits",
    "duration",
    "codec",
    "peak dBFS",
    "RMS dBFS",
    "LUFS",
    "true peak dBTP",
    "clipped",
    "DC",
    "silent",
)

COMPACT = (0, 1, 2, 4, 6, 8, 10, 12)
"""Indices of the columns that are shown in a narrow terminal."""

WIDE = 150
"""Width of a terminal, in characters, from which all columns are shown."""


def command(sounds: Sounds, json_: Json = False, jobs: Jobs = -1) -> None:
    """Show sample rate, duration, level, loudness and defects."""
    from woodshed.audio.measure import measure_file
    from woodshed.workflows.audio import analyse_files

    analysis = analyse_files(measure_file, sounds, n_jobs=jobs, progress=ProgressBar())
    list_skipped(analysis.skipped)
    if json_:
        objects = [{"path": printable(path)} | measured.to_dict() for path, measured in analysis.results]
        typer.echo(json.dumps(objects, indent=2, ensure_ascii=False))
    elif len(analysis.results) == 1:
        ((path, measured),) = analysis.results
        print_table(("", ""), list(zip(HEADING, cells(printable(path), measured), strict=True)))
    else:
        shown = range(len(HEADING)) if out.width >= WIDE else COMPACT
        rows = [cells(printable(path.name), measured) for path, measured in analysis.results]
        print_table([HEADING[k] for k in shown], [[row[k] for k in shown] for row in rows], numbers_from=1)
        if shown is COMPACT:
            note("Bits, codec, RMS, true peak and DC are shown in a wider terminal, or by --json.")


def cells(name: str, measured: Measurement) -> tuple[str, ...]:
    """Format a measurement as the columns of ``HEADING``."""
    return (
        name,
        f"{measured.sample_rate:,}",
        str(measured.n_channels),
        "–" if measured.bits is None else str(measured.bits),
        duration_text(measured.duration_s) if measured.duration_s >= 60 else f"{measured.duration_s:.3f} s",
        measured.codec,
        level(measured.peak_dbfs),
        level(measured.rms_dbfs),
        level(measured.loudness_lufs),
        level(measured.true_peak_dbtp),
        f"{measured.n_clipped:,}",
        f"{measured.dc_offset:+.4f}",
        f"{measured.silence_share:.0%}",
    )


def level(value_db: float) -> str:
    """Format a level; minus infinity is silence, NaN was not measured.

    Examples
    --------
    >>> level(-3.0103), level(-math.inf), level(math.nan)
    ('-3.0', 'silent', '–')
    """
    if math.isnan(value_db):
        return "–"
    return "silent" if value_db == -math.inf else f"{value_db:.1f}"
