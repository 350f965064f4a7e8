"""Grammar of folk tokens: the tokens that may follow, so that bars are complete and repeats are closed.

Lengths are in ticks, 24 per eighth: the length of every token, and of every tuplet as a whole, is an integer
number of ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError, counted, near_miss
from woodshed.symbolic.folk.vocabulary import (
    BAR_LINES,
    DURATIONS,
    GROUPINGS,
    METRES,
    MODES,
    PITCH_PLACES,
    PITCHES,
    REST,
    SIGNATURES,
    TIMES,
    UNITS,
    WORDS,
    pitch_of,
    tuplet_ratio,
)
from woodshed.symbolic.notation import alterations_of

N_TICKS = 24
"""Ticks per eighth."""

TICKS = {"": (N_TICKS, "")} | {word: (int(UNITS[word][0] * N_TICKS), UNITS[word][1]) for word in DURATIONS}
TUPLETS = tuple(word for word in GROUPINGS if word[0] == "(")
OPEN, EXPECTED, SECOND = 1, 2, 3  # states of an ending
_ALTERATIONS = {mode: alterations_of(n_sharps) for mode, n_sharps in {"": 0, **SIGNATURES}.items()}

_PLACES = {word: place for place, word in enumerate(WORDS)}
_SOUNDS = frozenset((*PITCHES, REST))
_SMALLEST_CHORD, _LARGEST_CHORD = 2, 4
_ENOUGH = 4  # a larger number of remaining bars makes no difference
_TWO_ENDINGS = 2  # minimum number of bars of a first and a second ending


@dataclass(frozen=True, slots=True)
class FolkState:
    """State of a tune after its tokens so far; created by `FolkGrammar.start` and `FolkGrammar.after`."""

    phase: str = "start"  # start, metre, mode, event, noted, chord, chord noted, chorded, end
    metre: str = ""
    at: int = 0  # ticks of the current bar that are filled
    pickup: int = 0  # ticks of the pickup of the section; 0 without one
    is_edge: bool = True  # whether the bar starts the tune or a section, so that it may be a pickup
    is_open: bool = False  # whether a repeat is open
    ending: int = 0  # OPEN, EXPECTED, SECOND; 0 outside endings
    n_bars: int = 0
    is_last: bool = False  # whether only the end token may follow
    tuplet_left: int = 0
    tuplet_word: str = ""
    base: str | None = None  # required length of the next event
    factor: int = 0  # 1 or 3 halves of the length of a note that completes a broken rhythm
    chord_size: int = 0  # besides `chord`, as the cache of allowed tokens is keyed by the size alone
    chord_base: str | None = None
    mode: str = ""
    accidentals: tuple[tuple[int, int], ...] = ()  # staff step, alteration of each accidental in the bar
    length: int = 0  # ticks of a bar whose length is planned; 0 if the metre determines it
    chord: tuple[int, ...] = ()  # pitches of the chord so far

    @property
    def due(self) -> int:
        """Ticks of a full bar."""
        return self.length or int(TIMES[self.metre] * N_TICKS)


@dataclass(frozen=True)
class FolkGrammar:
    """Token constraint for complete tunes, with optional metre, mode, number of bars and fixed bars.

    Bars have the length of the metre; only the first bar of a section may be short, and then the last bar of
    the section is shortened by the same amount. Every open repeat is closed, a first ending is followed by a
    second, tuplets and broken rhythm are complete, and no chord has a note twice.

    Parameters
    ----------
    metre, mode
        Tokens such as ``M:6/8`` and ``K:Cdor``; empty leaves them open.
    n_bars
        Bars as written, without pickups; None for any number.
    bars
        Number of a bar, from 1, -> its tokens; a tune has at least that many bars.

    Raises
    ------
    ParameterError
        If the metre or mode is unknown, or the settings contradict each other.

    Examples
    --------
    >>> rule = FolkGrammar(metre="M:2/4", n_bars=1)
    >>> state = rule.start()
    >>> for word in "<s> M:2/4 K:Cmaj C 2 E G".split():
    ...     state = rule.after(state, word)
    >>> [word for word in ("|", ":|", "|1", "C", "2") if word in rule.words(state)]
    ['|', ':|']
    >>> state = rule.after(state, "|")
    >>> sorted(rule.words(state))
    ['</s>']
    """

    metre: str = ""
    mode: str = ""
    n_bars: int | None = None
    bars: Mapping[int, Sequence[str]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name, value, tokens in (("metre", self.metre, METRES), ("mode", self.mode, MODES)):
            if value and value not in tokens:
                raise ParameterError(f"Unknown {name} {value!r}. {near_miss(value, tokens)}")
        if self.n_bars is not None and self.n_bars < 1:
            raise ParameterError(f"n_bars must be positive, got {self.n_bars}.")
        if self.bars and not self.metre:
            raise ParameterError("Fixed bars require a metre. Set one, such as --metre 4/4.")
        for number, words in self.bars.items():
            if number < 1:
                raise ParameterError(f"Invalid bar {number}. Bars are counted from 1.")
            if self.n_bars is not None and number > self.n_bars:
                raise ParameterError(f"Bar {number} is outside a tune of {counted(self.n_bars, 'bar')}.")
            _check_bar(number, tuple(words), self.metre, self.mode)

    def start(self) -> FolkState:
        """Return the state of an empty tune."""
        return FolkState()

    def allowed(self, state: FolkState) -> NDArray[np.bool_]:
        """Return a mask of the tokens that may follow, shape ``(137,)``; at least one may."""
        return word_mask(self.words(state))

    def words(self, state: FolkState) -> frozenset[str]:
        """Return the tokens that may follow."""
        header = {
            "start": ("<s>",),
            "metre": (self.metre,) if self.metre else METRES,
            "mode": (self.mode,) if self.mode else MODES,
        }
        if state.phase in header:
            return frozenset(header[state.phase])
        last = max(self.bars, default=0)
        n_left = _ENOUGH if state.n_bars < last else None
        if self.n_bars is not None:
            n_left = min(self.n_bars - state.n_bars, _ENOUGH)
        words = event_words(state, n_left)
        is_near_end = self.n_bars is not None and last > self.n_bars - _TWO_ENDINGS
        if self.bars and is_near_end and state.is_edge and 0 < settled(state).at < state.due:
            return words - {"|", "|:"}  # after a pickup, a fixed bar might have to be short
        return words

    def forced(self, state: FolkState) -> tuple[str, ...]:
        """Return the tokens of the bar that starts here if it is fixed, else an empty tuple."""
        begins = state.phase == "event" and not state.at and not state.tuplet_left and state.base is None
        if not begins or state.is_last or state.ending == EXPECTED:
            return ()
        return tuple(self.bars.get(state.n_bars + 1, ()))

    def after(self, state: FolkState, word: str) -> FolkState:
        """Return the state after one more token.

        Raises
        ------
        ParameterError
            If the token may not follow.
        """
        allowed = self.words(state)
        if word not in allowed:
            place = f"in bar {state.n_bars + 1}" if state.metre else "at the beginning"
            some = ", ".join(sorted(allowed, key=_PLACES.__getitem__)[:6])
            reason = "a bar would have the wrong length, or a group would stay open"
            if state.chord and word in PITCHES:
                reason = "the chord has this note already, or is full"
            raise ParameterError(
                f"{word!r} cannot follow {place}: {reason}. Expected "
                f"{some}{', ...' if len(allowed) > 6 else ''}"
            )
        return advance(state, word)

    def is_whole(self, words: Sequence[str]) -> bool:
        """Return whether a tune may end after these tokens.

        Examples
        --------
        >>> tune = "M:2/4 K:Cmaj |: C 2 E 2 |".split()
        >>> FolkGrammar().is_whole(tune), FolkGrammar().is_whole([*tune, "G", "2", "C", "2", ":|"])
        (False, True)
        """
        state = self.start()
        for word in ("<s>", *words):
            state = self.after(state, word)
        return "</s>" in self.words(state)


@dataclass(frozen=True)
class FolkHeader:
    """Token constraint that requires metre and mode at the start of a tune, and leaves the rest free.

    Parameters
    ----------
    metre, mode
        Tokens such as ``M:6/8`` and ``K:Cdor``; empty leaves them open.

    Examples
    --------
    >>> rule = FolkHeader(mode="K:Cdor")
    >>> state = rule.after(rule.after(rule.start(), "<s>"), "M:6/8")
    >>> [word for word, may in zip(WORDS, rule.allowed(state), strict=True) if may]
    ['K:Cdor']
    """

    metre: str = ""
    mode: str = ""

    def start(self) -> int:
        """Return the state of an empty tune: its number of tokens."""
        return 0

    def allowed(self, state: int) -> NDArray[np.bool_]:
        """Return a mask of the tokens that may follow, shape ``(137,)``."""
        header = (("<s>",), (self.metre,) if self.metre else METRES, (self.mode,) if self.mode else MODES)
        if state < len(header):
            return np.isin(WORDS, header[state])
        return ~np.isin(WORDS, ("<s>", *METRES, *MODES))

    def forced(self, state: int) -> tuple[str, ...]:
        """Return an empty tuple: no bar is fixed."""
        return ()

    def after(self, state: int, word: str) -> int:
        """Return the state after one more token."""
        return state + 1


def _check_bar(number: int, words: Sequence[str], metre: str, mode: str) -> None:
    """Check that the tokens of a fixed bar fill it."""
    state = FolkState("event", metre, is_edge=False, mode=mode)
    rule = FolkGrammar()
    try:
        for word in words:
            state = rule.after(state, word)
    except ParameterError as error:
        raise ParameterError(f"Bar {number} cannot be {' '.join(words)!r} in {metre[2:]}: {error}") from error
    if "|" not in rule.words(state):
        missing = (state.due - settled(state).at) / N_TICKS
        what = "1 eighth is" if missing == 1 else f"{missing:g} eighths are"
        raise ParameterError(f"Bar {number} cannot be {' '.join(words)!r} in {metre[2:]}: {what} missing.")


def word_mask(words: Iterable[str]) -> NDArray[np.bool_]:
    """Return a mask of some tokens, shape ``(137,)``."""
    mask = np.zeros(len(WORDS), dtype=bool)
    mask[[_PLACES[word] for word in words]] = True
    return mask


def event_words(state: FolkState, n_left: int | None = None) -> frozenset[str]:
    """Return the tokens that may follow after the header, with ``n_left`` bars to go or any number."""
    words = _words(replace(state, n_bars=min(state.n_bars, 1), mode="", accidentals=(), chord=()), n_left)
    if not state.chord:
        return words
    return frozenset(
        word for word in words if word not in PITCH_PLACES or pitch_after(state, word) not in state.chord
    )


@lru_cache(maxsize=2**16)
def _words(state: FolkState, n_left: int | None) -> frozenset[str]:
    """Return the tokens that may follow in the body of a tune with ``n_left`` bars to go."""
    match state.phase:
        case "event":
            return frozenset(_beginnings(state, n_left)) | frozenset(_lines(state, n_left))
        case "noted":
            lengths = _lengths(state, n_left)
            following = _sized(state, "")
        case "chord":
            closing = {"]"} if state.chord_size >= _SMALLEST_CHORD else set()
            return frozenset(closing | (set(PITCHES) if state.chord_size < _LARGEST_CHORD else set()))
        case "chord noted":
            if state.chord_base is None:
                lengths = frozenset(word for word in _lengths(state, n_left) if not TICKS[word][1])
            else:
                lengths = frozenset({state.chord_base})
            following = replace(state, phase="chord", chord_base="")
        case "chorded":
            return _words(settled(state), n_left)
        case _:
            return frozenset()
    without_length = _words(following, n_left) if "" in lengths else frozenset()
    return (lengths - {""}) | without_length


def _beginnings(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield the tokens with which an event may start."""
    if state.is_last or state.ending == EXPECTED or n_left == 0 or not _lengths(state, n_left):
        return
    yield from _SOUNDS
    if state.tuplet_left or state.base is not None:
        return
    if any(not TICKS[word][1] for word in _lengths(state, n_left)):
        yield "["
    for word in TUPLETS:
        if _lengths(replace(state, tuplet_left=int(word[1:]), tuplet_word=word), n_left):
            yield word


@lru_cache(maxsize=2**16)
def _lengths(state: FolkState, n_left: int | None) -> frozenset[str]:
    """Return the duration tokens that the current event may have; the empty one is an eighth."""
    if state.base is not None:
        return frozenset({state.base})
    room = state.due - state.at
    if n_left == 1 or (state.ending == OPEN and n_left == _TWO_ENDINGS):
        room -= state.pickup  # the bar ends a section
    if state.tuplet_left:
        whole = tuplet_ratio(state.tuplet_left, state.metre) * state.tuplet_left
        return frozenset(
            word for word, (ticks, sign) in TICKS.items() if not sign and _fits(room - int(ticks * whole))
        )
    return frozenset(
        word for word, (ticks, sign) in TICKS.items() if _fits(room - ticks * (2 if sign else 1))
    )


def _fits(n_ticks: int) -> bool:
    """Return whether the rest of a bar can be filled, by eighths or by thirds of an eighth."""
    return n_ticks >= 0 and (n_ticks % 3 == 0 or n_ticks % 8 == 0)


def _lines(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield the bar lines that may follow, and the end token."""
    if state.tuplet_left or state.base is not None:
        return
    if state.ending == EXPECTED:
        yield "|2"
    elif not state.at:  # immediately after a bar line or the header
        if state.n_bars and not state.is_open and state.ending != OPEN and not n_left:
            yield "</s>"
        if state.is_edge and not state.is_open and n_left != 0:
            yield "|:"
    elif state.is_edge and state.at < state.due:  # a pickup
        yield "|"
        if not state.is_open:
            yield "|:"
    else:
        yield from _signs_after_bar(state, None if n_left is None else n_left - 1)


def _signs_after_bar(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield the bar lines that may end the current bar, with ``n_left`` bars after it."""
    is_in_first = state.ending == OPEN
    ends_section = state.at == state.due - state.pickup
    if state.at == state.due and n_left != 0 and not (is_in_first and n_left == 1):
        yield "|"
        if not state.ending and (n_left is None or n_left >= _TWO_ENDINGS):
            yield "|1"
    if ends_section and not (is_in_first and n_left == 0):
        yield ":|"
    if ends_section and not state.is_open and not is_in_first:
        if n_left != 0:
            yield "|:"
        if not n_left:
            yield "|"


def advance(state: FolkState, word: str) -> FolkState:
    """Return the state after a token that may follow."""
    if word in METRES:
        return replace(state, phase="mode", metre=word)
    if word == "<s>":
        return replace(state, phase="metre")
    if word in MODES:
        return replace(state, phase="event", mode=word)
    if word == "</s>":
        return replace(state, phase="end")
    if state.phase == "chord noted" and word in DURATIONS:
        return replace(state, phase="chord", chord_base=word)
    if state.phase == "noted" and word in DURATIONS:
        return _sized(state, word)
    if word == "]":
        return replace(state, phase="chorded", chord_base=state.chord_base or "", chord=())
    if state.phase in ("chord", "chord noted"):
        base = "" if state.phase == "chord noted" else state.chord_base
        chord = (*state.chord, pitch_after(state, word))
        state = replace(state, phase="chord noted", chord_base=base, chord=chord, chord_size=len(chord))
        return _add_accidental(state, word)
    state = settled(state)
    if word in BAR_LINES:
        return _after_bar_line(state, word)
    if word == "[":
        return replace(state, phase="chord", chord_size=0, chord_base=None)
    if word in TUPLETS:
        return replace(state, tuplet_left=int(word[1:]), tuplet_word=word)
    return _add_accidental(replace(state, phase="noted"), word)


def pitch_after(state: FolkState, word: str) -> int:
    """Return the MIDI pitch of a note that follows."""
    step, accidental = PITCH_PLACES[word]
    if accidental is None:
        accidental = dict(state.accidentals).get(step, _ALTERATIONS[state.mode][step % 7])
    return pitch_of(step) + accidental


def _add_accidental(state: FolkState, word: str) -> FolkState:
    """Record the accidental of a note, if it has one, to the end of the bar."""
    step, accidental = PITCH_PLACES.get(word, (0, None))
    if accidental is None:
        return state
    return replace(state, accidentals=tuple(sorted({**dict(state.accidentals), step: accidental}.items())))


def _after_bar_line(state: FolkState, word: str) -> FolkState:
    """Return the state after a bar line."""
    is_pickup = state.is_edge and 0 < state.at < state.due
    n_bars = state.n_bars + bool(state.at and not is_pickup)
    fresh = replace(state, at=0, n_bars=n_bars, accidentals=())
    if is_pickup:
        return replace(fresh, pickup=state.at, is_edge=False, is_open=state.is_open or word == "|:")
    if word == "|:":
        return replace(fresh, pickup=0, is_edge=True, is_open=True, ending=0)
    if word == ":|":
        ending = EXPECTED if state.ending == OPEN else 0
        pickup = state.pickup if ending else 0
        return replace(fresh, pickup=pickup, is_edge=not ending, is_open=False, ending=ending)
    if word in ("|1", "|2"):
        return replace(fresh, is_edge=False, ending=OPEN if word == "|1" else SECOND)
    return replace(fresh, is_edge=False, is_last=0 < state.at < state.due)


def _sized(state: FolkState, word: str) -> FolkState:
    """Return the state after the current event with a duration token."""
    ticks, sign = TICKS[word]
    done = replace(state, phase="event", base=None, factor=0, chord_size=0, chord_base=None)
    if state.factor:  # completes a broken rhythm: the two events keep their total length
        return replace(done, at=state.at + ticks * state.factor // 2)
    if state.tuplet_left:
        n_notes = int(state.tuplet_word[1:])
        is_first = state.tuplet_left == n_notes
        whole = int(tuplet_ratio(n_notes, state.metre) * n_notes * ticks) if is_first else 0
        left = state.tuplet_left - 1
        return replace(done, at=state.at + whole, tuplet_left=left, base=word if left else None)
    if sign:
        halves = 3 if sign == ">" else 1
        partner = next(name for name, value in TICKS.items() if value == (ticks, ""))
        return replace(done, at=state.at + ticks * halves // 2, base=partner, factor=4 - halves)
    return replace(done, at=state.at + ticks)


def settled(state: FolkState) -> FolkState:
    """Return the state in which a pending event without duration token is an eighth."""
    if state.phase == "chorded":
        return _sized(replace(state, phase="noted"), state.chord_base or "")
    return _sized(state, "") if state.phase == "noted" else state
