"""Instrument notes: 14 instruments, 20 pitches, 3 velocities each, rendered from one SoundFont, 16 kHz mono.

Layout::

    notes.csv                       path, instrument, label, midi_pitch, velocity, f0_hz, soundfont
    audio/{instrument}/{instrument}_{midi pitch}_{velocity}.flac

The notes come from a sampler, not from a player: a score on them does not carry over to recordings. There is
no official split. Hold out pitches (the group): neighbouring velocities of one pitch may share a sample.
"""

from __future__ import annotations

from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts, Folder, Row, corpus_from_table, read_rows, require_table
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="instrument_notes",
    title="Instrument notes",
    content="notes of 14 instruments from one sound font",
    citation=(
        "MuseScore_General SoundFont 0.2.1. https://musescore.org/en/handbook/3/soundfonts-and-sfz-files"
    ),
    licence="MIT; keep the notice of the SoundFont's authors with copies",
    url="https://packages.debian.org/stable/musescore-general-soundfont-small",
    layout="audio/{instrument}/{instrument}_{midi pitch}_{velocity}.flac, listed in notes.csv",
    n_examples=840,
    hours=0.3,
    manual_download=(
        "It was rendered from the SoundFont of the page below: 20 pitches and 3 velocities each."
    ),
    single_source=True,
)

FAMILIES = {
    **dict.fromkeys(("violin", "viola", "cello", "double bass"), ("strings", "bowed")),
    **dict.fromkeys(("guitar",), ("strings", "plucked")),
    **dict.fromkeys(("flute", "oboe", "clarinet", "bassoon", "alto saxophone"), ("woodwind", "blown")),
    **dict.fromkeys(("trumpet", "trombone", "french horn", "tuba"), ("brass", "blown")),
}
"""Instrument -> tags of its family and of its playing technique."""

MIDDLE_FROM, HIGH_FROM = 48, 72
"""MIDI pitches at which the middle register (C3) and the high register (C5) begin."""

MEDIUM_FROM, LOUD_FROM = 64, 96
"""MIDI velocities at which the dynamics medium and loud begin."""


def load(folder: Folder) -> Corpus:
    """List the notes: label the instrument such as ``double bass``, tags, group the MIDI pitch, no split.

    Parameters
    ----------
    folder
        The folder that contains ``notes.csv``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    table = require_table(folder, ["notes.csv"], FACTS.layout)
    return corpus_from_table(
        FACTS,
        read_rows(table, ["path", "instrument", "midi_pitch", "velocity"]),
        table,
        to_path=lambda row: table.parent / row["path"],
        to_example=_to_example,
        group_word="pitch",
    )


def note_tags(instrument: str, pitch_midi: int, velocity: int) -> tuple[str, ...]:
    """Return the tags of a note: instrument, family, playing technique, register, dynamics.

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
    return Example(
        path,
        instrument,
        group=str(pitch_midi),
        labels=note_tags(instrument, pitch_midi, int(row["velocity"])),
    )
