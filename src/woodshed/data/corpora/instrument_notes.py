"""Instrument notes: 14 instruments, 20 pitches, 3 velocities each, rendered from one sound font, 16 kHz mono.

Layout::

    notes.csv                       path, instrument, label, midi_pitch, velocity, f0_hz, soundfont
    audio/{instrument}/{instrument}_{midi pitch}_{velocity}.flac

These are a sampler's notes, not takes of a player: a score here says little about recordings. There is no
official split. Leave pitches out (the group): neighbouring velocities of one pitch may share a recording.
"""

from __future__ import annotations

import os
from pathlib import Path

from woodshed.data.corpora.listed import Row, need_list, read_list, rows_from_list
from woodshed.data.example import Corpus, Example

CITATION = "MuseScore_General SoundFont 0.2.1. https://musescore.org/en/handbook/3/soundfonts-and-sfz-files"
LICENCE = "MIT; keep the notice of the SoundFont's authors with copies"
URL = "https://packages.debian.org/stable/musescore-general-soundfont-small"

LAYOUT = "audio/{instrument}/{instrument}_{midi pitch}_{velocity}.flac, listed in notes.csv"
COLUMNS = ("path", "instrument", "midi_pitch", "velocity")

FAMILIES = {
    **dict.fromkeys(("violin", "viola", "cello", "double bass"), ("strings", "bowed")),
    **dict.fromkeys(("guitar",), ("strings", "plucked")),
    **dict.fromkeys(("flute", "oboe", "clarinet", "bassoon", "alto saxophone"), ("woodwind", "blown")),
    **dict.fromkeys(("trumpet", "trombone", "french horn", "tuba"), ("brass", "blown")),
}
"""Instrument -> the tags of its family and of how it is played."""

MIDDLE_FROM, HIGH_FROM = 48, 72
"""MIDI pitches at which the middle register (C3) and the high one (C5) begin."""

MEDIUM_FROM, LOUD_FROM = 64, 96
"""MIDI velocities at which a note is tagged medium, and loud."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the notes: label the instrument such as ``double bass``, tags, group the MIDI pitch, no split.

    Parameters
    ----------
    folder
        The folder that holds ``notes.csv``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    table = need_list(folder, ["notes.csv"], LAYOUT)
    rows = read_list(table, COLUMNS)
    examples, skipped = rows_from_list(rows, lambda row: table.parent / row["path"], _to_example, table)
    return Corpus(
        "instrument_notes", examples, skipped, licence=LICENCE, citation=CITATION, group_word="pitch"
    )


def note_tags(instrument: str, pitch_midi: int, velocity: int) -> tuple[str, ...]:
    """Say in tags what a note is: instrument, family, how it is played, register, dynamic.

    Examples
    --------
    >>> note_tags("double bass", 33, 115)
    ('double bass', 'strings', 'bowed', 'low', 'loud')
    """
    register = "low" if pitch_midi < MIDDLE_FROM else "middle" if pitch_midi < HIGH_FROM else "high"
    dynamic = "soft" if velocity < MEDIUM_FROM else "medium" if velocity < LOUD_FROM else "loud"
    return (instrument, *FAMILIES[instrument], register, dynamic)


def _to_example(path: Path, row: Row) -> Example:
    instrument = row["instrument"].replace("_", " ")
    pitch_midi = int(row["midi_pitch"])
    tags = note_tags(instrument, pitch_midi, int(row["velocity"]))
    return Example(path, instrument, group=str(pitch_midi), labels=tags)
