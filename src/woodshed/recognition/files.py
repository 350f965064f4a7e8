"""Answering files one by one: a bad one is set aside, the others are answered in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from woodshed.data.example import Skipped
from woodshed.data.sound import read_or_render
from woodshed.errors import AudioError, DataError, ParameterError, ScoreError
from woodshed.prediction import Prediction
from woodshed.recognition.recogniser import Recogniser


def predict_files(
    recogniser: Recogniser,
    paths: Iterable[Path],
    skipped: list[Skipped],
    *,
    strict: bool = False,
    false_positive_rate: float | None = None,
) -> Iterator[Prediction]:
    """Yield the answer for each file as soon as it is known.

    Parameters
    ----------
    recogniser
        A fitted one.
    paths
        Sound or MIDI files.
    skipped
        Files that cannot be used are added to it, with the reason.
    strict
        Raise instead at the first such file.
    false_positive_rate
        As for `Recogniser.listen`.

    Raises
    ------
    DataError
        After the last file, if none could be used.
    AudioError
        If ``strict`` and a file cannot be used.
    """
    asked = {} if false_positive_rate is None else {"false_positive_rate": false_positive_rate}
    if asked and recogniser.answer != "classes":
        raise ParameterError("A rate of false alarms is for a model that names classes. Leave it out.")
    n_answered = 0
    for path in paths:
        try:
            clip = read_or_render(path)
            yield from recogniser.listen([clip], **asked)
            n_answered += 1
        except (AudioError, ScoreError) as error:
            if strict:
                raise
            skipped.append(Skipped(path, str(error)))
    if n_answered == 0:
        raise none_usable(skipped)


def none_usable(skipped: Sequence[Skipped]) -> DataError:
    """Return the error that ends an answer to no sound at all."""
    if skipped:
        return DataError(f"No sound could be used. The first: {skipped[0].reason}")
    return DataError("No sound could be used: no file has the ending of a sound file, such as .wav or .flac.")
