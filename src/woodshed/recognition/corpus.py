"""What a listener can learn from, or be tested on, read from the place that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from woodshed.data.example import Corpus, Skipped
from woodshed.data.source import read_source
from woodshed.data.table import NO_LABEL, TABLE_SUFFIXES, read_rows
from woodshed.errors import DataError, ParameterError, printable
from woodshed.recognition.experiments.columns import columns_of
from woodshed.recognition.self_training import with_unlabelled

if TYPE_CHECKING:
    from woodshed.recognition.estimator import AudioEstimator


def load_corpus_for(
    estimator: AudioEstimator,
    data: str,
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    to_learn: bool = True,
) -> Corpus:
    """Read what a recogniser, tagger or regressor is to learn, or to be tested on.

    Parameters
    ----------
    listener
        Its job decides what is read. A fitted tagger or regressor looks for the columns it has learned, and
        a regressor for the values that its job is about.
    data, group_by
        As for `woodshed.data.source.read_source`.
    targets
        Columns of a table that hold values, or tags as 0 and 1.
    to_learn
        Whether it is to learn: from two classes at least, and, if its settings ask for it, from unlabelled
        sounds. To be tested, one class is enough.

    Raises
    ------
    DataError
        If nothing can be read, or what there is says nothing of what the job is about.
    ParameterError
        If columns are named for a job that learns names, or ``group_by`` does not fit.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.tasks.speech import SpeechRecogniser
    >>> len(load_corpus_for(SpeechRecogniser(), f"fsdd:{sample_folder()}").counts())
    10
    """
    if targets and estimator.answer == "classes":
        raise ParameterError(
            f"{estimator.task} learns names and has no --target. Choose --task tags or mood."
        )
    columns = [*targets] or _own_columns(estimator, Path(data))
    corpus = read_source(data, group_by=group_by, targets=columns, least_classes=2 if to_learn else 1)
    if estimator.answer == "classes":
        corpus = _labelled(corpus)
    corpus = with_unlabelled(estimator if to_learn else None, corpus)
    return corpus if estimator.answer == "classes" else columns_of(estimator, corpus)


def _own_columns(estimator: AudioEstimator, place: Path) -> list[str]:
    """Return the columns of a table that a listener must mean, if nobody names them."""
    is_table = place.suffix.lower() in TABLE_SUFFIXES and place.is_file()
    if not is_table or estimator.answer == "classes":
        return []
    columns, _ = read_rows(place)
    if estimator.answer == "tags" and "tags" in columns:
        return []
    known = getattr(estimator, "classes_", getattr(type(estimator), "names", ()))
    own = [name for name in known if name in columns]
    if not own and "label" not in columns:
        raise DataError(
            f"{printable(place)}: nobody knows which columns {estimator.task} is to take. Name them: --target "
            f"NAME,NAME. There are: {', '.join(columns)}."
        )
    return own


def _labelled(corpus: Corpus) -> Corpus:
    """Lay aside the rows of a table with tags that have no label."""
    if corpus.examples and not any(corpus.labels):
        raise DataError(f"{corpus.name} has tags and no labels. To learn tags: --task tags.")
    bare = tuple(example for example in corpus.examples if not example.label)
    return replace(
        corpus,
        examples=tuple(example for example in corpus.examples if example.label),
        skipped=(*corpus.skipped, *(Skipped(example.path, NO_LABEL) for example in bare)),
        unlabelled=(*corpus.unlabelled, *bare),
    )
