"""Conversion of ABC to folk tokens: one tonic, one unit length, no ornaments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeVar

from woodshed.errors import ScoreError, ScoreFileError
from woodshed.score import Key, Mode
from woodshed.symbolic.abc.field import read_transposition
from woodshed.symbolic.abc.read import MUSIC_AFTER, TuneLines, cut_tunes, read_voices
from woodshed.symbolic.abc.voice import Propagation, Voice, broken_factors
from woodshed.symbolic.bar import BarNote
from woodshed.symbolic.folk.tune_type import find_tune_type
from woodshed.symbolic.folk.vocabulary import (
    GROUPINGS,
    METRES,
    MODE_WORDS,
    REST,
    SIGNATURES,
    TIMES,
    WORD_OF,
    Speller,
    bar_errors,
    pitch_of,
    split_bars,
    tuplet_ratio,
)
from woodshed.symbolic.notation import LETTERS, alterations_of

Choice = TypeVar("Choice")
Result = TypeVar("Result")

_METRES = {word.removeprefix("M:"): (word, Fraction(1)) for word in METRES} | {
    "2/2": ("M:4/4", Fraction(1)),
    "4/8": ("M:2/4", Fraction(1)),
    "3/8": ("M:3/4", Fraction(2)),
    "6/4": ("M:6/8", Fraction(1, 2)),
    "9/4": ("M:9/8", Fraction(1, 2)),
    "12/4": ("M:12/8", Fraction(1, 2)),
    "6/16": ("M:6/8", Fraction(2)),
    "4/2": ("M:4/4", Fraction(1, 2)),
}
"""Metre -> token of the metre or of an equivalent one, factor of all lengths."""

_DOUBLED = {"M:2/4": "M:4/4", "M:3/4": "M:3/2"}


@dataclass(frozen=True)
class FolkTune:
    """A tune in folk tokens.

    Parameters
    ----------
    text
        Metre, mode and music, on the root C.
    title, number
        Its first title and its number in the file.
    tonic
        The tonic of its key, such as ``D``.
    tune_type
        Such as ``reel``, by the fields ``R:`` and ``G:`` or the title; empty if unknown.
    """

    text: str
    title: str
    number: str
    tonic: str = "C"
    tune_type: str = ""


def abc_to_folk(text: str, *, source: str = "text") -> str:
    r"""Convert an ABC text with exactly one tune to folk tokens.

    The tune is transposed to the tonic C in its own mode, by the smallest interval for which every pitch has
    a token; letters move with their staff lines, and a note without a token is respelt enharmonically.
    Lengths are in eighths. A metre without a token is written as an equivalent one (3/8 as 3/4 in double
    values, 6/4 as 6/8 in half values, 2/2 as 4/4); if values are too short for a token, a tune in 2/4 or 3/4
    is doubled to 4/4 or 3/2. A tie within a bar gives one note if its length has a token; any other tie
    becomes a repeated note. Broken rhythm, tuplets, chords, repeats and endings are kept as written; double
    bars become single ones. Titles, words, chord symbols, grace notes, ornaments and jumps are dropped.

    Returns
    -------
    str
        Metre, mode and music; tokens are separated by single spaces.

    Raises
    ------
    ScoreFileError
        If the tune cannot be expressed in these tokens: another mode, metre or ending, more than one voice, a
        change of metre, a length or pitch without a token, or a bar of the wrong length. It names the bar.

    Examples
    --------
    >>> abc_to_folk('X:1\nT:A jig\nM:6/8\nL:1/8\nK:Ador\n|:"Am"{g}e3 c>BA|G^GA A3:|\n')
    'M:6/8 K:Cdor |: g 3 e > d c | B =B c c 3 :|'
    """
    tunes = list(cut_tunes(text))
    if len(tunes) != 1:
        fix = "Keep one of them." if tunes else "In ABC, every tune begins with a line X:."
        raise ScoreFileError(source, f"expected one tune, found {len(tunes)}. {fix}")
    return _folk_of(tunes[0], source).text


def book_to_folk(
    text: str, *, source: str = "text"
) -> tuple[tuple[FolkTune, ...], tuple[ScoreFileError, ...]]:
    r"""Convert all tunes of an ABC text, as `abc_to_folk` does; return tunes and errors.

    Examples
    --------
    >>> tunes, errors = book_to_folk("X:1\nM:2/4\nL:1/8\nK:D\nD4|\n\nX:2\nM:5/4\nL:1/8\nK:D\nD10|\n")
    >>> tunes[0].text, str(errors[0])
    ('M:2/4 K:Cmaj C 4 |', 'text: tune 2: there is no token for the metre 5/4.')
    """
    tunes, errors = [], []
    for tune in cut_tunes(text):
        try:
            tunes.append(_folk_of(tune, source))
        except ScoreFileError as error:
            errors.append(error)
    return tuple(tunes), tuple(errors)


@dataclass
class AbcSymbol:
    """A note, chord or rest, or a tuplet, bar line or ending, as written."""

    kind: str  # note, tuplet, line, ending
    bar: int
    notes: list[tuple[int, int]] = field(default_factory=list)  # staff step and MIDI pitch
    length: Fraction = Fraction(0)  # in eighths, before broken rhythm and tuplets
    broken: str = ""
    is_tied: bool = False
    in_tuplet: bool = False
    number: int = 0
    repeats_before: bool = False
    repeats_after: bool = False
    is_double: bool = False


class FolkVoice(Voice):
    """Parser of a voice that also keeps the written symbols."""

    def __init__(
        self, unit: Fraction | None, metre: tuple[int, int] | None, propagation: Propagation
    ) -> None:
        super().__init__(unit, metre, propagation)
        self.events: list[AbcSymbol] = []

    @property
    def key(self) -> tuple[int, Mode]:
        """Number of sharps and mode of the last key before the first note."""
        keys = [key for at, change, key in self.bars[0].changes if change == "key" and at == 0]
        return keys[-1] if keys else (0, "major")

    def change(self, kind: str, value: str) -> None:
        """Apply a field; after the first note, the metre may not change."""
        before = self.metre
        super().change(kind, value)
        if self.metre != before and any(event.kind == "note" for event in self.events):
            raise self._error(f"there is no token for a change of metre to {value.strip()} ({self.metre})")

    def shift(self, value: str) -> None:
        """Apply octaves only: all tunes are transposed to C anyway."""
        self._transposition |= read_transposition(value)
        self._transposition.pop("semitones", None)

    def _advance(self, notes: list[BarNote], length: Fraction) -> None:
        in_tuplet = self._tuplet[1] > 0
        places = [(LETTERS.index(n.spelling[0]) + 7 * n.spelling[1], n.pitch_midi) for n in notes]
        self.events.append(AbcSymbol("note", self._bar_number, places, length * 2, in_tuplet=in_tuplet))
        super()._advance(notes, length)

    def _break_rhythm(self, text: str) -> None:
        super()._break_rhythm(text)
        self._last_note().broken = text

    def _tie(self) -> None:
        super()._tie()
        if self._chord is None and any(event.kind == "note" for event in self.events):
            self._last_note().is_tied = True

    def _start_tuplet(self, text: str) -> None:
        super()._start_tuplet(text)
        p = int(text.split(":")[0])
        ratio, n_notes = self._tuplet
        metre = f"M:{self.metre[0]}/{self.metre[1]}" if self.metre else ""
        if f"({p}" not in GROUPINGS or n_notes != p or ratio != tuplet_ratio(p, metre):
            raise self._error(f"there is no token for the tuplet ({text}")
        self.events.append(AbcSymbol("tuplet", self._bar_number, number=p))

    def _read_line(self, text: str) -> None:
        signs = text.strip("[]0123456789,-. \t")
        before, after = signs.startswith(":"), signs.endswith(":")
        is_double = not before and ("||" in text or "]" in text or "[|" in text)
        self.events.append(
            AbcSymbol(
                "line", self._bar_number, repeats_before=before, repeats_after=after, is_double=is_double
            )
        )
        super()._read_line(text)

    def _start_ending(self, numbers: str) -> None:
        number = numbers.strip(" .,")
        if number not in ("1", "2"):
            raise self._error(f"there is no token for the ending [{numbers}")
        self.events.append(AbcSymbol("ending", self._bar_number, number=int(number)))
        super()._start_ending(numbers)

    def _overlay(self, signs: str) -> None:
        raise self._error(f"there is no token for {signs} (voice overlay)")

    def _repeat_measure(self, signs: str) -> None:
        raise self._error(f"there is no token for the measure repeat {signs}")

    def _last_note(self) -> AbcSymbol:
        return next(event for event in reversed(self.events) if event.kind == "note")

    def open_repeats(self) -> None:
        """Turn double bars to which a repeat goes back into start-repeat signs."""
        double: AbcSymbol | None = None  # the last double bar, unless a repeat is open
        is_open = False
        for event in self.events:
            if event.kind != "line":
                continue
            if event.repeats_before:
                if double is not None:
                    double.repeats_after = True
                is_open = False
            if event.repeats_before or event.repeats_after:
                double = None
            elif event.is_double and not is_open:
                double = event
            is_open = is_open or event.repeats_after


def _folk_of(tune: TuneLines, source: str) -> FolkTune:
    try:
        if tune.n_unread_lines:
            raise ScoreError(f"{MUSIC_AFTER} Remove the empty line.")
        voices = list(read_voices(tune, FolkVoice).values())
        if len(voices) != 1:
            raise ScoreError(f"expected one voice, found {len(voices)}. Use a single melody.")
        voices[0].open_repeats()
        texts = [value for name in "RG" for letter, value in tune.header if letter == name]
        return FolkTune(
            _text_of(voices[0]),
            tune.titles[0] if tune.titles else "",
            tune.number,
            tonic=Key(0, *voices[0].key).keynote,
            tune_type=find_tune_type([*texts, *tune.titles]),
        )
    except ScoreError as error:
        raise ScoreFileError(source, f"{tune.name}: {error}") from error


def _text_of(voice: FolkVoice) -> str:
    """Choose metre, factor of lengths and transposition for which everything has a token."""
    n_sharps, mode = voice.key
    if mode not in MODE_WORDS:
        raise ScoreError(f"there is no token for the mode {mode}. Modes: {', '.join(MODE_WORDS)}.")
    if voice.metre is None:
        raise ScoreError("there is no token for free metre. Add an M: field with a metre.")
    name = "{}/{}".format(*voice.metre)
    if name not in _METRES:
        raise ScoreError(f"there is no token for the metre {name}.")
    metre, times = _METRES[name]
    factors = {metre: times}
    if metre in _DOUBLED:
        factors[_DOUBLED[metre]] = 2 * times

    def timed(word: str) -> tuple[str, list[AbcSymbol]]:
        return word, _timed(voice.events, factors[word], word)

    metre, events = _first_possible(timed, factors)
    words = _moved(events, n_sharps, mode, frozenset())
    if split := split_bars(words, metre):
        words = _moved(events, n_sharps, mode, split)
    if errors := bar_errors(words, metre):
        raise ScoreError(errors[0])
    return " ".join([metre, MODE_WORDS[mode], *words])


def _first_possible(function: Callable[[Choice], Result], choices: Iterable[Choice]) -> Result:
    """Return the result for the first choice without an error; if there is none, raise the first error."""
    errors = []
    for choice in choices:
        try:
            return function(choice)
        except ScoreError as error:
            errors.append(error)
    raise errors[0]


def _timed(symbols: Sequence[AbcSymbol], scale: Fraction, metre: str) -> list[AbcSymbol]:
    """Return the symbols with lengths that have a token: ties summed, broken rhythm resolved if needed."""
    events = _joined([replace(event, length=event.length * scale) for event in symbols])
    notes = [event for event in events if event.kind == "note"]
    for event, following in zip(notes, [*notes[1:], None], strict=True):
        if not event.broken or following is None:
            event.broken = ""
            continue
        is_chord = len(event.notes) > 1
        duration = (Fraction(1) if is_chord else event.length, event.broken)
        if duration in WORD_OF and (following.length, "") in WORD_OF:
            continue
        factor, following_factor = broken_factors(event.broken)
        event.length *= factor
        following.length *= following_factor
        event.broken = ""
    for event in notes:
        if (event.length, "") not in WORD_OF and event.notes:
            raise ScoreError(f"bar {event.bar}: there is no token for a length of {event.length} eighths.")
    return _complete(events, TIMES[metre])


def _joined(events: list[AbcSymbol]) -> list[AbcSymbol]:
    """Join notes that are tied within a bar, if the sum of their lengths has a token."""
    done: list[AbcSymbol] = []
    for event in events:
        last = done[-1] if done else None
        if (
            last is not None
            and last.kind == event.kind == "note"
            and last.is_tied
            and not (last.broken or event.broken or last.in_tuplet or event.in_tuplet)
            and not (len(done) > 1 and done[-2].broken)
            and [pitch for _, pitch in last.notes] == [pitch for _, pitch in event.notes]
            and (last.length + event.length, "") in WORD_OF
        ):
            last.length += event.length
            last.is_tied = event.is_tied
        else:
            done.append(event)
    return done


def _complete(events: list[AbcSymbol], due: Fraction) -> list[AbcSymbol]:
    """Split rests without a token into rests that have one."""
    out: list[AbcSymbol] = []
    for event in events:
        while event.kind == "note" and not event.notes and (event.length, "") not in WORD_OF:
            whole = [length for length, sign in WORD_OF if not sign and length < event.length]
            if not whole or event.length > 4 * due:
                raise ScoreError(f"bar {event.bar}: there is no token for a rest of {event.length} eighths.")
            out.append(replace(event, length=max(whole), broken=""))
            event = replace(event, length=event.length - max(whole))
        out.append(event)
    return out


def _moved(events: Sequence[AbcSymbol], n_sharps: int, mode: Mode, split: frozenset[int]) -> list[str]:
    """Transpose by the smallest interval for which every pitch has a token; join split bars."""

    def moved(move: tuple[int, int]) -> list[str]:
        transposed = [
            replace(event, notes=[(step + move[0], pitch + move[1]) for step, pitch in event.notes])
            for event in events
        ]
        return _words(transposed, Speller(alterations_of(SIGNATURES[MODE_WORDS[mode]])), split)

    keynote = Key(0, n_sharps, mode).keynote
    letter = LETTERS.index(keynote[0])
    semitones = pitch_of(letter) + keynote.count("#") - keynote.count("b")
    moves = [(7 * k - letter, 12 * k - semitones) for k in range(-3, 5)]
    return _first_possible(moved, sorted(moves, key=lambda move: (abs(move[1]), move[1])))


def _words(events: Sequence[AbcSymbol], speller: Speller, split: frozenset[int]) -> list[str]:
    """Spell symbols as tokens; consecutive signs become the nearest bar lines with a token."""
    words: list[str] = []
    waiting: list[AbcSymbol] = []
    ending, n_bars = 0, 0
    for event in events:
        if event.kind in ("line", "ending"):
            waiting.append(event)
            continue
        if waiting:
            lines, ending = _bar_line(waiting, ending, is_first=not words)
            n_bars += bool(words)
            waiting = []
            if n_bars not in split or lines != ["|"]:
                words += lines
                speller.altered.clear()
        if event.kind == "tuplet":
            words.append(f"({event.number}")
        else:
            words += _note_words(event, speller)
    is_repeated = any(event.repeats_before for event in waiting)
    return [*words, ":|" if is_repeated else "|"]


def _bar_line(signs: Sequence[AbcSymbol], ending: int, *, is_first: bool) -> tuple[list[str], int]:
    """Return the tokens of the signs between two notes, and the ending that is open after them."""
    before = any(sign.repeats_before for sign in signs) and not is_first
    after = any(sign.repeats_after for sign in signs)
    numbers = [sign.number for sign in signs if sign.kind == "ending"]
    if numbers == [2] and ending == 1:
        before = True  # the repeat sign between the endings is often omitted
    words = [":|"] * before + ["|:"] * after + [f"|{number}" for number in numbers[-1:]]
    if numbers:
        return words, numbers[-1]
    return words or ["|"] * (not is_first), 0 if before or after else ending


def _note_words(event: AbcSymbol, speller: Speller) -> list[str]:
    """Spell a note, a chord or a rest."""
    names = []
    for step, pitch in event.notes:
        name = speller.word((step, step - 1, step + 1, step - 2, step + 2), pitch)
        if name is None:
            raise ScoreError(
                f"bar {event.bar}: there is no token for MIDI pitch {pitch} (after transposing to C)."
            )
        names.append(name)
    if len(names) < 2:
        words = [*(names or [REST]), WORD_OF[event.length, event.broken]]
    else:
        words = ["["]
        for name in names:
            words += [name, WORD_OF[event.length, ""]]
        words += ["]", event.broken]
    return [word for word in words if word]
