"""Reading MusicXML, plain and compressed."""

from __future__ import annotations

import io
import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NoReturn, get_args
from xml.etree import ElementTree
from xml.parsers import expat

from woodshed.errors import ScoreError, ScoreFileError
from woodshed.score import DRUM_CHANNEL, Metre, Mode, Note, Program, Score
from woodshed.symbolic.bar import (
    MAX_PASSES,
    MELODIC_CHANNELS,
    Bar,
    BarNote,
    Change,
    build_score,
    changes_of,
    join_ties,
    place_bars,
    played_order,
    read_bytes,
)
from woodshed.symbolic.musicxml.write import CONTAINER, DYNAMICS_PER_VELOCITY, KINDS
from woodshed.symbolic.notation import NATURALS, TYPES

Element = ElementTree.Element

_DEFAULT_VELOCITY = 80
_SUFFIXES = {kind: suffix for suffix, kind in KINDS.items()} | {"none": "", "minor-major": "mM7"}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


_MAX_BYTES = 64 << 20


def read_musicxml(path: str | os.PathLike[str], *, repeats: bool = True) -> Score:
    r"""Read a partwise MusicXML file, or a compressed one (``.mxl``).

    Supported are notes, chords, ties, rests, several voices and staves, tuplets, transposing instruments,
    drums, key, metre, tempo, chord symbols, programs, dynamics, repeats and endings. Grace and cue notes,
    ``D.C.``, ornaments and words are ignored. External resources are never fetched.

    Parameters
    ----------
    path
        The file.
    repeats
        Whether to play repeats and endings, as in `woodshed.symbolic.read_abc`. If False, every bar is read
        once.

    Returns
    -------
    Score
        One channel for each part. Bars of the wrong length are listed in `Score.findings`.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened, is not XML, declares entities, is not partwise MusicXML, has no notes,
        or has an invalid bar; the message names part and bar.

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
    content = data.encode("utf-8") if isinstance(data, str) else data
    if content[:4] == b"PK\x03\x04":
        content = _unpacked(content, source)
    root = _tree(content, source)
    if root.tag == "score-timewise":
        raise ScoreFileError(source, "it is timewise MusicXML. Export it as partwise MusicXML.")
    if root.tag != "score-partwise":
        raise ScoreFileError(
            source, f"its root is <{root.tag}>, not <score-partwise>. Export it as MusicXML."
        )
    if root.find("part/measure/note/pitch") is None and root.find("part/measure/note/unpitched") is None:
        raise ScoreFileError(source, "it has no notes. Export it again, or leave it out.")
    try:
        return _score_of(root, source, repeats)
    except ScoreError as error:
        raise ScoreFileError(source, str(error).removeprefix(f"{source} ")) from error


def _tree(data: bytes, source: str) -> ElementTree.Element:
    """Parse XML; entity declarations are refused, as they can expand to unlimited size."""
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(*_: Any) -> NoReturn:
        raise ScoreFileError(source, "it declares XML entities, which are not supported. Export it again.")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, ScoreFileError):
            raise
        raise ScoreFileError(source, f"it is not valid XML ({error}). Export it again.") from error
    return builder.close()


def _unpacked(data: bytes, source: str) -> bytes:
    """Return the score of a compressed file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            root = _tree(_member(archive, CONTAINER, source), source)
            names = [item.get("full-path", "") for item in root.iter() if item.tag.endswith("rootfile")]
            return _member(archive, names[0], source)
    except (zipfile.BadZipFile, zlib.error, KeyError, IndexError, RuntimeError, NotImplementedError) as error:
        raise ScoreFileError(
            source, "the archive is damaged, or not compressed MusicXML. Export it again."
        ) from error


def _member(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ScoreFileError(source, f"it unpacks to more than {_MAX_BYTES >> 20} MiB. Split it.")
    return content


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
    listed = {entry.get("id", ""): _listed_part(entry) for entry in root.iterfind("part-list/score-part")}
    parts = []
    for element in root.iterfind("part"):
        part = listed.get(element.get("id", ""), Part())
        _Reader(part, f"part {part.name or element.get('id', '?')}").read(element)
        if part.bars:
            parts.append(part)
    if len(parts) > len(MELODIC_CHANNELS) + 1:
        raise ScoreError(
            f"it has {len(parts)} parts; at most {len(MELODIC_CHANNELS) + 1} are supported. Remove some."
        )
    bars = _align(parts)
    order = played_order(bars) if repeats else range(len(bars))
    notes: list[Note] = []
    changes: list[Change] = []
    programs, names = [], []
    for channel, part in zip(_channels(parts), parts, strict=True):
        placed = place_bars([part.bars[k] for k in order])
        notes += join_ties(placed, channel)
        part_changes = changes_of(placed)
        changes += part_changes
        if part.program is not None:
            programs.append(Program(0, channel, part.program))
        programs += [
            Program(float(at), channel, value) for at, kind, value in part_changes if kind == "program"
        ]
        if part.name:
            names.append((channel, part.name))
    return build_score(
        notes,
        changes,
        parts[0].bars[0],
        programs=programs,
        part_names=names,
        title=_text_of(root, "work/work-title") or _text_of(root, "movement-title"),
        source=source,
        findings=_findings(parts[0].bars, bars),
    )


def _align(parts: Sequence[Part]) -> list[Bar]:
    """Give all parts the same number of bars, of equal lengths; return the bars of the longest part.

    A bar is as long as in its longest part, or as its metre if all parts are empty.
    """
    longest = max((part.bars for part in parts), key=len)
    for part in parts:
        part.bars += [Bar("?") for _ in range(len(part.bars), len(longest))]
    for bars in zip(*(part.bars for part in parts), strict=True):
        dues = [bar.due for bar in bars if bar.due is not None]
        length = max(bar.length for bar in bars) or (dues[0] if dues else Fraction(4))
        for bar in bars:
            bar.length = length
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
            self._bar.changes.append((at, "tempo", per_minute * float(unit * (2 - Fraction(1, 2**n_dots)))))

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


def _channels(parts: Sequence[Part]) -> list[int]:
    """Return the channels of the parts: those of the file if they are distinct, else consecutive ones."""
    channels = [part.channel for part in parts if part.channel is not None]
    if len(set(channels)) == len(parts):
        return channels
    drums = [k for k, part in enumerate(parts) if part.is_drums][:1]
    n_melodic = len(parts) - len(drums)
    if n_melodic > len(MELODIC_CHANNELS):
        raise ScoreError(f"it has more than {len(MELODIC_CHANNELS)} parts other than drums. Remove some.")
    channels = list(MELODIC_CHANNELS[:n_melodic])
    for k in drums:
        channels.insert(k, DRUM_CHANNEL)
    return channels


def _listed_part(part: Element) -> Part:
    """Read an entry of the part list."""
    channel = _text_of(part, "midi-instrument/midi-channel")
    program = _text_of(part, "midi-instrument/midi-program")
    drums = {
        instrument.get("id", ""): _program_of(instrument.findtext("midi-unpitched"))
        for instrument in part.iterfind("midi-instrument")
        if _text_of(instrument, "midi-unpitched").isdigit()
    }
    return Part(
        name=_text_of(part, "part-name"),
        channel=int(channel) - 1 if channel.isdigit() and 1 <= int(channel) <= 16 else None,
        program=_program_of(program) if program else None,
        drums=drums,
    )


def _program_of(text: str | None) -> int:
    """Parse a program or drum, which counts from 1; an invalid one gives the first."""
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
