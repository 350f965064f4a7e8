"""``woodshed audio info``: what a sound file is, by its heading and by its samples."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.audio.work import Jobs, Sounds, ask_files
from woodshed.cli.terminal import note, out, print_table
from woodshed.errors import printable
from woodshed.units import duration_text

if TYPE_CHECKING:
    from woodshed.audio.measure import Measurement

HEADING = (
    *("sound", "rate", "ch", "bits", "length", "codec", "peak dBFS", "RMS dBFS"),
    *("LUFS", "true peak dBTP", "clipped", "DC", "silent"),
)

COMPACT = (0, 1, 2, 4, 6, 8, 10, 12)
"""The columns that fit into a narrow window."""

WIDE = 150


def command(
    sounds: Sounds,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON: one object for each sound.")] = False,
    jobs: Jobs = -1,
) -> None:
    """Show rate, length, level, loudness and faults of sounds."""
    from woodshed.audio.measure import measure_file

    answers = ask_files(measure_file, sounds, jobs=jobs)
    if json_:
        objects = [{"path": printable(path)} | measured.to_dict() for path, measured in answers]
        typer.echo(json.dumps(objects, indent=2, ensure_ascii=False))
    elif len(answers) == 1:
        ((path, measured),) = answers
        print_table(("", ""), list(zip(HEADING, cells(printable(path), measured), strict=True)))
    else:
        shown = range(len(HEADING)) if out.width >= WIDE else COMPACT
        rows = [cells(printable(path.name), measured) for path, measured in answers]
        print_table([HEADING[k] for k in shown], [[row[k] for k in shown] for row in rows], numbers_from=1)
        if shown is COMPACT:
            note("Bits, codec, RMS, true peak and DC: in a wider window, or with --json.")


def cells(name: str, measured: Measurement) -> tuple[str, ...]:
    """Spell a measurement, one text for each column of ``HEADING``."""
    return (
        name,
        f"{measured.sample_rate:,}",
        str(measured.n_channels),
        "–" if measured.bits is None else str(measured.bits),
        duration_text(measured.duration_s) if measured.duration_s >= 60 else f"{measured.duration_s:.3f} s",
        measured.codec,
        *(
            level(value)
            for value in (
                *(measured.peak_dbfs, measured.rms_dbfs),
                *(measured.loudness_lufs, measured.true_peak_dbtp),
            )
        ),
        f"{measured.n_clipped:,}",
        f"{measured.dc_offset:+.4f}",
        f"{measured.silence_share:.0%}",
    )


def level(value_db: float) -> str:
    """Spell a level; silence has none, and NaN was not measured.

    Examples
    --------
    >>> level(-3.0103), level(-math.inf), level(math.nan)
    ('-3.0', 'silent', '–')
    """
    if math.isnan(value_db):
        return "–"
    return "silent" if value_db == -math.inf else f"{value_db:.1f}"
