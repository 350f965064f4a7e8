"""Published corpora: the facts that are known before one is on disk, and readers of its labels.

Unknown facts are None and are reported as unknown. Archives that GitHub packs on demand have no lasting
checksum. Labels are in the file names or in a metadata table.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folder import existing_folder, list_sounds
from woodshed.errors import DataError, printable

Folder = str | os.PathLike[str]
"""Path of the folder of a corpus on disk."""

GITHUB_ARCHIVE = "https://github.com/{}/archive/refs/heads/master.zip"
"""Address of the archive that GitHub packs of a repository, for ``str.format``."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Download:
    """One file to download.

    Parameters
    ----------
    url
        Address of the file.
    checksum
        MD5 (32 hexadecimal digits) or SHA-256 (64); None if unknown.
    size
        In bytes; None if unknown.
    """

    url: str
    checksum: str | None = None
    size: int | None = None

    @property
    def file_name(self) -> str:
        """Last part of the address.

        Examples
        --------
        >>> Download("https://example.org/a/b.zip?download=1").file_name
        'b.zip'
        """
        return self.url.partition("?")[0].rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class CorpusFacts:
    """Description of a published corpus; each module of `woodshed.data.corpora` defines one as ``FACTS``.

    Parameters
    ----------
    name
        Its key in `woodshed.data.corpora.CORPORA`.
    title
        Full name.
    content
        What it contains, in a few words.
    citation, licence, url
        How to cite it, its licence, and its web page.
    layout
        Names of its files, relative to its folder.
    n_examples
        Number of examples that ``load`` lists for a complete copy; None if unknown.
    hours
        Total duration; None if unknown.
    downloads
        Files to download; empty if it cannot be downloaded automatically.
    manual_download
        How to obtain it in that case.
    single_source
        See `Corpus`.
    """

    name: str
    title: str
    content: str
    citation: str
    licence: str
    url: str
    layout: str
    n_examples: int | None
    hours: float | None = None
    downloads: tuple[Download, ...] = ()
    manual_download: str = ""
    single_source: bool = False

    def corpus(
        self,
        examples: tuple[Example, ...],
        skipped: tuple[Skipped, ...] = (),
        *,
        group_word: str,
    ) -> Corpus:
        """Return the examples as a corpus with this name, licence and citation; see `Corpus`.

        Parts of the split other than ``train``, ``validation`` and ``test`` are folds of a cross-validation.
        """
        return Corpus(
            self.name,
            examples,
            skipped,
            folds=any(example.split not in (None, "train", "validation", "test") for example in examples),
            licence=self.licence,
            citation=self.citation,
            group_word=group_word,
            single_source=self.single_source,
        )


def corpus_from_names(
    facts: CorpusFacts,
    folder: Folder,
    pattern: re.Pattern[str],
    to_example: Callable[[Path, re.Match[str]], Example],
    *,
    inner: str,
    group_word: str,
    ignored: re.Pattern[str] | None = None,
) -> Corpus:
    r"""Make an example of each sound file whose name matches, and skip the others.

    Parameters
    ----------
    facts
        The corpus.
    folder
        The folder that contains ``inner``, or that folder itself.
    pattern
        Must match the whole of ``class folder/file name``, without suffix.
    to_example
        Converts a path and its match to an example.
    inner
        Name of the folder with the recordings in a complete copy.
    group_word
        See `Corpus`.
    ignored
        Matches the names of other files of the corpus, which are not examples.

    Raises
    ------
    DataError
        If the folder does not exist, or no name matches.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.corpora.fsdd import FACTS
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("no_1.wav", "notes.wav"):
    ...         Path(folder, name).touch()
    ...     corpus = corpus_from_names(
    ...         FACTS,
    ...         folder,
    ...         re.compile(r"[^/]*/(\w+)_\d+"),
    ...         lambda path, match: Example(path, match[1]),
    ...         inner="recordings",
    ...         group_word="speaker",
    ...     )
    >>> corpus.labels, len(corpus.skipped)
    (['no'], 1)
    """
    root = existing_folder(folder)
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for path in list_sounds([root / inner if (root / inner).is_dir() else root]):
        name = f"{path.parent.name}/{path.stem}"
        match = pattern.fullmatch(name)
        if match:
            examples.append(to_example(path, match))
        elif not (ignored and ignored.fullmatch(name)):
            skipped.append(Skipped(path, f"its name does not match the corpus. Expected {facts.layout}."))
    if not examples:
        raise DataError(
            f"No file is named like {facts.layout}. Give the folder in which the corpus was unpacked."
        )
    return facts.corpus(tuple(examples), tuple(skipped), group_word=group_word)


def with_subfolders(folder: Folder) -> list[Path]:
    """Return a folder and its direct subfolders, sorted: archives often unpack to one more folder.

    Raises
    ------
    DataError
        If the folder does not exist.
    """
    root = existing_folder(folder)
    return [root, *sorted(place for place in root.iterdir() if place.is_dir())]


def find_table(folder: Folder, names: Sequence[str]) -> Path | None:
    """Return the first of several files that exists in a folder or in one of its direct subfolders.

    Parameters
    ----------
    folder
        Where the corpus is.
    names
        Relative paths, the most likely first.

    Raises
    ------
    DataError
        If the folder does not exist.
    """
    places = (place / name for place in with_subfolders(folder) for name in names)
    return next((place for place in places if place.is_file()), None)


def require_table(folder: Folder, names: Sequence[str], layout: str) -> Path:
    """Return what `find_table` returns, and raise if there is no such file.

    Raises
    ------
    DataError
        If the folder or the file does not exist.
    """
    path = find_table(folder, names)
    if path is None:
        raise DataError(f"No file is named like {layout}. Give the folder in which the corpus was unpacked.")
    return path


def read_rows(path: Path, columns: Iterable[str], *, delimiter: str = ",") -> list[Row]:
    """Read a table with a header row; every cell is text.

    Parameters
    ----------
    path
        The table.
    columns
        Names of required columns.
    delimiter
        Between cells.

    Raises
    ------
    DataError
        If it is not a table, or a required column is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("path,label" + chr(10) + "a.wav,dog")
    ...     read_rows(path, ["label"])
    [{'path': 'a.wav', 'label': 'dog'}]
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restval="")
            rows: list[Row] = list(reader)
            header = reader.fieldnames or []
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{printable(path)} cannot be read as a table ({error}). Get it again.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise DataError(f"{printable(path)} has no column {missing[0]!r}. It is not the file of the corpus.")
    return rows


def read_optional_rows(
    folder: Folder, names: Sequence[str], columns: Iterable[str], *, delimiter: str = ","
) -> list[Row]:
    """Read a table that a copy of the corpus may lack; return no rows in that case.

    Raises
    ------
    DataError
        If the folder does not exist, or the table is damaged.
    """
    path = find_table(folder, names)
    return [] if path is None else read_rows(path, columns, delimiter=delimiter)


def corpus_from_table(
    facts: CorpusFacts,
    rows: Iterable[Row],
    table: Path,
    *,
    to_path: Callable[[Row], Path],
    to_example: Callable[[Path, Row], Example],
    group_word: str,
) -> Corpus:
    """Make an example of each row whose file exists, and skip the other rows.

    A row that cannot be parsed (an invalid number, an unknown code) is skipped too.

    Parameters
    ----------
    facts
        The corpus.
    rows
        Rows of its table.
    table
        Path of the table, for messages.
    to_path
        Returns the file of a row.
    to_example
        Converts a file and its row to an example.
    group_word
        See `Corpus`.

    Raises
    ------
    DataError
        If no row can be used.
    """
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for number, row in enumerate(rows, start=2):
        path = to_path(row)
        if not path.is_file():
            skipped.append(Skipped(path, f"there is no such file, but {table.name} lists it. Get it again."))
        else:
            try:
                examples.append(to_example(path, row))
            except (ValueError, KeyError) as error:
                reason = f"row {number} of {table.name} cannot be parsed ({error}). Get the table again."
                skipped.append(Skipped(path, reason))
    if not examples:
        first = f" The first is {printable(skipped[0].path)}." if skipped else ""
        raise DataError(
            f"{printable(table)} lists {len(skipped)} files, and none of them is usable.{first} "
            "Unpack the files next to it."
        )
    return facts.corpus(tuple(examples), tuple(skipped), group_word=group_word)
