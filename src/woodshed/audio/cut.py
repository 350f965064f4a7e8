"""Segmentation of audio files into shorter files, without loading them into memory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from woodshed.audio.convert import matching_encoding
from woodshed.audio.markers import Marker
from woodshed.audio.read import info, read_blocks
from woodshed.audio.silence_detection import Segment
from woodshed.audio.write import choose_encoding, writer
from woodshed.errors import ParameterError


def cut_file(
    source: str | os.PathLike[str],
    segments: Sequence[Segment],
    targets: Sequence[Path],
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write each segment of a file to a separate file, each of them atomically.

    Parameters
    ----------
    source
        An audio file of any length.
    segments
        Segments in seconds, such as those of `equal_segments`, `segments_between`, `marker_segments` or
        `woodshed.audio.find_sound`.
    targets
        A file name for each segment; the suffix determines the format, as in `woodshed.audio.write`. The
        encoding of the source is kept where the format supports it, so that samples are copied unchanged.
    overwrite
        Whether to replace existing files.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    AudioFileError
        If the source cannot be read, or a segment starts after its end.
    OutputError
        If a target exists or cannot be written.
    ParameterError
        If the numbers of targets and segments differ.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio import sine, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = write(sine(440), Path(folder) / "a.wav")
    ...     targets = [Path(folder) / "1.wav", Path(folder) / "2.wav"]
    ...     paths = cut_file(source, equal_segments(1.0, 0.6), targets)
    ...     [info(path).duration_s for path in paths]
    [0.6, 0.4]
    """
    if len(segments) != len(targets):
        raise ParameterError(
            f"cut_file expects {len(segments)} targets, one for each segment, got {len(targets)}."
        )
    header = info(source)
    for segment, target in zip(segments, targets, strict=True):
        encoding = choose_encoding(target, matching_encoding(header.codec, target))
        with writer(target, encoding, header.sample_rate, header.n_channels, overwrite=overwrite) as sound:
            for block in read_blocks(source, start_s=segment.start_s, end_s=segment.end_s):
                sound.write(block.samples)
    return list(targets)


def equal_segments(duration_s: float, length_s: float, *, last: str = "keep") -> list[Segment]:
    """Divide a duration into segments of equal length.

    Parameters
    ----------
    duration_s
        Duration in seconds.
    length_s
        Length of a segment in seconds, positive.
    last
        Whether to ``keep`` or ``drop`` a shorter last segment.

    Raises
    ------
    ParameterError
        If the length is not positive, or ``last`` is unknown.

    Examples
    --------
    >>> [segment.end_s for segment in equal_segments(2.5, 1.0)]
    [1.0, 2.0, 2.5]
    >>> len(equal_segments(2.5, 1.0, last="drop"))
    2
    """
    if not length_s > 0:
        raise ParameterError(f"The segment length must be positive, got {length_s!r} s.")
    if last not in ("keep", "drop"):
        raise ParameterError(f"last must be 'keep' or 'drop', got {last!r}.")
    n_full = int(duration_s / length_s + 1e-9)
    segments = [Segment(k * length_s, (k + 1) * length_s) for k in range(n_full)]
    if last == "keep" and duration_s - n_full * length_s > 1e-9 * duration_s:
        segments.append(Segment(n_full * length_s, duration_s))
    return segments


def segments_between(times_s: Iterable[float], duration_s: float) -> list[Segment]:
    """Divide a duration at the given times, in seconds; times outside it are ignored.

    Examples
    --------
    >>> [(segment.start_s, segment.end_s) for segment in segments_between([0.5, 2.0], 3.0)]
    [(0.0, 0.5), (0.5, 2.0), (2.0, 3.0)]
    """
    inside = sorted({float(time_s) for time_s in times_s if 0 < time_s < duration_s})
    edges = [0.0, *inside, duration_s]
    return [Segment(start_s, end_s) for start_s, end_s in itertools.pairwise(edges)]


def marker_segments(markers: Sequence[Marker], duration_s: float) -> list[Segment]:
    """Convert markers to segments.

    Markers with a length become segments, and points are then ignored; if all markers are points, they divide
    the duration.

    Examples
    --------
    >>> [(s.start_s, s.end_s) for s in marker_segments([Marker(1.0, 2.0, "verse")], 3.0)]
    [(1.0, 2.0)]
    >>> [(s.start_s, s.end_s) for s in marker_segments([Marker(1.0, 1.0, "bar 2")], 3.0)]
    [(0.0, 1.0), (1.0, 3.0)]
    """
    segments = [
        Segment(marker.start_s, min(marker.end_s, duration_s))
        for marker in markers
        if marker.end_s > marker.start_s
    ]
    return segments or segments_between((marker.start_s for marker in markers), duration_s)
