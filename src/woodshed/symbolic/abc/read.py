"""ABC: read tunes and books of tunes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast, get_args

from woodshed.errors import ParameterError, ScoreError, ScoreFileError, near_miss
from woodshed.score import (
    DRUM_CHANNEL,
    ChordSymbol,
    Key,
    Metre,
    Note,
    Score,
    Tempo,
)
from woodshed.symbolic.abc.field import read_length, read_metre
from woodshed.symbolic.abc.tune import TuneLines, cut_tunes, read_body
from woodshed.symbolic.abc.voice import Propagation, Voice
from woodshed.symbolic.bar import Bar, Sounding, played_order

ABC_SUFFIXES = (".abc",)

_VOICE_NAME = re.compile(r'\b(?:name|nm)\s*=\s*(?:"([^"]*)"|(\S+))')
_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


@dataclass(frozen=True)
class Book:
    """The tunes of a file, and those that could not be read.

    Parameters
    ----------
    tunes
        One `Score` each, in the order of the file.
    numbers
        The ``X:`` of each tune.
    fields
        The other fields of each tune's header as they are written, by letter: ``R`` the kind of dance, ``C``
        the composer, and so on. Of a field that comes twice, the first.
    errors
        One for each tune that was set aside, with the file, its number, its title and the bar.
    """

    tunes: tuple[Score, ...]
    numbers: tuple[str, ...]
    fields: tuple[dict[str, str], ...]
    errors: tuple[ScoreFileError, ...]


def read_abc(
    path: str | os.PathLike[str], *, repeats: bool = True, propagation: Propagation = "octave"
) -> Book:
    r"""Read all tunes of an ABC file (standard 2.1, and the older ways that collections are written in).

    Read: header and inline fields, keys in all modes with explicit accidentals, changes of key, metre, unit
    length and tempo, several voices, ``octave=``, ``transpose=`` and clefs such as ``treble-8`` in ``V:`` and
    ``K:``, chords, chord symbols, ties, tuplets, broken rhythm, rests, repeats, endings and the order of
    parts in ``P:``. Grace notes, ornaments, slurs, words and symbol lines make no notes. ``D.C.`` is not
    followed, macros are not expanded.

    Parameters
    ----------
    path
        UTF-8, else Latin-1.
    repeats
        Whether to play repeats, endings and the order of parts; if not, everything is read once as it is
        written.
    propagation
        How far an accidental counts to the end of its bar: for its ``octave`` (as printed music does, the
        default), for the ``pitch`` in all octaves, or ``not`` beyond its note. A directive
        ``%%propagate-accidentals`` goes before it.

    Returns
    -------
    Book
        A tune that cannot be read is set aside with an error; the others are there. A bar that does not add
        up is no error: it is in the `Score.findings` of its tune.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened, or holds no tune that can be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "book.abc"
    ...     _ = path.write_text("X:1\nT:One\nM:2/4\nL:1/8\nK:D\n|:DE F2:|\n\nX:2\nT:Two\nK:H\nC\n")
    ...     book = read_abc(path)
    >>> [note.pitch_midi for note in book.tunes[0].notes]
    [62, 64, 66, 62, 64, 66]
    >>> str(book.errors[0]).partition(": ")[2]
    'tune 2, Two: K:H is no key. Write the keynote and the mode, such as K:G or K:Ador.'
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = f"it cannot be opened ({error.strerror}). Check the name and the permissions."
        raise ScoreFileError(path, reason) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    book = abc_to_book(text, source=os.fspath(path), repeats=repeats, propagation=propagation)
    if not book.tunes:
        if book.errors:
            raise book.errors[0]
        raise ScoreFileError(path, "it has no tune: no line begins with X:. Give an ABC file.")
    return book


def abc_to_book(
    text: str, *, source: str = "text", repeats: bool = True, propagation: Propagation = "octave"
) -> Book:
    """Read all tunes of a text, as `read_abc` does; a text without tunes is an empty book."""
    if propagation not in get_args(Propagation):
        raise ParameterError(
            f"ABC has no propagation {propagation!r}. {near_miss(str(propagation), get_args(Propagation))}"
        )
    tunes, errors = [], []
    for tune in cut_tunes(text):
        name = f"tune {tune.number}, {tune.titles[0]}" if tune.titles else f"tune {tune.number}"
        try:
            score = _score_of(tune, f"{source}: {name}", repeats, propagation)
        except ScoreError as error:
            errors.append(ScoreFileError(source, f"{name}: {str(error).removeprefix(f'{source}: {name} ')}"))
            continue
        fields: dict[str, str] = {}
        for kind, value in tune.header:
            fields.setdefault(kind, value)
        tunes.append((score, tune.number, fields))
    return Book(
        tuple(score for score, _, _ in tunes),
        tuple(number for _, number, _ in tunes),
        tuple(fields for _, _, fields in tunes),
        tuple(errors),
    )


def abc_to_score(
    text: str, *, source: str = "text", repeats: bool = True, propagation: Propagation = "octave"
) -> Score:
    r"""Read the one tune of a text.

    Raises
    ------
    ScoreFileError
        If the tune cannot be read, or there is not exactly one.

    Examples
    --------
    >>> abc_to_score("X:1\nM:3/4\nL:1/4\nK:G\nG A>B|c3|]")
    Score('text: tune 1', 4 notes, 6 beats)
    """
    book = abc_to_book(text, source=source, repeats=repeats, propagation=propagation)
    if book.errors:
        raise book.errors[0]
    if len(book.tunes) != 1:
        raise ScoreFileError(source, f"one tune is expected, found {len(book.tunes)}. Use abc_to_book.")
    return book.tunes[0]


def _score_of(tune: TuneLines, source: str, repeats: bool, propagation: Propagation) -> Score:
    """Read one tune."""
    header = dict(tune.header)
    if "K" not in header:
        raise ScoreError("it has no K: field, which ends the header. Write the key, such as K:G.")
    metre = read_metre(header.get("M", ""))
    unit = read_length(header["L"]) if "L" in header else None
    if header.get("%") in get_args(Propagation):
        propagation = cast(Propagation, header["%"])
    voices: dict[str, Voice] = {}
    names: dict[str, str] = {}

    def voice_of(value: str) -> Voice:
        name = value.split()[0] if value.split() else ""
        if found := _VOICE_NAME.search(value):
            names.setdefault(name, found[1] or found[2] or "")
        if name not in voices:
            voices[name] = Voice(unit, metre, propagation)
            for kind in "MQK":
                if kind in header:
                    voices[name].change(kind, header[kind])
        voices[name].shift(value)
        return voices[name]

    for value in (value for kind, value in tune.header if kind == "V"):
        voice_of(value)
    read_body(tune.body, voices, voice_of)
    used = {name: voice for name, voice in voices.items() if any(bar.notes for bar in voice.bars)}
    written = header.get("P", "") if repeats else ""
    order, odd = _order_of(written.strip(), [voice.bars for voice in used.values()])
    title = tune.titles[0] if tune.titles else ""
    score = _put_together(used, names, order if repeats else None, source)
    return replace(score, title=title, findings=[*score.findings, *odd])


def _order_of(written: str, voices: list[list[Bar]]) -> tuple[str, list[str]]:
    """Return the order of the parts, nothing if there is none or it cannot be followed, and what is odd."""
    if not (written and voices):
        return "", []
    order = read_order(written)
    if order is None:
        return "", [f"P:{written} is no order of parts, and not followed."]
    odd = why_not(order, written, voices)
    return ("", [odd]) if odd else (order, [])


def _put_together(voices: dict[str, Voice], names: dict[str, str], order: str | None, source: str) -> Score:
    """Lay the bars of all voices out in time: in an order of parts, or, if `None`, once each."""
    if len(voices) > len(_CHANNELS):
        raise ScoreError(f"it has {len(voices)} voices; at most {len(_CHANNELS)} can be told apart. Cut it.")
    notes: list[Note] = []
    findings: list[str] = []
    changes: dict[str, dict[Fraction, object]] = {"key": {}, "metre": {}, "tempo": {}, "chord": {}}
    pickup = Fraction(0)
    for channel, voice in zip(_CHANNELS, voices.values(), strict=False):
        turns = range(len(voice.bars)) if order is None else order_of(voice.bars, order)
        bars = [voice.bars[k] for k in turns]
        notes += _notes_of(bars, channel)
        findings += [finding for finding in voice.findings if finding not in findings]
        start = Fraction(0)
        for bar in bars:
            for at, kind, value in bar.changes:
                changes[kind].setdefault(start + at, value) if channel else changes[kind].update(
                    {start + at: value}
                )
            start += bar.length
        if channel == 0:
            pickup = _pickup(voice.bars)
    parts = zip(_CHANNELS, voices, strict=False)
    return Score(
        notes,
        tempos=[Tempo(float(at), value) for at, value in _new(changes["tempo"])],  # type: ignore[arg-type]
        metres=[Metre(float(at), *value) for at, value in _new(changes["metre"])],  # type: ignore[misc]
        keys=[Key(float(at), *value) for at, value in _new(changes["key"])],  # type: ignore[misc]
        chords=[ChordSymbol(float(at), str(name)) for at, name in changes["chord"].items()],
        part_names=[(channel, names[name]) for channel, name in parts if names.get(name)],
        pickup_beats=float(pickup),
        source=source,
        findings=findings,
    )


def _notes_of(bars: Iterable[Bar], channel: int) -> list[Note]:
    """Turn bars in the order they are played into notes; tied ones become one."""
    done: list[tuple[Fraction, Sounding, list[Fraction]]] = []
    waiting: dict[tuple[int, Fraction], list[Fraction]] = {}  # pitch and end of a tied note -> its length
    start = Fraction(0)
    for bar in bars:
        for note in bar.notes:
            onset = start + note.onset
            length = waiting.pop((note.pitch_midi, onset), None)
            if length is None:
                length = [note.duration]
                done.append((onset, note, length))
            else:
                length[0] += note.duration
            if note.is_tied:
                waiting[note.pitch_midi, onset + note.duration] = length
        start += bar.length
    return [
        Note(float(onset), float(length[0]), note.pitch_midi, channel=channel) for onset, note, length in done
    ]


def _pickup(bars: list[Bar]) -> Fraction:
    """Return the length of the first bar, if it is shorter than its metre."""
    metre = [value for bar in bars[:1] for _, kind, value in bar.changes if kind == "metre"]
    if not metre:
        return Fraction(0)
    numerator, denominator = cast(tuple[int, int], metre[-1])
    return bars[0].length if bars[0].length < Fraction(4 * numerator, denominator) else Fraction(0)


def _new(changes: dict[Fraction, object]) -> list[tuple[Fraction, object]]:
    """Keep the changes that change something."""
    kept: list[tuple[Fraction, object]] = []
    for at, value in sorted(changes.items(), key=lambda change: change[0]):
        if not kept or kept[-1][1] != value:
            kept.append((at, value))
    return kept


MAX_PARTS = 200
"""An order of more parts than this is not followed: no tune has one."""

_SIGNS = re.compile(r"([A-Z()])\s*(\d{0,3})[\s.,]*")


def read_order(text: str) -> str | None:
    """Read the content of ``P:`` in a header, with its repeats written out.

    Returns
    -------
    str
        A letter for each part; ``None`` if it is no order of parts.

    Examples
    --------
    >>> read_order("A(BC)2.A"), read_order("A3B"), read_order("Modern AugmentedVersion")
    ('ABCBCA', 'AAAB', None)
    """
    open_groups = [""]
    at = 0
    while at < len(text := text.strip()):
        match = _SIGNS.match(text, at)
        if match is None:
            return None
        at = match.end()
        sign, times = match[1], int(match[2] or 1)
        if sign == "(":
            open_groups.append("")
            continue
        if sign == ")":
            if len(open_groups) == 1:
                return None
            sign = open_groups.pop()
        if len(sign) * times + len(open_groups[-1]) > MAX_PARTS:
            return None
        open_groups[-1] += sign * times
    return open_groups[0] if len(open_groups) == 1 and open_groups[0] else None


def parts_of(bars: Sequence[Bar]) -> dict[str, range]:
    """Return where the bars of each part are; those before the first one are part of no name.

    Examples
    --------
    >>> parts_of([Bar(1, part="A"), Bar(2), Bar(3, part="B")])
    {'A': range(0, 2), 'B': range(2, 3)}
    """
    return {bars[part.start].part: part for part in _sections(bars)}


def why_not(order: str, written: str, voices: Sequence[Sequence[Bar]]) -> str:
    """Say why an order cannot be followed, in a sentence; nothing if it can."""
    structures = [
        [(bars[part.start].part, sum(bars[k].length for k in part)) for part in _sections(bars)]
        for bars in voices
    ]
    names = [name for name, _ in structures[0]]
    missing = sorted(set(order) - set(names))
    if not any(names):
        why = "no P: in the music says where the parts begin"
    elif missing:
        why = f"there is no part {missing[0]}"
    elif len(set(names)) < len(names) or any(other != structures[0] for other in structures):
        why = "a part is there twice, or not the same in all voices"
    else:
        return ""
    return f"The order of parts P:{written} is not followed: {why}."


def order_of(bars: list[Bar], order: str) -> list[int]:
    """Return the bars in the order in which they are played, each part with its own repeats and endings.

    Without an order, they are played as they stand.

    Examples
    --------
    >>> order_of([Bar(1, part="A", n_repeats=1), Bar(2, part="B")], "ABA")
    [0, 0, 1, 0, 0]
    """
    if not order:
        return played_order(bars)
    parts = parts_of(bars)
    played: list[int] = []
    for name in ["", *order] if "" in parts else order:
        part = parts[name]
        played += [part.start + k for k in played_order(bars[part.start : part.stop])]
    return played


def _sections(bars: Sequence[Bar]) -> Iterator[range]:
    """Yield where the bars of each part are, in the order in which they are written."""
    starts = [k for k, bar in enumerate(bars) if bar.part or k == 0]
    yield from map(range, starts, [*starts[1:], len(bars)])
