"""Grammar of a tune with a plan: bars, bar lines and returning bars are given, and the notes are free.

Every state also has features for a net that predicts the next token: its place in the plan, and the tokens
at the same place of an earlier bar.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.symbolic.folk.tune_type import TUNE_TYPES
from woodshed.symbolic.folk.vocabulary import (
    BAR_LINES,
    BOUNDARIES,
    METRES,
    MODES,
    PITCHES,
    REST,
    WORDS,
    lengths_of,
)
from woodshed.tokens.folk.grammar import (
    N_TICKS,
    FolkState,
    advance,
    event_words,
    pitch_after,
    settled,
    word_mask,
)
from woodshed.tokens.folk.key import semitones_to
from woodshed.tokens.folk.plan import COPY, RELATIONS, TunePlan

_TYPES = tuple(TUNE_TYPES)  # others, and unknown ones, are one more
FULL_RANGE = (0, 127)

_PLACES = {word: place for place, word in enumerate(WORDS)}
_N_PLACES, _N_PARTS = 16, 5  # larger values are equal to the last one
_FEATURE_TICKS = N_TICKS // 2
_N_POSITIONS = 26
_SOUNDS = frozenset((*PITCHES, REST))
_NO_WORD = len(WORDS)

COLUMNS = {
    "planned": 2,
    "type": 1 + len(_TYPES),
    "tonic": 1 + 12,
    "metre": len(METRES),
    "mode": len(MODES),
    "position": _N_POSITIONS,
    "room": _N_POSITIONS,
    "place": 1 + _N_PLACES,
    "to go": 1 + _N_PLACES,
    "part": _N_PARTS,
    "repeated": 2,
    "relation": len(RELATIONS),
    "next relation": len(RELATIONS) + 1,
    "model word": len(WORDS) + 1,
    "following model word": len(WORDS) + 1,
    "last word": len(WORDS) + 1,
}
"""Feature of a state -> number of its values; all are 0 for a net that is told no plan."""


@dataclass(frozen=True, slots=True)
class PlannedState:
    """State of a planned tune after its tokens so far.

    Parameters
    ----------
    inner
        State within the bar.
    index
        Index of the bar; the number of bars after the last one.
    queue
        Tokens that must follow: the header, bar lines, or a bar that returns.
    words
        Tokens of the bar so far.
    bars
        Tokens of the bars before.
    """

    inner: FolkState
    index: int
    queue: tuple[str, ...]
    words: tuple[str, ...] = ()
    bars: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class PlannedGrammar:
    """Token constraint for tunes with a plan.

    Parameters
    ----------
    plan
        The plan; its bars return where it says so.
    range_midi
        Lowest and highest MIDI pitch, on the root C.

    Examples
    --------
    >>> from woodshed.tokens.folk.plan import plan_of
    >>> rule = PlannedGrammar(plan_of("M:2/4 K:Cmaj |: C 2 E 2 | G 2 c 2 | C 2 E 2 | C 4 :|"), (60, 67))
    >>> state = rule.start()
    >>> rule.forced(state)
    ('<s>', 'M:2/4', 'K:Cmaj', '|:')
    >>> for word in (*rule.forced(state), *"D 4 | E 2 F G".split()):
    ...     state = rule.after(state, word)
    >>> rule.forced(state), sorted(rule.words(state) & {"|", "2", "/2"})
    ((), ['/2', '|'])
    >>> rule.forced(rule.after(state, "|"))
    ('D', '4')
    """

    plan: TunePlan
    range_midi: tuple[int, int] = FULL_RANGE

    def start(self) -> PlannedState:
        """Return the state of an empty tune."""
        plan = self.plan
        header = (BOUNDARIES[0], plan.metre, plan.mode, *plan.opening)
        return PlannedState(self._bar_start(0), 0, header)

    def forced(self, state: PlannedState) -> tuple[str, ...]:
        """Return the tokens that must follow, in order; empty if there is a choice."""
        if state.queue:
            return state.queue
        words = self.words(state)
        return tuple(words) if len(words) == 1 else ()

    def allowed(self, state: PlannedState) -> NDArray[np.bool_]:
        """Return a mask of the tokens that may follow, shape ``(137,)``; at least one may."""
        return word_mask(self.words(state))

    def words(self, state: PlannedState) -> frozenset[str]:
        """Return the tokens that may follow."""
        if state.queue or state.index == len(self.plan.bars):
            return frozenset(state.queue[:1])
        words = event_words(state.inner)
        line = self.plan.bars[state.index].lines[0]
        possible = words - {*BAR_LINES, *BOUNDARIES}
        if self.range_midi != FULL_RANGE:
            possible -= _outside(state.inner.accidentals, state.inner.mode, self.range_midi)
        return possible | {line} if "|" in words else possible

    def after(self, state: PlannedState, word: str) -> PlannedState:
        """Return the state after one more token.

        Raises
        ------
        ParameterError
            If the token may not follow.
        """
        if word not in self.words(state):
            some = ", ".join(sorted(self.words(state), key=_PLACES.__getitem__)[:6])
            raise ParameterError(
                f"{word!r} cannot follow in bar {state.index + 1} of the plan. Expected {some}."
            )
        return self.follow(state, word)

    def follow(self, state: PlannedState, word: str) -> PlannedState:
        """Return the state after one more token, whether or not it may follow."""
        queue = state.queue[1:]
        is_in_bar = word not in (*BAR_LINES, *BOUNDARIES, self.plan.metre, self.plan.mode)
        if is_in_bar:
            inner, words = advance(state.inner, word), (*state.words, word)
            if not queue and state.queue:  # the end of a bar that returns
                queue = self._lines(state.index)
            return replace(state, inner=inner, words=words, queue=queue)
        if not state.words:  # header and opening
            return replace(state, queue=queue)
        if not state.queue:  # the first bar line after a bar of free notes
            queue = self._lines(state.index)[1:]
        if queue and queue[0] in BAR_LINES:
            return replace(state, queue=queue)
        return self._next_bar(state, queue)

    def _lines(self, index: int) -> tuple[str, ...]:
        """Return the bar lines after a bar; after the last one, the end token, too."""
        is_last = index == len(self.plan.bars) - 1
        return (*self.plan.bars[index].lines, *(BOUNDARIES[1:] if is_last else ()))

    def _next_bar(self, state: PlannedState, queue: tuple[str, ...]) -> PlannedState:
        bars, index = (*state.bars, state.words), state.index + 1
        if index == len(self.plan.bars):
            return replace(state, index=index, bars=bars, words=(), queue=queue)
        bar = self.plan.bars[index]
        copied = bars[bar.source] if bar.relation == COPY else ()
        return PlannedState(self._bar_start(index), index, copied, (), bars)

    def _bar_start(self, index: int) -> FolkState:
        plan = self.plan
        return FolkState("event", plan.metre, is_edge=False, mode=plan.mode, length=plan.bars[index].ticks)

    def features(self, state: PlannedState) -> tuple[int, ...]:
        """Return the value of each of `COLUMNS`; they describe the place of the next token."""
        plan = self.plan
        last = len(plan.bars) - 1
        index = min(state.index, last)
        bar = plan.bars[index]
        position = settled(state.inner).at if state.index <= last else bar.ticks
        model = plan.model_bar(index)
        here, following = _words_at(state.bars[model], plan.metre, position) if model >= 0 else _NO_WORDS
        before = _words_at(state.bars[index - 1], plan.metre, position)[0] if index else _NO_WORD
        return (
            *self._header,
            min(position // _FEATURE_TICKS, _N_POSITIONS - 1),
            min(max(bar.ticks - position, 0) // _FEATURE_TICKS, _N_POSITIONS - 1),
            min(bar.place + 1, _N_PLACES),
            min(bar.n_to_go, _N_PLACES),
            min(bar.part, _N_PARTS - 1),
            int(bar.is_repeated),
            RELATIONS.index(bar.relation),
            RELATIONS.index(plan.bars[index + 1].relation) if index < last else len(RELATIONS),
            here,
            following,
            before,
        )

    @cached_property
    def _header(self) -> tuple[int, ...]:
        """The features of the whole tune."""
        plan = self.plan
        type_ = 1 + _TYPES.index(plan.tune_type) if plan.tune_type in _TYPES else 0
        tonic = 1 + semitones_to(plan.tonic) % 12 if plan.tonic else 0
        return 1, type_, tonic, METRES.index(plan.metre), MODES.index(plan.mode)


_NO_WORDS = (_NO_WORD, _NO_WORD)


@lru_cache(1 << 12)
def _outside(
    accidentals: tuple[tuple[int, int], ...], mode: str, range_midi: tuple[int, int]
) -> frozenset[str]:
    """Return the pitch tokens that would sound outside a range after some accidentals of the bar."""
    state = FolkState("event", mode=mode, accidentals=accidentals)
    low, high = range_midi
    return frozenset(word for word in PITCHES if not low <= pitch_after(state, word) <= high)


def _words_at(words: tuple[str, ...], metre: str, position: int) -> tuple[int, int]:
    """Return the ids of the pitch that sounds at a position of a bar, and of the one after it."""
    onsets, ids = _onsets(words, metre)
    after = int(np.searchsorted(onsets, position, side="right"))
    return (
        int(ids[after - 1]) if after else _NO_WORD,
        int(ids[after]) if after < len(ids) else _NO_WORD,
    )


@lru_cache(1 << 14)
def _onsets(words: tuple[str, ...], metre: str) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Return the onset in ticks of each event of a bar, and the id of its pitch; the first of a chord."""
    onset = Fraction(0)
    onsets: list[int] = []
    ids: list[int] = []
    lengths = iter(lengths_of(words, metre))
    is_chord = is_first = False
    for word in words:
        if word in ("[", "]"):
            is_chord = is_first = word == "["
        elif word in _SOUNDS and (is_first or not is_chord):
            onsets.append(int(onset * N_TICKS))
            ids.append(_PLACES[word])
            onset += next(lengths)
            is_first = False
    return np.array(onsets), tuple(ids)
