"""Tunes of an ABC text: their header fields, and the voices to which the lines of music belong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar, cast, get_args

from woodshed.errors import ScoreError
from woodshed.symbolic.abc.field import read_length, read_metre
from woodshed.symbolic.abc.voice import Propagation, Voice

_FIELD = re.compile(r"\s*([A-Za-z+]):(?![|:])\s*(.*)")
_VOICE_NAME = re.compile(r'\b(?:name|nm)\s*=\s*(?:"([^"]*)"|(\S+))')

AnyVoice = TypeVar("AnyVoice", bound=Voice)


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
        Other fields up to and including ``K:``, as ``(letter, value)``; the letter ``%`` stands for the
        directive ``%%propagate-accidentals``.
    body
        Lines after the header, without comments and empty lines.
    """

    number: str = ""
    titles: list[str] = field(default_factory=list)
    header: list[tuple[str, str]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Number and title, for messages."""
        return f"tune {self.number}" + (f", {self.titles[0]}" if self.titles else "")


def cut_tunes(text: str) -> Iterator[TuneLines]:
    r"""Split a text into tunes; fields before the first tune apply to all of them.

    Yields
    ------
    TuneLines
        One for each line that begins with ``X:``, in order.

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
        Scope of accidentals, unless the tune has a directive of its own.

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
    if header.get("%") in get_args(Propagation):
        propagation = cast("Propagation", header["%"])
    reader = _VoiceReader(header, partial(voice_type, unit, metre, propagation))
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

    def __init__(self, header: Mapping[str, str], new_voice: Callable[[], AnyVoice]) -> None:
        self._header, self._new_voice = header, new_voice
        self._current: AnyVoice | None = None
        self._part = ""
        self.voices: dict[str, AnyVoice] = {}

    def voice(self, value: str) -> AnyVoice:
        """Return the voice that a ``V:`` field names; a new one starts with the current part."""
        name = value.split()[0] if value.split() else ""
        is_new = name not in self.voices
        if is_new:
            self.voices[name] = self._new_voice()
            for kind in "MQK":
                if kind in self._header:
                    self.voices[name].change(kind, self._header[kind])
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
        elif kind in ("K", "M", "L", "Q"):
            self._voice_in_use().change(kind, value)
        elif not kind:
            for piece in re.split(r"(\[V:[^\]]*\])", value):
                if piece.startswith("[V:"):
                    self._current = self.voice(piece[3:-1])
                elif piece.strip():
                    self._voice_in_use().read(piece)

    def _voice_in_use(self) -> AnyVoice:
        self._current = self._current or self.voice(next(iter(self.voices), "1"))
        return self._current
