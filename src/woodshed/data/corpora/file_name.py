"""Corpora whose labels are in the file names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folder import files_below
from woodshed.errors import DataError, printable


def sounds_below(folder: str | os.PathLike[str], inner: str) -> list[Path]:
    """List the sound files of a corpus, sorted by name.

    Parameters
    ----------
    folder
        The folder that contains ``inner``, or that folder itself.
    inner
        Name of the folder with the recordings in a complete copy.

    Raises
    ------
    DataError
        If the folder does not exist.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    start = root / inner if (root / inner).is_dir() else root
    paths = files_below(start, stop_at=start.resolve().parent)
    return [path for path in paths if path.suffix.lower() in AUDIO_SUFFIXES]


def corpus_from_names(
    facts: CorpusFacts,
    paths: Iterable[Path],
    pattern: re.Pattern[str],
    to_example: Callable[[Path, re.Match[str]], Example],
    *,
    group_word: str,
    folds: bool = False,
) -> Corpus:
    r"""Make an example of each file whose name matches, and skip the others.

    Parameters
    ----------
    facts
        The corpus.
    paths
        Its files.
    pattern
        Must match the whole of ``class folder/file name``, without suffix.
    to_example
        Converts a path and its match to an example.
    group_word, folds
        See `Corpus`.

    Raises
    ------
    DataError
        If no name matches.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import FACTS
    >>> corpus = corpus_from_names(
    ...     FACTS,
    ...     [Path("a/no_1.wav"), Path("a/notes.wav")],
    ...     re.compile(r"[^/]*/(\w+)_\d+"),
    ...     lambda path, match: Example(path, match[1]),
    ...     group_word="speaker",
    ... )
    >>> corpus.labels, len(corpus.skipped)
    (['no'], 1)
    """
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for path in paths:
        match = pattern.fullmatch(f"{path.parent.name}/{path.stem}")
        if match:
            examples.append(to_example(path, match))
        else:
            skipped.append(Skipped(path, f"its name does not match the corpus. Expected {facts.layout}."))
    if not examples:
        raise DataError(
            f"No file is named like {facts.layout}. Give the folder in which the corpus was unpacked."
        )
    return facts.corpus(tuple(examples), tuple(skipped), group_word=group_word, folds=folds)
