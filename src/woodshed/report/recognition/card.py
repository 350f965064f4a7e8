"""Model card: what a model does, what it learned from, how well it does, and where it was never tested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from woodshed.errors import counted
from woodshed.prediction import NONE_OF_THESE, SILENCE
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.markdown import pairs_table, plain, plain_table
from woodshed.report.numbers import decimal, decimal_range, percent, percent_range
from woodshed.report.recognition.background import skipped_files
from woodshed.report.recognition.confidence import refused_share
from woodshed.report.recognition.head_report import ordered_splits
from woodshed.report.recognition.scores import MeasuredScore, answers_of, measure
from woodshed.report.recognition.wording import EXPLANATIONS, badge_of, method_name

_MEASURES = ("accuracy", "balanced accuracy", "macro-F1", "log loss")


def card(experiment: Experiment) -> str:
    """Write the model card of an experiment, the ``card.md`` of the model folder.

    After Mitchell et al. (2019), "Model cards for model reporting", shortened to what was measured.

    Raises
    ------
    ParameterError
        If nothing was tested.
    """
    splits = ordered_splits(experiment)
    corpus = experiment.corpus
    parts = [
        f"# {plain(experiment.task)}: trained on {plain(corpus.name)}",
        f"Names a sound as one of {counted(len(experiment.names), 'class', 'classes')}: "
        f"{', '.join(map(plain, experiment.names))}.",
        "## Trained on",
        plain_table(["what", "value"], _training_data(experiment)),
        "## How well it does",
        _score_table(experiment, splits),
        *_explanations(splits),
        "The first method of each split is the model, those after it are plain baselines. In brackets: 95 % "
        "bootstrap interval, drawn by group where groups are known.",
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(experiment, splits)),
        "## Settings",
        pairs_table(experiment.settings),
        "## Provenance",
        pairs_table(experiment.provenance),
    ]
    return "\n\n".join(parts) + "\n"


def _training_data(experiment: Experiment) -> list[tuple[str, str]]:
    corpus = experiment.corpus
    groups = "not known" if corpus.groups is None else str(len(set(corpus.groups)))
    per_class = ", ".join(f"{plain(label)} {n}" for label, n in corpus.counts().items())
    return [
        ("corpus", plain(corpus.name)),
        ("clips", str(len(corpus.examples))),
        ("clips of each class", per_class),
        ("groups (speakers, songs, recordings)", groups),
        ("skipped files", str(len(skipped_files(experiment)))),
        ("licence", plain(corpus.licence) or "not stated"),
        ("attribution", plain(corpus.citation) or "none given"),
    ]


def _score_table(experiment: Experiment, splits: Sequence[SplitResult]) -> str:
    rows = []
    for result in splits:
        badge = badge_of(result)
        name = plain(result.split) + (f" **{badge}**" if badge else "")
        for method in result.outputs:
            answers = answers_of(experiment, result, method)
            cells = [_cell(measured, measure(answers, measured)) for measured in _MEASURES]
            rows.append([name, plain(method_name(method)), str(len(result.truth)), *cells])
    return plain_table(["split", "method", "clips", *_MEASURES], rows)


def _cell(name: str, score: MeasuredScore) -> str:
    if name == "log loss":
        return f"{decimal(score.value)} ({decimal_range(score.interval)})"
    return f"{percent(score.value, 1)} ({percent_range(score.interval, 1)})"


def _explanations(splits: Iterable[SplitResult]) -> list[str]:
    badges = dict.fromkeys(badge_of(result) for result in splits if badge_of(result))
    return [EXPLANATIONS[badge] for badge in badges]


def _limits(experiment: Experiment, splits: Sequence[SplitResult]) -> list[str]:
    """Say what no number above is about."""
    corpus = plain(experiment.corpus.name)
    limits = [
        f"Tested on {corpus} only: never on other microphones, rooms or languages, nor on recordings of "
        "another origin.",
        f"It knows only the {counted(len(experiment.names), 'class', 'classes')} above. "
        + _refused(experiment, splits[0]),
    ]
    if all(result.leaky is not False for result in splits):
        limits.append(
            "Never tested on speakers, songs or recordings that are certain to be new to it: how well it "
            "does on those is not known."
        )
    is_tested = (splits[0].truth > 0.5).sum(axis=0).tolist()
    untested = [plain(name) for name, found in zip(experiment.names, is_tested, strict=True) if not found]
    if untested:
        limits.append(f"No clip of these classes was in the test: {', '.join(untested)}.")
    groups = answers_of(experiment, splits[0]).groups
    if groups is not None and len(set(groups.tolist())) < 10:
        n_groups = counted(len(set(groups.tolist())), "group")
        limits.append(f"Only {n_groups} in the test: the intervals are rather too narrow.")
    return limits


def _refused(experiment: Experiment, result: SplitResult) -> str:
    """Say what it answers to a sound of no class."""
    if result.judged is None:
        return "It names one of them for any sound, silence and noise included."
    answers = answers_of(experiment, result)
    shares = [
        f"{percent(score.value, 1)} as “{kind}”"
        for kind in (SILENCE, NONE_OF_THESE)
        for score in [refused_share(answers, result.judged, kind)]
    ]
    return (
        "It refuses silence and sounds unlike all that it learned from; of its own sounds, "
        f"{' and '.join(shares)}. "
        "A foreign sound that resembles them is still given one of their names."
    )
