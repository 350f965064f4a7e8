"""Model folder of a recogniser: the model, its card, scores and report, and digests of its training files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.data.doctor.recording_index import RecordingIndex, RecordingPrint, indexed_rows, print_rate
from woodshed.data.example import Corpus, Example, Sounds, is_made
from woodshed.data.item import file_digest
from woodshed.data.licence import NO_ATTRIBUTION, UNSTATED
from woodshed.data.store import FeatureStore
from woodshed.decoding import parse_json
from woodshed.errors import AudioFileError, DataError, WoodshedError, counted
from woodshed.recognition.clip_item import clip_items
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.head_report import (
    HeadReport,
    badge_explanations,
    ordered_splits,
    outputs_text,
    report_of,
)
from woodshed.report.recognition.page import (
    ScoredSplit,
    default_groups,
    scored_splits,
    skipped_files,
    target_counts,
    write_page,
)
from woodshed.report.recognition.scores import groups_of
from woodshed.report.wording import (
    LICENCE,
    PASSING_ON,
    badge_of,
    method_name,
    pairs_table,
    plain,
    plain_table,
)
from woodshed.training.model_folder import (
    CARD_NAME,
    METRICS_NAME,
    damaged,
    read_result,
    record_checksums,
    to_json,
)

DIGESTS_NAME = "heard.json"
"""File with the digests and groups of the training clips, to recognise a test on the same recordings."""

PAGE_NAME = "report.html"

INDEX_NAME = "recordings.npz"
"""File with summaries of the training clips, to recognise other versions of them; at most 5 MB."""


def write_model_folder(model: AudioEstimator, experiment: Experiment, folder: Path) -> None:
    """Write the model, its card, scores and report, and the digests of its training files.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    model.save(folder)
    scored = scored_splits(experiment)
    write_results(experiment, folder, scored)
    write_whole(folder / CARD_NAME, card(experiment, scored))
    examples = experiment.corpus.subset(experiment.learned.tolist())
    digests = {
        "sounds": sorted(set(_digests(examples).values())),
        "groups": sorted(own_groups(experiment.corpus, examples)),
    }
    write_whole(folder / DIGESTS_NAME, to_json(digests))
    write_whole(folder / INDEX_NAME, _recording_index(model, examples).to_bytes())
    record_checksums(folder, [METRICS_NAME, PAGE_NAME, CARD_NAME, DIGESTS_NAME, INDEX_NAME])


def _recording_index(model: AudioEstimator, examples: Sequence[Example]) -> RecordingIndex:
    """Return the index of the clips that a model was trained on; lost files are left out."""
    recorded = [examples[k] for k in indexed_rows(len(examples)) if not is_made(examples[k])]
    sample_rate = print_rate(model.sample_rate_)
    prints = []
    with tempfile.TemporaryDirectory() as temporary:
        store = FeatureStore(model.store or temporary, RecordingPrint(sample_rate))
        items = clip_items(Sounds(recorded), sample_rate)
        store.fill(items, n_jobs=model.n_jobs)
        for example, item in zip(recorded, items, strict=True):
            with suppress(WoodshedError):
                prints.append((example.path.name, store.get(item)))
    return RecordingIndex.of_prints(prints)


def _digests(examples: Iterable[Example]) -> dict[Path, str]:
    """Return the digests of the files that are still there."""
    digests: dict[Path, str] = {}
    for path in {example.path for example in examples}:
        with suppress(AudioFileError):
            digests[path] = file_digest(path)
    return digests


def write_results(experiment: Experiment, folder: Path, scored: Sequence[ScoredSplit] | None = None) -> None:
    """Write ``metrics.json`` and ``report.html``; ``scored`` are `scored_splits`, if they are known."""
    write_whole(folder / METRICS_NAME, to_json(report_of(experiment.head).metrics(experiment)))
    write_page(experiment, folder / PAGE_NAME, scored=scored)


@dataclass(frozen=True)
class Overlap:
    """What a corpus shares with the training data of a model.

    Parameters
    ----------
    leaky
        Whether it shares a file, a version of a recording, or a group. None when that is unknown: the model
        folder has no digests, or groups are unknown on one side, so that new files may be from the same
        speaker.
    learned_from
        File of the corpus -> name of the training file of which it is a version.
    """

    leaky: bool | None
    learned_from: Mapping[Path, str]


def find_overlap(folder: Path, corpus: Corpus) -> Overlap:
    """Return what a corpus shares with the training data of the model in a folder.

    Raises
    ------
    ModelFolderError
        If the digests are damaged.
    """
    learned_from = _versions(folder, corpus)
    content = read_result(folder, DIGESTS_NAME)
    if content is None:
        return Overlap(True if learned_from else None, learned_from)
    try:
        digests = parse_json(content)
        sounds, groups = set(digests["sounds"]), set(digests["groups"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(folder / DIGESTS_NAME, f"it cannot be parsed ({error})") from error
    for path, digest in _digests(corpus.examples).items():
        if digest in sounds:
            learned_from.setdefault(path, path.name)
    has_groups = bool(groups) and not corpus.group_reason and None not in {e.group for e in corpus.examples}
    shares = bool(learned_from) or bool(own_groups(corpus, corpus.examples) & groups)
    return Overlap(True if shares else False if has_groups else None, learned_from)


def _versions(folder: Path, corpus: Corpus) -> dict[Path, str]:
    """Return the files that are versions of training recordings; none for a model of an earlier woodshed."""
    content = read_result(folder, INDEX_NAME)
    if content is None:
        return {}
    try:
        index = RecordingIndex.from_bytes(content)
    except DataError as error:
        raise damaged(folder / INDEX_NAME, str(error)) from error
    matches = ((example.path, index.match(example)) for example in corpus.examples)
    return {path: name for path, name in matches if name is not None}


def own_groups(corpus: Corpus, examples: Iterable[Example]) -> set[str]:
    """Return the groups of examples that are names of their own; files as groups differ in every corpus."""
    if corpus.group_reason:
        return set()
    return {example.group for example in examples if example.group is not None}


def card(experiment: Experiment, scored: Sequence[ScoredSplit] | None = None) -> str:
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
        PASSING_ON,
        "## Scores",
        _score_table(report, scored_splits(experiment) if scored is None else scored),
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
        (LICENCE, plain(corpus.licence or UNSTATED)),
        ("attribution", plain(corpus.citation or NO_ATTRIBUTION)),
    ]


def _score_table(report: HeadReport, scored: Sequence[ScoredSplit]) -> str:
    rows = []
    for result, of_methods in scored:
        badge = badge_of(result.leaky)
        split = plain(result.split) + (f" **{badge}**" if badge else "")
        for method, scores in of_methods.items():
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
