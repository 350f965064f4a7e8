"""Model folder of a recogniser: the model, its card, scores and report, and digests of its training files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus, Example
from woodshed.data.item import file_digest
from woodshed.errors import AudioFileError, counted
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.recognition.saving import save_model
from woodshed.report.recognition.head_report import (
    HeadReport,
    badge_explanations,
    ordered_splits,
    outputs_text,
    report_of,
)
from woodshed.report.recognition.page import default_groups, skipped_files, target_counts, write_page
from woodshed.report.recognition.scores import groups_of
from woodshed.report.wording import badge_of, method_name, pairs_table, plain, plain_table
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, to_json

DIGESTS_NAME = "heard.json"
"""File with the digests and groups of the training clips, to recognise a test on the same recordings."""


def write_model_folder(model: AudioEstimator, experiment: Experiment, folder: Path) -> None:
    """Write the model, its card, scores and report, and the digests of its training files.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    save_model(model, folder)
    write_results(experiment, folder)
    write_whole(folder / CARD_NAME, card(experiment))
    examples = experiment.corpus.subset(experiment.learned.tolist())
    digests = {
        "sounds": sorted(_digests(examples)),
        "groups": sorted(own_groups(experiment.corpus, examples)),
    }
    write_whole(folder / DIGESTS_NAME, to_json(digests))


def _digests(examples: Iterable[Example]) -> set[str]:
    """Return the digests of the files that are still there."""
    digests = set()
    for path in {example.path for example in examples}:
        with suppress(AudioFileError):
            digests.add(file_digest(path))
    return digests


def write_results(experiment: Experiment, folder: Path) -> None:
    """Write ``metrics.json`` and ``report.html``."""
    write_whole(folder / METRICS_NAME, to_json(report_of(experiment.head).metrics(experiment)))
    write_page(experiment, folder / "report.html")


def is_leaky(folder: Path, corpus: Corpus) -> bool | None:
    """Return whether a model was trained on some of the files or groups of a corpus.

    Returns
    -------
    bool or None
        None when that is unknown: the model folder has no digests, or groups are unknown on one side, so that
        new files may be from the same speaker.
    """
    try:
        digests = json.loads((folder / DIGESTS_NAME).read_text("utf-8"))
        sounds, groups = set(digests["sounds"]), set(digests["groups"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    examples = corpus.examples
    if own_groups(corpus, examples) & groups or _digests(examples) & sounds:
        return True
    is_grouped = not corpus.group_reason and all(example.group is not None for example in examples)
    return False if groups and is_grouped else None


def own_groups(corpus: Corpus, examples: Iterable[Example]) -> set[str]:
    """Return the groups of examples that are names of their own; files as groups differ in every corpus."""
    if corpus.group_reason:
        return set()
    return {example.group for example in examples if example.group is not None}


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
        *badge_explanations(splits),
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
    return [
        ("corpus", plain(corpus.name)),
        ("clips", str(len(corpus.examples))),
        (
            f"clips by {experiment.head.noun}",
            ", ".join(f"{plain(name)} {n}" for name, n in target_counts(experiment).items()),
        ),
        (
            "groups (speakers, songs, recordings)",
            "unknown" if corpus.groups is None else f"{len(set(corpus.groups))}{default_groups(corpus)}",
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
