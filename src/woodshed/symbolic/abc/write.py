"""Writing ABC: scores and books of tunes."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from woodshed.atomic import write_whole
from woodshed.errors import ScoreError
from woodshed.score import DRUM_CHANNEL, Key, Metre, NavigationMark, Score, WrittenBar
from woodshed.symbolic.abc.field import ACCIDENTALS
from woodshed.symbolic.abc.voice import MAX_QUOTED, groups_of, tuplets_of
from woodshed.symbolic.notation import (
    END_MARKS,
    START_MARKS,
    BarSpan,
    Chord,
    Signature,
    as_fraction,
    bars_of,
    beat_of,
    drop_repeated,
    key_at,
    signature_of,
    spelling,
    tied_spans,
    voices_of,
    with_rests,
)

_UNIT = Fraction(1, 2)  # L:1/8, in quarter notes
_BARS_A_LINE = 4
_MODE_WORDS = {"major": "", "minor": "m"}
_MARKS: dict[NavigationMark, str] = {
    "segno": "!segno!",
    "coda": "!coda!",
    "to coda": '"^To Coda"',
    "fine": "!fine!",
    "da capo": "!D.C.!",
    "dal segno": "!D.S.!",
}


@dataclass(frozen=True)
class _Piece:
    """Part of a chord or rest within one bar."""

    start: Fraction
    end: Fraction
    event: Chord


def write_abc(scores: Score | Sequence[Score], path: str | os.PathLike[str]) -> None:
    """Write a tune, or a book of tunes numbered from 1. Writing is atomic.

    Raises
    ------
    ScoreError
        If a score has only drums, which ABC cannot notate.
    OutputError
        If the file cannot be written.
    """
    book = [scores] if isinstance(scores, Score) else scores
    write_whole(path, "\n".join(score_to_abc(score, number=k + 1) for k, score in enumerate(book)))


def score_to_abc(score: Score, *, number: int = 1) -> str:
    """Convert a score to ABC.

    Notes of a channel with the same start and end form a chord; other overlapping notes go to separate
    voices. Times are rounded to fractions of a quarter note with a denominator up to 1024. Velocities,
    programs and drums are not written, and quotation marks in names and chord symbols become apostrophes.
    Notes of a beat are written without spaces, so that other programs beam them; tuplets are written as such;
    lengths such as five eighths are written as tied notes; a line has four bars. Repeat signs, endings and
    jumps of `Score.written_bars` are written. Accidentals are repeated where readers could differ on whether
    they hold in one octave or in all.

    Parameters
    ----------
    score
        Score with at least one note other than drums.
    number
        Content of the ``X:`` field.

    Returns
    -------
    str
        ABC text that ends with a line break.

    Raises
    ------
    ScoreError
        If the score has only drums.

    Examples
    --------
    >>> from woodshed.score import Metre, Note
    >>> score = Score([Note(0, 1, 62), Note(1, 3, 66)], metres=[Metre(0, 3, 4)], keys=[Key(0, 2)])
    >>> print(score_to_abc(score), end="")
    X:1
    M:3/4
    L:1/8
    K:D
    D2 F4-|F2|]
    """
    voices = [
        (channel, voice)
        for channel in sorted({note.channel for note in score.notes} - {DRUM_CHANNEL})
        for voice in voices_of((n for n in score.notes if n.channel == channel), join_unisons=True)
    ]
    if not voices:
        raise ScoreError(f"{score.source} has only drums, which ABC cannot notate. Write MIDI instead.")
    head = [f"X:{number}"]
    if score.title:
        head.append(f"T:{field_text(score.title)}")
    metres = [metre for metre in score.metres if metre.onset_beats == 0]
    head.append(f"M:{metres[0].numerator}/{metres[0].denominator}" if metres else "M:none")
    head.append("L:1/8")
    head += [f"Q:1/4={tempo.tempo_bpm:.9g}" for tempo in score.tempos if tempo.onset_beats == 0]
    names = dict(score.part_names)
    for k, (channel, _) in enumerate(voices):
        if len(voices) > 1 or channel in names:
            name = names.get(channel, "")
            head.append(f"V:{k + 1}" + (f" name={_quoted(name)}" if name else ""))
    keys = [key for key in score.keys if key.onset_beats == 0]
    head.append(f"K:{_key_name(keys[-1])}" if keys else "K:C")
    body = []
    for k, (_, voice) in enumerate(voices):
        if any(line.startswith("V:") for line in head):
            body.append(f"V:{k + 1}")
        body.append(_Writer(score, k == 0).text(voice))
    return "\n".join([*head, *body, ""])


class _Writer:
    """Writer of one voice; keeps bars, changes and the accidentals of the bar."""

    def __init__(self, score: Score, is_first: bool) -> None:
        self._is_first = is_first
        self._bars = bars_of(score)
        self._end = self._bars[-1].end if score.written_bars else as_fraction(score.duration_beats)
        self._changes = _inline(score, is_first)
        self._cuts = sorted({*(bar.start for bar in self._bars), *self._changes})
        self._keys = [(as_fraction(key.onset_beats), key) for key in drop_repeated(score.keys)]
        self._altered: set[str] = set()

    def text(self, voice: Sequence[Chord]) -> str:
        """Return the notes and the rests between them, four bars per line."""
        pieces: list[_Piece] = []
        for event in with_rests(voice, self._end):  # divided at bar lines and changes
            cuts = self._cuts[bisect_right(self._cuts, event.start) : bisect_left(self._cuts, event.end)]
            pieces += [_Piece(*span, event) for span in pairwise([event.start, *cuts, event.end])]
        starts = [piece.start for piece in pieces]
        text = ""
        for before, bar, after in zip([None, *self._bars], self._bars, [*self._bars[1:], None], strict=False):
            text += self._opening(bar.signs, before.signs if before else None)
            text += self._bar(bar, pieces[bisect_left(starts, bar.start) : bisect_left(starts, bar.end)])
            text += self._closing(bar.signs, after.signs if after else None)
            is_full = bar.number % _BARS_A_LINE == 0 and not bar.is_pickup
            text += "\n" if after and (is_full or (bar.signs.n_repeats and not after.signs.endings)) else ""
        return text

    def _opening(self, signs: WrittenBar, before: WrittenBar | None) -> str:
        """Return start-repeat sign, ending and marks before a bar."""
        text = "|:" if signs.starts_repeat else ""
        if signs.endings and (before is None or before.endings != signs.endings or before.n_repeats):
            text += f"[{','.join(map(str, signs.endings))} "
        return text + "".join(_MARKS[mark] for mark in self._marks(signs, START_MARKS))

    def _closing(self, signs: WrittenBar, after: WrittenBar | None) -> str:
        """Return the marks after a bar and its bar line, which a start-repeat sign may replace."""
        text = "".join(_MARKS[mark] for mark in self._marks(signs, END_MARKS))
        if signs.n_repeats:
            return f"{text}{':' * signs.n_repeats}|"
        if after is None:
            return f"{text}|]"
        if after.starts_repeat:
            return text
        return f"{text}||" if signs.endings and not after.endings else f"{text}|"

    def _marks(self, signs: WrittenBar, marks: Sequence[NavigationMark]) -> list[NavigationMark]:
        return [mark for mark in marks if mark in signs.marks] if self._is_first else []

    def _bar(self, bar: BarSpan, pieces: Sequence[_Piece]) -> str:
        """Return the content of a bar; notes under one beam are not separated by spaces."""
        self._altered.clear()
        zero = bar.end if bar.is_pickup else bar.start  # a pickup counts from the end of its bar
        pieces = _single_values(pieces, zero, bar.metre)
        spans = [(piece.start - zero, piece.end - zero) for piece in pieces]
        groups = groups_of(spans, bar.metre)
        text = ""
        for k, (piece, (mark, times)) in enumerate(zip(pieces, tuplets_of(spans), strict=True)):
            changes = self._changes.get(piece.start, "")
            is_apart = groups[k] != groups[k - 1] or not (piece.event.notes and pieces[k - 1].event.notes)
            if k and (is_apart or changes.startswith("[")):
                text += " "
            text += changes + mark + self._sign(piece, times)
        return text

    def _sign(self, piece: _Piece, times: Fraction) -> str:
        """Return one note, chord or rest in the spelling of the key at the start of its event."""
        written = length_text((piece.end - piece.start) * times / _UNIT)
        if not piece.event.notes:
            return "z" + written
        key = key_at(self._keys, piece.event.start)
        signature = signature_of(key_at(self._keys, piece.start).n_sharps)
        names = [self._pitch(note.pitch_midi, key, signature) for note in piece.event.notes]
        name = names[0] if len(names) == 1 else f"[{''.join(names)}]"
        return name + written + "-" * (piece.end < piece.event.end)

    def _pitch(self, pitch: int, key: Key, signature: Signature) -> str:
        """Spell a pitch in a key, with an accidental where needed."""
        letter, alteration, octave = spelling(pitch, key)
        sign = ""
        if letter in self._altered or signature.get(letter, 0) != alteration:
            sign = ACCIDENTALS[alteration]
            self._altered.add(letter)
        if octave >= 5:
            return sign + letter.lower() + "'" * (octave - 5)
        return sign + letter + "," * (4 - octave)


def _single_values(pieces: Sequence[_Piece], zero: Fraction, metre: Metre | None) -> list[_Piece]:
    """Divide notes and rests of which the length needs more than one note value, such as five eighths."""
    divided: list[_Piece] = []
    spans = [(piece.start - zero, piece.end - zero) for piece in pieces]
    for piece, (start, end), (_, times) in zip(pieces, spans, tuplets_of(spans), strict=True):
        parts = tied_spans(start * times, end * times, beat_of(metre))
        divided += [_Piece(zero + a / times, zero + b / times, piece.event) for a, b in parts]
    return divided


def _inline(score: Score, is_first: bool) -> dict[Fraction, str]:
    """Return inline fields and chord symbols; tempos and chord symbols only in the first voice."""
    changes = [
        (metre.onset_beats, f"[M:{metre.numerator}/{metre.denominator}]")
        for metre in drop_repeated(score.metres)
        if metre.onset_beats > 0
    ]
    changes += [
        (key.onset_beats, f"[K:{_key_name(key)}]") for key in drop_repeated(score.keys) if key.onset_beats > 0
    ]
    if is_first:
        changes += [
            (tempo.onset_beats, f"[Q:1/4={tempo.tempo_bpm:.9g}]")
            for tempo in drop_repeated(score.tempos)
            if tempo.onset_beats > 0
        ]
        changes += [(chord.onset_beats, _quoted(chord.name)) for chord in score.chords]
    texts: dict[Fraction, str] = defaultdict(str)
    for onset_beats, text in changes:
        texts[as_fraction(onset_beats)] += text
    return texts


def _key_name(key: Key) -> str:
    return key.keynote + _MODE_WORDS.get(key.mode, key.mode[:3])


def field_text(text: str) -> str:
    r"""Return a text as the content of a field: on one line, with ``%`` escaped, which starts a comment.

    Examples
    --------
    >>> print(field_text("Air\n50%"))
    Air 50\%
    """
    return " ".join(text.split()).replace("%", r"\%")


def _quoted(text: str) -> str:
    """Return a text in quotation marks, without those that it has, and cut to the length that is read."""
    inside = field_text(text[:MAX_QUOTED]).replace('"', "'")
    return f'"{inside}"'


def length_text(units: Fraction) -> str:
    """Return a length in units as it is written after a note.

    Examples
    --------
    >>> [length_text(Fraction(n, 2)) for n in (1, 2, 3, 4)]
    ['/2', '', '3/2', '2']
    """
    above = "" if units.numerator == 1 and units.denominator > 1 else str(units.numerator)
    if units.denominator == 1:
        return "" if units == 1 else above
    return f"{above}/{units.denominator}"
