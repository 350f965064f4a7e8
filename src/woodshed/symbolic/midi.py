"""Reading and writing Standard MIDI Files.

Chunks and events are parsed by own code, because damaged files are common and have to be read or refused
with a reason. Measured on 260 files and on 2000 files with random damage, 47 of them still readable here:

- mido 1.3.3 takes five times as long, reads 3 of the 47, raises ``IndexError`` or ``KeySignatureError`` for a
  whole file with one damaged key or tempo, refuses unknown chunks, and reads format 2, SMPTE time and a
  division of 0 as if they were beats.
- symusic 0.6 is 30 times as fast, but reads 9 of the 47, and drops notes that never end, notes of no length
  and damaged events without reporting them, so `Score.findings` could not name them.
"""

from __future__ import annotations

import os
import struct
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from woodshed.atomic import write_whole
from woodshed.errors import ScoreError, ScoreFileError, counted
from woodshed.score import Key, Metre, Note, Program, Score, Tempo
from woodshed.symbolic.bar import check_length, read_bytes
from woodshed.symbolic.edit import check_integer
from woodshed.symbolic.jitter import close_gaps

_NAME, _TEMPO, _METRE, _KEY = 0x03, 0x51, 0x58, 0x59
_LYRICS = 0x05
_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM = 0x8, 0x9, 0xB, 0xC
_MAX_TICK = (1 << 28) - 1
_MAX_HOURS = 24
_MAX_NUMERATOR, _MAX_DENOMINATOR = 255, 128
_MICROSECONDS = 60_000_000

META = 0xFF
"""Status byte of a meta event, which is followed by a type and a content."""

_END_OF_TRACK = 0x2F
_SYSTEM_EXCLUSIVE = (0xF0, 0xF7)
_LEFT_OUT_META = {0x01: "text", 0x02: "copyright", _LYRICS: "lyrics", 0x06: "marker", 0x07: "cue point"}
_LEFT_OUT = {0xA: "aftertouch", 0xD: "aftertouch", 0xE: "pitch bend", 0xF: "system exclusive"}
_CONTROLLERS = {1: "modulation", 7: "volume", 10: "pan", 11: "expression", 64: "sustain pedal"}
_CHANNEL_MODES = 120  # controllers from here on silence a synthesiser or configure it
_FRAMES_PER_S = {24: 24.0, 25: 25.0, 29: 30 / 1.001, 30: 30.0}
"""SMPTE time code -> frames per second; 29 is 29.97, drop frame."""

_DEFAULT_BPM = 120.0
_DEFAULT_METRE = (4, 4)
_N_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_MAX_VARIABLE_BYTES = 4


def read_midi(path: str | os.PathLike[str], *, gaps: bool = False) -> Score:
    """Read a Standard MIDI File of format 0 or 1, also within RIFF.

    Notes, tempos, metres, keys, programs and names are read; everything else, such as controllers, pitch bend
    and lyrics, is counted in `Score.left_out`. If notes of the same pitch and channel overlap, the one
    that started first ends first. Notes that never end are closed at the end of the file, and notes of zero
    length get one tick; both are counted in `Score.findings`. A first bar with a metre of its own that is
    part of the following metre, such as 1/4 before 3/4, is read as a pickup. Before the first metre of the
    file, the default of the format holds, 4/4; before its first tempo, and in a file with SMPTE time, that of
    format and `Score`, 120 quarter notes per minute.

    Parameters
    ----------
    path
        MIDI file.
    gaps
        Whether to keep gaps and overlaps below a 64th note in written music. By default they are closed, by
        the rule in `woodshed.symbolic.jitter.close_gaps`, which does not change performances; to quantise
        more, use `woodshed.symbolic.quantise`.

    Returns
    -------
    Score
        The name of the first track is the title; those of other tracks are part names.

    Raises
    ------
    ScoreFileError
        If the file cannot be read, is not MIDI, is truncated or damaged, has no notes, is of format 2, or
        lasts more than a day or 200,000 bars.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scale.mid"
    ...     write_midi(Score([Note(k, 1, 60 + k) for k in range(3)]), path)
    ...     read_midi(path).notes[2]
    Note(onset_beats=2.0, duration_beats=1.0, pitch_midi=62, velocity=80, channel=0)
    """
    return midi_to_score(read_bytes(path), source=os.fspath(path), gaps=gaps)


def midi_to_score(data: bytes, *, source: str = "bytes", gaps: bool = False) -> Score:
    """Read the bytes of a Standard MIDI File, as `read_midi` does."""
    file = decode(data, source)
    builder = _ScoreBuilder(file, keeps_gaps=gaps)
    last_tick = max((track[-1].tick for track in file.tracks if track), default=0)
    for number, track in enumerate(file.tracks):
        builder.add(track, number, last_tick)
    try:
        score = builder.score(source)
    except ScoreError as error:
        raise ScoreFileError(
            source, "it has no notes. Export it again from a piece with notes, or leave it out."
        ) from error
    if score.duration_s > _MAX_HOURS * 3600:
        raise ScoreFileError(
            source,
            f"its last note ends after {score.duration_s / 3600:.0f} hours: a time in it is damaged. Shorten "
            f"it to {_MAX_HOURS} hours in a sequencer, or leave it out.",
        )
    try:
        check_length(score)
    except ScoreError as error:
        raise ScoreFileError(source, str(error)) from error
    return score


def write_midi(score: Score, path: str | os.PathLike[str], *, ticks_per_beat: int = 480) -> None:
    """Write a Standard MIDI File of format 1: a track for tempo, metre and key, then one per channel.

    The same score gives the same bytes. Writing is atomic.

    Parameters
    ----------
    score
        Score to write. Of overlapping notes of one pitch and channel, the one that started first ends first
        when read back. Church modes are written as the major or minor key of their signature, as MIDI has no
        others. If the score has a metre, a pickup is written as a bar with a metre of its own. Chord symbols
        are not written.
    path
        Output file; an existing file is replaced.
    ticks_per_beat
        Ticks per quarter note, 1 to 32767; default 480. Times are rounded to ticks, and a note lasts at least
        one tick.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ScoreError
        If the score is too long for MIDI at this resolution.
    """
    write_whole(path, score_to_midi(score, ticks_per_beat=ticks_per_beat))


def score_to_midi(score: Score, *, ticks_per_beat: int = 480) -> bytes:
    """Return the bytes that `write_midi` writes."""
    check_integer("ticks_per_beat", ticks_per_beat, 1, (1 << 15) - 1)
    times = [score.duration_beats]
    for changes in (score.tempos, score.metres, score.keys, score.programs):
        times += [change.onset_beats for change in changes]
    end = max(times)
    if end * ticks_per_beat >= _MAX_TICK:
        raise ScoreError(
            f"{score.source} lasts {end:g} beats, too long for MIDI at {ticks_per_beat} ticks per beat. Use "
            "fewer ticks, or cut the score."
        )
    channels = sorted({note.channel for note in score.notes} | {p.channel for p in score.programs})
    tracks = [_conductor(score, ticks_per_beat)]
    tracks += [_channel_track(score, channel, ticks_per_beat) for channel in channels]
    return encode(MidiFile(ticks_per_beat, tuple(tracks)))


class _ScoreBuilder:
    """Collector of notes and changes from the tracks of a file."""

    def __init__(self, file: MidiFile, *, keeps_gaps: bool) -> None:
        self._ticks, self._has_tempo, self._keeps_gaps = file.ticks_per_beat, file.has_tempo, keeps_gaps
        self._notes: list[Note] = []
        self._tempos: dict[float, Tempo] = {}
        self._metres: dict[float, Metre] = {}
        self._keys: dict[float, Key] = {}
        self._programs: list[Program] = []
        self._part_names: dict[int, str] = {}
        self._title = ""
        self._left_out: Counter[str] = Counter()
        self._n_stuck = self._n_empty = self._n_damaged = 0

    def add(self, track: Iterable[MidiEvent], number: int, last_tick: int) -> None:
        """Add the events of one track."""
        sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
        name, channel = "", None
        for event in track:
            kind, of = event.status >> 4, event.status & 0xF
            if event.status == META:
                if event.first == _NAME:
                    name = name or _text(event.content)
                else:
                    self._add_meta(event)
                continue
            if kind not in _LEFT_OUT and channel is None:
                channel = of
            if kind == _NOTE_ON and event.second:
                sounding[of, event.first].append((event.tick, event.second))
            elif kind in (_NOTE_OFF, _NOTE_ON):
                if waiting := sounding.get((of, event.first)):
                    self._end_note(waiting.popleft(), event.tick, event.first, of)
            elif kind == _PROGRAM:
                self._programs.append(Program(event.tick / self._ticks, of, event.first))
            elif kind in _LEFT_OUT or event.first < _CHANNEL_MODES:
                self._left_out[_LEFT_OUT.get(kind) or _CONTROLLERS.get(event.first, "other controllers")] += 1
        for (of, pitch), waiting in sounding.items():
            self._n_stuck += len(waiting)
            for start in waiting:
                self._end_note(start, last_tick, pitch, of)
        if number == 0:
            self._title = name
        elif name and channel is not None:
            self._part_names.setdefault(channel, name)

    def score(self, source: str) -> Score:
        """Return the score, with a finding for each kind of correction."""
        counts = (
            (
                self._n_stuck,
                "note never ends and was",
                "notes never end and were",
                "closed at the end of the file",
            ),
            (self._n_empty, "note had no length and got", "notes had no length and got", "one tick"),
            (
                self._n_damaged,
                "damaged tempo, metre or key event was",
                "damaged tempo, metre or key events were",
                "ignored",
            ),
        )
        findings = [f"{counted(n, one, many)} {done}." for n, one, many, done in counts if n]
        metres = sorted(self._metres.values(), key=lambda metre: metre.onset_beats)
        if not metres or metres[0].onset_beats > 0:
            metres.insert(0, Metre(0.0, *_DEFAULT_METRE))
        metres, pickup = _without_pickup(metres)
        notes, n_changed = (self._notes, 0) if self._keeps_gaps else close_gaps(self._notes, self._ticks)
        closed = f"gaps and overlaps below a 64th note closed, at {counted(n_changed, 'note')}"
        return Score(
            notes,
            tempos=tuple(self._tempos.values()),
            metres=metres,
            pickup_beats=pickup,
            keys=tuple(self._keys.values()),
            programs=tuple(self._programs),
            part_names=tuple(self._part_names.items()),
            title=self._title,
            source=source,
            findings=findings,
            remarks=[closed] if n_changed else [],
            left_out=list(self._left_out.items()),
        )

    def _end_note(self, start: tuple[int, int], end_tick: int, pitch: int, channel: int) -> None:
        tick, velocity = start
        n_ticks = end_tick - tick
        if n_ticks == 0:
            self._n_empty, n_ticks = self._n_empty + 1, 1
        self._notes.append(Note(tick / self._ticks, n_ticks / self._ticks, pitch, velocity, channel))

    def _add_meta(self, event: MidiEvent) -> None:
        """Add a tempo, metre or key; it replaces an earlier one at the same time."""
        at, content = event.tick / self._ticks, event.content
        if name := _LEFT_OUT_META.get(event.first):
            self._left_out[name] = 1 if event.first == _LYRICS else self._left_out[name] + 1
        try:
            if event.first == _TEMPO and not self._has_tempo:
                self._left_out["tempo, as times are in seconds"] += 1
            elif event.first == _TEMPO:
                self._tempos[at] = Tempo(at, _tempo_of(int.from_bytes(content[:3], "big")))
            elif event.first == _METRE:
                self._metres[at] = Metre(at, content[0], 1 << min(content[1], 8))
            elif event.first == _KEY:
                n_sharps = int.from_bytes(content[:1], "big", signed=True)
                self._keys[at] = Key(at, n_sharps, "minor" if content[1] else "major")
        except (ScoreError, IndexError, ZeroDivisionError):
            self._n_damaged += 1


def _tempo_of(microseconds: int) -> float:
    """Return the tempo with the fewest decimals that is written as a number of microseconds per beat.

    Examples
    --------
    >>> _tempo_of(333_333)
    180.0
    """
    exact = _MICROSECONDS / microseconds
    rounded = (round(exact, n_decimals) for n_decimals in range(4))
    return next((bpm for bpm in rounded if bpm and round(_MICROSECONDS / bpm) == microseconds), exact)


def _conductor(score: Score, ticks_per_beat: int) -> tuple[MidiEvent, ...]:
    """Return the events for all channels: title, tempo, metre, key."""
    events: list[tuple[float, int, bytes]] = []  # onset in beats, type, content
    for tempo in score.tempos:
        per_beat = min(max(1, round(_MICROSECONDS / tempo.tempo_bpm)), 0xFFFFFF)
        events.append((tempo.onset_beats, _TEMPO, per_beat.to_bytes(3, "big")))
    for metre in _with_pickup(score):
        content = bytes([metre.numerator, metre.denominator.bit_length() - 1, 24, 8])
        events.append((metre.onset_beats, _METRE, content))
    for key in score.keys:
        is_minor = key.mode in ("minor", "dorian", "phrygian", "locrian")
        events.append(
            (key.onset_beats, _KEY, key.n_sharps.to_bytes(1, "big", signed=True) + bytes([is_minor]))
        )
    changes = [MidiEvent(round(at * ticks_per_beat), META, kind, 0, content) for at, kind, content in events]
    return (*_names([score.title] if score.title else []), *sorted(changes, key=lambda event: event.tick))


def _with_pickup(score: Score) -> list[Metre]:
    """Return the metres for MIDI, in which a pickup is a bar with its own metre."""
    metres = list(score.metres)
    begun = [metre for metre in metres if metre.onset_beats <= score.pickup_beats]
    if score.pickup_beats and len(begun) == 1 and begun[0].onset_beats == 0:
        short = _pickup_metre(score.pickup_beats, begun[0])
        if short is not None:
            return [short, replace(begun[0], onset_beats=score.pickup_beats), *metres[1:]]
    return metres


def _without_pickup(metres: list[Metre]) -> tuple[list[Metre], float]:
    """Return the metres and the length of the pickup, 0 if the first bar is not one."""
    if len(metres) > 1 and metres[0].onset_beats == 0:
        pickup, metre = metres[0].bar_beats, metres[1]
        if metre.onset_beats == pickup and metres[0] == _pickup_metre(pickup, metre):
            return [replace(metre, onset_beats=0.0), *metres[2:]], pickup
    return metres, 0.0


def _pickup_metre(pickup_beats: float, metre: Metre) -> Metre | None:
    """Return the metre of a bar as long as a pickup; None if there is none, or the pickup fills a bar.

    Its denominator is that of the metre, or the smallest power of two above it: a quarter before 6/8 is 2/8.
    """
    if pickup_beats >= metre.bar_beats:
        return None
    for denominator in (metre.denominator << k for k in range(8)):
        numerator = pickup_beats * denominator / 4
        if denominator <= _MAX_DENOMINATOR and numerator.is_integer() and numerator <= _MAX_NUMERATOR:
            return Metre(0, int(numerator), denominator)
    return None


def _channel_track(score: Score, channel: int, ticks_per_beat: int) -> tuple[MidiEvent, ...]:
    """Return the events of one channel; at one tick, programs precede note ends, and these note starts."""
    programs = [
        MidiEvent(round(program.onset_beats * ticks_per_beat), _PROGRAM << 4 | channel, program.program)
        for program in score.programs
        if program.channel == channel
    ]
    ends, starts = [], []
    for note in sorted(score.notes, key=lambda note: note.pitch_midi):
        if note.channel == channel:
            start = round(note.onset_beats * ticks_per_beat)
            end = max(start + 1, round(note.end_beats * ticks_per_beat))
            starts.append(MidiEvent(start, _NOTE_ON << 4 | channel, note.pitch_midi, note.velocity))
            ends.append(MidiEvent(end, _NOTE_OFF << 4 | channel, note.pitch_midi))
    events = sorted([*programs, *ends, *starts], key=lambda event: event.tick)
    return (*_names([name for of, name in score.part_names if of == channel]), *events)


def _names(names: Sequence[str]) -> list[MidiEvent]:
    """Return the name of a track, the first of some, as an event; nothing if there is none."""
    return [MidiEvent(0, META, _NAME, 0, name.encode("utf-8", "replace")) for name in names[:1]]


def _text(content: bytes) -> str:
    """Decode a name in UTF-8, or in Latin-1 as in old files."""
    try:
        return content.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return content.decode("latin-1").strip("\0 ")


class MidiEvent(NamedTuple):
    """An event of a track.

    Parameters
    ----------
    tick
        Time from the start, in ticks.
    status
        Status byte.
    first, second
        Data bytes; for `META` the type and 0.
    content
        Content of a `META` event.
    """

    tick: int
    status: int
    first: int
    second: int = 0
    content: bytes = b""


@dataclass(frozen=True)
class MidiFile:
    """Ticks per quarter note, and the events of each track in order.

    Without tempo, ticks are fractions of a second, and a quarter note lasts half a second.
    """

    ticks_per_beat: float
    tracks: tuple[tuple[MidiEvent, ...], ...]
    has_tempo: bool = True


def decode(data: bytes, path: object) -> MidiFile:
    """Parse the bytes of a file.

    Parameters
    ----------
    data
        Content of the file.
    path
        Name of the file, for messages.

    Raises
    ------
    ScoreFileError
        If the file is not MIDI, is truncated or damaged, has no track, or is of format 2.

    Examples
    --------
    >>> note = [MidiEvent(0, 0x90, 60, 64), MidiEvent(480, 0x80, 60, 0)]
    >>> decode(encode(MidiFile(480, (tuple(note),))), "a.mid").tracks[0] == tuple(note)
    True
    """
    data = _without_riff(data)
    if len(data) < 14 or data[:4] != b"MThd":
        raise ScoreFileError(path, "it is not a MIDI file. Export it again as a Standard MIDI File.")
    size, kind, _, division = struct.unpack(">IHHH", data[4:14])
    if kind > 1:
        raise ScoreFileError(
            path,
            f"MIDI format {kind} holds separate patterns; only formats 0 and 1 are supported. Open it in a "
            "sequencer and save each pattern as a file.",
        )
    ticks_per_beat = _ticks_per_beat(division)
    if not ticks_per_beat:
        raise ScoreFileError(
            path,
            f"its time division {division:#06x} is invalid. Export it again with ticks per quarter note.",
        )
    tracks, at = [], 8 + size
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        if name == b"MTrk":  # other chunks are allowed, and skipped
            tracks.append(_Reader(data, at + 8, at + 8 + length, path).events())
        at += 8 + length
    if not tracks:
        raise ScoreFileError(path, "it has no track. Export it again.")
    return MidiFile(ticks_per_beat, tuple(tracks), has_tempo=not division & 0x8000)


def _without_riff(data: bytes) -> bytes:
    """Return the MIDI file within a RIFF file; other data is returned unchanged."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            return data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2  # chunks are padded to even lengths
    return data


def _ticks_per_beat(division: int) -> float:
    """Return the ticks of a quarter note; of half a second in SMPTE time; 0 if the division is invalid.

    Examples
    --------
    >>> _ticks_per_beat(480), _ticks_per_beat(0xE728)
    (480, 500.0)
    """
    if not division & 0x8000:
        return division
    frames_per_s = _FRAMES_PER_S.get(256 - (division >> 8), 0.0)
    return frames_per_s * (division & 0xFF) * 60 / _DEFAULT_BPM


def encode(file: MidiFile) -> bytes:
    """Return the bytes of a file: format 0 for one track, 1 for several."""
    kind, division = len(file.tracks) > 1, int(file.ticks_per_beat)
    header = struct.pack(">4sIHHH", b"MThd", 6, kind, len(file.tracks), division)
    return header + b"".join(map(_track_bytes, file.tracks))


class _Reader:
    """Parser of one track."""

    def __init__(self, data: bytes, start: int, end: int, path: object) -> None:
        self._data, self._at, self._path = data, start, path
        self._end, self._is_complete = min(end, len(data)), end <= len(data)

    def events(self) -> tuple[MidiEvent, ...]:
        """Return all events up to the end of the track; system exclusive messages without their content."""
        events: list[MidiEvent] = []
        tick = status = 0
        while self._at < self._end:
            tick += self._variable()
            first = self._byte()
            if first & 0x80:
                status, first = (first, -1) if first < 0xF0 else (status, first)
            elif not status:
                raise self._damaged("an event has no status")
            if first == META:
                kind = self._byte()
                content = self._take(self._variable())
                if kind == _END_OF_TRACK:
                    return tuple(events)
                events.append(MidiEvent(tick, META, kind, 0, content))
            elif first in _SYSTEM_EXCLUSIVE:
                self._take(self._variable())
                events.append(MidiEvent(tick, first, 0))
            elif first >= 0xF0:
                raise self._damaged(f"unknown status {first:#04x}")
            else:
                first = self._number() if first < 0 else first
                second = self._number() if _N_DATA_BYTES[status >> 4] == 2 else 0
                events.append(MidiEvent(tick, status, first, second))
        if not self._is_complete:
            raise self._truncated()
        return tuple(events)

    def _byte(self) -> int:
        if self._at >= self._end:
            raise self._truncated()
        self._at += 1
        return self._data[self._at - 1]

    def _number(self) -> int:
        value = self._byte()
        if value & 0x80:
            raise self._damaged(f"expected a data byte up to 127, got {value}")
        return value

    def _take(self, n_bytes: int) -> bytes:
        if self._at + n_bytes > self._end:
            raise self._truncated()
        self._at += n_bytes
        return self._data[self._at - n_bytes : self._at]

    def _variable(self) -> int:
        """Read a variable-length number: seven bits per byte, highest first."""
        value = 0
        for _ in range(_MAX_VARIABLE_BYTES):
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise self._damaged("a variable-length number does not end")

    def _truncated(self) -> ScoreFileError:
        return ScoreFileError(
            self._path, f"it is truncated: it ends within a track, at byte {self._at}. Copy it again."
        )

    def _damaged(self, problem: str) -> ScoreFileError:
        return ScoreFileError(
            self._path, f"it is damaged: {problem}, at byte {self._at - 1}. Export it again."
        )


def _track_bytes(events: Iterable[MidiEvent]) -> bytes:
    out, now = bytearray(), 0
    for event in events:
        out += _variable_bytes(event.tick - now)
        now = event.tick
        out += bytes([event.status, event.first])
        if event.status == META:
            out += _variable_bytes(len(event.content)) + event.content
        elif _N_DATA_BYTES[event.status >> 4] == 2:
            out.append(event.second)
    out += bytes([0, META, _END_OF_TRACK, 0])
    return b"MTrk" + len(out).to_bytes(4, "big") + bytes(out)


def _variable_bytes(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))
