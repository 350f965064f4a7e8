"""Facts about a published corpus that are known before it is on disk.

Unknown facts are None and are reported as unknown. Archives that GitHub packs on demand have no lasting
checksum.
"""

from __future__ import annotations

from dataclasses import dataclass

from woodshed.data.example import Corpus, Example, Skipped

GITHUB_ARCHIVE = "https://github.com/{}/archive/refs/heads/master.zip"
"""Address of the archive that GitHub packs of a repository, for ``str.format``."""


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

    def corpus(
        self,
        examples: tuple[Example, ...],
        skipped: tuple[Skipped, ...] = (),
        *,
        group_word: str,
        folds: bool = False,
    ) -> Corpus:
        """Return the examples as a corpus with this name, licence and citation; see `Corpus`."""
        return Corpus(
            self.name,
            examples,
            skipped,
            folds=folds,
            licence=self.licence,
            citation=self.citation,
            group_word=group_word,
        )
