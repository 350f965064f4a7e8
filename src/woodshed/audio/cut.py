"""Cutting files up: stretches of a file become files of their own, and nothing is held in memory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from woodshed.audio.convert import kept_encoding
from woodshed.audio.markers import Mark
from woodshed.audio.read import info, read_blocks
from woodshed.audio.silence_detection import Stretch
from woodshed.audio.write import choose_encoding, writer
from woodshed.errors import ParameterError


def cut_file(
    source: str | os.PathLike[str],
    stretches: Sequence[Stretch],
    targets: Sequence[Path],
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write each stretch of a file as a file of its own; each appears when it is complete.

    Parameters
    ----------
    source
        A sound file of any length.
    stretches
        What to keep, in seconds; `even_stretches`, `stretches_between` and `woodshed.audio.find_sound` make
        such lists.
    targets
        A name for each; the suffix says the format, as for `woodshed.audio.write`. Where the format can hold
        it, the encoding of the source is kept, so its samples are, too.
    overwrite
        Whether files of these names may be replaced.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    AudioFileError
        If the source cannot be read, or ends before a stretch does.
    OutputError
        If a target is there already or cannot be written.
    ParameterError
        If there is not one target for each stretch.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio import sine, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     whole = write(sine(440), Path(folder) / "a.wav")
    ...     names = [Path(folder) / "1.wav", Path(folder) / "2.wav"]
    ...     parts = cut_file(whole, even_stretches(1.0, 0.6), names)
    ...     [info(part).duration_s for part in parts]
    [0.6, 0.4]
    """
    if len(stretches) != len(targets):
        raise ParameterError(f"cut_file expects {len(stretches)} targets, one a stretch, got {len(targets)}.")
    heading = info(source)
    for stretch, target in zip(stretches, targets, strict=True):
        encoding = choose_encoding(target, kept_encoding(heading.codec, target))
        with writer(target, encoding, heading.sample_rate, heading.n_channels, overwrite=overwrite) as sound:
            for block in read_blocks(source, start_s=stretch.start_s, end_s=stretch.end_s):
                sound.write(block.samples)
    return list(targets)


def even_stretches(duration_s: float, length_s: float, *, last: str = "keep") -> list[Stretch]:
    """Divide a duration into stretches of one length; the last is shorter, or is dropped.

    Examples
    --------
    >>> [stretch.end_s for stretch in even_stretches(2.5, 1.0)]
    [1.0, 2.0, 2.5]
    >>> len(even_stretches(2.5, 1.0, last="drop"))
    2
    """
    if not length_s > 0:
        raise ParameterError(f"Parts must be longer than 0 s, got {length_s!r} s.")
    if last not in ("keep", "drop"):
        raise ParameterError(f"The last part can be kept or dropped, got {last!r}. Say keep or drop.")
    n_whole = int(duration_s / length_s + 1e-9)
    stretches = [Stretch(k * length_s, (k + 1) * length_s) for k in range(n_whole)]
    if last == "keep" and duration_s - n_whole * length_s > 1e-9 * duration_s:
        stretches.append(Stretch(n_whole * length_s, duration_s))
    return stretches


def stretches_between(times_s: Iterable[float], duration_s: float) -> list[Stretch]:
    """Divide a duration at some times; what comes before the first is a stretch as well.

    Examples
    --------
    >>> [(stretch.start_s, stretch.end_s) for stretch in stretches_between([0.5, 2.0], 3.0)]
    [(0.0, 0.5), (0.5, 2.0), (2.0, 3.0)]
    """
    inside = sorted({float(time_s) for time_s in times_s if 0 < time_s < duration_s})
    edges = [0.0, *inside, duration_s]
    return [Stretch(start_s, end_s) for start_s, end_s in itertools.pairwise(edges)]


def mark_stretches(marks: Sequence[Mark], duration_s: float) -> list[Stretch]:
    """Turn marks into stretches: one with a length is kept as it is, points divide what they lie in.

    Examples
    --------
    >>> [(s.start_s, s.end_s) for s in mark_stretches([Mark(1.0, 2.0, "verse")], 3.0)]
    [(1.0, 2.0)]
    >>> [(s.start_s, s.end_s) for s in mark_stretches([Mark(1.0, 1.0, "bar 2")], 3.0)]
    [(0.0, 1.0), (1.0, 3.0)]
    """
    long = [Stretch(mark.start_s, min(mark.end_s, duration_s)) for mark in marks if mark.end_s > mark.start_s]
    if long:
        return long
    return stretches_between((mark.start_s for mark in marks), duration_s)
