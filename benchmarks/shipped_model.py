"""Writing of the models that woodshed ships: weights in half precision, card, licence and checksums."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.provenance import versions_line
from woodshed.atomic import write_whole
from woodshed.composition.composer import Composer
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, record_checksums, to_json

ATTRIBUTION_NAME = "ATTRIBUTION.md"


def write_model(
    composer: Composer,
    folder: Path,
    card: str,
    *,
    facts: Mapping[str, str],
    minutes: float,
    **values: object,
) -> None:
    """Write a fitted composer with its card and the licence of its training data.

    Parameters
    ----------
    composer
        Fitted.
    folder
        Made if it is missing. An attribution in it that is written by hand gets a checksum too.
    card
        Text of the card, with a field for each of ``values`` and for the settings and results of the training.
    facts
        Corpus, licence and citation, as ``woodshed info`` shows them.
    minutes
        Duration of the training.
    values
        Further fields of the card.
    """
    composer.save(folder, half=True)
    text = card.format(
        n_layers=composer.n_layers,
        width=composer.width,
        n_weights=sum(weights.size for weights in composer.weights_.values()) / 1e6,
        n_train=len(composer.known_),
        epochs=composer.epochs,
        batch_size=composer.batch_size,
        best=composer.curve_.best_epoch + 1,
        rate=composer.learning_rate,
        dropout=composer.dropout,
        seed=composer.seed,
        minutes=minutes,
        versions=versions_line(("numpy", "keras", "tensorflow-cpu")),
        **values,
    )
    write_whole(folder / CARD_NAME, text)
    write_whole(folder / METRICS_NAME, to_json(facts))
    record_checksums(folder, [CARD_NAME, METRICS_NAME, ATTRIBUTION_NAME])
