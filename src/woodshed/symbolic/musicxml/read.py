"""MusicXML: what the elements of a partwise document mean."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast, get_args
from xml.etree import ElementTree

from woodshed.errors import ScoreError
from woodshed.score import DRUM_CHANNEL, ChordSymbol, Key, Metre, Mode, Note, Program, Score, Tempo
from woodshed.symbolic.bar import MAX_PASSES, Bar, played_order
from woodshed.symbolic.musicxml.write import DYNAMICS_PER_VELOCITY, KINDS
from woodshed.symbolic.note_value import TYPES
from woodshed.symbolic.spelling import NATURALS

Element = ElementTree.Element

_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
_DEFAULT_VELOCITY = 80


def score_of(root: Element, source: str, *, repeats: bool) -> Score:
    """Read a ``score-partwise``; `ScoreError` names the part and the bar of what cannot be read."""
    about = {one.get("id", ""): about_part(one) for one in root.iterfind("part-list/score-part")}
    parts = []
    for element in root.iterfind("part"):
        part = about.get(element.get("id", ""), Part())
        _Reader(part, f"part {part.name or element.get('id', '?')}").read(element)
        parts.append(part)
    parts = [part for part in parts if part.measures]
    if len(parts) > len(_CHANNELS) + 1:
        raise ScoreError(
            f"it has {len(parts)} parts; at most {len(_CHANNELS) + 1} can be told apart. Cut it."
        )
    _set_channels(parts)
    return _put_together(parts, _title(root), source, repeats)


class _Reader:
    """Reads one part; what it knows on the way are the unit of time, the metre and the transposition."""

    def __init__(self, part: Part, name: str) -> None:
        self._part, self._name = part, name
        self._divisions = 1
        self._metre: tuple[int, int] | None = None
        self._transpose = 0
        self._now = self._last = Fraction(0)
        self._endings: frozenset[int] = frozenset()
        self._measure = Measure("?")

    def read(self, part: Element) -> None:
        """Read all bars."""
        for k, element in enumerate(part.iterfind("measure")):
            number = element.get("number", str(k + 1))
            self._measure = Measure(number, element.get("implicit") == "yes")
            line = Bar(k, endings=self._endings)
            self._now = self._last = Fraction(0)
            for child in element:
                self._take(child, line)
            if self._metre:
                self._measure.due = Fraction(4 * self._metre[0], self._metre[1])
            self._part.measures.append(self._measure)
            self._part.lines.append(line)

    def _take(self, child: Element, line: Bar) -> None:
        match child.tag:
            case "note":
                self._note(child)
            case "backup":
                self._now -= self._duration(child)
                if self._now < 0:
                    raise self._error("goes back beyond its beginning")
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
                if name := symbol_of(child):
                    self._measure.changes.append((at, "chord", name))
            case "barline":
                self._barline(child, line)

    def _forward(self, length: Fraction) -> None:
        self._now += length
        self._measure.length = max(self._measure.length, self._now)

    def _note(self, note: Element) -> None:
        """Take a note or rest; grace notes have no time and make no note, cue notes make none either."""
        if note.find("grace") is not None:
            return
        length = self._duration(note)
        in_chord = note.find("chord") is not None
        onset = self._last if in_chord else self._now
        if note.find("rest") is None and note.find("cue") is None and length > 0:
            ties = {tie.get("type") for tie in note.iterfind("tie")}
            velocity = round(number_of(note.get("dynamics", ""), 0.0) / DYNAMICS_PER_VELOCITY)
            self._measure.notes.append(
                SoundingNote(
                    onset,
                    length,
                    self._pitch(note),
                    min(127, velocity) if velocity >= 1 else _DEFAULT_VELOCITY,
                    text_of(note, "voice"),
                    "start" in ties,
                    "stop" in ties,
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
                text_of(unpitched, "display-step") or "C",
                text_of(unpitched, "display-octave") or "5",
            )
            alter = 0.0
        else:
            step, octave = text_of(note, "pitch/step"), text_of(note, "pitch/octave")
            alter = number_of(text_of(note, "pitch/alter"), 0.0)
        if step not in NATURALS or not octave.lstrip("-").isdigit():
            raise self._error(f"has a note without pitch: step {step!r}, octave {octave!r}")
        pitch = 12 * (int(octave) + 1) + NATURALS[step] + round(alter) + self._transpose
        if not 0 <= pitch <= 127:
            raise self._error(f"has the note {step}{octave}, which is beyond the pitches of MIDI")
        return pitch

    def _attributes(self, child: Element) -> None:
        if (text := text_of(child, "divisions")) and not number_of(text, 0.0) > 0:
            raise self._error(f"has {text!r} divisions in a quarter note")
        if text:
            self._divisions = round(number_of(text, 1.0)) or 1
        if (key := child.find("key")) is not None and (fifths := text_of(key, "fifths")):
            mode = text_of(key, "mode")
            mode = mode if mode in get_args(Mode) else {"aeolian": "minor"}.get(mode, "major")
            n_sharps = max(-7, min(7, int(number_of(fifths, 0.0))))
            self._measure.changes.append((self._now, "key", (n_sharps, mode)))
        if (time := child.find("time")) is not None:
            self._metre = self._read_metre(time)
            if self._metre:
                self._measure.changes.append((self._now, "metre", self._metre))
        if (transpose := child.find("transpose")) is not None:
            octaves = number_of(text_of(transpose, "octave-change"), 0.0)
            self._transpose = round(number_of(text_of(transpose, "chromatic"), 0.0) + 12 * octaves)

    def _read_metre(self, time: Element) -> tuple[int, int] | None:
        """Read a metre; of several written together such as 3+2 the sum; none if there is none."""
        beats = [part for one in time.iterfind("beats") for part in (one.text or "").split("+")]
        types = [(one.text or "").strip() for one in time.iterfind("beat-type")]
        if not beats or not types or time.find("senza-misura") is not None:
            return None
        if not all(part.strip().isdigit() for part in beats) or len(set(types)) > 1 or not types[0].isdigit():
            raise self._error("has a metre that cannot be read")
        metre = Metre(0, sum(int(part) for part in beats), int(types[0]))  # refuses what is no metre
        return metre.numerator, metre.denominator

    def _direction(self, child: Element, at: Fraction) -> None:
        sounds = child.findall("sound")
        for sound in sounds:
            self._sound(sound, at)
        mark = child.find("direction-type/metronome")
        if mark is None or any(sound.get("tempo") for sound in sounds):
            return
        per_minute = number_of(text_of(mark, "per-minute"), 0.0)
        unit = TYPES.get(text_of(mark, "beat-unit"), Fraction(1))
        n_dots = len(mark.findall("beat-unit-dot"))
        if per_minute > 0:
            times = float(unit * (2 - Fraction(1, 2**n_dots)))
            self._measure.changes.append((at, "tempo", per_minute * times))

    def _sound(self, sound: Element, at: Fraction) -> None:
        if (tempo_bpm := number_of(sound.get("tempo", ""), 0.0)) > 0:
            self._measure.changes.append((at, "tempo", tempo_bpm))
        for program in sound.iterfind("midi-instrument/midi-program"):
            self._measure.changes.append((at, "program", program_of(program.text)))

    def _barline(self, child: Element, line: Bar) -> None:
        repeat, ending = child.find("repeat"), child.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = [int(n) for n in ending.get("number", "1").replace(" ", ",").split(",") if n.isdigit()]
            self._endings = frozenset(n for n in numbers if n <= MAX_PASSES)
            line.endings, line.starts_ending = self._endings, True
        if ending is not None and ending.get("type") in ("stop", "discontinue"):
            self._endings = frozenset()
        if repeat is not None and repeat.get("direction") == "forward":
            line.starts_repeat = True
        if repeat is not None and repeat.get("direction") == "backward":
            times = int(number_of(repeat.get("times", ""), 2.0))
            line.n_repeats = max(1, min(times, MAX_PASSES) - 1)

    def _duration(self, element: Element) -> Fraction:
        text = text_of(element, "duration")
        length = number_of(text, -1.0)
        if length < 0:
            raise self._error(f"has a {element.tag} with the duration {text!r}")
        return Fraction(length) / self._divisions

    def _offset(self, element: Element) -> Fraction:
        return Fraction(number_of(text_of(element, "offset"), 0.0)) / self._divisions

    def _error(self, what: str) -> ScoreError:
        return ScoreError(f"{self._name}, bar {self._measure.number} {what}. Export it again.")


def _put_together(parts: Sequence[Part], title: str, source: str, repeats: bool) -> Score:
    """Lay the bars of all parts out in time."""
    n_bars = max((len(part.measures) for part in parts), default=0)
    lengths = [_length(parts, k) for k in range(n_bars)]
    lines = max((part.lines for part in parts), key=len, default=[])
    for k, line in enumerate(lines):
        line.length = lengths[k]
    order = played_order(lines) if repeats else list(range(n_bars))
    starts = [Fraction(0)]
    for k in order:
        starts.append(starts[-1] + lengths[k])
    notes: list[Note] = []
    changes: dict[str, dict[Fraction, Any]] = {"key": {}, "metre": {}, "tempo": {}, "chord": {}}
    programs = []
    for part in parts:
        channel = cast(int, part.channel)
        if part.program is not None:
            programs.append(Program(0, channel, part.program))
        notes += _notes_of(part, channel, order, starts)
        for k, start in _placed(part, order, starts):
            for at, kind, value in part.measures[k].changes:
                if kind == "program":
                    programs.append(Program(float(start + at), channel, value))
                else:
                    changes[kind].setdefault(start + at, value)
    return Score(
        notes,
        tempos=[Tempo(float(at), value) for at, value in _new(changes["tempo"])],
        metres=[Metre(float(at), *value) for at, value in _new(changes["metre"])],
        keys=[Key(float(at), *value) for at, value in _new(changes["key"])],
        programs=programs,
        chords=[ChordSymbol(float(at), name) for at, name in changes["chord"].items()],
        part_names=[(cast(int, part.channel), part.name) for part in parts if part.name],
        pickup_beats=float(_pickup(parts, lengths)),
        title=title,
        source=source,
        findings=_findings(parts, lines, lengths),
    )


def _notes_of(part: Part, channel: int, order: Sequence[int], starts: Sequence[Fraction]) -> Iterator[Note]:
    """Turn bars in the order they are played into notes; tied ones become one."""
    done: list[tuple[Fraction, SoundingNote, list[Fraction]]] = []
    waiting: dict[tuple[int, Fraction, str], list[Fraction]] = {}
    for k, start in _placed(part, order, starts):
        for note in part.measures[k].notes:
            onset = start + note.onset
            length = waiting.pop((note.pitch_midi, onset, note.voice), None) if note.ends_tie else None
            if length is None:
                length = [note.duration]
                done.append((onset, note, length))
            else:
                length[0] += note.duration
            if note.starts_tie:
                waiting[note.pitch_midi, onset + note.duration, note.voice] = length
    for onset, note, length in done:
        yield Note(float(onset), float(length[0]), note.pitch_midi, note.velocity, channel)


def _placed(part: Part, order: Sequence[int], starts: Sequence[Fraction]) -> Iterator[tuple[int, Fraction]]:
    return ((k, start) for k, start in zip(order, starts, strict=False) if k < len(part.measures))


def _length(parts: Sequence[Part], k: int) -> Fraction:
    """Return how long a bar is: as its longest part; an empty one as its metre says."""
    measures = [part.measures[k] for part in parts if k < len(part.measures)]
    longest = max(measure.length for measure in measures)
    dues = [measure.due for measure in measures if measure.due is not None]
    return longest or (dues[0] if dues else Fraction(4))


def _pickup(parts: Sequence[Part], lengths: Sequence[Fraction]) -> Fraction:
    due = parts[0].measures[0].due if parts else None
    return lengths[0] if due is not None and lengths[0] < due else Fraction(0)


def _findings(parts: Sequence[Part], lines: Sequence[Bar], lengths: Sequence[Fraction]) -> list[str]:
    """Say which bars do not add up. The first, the last, and those at repeats and endings may be short."""
    found = []
    for k, (measure, length) in enumerate(zip(parts[0].measures if parts else (), lengths, strict=False)):
        beside = lines[max(0, k - 1) : k + 2]
        may_be_short = (
            k in (0, len(lengths) - 1)
            or measure.is_implicit
            or any(line.n_repeats or line.starts_repeat or line.endings for line in beside)
        )
        due = measure.due
        if due is not None and (length > due or (length < due and not may_be_short)):
            found.append(
                f"bar {measure.number} lasts {float(length):g} beats; it should last {float(due):g}."
            )
    return found


def _set_channels(parts: Sequence[Part]) -> None:
    """Give each part a channel: what the file says if that tells all apart, else one after the other."""
    wanted = [part.channel for part in parts]
    if None not in wanted and len(set(wanted)) == len(wanted):
        return
    free = iter(_CHANNELS)
    has_drums = False
    for part in parts:
        if part.is_drums and not has_drums:
            part.channel, has_drums = DRUM_CHANNEL, True
            continue
        part.channel = next(free, None)
        if part.channel is None:
            raise ScoreError(f"it has more than {len(_CHANNELS)} parts that are no drums. Cut it.")


def _title(root: Element) -> str:
    return text_of(root, "work/work-title") or text_of(root, "movement-title")


def _new(changes: dict[Fraction, Any]) -> Iterable[tuple[Fraction, Any]]:
    """Keep the changes that change something."""
    kept: list[tuple[Fraction, Any]] = []
    for at, value in sorted(changes.items()):
        if not kept or kept[-1][1] != value:
            kept.append((at, value))
    return kept


_SUFFIXES = {kind: suffix for suffix, kind in KINDS.items()} | {"none": "", "minor-major": "mM7"}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


@dataclass
class SoundingNote:
    """A note or one note of a chord, within its bar."""

    onset: Fraction
    duration: Fraction
    pitch_midi: int
    velocity: int
    voice: str
    starts_tie: bool
    ends_tie: bool


@dataclass
class Measure:
    """One bar of one part; ``changes`` are ``(onset, kind, value)``."""

    number: str
    is_implicit: bool = False
    notes: list[SoundingNote] = field(default_factory=list)
    changes: list[tuple[Fraction, str, Any]] = field(default_factory=list)
    length: Fraction = Fraction(0)
    due: Fraction | None = None


@dataclass
class Part:
    """One part: its bars, where repeats and endings stand, and what the part list says of it."""

    measures: list[Measure] = field(default_factory=list)
    lines: list[Bar] = field(default_factory=list)
    name: str = ""
    channel: int | None = None
    program: int | None = None
    drums: dict[str, int] = field(default_factory=dict)
    is_drums: bool = False


def about_part(part: Element) -> Part:
    """Read an entry of the part list."""
    channel = text_of(part, "midi-instrument/midi-channel")
    program = text_of(part, "midi-instrument/midi-program")
    drums = {}
    for one in part.iterfind("midi-instrument"):
        if (drum := text_of(one, "midi-unpitched")).isdigit():
            drums[one.get("id", "")] = min(127, max(0, int(drum) - 1))
    return Part(
        name=text_of(part, "part-name"),
        channel=int(channel) - 1 if channel.isdigit() and 1 <= int(channel) <= 16 else None,
        program=program_of(program) if program else None,
        drums=drums,
    )


def program_of(text: str | None) -> int:
    """Read a program, which counts from 1; what is none is the first."""
    return min(127, max(0, int(text) - 1)) if text and text.strip().isdigit() else 0


def symbol_of(harmony: Element) -> str:
    """Spell a chord symbol; empty if it has no root."""
    root = text_of(harmony, "root/root-step")
    kind = harmony.find("kind")
    if not root or kind is None:
        return ""
    word = (kind.text or "").strip()
    suffix = kind.get("text", _SUFFIXES.get(word, word))
    bass = text_of(harmony, "bass/bass-step")
    below = f"/{bass}{_sign(text_of(harmony, 'bass/bass-alter'))}" if bass else ""
    return f"{root}{_sign(text_of(harmony, 'root/root-alter'))}{suffix}{below}"


def _sign(alter: str) -> str:
    return _SIGNS.get(round(number_of(alter, 0.0)), "")


def text_of(element: Element, path: str) -> str:
    """Return the text of the first element at a path, without space around it; empty if there is none."""
    return (element.findtext(path) or "").strip()


def number_of(text: str, default: float) -> float:
    """Read a number; what is none, or not finite, is the default."""
    try:
        value = float(text)
    except ValueError:
        return default
    return value if math.isfinite(value) else default
