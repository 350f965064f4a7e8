"""Checks of annotations and of single recordings, without comparing sounds or fitting models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from woodshed.data.doctor.finding import Finding, command_on, share_of
from woodshed.data.doctor.inspection import HIGHEST_RATE, SHORTEST_S, Inspection, inspect_starts, usable
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import counted
from woodshed.units import amplitude_to_db

PLACEHOLDERS = frozenset(
    {"", "?", "-", "n/a", "na", "nan", "none", "null", "todo", "unknown", "unlabelled", "unlabeled"}
)
"""Lower-case placeholders for a missing label."""

FEW = 10
"""Classes with fewer sounds are reported: their scores are unreliable."""

LOPSIDED = 5.0
"""Classes smaller than the largest by more than this factor are reported."""

_NO_LABEL = "the label is empty"

CLIPPED_SHARE = 0.0005
"""Minimum share of samples in runs at full scale for a sound to count as clipped."""

FULL_SHARE = 0.003
"""The same for single samples at full scale: peak normalisation leaves one or two there."""

DC_LEAST_S = 0.1
"""Minimum duration for the DC check, in seconds: the mean of shorter sounds depends on the phase."""

DC_LEAST = 0.002
DC_OF_RMS = 0.2
"""A mean above both limits, the second as a share of the RMS level, counts as DC offset."""

ABOVE_SHARE = 0.1
"""Minimum share of the energy of a sound above half of the rate of the model for the sound to be reported."""

SHORT_OF_MEDIAN = 0.15
"""Sounds shorter than this share of the median duration are reported."""

MAJORITY = 0.6
"""Minimum share of the most common sample rate for the others to count as wrong."""

Inspections = Mapping[int, Inspection]
"""Row of the corpus -> its measurements, without the rows that could not be read."""


def fast_checks(
    corpus: Corpus, results: Sequence[Inspection | str], *, model_rate: int = HIGHEST_RATE
) -> list[Finding]:
    """Report faults of single recordings and of annotations, without exact copies.

    Parameters
    ----------
    corpus
        The rows.
    results
        From `woodshed.data.doctor.inspection.inspect_sounds`, for each row.
    model_rate
        Sample rate of the model in hertz with which they were measured.
    """
    examples = corpus.examples
    reasons = {k: result for k, result in enumerate(results) if isinstance(result, str)}
    inspections = usable(results)
    return [
        *unreadable(examples, reasons),
        *not_used([entry for entry in corpus.skipped if not lacks_label(entry)], len(examples)),
        *silent(examples, inspections),
        *clipped(examples, inspections),
        *off_centre(examples, inspections),
        *broken_off(examples, inspections),
        *opposite_channels(examples, inspections),
        *above_model(examples, inspections, model_rate),
        *too_short(examples, inspections),
        *other_rate(examples, inspections),
        *missing_labels(corpus),
        *missing_values(corpus),
        *balance(replace(corpus, examples=corpus.subset(list(inspections)))),
    ]


def missing_labels(corpus: Corpus) -> list[Finding]:
    """Report rows without a label, or with a placeholder such as ``unknown`` or ``nan``.

    Examples with an empty label are not reported: they have tags or values instead.
    """
    rows = [(entry.path, entry.reason) for entry in corpus.skipped if lacks_label(entry)]
    rows += [
        (example.path, f"labelled {example.label!r}")
        for example in corpus.examples
        if example.label and example.label.strip().lower() in PLACEHOLDERS
    ]
    return _finding(
        "missing label",
        0.4 + 0.5 * share_of(len(rows), len(corpus.examples) + len(rows)),
        rows,
        " without a label: skipped, or treated as a class of that name",
        "Fill in the label.",
    )


def missing_values(corpus: Corpus) -> list[Finding]:
    """Report groups and splits that are given for some rows only."""
    return [
        *_missing_value(
            corpus,
            "group",
            [example.group for example in corpus.examples],
            harm=0.5,
            meaning="each becomes a group of its own, so one source may be on both sides of a split",
            repair="Fill in the column group, or give a rule that fits every file: --group-by.",
        ),
        *_missing_value(
            corpus,
            "split",
            [example.split for example in corpus.examples],
            harm=0.3,
            meaning="the official split cannot be used",
            repair="Fill in the column split.",
        ),
    ]


def _missing_value(
    corpus: Corpus, column: str, values: Sequence[str | None], *, harm: float, meaning: str, repair: str
) -> list[Finding]:
    """Report the rows that lack a value which others have."""
    missing = [
        (example.path, "") for example, value in zip(corpus.examples, values, strict=True) if value is None
    ]
    if len(missing) == len(values):
        return []
    fault = f" of {len(values):,} without a {column}: {meaning}"
    return _finding(f"missing {column}", harm, missing, fault, repair)


def balance(corpus: Corpus) -> Iterator[Finding]:
    """Report classes that are small, far smaller than the largest, or from a single group.

    The examples should be usable sounds only.
    """
    counts = {label: n for label, n in corpus.counts().items() if label}
    if not counts:
        return
    most = max(counts.values())
    few = {label: n for label, n in counts.items() if n < FEW}
    outnumbered = {label: n for label, n in counts.items() if n * LOPSIDED < most}
    single = _single_group_classes(corpus)
    if few:
        yield Finding(
            "few sounds",
            min(0.6, 0.2 + 0.04 * (FEW - min(few.values()))),
            _files_of(corpus, few),
            f"{_sizes(few)}. That is too few to train on, and their scores are unreliable.",
            "Record more of them.",
        )
    if outnumbered:
        yield Finding(
            "class balance",
            min(0.6, 0.2 + 0.05 * most / min(outnumbered.values())),
            _files_of(corpus, outnumbered),
            f"{_sizes(outnumbered)}; the largest class has {most:,}. Such classes are rarely predicted.",
            "Record more of them; woodshed audio pitch or woodshed audio stretch makes variants.",
        )
    if single:
        yield Finding(
            "one group only",
            0.6,
            _files_of(corpus, single),
            f"All sounds of {', '.join(map(repr, single))} come from one {corpus.group_word}: a model "
            f"may learn the {corpus.group_word} instead of the class.",
            f"Record the class from another {corpus.group_word}.",
        )


def lacks_label(entry: Skipped) -> bool:
    """Whether a row was skipped because it has no label."""
    return _NO_LABEL in entry.reason


def _sizes(counts: Mapping[str, int]) -> str:
    """Return the size of each class as text, the smallest first."""
    return ", ".join(f"{label!r} has {n}" for label, n in sorted(counts.items(), key=lambda item: item[1]))


def _single_group_classes(corpus: Corpus) -> list[str]:
    """Return the classes of several sounds that all come from one group."""
    pairs = set(zip(corpus.labels, corpus.groups or (), strict=False))
    n_groups = Counter(label for label, _ in pairs)
    return [label for label, n in corpus.counts().items() if n > 1 and n_groups[label] == 1]


def _files_of(corpus: Corpus, labels: Collection[str]) -> tuple[Path, ...]:
    return tuple(example.path for example in corpus.examples if example.label in labels)


def unreadable(examples: Sequence[Example], reasons: Mapping[int, str]) -> list[Finding]:
    """Report the files that cannot be read."""
    rows = [(examples[k].path, reason) for k, reason in sorted(reasons.items())]
    return _recordings_finding(
        "unreadable",
        rows,
        len(examples),
        (0.5, 1.0),
        ": skipped in training",
        "Convert {}, or export {} again from the original.",
    )


def not_used(entries: Sequence[Skipped], n_examples: int) -> list[Finding]:
    """Report the files and rows that were skipped before any file was opened."""
    return _finding(
        "skipped",
        0.5 + 0.5 * share_of(len(entries), n_examples + len(entries)),
        [(entry.path, entry.reason) for entry in entries],
        " skipped in training, for the reason beside each",
        "Correct the name, the row of the table or the place of {}.",
    )


def silent(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report silent sounds: all samples equal, or none above -60 dBFS."""
    rows = [
        (
            examples[k].path,
            "all samples are equal" if sound.constant else f"peak {amplitude_to_db(sound.peak):.0f} dBFS",
        )
        for k, sound in inspections.items()
        if sound.is_silent
    ]
    return _recordings_finding(
        "silent",
        rows,
        len(examples),
        (0.5, 1.0),
        ": only silence, from which no class can be learned",
        "Record {} again if the sound is missing. To listen: "
        + command_on("woodshed audio play", [path for path, _ in rows]),
    )


def is_clipped(sound: Inspection) -> bool:
    """Whether enough samples are at full scale for the sound to count as clipped."""
    n_values = sound.n_samples * sound.n_channels
    return sound.n_clipped >= max(1, CLIPPED_SHARE * n_values) or sound.n_full >= FULL_SHARE * n_values


def clipped(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report sounds with a part of their samples at full scale."""
    rows = [
        (
            examples[k].path,
            f"{sound.n_full / (sound.n_samples * sound.n_channels):.2%} of the samples at full scale",
        )
        for k, sound in inspections.items()
        if not sound.is_silent and is_clipped(sound)
    ]
    return _recordings_finding(
        "clipped",
        rows,
        len(examples),
        (0.25, 0.75),
        ": recorded too loud; the clipped peaks add distortion in all bands",
        "Record {} again at a lower gain; clipping cannot be undone. To listen: "
        + command_on("woodshed audio play", [path for path, _ in rows]),
    )


def off_centre(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report sounds whose mean is not zero."""
    rows = [
        (examples[k].path, f"mean {sound.dc_offset:+.4f}, RMS {sound.rms:.4f}")
        for k, sound in inspections.items()
        if not sound.is_silent
        and not is_clipped(sound)  # clipping on one side shifts the mean
        and sound.duration_s >= DC_LEAST_S
        and abs(sound.dc_offset) > max(DC_LEAST, DC_OF_RMS * sound.rms)
    ]
    return _recordings_finding(
        "DC offset",
        rows,
        len(examples),
        (0.15, 0.55),
        ": the mean is not zero, a fault of the recorder that changes the lowest bands and the level",
        command_on("woodshed audio filter", [path for path, _ in rows], "--high-pass-hz 20 --out fixed"),
    )


def input_checks(paths: Sequence[Path], *, model_rate: int, n_jobs: int = 1) -> list[Finding]:
    """Report recordings that a fitted model does not use as they are.

    Parameters
    ----------
    paths
        The recordings; notes, and files that cannot be read, are ignored.
    model_rate
        Sample rate of the model in hertz.
    n_jobs
        Number of threads; -1 for one per core.
    """
    examples, inspections = inspect_starts(paths, model_rate=model_rate, n_jobs=n_jobs)
    return [
        *broken_off(examples, inspections),
        *opposite_channels(examples, inspections),
        *above_model(examples, inspections, model_rate),
    ]


def broken_off(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report files that end before the length in their header, or whose header states none."""
    rows = [(examples[k].path, "; ".join(sound.remarks)) for k, sound in inspections.items() if sound.remarks]
    return _recordings_finding(
        "incomplete",
        rows,
        len(examples),
        (0.2, 0.6),
        ": the header does not match the audio data, which are used as far as they go",
        "Copy {} again from the original if it is complete; else the rest is lost.",
    )


def opposite_channels(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report stereo sounds whose channels cancel each other in the mix that a model uses."""
    rows = [(examples[k].path, sound.mix_remark) for k, sound in inspections.items() if sound.mix_remark]
    return _recordings_finding(
        "opposite polarity",
        rows,
        len(examples),
        (0.15, 0.45),
        ": the two channels cancel each other, as with a cable that is wired wrongly",
        "Write the mix that is used, and listen to it: "
        + command_on("woodshed audio channels", [path for path, _ in rows], "--do mono --out fixed"),
    )


def above_model(examples: Sequence[Example], inspections: Inspections, model_rate: int) -> list[Finding]:
    """Report sounds with much of their energy above half of the sample rate of the model."""
    affected = {k: sound for k, sound in inspections.items() if sound.share_above >= ABOVE_SHARE}
    rows = [(examples[k].path, f"{sound.share_above:.0%} of the energy") for k, sound in affected.items()]
    rates = [sound.sample_rate for sound in affected.values()]
    share = float(np.median([sound.share_above for sound in affected.values()])) if affected else 0.0
    return _recordings_finding(
        "above the model",
        rows,
        len(examples),
        (0.2, 0.2 + 0.6 * share),
        f" with energy above {model_rate / 2:g} Hz, half of the sample rate of the model, which is ignored "
        f"(median share {share:.0%})",
        f"If the class is audible there, train with --sample-rate {max(rates, key=rates.count, default=0)}.",
    )


def too_short(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report sounds shorter than 10 ms, or far shorter than the median."""
    lengths_s = {k: sound.duration_s for k, sound in inspections.items()}
    median_s = float(np.median(list(lengths_s.values()))) if lengths_s else 0.0
    rows = [
        (examples[k].path, f"{length_s:.3f} s; the median is {median_s:.2f} s")
        for k, length_s in lengths_s.items()
        if length_s < max(SHORTEST_S, SHORT_OF_MEDIAN * median_s)
    ]
    return _recordings_finding(
        "too short",
        rows,
        len(examples),
        (0.3, 0.8),
        ": too short to contain much of a class",
        "Record {} again if a part is missing. To listen: "
        + command_on("woodshed audio play", [path for path, _ in rows]),
    )


def other_rate(examples: Sequence[Example], inspections: Inspections) -> list[Finding]:
    """Report sounds whose sample rate differs from the most common one, or that there is no common one."""
    counts = Counter(sound.sample_rate for sound in inspections.values())
    if len(counts) < 2:
        return []
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
        return [
            Finding(
                "mixed rates",
                0.3,
                tuple(path for path, _ in odd),
                f"The sounds have several sample rates ({rates}), which are recognisable from the highest "
                "bands.",
                repair,
                tuple(detail for _, detail in odd),
            )
        ]
    return _recordings_finding(
        "wrong rate",
        odd,
        len(examples),
        (0.3, 0.7),
        f": not at the {rate} Hz of the others, probably from another device or source",
        repair,
    )


def _recordings_finding(
    kind: str,
    rows: Sequence[tuple[Path, str]],
    n_recordings: int,
    harm: tuple[float, float],
    fault: str,
    repair: str,
) -> list[Finding]:
    """Return a finding about some of the recordings; ``harm`` is that if few, and if all are affected."""
    least, most = harm
    share = share_of(len(rows), n_recordings)
    return _finding(kind, least + (most - least) * share, rows, fault, repair)


def _finding(
    kind: str, harm: float, rows: Sequence[tuple[Path, str]], fault: str, repair: str
) -> list[Finding]:
    """Return a finding about files and the detail of each, if any; ``fault`` follows their number."""
    if not rows:
        return []
    pronoun = "it" if len(rows) == 1 else "them"
    return [
        Finding(
            kind,
            min(1.0, harm),
            tuple(path for path, _ in rows),
            f"{counted(len(rows), 'sound')}{fault}.",
            repair.replace("{}", pronoun),
            tuple(detail for _, detail in rows) if any(detail for _, detail in rows) else (),
        )
    ]
