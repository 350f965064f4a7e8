"""Plan of a tune: its type, key, bars, bar lines and parts, and which bars return.

A plan is read from a tune in folk tokens by `plan_of`. It holds all that is known of a tune before its notes:
a generator that writes notes for a plan (`woodshed.tokens.folk.planned_grammar.PlannedGrammar`) cannot miss
its form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate, groupby

from woodshed.symbolic.folk.vocabulary import (
    REST,
    SIGNATURES,
    TIMES,
    folk_bars,
    lengths_of,
    sounding,
)
from woodshed.symbolic.notation import alterations_of
from woodshed.tokens.folk.grammar import N_TICKS

NEW, VARIANT, COPY = "new", "variant", "copy"
RELATIONS = (NEW, VARIANT, COPY)
"""Relation of a bar to an earlier one: none, half of its notes or more, or all of them."""

MOST_PART_BARS = 8
"""A section with a multiple of this number of bars is divided into parts of this length."""

_VARIANT_SHARE = 0.5
_PICKUP = -1

_EARLIER_BARS = (4, 2, 1, 8)
"""Distances, in bars of the same part, at which a bar is expected to return, the most usual first."""

_ALTERATIONS = {mode: alterations_of(n_sharps) for mode, n_sharps in SIGNATURES.items()}


@dataclass(frozen=True, slots=True)
class PlannedBar:
    """A bar of a plan.

    Parameters
    ----------
    ticks
        Its length; see `woodshed.tokens.folk.grammar`.
    lines
        The bar lines after it, such as ``(":|", "|:")``.
    part
        Number of its part, from 0.
    place
        Its place in the part, from 0; -1 for a pickup.
    n_to_go
        Number of bars after it in the part.
    is_repeated
        Whether a repeat sign returns to it.
    relation
        One of `RELATIONS`.
    source
        Index of the earlier bar that it copies or varies; -1 without one.
    """

    ticks: int
    lines: tuple[str, ...]
    part: int = 0
    place: int = 0
    n_to_go: int = 0
    is_repeated: bool = False
    relation: str = NEW
    source: int = -1


@dataclass(frozen=True)
class TunePlan:
    """Plan of a tune.

    Parameters
    ----------
    metre, mode
        Tokens such as ``M:6/8`` and ``K:Cdor``.
    opening
        The bar lines before the first bar: ``("|:",)`` or none.
    bars
        Its bars as written.
    tune_type
        Type of the tune, such as ``reel``; empty if unknown.
    tonic
        Tonic of the key in which it is played, such as ``D``; empty if unknown.

    Examples
    --------
    >>> plan = plan_of("M:2/4 K:Cmaj |: C 2 E 2 | G 2 c 2 | C 2 E 2 | C 4 :| |: D 4 | C 4 :|")
    >>> plan.form, [bar.place for bar in plan.bars], [bar.relation for bar in plan.bars]
    ('AABB', [0, 1, 2, 3, 0, 1], ['new', 'new', 'copy', 'variant', 'new', 'copy'])
    """

    metre: str
    mode: str
    opening: tuple[str, ...]
    bars: tuple[PlannedBar, ...]
    tune_type: str = ""
    tonic: str = ""

    @property
    def parts(self) -> tuple[tuple[PlannedBar, ...], ...]:
        """The bars of each part."""
        return tuple(tuple(bars) for _, bars in groupby(self.bars, key=lambda bar: bar.part))

    @property
    def form(self) -> str:
        """Letters of the parts as played, such as ``AABB``.

        A part has the letter of an earlier one if all of its bars but the last copy it.
        """
        letters: list[str] = []
        text = ""
        for number, part in enumerate(self.parts):
            inner = [bar for bar in part if bar.place >= 0 and bar.n_to_go] or part
            sources = {self.bars[bar.source].part if bar.relation == COPY else number for bar in inner}
            source = min(sources) if len(sources) == 1 else number
            letters.append(letters[source] if source < number else _letter(len(set(letters))))
            text += letters[-1] * (2 if part[-1].is_repeated else 1)
        return text

    @property
    def n_bars(self) -> int:
        """Number of bars as written, without pickups."""
        return sum(bar.place >= 0 for bar in self.bars)

    @cached_property
    def part_lengths(self) -> tuple[int, ...]:
        """Number of bars of each part as played once, without pickups."""
        return tuple(part[0].n_to_go + part[0].place + 1 for part in self.parts)

    @cached_property
    def index_at(self) -> dict[tuple[int, int], int]:
        """Part and place -> index of the first bar there."""
        places: dict[tuple[int, int], int] = {}
        for index, bar in enumerate(self.bars):
            places.setdefault((bar.part, bar.place), index)
        return places

    def model_bar(self, index: int) -> int:
        """Return the earlier bar after which a bar is modelled: its source, or the one at the same place.

        A bar without source has that of an earlier part, or the one a phrase before. -1 if there is none.
        """
        bar = self.bars[index]
        if bar.source >= 0:
            return bar.source
        places = [(part, bar.place) for part in reversed(range(bar.part))]
        places += [(bar.part, bar.place - distance) for distance in _EARLIER_BARS]
        earlier = (self.index_at.get(place, -1) for place in places)
        return next((other for other in earlier if 0 <= other < index), -1)


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26)


def plan_of(tune: str, *, tune_type: str = "", tonic: str = "", relations: bool = True) -> TunePlan:
    """Read the plan of a tune in folk tokens.

    Parts are divided at repeat signs, and every `MOST_PART_BARS` bars where their number is a multiple of
    it. Bars are compared by their tokens, and by the pitch and onset of their notes.

    Parameters
    ----------
    tune
        Metre, mode and music in folk tokens; at least one bar.
    tune_type, tonic
        See `TunePlan`.
    relations
        Whether bars are compared, which takes most of the time; without, all are new.
    """
    metre, mode, *words = tune.split()
    found = folk_bars(words, metre)
    contents = [tuple(words[bar.start : bar.stop]) for bar in found]
    starts = [bar.start for bar in found[1:]] + [len(words)]
    bars = [
        PlannedBar(int(bar.eighths * N_TICKS), tuple(words[bar.stop : start]))
        for bar, start in zip(found, starts, strict=True)
    ]
    bars = _with_parts(bars, int(TIMES[metre] * N_TICKS))
    opening = tuple(words[: found[0].start])
    plan = TunePlan(metre, mode, opening, tuple(bars), tune_type, tonic)
    return replace(plan, bars=tuple(_with_relations(plan, contents))) if relations else plan


def _with_parts(bars: Sequence[PlannedBar], due: int) -> list[PlannedBar]:
    """Return the bars with their part and place."""
    placed: list[PlannedBar] = []
    n_parts = 0
    for section in _sections(bars, due):
        places = list(_places(section, due))
        n_bars = max(places) + 1
        size = MOST_PART_BARS if n_bars % MOST_PART_BARS == 0 else n_bars
        is_repeated = any(":|" in bar.lines for bar in section)
        for bar, place in zip(section, places, strict=True):
            part, at = divmod(place, size) if place != _PICKUP else (0, _PICKUP)
            placed.append(
                replace(
                    bar,
                    part=n_parts + part,
                    place=at,
                    n_to_go=size - 1 - at,
                    is_repeated=is_repeated,
                )
            )
        n_parts += n_bars // size
    return placed


def _sections(bars: Sequence[PlannedBar], due: int) -> Iterator[list[PlannedBar]]:
    """Yield the bars between repeat signs, with their pickup; both endings belong to one section."""
    section: list[PlannedBar] = []
    for bar in bars:
        section.append(bar)
        is_pickup = len(section) == 1 and bar.ticks < due
        if {"|:", ":|"} & {*bar.lines} and "|2" not in bar.lines and not is_pickup:
            yield section
            section = []
    if section:
        yield section


def _places(section: Sequence[PlannedBar], due: int) -> Iterator[int]:
    """Yield the place of each bar of a section; the second ending has the places of the first."""
    place = first_ending = 0
    for number, bar in enumerate(section):
        if number == 0 and bar.ticks < due and len(section) > 1:
            yield _PICKUP
            first_ending = place if "|1" in bar.lines else first_ending
            continue
        yield place
        place += 1
        if "|1" in bar.lines:
            first_ending = place
        elif "|2" in bar.lines:
            place = first_ending


def _with_relations(plan: TunePlan, contents: Sequence[tuple[str, ...]]) -> Iterator[PlannedBar]:
    """Yield the bars with their relation to earlier ones."""
    onsets = [_sounding_onsets(words, plan.metre, plan.mode) for words in contents]
    before = -1  # source of the bar before
    for index, bar in enumerate(plan.bars):
        candidates = list(_candidates(plan, index, before))
        relation, before = NEW, -1
        equal = [k for k in candidates if contents[k] == contents[index] and plan.bars[k].ticks == bar.ticks]
        if equal:
            relation, before = COPY, equal[0]
        else:
            shares = [_common_share(onsets[k], onsets[index]) for k in candidates]
            best = max(shares, default=0.0)
            if best >= _VARIANT_SHARE:
                relation, before = VARIANT, candidates[shares.index(best)]
        yield replace(bar, relation=relation, source=before)


def _candidates(plan: TunePlan, index: int, before: int) -> Iterator[int]:
    """Yield the earlier bars, the most usual source of the bar first: ``before`` is that of the last bar."""
    bar = plan.bars[index]
    places = [(part, bar.place) for part in reversed(range(bar.part))]
    places += [(bar.part, bar.place - distance) for distance in _EARLIER_BARS]
    usual = [before + 1 if before >= 0 else -1, *(plan.index_at.get(place, -1) for place in places)]
    yield from dict.fromkeys(k for k in (*usual, *reversed(range(index))) if 0 <= k < index)


def _common_share(left: frozenset[tuple[int, int]], right: frozenset[tuple[int, int]]) -> float:
    return len(left & right) / max(len(left), len(right), 1)


@lru_cache(1 << 16)
def _sounding_onsets(words: tuple[str, ...], metre: str, mode: str) -> frozenset[tuple[int, int]]:
    """Return onset in ticks and MIDI pitch of each note; the highest of a chord, and -1 for a rest."""
    pitches: list[int] = []
    chord: list[int] | None = None
    for word, _, pitch in sounding(words, _ALTERATIONS[mode]):
        if word == "[":
            chord = []
        elif word == "]":
            pitches.append(max(chord or [-1]))
            chord = None
        elif pitch is not None or word == REST:
            (pitches if chord is None else chord).append(-1 if pitch is None else pitch)
    onsets = accumulate(lengths_of(words, metre)[:-1], initial=Fraction(0))
    return frozenset((int(onset * N_TICKS), pitch) for onset, pitch in zip(onsets, pitches, strict=True))
