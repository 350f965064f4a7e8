"""What readers share: the bytes of a file, bars as written, the order in which they are played, and ties."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Any

from woodshed.errors import ScoreError, ScoreFileError
from woodshed.score import (
    DRUM_CHANNEL,
    ChordSymbol,
    Key,
    Metre,
    NavigationMark,
    Note,
    Score,
    Tempo,
    WrittenBar,
)
from woodshed.symbolic.notation import drop_repeated

MAX_PASSES = 16
"""Maximum number of times that a section is played."""

MAX_JUMPS = 16
"""Maximum number of ``D.C.`` and ``D.S.`` that are followed in a piece."""

MAX_PLAYED_NOTES = 1_000_000
"""Maximum number of notes of a piece with its repeats; a small damaged file could ask for billions."""

MAX_BARS = 200_000
"""Maximum number of bars of a piece, four days of music; a damaged time could ask for billions."""

MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
"""Channels for parts other than drums."""

_MARK_WORDS: tuple[tuple[str, NavigationMark], ...] = (
    (r"d\.?\s*c\b|da\s*capo", "da capo"),
    (r"d\.?\s*s\b|dal\s*segno", "dal segno"),
    (r"(to|da|al)\s*(the\s*)?coda", "to coda"),
    (r"fine\b", "fine"),
    (r"coda\b", "coda"),
    (r"segno\b", "segno"),
)

Change = tuple[Fraction, str, Any]
"""Onset in quarter notes, kind (``key``, ``metre``, ``tempo``, ``chord`` or ``program``), value."""


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a score file.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = f"it cannot be opened ({error.strerror}). Check the name and the permissions."
        raise ScoreFileError(path, reason) from error


@dataclass(slots=True)
class BarNote:
    """A note, or one note of a chord, within its bar.

    Parameters
    ----------
    onset, duration
        In quarter notes; the onset counts from the start of the bar.
    pitch_midi, velocity
        As in `woodshed.score.Note`.
    spelling
        Letter and octave as written, in ABC.
    voice
        Voice of a part, in MusicXML. Ties stay within a voice.
    starts_tie, ends_tie
        Whether the note may be tied to the next and to the previous one of its pitch.
    """

    onset: Fraction
    duration: Fraction
    pitch_midi: int
    velocity: int = 80
    spelling: tuple[str, int] = ("", 0)
    voice: str = ""
    starts_tie: bool = False
    ends_tie: bool = True


@dataclass(slots=True)
class Bar:
    """Music between two bar lines, or between a bar line and a repeat sign or ending within the bar.

    Parameters
    ----------
    number
        Number in the file; the pieces of a bar that is divided by a repeat sign share it.
    notes
        In the order of the file.
    changes
        Changes of tempo, metre, key and program, and chord symbols; onsets count from the start of the bar.
    length, due
        Actual and nominal length in quarter notes. Without a nominal length, it follows from the metre.
    is_implicit
        Whether the file marks the bar as incomplete.
    starts_section, starts_repeat
        Whether it follows a double bar or a start-repeat sign.
    n_repeats
        Number of repetitions that the end-repeat sign after it asks for.
    endings, starts_ending
        Passes in which the bar is played if it belongs to an ending, and whether the ending starts here.
    part
        Name of the part that starts with this bar, if one does.
    marks
        Jumps and their targets. ``segno`` and ``coda`` are at the start of the bar; ``to coda``, ``fine``,
        ``da capo`` and ``dal segno`` hold at its end.
    """

    number: int | str
    notes: list[BarNote] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    length: Fraction = Fraction(0)
    due: Fraction | None = None
    is_implicit: bool = False
    starts_section: bool = False
    starts_repeat: bool = False
    n_repeats: int = 0
    endings: frozenset[int] = frozenset()
    starts_ending: bool = False
    part: str = ""
    marks: set[NavigationMark] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether the bar has neither notes nor rests."""
        return not self.length and not self.notes


def mark_of_words(text: str) -> NavigationMark | None:
    """Return the mark that words above a staff stand for; None if they stand for none.

    Examples
    --------
    >>> [mark_of_words(text) for text in ("D.C. al Fine", "Fine", "To Coda", "D.S.", "dolce")]
    ['da capo', 'fine', 'to coda', 'dal segno', None]
    """
    words = text.strip().lower()
    return next((mark for pattern, mark in _MARK_WORDS if re.match(pattern, words)), None)


def played_order(bars: list[Bar]) -> list[int]:
    """Unfold repeats, endings and jumps.

    ``:|`` goes back to the last ``|:`` that is still open, else to the end of the previous section: after the
    last repeat, after the last ending, at the last double bar, or at the beginning. ``D.C.`` and ``D.S.`` are
    followed once each, after the repeats of their bar; then repeats are not played again, endings are the
    last ones, and ``Fine`` and ``To Coda`` hold.

    Returns
    -------
    list of int
        Indices of the bars in the order in which they are played.

    Examples
    --------
    A bar, a first ending with a repeat sign, a second ending:

    >>> first, second = frozenset({1}), frozenset({2})
    >>> played_order([Bar(1), Bar(2, n_repeats=1, endings=first), Bar(3, endings=second)])
    [0, 1, 0, 2]

    A bar, a segno, *Fine*, and *D.S. al Fine*:

    >>> played_order([Bar(1), Bar(2, marks={"segno"}), Bar(3, marks={"fine"}), Bar(4, marks={"dal segno"})])
    [0, 1, 2, 3, 1, 2]
    """
    for before, bar in pairwise(bars):  # the sign between a first and a second ending is often omitted
        if bar.starts_ending and before.endings and not before.n_repeats and 1 not in bar.endings:
            before.n_repeats = 1
    return _Order(bars).indices


class _Order:
    """Playing order; keeps the start of the section, the pass through it, and the jumps that are left."""

    def __init__(self, bars: list[Bar]) -> None:
        self._bars = bars
        self._last_endings = _last_endings(bars)
        self._jumps = {k: start for k, start, _ in jumps_of(bars) if start is not None}
        self._codas = {k: start for k, start in _codas(bars) if start is not None}
        self._n_jumps = 0
        self._has_jumped = self._is_open = False
        self._start, self._turn = 0, 1
        self.starts: set[int] = set()  # bars to which an end-repeat sign goes back
        self.indices: list[int] = []
        k: int | None = 0
        while k is not None and k < len(bars):
            k = self._next_after_jump(k) if self._has_jumped else self._next(k)

    def _next(self, k: int) -> int | None:
        """Play a bar in the first pass through the piece, or skip it; return the bar after it."""
        bar = self._bars[k]
        if bar.starts_repeat and k != self._start:
            self._start, self._turn = k, 1
        elif bar.starts_section and not self._is_open and self._turn == 1:
            self._start = k
        self._is_open = self._is_open or bar.starts_repeat
        if bar.endings and self._turn not in bar.endings:
            return k + 1
        self.indices.append(k)
        n_turns = max(bar.n_repeats + 1, self._last_endings[k]) if bar.n_repeats else 1
        if self._turn < min(n_turns, MAX_PASSES):
            self._turn += 1
            self.starts.add(self._start)
            return self._start
        is_last_ending = bar.endings and (k + 1 == len(self._bars) or not self._bars[k + 1].endings)
        if bar.n_repeats or is_last_ending:
            self._start, self._turn, self._is_open = self._section_after(k), 1, False
        return self._jump(k)

    def _section_after(self, k: int) -> int:
        """Return the first bar after a bar and the endings around it; the last pass may be in any of them."""
        in_ending = bool(self._bars[k].endings)
        k += 1
        while in_ending and k < len(self._bars) and self._bars[k].endings:
            k += 1
        return k

    def _next_after_jump(self, k: int) -> int | None:
        """Play a bar after ``D.C.`` or ``D.S.``, or skip it; return the bar after it, None at ``Fine``."""
        bar = self._bars[k]
        if bar.endings and self._last_endings[k] not in bar.endings:
            return k + 1
        self.indices.append(k)
        if "fine" in bar.marks:
            return None
        if k in self._codas:
            self._start, self._turn, self._is_open, self._has_jumped = self._codas[k], 1, False, False
            return self._codas[k]
        return self._jump(k)

    def _jump(self, k: int) -> int:
        """Return the target of the jump after a bar if it is to be followed, else the next bar."""
        start = self._jumps.pop(k, None)
        if start is None or self._n_jumps == MAX_JUMPS:
            return k + 1
        self._n_jumps += 1
        self._has_jumped = True
        return start


def _last_endings(bars: Sequence[Bar]) -> list[int]:
    """Return the highest number in the group of endings around each bar; 1 outside endings."""
    last: list[int] = []
    for in_ending, group in groupby(bars, key=lambda bar: bool(bar.endings)):
        members = list(group)
        last += [max(max(bar.endings) for bar in members) if in_ending else 1] * len(members)
    return last


def jumps_of(bars: Sequence[Bar]) -> list[tuple[int, int | None, str]]:
    """Return the jumps of a piece: the bar at whose end each is written, its target and its name.

    The target of ``D.S.`` is the last segno up to its bar, else the first one; None if there is none.

    Examples
    --------
    >>> jumps_of([Bar(1), Bar(2, marks={"da capo"}), Bar(3, marks={"dal segno"})])
    [(1, 0, 'D.C.'), (2, None, 'D.S.')]
    """
    segnos = [k for k, bar in enumerate(bars) if "segno" in bar.marks]
    jumps: list[tuple[int, int | None, str]] = []
    for k, bar in enumerate(bars):
        if "da capo" in bar.marks:
            jumps.append((k, 0, "D.C."))
        elif "dal segno" in bar.marks:
            before = [at for at in segnos if at <= k]
            jumps.append((k, before[-1] if before else next(iter(segnos), None), "D.S."))
    return jumps


def _codas(bars: Sequence[Bar]) -> list[tuple[int, int | None]]:
    """Return the bar at whose end each ``To Coda`` is written, and the next coda after it."""
    codas = [k for k, bar in enumerate(bars) if "coda" in bar.marks]
    return [
        (k, next((at for at in codas if at > k), None))
        for k, bar in enumerate(bars)
        if "to coda" in bar.marks
    ]


def resolve_codas(bars: Sequence[Bar]) -> None:
    """Turn the first of several coda signs into ``To Coda`` where no bar has it, as both look the same.

    Examples
    --------
    >>> bars = [Bar(1), Bar(2, marks={"coda"}), Bar(3, marks={"da capo"}), Bar(4, marks={"coda"})]
    >>> resolve_codas(bars)
    >>> [sorted(bar.marks) for bar in bars]
    [['to coda'], [], ['da capo'], ['coda']]
    """
    codas = [k for k, bar in enumerate(bars) if "coda" in bar.marks]
    if len(codas) > 1 and codas[0] > 0 and not any("to coda" in bar.marks for bar in bars):
        bars[codas[0]].marks.discard("coda")
        bars[codas[0] - 1].marks.add("to coda")


def jump_findings(bars: Sequence[Bar]) -> list[str]:
    """Report jumps that cannot be followed, one sentence each.

    Examples
    --------
    >>> jump_findings([Bar(1), Bar(2, marks={"dal segno"})])
    ['bar 2: D.S. was not played, as there is no segno.']
    """
    findings = [
        f"bar {bars[k].number}: {name} was not played, as there is no segno."
        for k, start, name in jumps_of(bars)
        if start is None
    ]
    if any(start is not None for _, start, _ in jumps_of(bars)):
        findings += [
            f"bar {bars[k].number}: To Coda was not played, as no coda follows."
            for k, start in _codas(bars)
            if start is None
        ]
    elif any({"to coda", "fine"} & bar.marks for bar in bars[:-1]):
        findings.append("Fine or To Coda has no effect, as there is no D.C. or D.S.")
    return findings


def written_bars_of(bars: Sequence[Bar]) -> list[WrittenBar]:
    """Return the bars with their repeat signs, as written; empty if there are no signs.

    Start-repeat signs that are only implied, such as after a double bar, are added, except at the beginning.

    Examples
    --------
    >>> bars = [Bar(1, length=Fraction(4)), Bar(2, n_repeats=1, length=Fraction(4))]
    >>> [(bar.onset_beats, bar.n_repeats) for bar in written_bars_of(bars)]
    [(0.0, 0), (4.0, 1)]
    """
    if not any(bar.starts_repeat or bar.n_repeats or bar.endings or bar.marks for bar in bars):
        return []
    starts = _Order(list(bars)).starts - {0}
    return [
        WrittenBar(
            float(start),
            float(bar.length),
            bar.starts_repeat or k in starts,
            bar.n_repeats,
            tuple(sorted(bar.endings)),
            tuple(sorted(bar.marks)),
        )
        for k, (start, bar) in enumerate(place_bars(bars))
        if bar.length
    ]


def check_size(parts: Iterable[Sequence[Bar]], orders: Iterable[Sequence[int]]) -> None:
    """Refuse a piece that has more than `MAX_PLAYED_NOTES` with its repeats, in all its parts together.

    Parameters
    ----------
    parts
        Bars of each part or voice.
    orders
        Indices of the bars of each part in playing order. A bar without notes counts as one note.

    Raises
    ------
    ScoreError
        If it has more.
    """
    n_notes = sum(
        max(1, len(bars[k].notes)) for bars, order in zip(parts, orders, strict=True) for k in order
    )
    if n_notes > MAX_PLAYED_NOTES:
        raise ScoreError(
            f"with its repeats it has {n_notes:,} notes; at most {MAX_PLAYED_NOTES:,} are supported. "
            "Read it without repeats, or split it."
        )


def check_length(score: Score) -> None:
    """Refuse a score of more than `MAX_BARS`, of its metres or of four quarter notes.

    Raises
    ------
    ScoreError
        If it is longer.
    """
    end = score.duration_beats
    starts = [0.0, *(min(metre.onset_beats, end) for metre in score.metres), end]
    lengths = [4.0, *(metre.bar_beats for metre in score.metres)]
    n_bars = sum(
        (after - start) / length for start, after, length in zip(starts, starts[1:], lengths, strict=False)
    )
    n_bars = max(n_bars, len(score.metres))
    if n_bars > MAX_BARS:
        raise ScoreError(
            f"it has {n_bars:,.0f} bars; at most {MAX_BARS:,} are supported. A time in it is damaged: "
            "shorten it in a notation program or sequencer, or leave it out."
        )


def place_bars(bars: Sequence[Bar]) -> list[tuple[Fraction, Bar]]:
    """Return the onset of each bar, in quarter notes, and the bar.

    Examples
    --------
    >>> bar = Bar(1, length=Fraction(3))
    >>> [float(start) for start, _ in place_bars([bar, bar])]
    [0.0, 3.0]
    """
    starts = accumulate((bar.length for bar in bars), initial=Fraction(0))
    return list(zip(starts, bars, strict=False))


def join_ties(placed: Iterable[tuple[Fraction, Bar]], channel: int) -> list[Note]:
    """Return the notes of bars with their onsets; tied notes become one, also several of one pitch.

    Examples
    --------
    >>> half = BarNote(Fraction(0), Fraction(2), 60, starts_tie=True)
    >>> bars = place_bars([Bar(1, [half], length=Fraction(2)), Bar(2, [half], length=Fraction(2))])
    >>> [note.duration_beats for note in join_ties(bars, 0)]
    [4.0]
    """
    joined: list[tuple[Fraction, BarNote, list[Fraction]]] = []
    open_ties: dict[tuple[int, Fraction, str], list[list[Fraction]]] = {}  # pitch, end, voice -> durations
    for start, bar in placed:
        for note in bar.notes:
            onset = start + note.onset
            waiting = open_ties.get((note.pitch_midi, onset, note.voice), []) if note.ends_tie else []
            if waiting:
                duration = waiting.pop(0)
                duration[0] += note.duration
            else:
                duration = [note.duration]
                joined.append((onset, note, duration))
            if note.starts_tie:
                open_ties.setdefault((note.pitch_midi, onset + note.duration, note.voice), []).append(
                    duration
                )
    return [
        Note(float(onset), float(duration[0]), note.pitch_midi, note.velocity, channel)
        for onset, note, duration in joined
    ]


def changes_of(placed: Iterable[tuple[Fraction, Bar]]) -> list[Change]:
    """Return the changes of bars with their onsets."""
    return [(start + at, kind, value) for start, bar in placed for at, kind, value in bar.changes]


def build_score(notes: list[Note], changes: Iterable[Change], first: Bar, **other: Any) -> Score:
    """Build a score from notes and changes.

    Parameters
    ----------
    notes, changes
        Of changes of one kind at one onset, the first holds. Changes to a value that holds already are
        dropped.
    first
        First bar as written; if it is shorter than its metre, it is a pickup.
    other
        Further fields of the `Score`.
    """
    metres = [value for _, kind, value in first.changes if kind == "metre"]
    is_pickup = bool(metres) and first.length < Fraction(4 * metres[-1][0], metres[-1][1])
    ordered: dict[str, dict[Fraction, Any]] = defaultdict(dict)
    for at, kind, value in sorted(changes, key=lambda change: change[0]):
        ordered[kind].setdefault(at, value)
    return Score(
        notes,
        tempos=drop_repeated([Tempo(float(at), value) for at, value in ordered["tempo"].items()]),
        metres=drop_repeated([Metre(float(at), *value) for at, value in ordered["metre"].items()]),
        keys=drop_repeated([Key(float(at), *value) for at, value in ordered["key"].items()]),
        chords=[ChordSymbol(float(at), str(name)) for at, name in ordered["chord"].items()],
        pickup_beats=float(first.length) if is_pickup else 0.0,
        **other,
    )
