"""Generation of chorales: four voices, all new or some of them given; their training corpora."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.composition.generation import BAR_BEATS
from woodshed.composition.generator import Request
from woodshed.composition.grid.composer import GridComposer
from woodshed.data.symbolic_corpus import SymbolicCorpus, jsb_corpus, read_score_corpus, source_of
from woodshed.errors import ParameterError, ScoreError, printable
from woodshed.metrics.voice_leading import RANGES
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.four_voices import VOICES, as_voices
from woodshed.tasks.chorale.piece import HOLE, SILENCE, ChoralePiece
from woodshed.tasks.chorale.request import ChoraleRequest
from woodshed.tokens.chorale import HOLD, N_VOICES, ChoraleGrid

CHORALE_SOURCES = ("jsb_chorales",)
"""Corpora that can be named in place of a folder."""

JSB_STEPS_PER_BEAT = 4

MAX_DRAFTS = 6
"""Maximum number of drafts until one stays in a key, if no key is requested."""

MAX_DRAFTS_IN_MODE = 48
"""Maximum number of drafts until one is in the requested mode; one in seven short ones is in minor."""

MIN_IN_KEY = 0.9
"""Share of the notes of a draft that belong to its key, from which it is accepted; Bach's mean is 0.96."""

Grid = NDArray[np.int32]


def read_chorale_corpus(source: str, steps_per_beat: int = 4) -> SymbolicCorpus:
    """Read chorales as grids: the MIDI pitches that sound at each step, shape ``(n_steps, 4)``; -1 is a rest.

    Parameters
    ----------
    source
        ``jsb_chorales:PATH``, or a folder (or file) of MIDI, MusicXML or ABC, where the parts are assigned to
        voices by their names or else by their mean pitches.
    steps_per_beat
        Steps in a quarter note. The JSB chorales have four, which can be subsampled to 2 or 1.

    Raises
    ------
    DataError
        If the source is unknown, or has no usable chorale.
    ParameterError
        If the JSB chorales cannot have such a grid.
    """
    name, place = source_of(source, CHORALE_SOURCES)
    if not name:
        return read_score_corpus(
            place, lambda score: _to_grid(score, steps_per_beat), key=lambda grid: grid.tobytes()
        )
    if JSB_STEPS_PER_BEAT % steps_per_beat:
        raise ParameterError(
            f"The JSB chorales have {JSB_STEPS_PER_BEAT} steps per beat. Set steps_per_beat to 4, 2 or 1, "
            f"got {steps_per_beat}."
        )
    step = JSB_STEPS_PER_BEAT // steps_per_beat
    return jsb_corpus(place, "sixteenth", lambda piece: np.array(piece, np.int32)[::step])


def _to_grid(score: Score, steps_per_beat: int) -> Grid:
    """Return the pitches of the four voices of a score at each step."""
    tokens = ChoraleGrid(steps_per_beat)
    return tokens.ids_to_grid(tokens.encode(_to_four_voices(score)))


def _to_four_voices(score: Score) -> Score:
    """Move the parts of a chorale to the channels 0 to 3."""
    channels = sorted({note.channel for note in score.notes} - {DRUM_CHANNEL})
    if len(channels) != len(VOICES):
        raise ScoreError(
            f"expected four parts, each in its own channel, got {len(channels)}. Split it by voices, or "
            "leave it out."
        )
    try:
        return as_voices(score)
    except (ScoreError, ParameterError):  # the names of the parts are unclear
        heights = [
            np.mean([note.pitch_midi for note in score.notes if note.channel == channel])
            for channel in channels
        ]
        names = [VOICES[place] for place in np.argsort(np.argsort([-height for height in heights]))]
        return as_voices(score, names)


@dataclass(kw_only=True, eq=False)
class ChoraleComposer(GridComposer):
    """Composer of chorales: soprano, alto, tenor and bass, any of which may be given.

    A piece is a `Score` whose voices are the channels 0 to 3, or a grid: the MIDI pitches that sound at each
    step, shape ``(n_steps, 4)``, with -1 for a rest. All settings: `GridComposer`, `Composer`.

    Examples
    --------
    >>> piece = np.tile([[72, 67, 64, 48], [71, 67, 62, 55]], (16, 1))
    >>> composer = ChoraleComposer(width=32, n_layers=1, dropout=0, epochs=2, steps_per_beat=1, n_steps=16)
    >>> composer = composer.fit([piece] * 4)
    >>> composer.harmonise(piece[:, 0]).part_names
    ((0, 'soprano'), (1, 'alto'), (2, 'tenor'), (3, 'bass'))
    """

    task: ClassVar[str] = "chorale"
    request_class: ClassVar[type[Request]] = ChoraleRequest
    n_parallel: ClassVar[int] = 1

    @property
    def tokenizer(self) -> ChoraleGrid:
        """The conversion of scores into grids."""
        return ChoraleGrid(self.steps_per_beat)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The values of a cell: ``rest`` and the MIDI pitches of Bach's chorales."""
        return tuple(word for word in self.tokenizer.vocabulary if word != "hold")

    def encode(self, piece: Score | ArrayLike) -> Grid:
        """Turn a chorale into ids, shape ``(n_steps, 4)``.

        Raises
        ------
        ParameterError, ScoreError
            If it is not a chorale, or a pitch is out of range.
        """
        if isinstance(piece, Score):
            piece = self.tokenizer.ids_to_grid(self.tokenizer.encode(piece))
        return self._to_ids(np.asarray(piece, dtype=np.int32))

    def decode(self, ids: NDArray[np.integer]) -> Score:
        """Turn ids into a score."""
        return self._to_score(self._from_ids(np.asarray(ids)))

    def read(self, source: str) -> SymbolicCorpus:
        """Read chorales: see `read_chorale_corpus`."""
        return read_chorale_corpus(source, self.steps_per_beat)

    def to_generation(self, text: str) -> ChoralePiece:
        """Return a training chorale."""
        return ChoralePiece(text, self.steps_per_beat)

    def to_piece(
        self, music: Score | ArrayLike, given: Sequence[int] = (), *, octaves: int = 0
    ) -> ChoralePiece:
        """Return a grid or a score as a generation; a score keeps its details beyond the grid.

        Parameters
        ----------
        music
            What `fill` or `harmonise` returned.
        given, octaves
            The voices that the user supplied, and by how many octaves they were moved up.
        """
        score = music if isinstance(music, Score) else None
        text = self.to_text(self.encode(music))
        return ChoralePiece(text, self.steps_per_beat, tuple(given), score, octaves)

    # -- sampling ---------------------------------------------------------------------------------

    def generations(self, request: ChoraleRequest, numbers: range, *, seed: int) -> list[ChoralePiece]:
        """Generate the chorales of some numbers, or add the missing voices as many times."""
        if request.voices is None:
            return [self._generate_in_key(request, [seed, number]) for number in numbers]
        given = sorted({note.channel for note in request.voices.notes})
        scores = [
            self.harmonise(request.voices, seed=[seed, number], temperature=request.sampling_temperature)
            for number in numbers
        ]
        return [self.to_piece(score, given, octaves=request.octaves) for score in scores]

    def _generate_in_key(self, request: ChoraleRequest, seed: list[int]) -> ChoralePiece:
        """Generate a chorale that stays in its key; a requested key is reached by transposition."""
        tonic, mode = request.tonic_and_mode or (None, None)
        best, best_rank = None, (False, -1.0)
        for piece in self._drafts(request, seed, MAX_DRAFTS if tonic is None else MAX_DRAFTS_IN_MODE):
            rank = (request.ends == "any" or piece.ends_at_home, piece.in_key)
            if mode not in (None, piece.key[1]) or rank <= best_rank:
                continue
            grid = piece.grid if tonic is None else _transpose(piece, tonic)
            if grid is not None:
                best, best_rank = grid, rank
                if best_rank >= (True, MIN_IN_KEY):
                    break
        if best is None:
            raise ParameterError(
                f"None of {MAX_DRAFTS_IN_MODE} chorales was in {request.key}. Request the tonic alone, or "
                "change --seed."
            )
        return self.to_piece(best)

    def _drafts(self, request: ChoraleRequest, seed: list[int], n: int) -> Iterator[ChoralePiece]:
        """Yield up to ``n`` drafts, each generated on demand."""
        holes = np.full((request.n_bars * BAR_BEATS * self.steps_per_beat, N_VOICES), HOLE)
        for attempt_seed in (seed, *([*seed, attempt] for attempt in range(1, n))):
            yield self.to_piece(self.fill(holes, seed=attempt_seed, temperature=request.sampling_temperature))

    def fill(
        self,
        grid: ArrayLike,
        *,
        seed: int | Sequence[int] = 0,
        temperature: float = 0.2,
        n_passes: int = 40,
        repair: bool = True,
    ) -> Grid:
        """Fill the holes of a grid; the other cells stay.

        Parameters
        ----------
        grid
            MIDI pitches, shape ``(n_steps, 4)``; -1 is a rest, -2 a hole.
        seed
            Source of the random draws; a sequence of numbers is one seed.
        temperature
            Above 1 more varied than the training data, below 1 more conservative.
        n_passes
            Number of Gibbs sampling passes.
        repair
            Whether parallel fifths and octaves and crossed voices are drawn again.

        Returns
        -------
        numpy.ndarray
            The same shape, without holes.

        Raises
        ------
        ParameterError
            If the shape is another, or a pitch is out of range.
        """
        pitches = np.asarray(grid, dtype=np.int32)
        holes = pitches == HOLE
        ids = self._to_ids(np.where(holes, SILENCE, pitches))
        filled = self.fill_cells(
            ids, holes, seed=seed, temperature=temperature, n_passes=n_passes, repair=repair
        )
        return self._from_ids(filled)

    def harmonise(
        self,
        melody: Score | ArrayLike,
        *,
        seed: int | Sequence[int] = 0,
        temperature: float = 0.2,
        n_passes: int = 40,
        repair: bool = True,
    ) -> Score:
        """Add the missing voices to the given ones, usually alto, tenor and bass.

        Parameters
        ----------
        melody
            A score with some of the channels 0 to 3; a single part is taken as the soprano. Or the pitches
            of a soprano at each step, shape ``(n_steps,)``; -1 is a rest. New voices repeat a note where
            the given ones do.
        seed, temperature, n_passes, repair
            As in `fill`.

        Returns
        -------
        Score
            The given notes, unchanged, and the new ones; tempo, metre and key stay.

        Raises
        ------
        ParameterError, ScoreError
            If nothing is missing, or a pitch is out of range; transpose the melody then.
        """
        score = melody if isinstance(melody, Score) else self._to_score(_as_soprano(melody))
        if len({note.channel for note in score.notes}) == 1 and score.notes[0].channel >= N_VOICES:
            score = replace(score, notes=[replace(note, channel=0) for note in score.notes])
        ids = self.tokenizer.encode(score)
        given = sorted({note.channel for note in score.notes})
        missing = [voice for voice in range(N_VOICES) if voice not in given]
        if not missing:
            raise ScoreError(
                f"{printable(score.source)} has all four voices: nothing is missing. Remove some, or call "
                "fill with a grid that has holes."
            )
        grid = self.tokenizer.ids_to_grid(ids)
        repeated = np.asarray(_repeated_notes(ids, grid)[:, given].any(axis=1))
        grid[:, missing] = HOLE
        grid = self.fill(grid, seed=seed, temperature=temperature, n_passes=n_passes, repair=repair)
        notes = [note for note in self._to_score(grid, repeated).notes if note.channel in missing]
        names = dict(enumerate(VOICES)) | dict(score.part_names)
        return replace(score, notes=[*score.notes, *notes], part_names=tuple(names.items()))

    # -- grids ------------------------------------------------------------------------------------

    def _to_ids(self, grid: Grid) -> Grid:
        self.tokenizer.grid_to_ids(grid)  # refuses a grid that is not a chorale
        return np.where(grid == SILENCE, 0, grid - self.tokenizer.low + 1).astype(np.int32)

    def _from_ids(self, ids: NDArray[np.integer]) -> Grid:
        return np.where(ids == 0, SILENCE, ids + self.tokenizer.low - 1).astype(np.int32)

    def _to_score(self, grid: Grid, repeated: NDArray[np.bool_] | None = None) -> Score:
        """Turn a grid into a score; where ``repeated``, shape ``(n_steps,)``, held notes are repeated."""
        ids = self.tokenizer.grid_to_ids(grid)
        if repeated is not None:
            onsets = grid - self.tokenizer.low + len(self.tokenizer.vocabulary) - len(self.vocabulary) + 1
            ids = np.where((ids == HOLD) & repeated[:, np.newaxis], onsets, ids)
        return replace(self.tokenizer.decode(ids), part_names=tuple(enumerate(VOICES)))


def _as_soprano(pitches: ArrayLike) -> Grid:
    """Return a grid with a melody as its first voice and rests in the others.

    Examples
    --------
    >>> _as_soprano([72, 71]).tolist()
    [[72, -1, -1, -1], [71, -1, -1, -1]]
    """
    row = np.asarray(pitches, dtype=np.int32)
    if row.ndim != 1:
        raise ParameterError(f"harmonise expects a melody of shape (n_steps,), got {row.shape}.")
    grid = np.full((len(row), N_VOICES), SILENCE, dtype=np.int32)
    grid[:, 0] = row
    return grid


def _repeated_notes(ids: Grid, grid: Grid) -> NDArray[np.bool_]:
    """Return where a voice repeats its pitch."""
    repeated = np.zeros(ids.shape, bool)
    repeated[1:] = (ids[1:] > HOLD) & (grid[1:] == grid[:-1])
    return repeated


def _transpose(piece: ChoralePiece, tonic: int) -> Grid | None:
    """Transpose a chorale to a tonic, within the vocal ranges if possible; None if it leaves the grid."""
    semitones = (tonic - piece.key[0] + 5) % 12 - 5
    tokens = ChoraleGrid(piece.steps_per_beat)
    low, high = np.array(RANGES).T
    candidates = []
    for shift in {semitones, semitones - 12 if semitones > 0 else semitones + 12}:
        grid = np.where(piece.grid == SILENCE, SILENCE, piece.grid + shift)
        pitches = grid[grid != SILENCE]
        if pitches.min() >= tokens.low and pitches.max() <= tokens.high:
            n_out = int((((grid < low) | (grid > high)) & (grid != SILENCE)).sum())
            candidates.append((n_out, abs(shift), grid))
    return min(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None
