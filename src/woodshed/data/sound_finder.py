"""Search for the sound files that a table or a label file names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.folder import files_below, is_sound
from woodshed.delimited import without_surrogates
from woodshed.errors import AudioFileError, printable
from woodshed.score import MIDI_SUFFIXES

NOT_FOUND = "there is no such file. Paths are relative to the table's folder."
"""Reason for skipping a row whose file does not exist."""

_N_NAMED = 3


class SoundFinder:
    r"""Find files by the names of a table; every name is looked up once.

    A name is a path relative to the folder of the table, or an absolute one. If there is no such file, these
    are tried: ``\`` as ``/``; the other Unicode form; of an absolute path its last parts, because a table may
    come from another computer (``C:\birds\a.wav`` or ``\birds\a.wav`` is ``birds/a.wav`` or ``a.wav``); and
    of a bare name the files of that name below the folder, in any case, if there is one only.

    Parameters
    ----------
    folder
        Folder of the table.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.moved: dict[str, Path] = {}
        self._known: dict[str, Path | AudioFileError] = {}
        self._below: dict[str, list[Path]] | None = None

    def find(self, name: str) -> Path:
        """Return the path of a file; of an absolute path found elsewhere, it is added to ``moved``.

        Raises
        ------
        AudioFileError
            If there is no such file, or several may be meant.
        """
        if name not in self._known:
            try:
                self._known[name] = self._search(name)
            except AudioFileError as error:
                self._known[name] = error
        result = self._known[name]
        if isinstance(result, AudioFileError):
            raise result
        return result

    def _search(self, name: str) -> Path:
        spellings = list(_spellings(name))
        for text in spellings:
            if os.path.lexists(self.folder / text):
                return self.folder / text
        for text in spellings:
            for tail in _tails(text):
                if os.path.lexists(self.folder / tail):
                    self.moved[name] = self.folder / tail
                    return self.moved[name]
        tail = next(_tails(spellings[-1]), "")
        bare = tail.rpartition("/")[2] or spellings[-1]
        candidates = [] if "/" in bare else self._files_below().get(_name_key(bare), [])
        if len(candidates) > 1:
            names = [printable(path.relative_to(self.folder)) for path in candidates[:_N_NAMED]]
            more = ["..."] if len(candidates) > _N_NAMED else []
            raise AudioFileError(
                self.folder / name,
                f"{len(candidates)} files below the table's folder have this name: "
                f"{', '.join([*names, *more])}. Give the path relative to the table's folder.",
            )
        if not candidates:
            raise AudioFileError(self.folder / name, NOT_FOUND)
        if tail:
            self.moved[name] = candidates[0]
        return candidates[0]

    def _files_below(self) -> dict[str, list[Path]]:
        """Return the sounds below the folder by their name, in any case and Unicode form."""
        if self._below is None:
            index: defaultdict[str, list[Path]] = defaultdict(list)
            for path in files_below(self.folder, stop_at=self.folder.resolve().parent):
                if is_sound(path):
                    index[_name_key(path.name)].append(path)
            self._below = dict(index)
        return self._below


def sound_beside(labels: Path) -> Path | None:
    """Return the sound file that a label file belongs to: beside it and of the same name up to some dot.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("field.wav", "field.Table.1.selections.txt"):
    ...         Path(folder, name).touch()
    ...     sound_beside(Path(folder, "field.Table.1.selections.txt")).name
    'field.wav'
    """
    stem = labels.name
    while "." in stem[1:]:
        stem = stem.rpartition(".")[0]
        if is_sound(Path(stem)) and os.path.lexists(labels.parent / stem):
            return labels.parent / stem
        for suffix in sorted({*AUDIO_SUFFIXES, *MIDI_SUFFIXES}):
            for name in (stem + suffix, stem + suffix.upper()):
                if os.path.lexists(labels.parent / name):
                    return labels.parent / name
    return None


def _spellings(name: str) -> Iterator[str]:
    """Yield the ways in which a table may have meant a name, as it is written first."""
    for text in dict.fromkeys((name, without_surrogates(name))):
        for slashed in dict.fromkeys((text, text.replace("\\", "/"))):
            forms = (slashed, *(unicodedata.normalize(form, slashed) for form in ("NFC", "NFD")))
            yield from dict.fromkeys(forms)


def _tails(name: str) -> Iterator[str]:
    """Yield the last parts of an absolute path, the longest first; none of a relative path."""
    if re.match(r"([A-Za-z]:)?/", name):
        parts = [part for part in name.split("/")[1:] if part]
        yield from ("/".join(parts[k:]) for k in range(len(parts)))


def _name_key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
