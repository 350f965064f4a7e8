"""What of a corpus is on disk, and what of it can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.check import examine
from woodshed.data.corpora import load
from woodshed.data.corpora.about import About, about
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import ParameterError, WoodshedError

MIDI_SUFFIXES = frozenset({".mid", ".midi"})


@dataclass(frozen=True)
class Survey:
    """What was found.

    Parameters
    ----------
    about
        What the corpus should be.
    corpus
        What it is; ``skipped`` are files that do not belong, or are listed and not there.
    opened
        Whether the files were opened.
    unreadable
        Files that belong to it and cannot be used, and why.
    """

    about: About
    corpus: Corpus
    opened: bool = False
    unreadable: tuple[Skipped, ...] = ()

    @property
    def paths(self) -> list[Path]:
        """The files, each once, in the order of the examples."""
        return list(dict.fromkeys(example.path for example in self.corpus.examples))

    @property
    def n_missing(self) -> int | None:
        """How many examples fewer than in the whole corpus; None if that number is not known."""
        if self.about.n_sounds is None:
            return None
        return max(self.about.n_sounds - len(self.corpus.examples), 0)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be missing or unreadable."""
        return not self.n_missing and not self.unreadable


def look_at(name: str, folder: str | os.PathLike[str]) -> Survey:
    """List a corpus; its files are not opened.

    Raises
    ------
    DataError
        If there is no such corpus, or the folder does not hold it.
    """
    known = about(name)
    return Survey(known, load(known.name, folder))


def open_files(survey: Survey, *, n_jobs: int = -1, tick: Callable[[], None] | None = None) -> Survey:
    """Open every file of a corpus and name those that cannot be used.

    Sounds are decoded to the end, and must not be digital silence. Of MIDI files the frame is checked: a
    heading, tracks, and all the bytes that they announce.

    Parameters
    ----------
    survey
        What `look_at` gave.
    n_jobs
        How many files to open at a time; -1 for as many as there are processors.
    tick
        Called after each file.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is neither -1 nor 1 or more.
    """
    if n_jobs == 0 or n_jobs < -1:
        raise ParameterError(f"n_jobs must be a positive number, or -1 for all processors, got {n_jobs!r}.")
    found: list[Skipped] = []
    # Threads, not processes: decoding leaves the interpreter lock.
    with ThreadPoolExecutor(os.cpu_count() if n_jobs == -1 else n_jobs) as pool:
        for path, fault in zip(survey.paths, pool.map(find_fault, survey.paths), strict=True):
            if fault is not None:
                found.append(Skipped(path, fault))
            if tick is not None:
                tick()
    return replace(survey, opened=True, unreadable=tuple(found))


def find_fault(path: Path) -> str | None:
    """Say why a sound or MIDI file cannot be used; None if it can, or is neither.

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
        facts = examine(Example(path, ""))
    except WoodshedError as error:
        return str(getattr(error, "reason", error))
    return "is digital silence: every sample is the same." if facts.lowest == facts.highest else None


def _midi_fault(path: Path) -> str | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return "there is no such file. Check the name and the folder."
    except OSError as error:
        return f"cannot be read ({error.strerror}). Check its permissions."
    if not content:
        return "is empty. Get it again."
    if content[:4] != b"MThd":
        return "is not a MIDI file: it does not begin with MThd. Get it again."
    place, n_tracks = 0, 0
    while place < len(content):
        kind, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "big")
        place += 8 + length
        n_tracks += kind == b"MTrk"
    if place > len(content):
        return f"is cut short: {place - len(content):,} bytes are missing. Get it again."
    return None if n_tracks else "has no track. Get it again."
