"""Rules of folk notation: which token may come next, so that every bar adds up and every repeat is closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError, counted, near_miss
from woodshed.symbolic.folk.word import (
    METRES,
    MODES,
    PITCH_PLACES,
    PITCHES,
    REST,
    WORDS,
    tuplet_ratio,
)
from woodshed.tokens.folk.state import (
    EXPECTED,
    N_TICKS,
    OPEN,
    TICKS,
    TUPLETS,
    FolkState,
    after,
    settled,
    sized,
    sounding_pitch,
)

_PLACES = {word: place for place, word in enumerate(WORDS)}
_SOUNDS = frozenset((*PITCHES, REST))
_SMALLEST_CHORD, _LARGEST_CHORD = 2, 4


@dataclass(frozen=True)
class FolkRule:
    """The grammar of the 137 folk tokens, with what a user asks for.

    A tune that keeps to it has bars that add up: only the bar with which a section begins may be short, and
    then the bar that ends the section is as much shorter. Every repeat that is opened is closed, a first
    ending is followed by a second, tuplets and broken rhythm are complete, no chord has a note twice.

    Parameters
    ----------
    metre, mode
        Tokens such as ``M:6/8`` and ``K:Cdor``; empty leaves them open.
    n_bars
        Bars as written, without pickups; None leaves their number open.
    bars
        Number of a bar, from 1, -> the tokens that it must consist of; a tune has that many bars at least.

    Raises
    ------
    ParameterError
        If there is no such metre or mode, or if what is asked for contradicts itself.

    Examples
    --------
    >>> rule = FolkRule(metre="M:2/4", n_bars=1)
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
        for what, value, known in (("metre", self.metre, METRES), ("mode", self.mode, MODES)):
            if value and value not in known:
                raise ParameterError(f"There is no {what} {value!r}. {near_miss(value, known)}")
        if self.n_bars is not None and self.n_bars < 1:
            raise ParameterError(f"A tune has at least one bar, got {self.n_bars}.")
        if self.bars and not self.metre:
            raise ParameterError("Which bars are possible depends on the metre. Ask for a metre, too.")
        for number, words in self.bars.items():
            if number < 1:
                raise ParameterError(f"Bars are counted from 1: there is no bar {number} to ask for.")
            if self.n_bars is not None and number > self.n_bars:
                raise ParameterError(
                    f"Bar {number} is asked for, but the tune is to have {counted(self.n_bars, 'bar')}."
                )
            _check_bar(number, tuple(words), self.metre, self.mode)

    def start(self) -> FolkState:
        """Return where every tune begins."""
        return FolkState()

    def allowed(self, state: FolkState) -> NDArray[np.bool_]:
        """Say which tokens may follow; at least one may, shape ``(137,)``."""
        mask = np.zeros(len(WORDS), dtype=bool)
        mask[[_PLACES[word] for word in self.words(state)]] = True
        return mask

    def words(self, state: FolkState) -> frozenset[str]:
        """Say which tokens may follow, as a set of words."""
        if state.phase == "start":
            return frozenset(("<s>",))
        if state.phase == "metre":
            return frozenset([self.metre] if self.metre else METRES)
        if state.phase == "mode":
            return frozenset([self.mode] if self.mode else MODES)
        last = max(self.bars, default=0)
        n_left = _ENOUGH if state.n_bars < last else None
        if self.n_bars is not None:
            n_left = min(self.n_bars - state.n_bars, _ENOUGH)
        words = _words(replace(state, n_bars=min(state.n_bars, 1), mode="", bent=(), chord=()), n_left)
        if state.chord:
            words = frozenset(
                word
                for word in words
                if word not in PITCH_PLACES or sounding_pitch(state, word) not in state.chord
            )
        is_near_end = self.n_bars is not None and last > self.n_bars - _TWO_ENDINGS
        if self.bars and is_near_end and state.is_edge and 0 < settled(state).at < state.due:
            return words - {"|", "|:"}  # after a pickup the bar that is asked for might have to be short
        return words

    def forced(self, state: FolkState) -> tuple[str, ...]:
        """Return the tokens that a bar which begins here must consist of; none if it is free."""
        begins = state.phase == "event" and not state.at and not state.tuplet_left and state.base is None
        if not begins or state.is_last or state.ending == EXPECTED:
            return ()
        return tuple(self.bars.get(state.n_bars + 1, ()))

    def after(self, state: FolkState, word: str) -> FolkState:
        """Go on by one token.

        Raises
        ------
        ParameterError
            If it may not follow.
        """
        allowed = self.words(state)
        if word not in allowed:
            place = f"in bar {state.n_bars + 1}" if state.metre else "at the beginning"
            some = ", ".join(sorted(allowed, key=_PLACES.__getitem__)[:6])
            why = "a bar would not add up, or something is left open"
            if state.chord and word in PITCHES:
                why = "the chord has that note already, or enough of them"
            raise ParameterError(
                f"{word!r} cannot follow {place}: {why}. Possible are "
                f"{some}{', ...' if len(allowed) > 6 else ''}"
            )
        return after(state, word)

    def is_whole(self, words: Sequence[str]) -> bool:
        """Say whether a tune that keeps to the rule may end after these tokens.

        Examples
        --------
        >>> tune = "M:2/4 K:Cmaj |: C 2 E 2 |".split()
        >>> FolkRule().is_whole(tune), FolkRule().is_whole([*tune, "G", "2", "C", "2", ":|"])
        (False, True)
        """
        state = self.start()
        for word in ("<s>", *words):
            state = self.after(state, word)
        return "</s>" in self.words(state)


_ENOUGH = 4  # more bars to come than this make no difference
_TWO_ENDINGS = 2  # bars that they take at least


def _check_bar(number: int, words: Sequence[str], metre: str, mode: str) -> None:
    """Refuse a wish for a bar that does not fill it."""
    state = FolkState("event", metre, is_edge=False, mode=mode)
    rule = FolkRule()
    try:
        for word in words:
            state = rule.after(state, word)
    except ParameterError as error:
        raise ParameterError(f"Bar {number} cannot be {' '.join(words)!r} in {metre[2:]}: {error}") from error
    if "|" not in rule.words(state):
        missing = (state.due - settled(state).at) / N_TICKS
        what = "1 eighth is" if missing == 1 else f"{missing:g} eighths are"
        raise ParameterError(f"Bar {number} cannot be {' '.join(words)!r} in {metre[2:]}: {what} missing.")


@lru_cache(maxsize=2**16)
def _words(state: FolkState, n_left: int | None) -> frozenset[str]:
    """Return the tokens that may follow in the body of a tune; ``n_left`` bars are still to be written."""
    match state.phase:
        case "event":
            return frozenset(_beginnings(state, n_left)) | frozenset(_lines(state, n_left))
        case "noted":
            lengths = _lengths(state, n_left)
            onward = _words(sized(state, ""), n_left) if "" in lengths else frozenset()
            return (lengths - {""}) | onward
        case "chord":
            closing = {"]"} if state.chord_size >= _SMALLEST_CHORD else set()
            return frozenset(closing | (set(PITCHES) if state.chord_size < _LARGEST_CHORD else set()))
        case "chord noted":
            if state.chord_base is None:
                lengths = frozenset(word for word in _lengths(state, n_left) if not TICKS[word][1])
            else:
                lengths = frozenset({state.chord_base})
            onward = frozenset[str]()
            if "" in lengths:
                onward = _words(replace(state, phase="chord", chord_base=""), n_left)
            return (lengths - {""}) | onward
        case "chorded":
            return _words(settled(state), n_left)
    return frozenset()


def _beginnings(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield the tokens with which an event can begin here."""
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
    """Return the duration tokens that the event here may have; the empty one is an eighth."""
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
    """Whether the rest of a bar can be filled: by eighths of an eighth, or by thirds of one."""
    return n_ticks >= 0 and (n_ticks % 3 == 0 or n_ticks % 8 == 0)


def _lines(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield the bar lines that are possible here, and the end."""
    if state.tuplet_left or state.base is not None:
        return
    if state.ending == EXPECTED:
        yield "|2"
    elif not state.at:
        yield from _signs_between(state, n_left)
    elif state.is_edge and state.at < state.due:  # it was a pickup
        yield "|"
        if not state.is_open:
            yield "|:"
    else:
        yield from _signs_after_bar(state, None if n_left is None else n_left - 1)


def _signs_between(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield what may follow a bar line, or the heading, at once."""
    if state.n_bars and not state.is_open and state.ending != OPEN and not n_left:
        yield "</s>"
    if state.is_edge and not state.is_open and n_left != 0:
        yield "|:"


def _signs_after_bar(state: FolkState, n_left: int | None) -> Iterable[str]:
    """Yield the lines that may end this bar, with ``n_left`` bars after it."""
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
