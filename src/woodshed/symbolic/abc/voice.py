"""Voices of an ABC tune: notes, rests, chords, tuplets and beams."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, cast, get_args

from woodshed.errors import ScoreError, near_miss
from woodshed.score import Metre, Mode, NavigationMark
from woodshed.symbolic.abc.field import (
    ALTERATIONS,
    TUPLET_TIMES,
    default_length,
    read_key,
    read_length,
    read_metre,
    read_tempo,
    read_transposition,
)
from woodshed.symbolic.bar import MAX_PASSES, Bar, BarNote, mark_of_words
from woodshed.symbolic.notation import NATURALS, Signature, beat_of, is_binary, odd_part, transposed_sharps

Span = tuple[Fraction, Fraction]
"""Start and end of a note or rest, in quarter notes from the start of the beat grid."""

MAX_TUPLET = 9
"""Maximum number of notes of a tuplet in ABC."""

MAX_QUOTED = 999
"""Maximum length of a chord symbol or an annotation."""

_EIGHTH = Fraction(1, 2)
_MAX_TUPLET_BEATS = 4

Spelling = tuple[str, int]
"""Letter and octave above MIDI pitch 0."""

Propagation = Literal["octave", "pitch", "not"]
"""Scope of an accidental within its bar."""

_LENGTH = re.compile(r"(\d{0,9})(/{0,9})(\d{0,9})")
_SIGNS = re.compile(
    r"(?P<space>[\s`\\]+|[)$*;@?#]|\.(?=[(|])|y\d*)"
    r"|(?P<slur>\((?![\d&]))"
    rf'|(?P<quoted>"[^"]{{0,{MAX_QUOTED}}}")'
    r"|(?P<grace>\{[^}]{0,999}\})"
    r"|(?P<field>\[[A-Za-z]:[^\]]{0,999}\])"
    r"|(?P<ornament>![^!\s|]{0,99}!|\+[^+\s|]{1,99}\+|[.~H-WYh-w](?!:[^|:])|!)"
    r"|(?P<tuplet>\(\d{1,4}(?::\d{0,4}(?::\d{0,4})?)?)"
    r"|(?P<line>(?::*\[?\|+[|\]:]*|:+\]?)\s*(?:\[?\s*(?=\d)(?P<after>[\d,\-.]{1,99}))?)"
    r"|(?P<ending>\[\s*(?P<numbers>\d[\d,\-.]{0,99}))"
    r"|(?P<opening>\[)"
    r"|(?P<closing>\])(?P<chord_length>\d*/*\d*)"
    r"|(?P<broken>>+|<+)"
    r"|(?P<tie>-)"
    r"|(?P<overlay>\(&|&+\)?)"
    r"|(?P<measure>/{1,9}(?=\s*[|:]))"
    r"|(?P<rest>[zxZX])(?P<rest_length>\d*/*\d*)"
    r"|(?P<accidental>\^\^|__|[\^_=])?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>\d*/*\d*)"
)
_MAX_LENGTH = 1000
_MAX_CHORD = 128
_MAX_OVERLAYS = 15
_SYMBOLS = {
    ".": "staccato",
    "~": "roll",
    "H": "fermata",
    "L": "accent",
    "M": "lowermordent",
    "O": "coda",
    "P": "uppermordent",
    "S": "segno",
    "T": "trill",
    "u": "upbow",
    "v": "downbow",
}
_SYMBOL_FIELD = re.compile(r"\s*([~H-Wh-w])\s*=\s*[!+\"]?[\^_<>@]?([^!+\"]*)")
_DYNAMICS = re.compile(r"p{1,4}|f{1,4}|m[pf]|s?fz|(dim|de)?(crescendo|inuendo)?[()]|[<>][()]")


def tuplets_of(spans: Sequence[Span]) -> list[tuple[str, Fraction]]:
    """Find the tuplets of a bar: notes that divide a beat, or two, four or half a beat, by an odd number.

    Returns
    -------
    list of (str, Fraction)
        For each note, the sign of the tuplet that starts with it, and the factor of its written length.

    Examples
    --------
    >>> thirds = [(Fraction(k, 3), Fraction(k + 1, 3)) for k in range(3)]
    >>> tuplets_of([*thirds, (Fraction(1), Fraction(5, 3)), (Fraction(5, 3), Fraction(2))])[::3]
    [('(3', Fraction(3, 2)), ('(3:2:2', Fraction(3, 2))]
    """
    tuplets = [("", Fraction(1))] * len(spans)
    first = 0
    for last, (_, end) in enumerate(spans):
        if not is_binary(end):
            continue
        run = spans[first : last + 1]
        total = end - run[0][0]
        p = odd_part(math.lcm(*(place.denominator for span in run for place in span)))
        if 1 < p <= MAX_TUPLET and is_binary(run[0][0]) and _is_beat(total):
            q = 1 << (p.bit_length() - 1)
            tuplets[first : last + 1] = [("", Fraction(p, q))] * len(run)
            tuplets[first] = ("(3" if p == len(run) == 3 else f"({p}:{q}:{len(run)}", Fraction(p, q))
        first = last + 1
    return tuplets


def groups_of(spans: Sequence[Span], metre: Metre | None) -> list[Fraction]:
    """Return the number of the beat to which each note belongs; notes of one beat share a beam.

    A tuplet belongs to the beat of its first note. In 4/4 and 2/2, four eighths of half a bar form a group.

    Examples
    --------
    >>> eighths = [(Fraction(k, 2), Fraction(k + 1, 2)) for k in range(6)]
    >>> [int(beat) for beat in groups_of(eighths, Metre(0, 3, 4))]
    [0, 0, 1, 1, 2, 2]
    >>> [int(beat) for beat in groups_of(eighths, Metre(0, 4, 4))], groups_of(eighths, Metre(0, 6, 8))[3]
    ([0, 0, 0, 0, 2, 2], Fraction(1, 1))
    """
    beat = beat_of(metre)
    groups = [Fraction(start // beat) for start, _ in spans]
    marks = tuplets_of(spans)
    for k in range(1, len(spans)):
        if marks[k][1] != 1 and not marks[k][0]:
            groups[k] = groups[k - 1]
    if metre is not None and (metre.numerator, metre.denominator) in ((4, 4), (2, 2)):
        for half in {start // 2 for start, _ in spans}:
            members = [k for k, (start, _) in enumerate(spans) if start // 2 == half]
            if all(spans[k][1] - spans[k][0] == _EIGHTH for k in members):
                for k in members:
                    groups[k] = Fraction(2 * half)
    return groups


def _is_beat(length: Fraction) -> bool:
    """Return whether a length is 4, 2 or 1 quarter notes, a half, a quarter and so on."""
    is_power_of_two = is_binary(length) and length.numerator & (length.numerator - 1) == 0
    return is_power_of_two and length <= _MAX_TUPLET_BEATS


def broken_factors(signs: str) -> tuple[Fraction, Fraction]:
    """Return the factors of the lengths of the notes before and after the signs of a broken rhythm.

    Examples
    --------
    >>> [str(factor) for factor in broken_factors(">")], [str(factor) for factor in broken_factors("<<")]
    (['3/2', '1/2'], ['1/4', '7/4'])
    """
    short = Fraction(1, 2 ** len(signs))
    return (2 - short, short) if signs[0] == ">" else (short, 2 - short)


class Voice:
    """Parser of the lines of one voice.

    Parameters
    ----------
    unit
        Unit length as a fraction of a whole note; None for the default of the metre.
    metre
        Metre of the header; None if free.
    propagation
        Scope of an accidental within its bar: its ``octave``, its ``pitch`` in all octaves, or ``not`` beyond
        its note.

    Attributes
    ----------
    name
        Name of the voice; empty if it has none.
    metre
        Metre so far; None if free.
    bars
        Bars so far; the last one is open.
    findings
        One sentence for each bar of the wrong length and for what was ignored.
    left_out
        Name and number of the signs that a score does not hold, such as grace notes.
    """

    def __init__(
        self, unit: Fraction | None, metre: tuple[int, int] | None, propagation: Propagation
    ) -> None:
        self._unit = unit or default_length(metre)
        self._propagation = propagation
        self._signature: Signature = {}
        self._key: tuple[int, Mode] | None = None
        self._transposition: dict[str, int] = {}  # as read by read_transposition
        self._current: dict[str, object] = {}  # key, metre and tempo
        self._altered: dict[Spelling, int] = {}
        self._tied: dict[Spelling, int] = {}  # ties that the previous event starts
        self._continued: dict[Spelling, int] = {}  # ties that this event may end
        self._tuplet = (Fraction(1), 0)
        self._factor = Fraction(1)  # of the next note, after a broken rhythm
        self._last: tuple[list[BarNote], Fraction] | None = None  # notes and length of the previous event
        self._chord: list[BarNote] | None = None
        self._bar_number = 1
        self._overlaid: list[Bar] = []  # bars that an overlay accompanies; the last one is the current bar
        self._level = 0  # number of the overlay
        self._ties: list[dict[Spelling, int]] = []  # ties at the end of the bar, by level
        self._ties_before: list[dict[Spelling, int]] = []
        self._marks: set[NavigationMark] = set()  # of the next note
        self._symbols = dict(_SYMBOLS)
        self._unknown: dict[str, list[int]] = {}  # unknown sign -> numbers of its bars
        self.name = ""
        self.metre = metre
        self.bars = [Bar(1)]
        self.findings: list[str] = []
        self.left_out: Counter[str] = Counter()

    def read(self, text: str) -> None:
        """Parse a line of music.

        Raises
        ------
        ScoreError
            If the line is invalid; the message names the bar.
        """
        at = 0
        while at < len(text):
            match = _SIGNS.match(text, at)
            if match is None or match.end() == at:
                self._unknown.setdefault(text[at], []).append(self._bar_number)
                at += 1
                continue
            at = match.end()
            self._read_sign(match)

    def finish(self) -> None:
        """Close the last bar."""
        if self._chord is not None:
            raise self._error("the chord opened with [ is not closed")
        self._end_overlays()
        self._move_marks()
        self._check_bar(is_last=True)
        for sign, bars in self._unknown.items():
            times = f" ({len(bars)} times)" if len(bars) > 1 else ""
            self.findings.append(f"bar {bars[0]}: unknown sign {sign!r} was ignored{times}.")

    def change(self, kind: str, value: str) -> None:
        """Apply a field to the music after it; fields without effect on the notes are ignored."""
        if kind == "K":
            key = read_key(value)
            self._key = key[:2] if key else self._key
            self.shift(value)
            if key:
                self._signature = key[2]
                self._altered.clear()
                self._add_key()
        elif kind == "M":
            self.metre = read_metre(value)
            self._current.pop("metre", None)
            self.left_out["grouping of a metre"] += "+" in value.split("%")[0]
            if self.metre:
                self._add_change("metre", self.metre)
        elif kind == "L":
            self._unit = read_length(value)
        elif kind == "Q":
            tempo_bpm = read_tempo(value, self._unit)
            if tempo_bpm is not None:
                self._add_change("tempo", tempo_bpm)
            elif re.search(r"\d", re.sub(r'"[^"]*"', "", value)):
                self.findings.append(f"Invalid tempo Q:{value.strip()} was ignored.")
        elif kind == "P":
            self._start_part(value.strip())
        elif kind == "I":
            self._direct(value)
        elif kind == "U" and (symbol := _SYMBOL_FIELD.match(value)):
            self._symbols[symbol[1]] = symbol[2].strip()

    def _direct(self, value: str) -> None:
        """Apply a directive; only that on the scope of accidentals changes the notes."""
        name, _, scope = value.split("%")[0].strip().partition(" ")
        if name != "propagate-accidentals":
            return
        if scope.strip() in get_args(Propagation):
            self._propagation = cast("Propagation", scope.strip())
        else:
            hint = near_miss(scope.strip(), get_args(Propagation))
            self.findings.append(f"The directive {value.strip()!r} was ignored. {hint}")

    def shift(self, value: str) -> None:
        """Apply octave, clef and transposition of a ``V:`` or ``K:`` field."""
        before = self._transposition.get("semitones")
        self._transposition |= read_transposition(value)
        if self._transposition.get("semitones") != before:
            self._add_key()

    def _add_change(self, kind: str, value: object) -> None:
        self._current[kind] = value
        self.bars[-1].changes.append((self.bars[-1].length, kind, value))

    def _add_key(self) -> None:
        """Add a change to the sounding key."""
        if self._key is None:
            return
        n_sharps, mode = self._key
        if semitones := self._transposition.get("semitones"):
            n_sharps = transposed_sharps(n_sharps, semitones)
        self._add_change("key", (n_sharps, mode))

    def _start_part(self, name: str) -> None:
        """Start a part in a new bar that repeats key, metre and tempo, as parts may be reordered."""
        self._end_overlays()
        if not self.bars[-1].is_empty:
            self._end_bar(ends_part=True)
        bar = self.bars[-1]
        bar.part = name
        bar.endings = bar.endings if bar.starts_ending else frozenset()
        for kind, value in self._current.items():
            self._add_change(kind, value)

    def _read_sign(self, match: re.Match[str]) -> None:
        """Read a sign that has a duration or changes one; leave others to `_read_mark`."""
        text = match[0]
        match match.lastgroup:
            case "length":
                self._place_marks()
                self._read_note(match)
            case "rest_length":
                self._place_marks()
                self._read_rest(match["rest"], match["rest_length"])
            case "opening":
                self._place_marks()
                self._open_chord()
            case "chord_length":
                self._close_chord(match["chord_length"])
            case "tuplet":
                self._start_tuplet(text[1:])
            case "broken":
                self._break_rhythm(text)
            case "tie":
                self._tie()
            case "overlay":
                self._overlay(text)
            case _:
                self._read_mark(match)

    def _read_mark(self, match: re.Match[str]) -> None:
        """Read a bar line, ending, field, text or decoration."""
        text = match[0]
        match match.lastgroup:
            case "line":
                self._read_line(text)
                if match["after"]:
                    self._start_ending(match["after"])
            case "ending":
                self._start_ending(match["numbers"])
            case "field":
                self.change(text[1], text[3:-1])
            case "quoted":
                self._read_quoted(text[1:-1].strip())
            case "ornament":
                self._read_ornament(text)
            case "grace":
                self.left_out["grace note"] += sum(sign in "abcdefgABCDEFG" for sign in text)
            case "slur":
                self.left_out["slur"] += 1
            case "measure":
                self._repeat_measure(text)

    def _read_quoted(self, text: str) -> None:
        """Read a chord symbol, words for a jump, or another annotation."""
        words = re.sub(r"^(?:[\^_<>]|@[\d.,+-]*)", "", text)
        if mark := mark_of_words(words):
            self._mark(mark)
        elif text and text[0] in "ABCDEFG":
            self.bars[-1].changes.append((self.bars[-1].length, "chord", text))
        elif text:
            self.left_out["annotation"] += 1

    def _read_ornament(self, text: str) -> None:
        """Read a decoration or a sign for one; those other than jumps are left out."""
        name = text[1:-1] if len(text) > 1 else self._symbols.get(text, "" if text == "!" else text)
        if mark := mark_of_words(name):
            self._mark(mark)
        elif name.isdigit():
            self.left_out["fingering"] += 1
        elif name:
            self.left_out["dynamics" if _DYNAMICS.fullmatch(name) else name] += 1

    def _repeat_measure(self, signs: str) -> None:
        self.findings.append(f"bar {self._bar_number}: the measure repeat {signs} was not played.")

    def _mark(self, mark: NavigationMark) -> None:
        """Add a mark to the bar; a segno or coda waits for the next note, before which the bar is divided."""
        if mark in ("segno", "coda"):
            self._marks.add(mark)
        else:
            self.bars[-1].marks.add(mark)

    def _place_marks(self) -> None:
        if self._marks and not self.bars[-1].is_empty and not self._overlaid and self._chord is None:
            self.bars.append(Bar(self._bar_number, endings=self.bars[-1].endings))
        self.bars[-1].marks |= self._marks
        self._marks = set()

    def _move_marks(self) -> None:
        """Give the marks after the last bar line to the bar before it."""
        if self.bars[-1].is_empty and len(self.bars) > 1:
            self.bars[-2].marks |= self.bars[-1].marks
            self.bars[-1].marks = set()

    def _overlay(self, signs: str) -> None:
        """Go back by a bar for each ``&``; what follows sounds together with the music after that place."""
        n_bars = signs.count("&")
        if "(" in signs or ")" in signs:
            raise self._error("a group of overlays, (& &), is not supported; write a second voice with V:")
        if self._chord is not None:
            raise self._error("& stands within a chord")
        self._merge_overlay()
        if self._level == _MAX_OVERLAYS:
            raise self._error(f"more than {_MAX_OVERLAYS} overlays")
        if n_bars > len(self.bars):
            raise self._error(f"{signs} goes back beyond the beginning")
        self._overlaid = self.bars[-n_bars:]
        self.bars[-1] = Bar(self._bar_number)
        self._ties.append(self._tied)
        self._level += 1
        self._tied = self._ties_before[self._level] if self._level < len(self._ties_before) else {}
        self._start_afresh()

    def _merge_overlay(self) -> None:
        """Add the music of the overlay to the bar that it accompanies, and return to the current bar."""
        if self._overlaid:
            overlay, bar = self.bars[-1], self._overlaid[0]
            bar.notes += overlay.notes
            bar.changes += overlay.changes
            bar.marks |= overlay.marks
            bar.length = max(bar.length, overlay.length)
            self.bars[-1] = self._overlaid[-1]
            self._overlaid = []

    def _end_overlays(self) -> None:
        """Return to the main voice at the end of a bar."""
        self._merge_overlay()
        self._ties_before = [*self._ties, self._tied]
        if self._level:
            self._tied, self._ties, self._level = self._ties[0], [], 0
            self._start_afresh()

    def _start_afresh(self) -> None:
        """Forget accidentals, tuplet, broken rhythm and the last note."""
        self._altered.clear()
        self._tuplet, self._factor, self._last = (Fraction(1), 0), Fraction(1), None

    def _read_note(self, match: re.Match[str]) -> None:
        length = self._length_of(match["length"])
        if self._chord is None:
            self._continued, self._tied = self._tied, {}
        letter, octave = match["letter"], match["octave"]
        octaves = self._transposition.get("octaves", 0) + self._transposition.get("clef_octaves", 0)
        height = 5 + letter.islower() + octave.count("'") - octave.count(",") + octaves
        pitch = self._pitch(letter.upper(), height, match["accidental"])
        if not 0 <= pitch <= 127:
            raise self._error(f"{letter}{octave} is outside the pitches of MIDI, 0 to 127")
        voice = f"&{self._level}" if self._level else ""
        note = BarNote(self.bars[-1].length, length, pitch, spelling=(letter.upper(), height), voice=voice)
        if self._chord is not None:
            if len(self._chord) == _MAX_CHORD:
                raise self._error(f"a chord of more than {_MAX_CHORD} notes")
            self._chord.append(note)
        else:
            self._advance([note], length)

    def _read_rest(self, sign: str, written: str) -> None:
        length = self._length_of(written)
        if sign in "ZX":  # whole bars
            length *= self._bar_due() / (4 * self._unit)
            self.bars[-1].due = length
        if self._chord is None:
            self._tied = {}
            self._advance([], length)

    def _advance(self, notes: list[BarNote], length: Fraction) -> None:
        """Add an event to the bar, scaled by its tuplet and broken rhythm."""
        ratio, n_left = self._tuplet
        scale = self._factor * (ratio if n_left else 1)
        for note in notes:
            note.duration *= scale
        length *= scale
        self._tuplet = (ratio, max(0, n_left - 1))
        self._factor = Fraction(1)
        self._last = (notes, length)
        self.bars[-1].notes += notes
        self.bars[-1].length += length

    def _break_rhythm(self, text: str) -> None:
        if self._last is None:
            raise self._error(f"{text} has no note before it")
        notes, length = self._last
        factor, self._factor = broken_factors(text)
        for note in notes:
            note.duration *= factor
        self.bars[-1].length += length * (factor - 1)
        self._last = (notes, length * factor)

    def _tie(self) -> None:
        """Tie the previous note or chord; within a chord, the previous note."""
        before = self._last[0] if self._last else []
        for note in before if self._chord is None else self._chord[-1:]:
            note.starts_tie = True
            self._tied[note.spelling] = note.pitch_midi

    def _open_chord(self) -> None:
        if self._chord is not None:
            raise self._error("[ opens a chord within a chord")
        self._chord = []
        self._continued, self._tied = self._tied, {}

    def _close_chord(self, written: str) -> None:
        if not self._chord:
            raise self._error("] closes no chord")
        notes, self._chord = self._chord, None
        times = self._length_of(written) / (4 * self._unit)
        for note in notes:
            note.duration *= times
        self._advance(notes, notes[0].duration)

    def _start_tuplet(self, text: str) -> None:
        numbers = [int(n) if n else 0 for n in text.split(":")] + [0, 0]
        p, q, r = numbers[:3]
        is_compound = self.metre is not None and self.metre[0] % 3 == 0 and self.metre[0] > 3
        q = q or TUPLET_TIMES.get(p, 3 if is_compound else 2)
        if not (0 < p <= _MAX_LENGTH and q <= _MAX_LENGTH and r <= _MAX_LENGTH):
            raise self._error(f"invalid tuplet ({text}")
        self._tuplet = (Fraction(q, p), r or p)

    def _read_line(self, text: str) -> None:
        """End a bar; count repeats and mark the start of sections."""
        if len(self._overlaid) > 1:  # an overlay of several bars, whose signs have been read
            rest = self._overlaid[1:]
            self._overlaid = [self._overlaid[0], self.bars[-1]]
            self._merge_overlay()
            self._overlaid, self.bars[-1] = rest, Bar(self._bar_number)
            self._altered.clear()
            return
        self._end_overlays()
        self._move_marks()
        self._altered.clear()
        signs = text.split("[")[0] if text[0] != "[" else text
        signs = re.sub(r"[\d,\-.\s]+$", "", signs)
        before = len(signs) - len(signs.lstrip(":"))
        after = len(signs) - len(signs.rstrip(":"))
        if set(signs) == {":"} and len(signs) > 1:
            before = after = max(1, len(signs) // 2)
        bar = self.bars[-1]
        is_double = "||" in signs or "]" in signs or "[|" in signs
        ends_part = bool(before or after or is_double)
        if not bar.is_empty:
            self._end_bar(ends_part=ends_part)
        elif len(self.bars) == 1:
            bar.starts_repeat = bool(after)
            return
        elif ends_part and not bar.starts_ending:  # two bar lines in a row
            bar.endings = frozenset()
        ended, bar = self.bars[-2:]
        ended.n_repeats = max(ended.n_repeats, min(before, MAX_PASSES))
        bar.starts_repeat = bar.starts_repeat or bool(after)
        bar.starts_section = bar.starts_section or is_double

    def _end_bar(self, *, ends_part: bool) -> None:
        self._altered.clear()
        self._check_bar(is_last=ends_part)
        self._bar_number += 1
        self.bars.append(Bar(self._bar_number, endings=frozenset() if ends_part else self.bars[-1].endings))

    def _start_ending(self, numbers: str) -> None:
        """Start an ending such as ``1``, ``1,3`` or ``1-3``; within a bar, divide the bar."""
        which: set[int] = set()
        for part in re.split(r"[,.]", numbers):
            ends = [int(n) for n in part.split("-") if n]
            if ends:
                which |= set(range(ends[0], min(ends[-1], MAX_PASSES) + 1))
        if not which:
            raise self._error(f"invalid ending [{numbers}")
        self._end_overlays()
        if not self.bars[-1].is_empty:
            self.bars.append(Bar(self._bar_number))
        self.bars[-1].endings, self.bars[-1].starts_ending = frozenset(which), True

    def _check_bar(self, *, is_last: bool) -> None:
        """Report a bar of the wrong length; the first and those at repeats and double bars may be short."""
        bar = self.bars[-1]
        if self.metre is None or bar.is_empty:
            return
        due = bar.due or self._bar_due()
        pieces = [other for other in self.bars[-3:] if other.number == bar.number]
        length = sum((piece.length for piece in pieces), Fraction(0))
        before = self.bars[-len(pieces) - 1] if len(self.bars) > len(pieces) else None
        may_be_short = (
            is_last
            or before is None
            or bar.starts_repeat
            or bar.starts_section
            or bar.starts_ending
            or bar.part
            or before.n_repeats > 0
        )
        if length > due or (length < due and not may_be_short):
            numerator, denominator = self.metre
            self.findings.append(
                f"bar {bar.number} lasts {float(length):g} beats, expected {float(due):g} in "
                f"{numerator}/{denominator}."
            )

    def _bar_due(self) -> Fraction:
        return Fraction(4 * self.metre[0], self.metre[1]) if self.metre else Fraction(4)

    def _length_of(self, written: str) -> Fraction:
        """Parse a length such as ``3``, ``/``, ``//`` or ``3/4``, in quarter notes."""
        match = _LENGTH.fullmatch(written)
        above, slashes, below = match.groups() if match else ("0", "", "")
        divisor = int(below) * 2 ** (len(slashes) - 1) if below and slashes else 2 ** len(slashes)
        times = int(above) if above else 1
        if not (divisor and 0 < times <= _MAX_LENGTH * divisor):
            raise self._error(f"invalid note length {written!r}")
        return Fraction(times, divisor) * self._unit * 4

    def _pitch(self, name: str, height: int, accidental: str | None) -> int:
        """Return the pitch under the signature, accidentals in the bar and a tie across the bar line."""
        place = (name, height if self._propagation == "octave" else 0)
        if accidental is not None:
            alteration = ALTERATIONS[accidental]
            if self._propagation != "not":
                self._altered[place] = alteration
        elif (name, height) in self._continued:
            return self._continued[name, height]
        else:
            alteration = self._altered.get(place, self._signature.get(name, 0))
        return 12 * height + NATURALS[name] + alteration + self._transposition.get("semitones", 0)

    def _error(self, what: str) -> ScoreError:
        return ScoreError(f"bar {self._bar_number}: {what}.")
