r"""Timeline of the events in a recording, with export to text, JSON, CSV, Audacity, Praat and Raven.

Examples
--------
>>> timeline = Timeline("day.wav", 4.0, (Event(0.5, 1.5, "robin", 0.9), Event(2.0, 3.0, "wren", 0.75)))
>>> print(timeline.to_text())
day.wav  4 s, 2 events
  0:00.50-0:01.50  robin  90 %
  0:02.00-0:03.00  wren  75 %
>>> timeline.to_audacity()
'0.500000\t1.500000\trobin\n2.000000\t3.000000\twren\n'
"""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from woodshed.delimited import csv_writer
from woodshed.errors import ParameterError, printable
from woodshed.units import duration_text

COLUMNS = ("source", "start_s", "end_s", "label", "confidence")
"""Columns of a table of events."""

RAVEN_COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Annotation",
    "Confidence",
)
"""Columns of a Raven selection table: the first seven are required, others are free."""

RAVEN_TOP_HZ = 22050.0
"""Upper frequency of a selection if the rate of the recording is unknown: Raven requires one."""


@dataclass(frozen=True)
class Event:
    """A detected event.

    Parameters
    ----------
    start_s, end_s
        Seconds from the start of the recording; the end is after the start.
    label
        Class of the event.
    confidence
        Mean probability of the label over the event, 0 to 1.

    Raises
    ------
    ParameterError
        If a time is negative or not finite, the end is not after the start, or the confidence is out of
        range.

    Examples
    --------
    >>> Event(0.5, 2.0, "wren", 0.75).duration_s
    1.5
    """

    start_s: float
    end_s: float
    label: str
    confidence: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s < math.inf:
            raise ParameterError(
                "An event must start at 0 s or later and end after its start, "
                f"got {self.start_s!r} s to {self.end_s!r} s."
            )
        if not 0 <= self.confidence <= 1:
            raise ParameterError(f"An event expects a confidence from 0 to 1, got {self.confidence!r}.")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return asdict(self)

    def to_text(self) -> str:
        """Return one line of text.

        Examples
        --------
        >>> Event(61.25, 3725.0, "rain", 0.98).to_text()
        '0:01:01.25-1:02:05.00  rain  98 %'
        """
        times = f"{_clock(self.start_s, self.end_s)}-{_clock(self.end_s, self.end_s)}"
        return f"{times}  {self.label}  {self.confidence:.0%}".replace("%", " %")


@dataclass(frozen=True)
class Timeline:
    """Events of one recording.

    Parameters
    ----------
    source
        Name of the recording, usually its path.
    duration_s
        Duration of the recording in seconds, positive.
    events
        Events within the recording, sorted by start; they may overlap. May be empty.
    highest_hz
        Nyquist frequency of the recording in hertz; 0 if unknown.

    Raises
    ------
    ParameterError
        If the duration is not positive, an event ends after it, or the events are not sorted.

    Examples
    --------
    >>> Timeline("a.wav", 2.0, (Event(0.5, 1.0, "wren", 0.75),)).labels
    ('wren',)
    """

    source: str
    duration_s: float
    events: tuple[Event, ...] = ()
    highest_hz: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", tuple(self.events))
        if not 0 < self.duration_s < math.inf:
            raise ParameterError(f"A timeline expects a positive duration, got {self.duration_s!r} s.")
        for event in self.events:
            if event.end_s > self.duration_s:
                raise ParameterError(
                    f"{event.label} ends at {event.end_s!r} s, after the end of the recording at "
                    f"{self.duration_s!r} s. Correct the event."
                )
        if any(later.start_s < event.start_s for event, later in itertools.pairwise(self.events)):
            raise ParameterError("A timeline expects events sorted by start. Sort them.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The different labels, sorted."""
        return tuple(sorted({event.label for event in self.events}))

    def to_text(self) -> str:
        """Return a header and a line of text for each event."""
        n = len(self.events)
        header = f"{printable(self.source)}  {duration_text(self.duration_s)}, {n} event{'s' * (n != 1)}"
        return "\n".join([header, *(f"  {event.to_text()}" for event in self.events)])

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {
            "source": printable(self.source),
            "duration_s": self.duration_s,
            "events": [event.to_dict() for event in self.events],
        }

    def to_json(self) -> str:
        """Return one line of JSON, in ASCII."""
        return json.dumps(self.to_dict())

    def to_csv(self) -> str:
        """Return a CSV table with a header and a row for each event."""
        return timelines_to_csv([self])

    def to_audacity(self) -> str:
        """Return an Audacity label track: start, end and label, separated by tabs."""
        return "".join(
            f"{event.start_s:.6f}\t{event.end_s:.6f}\t{_cell(event.label)}\n" for event in self.events
        )

    def to_raven(self) -> str:
        r"""Return a Raven selection table: a row for each event, over the whole frequency range.

        Examples
        --------
        >>> row = Timeline("a.wav", 2.0, (Event(0.5, 1.0, "wren", 0.9),), 8000.0).to_raven().splitlines()[1]
        >>> row.split("\t")
        ['1', 'Spectrogram 1', '1', '0.500000', '1.000000', '0.0', '8000.0', 'wren', '0.9000']
        """
        top_hz = self.highest_hz or RAVEN_TOP_HZ
        rows = [
            (
                str(number),
                "Spectrogram 1",
                "1",
                f"{event.start_s:.6f}",
                f"{event.end_s:.6f}",
                "0.0",
                f"{top_hz:.1f}",
                _cell(event.label),
                f"{event.confidence:.4f}",
            )
            for number, event in enumerate(self.events, 1)
        ]
        return "".join("\t".join(row) + "\n" for row in (RAVEN_COLUMNS, *rows))

    def to_textgrid(self) -> str:
        """Return a Praat TextGrid, for a file in UTF-8.

        It has one interval tier that covers the recording without gaps; intervals between events have empty
        text. If events overlap, each label gets its own tier.

        Raises
        ------
        ParameterError
            If two events of the same label overlap, which a tier cannot represent.

        Notes
        -----
        Format: manual of Praat, P. Boersma and D. Weenink, "TextGrid file formats".
        """
        tiers = [("events", self.events)] if _are_disjoint(self.events) else self._label_tiers()
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

    def _label_tiers(self) -> list[tuple[str, tuple[Event, ...]]]:
        tiers = [(name, tuple(event for event in self.events if event.label == name)) for name in self.labels]
        for name, events in tiers:
            if not _are_disjoint(events):
                raise ParameterError(
                    f"Two events called {name} overlap, which a TextGrid cannot represent. Merge them."
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
"""Name of a format -> suffix of its files, and the function that formats one timeline."""


def timelines_to_json(timelines: Iterable[Timeline]) -> str:
    r"""Return a JSON array with one line for each timeline.

    Examples
    --------
    >>> timelines_to_json([Timeline("a.wav", 2.0)])
    '[\n  {"source": "a.wav", "duration_s": 2.0, "events": []}\n]'
    """
    lines = ",\n".join(f"  {timeline.to_json()}" for timeline in timelines)
    return f"[\n{lines}\n]" if lines else "[]"


def timelines_to_csv(timelines: Iterable[Timeline]) -> str:
    r"""Return a CSV table: a header, then a row for each event of each timeline.

    Examples
    --------
    >>> timelines_to_csv([Timeline("a.wav", 2.0, (Event(0.5, 1.0, "wren", 0.75),))])
    'source,start_s,end_s,label,confidence\r\na.wav,0.5,1.0,wren,0.75\r\n'
    """
    table = io.StringIO()
    writer = csv_writer(table)
    writer.writerow(COLUMNS)
    for timeline in timelines:
        source = printable(timeline.source)
        writer.writerows(
            (source, event.start_s, event.end_s, event.label, event.confidence) for event in timeline.events
        )
    return table.getvalue()


def _are_disjoint(events: Sequence[Event]) -> bool:
    """Return whether no event starts before the previous one ends."""
    return all(event.end_s <= later.start_s for event, later in itertools.pairwise(events))


def _filled(events: Sequence[Event], duration_s: float) -> list[tuple[float, float, str]]:
    """Return start, end and text of intervals without gaps."""
    intervals: list[tuple[float, float, str]] = []
    end_s = 0.0
    for event in events:
        if event.start_s > end_s:
            intervals.append((end_s, event.start_s, ""))
        intervals.append((event.start_s, event.end_s, event.label))
        end_s = event.end_s
    if end_s < duration_s:
        intervals.append((end_s, duration_s, ""))
    return [(float(start_s), float(end_s), text) for start_s, end_s, text in intervals]


def _quoted(text: str) -> str:
    """Return text quoted for Praat, on one line, with doubled quotation marks."""
    return '"{}"'.format(_cell(text).replace('"', '""'))


def _cell(text: str) -> str:
    """Return a label without tabs and line ends."""
    return " ".join(printable(text).split())


def _clock(time_s: float, end_s: float) -> str:
    """Format a time to the hundredth of a second, with hours if the end has hours."""
    hundredths = round(time_s * 100)
    minutes, rest = divmod(hundredths, 6000)
    if end_s < 3600:
        return f"{minutes}:{rest / 100:05.2f}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest / 100:05.2f}"
