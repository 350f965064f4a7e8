"""Score files of any format, recognised by their suffix."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from woodshed.errors import OutputError, ParameterError, ScoreFileError, near_miss, printable
from woodshed.score import MIDI_SUFFIXES, Score
from woodshed.symbolic.abc.read import ABC_SUFFIXES, read_abc
from woodshed.symbolic.abc.write import write_abc
from woodshed.symbolic.midi import read_midi, write_midi
from woodshed.symbolic.musicxml.read import read_musicxml
from woodshed.symbolic.musicxml.write import MUSICXML_SUFFIXES, write_musicxml
from woodshed.symbolic.note_table import read_note_table, write_note_table

SCORE_SUFFIXES = (*MIDI_SUFFIXES, *ABC_SUFFIXES, *MUSICXML_SUFFIXES)
"""Suffixes of score files in folders; a note table (``.csv``) has to be named explicitly."""

TABLE_SUFFIX = ".csv"


def read_scores(
    path: str | os.PathLike[str], *, repeats: bool = True, errors: list[ScoreFileError] | None = None
) -> list[Score]:
    """Read all scores of a file: one, or every tune of an ABC file.

    Parameters
    ----------
    path
        The file.
    repeats
        Whether repeats and endings of ABC and MusicXML are played; if False, they are in
        `Score.written_bars`.
    errors
        Receives an error for each tune of an ABC file that cannot be read, if others can.

    Raises
    ------
    ScoreFileError
        If the suffix is unknown, or the reader of the format raises it; without ``errors``, also if a single
        tune of an ABC file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.score import Note
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_scores([Score([Note(0, 1, 60)])], Path(folder) / "a.mid")
    ...     len(read_scores(Path(folder) / "a.mid"))
    1
    """
    suffix = Path(path).suffix.lower()
    if suffix in MIDI_SUFFIXES:
        return [read_midi(path)]
    if suffix in ABC_SUFFIXES:
        book = read_abc(path, repeats=repeats)
        if book.errors and errors is None:
            raise book.errors[0]
        if errors is not None:
            errors += book.errors
        return list(book.tunes)
    if suffix in MUSICXML_SUFFIXES:
        return [read_musicxml(path, repeats=repeats)]
    if suffix == TABLE_SUFFIX:
        return [read_note_table(path)]
    suffixes = ", ".join((*SCORE_SUFFIXES, TABLE_SUFFIX))
    raise ScoreFileError(path, f"unknown suffix. Expected one of {suffixes}. Rename it, or export it again.")


def write_scores(scores: Sequence[Score], path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write one score, or several to an ABC file, in the format of the suffix.

    Raises
    ------
    ParameterError
        If the suffix is unknown, or the format holds one score and there are several.
    OutputError
        If the file exists, or cannot be written.
    """
    check_score_name(path, len(scores), overwrite=overwrite)
    suffix = Path(path).suffix.lower()
    if suffix in ABC_SUFFIXES:
        write_abc(scores, path)
    elif suffix in MIDI_SUFFIXES:
        write_midi(scores[0], path)
    elif suffix == TABLE_SUFFIX:
        write_note_table(scores[0], path)
    else:
        write_musicxml(scores[0], path)


def check_score_name(path: str | os.PathLike[str], n_scores: int, *, overwrite: bool = False) -> None:
    """Check in advance whether `write_scores` would accept a file; see there for the errors."""
    suffix = Path(path).suffix.lower()
    suffixes = (*SCORE_SUFFIXES, TABLE_SUFFIX)
    if suffix not in suffixes:
        raise ParameterError(
            f"{printable(path)}: scores cannot be written as {suffix or 'a file without suffix'}. "
            f"{near_miss(suffix, suffixes)}"
        )
    if n_scores != 1 and suffix not in ABC_SUFFIXES:
        raise ParameterError(
            f"{printable(path)} can hold one score, got {n_scores}. Write .abc, or name a folder."
        )
    if Path(path).exists() and not overwrite:
        raise OutputError(f"{printable(path)} already exists. Choose another name, or add --force.")
