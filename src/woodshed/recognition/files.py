"""Prediction of files one by one: unusable files are skipped, the others are predicted in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from woodshed.data.example import Skipped, read_or_render
from woodshed.errors import AudioError, DataError, ScoreError
from woodshed.prediction import ClipPrediction
from woodshed.recognition.estimator import AudioEstimator

Result = TypeVar("Result")


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

    def predict(path: Path) -> ClipPrediction:
        return next(estimator.predictions([read_or_render(path)], **options))

    return (prediction for _, prediction in process_files(predict, paths, skipped, strict=strict))


def process_files(
    process: Callable[[Path], Result], paths: Iterable[Path], skipped: list[Skipped], *, strict: bool = False
) -> Iterator[tuple[Path, Result]]:
    """Yield each path with the result of a function; arguments and errors as for `predict_files`."""
    n_usable = 0
    for path in paths:
        try:
            result = process(path)
        except (AudioError, ScoreError) as error:
            if strict:
                raise
            skipped.append(Skipped(path, str(error)))
        else:
            n_usable += 1
            yield path, result
    if n_usable == 0:
        raise _none_usable(skipped)


def _none_usable(skipped: Sequence[Skipped]) -> DataError:
    """Return the error for a prediction without any usable file."""
    if skipped:
        return DataError(f"No file could be used. The first: {skipped[0].reason}")
    return DataError("No file could be used: none has the suffix of an audio file, such as .wav or .flac.")
