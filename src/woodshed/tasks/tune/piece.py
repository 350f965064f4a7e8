"""Folk tunes as generations: tokens on any tonic, with repeats."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from woodshed.composition.generation import ScoreGeneration, VoiceLine
from woodshed.errors import counted
from woodshed.metrics.originality import Melody
from woodshed.metrics.style import Style, melody_style, repeated_bars
from woodshed.score import Score, key_name
from woodshed.symbolic.edit import set_tempo
from woodshed.symbolic.folk.vocabulary import METRES, MODE_NAMES, SIGNATURES, bar_errors, counted_bars
from woodshed.tokens.folk.tokenizer import folk_notes, tokens_to_abc, tokens_to_score

TEMPO_BPM = {
    "reel": 180,
    "jig": 110,
    "slip-jig": 110,
    "hornpipe": 140,
    "polka": 120,
    "waltz": 130,
    "march": 100,
    "air": 80,
    "strathspey": 120,
}
"""Type of tune -> beats per minute; a beat is a quarter, in compound metres a dotted quarter."""

DEFAULT_BPM = {"M:6/8": 110, "M:9/8": 110, "M:12/8": 110}
"""Metre of a tune of another type -> beats per minute; 140 for all others."""

_BEATS = dict.fromkeys(("M:6/8", "M:9/8", "M:12/8"), ("3/8", 1.5))
_QUARTER = ("1/4", 1.0)

HOME = (0, 7)
"""Tonic and dominant, in semitones above the keynote."""

_LINE_FIELDS = ("type", "tonic")

_MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])


@dataclass(frozen=True)
class TunePiece(ScoreGeneration):
    """A folk tune.

    Parameters
    ----------
    text
        Metre, mode and music in folk tokens, on the root C.
    tonic
        Its actual root, such as ``D``.
    tune_type
        Such as ``reel``; empty if unknown.
    tempo_bpm
        Beats per minute, which are dotted quarters in compound metres; None for the usual tempo of its type.

    Examples
    --------
    >>> tune = TunePiece("M:2/4 K:Cdor C 2 _E 2 | G 4 |", "D")
    >>> tune.facts, [note.pitch_midi for note in tune.to_score().notes]
    (('2/4', 'D dorian', '2 bars'), [62, 65, 69])
    """

    text: str
    tonic: str = "C"
    tune_type: str = ""
    tempo_bpm: float | None = None

    @classmethod
    def parse(cls, line: str) -> TunePiece:
        """Return the tune that `line` has written; a text of tokens alone is a tune on C.

        Examples
        --------
        >>> TunePiece.parse(TunePiece("M:2/4 K:Cmaj C 4 |", "D", "polka").line)
        TunePiece(text='M:2/4 K:Cmaj C 4 |', tonic='D', tune_type='polka', tempo_bpm=None)
        """
        values = dict.fromkeys(_LINE_FIELDS, "")
        words = line.split(" ")
        while words and words[0].partition("=")[0] in values:
            name, _, values[name] = words.pop(0).partition("=")
        return cls(" ".join(words), values["tonic"] or "C", values["type"])

    @property
    def line(self) -> str:
        """The tune as one line of text: type, tonic and tokens."""
        fields = [f"type={self.tune_type}"] * bool(self.tune_type)
        return " ".join([*fields, f"tonic={self.tonic}", self.text])

    def to_score(self, title: str = "") -> Score:
        """Return its notes, repeats played, at the tempo of its metre."""
        return replace(self._played, title=title or self._played.title)

    @functools.cached_property
    def _played(self) -> Score:
        """Its notes without a title of its own; parsed once, since every format and page needs them."""
        score = tokens_to_score(self.text, tonic=self.tonic)
        _, beat = _BEATS.get(self.metre, _QUARTER)
        return set_tempo(score, self.beats_per_minute * beat)

    @property
    def beats_per_minute(self) -> float:
        """Its tempo, or the usual one."""
        usual = TEMPO_BPM.get(self.tune_type, DEFAULT_BPM.get(self.metre, 140))
        return usual if self.tempo_bpm is None else self.tempo_bpm

    def to_abc(self, title: str = "") -> str:
        """Return it in ABC notation, with repeat signs."""
        unit, _ = _BEATS.get(self.metre, _QUARTER)
        fields = {"R": self.tune_type} if self.tune_type else {}
        fields |= {"Q": f"{unit}={self.beats_per_minute:g}"}
        return tokens_to_abc(self.text, title=title or "Tune", tonic=self.tonic, fields=fields)

    @property
    def metre(self) -> str:
        """The token of its metre, such as ``M:6/8``."""
        return self.text.split(maxsplit=1)[0]

    @property
    def facts(self) -> tuple[str, ...]:
        """Its type if known, metre, key and number of bars."""
        metre, mode, *_ = self.text.split()
        known = (self.tune_type,) if self.tune_type else ()
        key = key_name(self.tonic, MODE_NAMES[mode])
        return (*known, metre.removeprefix("M:"), key, counted(self.n_bars, "bar"))

    @property
    def n_bars(self) -> int:
        """Number of written bars without pickups, as counted by `woodshed.tokens.folk.grammar.FolkGrammar`.

        Examples
        --------
        >>> TunePiece("M:2/4 K:Cmaj C |: C 2 E 2 | G 3 :| E | C 4 |").n_bars
        3
        """
        metre, _, *words = self.text.split()
        return len(counted_bars(words, metre))

    @functools.cached_property
    def faults(self) -> tuple[str, ...]:
        """Bars of a wrong length; none if it was generated under the grammar."""
        metre, _, *words = self.text.split()
        return tuple(bar_errors(words, metre))

    @functools.cached_property
    def melody(self) -> Melody:
        """Its notes on the root C, without repeats; the highest note of each chord.

        Examples
        --------
        >>> TunePiece("M:2/4 K:Cmaj C 2 E 2 | G 4 |").melody.pitch_midi.tolist()
        [60, 64, 67]
        """
        notes = folk_notes(self.text)
        return Melody(notes.pitch_midi, notes.duration_beats, notes.bar)

    @property
    def lines(self) -> tuple[VoiceLine, ...]:
        """The melody."""
        return (VoiceLine("melody", self.melody),)

    @property
    def ends_at_home(self) -> bool:
        """Whether the last note is the tonic or the dominant."""
        pitches = self.melody.pitch_midi
        return bool(len(pitches)) and int(pitches[-1]) % 12 in HOME

    @property
    def in_key(self) -> float:
        """Share of its duration on notes of the scale of its mode, 0 to 1."""
        melody = self.melody
        fits = np.isin(melody.pitch_midi % 12, (_MAJOR + 7 * SIGNATURES[self.text.split()[1]]) % 12)
        total = melody.duration_beats.sum()
        return float(melody.duration_beats[fits].sum() / total) if total else 0.0

    @classmethod
    def style(cls, generations: Sequence[TunePiece]) -> Style:
        """Describe tunes by statistics of their melodies, bars, form and keys."""
        melodies = [piece.melody for piece in generations]
        return melody_style(melodies).plus(
            {
                "bars": float(np.mean([piece.n_bars for piece in generations])),
                "tunes whose bars all add up": float(np.mean([not piece.faults for piece in generations])),
                "tunes with repeat signs": float(np.mean([":|" in piece.text for piece in generations])),
                "bars that repeat an earlier bar": float(
                    np.concatenate([*map(repeated_bars, melodies)]).mean()
                ),
                "time on notes of the key": float(np.mean([piece.in_key for piece in generations])),
                "tunes that end on tonic or dominant": float(
                    np.mean([piece.ends_at_home for piece in generations])
                ),
            },
            {
                "metre": {
                    metre[2:]: float(np.mean([piece.metre == metre for piece in generations]))
                    for metre in METRES
                }
            },
        )


def prime_of(text: str) -> tuple[str, ...]:
    """Return the tokens with which a continuation of a tune begins: all but a final bar line.

    A final repeat sign is kept.

    Examples
    --------
    >>> prime_of("M:2/4 K:Cmaj C 2 E 2 | G 4 |")
    ('M:2/4', 'K:Cmaj', 'C', '2', 'E', '2', '|', 'G', '4')
    >>> prime_of("M:2/4 K:Cmaj |: G 4 :|")
    ('M:2/4', 'K:Cmaj', '|:', 'G', '4', ':|')
    """
    words = text.split()
    while words and words[-1] == "|":
        words.pop()
    return tuple(words)
