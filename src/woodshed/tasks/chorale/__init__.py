"""Chorales: write four voices, harmonise a melody, or fill what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.composition.grid.composer import GridComposer
from woodshed.composition.piece import Request
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.errors import ParameterError, ScoreError, printable
from woodshed.score import Score
from woodshed.symbolic.four_voices import VOICES
from woodshed.tasks.chorale.corpus import read_chorale_corpus
from woodshed.tasks.chorale.piece import HOLE, SILENCE, ChoralePiece
from woodshed.tasks.chorale.request import ChoraleRequest
from woodshed.tokens.chorale import HOLD, N_VOICES, ChoraleGrid

Grid = NDArray[np.int32]


@dataclass(kw_only=True, eq=False)
class ChoraleComposer(GridComposer):
    """Write chorales: soprano, alto, tenor and bass, any of which may be given.

    A piece is a `Score` whose voices are the channels 0 to 3, or a grid: MIDI pitches that sound at each
    step, shape ``(n_steps, 4)``, with -1 for silence. All settings: `GridComposer`, `Composer`.

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
    n_voices: ClassVar[int] = N_VOICES

    @property
    def tokenizer(self) -> ChoraleGrid:
        """What turns scores into grids."""
        return ChoraleGrid(self.steps_per_beat)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """What may stand in a cell: ``rest`` and the MIDI pitches of Bach's chorales."""
        return tuple(word for word in self.tokenizer.vocabulary if word != "hold")

    def encode(self, piece: Score | ArrayLike) -> Grid:
        """Turn a chorale into ids, shape ``(n_steps, 4)``.

        Raises
        ------
        ParameterError, ScoreError
            If it is no chorale, or a pitch is out of range.
        """
        return self._to_ids(self._to_grid(piece))

    def decode(self, ids: NDArray[np.integer]) -> Score:  # type: ignore[override]
        """Turn ids into a score."""
        return self._to_score(self._from_ids(np.asarray(ids)))

    def read(self, source: str) -> SymbolicCorpus:
        """Read chorales: see `woodshed.tasks.chorale.corpus.read_chorale_corpus`."""
        return read_chorale_corpus(source, self.steps_per_beat)

    def piece_of(self, text: str) -> ChoralePiece:
        """Return a chorale that was learned from as a piece."""
        return ChoralePiece(text, self.steps_per_beat)

    def to_piece(
        self, music: Score | ArrayLike, given: Sequence[int] = (), *, octaves: int = 0
    ) -> ChoralePiece:
        """Return new music as a piece; of a score, with all that it says beyond the grid.

        Parameters
        ----------
        music
            What `sample`, `fill` or `harmonise` returned.
        given, octaves
            The voices that the user gave, and by how many octaves they were moved up.
        """
        cells = json.dumps(self.encode(music).tolist(), separators=(",", ":"))
        score = music if isinstance(music, Score) else None
        return ChoralePiece(cells, self.steps_per_beat, tuple(given), score, octaves)

    # -- writing ----------------------------------------------------------------------------------

    def sample(  # type: ignore[override]  # noqa: PLR0913  all that a user may wish for is said here
        self,
        n: int = 1,
        *,
        seed: int = 0,
        first: int = 0,
        temperature: float = 0.6,
        n_steps: int = 128,
        n_passes: int = 40,
        repair: bool = True,
        on_piece: Callable[[int], None] = lambda n_done: None,
    ) -> list[Score]:
        """Write new chorales.

        Parameters
        ----------
        n
            How many.
        seed, first
            Chorale number ``k``, counted from ``first``, depends on the seed, ``k`` and the other arguments.
        temperature
            Above 1 bolder than what was learned, below 1 more cautious.
        n_steps
            Length of each.
        n_passes
            How often the voices are written over, until they suit each other.
        mend
            Whether parallel fifths and octaves and crossed voices are written anew.
        on_piece
            Called with how many are done.

        Raises
        ------
        ParameterError
            If an argument is out of its range.
        """
        if n < 1 or n_steps < 1:
            raise ParameterError(f"sample expects n and n_steps of at least 1, got {n!r} and {n_steps!r}.")
        holes = np.full((n_steps, N_VOICES), HOLE)
        pieces = []
        for number in range(first, first + n):
            grid = self.fill(
                holes, seed=[seed, number], temperature=temperature, n_passes=n_passes, repair=repair
            )
            pieces.append(self._to_score(grid))
            on_piece(len(pieces))
        return pieces

    def fill(
        self,
        grid: ArrayLike,
        *,
        seed: int | Sequence[int] = 0,
        temperature: float = 0.2,
        n_passes: int = 40,
        repair: bool = True,
    ) -> Grid:
        """Write what is missing in a grid; what is given stays as it is.

        Parameters
        ----------
        grid
            MIDI pitches, shape ``(n_steps, 4)``; -1 is silence, -2 is to be written.
        seed, temperature, n_passes, mend
            As in `sample`.

        Returns
        -------
        numpy.ndarray
            The same shape, without -2.

        Raises
        ------
        ParameterError
            If the shape is another, or a pitch is out of range.
        """
        given = np.asarray(grid, dtype=np.int32)
        holes = given == HOLE
        ids = self._to_ids(np.where(holes, SILENCE, given))
        written = self.write_free(
            ids, holes, seed=seed, temperature=temperature, n_passes=n_passes, repair=repair
        )
        return self._from_ids(written)

    def harmonise(
        self,
        melody: Score | ArrayLike,
        *,
        seed: int | Sequence[int] = 0,
        temperature: float = 0.2,
        n_passes: int = 40,
        repair: bool = True,
    ) -> Score:
        """Write the voices that are missing to those that are there; mostly alto, tenor and bass.

        Parameters
        ----------
        melody
            A score with some of the channels 0 to 3; one with a single part is taken for the soprano. Or
            the pitches of a soprano at each step, shape ``(n_steps,)``; -1 is silence. Written voices strike
            their note again where those that are given repeat one.
        seed, temperature, n_passes, mend
            As in `sample`.

        Returns
        -------
        Score
            The given notes as they were, with the others; tempo, metre and key stay.

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
                f"{printable(score.source)} has all four voices: nothing is missing. Leave some out, or call "
                "fill with a grid that has holes."
            )
        grid = self.tokenizer.ids_to_grid(ids)
        again = np.asarray(_struck_again(ids, grid)[:, given].any(axis=1))
        grid[:, missing] = HOLE
        grid = self.fill(grid, seed=seed, temperature=temperature, n_passes=n_passes, repair=repair)
        written = self._to_score(grid, again)
        notes = [note for note in written.notes if note.channel in missing]
        names = dict(enumerate(VOICES)) | dict(score.part_names)
        return replace(score, notes=[*score.notes, *notes], part_names=tuple(names.items()))

    # -- grids ------------------------------------------------------------------------------------

    def _to_grid(self, piece: Score | ArrayLike) -> Grid:
        if isinstance(piece, Score):
            return self.tokenizer.ids_to_grid(self.tokenizer.encode(piece))
        return np.asarray(piece, dtype=np.int32)

    def _to_ids(self, grid: Grid) -> Grid:
        self.tokenizer.grid_to_ids(grid)  # refuses what is no chorale
        return np.where(grid == SILENCE, 0, grid - self.tokenizer.low + 1).astype(np.int32)

    def _from_ids(self, ids: NDArray[np.integer]) -> Grid:
        return np.where(ids == 0, SILENCE, ids + self.tokenizer.low - 1).astype(np.int32)

    def _to_score(self, grid: Grid, again: NDArray[np.bool_] | None = None) -> Score:
        """Turn a grid into a score; where ``again``, shape ``(n_steps,)``, held notes are struck anew."""
        ids = self.tokenizer.grid_to_ids(grid)
        if again is not None:
            struck = grid - self.tokenizer.low + len(self.tokenizer.vocabulary) - len(self.vocabulary) + 1
            ids = np.where((ids == HOLD) & again[:, np.newaxis], struck, ids)
        return replace(self.tokenizer.decode(ids), part_names=tuple(enumerate(VOICES)))


def _as_soprano(pitches: ArrayLike) -> Grid:
    """Put a melody into the first voice of a grid whose others are silent.

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


def _struck_again(ids: Grid, grid: Grid) -> NDArray[np.bool_]:
    """Say where a voice strikes the pitch that it had already."""
    again = np.zeros(ids.shape, bool)
    again[1:] = (ids[1:] > HOLD) & (grid[1:] == grid[:-1])
    return again
