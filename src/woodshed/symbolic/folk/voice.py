"""A voice of ABC as it is written: signs that sound and signs between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from woodshed.score import Mode
from woodshed.symbolic.abc.field import read_metre, read_shift
from woodshed.symbolic.abc.voice import Propagation, Voice
from woodshed.symbolic.bar import Sounding
from woodshed.symbolic.folk.word import GROUPINGS, tuplet_ratio


@dataclass
class FolkEvent:
    """A note, chord or rest, or a sign between them."""

    kind: str  # note, tuplet, line, ending
    bar: int
    notes: list[Sounding] = field(default_factory=list)
    length: Fraction = Fraction(0)  # in eighths, as written
    broken: str = ""
    is_tied: bool = False
    in_tuplet: bool = False
    number: int = 0
    repeats_before: bool = False
    repeats_after: bool = False
    is_double: bool = False


class FolkVoice(Voice):
    """Reads a voice and remembers how it was written."""

    def __init__(
        self, unit: Fraction | None, metre: tuple[int, int] | None, propagation: Propagation
    ) -> None:
        super().__init__(unit, metre, propagation)
        self.events: list[FolkEvent] = []
        self.metre = metre
        self.key: tuple[int, Mode] = (0, "major")
        self._tuplet_left = 0

    def change(self, kind: str, value: str) -> None:
        """Take in a field; once the tune has begun, its metre may not change."""
        super().change(kind, value)
        has_begun = any(event.kind == "note" for event in self.events)
        if kind == "M" and has_begun and (metre := read_metre(value)) != self.metre:
            raise self._error(f"the metre changes to {value.strip()} ({metre}), which no token can say")
        if kind == "M":
            self.metre = read_metre(value)
        elif kind == "K" and not has_begun:
            keys = [value for _, what, value in self.bars[-1].changes if what == "key"]
            self.key = keys[-1] if keys else self.key  # type: ignore[assignment]

    def shift(self, value: str) -> None:
        """Take in octaves only: tunes are moved to C, from whatever key they sound in."""
        self._shift = self._shift.then(replace(read_shift(value), semitones=None))

    def _advance(self, notes: list[Sounding], length: Fraction) -> None:
        in_tuplet = self._tuplet_left > 0
        self._tuplet_left = max(0, self._tuplet_left - 1)
        self.events.append(FolkEvent("note", self._bar_number, list(notes), length * 2, in_tuplet=in_tuplet))
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
        self._tuplet_left = p
        self.events.append(FolkEvent("tuplet", self._bar_number, number=p))

    def _take_line(self, text: str) -> None:
        signs = text.strip("[]0123456789,-. \t")
        before, after = signs.startswith(":"), signs.endswith(":")
        is_double = "||" in text or "]" in text or "[|" in text
        event = FolkEvent("line", self._bar_number, repeats_before=before, repeats_after=after)
        self.events.append(replace(event, is_double=is_double and not before))
        super()._take_line(text)

    def _start_ending(self, numbers: str) -> None:
        if numbers.strip(" .,") not in ("1", "2"):
            raise self._error(f"there is no token for the ending [{numbers}")
        self.events.append(FolkEvent("ending", self._bar_number, number=int(numbers.strip(" .,"))))
        super()._start_ending(numbers)

    def _last_note(self) -> FolkEvent:
        return next(event for event in reversed(self.events) if event.kind == "note")

    def open_repeats(self) -> None:
        """Write the sign that a repeat goes back to where a double bar stands for it."""
        closes = False
        for event in reversed(self.events):
            if event.kind == "line":
                if event.is_double and closes:
                    event.repeats_after = True
                closes = event.repeats_before or (closes and not event.repeats_after)
