"""Inventory of a corpus on disk: missing and unreadable files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.corpora import corpus_facts, load
from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.doctor.inspection import inspect_sound
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import ParameterError, WoodshedError
from woodshed.parallel import in_threads
from woodshed.score import MIDI_SUFFIXES


@dataclass(frozen=True)
class Survey:
    """A corpus on disk compared with the published one.

    Parameters
    ----------
    facts
        The published corpus.
    corpus
        The files on disk; ``skipped`` are unexpected files, and files that are listed but missing.
    opened
        Whether the files were opened.
    unreadable
        Files of the corpus that cannot be used, with the reason.
    """

    facts: CorpusFacts
    corpus: Corpus
    opened: bool = False
    unreadable: tuple[Skipped, ...] = ()

    @property
    def paths(self) -> list[Path]:
        """Unique files, in the order of the examples."""
        return list(dict.fromkeys(example.path for example in self.corpus.examples))

    @property
    def n_missing(self) -> int | None:
        """Number of missing examples; None if the size of the complete corpus is unknown."""
        if self.facts.n_examples is None:
            return None
        return max(self.facts.n_examples - len(self.corpus.examples), 0)

    @property
    def is_complete(self) -> bool:
        """Whether no file is known to be missing or unreadable."""
        return not self.n_missing and not self.unreadable


def survey(name: str, folder: str | os.PathLike[str]) -> Survey:
    """List a corpus without opening its files.

    Raises
    ------
    DataError
        If there is no such corpus, or the folder does not contain it.
    """
    return Survey(corpus_facts(name), load(name, folder))


def open_files(listing: Survey, *, n_jobs: int = -1, tick: Callable[[], None] = lambda: None) -> Survey:
    """Open every file of a corpus and list those that cannot be used.

    Audio files are decoded to the end and must not be digital silence. For MIDI files the chunk structure is
    checked: header, tracks, and complete chunks.

    Parameters
    ----------
    listing
        Result of `survey`.
    n_jobs
        Number of files opened at a time; -1 for the number of processors.
    tick
        Called after each file.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is neither -1 nor 1 or more.
    """
    if n_jobs == 0 or n_jobs < -1:
        raise ParameterError(f"n_jobs must be a positive number, or -1 for all processors, got {n_jobs!r}.")
    unreadable: list[Skipped] = []
    for path, fault in zip(listing.paths, in_threads(find_fault, listing.paths, n_jobs), strict=True):
        if fault is not None:
            unreadable.append(Skipped(path, fault))
        tick()
    return replace(listing, opened=True, unreadable=tuple(unreadable))


def find_fault(path: Path) -> str | None:
    """Return why an audio or MIDI file cannot be used; None if it can, or is another kind of file.

    Examples
    --------
    >>> find_fault(Path("lost.mid"))
    'there is no such file. Check the name and the folder.'
    """
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        return _midi_fault(path)
    return _sound_fault(path) if suffix in AUDIO_SUFFIXES else None


def _sound_fault(path: Path) -> str | None:
    try:
        sound = inspect_sound(Example(path))
    except WoodshedError as error:
        return str(getattr(error, "reason", error))
    return "it is digital silence: all samples are equal." if sound.constant else None


def _midi_fault(path: Path) -> str | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return "there is no such file. Check the name and the folder."
    except OSError as error:
        return f"it cannot be read ({error.strerror}). Check its permissions."
    if not content:
        return "it is empty. Get it again."
    if content[:4] != b"MThd":
        return "it is not a MIDI file: it does not start with MThd. Get it again."
    place, n_tracks = 0, 0
    while place < len(content):
        kind, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "big")
        place += 8 + length
        n_tracks += kind == b"MTrk"
    if place > len(content):
        return f"it is cut short: {place - len(content):,} bytes are missing. Get it again."
    return None if n_tracks else "it has no track. Get it again."
