"""Model card: purpose, training data, scores and limitations of a model, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from woodshed.errors import counted
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.markdown import pairs_table, plain, plain_table
from woodshed.report.recognition.background import skipped_files, target_counts
from woodshed.report.recognition.head_report import HeadReport, ordered_splits, outputs_text, report_of
from woodshed.report.recognition.scores import groups_of
from woodshed.report.recognition.wording import EXPLANATIONS, badge_of, method_name


def card(experiment: Experiment) -> str:
    """Return the model card of an experiment, the ``card.md`` of the model folder.

    After Mitchell et al. (2019), "Model cards for model reporting", shortened to what was measured.

    Raises
    ------
    ParameterError
        If nothing was tested.
    """
    splits = ordered_splits(experiment)
    report = report_of(experiment.head)
    parts = [
        f"# {plain(experiment.task)}: trained on {plain(experiment.corpus.name)}",
        f"{report.purpose} {outputs_text(experiment)}: {', '.join(map(plain, experiment.names))}.",
        "## Training data",
        plain_table(["item", "value"], _training_data(experiment)),
        "## Scores",
        _score_table(report, experiment, splits),
        *_explanations(splits),
        "The first method of each split is the model; the others are baselines. In brackets: 95 % bootstrap "
        f"interval, resampled by group where groups are known. {report.explanation}",
        "## Limitations",
        "\n".join(f"- {limit}" for limit in _limits(report, experiment, splits)),
        "## Settings",
        pairs_table(experiment.settings),
        "## Provenance",
        pairs_table(experiment.provenance),
    ]
    return "\n\n".join(parts) + "\n"


def _training_data(experiment: Experiment) -> list[tuple[str, str]]:
    corpus = experiment.corpus
    counts = ", ".join(f"{plain(name)} {n}" for name, n in target_counts(experiment).items())
    return [
        ("corpus", plain(corpus.name)),
        ("clips", str(len(corpus.examples))),
        (f"clips by {experiment.head.noun}", counts),
        (
            "groups (speakers, songs, recordings)",
            "unknown" if corpus.groups is None else str(len(set(corpus.groups))),
        ),
        ("skipped files", str(len(skipped_files(experiment)))),
        ("licence", plain(corpus.licence) or "not stated"),
        ("attribution", plain(corpus.citation) or "none given"),
    ]


def _score_table(report: HeadReport, experiment: Experiment, splits: Sequence[SplitResult]) -> str:
    rows = []
    for result in splits:
        badge = badge_of(result.leaky)
        split = plain(result.split) + (f" **{badge}**" if badge else "")
        for method, scores in report.scores(experiment, result).items():
            cells = [
                f"{report.value_text(name, score.value)} ({report.interval_text(name, score.interval)})"
                for name, score in scores.items()
            ]
            rows.append([split, plain(method_name(method)), str(len(result.truth)), *cells])
    return plain_table(["split", "method", "clips", *report.measures], rows)


def _explanations(splits: Iterable[SplitResult]) -> list[str]:
    return list(dict.fromkeys(EXPLANATIONS[badge] for result in splits if (badge := badge_of(result.leaky))))


def _limits(report: HeadReport, experiment: Experiment, splits: Sequence[SplitResult]) -> list[str]:
    """Return what the scores do not cover."""
    tested = splits[0]
    limits = [
        f"Tested on {plain(experiment.corpus.name)} only, not on other microphones, rooms, languages or "
        "sources.",
        *report.limits(experiment, tested),
    ]
    if all(result.leaky is not False for result in splits):
        limits.append(
            "Generalisation to new speakers, songs or recordings was not measured: no test used groups that "
            "are absent from the training part."
        )
    counts = experiment.head.counts(experiment.names, tested.truth)
    untested = [plain(name) for name, n in counts.items() if not n]
    if untested:
        limits.append(f"Without a test clip: {', '.join(untested)}.")
    groups = groups_of(experiment.corpus, tested.indices)
    if groups is not None and len(set(groups.tolist())) < 10:
        n_groups = counted(len(set(groups.tolist())), "group")
        limits.append(f"Only {n_groups} in the test part, so the intervals tend to be too narrow.")
    return limits
