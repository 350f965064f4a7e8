"""Predictions for files: unusable ones are skipped, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from woodshed.data.example import Skipped, read_or_render
from woodshed.errors import AudioError, DataError, ScoreError
from woodshed.prediction import ClipPrediction
from woodshed.recognition.estimator import AudioEstimator

Result = TypeVar("Result")
"""Type of what is predicted for a file."""


def predict_files(
    estimator: AudioEstimator,
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    strict: bool = False,
    **options: Any,
) -> Iterator[ClipPrediction]:
    """Yield the prediction for each file as soon as it is computed.

    Parameters
    ----------
    estimator
        A fitted one.
    paths
        Audio or MIDI files.
    skipped
        Unusable files are appended to it, with the reason.
    strict
        Raise at the first unusable file instead.
    options
        As for `AudioEstimator.predictions`.

    Raises
    ------
    DataError
        After the last file, if none was usable.
    AudioError
        If ``strict`` and a file is unusable.
    """
    predictions = predict_each(
        lambda path: next(estimator.predictions([read_or_render(path)], **options)),
        paths,
        skipped,
        strict=strict,
    )
    return (prediction for _, prediction in predictions)


def predict_each(
    predict: Callable[[Path], Result],
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    strict: bool = False,
) -> Iterator[tuple[Path, Result]]:
    """Yield each file with its prediction by a function; arguments and errors as for `predict_files`."""
    n_usable = 0
    for path in paths:
        try:
            prediction = predict(path)
        except (AudioError, ScoreError) as error:
            if strict:
                raise
            skipped.append(Skipped(path, str(error)))
        else:
            n_usable += 1
            yield path, prediction
    if n_usable == 0:
        reason = ": none has the suffix of an audio file, such as .wav or .flac."
        if skipped:
            reason = f". The first: {skipped[0].reason}"
        raise DataError(f"No file could be used{reason}")
