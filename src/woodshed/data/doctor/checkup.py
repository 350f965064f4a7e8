"""Quality check of a labelled data set before training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from woodshed.data.doctor.copies import copies, exact_sets, near_sets, recordings
from woodshed.data.doctor.fast_checks import fast_checks
from woodshed.data.doctor.finding import Checkup, ranked
from woodshed.data.doctor.inspection import HIGHEST_RATE, Inspection, common_rate, inspect_sounds, usable
from woodshed.data.example import Corpus
from woodshed.errors import check_seed

MOST_CHECKED = 3000
"""Number of sounds whose labels are checked unless the checkup is thorough."""

Stage = Callable[[str, int], Callable[[], None]]
"""Called with the name of a stage and its number of steps; returns a callback that is called after each."""


def doctor(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    seed: int = 0,
    on_stage: Stage = lambda what, total: lambda: None,
    thorough: bool = False,
) -> Checkup:
    """Find faults of a data set that would degrade a model or its score.

    Unreadable, silent, clipped, short and incomplete sounds, DC offset, channels of opposite polarity and
    unusual sample rates; exact and near copies across classes, splits and groups; labels that are missing or
    probably wrong; class imbalance; and shortcuts: whether loudness, length, band limit, format or silence
    alone predict the class. Sounds are measured one by one and not kept in memory.

    Parameters
    ----------
    corpus
        The data set before `woodshed.data.check.check`, which already skips some of the faulty files.
    n_jobs
        Number of processes; -1 for one per core. The result does not depend on it.
    seed
        Seed of all random draws, 0 or more.
    on_stage
        Progress callback; see `Stage`.
    thorough
        Whether to check the labels of all sounds. Otherwise at most `MOST_CHECKED` are checked, evenly spread
        over the classes: it is the slowest check.

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
    from woodshed.data.doctor.outlier import wrong_labels
    from woodshed.data.doctor.shortcut import shortcuts
    from woodshed.features.views import Views

    check_seed(seed)
    views = Views(sample_rate=common_rate(corpus.examples))
    n_sounds = len(corpus.examples)
    checked = range(n_sounds) if thorough else checked_rows(corpus.labels)
    others = sorted(set(range(n_sounds)) - set(checked))
    advance = on_stage("sounds", n_sounds)
    results: list[Inspection | str] = [""] * n_sounds
    for rows, feature in ((checked, views), (others, None)):
        examples = [corpus.examples[k] for k in rows]
        inspected = inspect_sounds(
            examples, views=feature, slow=True, n_jobs=n_jobs, on_done=lambda k, result: advance()
        )
        for k, result in zip(rows, inspected, strict=True):
            results[k] = result
    inspections = usable(results)
    exact = exact_sets(inspections)
    near, alike = near_sets(
        corpus.examples,
        inspections,
        n_jobs=n_jobs,
        on_plan=lambda total: on_stage("pairs compared", total),
    )
    units = recordings(len(corpus.examples), [*exact, *near], corpus.groups)
    findings = fast_checks(corpus, results)
    findings += copies(corpus, exact, inspections)
    findings += copies(corpus, near, inspections, kind="near duplicate", alike=alike)
    advance = on_stage("labels and shortcuts", 2)
    findings += wrong_labels(corpus, inspections, [*exact, *near], views)
    advance()
    findings += shortcuts(corpus, inspections, units, seed=seed)
    advance()
    return replace(ranked(corpus, findings), n_checked=len(checked))


def checked_rows(labels: Sequence[str], most: int = MOST_CHECKED) -> list[int]:
    """Return the rows whose labels are checked: all, or at most ``most``, evenly spread over the classes.

    Examples
    --------
    >>> checked_rows(["a", "b", "a", "b"]), checked_rows(["a", "b", "a", "b"], most=2)
    ([0, 1, 2, 3], [0, 3])
    """
    if len(labels) <= most:
        return list(range(len(labels)))
    by_label = sorted(range(len(labels)), key=lambda k: (labels[k], k))
    return sorted(by_label[k] for k in np.linspace(0, len(labels) - 1, most).astype(int))


def short_checkup(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    on_stage: Stage = lambda what, total: lambda: None,
    inspections: Sequence[Inspection | str] | None = None,
    model_rate: int = HIGHEST_RATE,
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
    model_rate
        Sample rate of the model in hertz; energy above half of it is a finding.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> short_checkup(load(sample_folder())).of("duplicate")
    ()
    """
    n_sounds = len(corpus.examples)
    if inspections is None:
        advance = on_stage("sounds", n_sounds)
        inspections = inspect_sounds(
            corpus.examples, model_rate=model_rate, n_jobs=n_jobs, on_done=lambda k, result: advance()
        )
    results = inspections[:n_sounds]
    sounds = usable(results)
    findings = fast_checks(corpus, results, model_rate=model_rate)
    findings += copies(corpus, exact_sets(sounds), sounds)
    return ranked(corpus, [finding for finding in findings if finding.kind != "duplicate"])
