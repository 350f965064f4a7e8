"""Training data named in one string: a published corpus, a folder or a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from woodshed.data import corpora, noisy
from woodshed.data.annotation import label_files, read_annotations
from woodshed.data.example import Corpus, Example
from woodshed.data.folder import is_sound, read_folder
from woodshed.data.table import TABLE_SUFFIXES, read_table
from woodshed.errors import DataError, ParameterError, WoodshedError, printable


def read_source(
    text: str | os.PathLike[str],
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    least_classes: int = 2,
) -> Corpus:
    """Read a published corpus, a folder or a table.

    Parameters
    ----------
    text
        ``NAME:PATH`` for a published corpus in its own layout, such as ``fsdd:PATH`` (see
        `woodshed.data.corpora.CORPORA`) or ``noisy:PATH`` (`woodshed.data.noisy`); else the path of a folder
        of class folders, of a folder of recordings with a label file beside each, or of a table (``.csv``,
        ``.tsv``, ``.txt``, ``.parquet``, ``.TextGrid``). An existing path wins.
    group_by
        How to group the sounds by speaker, song or source: see `read_folder` and `read_table`. Published
        corpora define their groups.
    targets
        Numeric target columns of a table; see `read_table`. Published corpora define their targets.
    least_classes
        Minimum number of classes of a folder or table: 2 for training, 1 for testing. With 0, a folder
        without class folders, or a single sound, is read as sounds without labels.

    Raises
    ------
    DataError
        If there is no such corpus, folder or table, or it contains too little to learn from.
    ParameterError
        If ``group_by`` is not one of the rules, or is given with a published corpus.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> read_source(f"fsdd:{sample_folder()}").name
    'fsdd'
    """
    path = Path(text)
    try:
        corpus = _read_place(path, group_by, targets, least_classes)
    except DataError as error:
        place = path if path.is_dir() else path.parent
        if not path.exists() or not (layout := layout_of(place)):
            raise
        reason = "" if path.is_dir() else f"{error} "
        raise DataError(f"{reason}{_name_it(place, layout)}") from error
    if corpus is not None:
        if path.is_dir() and (layout := _layout_read_as_class(path, corpus)):
            raise DataError(_name_it(path, layout))
        return corpus
    name, folder = corpora.split_name(os.fspath(text))
    if name:
        if group_by is not None:
            raise ParameterError(f"The corpus {name} defines its groups. Omit group_by={group_by!r}.")
        return noisy.load(folder) if name == "noisy" else corpora.load(name, folder)
    if os.fspath(text) in corpora.CORPORA:
        raise DataError(f"{text} is a published corpus. Add its folder: {text}:PATH.")
    raise DataError(f"{printable(path)}: there is no such folder or table. Check the name.")


def _read_place(
    path: Path, group_by: str | None, targets: Sequence[str], least_classes: int
) -> Corpus | None:
    """Read an existing folder or file; return None if there is none of this name."""
    if path.is_dir():
        if pairs := label_files(path):
            return read_annotations(path, pairs, group_by=group_by, least_classes=least_classes)
        return read_folder(path, group_by=group_by, least_classes=least_classes)
    if not path.is_file():
        return None
    if path.suffix.lower() in TABLE_SUFFIXES:
        return read_table(path, group_by=group_by, targets=targets, least_classes=least_classes)
    if is_sound(path) and least_classes == 0:
        return Corpus(printable(path.name), (Example(path),))
    raise DataError(
        f"{printable(path)} is neither a folder nor a table ({', '.join(sorted(TABLE_SUFFIXES))}). "
        "Give the folder of the sounds."
    )


def _name_it(folder: Path, layout: str) -> str:
    """Return the advice to name the published corpus whose layout a folder has."""
    place = printable(folder)
    return f"{place} has the layout of the published corpus {layout}. Name it: {layout}:{place}"


def _layout_read_as_class(folder: Path, corpus: Corpus) -> str:
    """Return the published corpus whose only folder of sounds was read as a class; empty if there is none."""
    if len(set(corpus.labels)) != 1:
        return ""
    name, published = _published_corpus(folder)
    return "" if published is None or corpus.labels[0] in published.labels else name


def layout_of(folder: Path) -> str:
    """Return the name of the published corpus whose layout a folder has; empty if it has none.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> layout_of(sample_folder())
    'fsdd'
    """
    return _published_corpus(folder)[0]


def _published_corpus(folder: Path) -> tuple[str, Corpus | None]:
    """Return name and content of the published corpus in a folder; an empty name and None without one."""
    found: dict[str, Corpus] = {}
    for name in corpora.CORPORA:
        try:
            corpus = corpora.load(name, folder)
        except WoodshedError:
            continue
        if len(corpus.examples) > len(corpus.skipped):
            found[name] = corpus
    name = max(found, key=lambda name: len(found[name].examples), default="")
    return name, found.get(name)
