"""Symbolic music: reading, writing, editing and rendering of `woodshed.score.Score`."""

from woodshed.symbolic.abc.read import Book, abc_to_book, abc_to_score, read_abc
from woodshed.symbolic.abc.write import score_to_abc, write_abc
from woodshed.symbolic.edit import (
    bass,
    cut,
    drums,
    keep_channels,
    loop,
    melody,
    merge,
    quantise,
    scale_tempo,
    set_metre,
    set_tempo,
    split_channels,
    transpose,
    transpose_to,
)
from woodshed.symbolic.file import SCORE_SUFFIXES, read_scores, write_scores
from woodshed.symbolic.midi import midi_to_score, read_midi, score_to_midi, write_midi
from woodshed.symbolic.musicxml.read import musicxml_to_score, read_musicxml
from woodshed.symbolic.musicxml.write import score_to_musicxml, write_musicxml
from woodshed.symbolic.note_table import read_note_table, table_to_score, write_note_table
from woodshed.symbolic.render import find_soundfont, render

__all__ = [
    "SCORE_SUFFIXES",
    "Book",
    "abc_to_book",
    "abc_to_score",
    "bass",
    "cut",
    "drums",
    "find_soundfont",
    "keep_channels",
    "loop",
    "melody",
    "merge",
    "midi_to_score",
    "musicxml_to_score",
    "quantise",
    "read_abc",
    "read_midi",
    "read_musicxml",
    "read_note_table",
    "read_scores",
    "render",
    "scale_tempo",
    "score_to_abc",
    "score_to_midi",
    "score_to_musicxml",
    "set_metre",
    "set_tempo",
    "split_channels",
    "table_to_score",
    "transpose",
    "transpose_to",
    "write_abc",
    "write_midi",
    "write_musicxml",
    "write_note_table",
    "write_scores",
]
