"""Tunes in folk tokens as pieces: on any tonic, with their repeats played."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from woodshed.composition.piece import Piece, VoiceLine
from woodshed.metrics.originality import Melody
from woodshed.metrics.style import Style, bars_heard_before, melody_style
from woodshed.score import Score
from woodshed.symbolic.edit import set_tempo
from woodshed.symbolic.folk.bar import bar_errors, counted_bars
from woodshed.symbolic.folk.vocabulary import METRES, MODE_WORDS, SIGNATURES
from woodshed.tokens.folk.note import folk_notes
from woodshed.tokens.folk.tokenizer import tokens_to_abc, tokens_to_score

TEMPO_BPM = {"M:6/8": 165.0, "M:9/8": 165.0, "M:12/8": 165.0}
"""Quarter notes a minute by metre, where it is not `USUAL_BPM`: 110 dotted quarters."""

USUAL_BPM = 140.0

HOME = (0, 7)
"""Tonic and dominant, in semitones above the keynote."""

_MODES = {word: name for name, word in MODE_WORDS.items()}
_MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])


@dataclass(frozen=True)
class TunePiece(Piece):
    """A tune.

    Parameters
    ----------
    tokens
        Metre, mode and music, on the root C.
    tonic
        On which note it is to be read, such as ``D``.

    Examples
    --------
    >>> tune = TunePiece("M:2/4 K:Cdor C 2 _E 2 | G 4 |", "D")
    >>> tune.facts, [note.pitch_midi for note in tune.to_score().notes]
    (('2/4', 'D dorian', '2 bars'), [62, 65, 69])
    """

    tokens: str
    tonic: str = "C"

    @property
    def text(self) -> str:
        """The tokens."""
        return self.tokens

    def to_score(self, title: str = "") -> Score:
        """Return its notes, repeats played, at a tempo that suits its metre."""
        score = tokens_to_score(self.tokens, title=title or "Tune", tonic=self.tonic)
        return set_tempo(score, TEMPO_BPM.get(self.metre, USUAL_BPM))

    def to_abc(self, title: str = "") -> str:
        """Return it in ABC, repeats as signs."""
        return tokens_to_abc(self.tokens, title=title or "Tune", tonic=self.tonic)

    @property
    def metre(self) -> str:
        """Its metre as a token, such as ``M:6/8``."""
        return self.tokens.split(maxsplit=1)[0]

    @property
    def facts(self) -> tuple[str, ...]:
        """Metre, key, bars."""
        metre, mode, *_ = self.tokens.split()
        bars = f"{self.n_bars} bar{'s' if self.n_bars != 1 else ''}"
        return (metre.removeprefix("M:"), f"{self.tonic} {_MODES[mode]}", bars)

    @property
    def n_bars(self) -> int:
        """Bars as written, without pickups, as `woodshed.tokens.folk.grammar.FolkGrammar` counts them.

        Examples
        --------
        >>> TunePiece("M:2/4 K:Cmaj C |: C 2 E 2 | G 3 :| E | C 4 |").n_bars
        3
        """
        metre, _, *words = self.tokens.split()
        return len(counted_bars(words, metre))

    @functools.cached_property
    def faults(self) -> tuple[str, ...]:
        """Which bars do not add up; none, if it was written by the rules."""
        metre, _, *words = self.tokens.split()
        return tuple(bar_errors(words, metre))

    @functools.cached_property
    def melody(self) -> Melody:
        """Its notes on the root C, repeats not played; of a chord the highest.

        Examples
        --------
        >>> TunePiece("M:2/4 K:Cmaj C 2 E 2 | G 4 |").melody.pitch_midi.tolist()
        [60, 64, 67]
        """
        notes = folk_notes(self.tokens)
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
        """Share of its time on notes of its mode's scale, 0 to 1."""
        melody = self.melody
        fits = np.isin(melody.pitch_midi % 12, (_MAJOR + 7 * SIGNATURES[self.tokens.split()[1]]) % 12)
        total = melody.duration_beats.sum()
        return float(melody.duration_beats[fits].sum() / total) if total else 0.0

    @classmethod
    def style(cls, pieces: Sequence[TunePiece]) -> Style:
        """Describe tunes: their melodies, and whether bars, form and keys are those of tunes."""
        melodies = [piece.melody for piece in pieces]
        heard = [bars_heard_before(melody) for melody in melodies]
        return melody_style(melodies).plus(
            {
                "bars": float(np.mean([piece.n_bars for piece in pieces])),
                "tunes whose bars all add up": float(np.mean([not piece.faults for piece in pieces])),
                "tunes with repeat signs": float(np.mean([":|" in piece.tokens for piece in pieces])),
                "bars heard before in the tune": float(np.concatenate(heard).mean()),
                "time on notes of the key": float(np.mean([piece.in_key for piece in pieces])),
                "tunes that end on tonic or dominant": float(
                    np.mean([piece.ends_at_home for piece in pieces])
                ),
            },
            {
                "metre": {
                    metre[2:]: float(np.mean([piece.metre == metre for piece in pieces])) for metre in METRES
                }
            },
        )


def prime_of(text: str) -> tuple[str, ...]:
    """Return the tokens of a tune that another is to go on from: without the bar line that ends it.

    Examples
    --------
    >>> prime_of("M:2/4 K:Cmaj C 2 E 2 | G 4 :|")
    ('M:2/4', 'K:Cmaj', 'C', '2', 'E', '2', '|', 'G', '4')
    """
    words = text.split()
    while words and words[-1] in ("|", ":|"):
        words.pop()
    return tuple(words)
