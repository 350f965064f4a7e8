"""Writing MusicXML, plain and compressed, with beams and accidentals."""

from __future__ import annotations

import io
import math
import os
import re
import zipfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError
from woodshed.score import (
    DRUM_CHANNEL,
    ChordSymbol,
    Key,
    Metre,
    NavigationMark,
    Note,
    Program,
    Score,
    Tempo,
    WrittenBar,
)
from woodshed.symbolic.edit import quantise
from woodshed.symbolic.notation import (
    END_MARKS,
    START_MARKS,
    TYPES,
    BarSpan,
    Chord,
    NoteValue,
    as_fraction,
    bars_of,
    beat_of,
    drop_repeated,
    is_binary,
    key_at,
    signature_of,
    span_of,
    spelling,
    values_of,
    voices_of,
    with_rests,
)

Element = ElementTree.Element

MUSICXML_SUFFIXES = (".musicxml", ".xml", ".mxl")

CONTAINER = "META-INF/container.xml"
"""Member of a compressed file that names the score."""

DYNAMICS_PER_VELOCITY = 100 / 90
"""MusicXML states dynamics in per cent of forte, which corresponds to a velocity of 90."""

KINDS = {
    "": "major",
    "m": "minor",
    "7": "dominant",
    "m7": "minor-seventh",
    "maj7": "major-seventh",
    "dim": "diminished",
    "aug": "augmented",
    "6": "major-sixth",
    "m6": "minor-sixth",
    "9": "dominant-ninth",
    "sus4": "suspended-fourth",
    "sus2": "suspended-second",
}
"""Suffix of a chord symbol -> kind of chord in MusicXML."""

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
_MAX_DIVISIONS = 16383  # the maximum resolution of MIDI, and so of most programs
_ROUND_DIVISIONS = 1008
_SYMBOL = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-Ga-g])([#b]?))?")
_ALTERS = {"#": 1, "b": -1}

Head = tuple[ElementTree.Element, Fraction, bool]
"""Element of a note, onset, and whether it is tied to a note in an earlier bar."""

SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
"""Alteration in semitones -> accidental in MusicXML."""

_MARKS: dict[NavigationMark, tuple[str, str | None, str, str]] = {
    "segno": ("segno", None, "segno", "segno"),
    "coda": ("coda", None, "coda", "coda"),
    "to coda": ("words", "To Coda", "tocoda", "coda"),
    "fine": ("words", "Fine", "fine", "yes"),
    "da capo": ("words", "D.C.", "dacapo", "yes"),
    "dal segno": ("words", "D.S.", "dalsegno", "segno"),
}
"""Mark -> element and text of its direction, attribute of ``<sound>`` and its value."""

_BEFORE = ("voice", "type", "dot")  # siblings that precede an accidental

AnyChange = TypeVar("AnyChange", Key, Tempo, ChordSymbol, Program)
Timed = list[tuple[Fraction, AnyChange]]

Placed = tuple[ElementTree.Element, NoteValue, Fraction]
"""Element of a note or rest, its value, and its onset in the bar."""

_BEAM_TEXTS = {(True, True): "continue", (False, True): "begin", (True, False): "end"}
"""Whether a beam comes from the note before, whether it goes on to the note after -> its text."""


def write_musicxml(score: Score, path: str | os.PathLike[str]) -> None:
    """Write MusicXML 4.0, compressed if the suffix is ``.mxl``. Writing is atomic.

    Parameters
    ----------
    score
        Score, written as by `woodshed.symbolic.score_to_musicxml`.
    path
        File name with the suffix ``.musicxml``, ``.xml`` or ``.mxl``; an existing file is replaced. The same
        score gives the same bytes.

    Raises
    ------
    ParameterError
        If the suffix is not supported.
    OutputError
        If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in MUSICXML_SUFFIXES:
        raise ParameterError(
            f"Invalid suffix {suffix!r} for MusicXML. Expected {', '.join(MUSICXML_SUFFIXES)}."
        )
    text = score_to_musicxml(score)
    write_whole(path, _packed(text) if suffix == ".mxl" else text)


def score_to_musicxml(score: Score) -> str:
    """Convert a score to a partwise MusicXML 4.0 document, one part for each channel.

    Notes of a channel with the same start and end form a chord; other overlapping notes go to separate
    voices. Times are rounded to fractions of a quarter note with a denominator up to 1024, or, if these have
    no common unit of at most 16383, to 1008ths. Repeat signs, endings and jumps of `Score.written_bars` are
    written. Chord symbols that do not start with a letter from A to G are
    omitted.

    Examples
    --------
    >>> text = score_to_musicxml(Score([Note(0, 1, 60), Note(1, 5, 62)]))
    >>> text.count("<measure "), text.count("<note "), text.count('<tied type="start"')
    (2, 3, 1)
    """
    divisions = _divisions(score)
    if divisions == _ROUND_DIVISIONS:
        score = quantise(score, 1 / _ROUND_DIVISIONS)
    root = Element("score-partwise", version="4.0")
    if score.title:
        _add(_add(root, "work"), "work-title", _clean(score.title))
    _add(_add(_add(root, "identification"), "encoding"), "software", "woodshed")
    parts = _add(root, "part-list")
    channels = sorted({note.channel for note in score.notes})
    names = dict(score.part_names)
    for channel in channels:
        _describe_part(parts, score, channel, names.get(channel, ""))
    bars = bars_of(score)
    for channel in channels:
        writer = _PartWriter(score, channel, divisions, is_first=channel == channels[0])
        root.append(writer.element(bars))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{body}\n'


def _packed(text: str) -> bytes:
    """Compress a document, without timestamps, so that the same score gives the same bytes."""
    container = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles>'
        '<rootfile full-path="score.musicxml"/></rootfiles></container>\n'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((CONTAINER, container), ("score.musicxml", text)):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


class _PartWriter:
    """Writer of the notes of one channel, bar by bar."""

    def __init__(self, score: Score, channel: int, divisions: int, *, is_first: bool) -> None:
        self._channel, self._divisions, self._is_first = channel, divisions, is_first
        self._notes = [note for note in score.notes if note.channel == channel]
        self._keys = _timed(drop_repeated(score.keys))
        self._tempos = _timed(drop_repeated(score.tempos))
        self._chords = _timed(score.chords)
        self._programs = _timed([program for program in score.programs if program.channel == channel])

    def element(self, bars: Sequence[BarSpan]) -> Element:
        part = Element("part", id=f"P{self._channel + 1}")
        voices = [_by_bar(with_rests(voice, bars[-1].end), bars) for voice in voices_of(self._notes)]
        before: BarSpan | None = None
        for place, (bar, after) in enumerate(zip(bars, [*bars[1:], None], strict=True)):
            is_rest_of_bar = before is not None and before.number == bar.number
            measure = _add(part, "measure", number=f"X{bar.number}" if is_rest_of_bar else str(bar.number))
            if bar.end - bar.start < bar.due:
                measure.set("implicit", "yes")
            _open_bar(measure, bar.signs, before.signs if before else None)
            self._marks(measure, bar.signs, START_MARKS)
            self._changes(measure, bar, before)
            heads: list[Head] = []
            for number, voice in enumerate(voices, start=1):
                events = voice.get(place, [])
                if number > 1:
                    if not any(event.notes for event in events):
                        continue
                    self._move(measure, "backup", bar.end - bar.start)
                heads += self._voice(measure, bar, events, number)
            turns = [(at, key.n_sharps) for at, key in _within(self._keys, bar) if at > bar.start]
            add_accidentals(heads, key_at(self._keys, bar.start).n_sharps, turns)
            self._marks(measure, bar.signs, END_MARKS)
            _close_bar(measure, bar.signs, after.signs if after else None)
            before = bar
        return part

    def _marks(self, measure: Element, signs: WrittenBar, marks: Sequence[NavigationMark]) -> None:
        """Write the marks of a bar, in the first part."""
        for mark in marks:
            if mark in signs.marks and self._is_first:
                direction = _add(measure, "direction", placement="above")
                tag, text, attribute, value = _MARKS[mark]
                _add(_add(direction, "direction-type"), tag, text)
                ElementTree.SubElement(direction, "sound", {attribute: value})

    def _voice(self, measure: Element, bar: BarSpan, events: Iterable[Chord], number: int) -> list[Head]:
        """Write a voice of a bar; voices other than the first skip their rests.

        Return the notes that may need an accidental, without those tied to a note in the same bar.
        """
        signs: list[Placed] = []
        heads: list[Head] = []
        for event in events:
            start, end = max(event.start, bar.start), min(event.end, bar.end)
            if number > 1 and not event.notes:
                self._move(measure, "forward", end - start)
                continue
            at = start
            for value in values_of(start - bar.start, end - bar.start):
                stop = at + value.duration
                ties = (("stop", at > event.start), ("start", stop < event.end))
                ends = (("start", at - bar.start), ("stop", stop - bar.start))
                ties_here = [word for word, is_tied in ties if is_tied and event.notes]
                brackets = [word for word, place in ends if value.actual > 1 and is_binary(place)]
                for k, note in enumerate(event.notes or (None,)):
                    element = self._write_note(
                        measure, value, number, note, ties_here, () if k else brackets, in_chord=k > 0
                    )
                    if at == start:
                        heads.append((element, at, at > event.start))
                    if k == 0:
                        signs.append((element, value, at - bar.start))
                at = stop
        add_beams(signs, bar.metre)
        return heads

    def _move(self, measure: Element, way: str, length: Fraction) -> None:
        _add(measure, way, {"duration": self._count(length)})

    def _count(self, length: Fraction) -> str:
        return str(round(length * self._divisions))

    def _write_note(
        self,
        measure: Element,
        value: NoteValue,
        voice: int,
        note: Note | None,
        ties: Sequence[str],
        brackets: Sequence[str],
        *,
        in_chord: bool,
    ) -> Element:
        """Write a note, or a rest if it is None; the order of its child elements is prescribed.

        ``ties`` and ``brackets`` say which ends of ties and of tuplet brackets it has: ``start``, ``stop``.
        """
        element = _add(measure, "note")
        if in_chord:
            _add(element, "chord")
        if note is None:
            _add(element, "rest")
        else:
            element.set("dynamics", f"{note.velocity * DYNAMICS_PER_VELOCITY:.2f}")
            self._pitch(element, note)
        _add(element, "duration", self._count(value.duration))
        for word in ties:
            _add(element, "tie", type=word)
        if note is not None and self._channel == DRUM_CHANNEL:
            _add(element, "instrument", id=_instrument(self._channel, note.pitch_midi))
        _add(element, "voice", str(voice))
        if value.type:
            _add(element, "type", value.type)
        for _ in range(value.n_dots):
            _add(element, "dot")
        if value.actual > 1:
            ratio = {"actual-notes": str(value.actual), "normal-notes": str(value.normal)}
            _add(element, "time-modification", ratio)
        if ties or brackets:
            notations = _add(element, "notations")
            for word in ties:
                _add(notations, "tied", type=word)
            for word in brackets:
                _add(notations, "tuplet", type=word)
        return element

    def _pitch(self, element: Element, note: Note) -> None:
        if self._channel == DRUM_CHANNEL:
            _add(element, "unpitched", {"display-step": "C", "display-octave": "5"})
            return
        step, alter, octave = spelling(note.pitch_midi, key_at(self._keys, as_fraction(note.onset_beats)))
        alteration = {"alter": str(alter)} if alter else {}
        _add(element, "pitch", {"step": step, **alteration, "octave": str(octave)})

    def _changes(self, measure: Element, bar: BarSpan, before: BarSpan | None) -> None:
        """Write the changes in a bar: key, metre, tempo, chord symbols, programs."""
        attributes = Element("attributes")
        if before is None:
            _add(attributes, "divisions", str(self._divisions))
        for key in [key for at, key in _within(self._keys, bar) if at == bar.start][-1:]:
            _add(attributes, "key", _key_texts(key))
        if metre := bar.metre:
            old = before.metre if before else None
            if old is None or (old.numerator, old.denominator) != (metre.numerator, metre.denominator):
                texts = {"beats": str(metre.numerator), "beat-type": str(metre.denominator)}
                _add(attributes, "time", texts)
        if before is None:
            _add(attributes, "clef", self._clef())
        if len(attributes):
            measure.append(attributes)
        self._directions(measure, bar)
        now = bar.start
        for at, key in _within(self._keys, bar):
            if at > bar.start:  # move forward, and back below
                self._move(measure, "forward", at - now)
                _add(_add(measure, "attributes"), "key", _key_texts(key))
                now = at
        if now > bar.start:
            self._move(measure, "backup", now - bar.start)

    def _clef(self) -> dict[str, str]:
        if self._channel == DRUM_CHANNEL:
            return {"sign": "percussion"}
        is_low = sum(note.pitch_midi for note in self._notes) < 57 * len(self._notes)
        return {"sign": "F", "line": "4"} if is_low else {"sign": "G", "line": "2"}

    def _directions(self, measure: Element, bar: BarSpan) -> None:
        def offset(element: Element, at: Fraction) -> None:
            if later := at - bar.start:
                _add(element, "offset", self._count(later))

        if self._is_first:
            for at, tempo in _within(self._tempos, bar):
                tempo_bpm = f"{tempo.tempo_bpm:.9g}"
                direction = _add(measure, "direction", placement="above")
                mark = {"beat-unit": "quarter", "per-minute": tempo_bpm}
                _add(_add(direction, "direction-type"), "metronome", mark)
                offset(direction, at)
                _add(direction, "sound", tempo=tempo_bpm)
            for at, chord in _within(self._chords, bar):
                if match := _SYMBOL.fullmatch(chord.name):
                    offset(_write_harmony(measure, match), at)
        for at, program in _within(self._programs, bar):
            if program.onset_beats > 0:
                direction = _add(measure, "direction")
                _add(_add(direction, "direction-type"), "words")
                offset(direction, at)
                number = {"midi-program": str(program.program + 1)}
                _add(_add(direction, "sound"), "midi-instrument", number, id=_instrument(self._channel))


def _timed(changes: Iterable[AnyChange]) -> Timed[AnyChange]:
    """Return changes in order with their onsets in quarter notes."""
    return [(as_fraction(change.onset_beats), change) for change in changes]


def _within(timed: Timed[AnyChange], bar: BarSpan) -> Timed[AnyChange]:
    """Return the changes from the start of a bar to before its end, without a search through all of them."""
    first, stop = (bisect_left(timed, at, key=lambda change: change[0]) for at in (bar.start, bar.end))
    return timed[first:stop]


def _by_bar(voice: Iterable[Chord], bars: Sequence[BarSpan]) -> dict[int, list[Chord]]:
    """Return the index of each bar -> the events that sound in it, in one pass through both."""
    events: dict[int, list[Chord]] = defaultdict(list)
    place = 0
    for event in voice:
        while bars[place].end <= event.start:
            place += 1
        last = place
        while last < len(bars) and bars[last].start < event.end:
            events[last].append(event)
            last += 1
    return events


def _open_bar(measure: Element, signs: WrittenBar, before: WrittenBar | None) -> None:
    """Write the start of a repeat and of an ending."""
    starts_ending = signs.endings and (
        before is None or before.endings != signs.endings or before.n_repeats > 0
    )
    if not (signs.starts_repeat or starts_ending):
        return
    line = _add(measure, "barline", location="left")
    if signs.starts_repeat:
        _add(line, "bar-style", "heavy-light")
    if starts_ending:
        _add(line, "ending", number=",".join(map(str, signs.endings)), type="start")
    if signs.starts_repeat:
        _add(line, "repeat", direction="forward")


def _close_bar(measure: Element, signs: WrittenBar, after: WrittenBar | None) -> None:
    """Write the end of a repeat and of an ending, and the last bar line."""
    ends_ending = signs.endings and (after is None or after.endings != signs.endings or signs.n_repeats > 0)
    if not (signs.n_repeats or ends_ending or after is None):
        return
    line = _add(measure, "barline", location="right")
    if signs.n_repeats or after is None:
        _add(line, "bar-style", "light-heavy")
    if ends_ending:
        kind = "stop" if signs.n_repeats else "discontinue"
        _add(line, "ending", number=",".join(map(str, signs.endings)), type=kind)
    if signs.n_repeats:
        times = {"times": str(signs.n_repeats + 1)} if signs.n_repeats > 1 else {}
        _add(line, "repeat", direction="backward", **times)


def _describe_part(parts: Element, score: Score, channel: int, name: str) -> None:
    """Add a part to the part list, with its name, instruments, channel and program."""
    part = _add(parts, "score-part", id=f"P{channel + 1}")
    _add(part, "part-name", _clean(name))
    drums: Sequence[int | None] = [None]
    if channel == DRUM_CHANNEL:
        drums = sorted({note.pitch_midi for note in score.notes if note.channel == channel})
    for drum in drums:
        one = _instrument(channel, drum)
        _add(part, "score-instrument", {"instrument-name": _clean(name) or one}, id=one)
    programs = [p.program for p in score.programs if p.channel == channel and p.onset_beats == 0]
    for drum in drums:
        about = {"midi-channel": str(channel + 1)}
        if programs:
            about["midi-program"] = str(programs[-1] + 1)
        if drum is not None:
            about["midi-unpitched"] = str(drum + 1)
        _add(part, "midi-instrument", about, id=_instrument(channel, drum))


def _key_texts(key: Key) -> dict[str, str]:
    return {"fifths": str(key.n_sharps), "mode": key.mode}


def _write_harmony(measure: Element, match: re.Match[str]) -> Element:
    """Write a chord symbol that matches `_SYMBOL`."""

    def step_texts(word: str, step: str, sign: str) -> dict[str, str]:
        alteration = {f"{word}-alter": str(_ALTERS[sign])} if sign else {}
        return {f"{word}-step": step.upper(), **alteration}

    letter, sign, rest, bass, bass_sign = match.groups()
    harmony = _add(measure, "harmony")
    _add(harmony, "root", step_texts("root", letter, sign))
    _add(harmony, "kind", KINDS.get(rest, "other"), text=_clean(rest))
    if bass:
        _add(harmony, "bass", step_texts("bass", bass, bass_sign))
    return harmony


def _divisions(score: Score) -> int:
    """Return the number of divisions of a quarter note in which all times are integers."""
    places = [score.pickup_beats, *(metre.bar_beats for metre in score.metres)]
    for changes in (score.tempos, score.metres, score.keys, score.programs, score.chords):
        places += [change.onset_beats for change in changes]
    times = {as_fraction(place) for place in places}.union(*map(span_of, score.notes))
    divisions = math.lcm(*(time.denominator for time in times))
    return divisions if divisions <= _MAX_DIVISIONS else _ROUND_DIVISIONS


def _instrument(channel: int, drum: int | None = None) -> str:
    return f"P{channel + 1}-I{1 if drum is None else drum + 1}"


def _add(
    parent: Element, tag: str, content: str | Mapping[str, str] | None = None, /, **attributes: str
) -> Element:
    """Append an element with a text, or with child elements of which the texts are given."""
    element = ElementTree.SubElement(parent, tag, attributes)
    if isinstance(content, Mapping):
        for child, text in content.items():
            _add(element, child, text)
    else:
        element.text = content
    return element


def _clean(text: str) -> str:
    """Turn line breaks and other white space into spaces, and remove characters that are invalid in XML."""
    return "".join(letter for letter in re.sub(r"\s", " ", text) if letter.isprintable())


def add_accidentals(heads: Sequence[Head], n_sharps: int, changes: Sequence[tuple[Fraction, int]]) -> None:
    """Add accidentals to the notes of one bar of a part, in all voices.

    A note gets an accidental if it differs from the signature, or from the previous alteration of its step
    and octave in the bar. A note tied from the previous bar gets none, but the next note on its step does.

    Parameters
    ----------
    heads
        Notes in any order. Notes without a pitch, such as drums, are ignored.
    n_sharps
        Key signature at the start of the bar; flats are negative.
    changes
        Onset and signature of key changes within the bar, which cancel earlier accidentals.

    Examples
    --------
    >>> notes = [ElementTree.Element("note") for _ in range(4)]
    >>> for note, alter in zip(notes, (1, 1, 0, 0)):
    ...     pitch = ElementTree.SubElement(note, "pitch")
    ...     for word, text in (("step", "G"), ("alter", str(alter)), ("octave", "4")):
    ...         ElementTree.SubElement(pitch, word).text = text
    >>> add_accidentals([(note, Fraction(k), False) for k, note in enumerate(notes)], 0, ())
    >>> [note.findtext("accidental") for note in notes]
    ['sharp', None, 'natural', None]
    """
    turns = list(changes)
    signature = signature_of(n_sharps)
    current: dict[tuple[str, str], int | None] = {}
    for element, at, is_tied in sorted(heads, key=lambda head: head[1]):
        while turns and turns[0][0] <= at:
            signature, current = signature_of(turns.pop(0)[1]), {}
        pitch = element.find("pitch")
        if pitch is None:
            continue
        step, octave = pitch.findtext("step", ""), pitch.findtext("octave", "")
        alter, default = int(pitch.findtext("alter", "0")), signature.get(step, 0)
        if is_tied:
            if alter != default:
                current[step, octave] = None  # conventions differ on whether the accidental still holds
            continue
        if current.get((step, octave), default) != alter:
            sign = ElementTree.Element("accidental")
            sign.text = SIGNS[alter]
            places = [k for k, child in enumerate(element) if child.tag in _BEFORE]
            element.insert(places[-1] + 1 if places else len(element), sign)
        current[step, octave] = alter


def add_beams(signs: Sequence[Placed], metre: Metre | None) -> None:
    """Add beams to the notes of one voice of a bar; a chord is given by its first note.

    Consecutive notes shorter than a quarter note share beams within a beat: three eighths in compound metres
    such as 6/8, a quarter note in others. Rests end a beam.

    Examples
    --------
    >>> notes = [ElementTree.Element("note") for _ in range(3)]
    >>> half = NoteValue(Fraction(1, 2), "eighth")
    >>> add_beams([(note, half, k * half.duration) for k, note in enumerate(notes)], None)
    >>> [[beam.text for beam in note.iter("beam")] for note in notes]
    [['begin'], ['end'], []]
    """
    beat = beat_of(metre)

    def place(sign: Placed) -> tuple[int, bool]:
        element, value, start = sign
        return start // beat, n_beams(value) > 0 and element.find("rest") is None

    for (_, is_short), group in groupby(signs, key=place):
        if is_short:
            _join(list(group))


def n_beams(value: NoteValue) -> int:
    """Return the number of beams or flags of a value: one for an eighth, two for a 16th.

    Examples
    --------
    >>> n_beams(NoteValue(Fraction(1, 4), "16th")), n_beams(NoteValue(Fraction(1), "quarter"))
    (2, 0)
    """
    return max(0, list(TYPES).index(value.type) - 3) if value.type else 0


def _join(group: Sequence[Placed]) -> None:
    """Add beams to the notes of a beat; a single note has a flag instead."""
    if len(group) < 2:
        return
    counts = [0, *(n_beams(value) for _, value, _ in group), 0]
    for (element, _, _), before, count, after in zip(group, counts, counts[1:], counts[2:], strict=False):
        hook = "backward hook" if before else "forward hook"
        for level in range(1, count + 1):
            beam = ElementTree.Element("beam", number=str(level))
            beam.text = _BEAM_TEXTS.get((level <= before, level <= after), hook)
            notations = element.find("notations")
            element.insert(len(element) if notations is None else list(element).index(notations), beam)
