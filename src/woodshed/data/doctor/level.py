"""Faults of single sounds: unreadable, silent, clipped, off centre, too short, at another rate than most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from woodshed.data.check import SHORTEST_S
from woodshed.data.doctor.finding import Finding, command_on, share_of
from woodshed.data.doctor.look import Look
from woodshed.data.example import Example, Skipped
from woodshed.errors import counted
from woodshed.units import amplitude_to_db

CLIPPED_SHARE = 0.0005
"""From this share of its samples in runs at full scale on, a sound is called clipped."""

FULL_SHARE = 0.003
"""The same for single samples at full scale: bringing a sound to full scale leaves one or two there."""

DC_LEAST_S = 0.1
"""Shorter sounds may hold half a swing more on one side."""

DC_LEAST = 0.002
DC_OF_RMS = 0.2
"""A mean beyond both, the second times the sound's RMS level, is a fault of the recorder."""

SHORT_OF_MEDIAN = 0.15
"""A sound shorter than this share of the median length is the odd one out."""

MAJORITY = 0.6
"""If so many sounds have one rate, the others are the odd ones out."""

Looks = Mapping[int, Look]
"""Row of the corpus -> what was seen there; rows that could not be read are left out."""


def unreadable(
    examples: Sequence[Example], reasons: Mapping[int, str], left_out: Sequence[Skipped]
) -> Finding | None:
    """Report the files that cannot be used at all."""
    rows = [(examples[k].path, reason) for k, reason in sorted(reasons.items())]
    rows += [(entry.path, entry.reason) for entry in left_out]
    return _finding(
        "unreadable",
        0.5 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "cannot be used, and left out of any training",
        "Export {} again from the original, or remove {}: " + command_on("rm", [path for path, _ in rows]),
    )


def silent(examples: Sequence[Example], looks: Looks) -> Finding | None:
    """Report sounds with nothing to hear: all samples the same, or none above -60 dBFS."""
    rows = [
        (
            examples[k].path,
            "every sample is the same" if seen.constant else f"peak {amplitude_to_db(seen.peak):.0f} dBFS",
        )
        for k, seen in looks.items()
        if seen.is_silent
    ]
    return _finding(
        "silent",
        0.5 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "nothing but silence, from which no class should be learned",
        "Record {} again, or remove {}: " + command_on("rm", [path for path, _ in rows]),
    )


def is_clipped(seen: Look) -> bool:
    """Whether enough of a sound stands at full scale that it was recorded too loud."""
    n_values = seen.n_samples * seen.n_channels
    return seen.n_clipped >= max(1, CLIPPED_SHARE * n_values) or seen.n_full >= FULL_SHARE * n_values


def clipped(examples: Sequence[Example], looks: Looks) -> Finding | None:
    """Report sounds with a part of their samples at full scale."""
    rows = [
        (
            examples[k].path,
            f"{seen.n_full / (seen.n_samples * seen.n_channels):.2%} of the samples at full scale",
        )
        for k, seen in looks.items()
        if not seen.is_silent and is_clipped(seen)
    ]
    return _finding(
        "clipped",
        0.25 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "recorded too loud: peaks are cut off, which spreads noise over all bands",
        "Record {} again, softer; what was cut off cannot be brought back. To leave {} out: "
        + command_on("rm", [path for path, _ in rows]),
    )


def off_centre(examples: Sequence[Example], looks: Looks) -> Finding | None:
    """Report sounds whose mean is not zero."""
    rows = [
        (examples[k].path, f"mean {seen.dc_offset:+.4f}, RMS {seen.rms:.4f}")
        for k, seen in looks.items()
        if not seen.is_silent
        and not is_clipped(seen)  # cut off on one side, a sound is no longer centred
        and seen.duration_s >= DC_LEAST_S
        and abs(seen.dc_offset) > max(DC_LEAST, DC_OF_RMS * seen.rms)
    ]
    return _finding(
        "DC offset",
        0.15 + 0.4 * share_of(len(rows), len(examples)),
        rows,
        "not centred on zero: a fault of the recorder, which shows in the lowest bands and in the level",
        command_on("woodshed audio filter", [path for path, _ in rows], "--high-pass-hz 20 --out mended"),
    )


def too_short(examples: Sequence[Example], looks: Looks) -> Finding | None:
    """Report sounds under 10 ms, or far shorter than the others."""
    lengths_s = {k: seen.duration_s for k, seen in looks.items()}
    median_s = float(np.median(list(lengths_s.values()))) if lengths_s else 0.0
    rows = [
        (examples[k].path, f"{length_s:.3f} s; half of all last {median_s:.2f} s or more")
        for k, length_s in lengths_s.items()
        if length_s < max(SHORTEST_S, SHORT_OF_MEDIAN * median_s)
    ]
    return _finding(
        "too short",
        0.3 + 0.5 * share_of(len(rows), len(examples)),
        rows,
        "so short that little of a class can be in there",
        "Record {} again, or remove {}: " + command_on("rm", [path for path, _ in rows]),
    )


def other_rate(examples: Sequence[Example], looks: Looks) -> Finding | None:
    """Report sounds at another rate than most; or that there is no such rate."""
    counts = Counter(seen.sample_rate for seen in looks.values())
    if len(counts) < 2:
        return None
    rate, n_most = counts.most_common(1)[0]
    odd = [
        (examples[k].path, f"{seen.sample_rate} Hz") for k, seen in looks.items() if seen.sample_rate != rate
    ]
    repair = command_on(
        "woodshed audio convert", [path for path, _ in odd], f"--sample-rate {rate} --out mended"
    )
    if n_most < MAJORITY * len(looks):
        spelt = ", ".join(f"{n} at {hz} Hz" for hz, n in counts.most_common())
        return Finding(
            *("mixed rates", 0.3, tuple(path for path, _ in odd)),
            f"The sounds have several rates ({spelt}); the highest bands tell which.",
            repair,
            tuple(detail for _, detail in odd),
        )
    return _finding(
        "wrong rate",
        0.3 + 0.4 * share_of(len(odd), len(examples)),
        odd,
        f"not at the {rate} Hz of the others: something else made them",
        repair,
    )


def _finding(
    kind: str, harm: float, rows: Sequence[tuple[Path, str]], says: str, repair: str
) -> Finding | None:
    """Make a finding of the files, or None if there are none."""
    if not rows:
        return None
    them = "it" if len(rows) == 1 else "them"
    return Finding(
        kind,
        min(1.0, harm),
        tuple(path for path, _ in rows),
        f"{counted(len(rows), 'sound')}: {says}.",
        repair.replace("{}", them),
        tuple(detail for _, detail in rows),
    )
