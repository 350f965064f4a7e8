"""Conversion of scores to MusicXML, with beams and accidentals."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from xml.etree import ElementTree

from woodshed.score import DRUM_CHANNEL, Key, Metre, Note, Score
from woodshed.symbolic.notation import (
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
    spelling,
    values_of,
    voices_of,
)

Element = ElementTree.Element

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
_ALTERS = {"": 0, "#": 1, "b": -1}


def score_to_musicxml(score: Score) -> str:
    """Convert a score to a partwise MusicXML 4.0 document, one part for each channel.

    Notes of a channel with the same start and end form a chord; other overlapping notes go to separate
    voices. Times are rounded to fractions of a quarter note with a denominator up to 1024, or, if these have
    no common unit of at most 16383, to 1008ths. Chord symbols that do not start with a letter from A to G are
    omitted.

    Examples
    --------
    >>> text = score_to_musicxml(Score([Note(0, 1, 60), Note(1, 5, 62)]))
    >>> text.count("<measure "), text.count("<note "), text.count('<tied type="start"')
    (2, 3, 1)
    """
    divisions = _divisions(score)
    if divisions == _ROUND_DIVISIONS:
        score = _rounded(score)
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


class _PartWriter:
    """Writer of the notes of one channel, bar by bar."""

    def __init__(self, score: Score, channel: int, divisions: int, *, is_first: bool) -> None:
        self._score, self._channel, self._divisions, self._is_first = score, channel, divisions, is_first
        self._notes = [note for note in score.notes if note.channel == channel]
        self._voices = voices_of(self._notes)
        self._keys = [(as_fraction(key.onset_beats), key) for key in drop_repeated(score.keys)]

    def element(self, bars: Sequence[BarSpan]) -> Element:
        part = Element("part", id=f"P{self._channel + 1}")
        for k, bar in enumerate(bars):
            about = {"number": str(bar.number)} | (
                {"implicit": "yes"} if bar.end - bar.start < bar.due else {}
            )
            measure = _add(part, "measure", **about)
            self._changes(measure, bar, bars[k - 1] if k else None)
            heads: list[Head] = []
            for number, voice in enumerate(self._voices, start=1):
                events = [event for event in voice if event.start < bar.end and event.end > bar.start]
                if number > 1 and not events:
                    continue
                if number > 1:
                    self._move(measure, "backup", bar.end - bar.start)
                heads += self._voice(measure, bar, events, number)
            turns = [(at, key.n_sharps) for at, key in self._keys if bar.start < at < bar.end]
            add_accidentals(heads, key_at(self._keys, bar.start).n_sharps, turns)
            if k + 1 == len(bars):
                _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")
        return part

    def _voice(self, measure: Element, bar: BarSpan, events: Iterable[Chord], number: int) -> list[Head]:
        """Write a voice of a bar; voices other than the first skip their rests.

        Return the notes that may need an accidental, without those tied to a note in the same bar.
        """
        now = bar.start
        signs: list[Placed] = []
        heads: list[Head] = []
        for event in events:
            start, end = max(event.start, bar.start), min(event.end, bar.end)
            signs += self._rests(measure, bar, now, start, number)
            values = values_of(start - bar.start, end - bar.start)
            at = start
            for value in values:
                stop = at + value.duration
                for k, note in enumerate(event.notes):
                    ties = (at > event.start, stop < event.end)
                    element = self._write_note(measure, value, number, note=note, ties=ties, in_chord=k > 0)
                    if at == start:
                        heads.append((element, at, ties[0]))
                    if k == 0:
                        _bracket(element, value, at - bar.start, stop - bar.start)
                        signs.append((element, value, at - bar.start))
                at = stop
            now = end
        self._rests(measure, bar, now, bar.end, number)
        add_beams(signs, bar.metre)
        return heads

    def _rests(
        self, measure: Element, bar: BarSpan, start: Fraction, end: Fraction, number: int
    ) -> list[Placed]:
        """Write rests, or skip them in voices other than the first; return the rests."""
        if end <= start:
            return []
        if number > 1:
            self._move(measure, "forward", end - start)
            return []
        rests: list[Placed] = []
        at = start - bar.start
        for value in values_of(at, end - bar.start):
            element = self._write_note(measure, value, number)
            _bracket(element, value, at, at + value.duration)
            rests.append((element, value, at))
            at += value.duration
        return rests

    def _move(self, measure: Element, way: str, length: Fraction) -> None:
        _add(_add(measure, way), "duration", self._count(length))

    def _count(self, length: Fraction) -> str:
        return str(round(length * self._divisions))

    def _write_note(
        self,
        measure: Element,
        value: NoteValue,
        voice: int,
        *,
        note: Note | None = None,
        ties: tuple[bool, bool] = (False, False),
        in_chord: bool = False,
    ) -> Element:
        """Write a note or rest; the order of its child elements is prescribed."""
        element = _add(measure, "note")
        if note is not None:
            element.set("dynamics", f"{note.velocity * DYNAMICS_PER_VELOCITY:.2f}")
        if in_chord:
            _add(element, "chord")
        if note is None:
            _add(element, "rest")
        else:
            self._pitch(element, note)
        _add(element, "duration", self._count(value.duration))
        tie_words = [word for word, is_tied in zip(("stop", "start"), ties, strict=True) if is_tied]
        for word in tie_words:
            _add(element, "tie", type=word)
        if note is not None and self._channel == DRUM_CHANNEL:
            _add(element, "instrument", id=_instrument(self._channel, note.pitch_midi))
        _add(element, "voice", str(voice))
        if value.type:
            _add(element, "type", value.type)
        for _ in range(value.n_dots):
            _add(element, "dot")
        if value.actual > 1:
            times = _add(element, "time-modification")
            _add(times, "actual-notes", str(value.actual))
            _add(times, "normal-notes", str(value.normal))
        if tie_words:
            notations = _add(element, "notations")
            for word in tie_words:
                _add(notations, "tied", type=word)
        return element

    def _pitch(self, element: Element, note: Note) -> None:
        if self._channel == DRUM_CHANNEL:
            place = _add(element, "unpitched")
            _add(place, "display-step", "C")
            _add(place, "display-octave", "5")
            return
        step, alter, octave = spelling(note.pitch_midi, key_at(self._keys, as_fraction(note.onset_beats)))
        pitch = _add(element, "pitch")
        _add(pitch, "step", step)
        if alter:
            _add(pitch, "alter", str(alter))
        _add(pitch, "octave", str(octave))

    def _changes(self, measure: Element, bar: BarSpan, before: BarSpan | None) -> None:
        """Write the changes in a bar: key, metre, tempo, chord symbols, programs."""
        at_start = [key for at, key in self._keys if at == bar.start]
        attributes = Element("attributes")
        if before is None:
            _add(attributes, "divisions", str(self._divisions))
        if at_start:
            _write_key(attributes, at_start[-1])
        if bar.metre and (
            before is None or before.metre is None or drop_repeated([before.metre, bar.metre])[1:]
        ):
            time = _add(attributes, "time")
            _add(time, "beats", str(bar.metre.numerator))
            _add(time, "beat-type", str(bar.metre.denominator))
        if before is None:
            _write_clef(attributes, self._notes, self._channel)
        if len(attributes):
            measure.append(attributes)
        self._directions(measure, bar)
        now = bar.start
        for at, key in self._keys:
            if bar.start < at < bar.end:  # move forward, and back below
                self._move(measure, "forward", at - now)
                _write_key(_add(measure, "attributes"), key)
                now = at
        if now > bar.start:
            self._move(measure, "backup", now - bar.start)

    def _directions(self, measure: Element, bar: BarSpan) -> None:
        def within(onset_beats: float) -> bool:
            return bar.start <= as_fraction(onset_beats) < bar.end

        def offset(element: Element, onset_beats: float) -> None:
            if later := as_fraction(onset_beats) - bar.start:
                _add(element, "offset", self._count(later))

        if self._is_first:
            for tempo in (tempo for tempo in drop_repeated(self._score.tempos) if within(tempo.onset_beats)):
                direction = _add(measure, "direction", placement="above")
                mark = _add(_add(direction, "direction-type"), "metronome")
                _add(mark, "beat-unit", "quarter")
                _add(mark, "per-minute", f"{tempo.tempo_bpm:.9g}")
                offset(direction, tempo.onset_beats)
                _add(direction, "sound", tempo=f"{tempo.tempo_bpm:.9g}")
            for chord in (chord for chord in self._score.chords if within(chord.onset_beats)):
                if (harmony := _harmony(chord.name)) is not None:
                    offset(harmony, chord.onset_beats)
                    measure.append(harmony)
        for program in self._score.programs:
            if program.channel == self._channel and program.onset_beats > 0 and within(program.onset_beats):
                direction = _add(measure, "direction")
                _add(_add(direction, "direction-type"), "words")
                offset(direction, program.onset_beats)
                about = _add(_add(direction, "sound"), "midi-instrument", id=_instrument(self._channel))
                _add(about, "midi-program", str(program.program + 1))


def _describe_part(parts: Element, score: Score, channel: int, name: str) -> None:
    """Add a part to the part list, with its name, instruments, channel and program."""
    part = _add(parts, "score-part", id=f"P{channel + 1}")
    _add(part, "part-name", _clean(name))
    is_drums = channel == DRUM_CHANNEL
    drums = sorted({note.pitch_midi for note in score.notes if note.channel == channel}) if is_drums else []
    ids = [_instrument(channel, drum) for drum in drums] or [_instrument(channel)]
    for one in ids:
        _add(_add(part, "score-instrument", id=one), "instrument-name", _clean(name) or one)
    programs = [p.program for p in score.programs if p.channel == channel and p.onset_beats == 0]
    for k, one in enumerate(ids):
        about = _add(part, "midi-instrument", id=one)
        _add(about, "midi-channel", str(channel + 1))
        if programs:
            _add(about, "midi-program", str(programs[-1] + 1))
        if drums:
            _add(about, "midi-unpitched", str(drums[k] + 1))


def _write_key(attributes: Element, key: Key) -> None:
    element = _add(attributes, "key")
    _add(element, "fifths", str(key.n_sharps))
    _add(element, "mode", key.mode)


def _write_clef(attributes: Element, notes: Sequence[Note], channel: int) -> None:
    clef = _add(attributes, "clef")
    if channel == DRUM_CHANNEL:
        _add(clef, "sign", "percussion")
        return
    is_low = sum(note.pitch_midi for note in notes) < 57 * len(notes)
    _add(clef, "sign", "F" if is_low else "G")
    _add(clef, "line", "4" if is_low else "2")


def _harmony(name: str) -> Element | None:
    """Return a chord symbol as an element; None if it is invalid."""
    match = _SYMBOL.fullmatch(name)
    if match is None:
        return None
    letter, sign, rest, bass, bass_sign = match.groups()
    harmony = Element("harmony")
    for word, step, alter in (("root", letter, sign), ("bass", bass, bass_sign)):
        if word == "bass":
            _add(harmony, "kind", KINDS.get(rest, "other"), text=_clean(rest))
        if step:
            place = _add(harmony, word)
            _add(place, f"{word}-step", step.upper())
            if alter:
                _add(place, f"{word}-alter", str(_ALTERS[alter]))
    return harmony


def _bracket(element: Element, value: NoteValue, start: Fraction, end: Fraction) -> None:
    """Start or end a tuplet bracket at positions outside the tuplet grid."""
    words = [
        word for word, place in (("start", start), ("stop", end)) if value.actual > 1 and is_binary(place)
    ]
    if not words:
        return
    notations = element.find("notations")
    notations = _add(element, "notations") if notations is None else notations
    for word in words:
        _add(notations, "tuplet", type=word)


def _divisions(score: Score) -> int:
    """Return the number of divisions of a quarter note in which all times are integers."""
    places = [note.onset_beats for note in score.notes] + [note.end_beats for note in score.notes]
    for changes in (score.tempos, score.metres, score.keys, score.programs, score.chords):
        places += [change.onset_beats for change in changes]
    places += [score.pickup_beats, *(metre.bar_beats for metre in score.metres)]
    divisions = math.lcm(*{as_fraction(place).denominator for place in places})
    return divisions if divisions <= _MAX_DIVISIONS else _ROUND_DIVISIONS


def _rounded(score: Score) -> Score:
    """Round notes to multiples of a division, each at least one division long."""

    def nearest(beats: float) -> int:
        return round(beats * _ROUND_DIVISIONS)

    notes = []
    for note in score.notes:
        start = nearest(note.onset_beats)
        length = max(1, nearest(note.end_beats) - start)
        notes.append(
            replace(note, onset_beats=start / _ROUND_DIVISIONS, duration_beats=length / _ROUND_DIVISIONS)
        )
    return replace(score, notes=notes)


def _instrument(channel: int, drum: int | None = None) -> str:
    return f"P{channel + 1}-I{1 if drum is None else drum + 1}"


def _add(parent: Element, tag: str, text: str | None = None, /, **attributes: str) -> Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _clean(text: str) -> str:
    """Remove control characters, which are invalid in XML."""
    return "".join(letter for letter in text if letter >= " " and letter.isprintable())


Head = tuple[ElementTree.Element, Fraction, bool]
"""Element of a note, onset, and whether it is tied to a note in an earlier bar."""

SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
"""Alteration in semitones -> accidental in MusicXML."""

_BEFORE = ("voice", "type", "dot")  # siblings that precede an accidental


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


Placed = tuple[ElementTree.Element, NoteValue, Fraction]
"""Element of a note or rest, its value, and its onset in the bar."""


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
    counts = [n_beams(value) for _, value, _ in group]
    if len(group) < 2:
        return
    for k, (element, _, _) in enumerate(group):
        before = counts[k - 1] if k else 0
        after = counts[k + 1] if k + 1 < len(group) else 0
        for level in range(1, counts[k] + 1):
            beam = ElementTree.Element("beam", number=str(level))
            if level <= before and level <= after:
                beam.text = "continue"
            elif level <= after:
                beam.text = "begin"
            elif level <= before:
                beam.text = "end"
            else:
                beam.text = "backward hook" if before else "forward hook"
            notations = element.find("notations")
            element.insert(len(element) if notations is None else list(element).index(notations), beam)
