"""The 137 tokens of the folk-rnn model, their meaning, and the bars of a tune in tokens."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from woodshed.score import Mode
from woodshed.symbolic.abc.field import TUPLET_TIMES
from woodshed.symbolic.abc.voice import broken_factors
from woodshed.symbolic.notation import LETTERS, NATURALS, sharps_of_keynote

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

MODE_WORDS: dict[Mode, str] = {
    "major": "K:Cmaj",
    "minor": "K:Cmin",
    "dorian": "K:Cdor",
    "mixolydian": "K:Cmix",
}
"""Name of a mode -> its token."""

MODE_NAMES = {word: mode for mode, word in MODE_WORDS.items()}
"""Mode token -> name of the mode."""

SIGNATURES = {word: sharps_of_keynote("C", mode) for word, mode in MODE_NAMES.items()}
"""Mode token -> sharps of its key signature; flats are negative."""

_ALTERATIONS = {"=": 0, "_": -1, "^": 1}


def _place(word: str) -> tuple[int, int | None]:
    """Return the staff step of a pitch token (35 is middle C), and its alteration in semitones or None.

    Examples
    --------
    >>> _place("C"), _place("c"), _place("^f'"), _place("_B,")
    ((35, None), (42, None), (52, 1), (34, -1))
    """
    letter = word.strip("=_^,'")
    octave = 5 + letter.islower() + word.count("'") - word.count(",")
    return LETTERS.index(letter.upper()) + 7 * octave, _ALTERATIONS.get(word[0])


PITCH_PLACES = {word: _place(word) for word in PITCHES}
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


class Speller:
    """Spelling of pitches as tokens, under a signature and the accidentals of the bar.

    Parameters
    ----------
    signature
        Alteration of each letter from C to B.

    Attributes
    ----------
    altered
        Staff step -> alteration of the notes so far; to be cleared at a bar line.

    Examples
    --------
    >>> speller = Speller([0] * 7)
    >>> [speller.word([35], pitch) for pitch in (61, 61, 60, 59)]
    ['^C', 'C', '=C', '_C']
    """

    def __init__(self, signature: Sequence[int]) -> None:
        self._signature = signature
        self.altered: dict[int, int] = {}

    def word(self, steps: Iterable[int], pitch_midi: int) -> str | None:
        """Return the token of a pitch on the first staff step that has one; None if none has."""
        for step in steps:
            alteration = pitch_midi - pitch_of(step)
            is_implied = alteration == self.altered.get(step, self._signature[step % 7])
            word = WORD_AT.get((step, None if is_implied else alteration))
            if word is not None:
                self.altered[step] = alteration
                return word
        return None


def tuplet_ratio(p: int, metre: str) -> Fraction:
    """Return the factor by which a tuplet of ``p`` notes changes their length in a metre ``M:...``.

    Examples
    --------
    >>> tuplet_ratio(3, "M:4/4"), tuplet_ratio(5, "M:6/8")
    (Fraction(2, 3), Fraction(3, 5))
    """
    is_compound = metre in ("M:6/8", "M:9/8", "M:12/8")
    return Fraction(TUPLET_TIMES.get(p, 3 if is_compound else 2), p)


@dataclass(frozen=True, slots=True)
class FolkBar:
    """Tokens between two bar lines.

    Parameters
    ----------
    number
        Counted from 1 among the bars with notes or rests.
    start, stop
        Range of its tokens, without the bar lines.
    eighths
        Length in eighths.
    before, after
        Bar lines on either side; empty at the beginning and the end of the tune.
    """

    number: int
    start: int
    stop: int
    eighths: Fraction
    before: str
    after: str


def folk_bars(words: Sequence[str], metre: str) -> list[FolkBar]:
    """Divide tokens into bars and compute their lengths.

    Examples
    --------
    >>> [float(bar.eighths) for bar in folk_bars("|: C > D [ E 2 G 2 ] (3 E F G :| C".split(), "M:4/4")]
    [6.0, 1.0]
    """
    lines = [-1, *(k for k, word in enumerate(words) if word in BAR_LINES), len(words)]
    ended = [*words, ""]  # so that there is an empty bar line at both ends, -1 and len(words)
    bars: list[FolkBar] = []
    for first, last in pairwise(lines):
        if last - first > 1:
            eighths = _bar_length(tuple(words[first + 1 : last]), metre)
            bars.append(FolkBar(len(bars) + 1, first + 1, last, eighths, ended[first], ended[last]))
    return bars


def sounding(words: Sequence[str], signature: Sequence[int]) -> Iterator[tuple[str, int, int | None]]:
    """Yield each token with its staff step and MIDI pitch; tokens other than pitches have no pitch.

    An accidental holds to the next bar line, in its octave.

    Parameters
    ----------
    words
        Tokens; any pitch of `PITCH_PLACES`.
    signature
        Alteration of each letter from C to B.

    Examples
    --------
    >>> [pitch for _, _, pitch in sounding("^C 2 C | C".split(), [0] * 7)]
    [61, None, 61, None, 60]
    """
    altered: dict[int, int] = {}
    for word in words:
        if word in BAR_LINES:
            altered = {}
        step, accidental = PITCH_PLACES.get(word, (0, None))
        if accidental is not None:
            altered[step] = accidental
        pitch = pitch_of(step) + altered.get(step, signature[step % 7])
        yield word, step, pitch if word in PITCH_PLACES else None


def counted_bars(words: Sequence[str], metre: str) -> list[FolkBar]:
    """Return the bars except pickups, which are short bars at the start of a section.

    Examples
    --------
    >>> [bar.number for bar in counted_bars("C |: E 3 :| G | C 4 |1 E 4 :| |2 C 3 |".split(), "M:2/4")]
    [2, 4, 5, 6]
    """
    counted: list[FolkBar] = []
    is_pickup = False
    for bar in folk_bars(words, metre):
        begins_section = bar.before in ("", "|:", ":|") and not is_pickup
        is_pickup = begins_section and bar.eighths < TIMES[metre]
        if not is_pickup:
            counted.append(bar)
    return counted


def bar_errors(words: Sequence[str], metre: str) -> list[str]:
    """Report bars of the wrong length, one sentence each.

    A bar may be short at the beginning and the end of the tune, and next to a repeat sign or an ending,
    where a pickup completes it.

    Examples
    --------
    >>> bar_errors("C | C 8 | D 3 | E 7 |".split(), "M:4/4")
    ['bar 3 lasts 3 eighths, expected 8 in 4/4.']
    """
    due, bars = TIMES[metre], folk_bars(words, metre)
    errors = []
    for bar in bars:
        at_edge = bar.number in (1, len(bars)) or bar.before not in ("", "|") or bar.after not in ("", "|")
        if bar.eighths > due or (bar.eighths < due and not at_edge):
            errors.append(
                f"bar {bar.number} lasts {float(bar.eighths):g} eighths, expected {float(due):g} in "
                f"{metre[2:]}."
            )
    return errors


def split_bars(words: Sequence[str], metre: str) -> frozenset[int]:
    """Return the numbers of bars that a single bar line separates from the rest of their bar.

    This happens where a double bar was written before the pickup of the next part.

    Examples
    --------
    >>> split_bars("C 8 | D 6 | E 2 | F 8 |".split(), "M:4/4")
    frozenset({2})
    """
    due, bars = TIMES[metre], folk_bars(words, metre)
    split: set[int] = set()
    for bar, following in pairwise(bars):
        is_single = bar.after == "|" and following.start == bar.stop + 1
        is_pickup = bar.number == 1 and len(bars) > 2 and bars[2].eighths < due
        is_short = 0 < bar.eighths < due and bar.eighths + following.eighths == due
        if is_single and is_short and not is_pickup and bar.number - 1 not in split:
            split.add(bar.number)
    return frozenset(split)


@functools.lru_cache(1 << 16)
def lengths_of(words: tuple[str, ...], metre: str) -> tuple[Fraction, ...]:
    """Return the values of `event_lengths`, cached, as tunes share most of their bars."""
    return tuple(event_lengths(words, metre))


@functools.lru_cache(1 << 16)
def _bar_length(words: tuple[str, ...], metre: str) -> Fraction:
    """Return the length of a bar in eighth notes."""
    return sum(lengths_of(words, metre), Fraction(0))


def event_lengths(words: Sequence[str], metre: str) -> Iterator[Fraction]:
    """Yield the length of each note, rest or chord in eighths, including broken rhythm and tuplets.

    Examples
    --------
    >>> [float(length) for length in event_lengths("C > D z 2 [ E G ]".split(), "M:4/4")]
    [1.5, 0.5, 2.0, 1.0]
    """
    ratio, n_left, factor = Fraction(1), 0, Fraction(1)
    waiting: Fraction | None = None  # length of the previous event, which a broken rhythm may still change
    in_chord: list[Fraction] | None = None
    for length, sign, kind in _events(words):
        if kind.startswith("("):
            ratio, n_left = tuplet_ratio(int(kind[1:]), metre), int(kind[1:])
        elif kind == "[":
            in_chord = []
        elif kind == "note" and in_chord is not None:
            in_chord.append(length)
        elif kind in ("]", "note"):
            if waiting is not None:
                yield waiting
            if kind == "]":
                length *= in_chord[0] if in_chord else Fraction(0)
                in_chord = None
            waiting = length * factor * (ratio if n_left else 1)
            n_left, factor = max(0, n_left - 1), Fraction(1)
        if sign and waiting is not None and in_chord is None:
            before, factor = broken_factors(sign)
            waiting *= before
    if waiting is not None:
        yield waiting


def _events(words: Sequence[str]) -> Iterator[tuple[Fraction, str, str]]:
    """Yield length, broken rhythm and kind of each note, rest or grouping."""
    for word, following in pairwise([*words, ""]):
        length, sign = UNITS.get(following, (Fraction(1), ""))
        if word in PITCH_PLACES or word == REST:
            yield length, sign, "note"
        elif word == "]":
            yield length, sign, "]"
        elif word in GROUPINGS:
            yield Fraction(1), "", word
