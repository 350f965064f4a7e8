"""Reading MusicXML, plain and compressed."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import get_args
from xml.etree import ElementTree

from woodshed.errors import ScoreError, ScoreFileError, counted
from woodshed.score import DRUM_CHANNEL, Metre, Mode, NavigationMark, Note, Program, Score
from woodshed.symbolic.bar import (
    MAX_PASSES,
    MAX_PLAYED_NOTES,
    MELODIC_CHANNELS,
    Bar,
    BarNote,
    Change,
    build_score,
    changes_of,
    check_length,
    check_size,
    join_ties,
    jump_findings,
    mark_of_words,
    place_bars,
    played_order,
    read_bytes,
    resolve_codas,
    written_bars_of,
)
from woodshed.symbolic.musicxml.document import partwise_tree
from woodshed.symbolic.musicxml.left_out import left_out_of
from woodshed.symbolic.musicxml.write import DYNAMICS_PER_VELOCITY, KINDS
from woodshed.symbolic.notation import NATURALS, TYPES, transposed_sharps

Element = ElementTree.Element

_DEFAULT_VELOCITY = 80
_SUFFIXES = {kind: suffix for suffix, kind in KINDS.items()} | {"none": "", "minor-major": "mM7"}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_MAX_BEATS = 10_000  # of one note, rest or move
_MAX_DENOMINATOR = 1 << 14  # above the divisions that other programs write; it bounds sums of fractions
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")

_SOUND_MARKS: dict[str, NavigationMark] = {
    "segno": "segno",
    "coda": "coda",
    "tocoda": "to coda",
    "fine": "fine",
    "dacapo": "da capo",
    "dalsegno": "dal segno",
}
"""Attribute of ``<sound>`` -> mark."""


def read_musicxml(path: str | os.PathLike[str], *, repeats: bool = True) -> Score:
    r"""Read a MusicXML file, partwise or timewise, plain or compressed (``.mxl``).

    Supported are notes, chords, ties, rests, several voices and staves, tuplets, transposing instruments,
    drums, key, metre, tempo, chord symbols, programs, the dynamics of notes, repeats of bars and sections,
    endings and jumps such as ``D.C. al Fine``. Grace and cue notes, lyrics, ornaments, words and other signs
    are counted in `Score.left_out`. External resources are never fetched.

    Parameters
    ----------
    path
        The file.
    repeats
        Whether to play repeats, endings and jumps, as in `woodshed.symbolic.read_abc`. If False, every bar is
        read once, and the signs are in `Score.written_bars`.

    Returns
    -------
    Score
        One channel for each part, and one for all parts of drums; further parts share the channels of others,
        which is in `Score.remarks`. Keys are at concert pitch. Bars of the wrong length are listed in
        `Score.findings`.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened, is not XML, declares entities, is not MusicXML, has no notes, has an
        invalid bar, or is too long; the message names part and bar.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from woodshed.score import Metre, Note
    >>> from woodshed.symbolic import write_musicxml
    >>> score = Score([Note(0, 1, 60), Note(1, 4 / 3, 62)], metres=[Metre(0, 3, 4)], title="Two notes")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_musicxml(score, Path(folder) / "two.musicxml")
    ...     read_musicxml(Path(folder) / "two.musicxml") == score
    True
    """
    return musicxml_to_score(read_bytes(path), source=os.fspath(path), repeats=repeats)


def musicxml_to_score(data: bytes | str, *, source: str = "bytes", repeats: bool = True) -> Score:
    """Read a document, plain or compressed, as `read_musicxml` does."""
    root = partwise_tree(data, source)
    if root.find("part/measure/note/pitch") is None and root.find("part/measure/note/unpitched") is None:
        raise ScoreFileError(source, "it has no notes. Export it again, or leave it out.")
    try:
        return _score_of(root, source, repeats)
    except ScoreError as error:
        raise ScoreFileError(source, str(error).removeprefix(f"{source} ")) from error


@dataclass
class Part:
    """Bars of a part, and its entry in the part list."""

    bars: list[Bar] = field(default_factory=list)
    name: str = ""
    channel: int | None = None
    program: int | None = None
    drums: dict[str, int] = field(default_factory=dict)
    is_drums: bool = False


def _score_of(root: Element, source: str, repeats: bool) -> Score:
    """Read a ``score-partwise`` element; an error names part and bar."""
    parts, findings = _parts_of(root)
    bars = _align(parts)
    order = played_order(bars) if repeats else range(len(bars))
    channels, remarks = _channels(parts)
    notes: list[Note] = []
    changes: list[Change] = []
    programs: list[Program] = []
    names: dict[int, str] = {}
    check_size([part.bars for part in parts], [order] * len(parts))
    for channel, part in zip(channels, parts, strict=True):
        placed = place_bars([part.bars[k] for k in order])
        notes += join_ties(placed, channel)
        part_changes = changes_of(placed)
        changes += part_changes
        if part.program is not None and channel not in {program.channel for program in programs}:
            programs.append(Program(0, channel, part.program))
        programs += [
            Program(float(at), channel, value) for at, kind, value in part_changes if kind == "program"
        ]
        if part.name:
            names.setdefault(channel, part.name)
    score = build_score(
        notes,
        changes,
        parts[0].bars[0],
        programs=programs,
        part_names=list(names.items()),
        title=_text_of(root, "work/work-title") or _text_of(root, "movement-title"),
        written_bars=() if repeats else written_bars_of(bars),
        source=source,
        findings=[*findings, *_findings(parts[0].bars, bars), *jump_findings(bars)],
        remarks=remarks,
        left_out=left_out_of(root),
    )
    check_length(score)
    return score


def _parts_of(root: Element) -> tuple[list[Part], list[str]]:
    """Read the parts that have bars; return them and what had to be corrected."""
    listed = {entry.get("id", ""): _listed_part(entry) for entry in root.iterfind("part-list/score-part")}
    parts, findings = [], []
    for element in root.iterfind("part"):
        part = listed.pop(element.get("id", ""), None) or Part()
        reader = _Reader(part, f"part {part.name or element.get('id', '?')}")
        reader.read(element)
        findings += reader.findings
        if part.bars:
            parts.append(part)
    return parts, findings


def _align(parts: Sequence[Part]) -> list[Bar]:
    """Give all parts the same number of bars, of equal lengths; return the bars of the longest part.

    A bar is as long as in its longest part, or as its metre if all parts are empty. The returned bars have
    the marks of all parts, as most documents have them in one part only.
    """
    longest = max((part.bars for part in parts), key=len)
    if len(parts) * len(longest) > MAX_PLAYED_NOTES:
        raise ScoreError(
            f"it has {len(parts):,} parts, and {len(longest):,} bars in the longest; at most "
            f"{MAX_PLAYED_NOTES:,} bars in all parts together are supported. Export fewer parts, or split it."
        )
    for part in parts:
        part.bars += [Bar("?") for _ in range(len(part.bars), len(longest))]
    for bars in zip(*(part.bars for part in parts), strict=True):
        dues = [bar.due for bar in bars if bar.due is not None]
        length = max(bar.length for bar in bars) or (dues[0] if dues else Fraction(4))
        for bar in bars:
            bar.length = length
    for part in parts:
        for bar, other in zip(longest, part.bars, strict=True):
            bar.marks |= other.marks
    resolve_codas(longest)
    return longest


class _Reader:
    """Reader of one part; keeps the current unit of time, metre, transposition and endings."""

    def __init__(self, part: Part, name: str) -> None:
        self._part, self._name = part, name
        self._divisions = 1
        self._metre: tuple[int, int] | None = None
        self._transpose = 0
        self._now = self._last = Fraction(0)
        self._endings: frozenset[int] = frozenset()
        self._n_repeated = 0  # bars that the sign for a repeated bar stands for
        self._bar = Bar("?")
        self.findings: list[str] = []

    def read(self, part: Element) -> None:
        """Read all bars of the part."""
        self._divisions = self._guess_divisions(part)
        for k, element in enumerate(part.iterfind("measure")):
            number = element.get("number", str(k + 1))
            is_implicit = element.get("implicit") == "yes"
            self._bar = Bar(number, is_implicit=is_implicit, endings=self._endings)
            self._now = self._last = Fraction(0)
            for child in element:
                self._read_element(child)
            if self._metre:
                self._bar.due = Fraction(4 * self._metre[0], self._metre[1])
            self._repeat_bar()
            self._part.bars.append(self._bar)

    def _guess_divisions(self, part: Element) -> int:
        """Return the divisions that follow from type and duration of a note if none are given; else 1."""
        if part.find("measure/attributes/divisions") is not None:
            return 1
        for note in part.iterfind("measure/note"):
            length = TYPES.get(_text_of(note, "type"))
            duration = _number_of(_text_of(note, "duration"), 0.0)
            if length and duration > 0 and note.find("time-modification") is None:
                n_dots = len(note.findall("dot"))
                divisions = round(Fraction(duration) / _dotted(length, n_dots)) or 1
                self.findings.append(
                    f"{self._name} has no divisions; {divisions} follow from its note types."
                )
                return divisions
        return 1

    def _repeat_bar(self) -> None:
        """Copy the bar that the sign for a repeated bar stands for, unless the notes are written out."""
        if self._n_repeated and not self._bar.notes and len(self._part.bars) >= self._n_repeated:
            original = self._part.bars[-self._n_repeated]
            self._bar.notes = original.notes  # not a copy, of which a small file could ask for millions
            self._bar.length = max(self._bar.length, original.length)

    def _read_element(self, child: Element) -> None:
        match child.tag:
            case "note":
                self._note(child)
            case "backup":
                self._now -= self._duration(child)
                if self._now < 0:
                    self._now = Fraction(0)
                    self.findings.append(f"bar {self._bar.number}: a backup beyond its start was shortened.")
            case "forward":
                self._forward(self._duration(child))
            case "attributes":
                self._attributes(child)
            case "direction":
                at = max(Fraction(0), self._now + self._offset(child))
                self._direction(child, at)
            case "sound":
                self._sound(child, self._now)
                self._bar.marks |= _sound_marks([child])
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
        if step not in NATURALS or not _INTEGER.fullmatch(octave):
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
        if (transpose := child.find("transpose")) is not None:
            octaves = round(_number_of(_text_of(transpose, "octave-change"), 0.0))
            self._transpose = round(_number_of(_text_of(transpose, "chromatic"), 0.0)) + 12 * octaves
        if (key := child.find("key")) is not None and (fifths := _text_of(key, "fifths")):
            self._key(_text_of(key, "mode"), max(-7, min(7, int(_number_of(fifths, 0.0)))))
        for sign in child.iterfind("measure-style/measure-repeat"):
            is_start = sign.get("type") == "start"
            self._n_repeated = max(1, _integer_of(sign.text, 1)) if is_start else 0
        if (time := child.find("time")) is not None:
            self._metre = self._read_metre(time)
            if self._metre:
                self._bar.changes.append((self._now, "metre", self._metre))

    def _key(self, mode: str, n_sharps: int) -> None:
        """Add a key, at concert pitch."""
        mode = mode if mode in get_args(Mode) else {"aeolian": "minor"}.get(mode, "major")
        if self._transpose % 12:
            n_sharps = transposed_sharps(n_sharps, self._transpose)
        self._bar.changes.append((self._now, "key", (n_sharps, mode)))

    def _read_metre(self, time: Element) -> tuple[int, int] | None:
        """Read a metre, summing additive ones such as 3+2/8 and 3/8+1/4; None for free metre."""
        beats = [(one.text or "").split("+") for one in time.iterfind("beats")]
        types = [_integer_of(one.text) for one in time.iterfind("beat-type")]
        if not beats or not types or time.find("senza-misura") is not None:
            return None
        counts = [[_integer_of(part) for part in parts] for parts in beats]
        if len(beats) != len(types) or min(types) < 1 or min(map(min, counts)) < 1:
            raise self._error("has an invalid metre")
        length = sum(
            (Fraction(sum(parts), kind) for parts, kind in zip(counts, types, strict=True)), Fraction(0)
        )
        try:
            metre = Metre(0, int(length * max(types)), max(types))
        except ScoreError as error:
            raise self._error(f"has an invalid metre ({str(error).rstrip('.')})") from error
        return metre.numerator, metre.denominator

    def _direction(self, child: Element, at: Fraction) -> None:
        sounds = child.findall("sound")
        for sound in sounds:
            self._sound(sound, at)
        self._bar.marks |= _sound_marks(sounds) or _word_marks(child) or _sign_marks(child, at)
        mark = child.find("direction-type/metronome")
        if mark is None or any(sound.get("tempo") for sound in sounds):
            return
        per_minute = _number_of(_text_of(mark, "per-minute"), 0.0)
        unit = TYPES.get(_text_of(mark, "beat-unit"), Fraction(1))
        n_dots = len(mark.findall("beat-unit-dot"))
        if per_minute > 0:
            self._bar.changes.append((at, "tempo", per_minute * float(_dotted(unit, n_dots))))

    def _sound(self, sound: Element, at: Fraction) -> None:
        if (tempo_bpm := _number_of(sound.get("tempo", ""), 0.0)) > 0:
            self._bar.changes.append((at, "tempo", tempo_bpm))
        for program in sound.iterfind("midi-instrument/midi-program"):
            self._bar.changes.append((at, "program", _program_of(program.text)))

    def _barline(self, child: Element) -> None:
        bar, repeat, ending = self._bar, child.find("repeat"), child.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = [_integer_of(n) for n in ending.get("number", "1").replace(" ", ",").split(",")]
            self._endings = frozenset(n for n in numbers if 1 <= n <= MAX_PASSES)
            bar.endings, bar.starts_ending = self._endings, True
        if ending is not None and ending.get("type") in ("stop", "discontinue"):
            self._endings = frozenset()
        if repeat is not None and repeat.get("direction") == "forward":
            bar.starts_repeat = True
        if repeat is not None and repeat.get("direction") == "backward":
            times = int(_number_of(repeat.get("times", ""), 2.0))
            bar.n_repeats = max(1, min(times, MAX_PASSES) - 1)
        bar.marks |= _sign_marks(child, Fraction(0))

    def _duration(self, element: Element) -> Fraction:
        text = _text_of(element, "duration")
        length = _number_of(text, -1.0)
        if not 0 <= length <= _MAX_BEATS * self._divisions:
            raise self._error(f"has a {element.tag} with the invalid duration {text!r}")
        return self._beats(length)

    def _offset(self, element: Element) -> Fraction:
        longest = _MAX_BEATS * self._divisions
        offset = _number_of(_text_of(element, "offset"), 0.0)
        return self._beats(max(-longest, min(offset, longest)))

    def _beats(self, length: float) -> Fraction:
        """Return a number of divisions in quarter notes."""
        return (Fraction(length) / self._divisions).limit_denominator(_MAX_DENOMINATOR)

    def _error(self, what: str) -> ScoreError:
        return ScoreError(f"{self._name}, bar {self._bar.number} {what}. Export it again.")


def _dotted(length: Fraction, n_dots: int) -> Fraction:
    """Return the length of a note with dots."""
    return length * (2 - Fraction(1, 2**n_dots))


def _findings(first: Sequence[Bar], longest: Sequence[Bar]) -> list[str]:
    """Report bars of the first part that have the wrong length.

    The first, the last and those at repeats and endings of the longest part may be short.
    """
    findings = []
    for k, bar in enumerate(first):
        may_be_short = (
            k in (0, len(first) - 1)
            or bar.is_implicit
            or any(
                other.n_repeats or other.starts_repeat or other.endings
                for other in longest[max(0, k - 1) : k + 2]
            )
        )
        due = bar.due
        if due is not None and (bar.length > due or (bar.length < due and not may_be_short)):
            findings.append(f"bar {bar.number} lasts {float(bar.length):g} beats, expected {float(due):g}.")
    return findings


def _channels(parts: Sequence[Part]) -> tuple[list[int], list[str]]:
    """Return the channels of the parts, and a remark if some share one.

    They are those of the file if these are distinct, else consecutive ones. Drums have one channel. If there
    are too few channels, a part shares that of a part with the same program, else that of the first, second
    and so on.
    """
    numbers = [DRUM_CHANNEL if part.is_drums else part.channel for part in parts]
    if len(set(numbers)) == len(parts) and None not in numbers:
        return [number for number in numbers if number is not None], []
    channels: list[int] = []
    owners: dict[int, Part] = {}
    shared = []
    n_melodic = 0
    for part in parts:
        same = [channel for channel, owner in owners.items() if owner.program == part.program]
        if part.is_drums:
            channel = DRUM_CHANNEL
        elif n_melodic < len(MELODIC_CHANNELS):
            channel = MELODIC_CHANNELS[n_melodic]
        else:
            same = [channel for channel in same if channel != DRUM_CHANNEL]
            channel = same[0] if same else MELODIC_CHANNELS[n_melodic % len(MELODIC_CHANNELS)]
        n_melodic += not part.is_drums
        if channel in owners:
            shared.append(f"{part.name or 'one'} with {owners[channel].name or 'another'}")
        owners.setdefault(channel, part)
        channels.append(channel)
    if not shared:
        return channels, []
    n_shared = counted(len(shared), "part shares", "parts share")
    return channels, [f"{n_shared} a channel, as MIDI has 16: {', '.join(shared)}."]


def _listed_part(part: Element) -> Part:
    """Read an entry of the part list."""
    channel = _integer_of(_text_of(part, "midi-instrument/midi-channel"))
    program = _text_of(part, "midi-instrument/midi-program")
    drums = {
        instrument.get("id", ""): _program_of(instrument.findtext("midi-unpitched"))
        for instrument in part.iterfind("midi-instrument")
        if _integer_of(_text_of(instrument, "midi-unpitched")) > 0
    }
    return Part(
        name=_text_of(part, "part-name"),
        channel=channel - 1 if 1 <= channel <= 16 else None,
        program=_program_of(program) if program else None,
        drums=drums,
    )


def _program_of(text: str | None) -> int:
    """Parse a program or drum, which counts from 1; an invalid one gives the first."""
    return min(127, max(0, _integer_of(text, 1) - 1))


def _sound_marks(sounds: Sequence[Element]) -> set[NavigationMark]:
    """Return the marks in attributes of ``<sound>``."""
    return {
        mark
        for sound in sounds
        for name, mark in _SOUND_MARKS.items()
        if sound.get(name, "no") not in ("no", "")
    }


def _word_marks(direction: Element) -> set[NavigationMark]:
    """Return the marks that the words of a direction stand for."""
    texts = [words.text or "" for words in direction.iterfind("direction-type/words")]
    return {mark for mark in map(mark_of_words, texts) if mark is not None}


def _sign_marks(element: Element, at: Fraction) -> set[NavigationMark]:
    """Return the marks that the signs of a direction or bar line stand for; a late coda sign is *To Coda*."""
    marks: set[NavigationMark] = set()
    for sign in element.iter():
        if sign.tag == "segno":
            marks.add("segno")
        elif sign.tag == "coda":
            marks.add("to coda" if at > 0 else "coda")
    return marks


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


def _integer_of(text: str | None, default: int = 0) -> int:
    """Parse an integer of up to nine digits; return the default if it is invalid."""
    match = _INTEGER.fullmatch((text or "").strip())
    return int(match[0]) if match else default


def _number_of(text: str, default: float) -> float:
    """Parse a number; return the default if it is invalid or not finite."""
    try:
        value = float(text)
    except ValueError:
        return default
    return value if math.isfinite(value) else default
