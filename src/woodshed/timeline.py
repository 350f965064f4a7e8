r"""Timeline: what is heard when in a long sound, and the forms it can be written in.

Besides text, JSON and CSV, the labels of Audacity, the TextGrid of Praat and the selection table of Raven:
each shows the events over the sound in the program in question.

>>> heard = Timeline("day.wav", 4.0, (Event(0.5, 1.5, "robin", 0.9), Event(2.0, 3.0, "wren", 0.75)))
>>> print(heard.to_text())
day.wav  4 s, 2 events
  0:00.50-0:01.50  robin  90 %
  0:02.00-0:03.00  wren  75 %
>>> heard.to_audacity()
'0.500000\t1.500000\trobin\n2.000000\t3.000000\twren\n'
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from woodshed.errors import ParameterError, printable
from woodshed.units import duration_text

COLUMNS = ("source", "start_s", "end_s", "label", "confidence")
"""Heading of a table of events."""

RAVEN_COLUMNS = (
    *("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"),
    *("Annotation", "Confidence"),
)
"""Heading of a selection table: the first seven are Raven's own, it takes any others as they are."""

RAVEN_TOP_HZ = 22050.0
"""Upper edge of a selection if nothing is known of the rate: Raven wants one."""


@dataclass(frozen=True)
class Event:
    """A stretch of a sound in which one thing is heard.

    Parameters
    ----------
    start_s, end_s
        In seconds from the start of the sound; the end is after the start.
    label
        What is heard.
    confidence
        Mean probability of the label over the stretch, 0 to 1.

    Raises
    ------
    ParameterError
        If a time is negative or not a number, the end is not after the start, or the confidence is out of
        its range.
    """

    start_s: float
    end_s: float
    label: str
    confidence: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s < math.inf:
            raise ParameterError(
                "An event starts at 0 s or later and ends after it starts, "
                f"got {self.start_s!r} s to {self.end_s!r} s."
            )
        if not 0 <= self.confidence <= 1:
            raise ParameterError(f"An event has a confidence from 0 to 1, got {self.confidence!r}.")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return asdict(self)

    def to_text(self) -> str:
        """Write the event on one line for a person.

        Examples
        --------
        >>> Event(61.25, 3725.0, "rain", 0.98).to_text()
        '0:01:01.25-1:02:05.00  rain  98 %'
        """
        times = f"{_clock(self.start_s, self.end_s)}-{_clock(self.end_s, self.end_s)}"
        return f"{times}  {self.label}  {self.confidence:.0%}".replace("%", " %")


@dataclass(frozen=True)
class Timeline:
    """The events of one sound, in their order.

    Parameters
    ----------
    source
        Name of the sound, usually its path.
    duration_s
        Length of the sound in seconds.
    events
        In the order of their starts, within the sound. They may overlap, and there may be none.
    highest_hz
        The highest frequency that was heard, half of the rate; 0 if it is not known.

    Raises
    ------
    ParameterError
        If there is no length, an event goes beyond it, or the events are out of order.
    """

    source: str
    duration_s: float
    events: tuple[Event, ...] = ()
    highest_hz: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", tuple(self.events))
        if not 0 < self.duration_s < math.inf:
            raise ParameterError(f"A timeline has a positive length, got {self.duration_s!r} s.")
        for event in self.events:
            if event.end_s > self.duration_s:
                raise ParameterError(
                    f"The sound lasts {self.duration_s!r} s, but {event.label} ends at {event.end_s!r} s."
                )
        if any(later.start_s < event.start_s for event, later in itertools.pairwise(self.events)):
            raise ParameterError("The events of a timeline come in the order of their starts. Sort them.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The different labels, sorted."""
        return tuple(sorted({event.label for event in self.events}))

    def to_text(self) -> str:
        """Write a heading, and a line for each event, for a person."""
        n = len(self.events)
        heading = f"{printable(self.source)}  {duration_text(self.duration_s)}, {n} event{'s' * (n != 1)}"
        return "\n".join([heading, *(f"  {event.to_text()}" for event in self.events)])

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {
            "source": printable(self.source),
            "duration_s": self.duration_s,
            "events": [event.to_dict() for event in self.events],
        }

    def to_json(self) -> str:
        """Write it as one line of JSON, in ASCII."""
        return json.dumps(self.to_dict())

    def to_csv(self) -> str:
        """Write a table with a row for each event, also when there is none."""
        return timelines_to_csv([self])

    def to_audacity(self) -> str:
        """Write a label track that Audacity imports: start, end and label, with tabs between them."""
        return "".join(
            f"{event.start_s:.6f}\t{event.end_s:.6f}\t{_cell(event.label)}\n" for event in self.events
        )

    def to_raven(self) -> str:
        r"""Write a selection table that Raven opens: a row for each event, over all frequencies heard.

        Examples
        --------
        >>> row = Timeline("a.wav", 2.0, (Event(0.5, 1.0, "wren", 0.9),), 8000.0).to_raven().splitlines()[1]
        >>> row.split("\t")
        ['1', 'Spectrogram 1', '1', '0.500000', '1.000000', '0.0', '8000.0', 'wren', '0.9000']
        """
        top_hz = self.highest_hz or RAVEN_TOP_HZ
        rows = [
            (
                *(str(number), "Spectrogram 1", "1", f"{event.start_s:.6f}", f"{event.end_s:.6f}"),
                *("0.0", f"{top_hz:.1f}", _cell(event.label), f"{event.confidence:.4f}"),
            )
            for number, event in enumerate(self.events, 1)
        ]
        return "".join("\t".join(row) + "\n" for row in (RAVEN_COLUMNS, *rows))

    def to_textgrid(self) -> str:
        """Write a TextGrid that Praat reads, in UTF-8.

        There is one tier of intervals that covers the sound without a gap: between events the text is empty.
        If events overlap, each label has a tier of its own.

        Raises
        ------
        ParameterError
            If two events of the same label overlap: a tier cannot hold both.

        Notes
        -----
        The format is told in the manual of Praat (P. Boersma and D. Weenink, "TextGrid file formats").
        """
        tiers = [("events", self.events)] if _apart(self.events) else self._tier_of_each_label()
        lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0"]
        lines += [f"xmax = {self.duration_s!r}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
        for number, (name, events) in enumerate(tiers, 1):
            lines += [f"    item [{number}]:", '        class = "IntervalTier"']
            lines += [
                f"        name = {_quoted(name)}",
                "        xmin = 0",
                f"        xmax = {self.duration_s!r}",
            ]
            intervals = _filled(events, self.duration_s)
            lines.append(f"        intervals: size = {len(intervals)}")
            for place, (start_s, end_s, text) in enumerate(intervals, 1):
                lines += [f"        intervals [{place}]:", f"            xmin = {start_s!r}"]
                lines += [f"            xmax = {end_s!r}", f"            text = {_quoted(text)}"]
        return "\n".join(lines) + "\n"

    def _tier_of_each_label(self) -> list[tuple[str, tuple[Event, ...]]]:
        tiers = [(name, tuple(one for one in self.events if one.label == name)) for name in self.labels]
        for name, events in tiers:
            if not _apart(events):
                raise ParameterError(
                    f"Two events called {name} overlap: a TextGrid cannot hold both. Merge them."
                )
        return tiers


FORMATS: dict[str, tuple[str, Callable[[Timeline], str]]] = {
    "text": (".txt", lambda timeline: timeline.to_text() + "\n"),
    "json": (".json", lambda timeline: timeline.to_json() + "\n"),
    "jsonl": (".jsonl", lambda timeline: timeline.to_json() + "\n"),
    "csv": (".csv", Timeline.to_csv),
    "audacity": (".txt", Timeline.to_audacity),
    "textgrid": (".TextGrid", Timeline.to_textgrid),
    "raven": (".selections.txt", Timeline.to_raven),
}
"""Word for a form -> how its files end, and the function that writes one timeline."""


def timelines_to_json(timelines: Iterable[Timeline]) -> str:
    r"""Write a JSON array with one object for each timeline, a line each.

    Examples
    --------
    >>> timelines_to_json([Timeline("a.wav", 2.0)])
    '[\n  {"source": "a.wav", "duration_s": 2.0, "events": []}\n]'
    """
    lines = ",\n".join(f"  {timeline.to_json()}" for timeline in timelines)
    return f"[\n{lines}\n]" if lines else "[]"


def timelines_to_csv(timelines: Iterable[Timeline]) -> str:
    r"""Write a table: a heading, then a row for each event of each timeline.

    Examples
    --------
    >>> timelines_to_csv([Timeline("a.wav", 2.0, (Event(0.5, 1.0, "wren", 0.75),))])
    'source,start_s,end_s,label,confidence\r\na.wav,0.5,1.0,wren,0.75\r\n'
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for timeline in timelines:
        source = printable(timeline.source)
        writer.writerows(
            (source, event.start_s, event.end_s, event.label, event.confidence) for event in timeline.events
        )
    return table.getvalue()


def _apart(events: Sequence[Event]) -> bool:
    """Whether no event starts before the one before it has ended."""
    return all(event.end_s <= later.start_s for event, later in itertools.pairwise(events))


def _filled(events: Sequence[Event], duration_s: float) -> list[tuple[float, float, str]]:
    """Return start, end and text of intervals that leave no gap."""
    intervals: list[tuple[float, float, str]] = []
    reached_s = 0.0
    for event in events:
        if event.start_s > reached_s:
            intervals.append((reached_s, event.start_s, ""))
        intervals.append((event.start_s, event.end_s, event.label))
        reached_s = event.end_s
    if reached_s < duration_s:
        intervals.append((reached_s, duration_s, ""))
    return [(float(start_s), float(end_s), text) for start_s, end_s, text in intervals]


def _quoted(text: str) -> str:
    """Quote a text as Praat does: a quotation mark inside is written twice, and all is on one line."""
    return '"{}"'.format(_cell(text).replace('"', '""'))


def _cell(text: str) -> str:
    """Spell a label where neither tabs nor line ends have room."""
    return " ".join(printable(text).split())


def _clock(time_s: float, end_s: float) -> str:
    """Spell a time to the hundredth of a second, with hours if the end has some."""
    hundredths = round(time_s * 100)
    minutes, rest = divmod(hundredths, 6000)
    if end_s < 3600:
        return f"{minutes}:{rest / 100:05.2f}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest / 100:05.2f}"
