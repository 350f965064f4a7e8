"""ABC, before the music is read: the tunes of a text, and which line belongs to which voice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from woodshed.symbolic.abc.voice import Voice

_FIELD = re.compile(r"\s*([A-Za-z+]):(?![|:])\s*(.*)")


@dataclass
class TuneLines:
    """The lines of one tune, sorted.

    Parameters
    ----------
    number
        What its ``X:`` says.
    titles
        Every ``T:``, the first one first.
    header
        The other fields up to and with ``K:``, as ``(letter, value)``; the letter ``%`` stands for how far an
        accidental counts.
    body
        The lines after it, without comments and empty ones.
    """

    number: str = ""
    titles: list[str] = field(default_factory=list)
    header: list[tuple[str, str]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


def cut_tunes(text: str) -> Iterator[TuneLines]:
    r"""Cut a text into tunes; fields before the first one are for all of them.

    Yields
    ------
    TuneLines
        One for each line that begins with ``X:``, in their order.

    Examples
    --------
    >>> for tune in cut_tunes("M:2/4\nX:1\nT:One\nK:D\nDE F2| % easy\nX:2\nK:C\nC4|\n"):
    ...     print(tune.number, tune.titles, tune.header, tune.body)
    1 ['One'] [('M', '2/4'), ('K', 'D')] ['DE F2|']
    2 [] [('M', '2/4'), ('K', 'C')] ['C4|']
    """
    common: list[tuple[str, str]] = []
    tune: TuneLines | None = None
    in_header = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.startswith("%%propagate-accidentals"):
            words = line.split()
            (tune.header if tune else common).append(("%", words[1] if len(words) > 1 else ""))
        content = re.sub(r"(?<!\\)%.*", "", line).rstrip()
        match = _FIELD.match(content)
        kind, value = match.groups() if match else ("", "")
        if kind == "X":
            if tune:
                yield tune
            tune, in_header = TuneLines(value.strip(), header=list(common)), True
        elif tune is None:
            if kind in ("M", "L", "Q", "R", "C", "O"):
                common.append((kind, value))
        elif in_header and kind == "T":
            tune.titles.append(value.strip().replace(r"\%", "%"))
        elif in_header and kind:
            tune.header.append((kind, value))
            in_header = kind != "K"
        elif not in_header and content.strip():
            tune.body.append(content)
    if tune:
        yield tune


def read_body(lines: Iterable[str], voices: dict[str, Voice], voice_of: Callable[[str], Voice]) -> None:
    """Read the lines of music, each by the voice that it belongs to.

    Parameters
    ----------
    lines
        The `TuneLines.body` of a tune.
    voices
        The voices that there are already, by name; lines before any ``V:`` are the first one's.
    voice_of
        Returns the voice that a ``V:`` with this value names; it makes a new one where there is none, and
        puts it into ``voices``.

    Raises
    ------
    ScoreError
        If a line holds what no voice can read.

    Examples
    --------
    >>> from fractions import Fraction
    >>> voices: dict[str, Voice] = {}
    >>> def voice_of(value: str) -> Voice:
    ...     return voices.setdefault(value, Voice(Fraction(1, 2), (2, 4), "octave"))
    >>> read_body(["V:1", "CD EF|", "[V:2] G4|"], voices, voice_of)
    >>> [(name, len(voice.bars[0].notes)) for name, voice in voices.items()]
    [('1', 4), ('2', 1)]
    """
    current: Voice | None = None
    part = ""

    def found(value: str) -> Voice:
        """Return a voice; one that is new begins with the part that is open."""
        n_known = len(voices)
        voice = voice_of(value)
        if part and len(voices) > n_known:
            voice.change("P", part)
        return voice

    for line in lines:
        match = _FIELD.match(line)
        kind, value = match.groups() if match else ("", line)
        if kind == "V":
            current = found(value)
        elif kind == "P":
            part = value
            for voice in voices.values():
                voice.change(kind, value)
        elif kind in ("K", "M", "L", "Q"):
            current = current or found("1" if not voices else next(iter(voices)))
            current.change(kind, value)
        elif not kind:
            for piece in re.split(r"(\[V:[^\]]*\])", value):
                if piece.startswith("[V:"):
                    current = found(piece[3:-1])
                elif piece.strip():
                    current = current or found("1" if not voices else next(iter(voices)))
                    current.read(piece)
    for voice in voices.values():
        voice.finish()
