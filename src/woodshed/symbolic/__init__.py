"""Notes in and out: a `woodshed.score.Score` from and to MIDI and ABC."""

from woodshed.symbolic.abc import Book, abc_to_book, abc_to_score, read_abc
from woodshed.symbolic.abc_write import score_to_abc, write_abc
from woodshed.symbolic.midi import midi_to_score, read_midi, score_to_midi, write_midi

__all__ = [
    "Book",
    "abc_to_book",
    "abc_to_score",
    "midi_to_score",
    "read_abc",
    "read_midi",
    "score_to_abc",
    "score_to_midi",
    "write_abc",
    "write_midi",
]
