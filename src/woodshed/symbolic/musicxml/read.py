"""Interpretation of the elements of a partwise MusicXML document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import cast, get_args
from xml.etree import ElementTree

from woodshed.errors import ScoreError
from woodshed.score import DRUM_CHANNEL, Metre, Mode, Note, Program, Score
from woodshed.symbolic.bar import (
    MAX_PASSES,
    MELODIC_CHANNELS,
    Bar,
    BarNote,
    build_score,
    join_ties,
    no_changes,
    played_order,
)
from woodshed.symbolic.musicxml.write import DYNAMICS_PER_VELOCITY, KINDS
from woodshed.symbolic.notation import NATURALS, TYPES

Element = ElementTree.Element

_DEFAULT_VELOCITY = 80
_SUFFIXES = {kind: suffix for suffix, kind in KINDS.items()} | {"none": "", "minor-major": "mM7"}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


@dataclass
class Part:
    """Bars of a part, and its entry in the part list."""

    bars: list[Bar] = field(default_factory=list)
    name: str = ""
    channel: int | None = None
    program: int | None = None
    drums: dict[str, int] = field(default_factory=dict)
    is_drums: bool = False


def score_of(root: Element, source: str, *, repeats: bool) -> Score:
    """Read a ``score-partwise`` element.

    Raises
    ------
    ScoreError
        If an element is invalid; the message names part and bar.
    """
    listed = {entry.get("id", ""): _listed_part(entry) for entry in root.iterfind("part-list/score-part")}
    parts = []
    for element in root.iterfind("part"):
        part = listed.get(element.get("id", ""), Part())
        _Reader(part, f"part {part.name or element.get('id', '?')}").read(element)
        parts.append(part)
    parts = [part for part in parts if part.bars]
    if len(parts) > len(MELODIC_CHANNELS) + 1:
        raise ScoreError(
            f"it has {len(parts)} parts; at most {len(MELODIC_CHANNELS) + 1} are supported. Remove some."
        )
    _set_channels(parts)
    title = _text_of(root, "work/work-title") or _text_of(root, "movement-title")
    return _build(parts, title, source, repeats)


class _Reader:
    """Reader of one part; keeps the current unit of time, metre, transposition and endings."""

    def __init__(self, part: Part, name: str) -> None:
        self._part, self._name = part, name
        self._divisions = 1
        self._metre: tuple[int, int] | None = None
        self._transpose = 0
        self._now = self._last = Fraction(0)
        self._endings: frozenset[int] = frozenset()
        self._bar = Bar("?")

    def read(self, part: Element) -> None:
        """Read all bars of the part."""
        for k, element in enumerate(part.iterfind("measure")):
            number = element.get("number", str(k + 1))
            is_implicit = element.get("implicit") == "yes"
            self._bar = Bar(number, is_implicit=is_implicit, endings=self._endings)
            self._now = self._last = Fraction(0)
            for child in element:
                self._read_element(child)
            if self._metre:
                self._bar.due = Fraction(4 * self._metre[0], self._metre[1])
            self._part.bars.append(self._bar)

    def _read_element(self, child: Element) -> None:
        match child.tag:
            case "note":
                self._note(child)
            case "backup":
                self._now -= self._duration(child)
                if self._now < 0:
                    raise self._error("goes back beyond its start")
            case "forward":
                self._forward(self._duration(child))
            case "attributes":
                self._attributes(child)
            case "direction":
                at = max(Fraction(0), self._now + self._offset(child))
                self._direction(child, at)
            case "sound":
                self._sound(child, self._now)
            case "harmony":
                at = max(Fraction(0), self._now + self._offset(child))
                if name := _symbol_of(child):
                    self._bar.changes.append((at, "chord", name))
            case "barline":
                self._barline(child)

    def _forward(self, length: Fraction) -> None:
        self._now += length
        self._bar.length = max(self._bar.length, self._now)

    def _note(self, note: Element) -> None:
        """Read a note or rest; grace notes are ignored, cue notes take time but are not played."""
        if note.find("grace") is not None:
            return
        length = self._duration(note)
        in_chord = note.find("chord") is not None
        onset = self._last if in_chord else self._now
        if note.find("rest") is None and note.find("cue") is None and length > 0:
            ties = {tie.get("type") for tie in note.iterfind("tie")}
            velocity = round(_number_of(note.get("dynamics", ""), 0.0) / DYNAMICS_PER_VELOCITY)
            self._bar.notes.append(
                BarNote(
                    onset,
                    length,
                    self._pitch(note),
                    min(127, velocity) if velocity >= 1 else _DEFAULT_VELOCITY,
                    voice=_text_of(note, "voice"),
                    starts_tie="start" in ties,
                    ends_tie="stop" in ties,
                )
            )
        if not in_chord:
            self._last = self._now
            self._forward(length)

    def _pitch(self, note: Element) -> int:
        unpitched = note.find("unpitched")
        if unpitched is not None:
            self._part.is_drums = True
            instrument = note.find("instrument")
            drum = self._part.drums.get(instrument.get("id", "") if instrument is not None else "")
            if drum is not None:
                return drum
            step, octave = (
                _text_of(unpitched, "display-step") or "C",
                _text_of(unpitched, "display-octave") or "5",
            )
            alter = 0.0
        else:
            step, octave = _text_of(note, "pitch/step"), _text_of(note, "pitch/octave")
            alter = _number_of(_text_of(note, "pitch/alter"), 0.0)
        if step not in NATURALS or not octave.lstrip("-").isdigit():
            raise self._error(f"has a note without a valid pitch: step {step!r}, octave {octave!r}")
        pitch = 12 * (int(octave) + 1) + NATURALS[step] + round(alter) + self._transpose
        if not 0 <= pitch <= 127:
            raise self._error(f"has the note {step}{octave}, which is outside the pitches of MIDI, 0 to 127")
        return pitch

    def _attributes(self, child: Element) -> None:
        if (text := _text_of(child, "divisions")) and not _number_of(text, 0.0) > 0:
            raise self._error(f"has {text!r} divisions in a quarter note")
        if text:
            self._divisions = round(_number_of(text, 1.0)) or 1
        if (key := child.find("key")) is not None and (fifths := _text_of(key, "fifths")):
            mode = _text_of(key, "mode")
            mode = mode if mode in get_args(Mode) else {"aeolian": "minor"}.get(mode, "major")
            n_sharps = max(-7, min(7, int(_number_of(fifths, 0.0))))
            self._bar.changes.append((self._now, "key", (n_sharps, mode)))
        if (time := child.find("time")) is not None:
            self._metre = self._read_metre(time)
            if self._metre:
                self._bar.changes.append((self._now, "metre", self._metre))
        if (transpose := child.find("transpose")) is not None:
            octaves = _number_of(_text_of(transpose, "octave-change"), 0.0)
            self._transpose = round(_number_of(_text_of(transpose, "chromatic"), 0.0) + 12 * octaves)

    def _read_metre(self, time: Element) -> tuple[int, int] | None:
        """Read a metre, summing additive ones such as 3+2; None for free metre."""
        beats = [part for one in time.iterfind("beats") for part in (one.text or "").split("+")]
        types = [(one.text or "").strip() for one in time.iterfind("beat-type")]
        if not beats or not types or time.find("senza-misura") is not None:
            return None
        if not all(part.strip().isdigit() for part in beats) or len(set(types)) > 1 or not types[0].isdigit():
            raise self._error("has an invalid metre")
        metre = Metre(0, sum(int(part) for part in beats), int(types[0]))  # raises ScoreError if invalid
        return metre.numerator, metre.denominator

    def _direction(self, child: Element, at: Fraction) -> None:
        sounds = child.findall("sound")
        for sound in sounds:
            self._sound(sound, at)
        mark = child.find("direction-type/metronome")
        if mark is None or any(sound.get("tempo") for sound in sounds):
            return
        per_minute = _number_of(_text_of(mark, "per-minute"), 0.0)
        unit = TYPES.get(_text_of(mark, "beat-unit"), Fraction(1))
        n_dots = len(mark.findall("beat-unit-dot"))
        if per_minute > 0:
            times = float(unit * (2 - Fraction(1, 2**n_dots)))
            self._bar.changes.append((at, "tempo", per_minute * times))

    def _sound(self, sound: Element, at: Fraction) -> None:
        if (tempo_bpm := _number_of(sound.get("tempo", ""), 0.0)) > 0:
            self._bar.changes.append((at, "tempo", tempo_bpm))
        for program in sound.iterfind("midi-instrument/midi-program"):
            self._bar.changes.append((at, "program", _program_of(program.text)))

    def _barline(self, child: Element) -> None:
        bar, repeat, ending = self._bar, child.find("repeat"), child.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = [int(n) for n in ending.get("number", "1").replace(" ", ",").split(",") if n.isdigit()]
            self._endings = frozenset(n for n in numbers if n <= MAX_PASSES)
            bar.endings, bar.starts_ending = self._endings, True
        if ending is not None and ending.get("type") in ("stop", "discontinue"):
            self._endings = frozenset()
        if repeat is not None and repeat.get("direction") == "forward":
            bar.starts_repeat = True
        if repeat is not None and repeat.get("direction") == "backward":
            times = int(_number_of(repeat.get("times", ""), 2.0))
            bar.n_repeats = max(1, min(times, MAX_PASSES) - 1)

    def _duration(self, element: Element) -> Fraction:
        text = _text_of(element, "duration")
        length = _number_of(text, -1.0)
        if length < 0:
            raise self._error(f"has a {element.tag} with the invalid duration {text!r}")
        return Fraction(length) / self._divisions

    def _offset(self, element: Element) -> Fraction:
        return Fraction(_number_of(_text_of(element, "offset"), 0.0)) / self._divisions

    def _error(self, what: str) -> ScoreError:
        return ScoreError(f"{self._name}, bar {self._bar.number} {what}. Export it again.")


def _build(parts: Sequence[Part], title: str, source: str, repeats: bool) -> Score:
    """Place the bars of all parts in time and build the score."""
    n_bars = max((len(part.bars) for part in parts), default=0)
    lengths = [_length(parts, k) for k in range(n_bars)]
    longest = max((part.bars for part in parts), key=len, default=[])
    order = played_order(longest) if repeats else list(range(n_bars))
    starts = [Fraction(0), *accumulate(lengths[k] for k in order)]
    notes: list[Note] = []
    changes = no_changes()
    programs = []
    for part in parts:
        channel = cast("int", part.channel)
        if part.program is not None:
            programs.append(Program(0, channel, part.program))
        placed = [
            (start, part.bars[k]) for k, start in zip(order, starts, strict=False) if k < len(part.bars)
        ]
        notes += join_ties(placed, channel)
        for start, bar in placed:
            for at, kind, value in bar.changes:
                if kind == "program":
                    programs.append(Program(float(start + at), channel, value))
                else:
                    changes[kind].setdefault(start + at, value)
    return build_score(
        notes,
        changes,
        parts[0].bars[0] if parts else Bar(1),
        lengths[0] if lengths else Fraction(0),
        programs=programs,
        part_names=[(cast("int", part.channel), part.name) for part in parts if part.name],
        title=title,
        source=source,
        findings=_findings(parts, longest, lengths),
    )


def _length(parts: Sequence[Part], k: int) -> Fraction:
    """Return the length of a bar: that of its longest part, or of its metre if all parts are empty."""
    bars = [part.bars[k] for part in parts if k < len(part.bars)]
    longest = max(bar.length for bar in bars)
    dues = [bar.due for bar in bars if bar.due is not None]
    return longest or (dues[0] if dues else Fraction(4))


def _findings(parts: Sequence[Part], bars: Sequence[Bar], lengths: Sequence[Fraction]) -> list[str]:
    """Report bars of the wrong length; the first, the last and those at repeats and endings may be short."""
    findings = []
    for k, (bar, length) in enumerate(zip(parts[0].bars if parts else (), lengths, strict=False)):
        neighbours = bars[max(0, k - 1) : k + 2]
        may_be_short = (
            k in (0, len(lengths) - 1)
            or bar.is_implicit
            or any(other.n_repeats or other.starts_repeat or other.endings for other in neighbours)
        )
        due = bar.due
        if due is not None and (length > due or (length < due and not may_be_short)):
            findings.append(f"bar {bar.number} lasts {float(length):g} beats, expected {float(due):g}.")
    return findings


def _set_channels(parts: Sequence[Part]) -> None:
    """Assign a channel to each part: those of the file if they are distinct, else consecutive ones."""
    channels = [part.channel for part in parts]
    if None not in channels and len(set(channels)) == len(channels):
        return
    free = iter(MELODIC_CHANNELS)
    has_drums = False
    for part in parts:
        if part.is_drums and not has_drums:
            part.channel, has_drums = DRUM_CHANNEL, True
            continue
        part.channel = next(free, None)
        if part.channel is None:
            raise ScoreError(f"it has more than {len(MELODIC_CHANNELS)} parts other than drums. Remove some.")


def _listed_part(part: Element) -> Part:
    """Read an entry of the part list."""
    channel = _text_of(part, "midi-instrument/midi-channel")
    program = _text_of(part, "midi-instrument/midi-program")
    drums = {}
    for instrument in part.iterfind("midi-instrument"):
        if (drum := _text_of(instrument, "midi-unpitched")).isdigit():
            drums[instrument.get("id", "")] = min(127, max(0, int(drum) - 1))
    return Part(
        name=_text_of(part, "part-name"),
        channel=int(channel) - 1 if channel.isdigit() and 1 <= int(channel) <= 16 else None,
        program=_program_of(program) if program else None,
        drums=drums,
    )


def _program_of(text: str | None) -> int:
    """Parse a program, which counts from 1; an invalid one gives the first."""
    return min(127, max(0, int(text) - 1)) if text and text.strip().isdigit() else 0


def _symbol_of(harmony: Element) -> str:
    """Return a chord symbol as text; empty if it has no root."""
    root = _text_of(harmony, "root/root-step")
    kind = harmony.find("kind")
    if not root or kind is None:
        return ""
    word = (kind.text or "").strip()
    suffix = kind.get("text", _SUFFIXES.get(word, word))
    bass = _text_of(harmony, "bass/bass-step")
    below = f"/{bass}{_sign(_text_of(harmony, 'bass/bass-alter'))}" if bass else ""
    return f"{root}{_sign(_text_of(harmony, 'root/root-alter'))}{suffix}{below}"


def _sign(alter: str) -> str:
    return _SIGNS.get(round(_number_of(alter, 0.0)), "")


def _text_of(element: Element, path: str) -> str:
    """Return the stripped text of the first element at a path; empty if there is none."""
    return (element.findtext(path) or "").strip()


def _number_of(text: str, default: float) -> float:
    """Parse a number; return the default if it is invalid or not finite."""
    try:
        value = float(text)
    except ValueError:
        return default
    return value if math.isfinite(value) else default
