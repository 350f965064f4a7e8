"""Vocabulary of the folk-rnn model: 137 tokens and their meaning."""

from __future__ import annotations

from fractions import Fraction

from woodshed.symbolic.abc.field import TUPLET_TIMES
from woodshed.symbolic.spelling import LETTERS, NATURALS

BOUNDARIES = ("<s>", "</s>")
METRES = ("M:2/4", "M:3/4", "M:4/4", "M:3/2", "M:6/8", "M:9/8", "M:12/8")
MODES = ("K:Cmaj", "K:Cmin", "K:Cdor", "K:Cmix")
BAR_LINES = ("|", "|:", ":|", "|1", "|2")
GROUPINGS = ("(2", "(3", "(4", "(5", "(6", "(7", "(9", "[", "]")
_LENGTHS = ("2", "3", "4", "5", "6", "7", "8", "9", "12", "16")
_SHARES = ("/2", "/3", "/4", "/8", "3/2", "5/2", "7/2", "3/4")
_BROKEN = ("<", ">", "2<", "2>", "4>", "/2<", "/2>")
DURATIONS = (*_LENGTHS, *_SHARES, *_BROKEN)
_PLAIN = "C, D, E, F, G, A, B, C D E F G A B c d e f g a b c' d' e' f' g' a' b'"
_NATURAL = "=C, =E, =F, =G, =A, =B, =C =D =E =F =G =A =B =c =d =e =f =g =a =b =c' =e' =f'"
_FLAT = "_E, _A, _B, _C _D _E _G _A _B _c _d _e _g _a _b _d' _e'"
_SHARP = "^C, ^F, ^G, ^A, ^C ^D ^F ^G ^A ^c ^d ^f ^g ^a ^c' ^f'"
PITCHES = tuple(f"{_PLAIN} {_NATURAL} {_FLAT} {_SHARP}".split())
REST = "z"
WORDS = (*BOUNDARIES, *METRES, *MODES, *BAR_LINES, *GROUPINGS, *DURATIONS, *PITCHES, REST)
"""All tokens; the index of a token is its id."""

KINDS = {
    "start and end": BOUNDARIES,
    "metres": METRES,
    "modes": MODES,
    "bar lines": BAR_LINES,
    "groupings": GROUPINGS,
    "durations": DURATIONS,
    "plain pitches": tuple(word for word in PITCHES if word[0] not in "=_^"),
    "altered pitches": tuple(word for word in PITCHES if word[0] in "=_^"),
    "rest": (REST,),
}
"""Kind of token -> tokens, in the order of `WORDS`."""


def _value(word: str) -> Fraction:
    above, slash, below = word.partition("/")
    return Fraction(int(above or 1), int(below) if slash else 1)


UNITS: dict[str, tuple[Fraction, str]] = {
    word: (_value(word.rstrip("<>") or "1"), word[-1] if word[-1] in "<>" else "") for word in DURATIONS
}
"""Duration token -> length in eighths, and sign of the broken rhythm that it starts."""

WORD_OF = {meaning: word for word, meaning in UNITS.items()} | {(Fraction(1), ""): ""}
"""Length in eighths and sign of broken rhythm -> duration token; empty for one eighth."""

SIGNATURES = {"K:Cmaj": 0, "K:Cmix": -1, "K:Cdor": -2, "K:Cmin": -3}
"""Mode token -> sharps of its key signature; flats are negative."""

MODE_WORDS = {"major": "K:Cmaj", "minor": "K:Cmin", "dorian": "K:Cdor", "mixolydian": "K:Cmix"}
"""Name of a mode -> its token."""

PITCH_PLACES = {
    word: (
        LETTERS.index(word.strip("=_^,'").upper())
        + 7 * (5 + word.strip("=_^,'").islower() + word.count("'") - word.count(",")),
        {"=": 0, "_": -1, "^": 1}.get(word[0]),
    )
    for word in PITCHES
}
"""Pitch token -> staff step (35 is middle C), and alteration in semitones or None."""

WORD_AT = {place: word for word, place in PITCH_PLACES.items()}
"""Staff step and alteration -> pitch token."""

TIMES = {metre: Fraction(8) * Fraction(*map(int, metre[2:].split("/"))) for metre in METRES}
"""Metre token -> eighths per bar."""

_SEMITONES = tuple(NATURALS.values())


def pitch_of(step: int) -> int:
    """Return the MIDI pitch of a staff step without accidental.

    Examples
    --------
    >>> pitch_of(35), pitch_of(PITCH_PLACES["b'"][0])
    (60, 95)
    """
    return 12 * (step // 7) + _SEMITONES[step % 7]


def tuplet_ratio(p: int, metre: str) -> Fraction:
    """Return the factor by which a tuplet of ``p`` notes changes their length in a metre ``M:...``.

    Examples
    --------
    >>> tuplet_ratio(3, "M:4/4"), tuplet_ratio(5, "M:6/8")
    (Fraction(2, 3), Fraction(3, 5))
    """
    is_compound = metre in ("M:6/8", "M:9/8", "M:12/8")
    return Fraction(TUPLET_TIMES.get(p, 3 if is_compound else 2), p)
