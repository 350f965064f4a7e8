"""Where a tune in folk tokens is after some of them: what of the bar is filled, and what is open.

Lengths are counted in ticks, 24 to an eighth: every length that there is a token for is a whole number of
them, and so is a tuplet as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from woodshed.symbolic.abc.field import signature_of
from woodshed.symbolic.folk.word import (
    BAR_LINES,
    DURATIONS,
    GROUPINGS,
    METRES,
    MODES,
    PITCH_PLACES,
    SIGNATURES,
    TIMES,
    UNITS,
    pitch_of,
    tuplet_ratio,
)

N_TICKS = 24
"""Ticks in an eighth."""

TICKS = {"": (N_TICKS, "")} | {word: (int(UNITS[word][0] * N_TICKS), UNITS[word][1]) for word in DURATIONS}
TUPLETS = tuple(word for word in GROUPINGS if word[0] == "(")
OPEN, EXPECTED, SECOND = 1, 2, 3  # what an ending can be
_ALTERATIONS = {
    mode: [signature_of(sharps).get(letter, 0) for letter in "CDEFGAB"]
    for mode, sharps in {"": 0, **SIGNATURES}.items()
}


@dataclass(frozen=True, slots=True)
class FolkState:
    """Where a tune is after its tokens so far; made by `FolkRule.start` and `FolkRule.after`."""

    phase: str = "start"  # start, metre, mode, event, noted, chord, chord noted, chorded, end
    metre: str = ""
    at: int = 0  # ticks of the bar that are filled
    pickup: int = 0  # ticks of the bar with which the section began, if it was short
    is_edge: bool = True  # whether this bar begins the tune or a section, and may be a pickup
    is_open: bool = False  # whether a repeat was opened and waits to be closed
    ending: int = 0  # 1 in a first ending, 2 where a second must begin, 3 in it
    n_bars: int = 0
    is_last: bool = False  # whether only the end may follow
    tuplet_left: int = 0
    tuplet_word: str = ""
    base: str | None = None  # the length that the next event must have
    factor: int = 0  # 1, 3: halves of its length that a note after a broken one lasts
    chord_size: int = 0  # beside the pitches: what may follow is remembered by it, not by them
    chord_base: str | None = None
    mode: str = ""
    bent: tuple[tuple[int, int], ...] = ()  # steps of the staff with the accidentals that hold in this bar
    chord: tuple[int, ...] = ()  # pitches of the chord so far

    @property
    def due(self) -> int:
        """Ticks in a bar."""
        return int(TIMES[self.metre] * N_TICKS)


def after(state: FolkState, word: str) -> FolkState:
    """Go on by a token that may follow."""
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
        return sized(state, word)
    if word == "]":
        return replace(state, phase="chorded", chord_base=state.chord_base or "", chord=())
    if state.phase in ("chord", "chord noted"):
        base = "" if state.phase == "chord noted" else state.chord_base
        chord = (*state.chord, sounding_pitch(state, word))
        state = replace(state, phase="chord noted", chord_base=base, chord=chord, chord_size=len(chord))
        return _bent(state, word)
    state = settled(state)
    if word in BAR_LINES:
        return _barred(state, word)
    if word == "[":
        return replace(state, phase="chord", chord_size=0, chord_base=None)
    if word in TUPLETS:
        return replace(state, tuplet_left=int(word[1:]), tuplet_word=word)
    return _bent(replace(state, phase="noted"), word)


def sounding_pitch(state: FolkState, word: str) -> int:
    """Return the MIDI pitch of a note that comes next."""
    step, accidental = PITCH_PLACES[word]
    if accidental is None:
        accidental = dict(state.bent).get(step, _ALTERATIONS[state.mode][step % 7])
    return pitch_of(step) + accidental


def _bent(state: FolkState, word: str) -> FolkState:
    """Let the accidental of a note hold, if it has one."""
    step, accidental = PITCH_PLACES.get(word, (0, None))
    if accidental is None:
        return state
    return replace(state, bent=tuple(sorted({**dict(state.bent), step: accidental}.items())))


def _barred(state: FolkState, word: str) -> FolkState:
    """Go on by a bar line."""
    is_pickup = state.is_edge and 0 < state.at < state.due
    n_bars = state.n_bars + bool(state.at and not is_pickup)
    fresh = replace(state, at=0, n_bars=n_bars, bent=())
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


def sized(state: FolkState, word: str) -> FolkState:
    """Give the event its length."""
    ticks, sign = TICKS[word]
    done = replace(state, phase="event", base=None, factor=0, chord_size=0, chord_base=None)
    if state.factor:  # its partner was broken: together they last what they would have lasted
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
    """Take the event that still waits for a length as an eighth."""
    if state.phase == "chorded":
        return sized(replace(state, phase="noted"), state.chord_base or "")
    return sized(state, "") if state.phase == "noted" else state
