"""Corpora as an estimator can be trained or tested on them, read from the source that a user names."""

from __future__ import annotations

from collections.abc import Sequence

from woodshed.data.example import Corpus
from woodshed.data.source import read_source
from woodshed.recognition.estimator import AudioEstimator


def load_corpus_for(
    estimator: AudioEstimator,
    data: str,
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    to_fit: bool = True,
) -> Corpus:
    """Read the examples that an estimator is to be trained or tested on.

    Parameters
    ----------
    estimator
        Its head and task decide which targets are read. A fitted one looks for the columns that it was
        trained on.
    data, group_by
        As for `woodshed.data.source.read_source`.
    targets
        Columns of a table that hold values, or tags as 0 and 1.
    to_fit
        Whether it is to be trained: on two classes at least, and on unlabelled clips too if its settings say
        so. One class is enough for a test.

    Raises
    ------
    DataError
        If nothing can be read, or there is no target of the estimator's kind.
    ParameterError
        If columns are named for a task that learns classes, or ``group_by`` does not fit.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.tasks.speech import SpeechRecogniser
    >>> len(load_corpus_for(SpeechRecogniser(), f"fsdd:{sample_folder()}").counts())
    10
    """
    head = type(estimator).head
    columns = head.columns(estimator, data, targets)
    corpus = read_source(data, group_by=group_by, targets=columns, least_classes=2 if to_fit else 1)
    return head.select(corpus, estimator, to_fit=to_fit)
