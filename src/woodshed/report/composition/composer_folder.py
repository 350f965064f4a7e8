"""Model folder of a composer: the model, its card, and how well it knows pieces that it has not seen."""

from __future__ import annotations

import math
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.composition.composer import Composer
from woodshed.composition.experiment import ComposerResult
from woodshed.composition.saving import save_composer
from woodshed.errors import counted
from woodshed.report.recognition.card import pairs_table, plain, plain_table
from woodshed.report.recognition.wording import UNKNOWN
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, to_json


def write_composer_folder(composer: Composer, result: ComposerResult, folder: Path) -> None:
    """Write a fitted composer, its card and ``metrics.json``.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    save_composer(composer, folder)
    write_whole(folder / METRICS_NAME, to_json(result.to_values()))
    write_whole(folder / CARD_NAME, composer_card(composer, result))


def composer_card(composer: Composer, result: ComposerResult) -> str:
    """Write the model card of a composer; see `woodshed.report.recognition.card.card`."""
    corpus, sizes = result.corpus, result.sizes
    task = type(composer).task
    facts = [
        ("corpus", plain(corpus.name)),
        ("pieces learned from", str(sizes["train"])),
        ("pieces that chose the weights", str(sizes["validation"])),
        ("pieces held out for the test", str(sizes["test"])),
        ("split", "official" if corpus.parts else "by family: versions of one piece stay together"),
        ("copies left out", str(corpus.n_copies)),
        ("set aside, as they cannot be used", str(len(corpus.skipped))),
        ("licence", plain(corpus.licence) or "not stated"),
        ("attribution", plain(corpus.citation) or "none given"),
    ]
    parts = [
        f"# {plain(task)}: learned from {plain(corpus.name)}",
        f"Writes new pieces of the job {plain(task)}: `woodshed generate FOLDER`.",
        "## Learned from",
        plain_table(["what", "value"], facts),
        "The texts of what it learned from are in `known.json.gz`, so that every new piece can be compared "
        "with them. Mind their licence when you pass the model on.",
        "## How well it knows pieces that it has not seen",
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
        return "Nothing was held out: there are too few families of pieces. How well it does is not known."
    rows = [(one.method, f"{one.bits:.3f}" if math.isfinite(one.bits) else UNKNOWN) for one in result.bits]
    plain = "The others counted the same pieces that the model learned from."
    if _are_ngrams(result):
        plain = (
            "The n-grams (Kneser-Ney) learned from the same pieces as the model; shown: order 2, and the "
            "best of seven."
        )
    return "\n\n".join(
        [
            plain_table(["what predicts", "bits a token, the fewer the better"], rows),
            f"Measured on {counted(result.sizes['test'], 'piece')} that nothing was learned from. {plain}",
        ]
    )


def _are_ngrams(result: ComposerResult) -> bool:
    return any(one.method.startswith("n-gram") for one in result.bits)


def _limits(result: ComposerResult) -> list[str]:
    found = ["It knows the music it learned from and no other."]
    if not result.finished:
        found.append("Its training was interrupted: the best weights until then were kept.")
    model, *plain = (one.bits for one in result.bits) if result.bits else (math.nan,)
    if plain and model > min(plain):
        plainer = "An n-gram" if _are_ngrams(result) else "Counting"
        found.append(f"{plainer} knows unseen pieces better than it does: it has learned too little.")
    if result.sizes["train"] < 100:
        found.append(f"It learned from {counted(result.sizes['train'], 'piece')} only, and will copy them.")
    return found
