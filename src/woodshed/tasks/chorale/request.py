"""What can be asked of new chorales: a length, a key, or voices that go with those of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from woodshed.composition.piece import Piece, Request, check_ends
from woodshed.errors import ParameterError, printable
from woodshed.metrics.voice_leading import N_VOICES, RANGES
from woodshed.score import Key, Mode, Score
from woodshed.symbolic.four_voices import VOICES, as_voices, in_range
from woodshed.tasks.chorale.piece import BAR_BEATS, HOLE, SILENCE, ChoralePiece, Grid
from woodshed.tokens.chorale import ChoraleGrid
from woodshed.tokens.folk.key import read_key, signature_of_key

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer
    from woodshed.tasks.chorale import ChoraleComposer

USUAL_BARS, MOST_BARS = 8, 64
USUAL_TEMPERATURE, GIVEN_TEMPERATURE = 0.6, 0.2

GRID = 4
"""Notes that overlap by less than half a sixteenth do not."""

MOST_DRAFTS = 6
"""At most so many are written until one stays in a key, if none is asked for."""

MOST_KEYS = 48
"""So many chorales are written for one in the key that is asked for; of short ones, one in seven is minor."""

LEAST_IN_KEY = 0.9
"""Share of the notes that belong to that key at least; of Bach's it is 0.96 on average."""


@dataclass(frozen=True, kw_only=True)
class ChoraleRequest(Request):
    """What a user asks of new chorales.

    Parameters
    ----------
    bars
        How many bars of four quarter notes; 8 if it is not said.
    key
        Such as G or 'D minor'. If it is not given, the net chooses, and has some tries to stay in it.
    harmonise
        Write the missing voices to those in this file (MIDI, ABC, MusicXML): a melody, or any of the four.
    ends
        home: one whose last chord is not that of its keynote is written anew; any keeps it. home if it is not
        given; what is harmonised ends as it does.
    parts
        Which voices the parts of that file are, in their order, such as 'soprano,bass', if their names do
        not tell.

    Raises
    ------
    ParameterError, ScoreError
        If a wish makes no sense, or the file has nothing that voices can be written to.
    ScoreFileError
        If the file cannot be read.

    Examples
    --------
    >>> ChoraleRequest(key="D minor", bars=4).says
    'with seed 0 at temperature 0.6'
    """

    at_once: ClassVar[int] = 1

    bars: int | None = None
    key: str | None = None
    harmonise: Path | None = None
    parts: str | None = None
    ends: str | None = None

    voices: Score | None = field(init=False, default=None)
    octaves: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ends(self.ends, "Chorales")
        if self.harmonise is None:
            if self.parts is not None:
                raise ParameterError("--parts names the parts of a file: give the file by --harmonise.")
            if self.bars is not None and not 1 <= self.bars <= MOST_BARS:
                raise ParameterError(f"A chorale can have 1 to {MOST_BARS} bars, got {self.bars!r}.")
            self._asked_key()
            return
        for flag, value in (("--bars", self.bars), ("--key", self.key), ("--ends", self.ends)):
            if value is not None:
                raise ParameterError(
                    f"{flag} makes no sense with --harmonise: what is given has its own. Change it by "
                    "woodshed score edit first."
                )
        names = [name.strip().lower() for name in self.parts.split(",")] if self.parts else []
        voices, octaves = in_range(as_voices(_only_score(self.harmonise), names))
        _check_given(voices)
        object.__setattr__(self, "voices", voices)
        object.__setattr__(self, "octaves", octaves)

    @property
    def sampling_temperature(self) -> float:
        """The temperature: lower where voices are given, to which few others fit."""
        usual = USUAL_TEMPERATURE if self.harmonise is None else GIVEN_TEMPERATURE
        return usual if self.temperature is None else self.temperature

    def rejection_reason(self, piece: Piece) -> str:
        """Refuse a new chorale that ends away from home, unless it may."""
        may = self.harmonise is not None or self.ends == "any"
        if may or not isinstance(piece, ChoralePiece) or piece.ends_at_home:
            return ""
        return "end on another chord than that of the keynote (--ends any)"

    def write(self, composer: Composer, n: int, first: int) -> list[ChoralePiece]:
        """Let a composer write chorales, or the missing voices."""
        writer = cast("ChoraleComposer", composer)
        if self.voices is None:
            return [self._new(writer, number) for number in range(first, first + n)]
        given = sorted({note.channel for note in self.voices.notes})
        scores = [
            writer.harmonise(self.voices, seed=[self.seed, number], temperature=self.sampling_temperature)
            for number in range(first, first + n)
        ]
        return [writer.to_piece(score, given, octaves=self.octaves) for score in scores]

    def _new(self, composer: ChoraleComposer, number: int) -> ChoralePiece:
        """Write a chorale that stays in its key; if one is asked for, one of its mode is moved there."""
        tonic, mode = self._asked_key() or (None, None)
        best, most = None, (False, -1.0)
        for piece in self._drafts(composer, number, MOST_DRAFTS if tonic is None else MOST_KEYS):
            rank = (self.ends == "any" or piece.ends_at_home, piece.in_key)
            if mode not in (None, piece.key[1]) or rank <= most:
                continue
            moved = piece.grid if tonic is None else _moved(piece, tonic)
            if moved is not None:
                best, most = moved, rank
                if most >= (True, LEAST_IN_KEY):
                    break
        if best is not None:
            return composer.to_piece(best)
        raise ParameterError(
            f"None of {MOST_KEYS} chorales came out in {self.key}. Ask for the tonic alone, or change --seed."
        )

    def _drafts(self, composer: ChoraleComposer, number: int, n_most: int) -> Iterator[ChoralePiece]:
        """Write one draft after the other, each when it is asked for."""
        n_steps = (self.bars or USUAL_BARS) * BAR_BEATS * composer.steps_per_beat
        holes = np.full((n_steps, N_VOICES), HOLE)
        for attempt in range(n_most):
            seed = [self.seed, number] + ([attempt] if attempt else [])
            yield composer.to_piece(composer.fill(holes, seed=seed, temperature=self.sampling_temperature))

    def _asked_key(self) -> tuple[int, Mode | None] | None:
        if self.key is None:
            return None
        try:
            tonic, mode = read_key(self.key)
        except ParameterError:
            raise ParameterError(
                f"{self.key!r} is no key that a chorale can be in. Write G, Bb, D minor."
            ) from None
        if mode not in (None, "major", "minor"):
            raise ParameterError(f"Chorales are in major or minor, not {mode}. Write --key 'D minor'.")
        named = mode or "major"
        return Key(0, signature_of_key(tonic, named), named).tonic, mode


def _only_score(path: Path) -> Score:
    """Read the one piece of a file."""
    from woodshed.symbolic.file import read_scores

    scores = read_scores(path)
    if len(scores) != 1:
        raise ParameterError(
            f"{printable(path)} holds {len(scores)} pieces, and one is harmonised at a time. Keep one."
        )
    return scores[0]


def _check_given(voices: Score) -> None:
    """Refuse what nothing can be written to."""
    name = printable(voices.source)
    if len({note.channel for note in voices.notes}) == N_VOICES:
        raise ParameterError(f"{name} has all four voices: nothing is missing. Leave a part out.")
    most = 4 * MOST_BARS * BAR_BEATS
    if voices.duration_beats > most:
        raise ParameterError(
            f"{name} lasts {voices.duration_beats:g} quarter notes; {most} at most are harmonised. "
            "Cut it: woodshed score edit FILE --end-beats ... --out NEW."
        )
    for voice in sorted({note.channel for note in voices.notes}):
        ends = 0.0
        for note in (note for note in voices.notes if note.channel == voice):
            if round(GRID * note.onset_beats) < round(GRID * ends):
                raise ParameterError(
                    f"{name}: at beat {note.onset_beats:g} the {VOICES[voice]} has two notes at once, and a "
                    "voice has one. For the highest line: woodshed score edit FILE --part melody --out NEW."
                )
            ends = max(ends, note.end_beats)


def _moved(piece: ChoralePiece, tonic: int) -> Grid | None:
    """Move a chorale to a keynote, where most notes can be sung; None if it leaves the grid."""
    semitones = (tonic - piece.key[0] + 5) % 12 - 5
    tokens = ChoraleGrid(piece.steps_per_beat)
    low, high = np.array(RANGES).T
    moves = []
    for shift in {semitones, semitones - 12 if semitones > 0 else semitones + 12}:
        grid = np.where(piece.grid == SILENCE, SILENCE, piece.grid + shift)
        beyond = ((grid < low) | (grid > high)) & (grid != SILENCE)
        sung = grid[grid != SILENCE]
        if sung.min() >= tokens.low and sung.max() <= tokens.high:
            moves.append((int(beyond.sum()), abs(shift), grid))
    return min(moves, key=lambda move: move[:2])[2] if moves else None
