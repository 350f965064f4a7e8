"""Request for new chorales, or for the missing voices of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from woodshed.composition.generation import BAR_BEATS, Generation
from woodshed.composition.generator import MAX_BARS, GridRequest, check_ending
from woodshed.errors import ParameterError, printable
from woodshed.metrics.voice_leading import N_VOICES
from woodshed.score import Key, Mode, Score
from woodshed.symbolic.four_voices import VOICES, as_voices, in_range
from woodshed.tasks.chorale.piece import ChoralePiece
from woodshed.tokens.folk.key import read_key, signature_of_key

DEFAULT_TEMPERATURE, HARMONISE_TEMPERATURE = 0.6, 0.2
"""Temperature of new chorales, and of missing voices, to which few others fit."""

OVERLAP_GRID = 4
"""Steps in a quarter note to which onsets are rounded before overlaps are reported."""


@dataclass(frozen=True, kw_only=True)
class ChoraleRequest(GridRequest):
    """What a user asks of new chorales.

    Parameters
    ----------
    key
        Such as G or 'D minor'; by default chosen by the net.
    harmonise
        Add the missing voices to those in this file (MIDI, ABC, MusicXML): a melody, or any of the four.
    ends
        home: reject a chorale that does not end on its tonic chord; any: accept it. Default: home. A
        harmonised melody determines its own end.
    parts
        Voices of the parts of that file in their order, such as 'soprano,bass', where their names are
        unclear.

    Raises
    ------
    ParameterError, ScoreError
        If an option is invalid, or no voices can be added to the file.
    ScoreFileError
        If the file cannot be read.

    Examples
    --------
    >>> ChoraleRequest(key="D minor", bars=4).description
    'at temperature 0.6'
    """

    key: str | None = None
    harmonise: Path | None = None
    parts: str | None = None
    ends: str | None = None

    voices: Score | None = field(init=False, default=None)
    octaves: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ending(self.ends)
        if self.harmonise is None:
            if self.parts is not None:
                raise ParameterError("--parts needs --harmonise: it names the parts of that file.")
            self.tonic_and_mode  # noqa: B018  refuses an invalid key
            return
        for flag, value in (("--bars", self.bars), ("--key", self.key), ("--ends", self.ends)):
            if value is not None:
                raise ParameterError(
                    f"{flag} cannot be combined with --harmonise: the file determines it. Edit that first "
                    "(woodshed score edit)."
                )
        names = [name.strip().lower() for name in self.parts.split(",")] if self.parts else []
        voices, octaves = in_range(as_voices(_read_score(self.harmonise), names))
        _check_voices(voices)
        object.__setattr__(self, "voices", voices)
        object.__setattr__(self, "octaves", octaves)

    @property
    def sampling_temperature(self) -> float:
        """The temperature, or its default."""
        default = DEFAULT_TEMPERATURE if self.harmonise is None else HARMONISE_TEMPERATURE
        return default if self.temperature is None else self.temperature

    @property
    def tonic_and_mode(self) -> tuple[int, Mode | None] | None:
        """Pitch class of the requested tonic, and the requested mode if there is one; None without a key."""
        if self.key is None:
            return None
        try:
            tonic, mode = read_key(self.key)
        except ParameterError:
            raise ParameterError(
                f"Invalid key {self.key!r}. Expected a major or minor key such as G, Bb or 'D minor'."
            ) from None
        if mode not in (None, "major", "minor"):
            raise ParameterError(
                f"Invalid key {self.key!r}: chorales are in major or minor. Expected such as 'D minor'."
            )
        mode_or_major = mode or "major"
        return Key(0, signature_of_key(tonic, mode_or_major), mode_or_major).tonic, mode

    def rejection_reason(self, generation: Generation) -> str:
        """Return the reason for rejecting a new chorale: it ends on another chord than its tonic chord."""
        any_ending = self.harmonise is not None or self.ends == "any"
        if any_ending or not isinstance(generation, ChoralePiece) or generation.ends_at_home:
            return ""
        return "last chord is not the tonic chord (--ends any)"


def _read_score(path: Path) -> Score:
    """Read the only piece of a file."""
    from woodshed.symbolic.file import read_scores

    scores = read_scores(path)
    if len(scores) != 1:
        raise ParameterError(
            f"{printable(path)} holds {len(scores)} pieces. Expected one; remove the others."
        )
    return scores[0]


def _check_voices(voices: Score) -> None:
    """Refuse a score to which no voices can be added."""
    name = printable(voices.source)
    if len({note.channel for note in voices.notes}) == N_VOICES:
        raise ParameterError(f"{name} has all four voices: nothing is missing. Remove a part.")
    max_beats = 4 * MAX_BARS * BAR_BEATS
    if voices.duration_beats > max_beats:
        raise ParameterError(
            f"{name} lasts {voices.duration_beats:g} quarter notes; at most {max_beats} can be harmonised. "
            "Cut it: woodshed score edit FILE --end-beats ... --out NEW."
        )
    for voice in sorted({note.channel for note in voices.notes}):
        ends = 0.0
        for note in (note for note in voices.notes if note.channel == voice):
            if round(OVERLAP_GRID * note.onset_beats) < round(OVERLAP_GRID * ends):
                raise ParameterError(
                    f"{name}: at beat {note.onset_beats:g} the {VOICES[voice]} has two notes at once. "
                    "To extract the highest line: woodshed score edit FILE --part melody --out NEW."
                )
            ends = max(ends, note.end_beats)
