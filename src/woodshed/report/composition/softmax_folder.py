"""A folder with a softmax analysis: a page to read, and every number in it as JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from woodshed.atomic import write_whole
from woodshed.composition.sequence.softmax_analysis import SoftmaxAnalysis
from woodshed.errors import OutputError, printable
from woodshed.metrics.softmax_layer import effects
from woodshed.report.composition.softmax_page import softmax_page, summary
from woodshed.report.composition.softmax_words import ends, situations
from woodshed.training.model_folder import make_folder, to_json
from woodshed.training.progress import assess_overfitting

PAGE_NAME, VALUES_NAME = "report.html", "explain.json"


def prepare_softmax_folder(folder: Path, *, force: bool = False) -> None:
    """Make the folder; an analysis that is in it already is only replaced if that is asked for.

    Raises
    ------
    OutputError
        If one is there, or the folder cannot be made.
    """
    there = [name for name in (PAGE_NAME, VALUES_NAME) if (folder / name).exists()]
    if there and not force:
        raise OutputError(
            f"{printable(folder)} holds {' and '.join(there)} already. Give --out another folder, or write "
            "over them by --force."
        )
    make_folder(folder)


def write_softmax_folder(analysis: SoftmaxAnalysis, folder: Path, model: str) -> None:
    """Write ``report.html`` and ``explain.json``, each whole or not at all.

    Parameters
    ----------
    analysis
        What was found.
    folder
        Made before, see `prepare_softmax_folder`.
    model
        What the model is called.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    write_whole(folder / VALUES_NAME, to_json({"model": model, **softmax_values(analysis)}))
    write_whole(folder / PAGE_NAME, softmax_page(analysis, model))


def softmax_values(analysis: SoftmaxAnalysis) -> dict[str, Any]:
    """Return all that is told of an analysis as plain values; units and directions are counted from 1."""
    with_bias, among = analysis.correlations
    directions = analysis.directions
    overfitting = assess_overfitting(analysis.curve)
    return {
        "answers": dict(summary(analysis)),
        "n_weights": analysis.n_weights,
        "n_softmax_weights": analysis.kernel.size + analysis.bias.size,
        "bias": {
            word: {"bias": float(bias), "chance": float(chance)}
            for word, bias, chance in zip(
                analysis.vocabulary, analysis.bias, analysis.bias_chances, strict=True
            )
        },
        "units": [
            {
                "unit": number,
                "strength": float(np.linalg.norm(moved)),
                "correlation_with_bias": float(with_bias[number - 1]),
                **_ends(analysis, moved),
            }
            for number, moved in enumerate(effects(analysis.kernel), start=1)
        ],
        "correlation": {
            "with_bias_mean": float(np.abs(with_bias).mean()),
            "with_bias_most": float(np.abs(with_bias).max()),
            "among_units_mean": float(np.abs(among[np.triu_indices(len(among), 1)]).mean()),
        },
        "closed_form": {
            "largest_error": analysis.closed_form_error,
            "bar_line_chances": dict(situations(analysis)),
        },
        "directions": {
            "rank": directions.rank,
            "n_null": directions.n_null,
            "singular_values": directions.sizes,
            "moves_all_alike": directions.common_shares,
            "ends": [_ends(analysis, moved) for moved in directions.tokens[: directions.rank]],
        },
        "contexts": {name: asdict(found) for name, found in analysis.contexts.items()},
        "tune": " ".join(analysis.vocabulary[k] for k in analysis.piece.following[:-1]),
        "lobotomy": [
            {
                "removed": one.cut.what,
                "n_removed": one.cut.n_removed,
                **asdict(one.judged),
                **({"written": asdict(one.written)} if one.written else {}),
            }
            for one in analysis.ablations
        ],
        "training": {"curve": asdict(analysis.curve), **(asdict(overfitting) if overfitting else {})},
    }


def _ends(analysis: SoftmaxAnalysis, moved: np.ndarray) -> dict[str, list[str]]:
    return dict(zip(("raises", "lowers"), ends(analysis, moved), strict=True))
