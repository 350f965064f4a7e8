"""Checks of single recordings: unreadable, silent, clipped, DC offset, too short, unusual sample rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from woodshed.data.check import SHORTEST_S
from woodshed.data.doctor.finding import Finding, command_on, share_of
from woodshed.data.doctor.inspection import Inspection
from woodshed.data.example import Example, Skipped
from woodshed.errors import counted
from woodshed.units import amplitude_to_db

CLIPPED_SHARE = 0.0005
"""Minimum share of samples in runs at full scale for a sound to count as clipped."""

FULL_SHARE = 0.003
"""The same for single samples at full scale: peak normalisation leaves one or two there."""

DC_LEAST_S = 0.1
"""Minimum duration for the DC check, in seconds: the mean of shorter sounds depends on the phase."""

DC_LEAST = 0.002
DC_OF_RMS = 0.2
"""A mean above both limits, the second as a share of the RMS level, counts as DC offset."""

SHORT_OF_MEDIAN = 0.15
"""Sounds shorter than this share of the median duration are reported."""

MAJORITY = 0.6
"""Minimum share of the most common sample rate for the others to count as wrong."""

Inspections = Mapping[int, Inspection]
"""Row of the corpus -> its measurements, without the rows that could not be read."""


def unreadable(
    examples: Sequence[Example], reasons: Mapping[int, str], left_out: Sequence[Skipped]
) -> Finding | None:
    """Report the files that cannot be used."""
    rows = [(examples[k].path, reason) for k, reason in sorted(reasons.items())]
    rows += [(entry.path, entry.reason) for entry in left_out]
    return _finding(
        "unreadable",
        0.5 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "skipped in training",
        "Export {} again from the original, or remove {}: " + command_on("rm", [path for path, _ in rows]),
    )


def silent(examples: Sequence[Example], inspections: Inspections) -> Finding | None:
    """Report silent sounds: all samples equal, or none above -60 dBFS."""
    rows = [
        (
            examples[k].path,
            "all samples are equal" if sound.constant else f"peak {amplitude_to_db(sound.peak):.0f} dBFS",
        )
        for k, sound in inspections.items()
        if sound.is_silent
    ]
    return _finding(
        "silent",
        0.5 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "only silence, from which no class can be learned",
        "Record {} again, or remove {}: " + command_on("rm", [path for path, _ in rows]),
    )


def is_clipped(sound: Inspection) -> bool:
    """Whether enough samples are at full scale for the sound to count as clipped."""
    n_values = sound.n_samples * sound.n_channels
    return sound.n_clipped >= max(1, CLIPPED_SHARE * n_values) or sound.n_full >= FULL_SHARE * n_values


def clipped(examples: Sequence[Example], inspections: Inspections) -> Finding | None:
    """Report sounds with a part of their samples at full scale."""
    rows = [
        (
            examples[k].path,
            f"{sound.n_full / (sound.n_samples * sound.n_channels):.2%} of the samples at full scale",
        )
        for k, sound in inspections.items()
        if not sound.is_silent and is_clipped(sound)
    ]
    return _finding(
        "clipped",
        0.25 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "recorded too loud; the clipped peaks add distortion in all bands",
        "Record {} again at a lower gain; clipping cannot be undone. To remove {}: "
        + command_on("rm", [path for path, _ in rows]),
    )


def off_centre(examples: Sequence[Example], inspections: Inspections) -> Finding | None:
    """Report sounds whose mean is not zero."""
    rows = [
        (examples[k].path, f"mean {sound.dc_offset:+.4f}, RMS {sound.rms:.4f}")
        for k, sound in inspections.items()
        if not sound.is_silent
        and not is_clipped(sound)  # clipping on one side shifts the mean
        and sound.duration_s >= DC_LEAST_S
        and abs(sound.dc_offset) > max(DC_LEAST, DC_OF_RMS * sound.rms)
    ]
    return _finding(
        "DC offset",
        0.15 + 0.4 * share_of(len(rows), len(examples)),
        rows,
        "the mean is not zero, a fault of the recorder that changes the lowest bands and the level",
        command_on("woodshed audio filter", [path for path, _ in rows], "--high-pass-hz 20 --out fixed"),
    )


def too_short(examples: Sequence[Example], inspections: Inspections) -> Finding | None:
    """Report sounds shorter than 10 ms, or far shorter than the median."""
    lengths_s = {k: sound.duration_s for k, sound in inspections.items()}
    median_s = float(np.median(list(lengths_s.values()))) if lengths_s else 0.0
    rows = [
        (examples[k].path, f"{length_s:.3f} s; the median is {median_s:.2f} s")
        for k, length_s in lengths_s.items()
        if length_s < max(SHORTEST_S, SHORT_OF_MEDIAN * median_s)
    ]
    return _finding(
        "too short",
        0.3 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "too short to contain much of a class",
        "Record {} again, or remove {}: " + command_on("rm", [path for path, _ in rows]),
    )


def other_rate(examples: Sequence[Example], inspections: Inspections) -> Finding | None:
    """Report sounds whose sample rate differs from the most common one, or that there is no common one."""
    counts = Counter(sound.sample_rate for sound in inspections.values())
    if len(counts) < 2:
        return None
    rate, n_most = counts.most_common(1)[0]
    odd = [
        (examples[k].path, f"{sound.sample_rate} Hz")
        for k, sound in inspections.items()
        if sound.sample_rate != rate
    ]
    repair = command_on(
        "woodshed audio convert", [path for path, _ in odd], f"--sample-rate {rate} --out fixed"
    )
    if n_most < MAJORITY * len(inspections):
        rates = ", ".join(f"{n} at {hz} Hz" for hz, n in counts.most_common())
        return Finding(
            "mixed rates",
            0.3,
            tuple(path for path, _ in odd),
            f"The sounds have several sample rates ({rates}), which are recognisable from the highest bands.",
            repair,
            tuple(detail for _, detail in odd),
        )
    return _finding(
        "wrong rate",
        0.3 + 0.4 * share_of(len(odd), len(examples)),
        odd,
        f"not at the {rate} Hz of the others, probably from another device or source",
        repair,
    )


def _finding(
    kind: str, harm: float, rows: Sequence[tuple[Path, str]], fault: str, repair: str
) -> Finding | None:
    """Return a finding about the files, or None if there are none."""
    if not rows:
        return None
    pronoun = "it" if len(rows) == 1 else "them"
    return Finding(
        kind,
        min(1.0, harm),
        tuple(path for path, _ in rows),
        f"{counted(len(rows), 'sound')}: {fault}.",
        repair.replace("{}", pronoun),
        tuple(detail for _, detail in rows),
    )
