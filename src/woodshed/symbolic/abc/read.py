"""Reading ABC: tunes of a text, their voices, and the order in which parts are played."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar, get_args

from woodshed.decoding import utf_16_of
from woodshed.errors import ParameterError, ScoreError, ScoreFileError, near_miss
from woodshed.score import Note, Score
from woodshed.symbolic.abc.field import read_length, read_metre
from woodshed.symbolic.abc.voice import Propagation, Voice
from woodshed.symbolic.bar import (
    MAX_PLAYED_NOTES,
    MELODIC_CHANNELS,
    Bar,
    Change,
    build_score,
    changes_of,
    check_length,
    check_size,
    join_ties,
    jump_findings,
    place_bars,
    played_order,
    read_bytes,
    resolve_codas,
    written_bars_of,
)

_FIELD = re.compile(r"\s*([A-Za-z+]):(?![|:])\s*(.*)")
_DIRECTIVE = re.compile(r"%%\s*(propagate-accidentals\b.*)")
_MUSIC_FIELDS = "MLQKVPIU"
_NOTE_OR_REST = re.compile(r"[A-Ga-gz]")
_VOICE_NAME = re.compile(r'\b(?:name|nm)\s*=\s*(?:"([^"]*)"|(\S+))')

AnyVoice = TypeVar("AnyVoice", bound=Voice)

ABC_SUFFIXES = (".abc",)

MAX_PARTS = 200
"""Maximum length of an order of parts; longer ones are ignored."""

MUSIC_AFTER = "Music after an empty line, which ends the tune, was not read."
"""Message for a tune that is followed by bars without a header."""

_ORDER_SIGNS = re.compile(r"([A-Z()])\s*(\d{0,3})[\s.,]*")


@dataclass
class TuneLines:
    """Lines of one tune, separated into header and body.

    Parameters
    ----------
    number
        Content of the ``X:`` field.
    titles
        Content of each ``T:`` field, in order.
    header
        Other fields up to and including ``K:``, as ``(letter, value)``. A directive such as
        ``%%propagate-accidentals`` is a field ``I:``.
    body
        Lines after the header up to an empty line, without comments.
    n_unread_lines
        Number of lines with bar lines after the empty line that ends the tune; they are not read.
    """

    number: str = ""
    titles: list[str] = field(default_factory=list)
    header: list[tuple[str, str]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    n_unread_lines: int = 0

    @property
    def name(self) -> str:
        """Number and title, for messages."""
        return f"tune {self.number}" + (f", {self.titles[0]}" if self.titles else "")


def cut_tunes(text: str) -> Iterator[TuneLines]:
    r"""Split a text into tunes; fields before the first tune apply to all of them.

    Yields
    ------
    TuneLines
        One for each line that begins with ``X:``, in order. It ends at an empty line, after which there may
        be free text.

    Examples
    --------
    >>> for tune in cut_tunes("M:2/4\nX:1\nT:One\nK:D\nDE F2| % easy\nX:2\nK:C\nC4|\n"):
    ...     print(tune.number, tune.titles, tune.header, tune.body)
    1 ['One'] [('M', '2/4'), ('K', 'D')] ['DE F2|']
    2 [] [('M', '2/4'), ('K', 'C')] ['C4|']
    """
    common: list[tuple[str, str]] = []
    tune: TuneLines | None = None
    in_header = is_over = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = _DIRECTIVE.sub(r"I:\1", line)
        content = re.sub(r"(?<!\\)%.*", "", line).rstrip().replace(r"\%", "%")
        match = _FIELD.match(content)
        kind, value = match.groups() if match else ("", "")
        if kind == "X":
            if tune:
                yield tune
            tune, in_header, is_over = TuneLines(value.strip(), header=list(common)), True, False
        elif tune is None:
            if kind in ("M", "L", "Q", "R", "C", "O", "I", "U"):
                common.append((kind, value))
        elif is_over:
            tune.n_unread_lines += _looks_like_music(content)
        elif not line.strip():
            is_over = True
        elif in_header and kind == "T":
            tune.titles.append(value.strip())
        elif in_header and kind:
            tune.header.append((kind, value))
            in_header = kind != "K"
        elif not in_header and content.strip():
            tune.body.append(content)
    if tune:
        yield tune


def _looks_like_music(line: str) -> bool:
    """Return whether the word before a bar line has the letter of a note or a rest.

    Examples
    --------
    >>> _looks_like_music("D2 F :|"), _looks_like_music("| 1st |"), _looks_like_music("a book of tunes")
    (True, False, False)
    """
    ends = (before.removesuffix(":").split()[-1:] for before in line.split("|")[:-1])
    return any(_NOTE_OR_REST.search(word) for end in ends for word in end)


def read_voices(
    tune: TuneLines, voice_type: type[AnyVoice], propagation: Propagation = "octave"
) -> dict[str, AnyVoice]:
    r"""Read the music of a tune, each line by the voice to which it belongs.

    Parameters
    ----------
    tune
        One tune of `cut_tunes`. Lines before any ``V:`` belong to the first voice.
    voice_type
        `Voice` or a subclass; one instance is made for each voice.
    propagation
        Scope of accidentals up to a directive of the tune.

    Returns
    -------
    dict of str to Voice
        Voices with at least one note, by name, in order of appearance.

    Raises
    ------
    ScoreError
        If the header has no ``K:``, or a line cannot be read.

    Examples
    --------
    >>> (tune,) = cut_tunes("X:1\nM:2/4\nK:C\nV:1\nCD EF|\n[V:2] G4|\n")
    >>> [(name, len(voice.bars[0].notes)) for name, voice in read_voices(tune, Voice).items()]
    [('1', 4), ('2', 1)]
    """
    header = dict(tune.header)
    if "K" not in header:
        raise ScoreError("it has no K: field, which ends the header. Write the key, such as K:G.")
    metre = read_metre(header.get("M", ""))
    unit = read_length(header["L"]) if "L" in header else None
    reader = _VoiceReader(tune.header, partial(voice_type, unit, metre, propagation))
    for kind, value in tune.header:
        if kind == "V":
            reader.voice(value)
    for line in tune.body:
        reader.read(line)
    for voice in reader.voices.values():
        voice.finish()
    return {name: voice for name, voice in reader.voices.items() if any(bar.notes for bar in voice.bars)}


class _VoiceReader(Generic[AnyVoice]):
    """Dispatch of lines to voices; keeps the current voice and part."""

    def __init__(self, header: Sequence[tuple[str, str]], new_voice: Callable[[], AnyVoice]) -> None:
        last = dict(header)  # of M, Q and K, the last one holds
        self._fields = [(kind, last[kind]) for kind in "MQK" if kind in last]
        self._fields += [(kind, value) for kind, value in header if kind in ("I", "U")]
        self._new_voice = new_voice
        self._current: AnyVoice | None = None
        self._part = ""
        self.voices: dict[str, AnyVoice] = {}

    def voice(self, value: str) -> AnyVoice:
        """Return the voice that a ``V:`` field names; a new one starts with the current part."""
        name = value.split()[0] if value.split() else ""
        is_new = name not in self.voices
        if is_new:
            self.voices[name] = self._new_voice()
            for kind, value_before in self._fields:
                self.voices[name].change(kind, value_before)
        voice = self.voices[name]
        if match := _VOICE_NAME.search(value):
            voice.name = voice.name or match[1] or match[2] or ""
        voice.shift(value)
        if is_new and self._part:
            voice.change("P", self._part)
        return voice

    def read(self, line: str) -> None:
        """Read a field or a line of music."""
        match = _FIELD.match(line)
        kind, value = match.groups() if match else ("", line)
        if kind == "V":
            self._current = self.voice(value)
        elif kind == "P":
            self._part = value
            for voice in self.voices.values():
                voice.change(kind, value)
        elif kind in ("I", "U"):  # hold for all voices from here on
            self._fields.append((kind, value))
            for voice in self.voices.values():
                voice.change(kind, value)
        elif kind in ("K", "M", "L", "Q"):
            self._voice_in_use().change(kind, value)
        elif kind:
            self._voice_in_use().left_out[_field_name(kind)] += 1
        else:
            for piece in re.split(r"(\[V:[^\]]{0,999}\])", value):
                if piece.startswith("[V:"):
                    self._current = self.voice(piece[3:-1])
                elif piece.strip():
                    self._voice_in_use().read(piece)

    def _voice_in_use(self) -> AnyVoice:
        self._current = self._current or self.voice(next(iter(self.voices), "1"))
        return self._current


@dataclass(frozen=True)
class Book:
    """Tunes of a file, and errors for those that could not be read.

    Parameters
    ----------
    tunes
        One `Score` each, in the order of the file.
    numbers
        The ``X:`` of each tune.
    fields
        Other header fields of each tune, by letter: ``R`` the type of tune, ``C`` the composer, and so on. If
        a field is repeated, its first value.
    errors
        One for each tune that was skipped, with file, number, title and bar.
    """

    tunes: tuple[Score, ...]
    numbers: tuple[str, ...]
    fields: tuple[dict[str, str], ...]
    errors: tuple[ScoreFileError, ...]


def read_abc(
    path: str | os.PathLike[str], *, repeats: bool = True, propagation: Propagation = "octave"
) -> Book:
    r"""Read all tunes of an ABC file (standard 2.1, and older conventions found in collections).

    Supported are header and inline fields, keys in all modes with explicit accidentals, changes of key,
    metre, unit length and tempo, several voices, ``octave=``, ``transpose=`` and clefs such as ``treble-8``
    in ``V:`` and ``K:``, chords, chord symbols, ties, tuplets, broken rhythm, rests, repeats, endings and the
    order of parts in ``P:``, jumps (``!D.C.!``, ``!D.S.!``, ``!segno!``, ``!coda!``, ``!fine!``, and the same
    as annotations), and overlays with ``&``. The directive ``propagate-accidentals`` is obeyed as ``%%``,
    ``I:`` and ``[I:]``. Grace notes, ornaments, slurs, words and other fields are listed in
    `Score.left_out`. Macros are not expanded.

    Parameters
    ----------
    path
        File in UTF-8 or Latin-1.
    repeats
        Whether to play repeats, endings, jumps and the order of parts. If False, every bar is read once, and
        the signs are in `Score.written_bars`.
    propagation
        Scope of an accidental within its bar: its ``octave`` (default, as in printed music), its ``pitch`` in
        all octaves, or ``not`` beyond its note. The directive ``propagate-accidentals`` takes precedence.

    Returns
    -------
    Book
        A tune that cannot be read is skipped and has an error. A bar of the wrong length is not an error, but
        is listed in the `Score.findings` of its tune.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened, or has no readable tune.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "book.abc"
    ...     _ = path.write_text("X:1\nT:One\nM:2/4\nL:1/8\nK:D\n|:DE F2:|\n\nX:2\nT:Two\nK:H\nC\n")
    ...     book = read_abc(path)
    >>> [note.pitch_midi for note in book.tunes[0].notes]
    [62, 64, 66, 62, 64, 66]
    >>> str(book.errors[0]).partition(": ")[2]
    "tune 2, Two: Invalid key 'K:H'. Expected a keynote and a mode, such as K:G or K:Ador."
    """
    book = abc_to_book(read_text(path), source=os.fspath(path), repeats=repeats, propagation=propagation)
    if not book.tunes:
        if len(book.errors) > 1:
            reasons = " ".join(error.reason for error in book.errors)
            raise ScoreFileError(path, f"none of its {len(book.errors)} tunes can be read: {reasons}")
        if book.errors:
            raise book.errors[0]
        raise ScoreFileError(path, "it has no tune: no line begins with X:. Expected an ABC file.")
    return book


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the text of an ABC file in UTF-8 or UTF-16, or else in Latin-1, like older collections.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened.
    """
    data = read_bytes(path)
    try:
        return data.decode(utf_16_of(data[:4]) or "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def abc_to_book(
    text: str, *, source: str = "text", repeats: bool = True, propagation: Propagation = "octave"
) -> Book:
    """Read all tunes of a text, as `read_abc` does; a text without tunes gives an empty book."""
    if propagation not in get_args(Propagation):
        raise ParameterError(
            f"ABC has no propagation {propagation!r}. {near_miss(str(propagation), get_args(Propagation))}"
        )
    tunes, errors = [], []
    for tune in cut_tunes(text):
        name = f"{source}: {tune.name}"
        try:
            score = _score_of(tune, name, repeats, propagation)
        except ScoreError as error:
            errors.append(ScoreFileError(source, f"{tune.name}: {str(error).removeprefix(f'{name} ')}"))
            continue
        tunes.append((score, tune.number, dict(reversed(tune.header))))  # of repeated fields, the first
    return Book(
        tuple(score for score, _, _ in tunes),
        tuple(number for _, number, _ in tunes),
        tuple(fields for _, _, fields in tunes),
        tuple(errors),
    )


def abc_to_score(
    text: str, *, source: str = "text", repeats: bool = True, propagation: Propagation = "octave"
) -> Score:
    r"""Read a text with exactly one tune.

    Raises
    ------
    ScoreFileError
        If the tune cannot be read, or the text does not have exactly one.

    Examples
    --------
    >>> abc_to_score("X:1\nM:3/4\nL:1/4\nK:G\nG A>B|c3|]")
    Score('text: tune 1', 4 notes, 6 beats)
    """
    book = abc_to_book(text, source=source, repeats=repeats, propagation=propagation)
    if book.errors:
        raise book.errors[0]
    if len(book.tunes) != 1:
        raise ScoreFileError(source, f"expected one tune, found {len(book.tunes)}. Use abc_to_book.")
    return book.tunes[0]


def _score_of(tune: TuneLines, source: str, repeats: bool, propagation: Propagation) -> Score:
    """Read one tune."""
    voices = list(read_voices(tune, Voice, propagation).values())
    if len(voices) > len(MELODIC_CHANNELS):
        raise ScoreError(
            f"it has {len(voices)} voices; at most {len(MELODIC_CHANNELS)} are supported. Remove some."
        )
    findings = list(dict.fromkeys(finding for voice in voices for finding in voice.findings))
    if tune.n_unread_lines:
        findings.append(MUSIC_AFTER)
    findings += _share_marks([voice.bars for voice in voices])
    order = ""
    if repeats:
        order, problems = _order_of(dict(tune.header).get("P", "").strip(), [voice.bars for voice in voices])
        findings += problems
    notes: list[Note] = []
    changes: list[Change] = []
    names = []
    orders = [order_of(voice.bars, order) if repeats else range(len(voice.bars)) for voice in voices]
    check_size([voice.bars for voice in voices], orders)
    for channel, voice, indices in zip(MELODIC_CHANNELS, voices, orders, strict=False):
        placed = place_bars([voice.bars[k] for k in indices])
        notes += join_ties(placed, channel)
        voice_changes = changes_of(placed)
        # `build_score` keeps the first change at an onset; in the first voice, the last one is the valid one.
        changes += voice_changes if channel else reversed(voice_changes)
        if voice.name:
            names.append((channel, voice.name))
    score = build_score(
        notes,
        changes,
        voices[0].bars[0] if voices else Bar(1),
        part_names=names,
        title=tune.titles[0] if tune.titles else "",
        written_bars=() if repeats or not voices else written_bars_of(voices[0].bars),
        source=source,
        findings=findings,
        left_out=_left_out(tune, voices, repeats=repeats),
    )
    check_length(score)
    return score


def _share_marks(voices: Sequence[list[Bar]]) -> list[str]:
    """Give the jumps of each voice to all voices, as they are often written in one only; return findings."""
    if not any(bar.marks for bars in voices for bar in bars):
        return []
    lengths = [[bar.length for bar in bars if bar.length] for bars in voices]
    if any(other != lengths[0] for other in lengths):
        for bars in voices:
            for bar in bars:
                bar.marks.clear()
        return ["The jumps, such as D.C., were not played: the voices differ in their bars."]
    for together in zip(*voices, strict=False):
        marks = set().union(*(bar.marks for bar in together))
        for bar in together:
            bar.marks |= marks
    for bars in voices:
        resolve_codas(bars)
    return jump_findings(voices[0])


def _left_out(tune: TuneLines, voices: Sequence[Voice], *, repeats: bool) -> list[tuple[str, int]]:
    """Return name and number of what a score does not hold."""
    counts = sum((voice.left_out for voice in voices), Counter[str]())
    counts.update(_field_name(kind) for kind, _ in tune.header if kind not in _MUSIC_FIELDS)
    counts["subtitle"] += max(0, len(tune.titles) - 1)
    counts["order of parts"] += not repeats and any(kind == "P" for kind, _ in tune.header)
    return sorted((name, n) for name, n in counts.items() if n)


def _field_name(kind: str) -> str:
    """Return the name of a field that is left out."""
    return {"w": "lyrics", "W": "lyrics", "T": "subtitle", "s": "symbol line", "m": "macro"}.get(
        kind, f"field {kind}"
    )


def _order_of(written: str, voices: list[list[Bar]]) -> tuple[str, list[str]]:
    """Return the order of the parts, empty if there is none or it cannot be followed, and findings."""
    if not (written and voices):
        return "", []
    order = read_order(written)
    if order is None:
        return "", [f"P:{written} is not an order of parts and was ignored."]
    structures = [
        [(bars[part.start].part, sum(bars[k].length for k in part)) for part in _sections(bars)]
        for bars in voices
    ]
    names = [name for name, _ in structures[0]]
    missing = sorted(set(order) - set(names))
    if not any(names):
        reason = "no P: in the music marks where the parts begin"
    elif missing:
        reason = f"there is no part {missing[0]}"
    elif len(set(names)) < len(names) or any(other != structures[0] for other in structures):
        reason = "a part occurs twice, or differs between voices"
    else:
        return order, []
    return "", [f"The order of parts P:{written} was ignored: {reason}."]


def read_order(text: str) -> str | None:
    """Parse the ``P:`` field of a header and expand its repeats.

    Returns
    -------
    str or None
        One letter for each part; None if the text is not an order of parts.

    Examples
    --------
    >>> read_order("A(BC)2.A"), read_order("A3B"), read_order("Modern AugmentedVersion")
    ('ABCBCA', 'AAAB', None)
    """
    text = text.strip()
    open_groups = [""]
    at = 0
    while at < len(text):
        match = _ORDER_SIGNS.match(text, at)
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


def order_of(bars: list[Bar], order: str) -> list[int]:
    """Return the indices of the bars in playing order, each part with its own repeats and endings.

    Without an order of parts, the bars are played from first to last.

    Examples
    --------
    >>> order_of([Bar(1, part="A", n_repeats=1), Bar(2, part="B")], "ABA")
    [0, 0, 1, 0, 0]
    """
    if not order:
        return played_order(bars)
    parts = {
        bars[part.start].part: [part.start + k for k in played_order(bars[part.start : part.stop])]
        for part in _sections(bars)
    }
    played: list[int] = []
    for name in ["", *order] if "" in parts else order:
        played += parts[name]
        if len(played) > MAX_PLAYED_NOTES:  # `check_size` refuses it
            break
    return played


def _sections(bars: Sequence[Bar]) -> Iterator[range]:
    """Yield the range of bars of each part, in written order; those before the first part come first."""
    starts = [k for k, bar in enumerate(bars) if bar.part or k == 0]
    yield from map(range, starts, [*starts[1:], len(bars)])
