"""Checkup: look at a labelled set of sounds before anyone learns from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from woodshed.data.doctor.copies import copies, exact_sets, near_sets
from woodshed.data.doctor.finding import Checkup, Finding, ranked
from woodshed.data.doctor.fold import recordings
from woodshed.data.doctor.label import balance, lacks_label, missing_labels, missing_values
from woodshed.data.doctor.level import clipped, off_centre, other_rate, silent, too_short, unreadable
from woodshed.data.doctor.look import Look, common_rate, look_at_all
from woodshed.data.doctor.outlier import wrong_labels
from woodshed.data.doctor.shortcut import shortcuts
from woodshed.data.example import Corpus
from woodshed.errors import check_seed
from woodshed.features.views import Views

Stage = Callable[[str, int], Callable[[], None]]
"""Called with what is done next and its number of steps; what it returns is called after each step."""


def doctor(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    seed: int = 0,
    on_stage: Stage = lambda what, total: lambda: None,
) -> Checkup:
    """Look for whatever would spoil a model of these sounds, or its score.

    Unreadable, silent, clipped, short and off-centre sounds, and those at another rate than the rest; copies,
    exact and nearly so, across classes, splits and groups; labels that are missing or probably wrong; classes
    out of balance; and shortcuts: whether the class can be guessed from loudness, length, band limit, format
    or silence alone. No sound is in memory longer than it takes to look at it; of each a thousand numbers
    are kept.

    Parameters
    ----------
    corpus
        What was listed, before `woodshed.data.check.check`, which sets aside part of what is looked for.
    n_jobs
        Sounds looked at at a time; -1 for as many as there are processors. The answer is the same.
    seed
        Source of every random draw, 0 or more.
    on_stage
        Told what is done next, for a progress bar.

    Returns
    -------
    Checkup
        The findings, the most harmful first. A file that cannot be read is a finding, not an error.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0, or the seed below 0.

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
    looks, reasons = _look(corpus, views, n_jobs, on_stage)
    exact = exact_sets(looks)
    near, alike = near_sets(
        corpus.examples,
        looks,
        n_jobs=n_jobs,
        on_plan=lambda total: on_stage("pairs compared", total),
    )
    units = recordings(len(corpus.examples), [*exact, *near], corpus.groups)
    findings = _cheap(corpus, looks, reasons)
    findings += copies(corpus, exact)
    findings += copies(corpus, near, kind="near duplicate", alike=alike)
    advance = on_stage("guesses", 2)
    findings += wrong_labels(corpus, looks, [*exact, *near], views)
    advance()
    findings += shortcuts(corpus, looks, units, seed=seed)
    advance()
    return ranked(corpus.name, len(corpus.examples), len(set(corpus.labels) - {""}), findings)


def short_checkup(
    corpus: Corpus,
    *,
    n_jobs: int = 1,
    on_stage: Stage = lambda what, total: lambda: None,
    looks: Sequence[Look | str] | None = None,
) -> Checkup:
    """Look only for what one quick reading of each sound tells.

    Faults of single files, missing labels and values, balance, and exact copies across classes, splits and
    groups. Copies within one class and group are left to `doctor`, as are near copies, wrong labels and
    shortcuts.

    Parameters
    ----------
    corpus, n_jobs, on_stage
        As for `doctor`.
    looks
        What `woodshed.data.doctor.look.look_at_all` saw of the examples already, if somebody has looked.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> short_checkup(load(sample_folder())).of("duplicate")
    ()
    """
    if looks is None:
        seen, reasons = _look(corpus, None, n_jobs, on_stage)
    else:
        seen, reasons = _sorted_out(looks[: len(corpus.examples)])
    crossing = [found for found in copies(corpus, exact_sets(seen)) if found.kind != "duplicate"]
    findings = [*_cheap(corpus, seen, reasons), *crossing]
    return ranked(corpus.name, len(corpus.examples), len(set(corpus.labels) - {""}), findings)


def _look(
    corpus: Corpus, views: Views | None, n_jobs: int, on_stage: Stage
) -> tuple[dict[int, Look], dict[int, str]]:
    """Look at all sounds; return what was seen, and why some could not be seen, by their row."""
    advance = on_stage("sounds", len(corpus.examples))
    return _sorted_out(look_at_all(corpus.examples, views=views, n_jobs=n_jobs, on_done=advance))


def _sorted_out(answers: Sequence[Look | str]) -> tuple[dict[int, Look], dict[int, str]]:
    looks = {k: answer for k, answer in enumerate(answers) if isinstance(answer, Look)}
    return looks, {k: answer for k, answer in enumerate(answers) if isinstance(answer, str)}


def _cheap(corpus: Corpus, looks: Mapping[int, Look], reasons: Mapping[int, str]) -> list[Finding]:
    examples = corpus.examples
    usable = replace(corpus, examples=tuple(examples[k] for k in sorted(looks)))
    left_out = [entry for entry in corpus.skipped if not lacks_label(entry)]
    single: Iterable[Finding | None] = (
        unreadable(examples, reasons, left_out),
        silent(examples, looks),
        clipped(examples, looks),
        off_centre(examples, looks),
        too_short(examples, looks),
        other_rate(examples, looks),
        missing_labels(corpus),
    )
    several: Sequence[Finding] = [*missing_values(corpus), *balance(usable)]
    return [*(finding for finding in single if finding is not None), *several]
