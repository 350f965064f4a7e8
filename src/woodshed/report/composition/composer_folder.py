"""Model folder of a composer: the model, its card, and its test results."""

from __future__ import annotations

import math
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.composition.composer import Composer
from woodshed.composition.experiment import ComposerResult
from woodshed.data.licence import NO_ATTRIBUTION, UNSTATED
from woodshed.errors import counted
from woodshed.report.wording import LICENCE, PASSING_ON, UNKNOWN, pairs_table, plain, plain_table
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, record_checksums, to_json


def write_composer_folder(composer: Composer, result: ComposerResult, folder: Path) -> None:
    """Write a fitted composer, its card and ``metrics.json``.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    composer.save(folder)
    write_whole(folder / METRICS_NAME, to_json(result.to_values()))
    write_whole(folder / CARD_NAME, composer_card(composer, result))
    record_checksums(folder, [METRICS_NAME, CARD_NAME])


def composer_card(composer: Composer, result: ComposerResult) -> str:
    """Write the model card of a composer; see `woodshed.report.recognition.folder.card`."""
    corpus, sizes = result.corpus, result.sizes
    facts = [
        ("corpus", plain(corpus.name)),
        ("training pieces", str(sizes["train"])),
        ("validation pieces", str(sizes["validation"])),
        ("test pieces", str(sizes["test"])),
        ("split", "official" if corpus.parts else "by family: versions of one piece are in the same part"),
        ("copies removed", str(corpus.n_copies)),
        ("skipped as unusable", str(len(corpus.skipped))),
        (LICENCE, plain(corpus.licence or UNSTATED)),
        ("attribution", plain(corpus.citation or NO_ATTRIBUTION)),
    ]
    parts = [
        f"# {plain(composer.task)}: trained on {plain(corpus.name)}",
        f"Generates new pieces of task {plain(composer.task)}: `woodshed generate FOLDER`.",
        "## Training data",
        plain_table(["what", "value"], facts),
        "The training pieces are in `known.json.gz`, so that new pieces can be compared with them. Their "
        "licence applies to that file when you pass the model on.",
        PASSING_ON,
        "## Cross-entropy of held-out pieces",
        _bits_text(result),
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(result)),
        "## Settings",
        pairs_table(composer.get_params()),
        "## Provenance",
        pairs_table(result.provenance),
    ]
    return "\n\n".join(parts) + "\n"


def _bits_text(result: ComposerResult) -> str:
    if not result.bits:
        return "Nothing was held out, as there are too few families of pieces. The model was not tested."
    rows = [(one.method, f"{one.bits:.3f}" if math.isfinite(one.bits) else UNKNOWN) for one in result.bits]
    baseline = "The baselines were estimated from the same training pieces."
    if _are_ngrams(result):
        baseline = (
            "The n-grams (Kneser-Ney) were estimated from the same training pieces; shown: order 2, and the "
            "best of seven."
        )
    return "\n\n".join(
        [
            plain_table(["model", "bits per token (lower is better)"], rows),
            f"Measured on {counted(result.sizes['test'], 'held-out piece')}. {baseline}",
        ]
    )


def _are_ngrams(result: ComposerResult) -> bool:
    return any(one.method.startswith("n-gram") for one in result.bits)


def _limits(result: ComposerResult) -> list[str]:
    limits = ["It models the style of its training data only."]
    if not result.finished:
        limits.append("The training was interrupted; the best weights until then were kept.")
    model, *baselines = (one.bits for one in result.bits) if result.bits else (math.nan,)
    if baselines and model > min(baselines):
        baseline = "An n-gram" if _are_ngrams(result) else "A baseline"
        limits.append(f"{baseline} predicts held-out pieces better: the model is undertrained.")
    if result.sizes["train"] < 100:
        limits.append(f"It was trained on {counted(result.sizes['train'], 'piece')} only and will copy them.")
    return limits
