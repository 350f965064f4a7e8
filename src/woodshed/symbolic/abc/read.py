"""Reading ABC: tunes, books of tunes, and the order in which parts are played."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from woodshed.errors import ParameterError, ScoreError, ScoreFileError, near_miss
from woodshed.score import Note, Score
from woodshed.symbolic.abc.tune import TuneLines, cut_tunes, read_voices
from woodshed.symbolic.abc.voice import Propagation, Voice
from woodshed.symbolic.bar import (
    MELODIC_CHANNELS,
    Bar,
    build_score,
    join_ties,
    no_changes,
    place_bars,
    played_order,
)

ABC_SUFFIXES = (".abc",)

MAX_PARTS = 200
"""Maximum length of an order of parts; longer ones are ignored."""

_ORDER_SIGNS = re.compile(r"([A-Z()])\s*(\d{0,3})[\s.,]*")


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
    order of parts in ``P:``. Grace notes, ornaments, slurs, words and symbol lines are ignored. ``D.C.`` is
    not followed, and macros are not expanded.

    Parameters
    ----------
    path
        File in UTF-8 or Latin-1.
    repeats
        Whether to play repeats, endings and the order of parts. If False, every bar is read once.
    propagation
        Scope of an accidental within its bar: its ``octave`` (default, as in printed music), its ``pitch`` in
        all octaves, or ``not`` beyond its note. The directive ``%%propagate-accidentals`` takes precedence.

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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "book.abc"
    ...     _ = path.write_text("X:1\nT:One\nM:2/4\nL:1/8\nK:D\n|:DE F2:|\n\nX:2\nT:Two\nK:H\nC\n")
    ...     book = read_abc(path)
    >>> [note.pitch_midi for note in book.tunes[0].notes]
    [62, 64, 66, 62, 64, 66]
    >>> str(book.errors[0]).partition(": ")[2]
    "tune 2, Two: Invalid key 'K:H'. Expected a keynote and a mode, such as K:G or K:Ador."
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
        raise ScoreFileError(path, "it has no tune: no line begins with X:. Expected an ABC file.")
    return book


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
    order = ""
    if repeats:
        order, problems = _order_of(dict(tune.header).get("P", "").strip(), [voice.bars for voice in voices])
        findings += problems
    notes: list[Note] = []
    changes = no_changes()
    for channel, voice in zip(MELODIC_CHANNELS, voices, strict=False):
        played = [voice.bars[k] for k in order_of(voice.bars, order)] if repeats else voice.bars
        placed = list(place_bars(played))
        notes += join_ties(placed, channel)
        for start, bar in placed:
            for at, kind, value in bar.changes:
                if channel:
                    changes[kind].setdefault(start + at, value)
                else:
                    changes[kind][start + at] = value
    first = voices[0].bars[0] if voices else Bar(1)
    return build_score(
        notes,
        changes,
        first,
        first.length,
        part_names=[
            (channel, voice.name)
            for channel, voice in zip(MELODIC_CHANNELS, voices, strict=False)
            if voice.name
        ],
        title=tune.titles[0] if tune.titles else "",
        source=source,
        findings=findings,
    )


def _order_of(written: str, voices: list[list[Bar]]) -> tuple[str, list[str]]:
    """Return the order of the parts, empty if there is none or it cannot be followed, and findings."""
    if not (written and voices):
        return "", []
    order = read_order(written)
    if order is None:
        return "", [f"P:{written} is not an order of parts and was ignored."]
    problem = order_problem(order, written, voices)
    return ("", [problem]) if problem else (order, [])


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
    open_groups = [""]
    at = 0
    while at < len(text := text.strip()):
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


def parts_of(bars: Sequence[Bar]) -> dict[str, range]:
    """Return the range of bars of each part; bars before the first part have an empty name.

    Examples
    --------
    >>> parts_of([Bar(1, part="A"), Bar(2), Bar(3, part="B")])
    {'A': range(0, 2), 'B': range(2, 3)}
    """
    return {bars[part.start].part: part for part in _sections(bars)}


def order_problem(order: str, written: str, voices: Sequence[Sequence[Bar]]) -> str:
    """Return the reason for ignoring an order of parts, or "" to follow it."""
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
        return ""
    return f"The order of parts P:{written} was ignored: {reason}."


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
    parts = parts_of(bars)
    played: list[int] = []
    for name in ["", *order] if "" in parts else order:
        part = parts[name]
        played += [part.start + k for k in played_order(bars[part.start : part.stop])]
    return played


def _sections(bars: Sequence[Bar]) -> Iterator[range]:
    """Yield the range of bars of each part, in written order."""
    starts = [k for k, bar in enumerate(bars) if bar.part or k == 0]
    yield from map(range, starts, [*starts[1:], len(bars)])
