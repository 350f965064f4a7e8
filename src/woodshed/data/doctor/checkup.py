"""Quality check of a labelled data set before training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from woodshed.data.doctor.copies import copies, exact_sets, near_sets
from woodshed.data.doctor.fast_checks import (
    balance,
    clipped,
    lacks_label,
    missing_labels,
    missing_values,
    off_centre,
    other_rate,
    silent,
    too_short,
    unreadable,
)
from woodshed.data.doctor.finding import Checkup, Finding, ranked
from woodshed.data.doctor.fold import recordings
from woodshed.data.doctor.inspection import Inspection, common_rate, inspect_sounds
from woodshed.data.doctor.outlier import wrong_labels
from woodshed.data.doctor.shortcut import shortcuts
from woodshed.data.example import Corpus
from woodshed.errors import check_seed
from woodshed.features.views import Views

Stage = Callable[[str, int], Callable[[], None]]
"""Called with the name of a stage and its number of steps; returns a callback that is called after each."""


def doctor(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    seed: int = 0,
    on_stage: Stage = lambda what, total: lambda: None,
) -> Checkup:
    """Find faults of a data set that would degrade a model or its score.

    Unreadable, silent, clipped and short sounds, DC offset and unusual sample rates; exact and near copies
    across classes, splits and groups; labels that are missing or probably wrong; class imbalance; and
    shortcuts: whether loudness, length, band limit, format or silence alone predict the class. Sounds are
    measured one by one and not kept in memory.

    Parameters
    ----------
    corpus
        The data set before `woodshed.data.check.check`, which already skips some of the faulty files.
    n_jobs
        Number of threads; -1 for one per core. The result does not depend on it.
    seed
        Seed of all random draws, 0 or more.
    on_stage
        Progress callback; see `Stage`.

    Returns
    -------
    Checkup
        The findings, the most harmful first. An unreadable file is a finding, not an error.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0 or the seed is negative.

    Examples
    --------
    >>> from pathlib import Path
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.example import Example
    >>> from woodshed.data.sample import sample_folder
    >>> rows = (*load(sample_folder()).examples[::20], Example(Path("lost.wav"), "7"))
    >>> doctor(Corpus("some", rows)).of("unreadable")[0].files
    (PosixPath('lost.wav'),)
    """
    check_seed(seed)
    views = Views(sample_rate=common_rate(corpus.examples))
    inspections, reasons = _look(corpus, views, n_jobs, on_stage)
    exact = exact_sets(inspections)
    near, alike = near_sets(
        corpus.examples,
        inspections,
        n_jobs=n_jobs,
        on_plan=lambda total: on_stage("pairs compared", total),
    )
    units = recordings(len(corpus.examples), [*exact, *near], corpus.groups)
    findings = _fast_checks(corpus, inspections, reasons)
    findings += copies(corpus, exact)
    findings += copies(corpus, near, kind="near duplicate", alike=alike)
    advance = on_stage("labels and shortcuts", 2)
    findings += wrong_labels(corpus, inspections, [*exact, *near], views)
    advance()
    findings += shortcuts(corpus, inspections, units, seed=seed)
    advance()
    return ranked(corpus.name, len(corpus.examples), len(set(corpus.labels) - {""}), findings)


def short_checkup(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    on_stage: Stage = lambda what, total: lambda: None,
    inspections: Sequence[Inspection | str] | None = None,
) -> Checkup:
    """Run only the fast checks, which need one pass over each sound.

    Faults of single files, missing labels and values, class balance, and exact copies across classes, splits
    and groups. Only `doctor` reports copies within one class and group, near copies, wrong labels and
    shortcuts.

    Parameters
    ----------
    corpus, n_jobs, on_stage
        As for `doctor`.
    inspections
        Results of `woodshed.data.doctor.inspection.inspect_sounds` for the examples; None measures them.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> short_checkup(load(sample_folder())).of("duplicate")
    ()
    """
    if inspections is None:
        usable, reasons = _look(corpus, None, n_jobs, on_stage)
    else:
        usable, reasons = _by_row(inspections[: len(corpus.examples)])
    crossing = [finding for finding in copies(corpus, exact_sets(usable)) if finding.kind != "duplicate"]
    findings = [*_fast_checks(corpus, usable, reasons), *crossing]
    return ranked(corpus.name, len(corpus.examples), len(set(corpus.labels) - {""}), findings)


def _look(
    corpus: Corpus, views: Views | None, n_jobs: int, on_stage: Stage
) -> tuple[dict[int, Inspection], dict[int, str]]:
    """Return the measurements of the readable sounds, and the reasons for the others, by row."""
    advance = on_stage("sounds", len(corpus.examples))
    return _by_row(inspect_sounds(corpus.examples, views=views, n_jobs=n_jobs, on_done=advance))


def _by_row(results: Sequence[Inspection | str]) -> tuple[dict[int, Inspection], dict[int, str]]:
    """Separate measurements and reasons."""
    inspections = {k: result for k, result in enumerate(results) if isinstance(result, Inspection)}
    return inspections, {k: result for k, result in enumerate(results) if isinstance(result, str)}


def _fast_checks(
    corpus: Corpus, inspections: Mapping[int, Inspection], reasons: Mapping[int, str]
) -> list[Finding]:
    examples = corpus.examples
    usable = replace(corpus, examples=tuple(examples[k] for k in sorted(inspections)))
    left_out = [entry for entry in corpus.skipped if not lacks_label(entry)]
    single: Iterable[Finding | None] = (
        unreadable(examples, reasons, left_out),
        silent(examples, inspections),
        clipped(examples, inspections),
        off_centre(examples, inspections),
        too_short(examples, inspections),
        other_rate(examples, inspections),
        missing_labels(corpus),
    )
    several: Sequence[Finding] = [*missing_values(corpus), *balance(usable)]
    return [*(finding for finding in single if finding is not None), *several]
