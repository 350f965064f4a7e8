"""Chorales as generations: four voices on a grid, with key, pickup and tempo."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.generation import BAR_BEATS, ScoreGeneration, VoiceLine, grid_melody
from woodshed.composition.grid.gibbs import find_faults
from woodshed.decoding import parse_json
from woodshed.errors import counted
from woodshed.metrics.style import LENGTH, STEP, Style, length_shares, step_shares
from woodshed.metrics.voice_leading import FIFTH, evaluate
from woodshed.score import FIFTHS_ABOVE, Key, Metre, Mode, Program, Score, Tempo
from woodshed.symbolic.four_voices import VOICES
from woodshed.symbolic.notation import bars_of, sharps_of_pitch_class
from woodshed.tokens.chorale import ChoraleGrid

TEMPO_BPM = 72.0
"""Quarter notes per minute."""

ORGAN = 19
"""General MIDI program of the voices (church organ), counted from 0."""

SCALES = {
    mode: sorted((degree - 7 * above) % 12 for degree in (0, 2, 4, 5, 7, 9, 11))
    for mode, above in FIFTHS_ABOVE.items()
} | {"minor": [0, 2, 3, 5, 7, 8, 9, 10, 11]}
"""Semitones above the tonic that belong to a key; minor includes the raised sixth and seventh."""

SILENCE, HOLE = -1, -2
"""Values of a grid: a rest, and a cell to be filled."""

Grid = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ChoralePiece(ScoreGeneration):
    """A chorale.

    Parameters
    ----------
    text
        The ids of its cells as JSON, steps by voices.
    steps_per_beat
        Steps in a quarter note.
    given
        The voices that the user supplied, 0 to 3.
    score
        The notes, if they have more detail than the grid.
    octaves
        Octaves by which the supplied voices were moved up.

    Examples
    --------
    >>> piece = ChoralePiece("[[37,32,29,13],[36,32,27,20],[37,32,29,13]]", 1)
    >>> piece.facts, piece.lines[3].melody.pitch_midi.tolist()
    (('C major', '3 beats'), [48, 55, 48])
    """

    text: str
    steps_per_beat: int = 4
    given: tuple[int, ...] = ()
    score: Score | None = None
    octaves: int = 0

    @functools.cached_property
    def grid(self) -> Grid:
        """MIDI pitches that sound at each step, shape ``(n_steps, 4)``; -1 is silence."""
        ids = np.array(parse_json(self.text), np.int32)
        return np.where(ids == 0, SILENCE, ids + ChoraleGrid().low - 1).astype(np.int32)

    @functools.cached_property
    def key(self) -> tuple[int, Mode]:
        """Pitch class of the tonic, and mode: those of ``score``, or an estimate by `key_of_grid`."""
        if self.score is not None and self.score.keys:
            return self.score.keys[0].tonic, self.score.keys[0].mode
        return key_of_grid(self.grid)

    def to_score(self, title: str = "") -> Score:
        """Return its notes, with the key, metre and tempo of ``score`` where it has them."""
        score = self.score
        if score is None:
            tokens = ChoraleGrid(self.steps_per_beat)
            score = tokens.decode(tokens.grid_to_ids(self.grid))
            score = replace(score, pickup_beats=float(self._pickup_beats()))
        tonic, mode = self.key
        return replace(
            score,
            title=title or score.title,
            tempos=score.tempos or [Tempo(0, TEMPO_BPM)],
            metres=score.metres or [Metre(0, 4, 4)],
            keys=score.keys or [Key(0, sharps_of_pitch_class(tonic, mode), mode)],
            programs=score.programs or [Program(0, voice, ORGAN) for voice in range(len(VOICES))],
            part_names=tuple((dict(enumerate(VOICES)) | dict(score.part_names)).items()),
        )

    @property
    def facts(self) -> tuple[str, ...]:
        """Its key, length and supplied voices."""
        key = self.to_score().keys[0]
        notes = [f"{VOICES[voice]} given" for voice in self.given]
        if self.octaves:
            direction = "up" if self.octaves > 0 else "down"
            notes.append(f"moved {counted(abs(self.octaves), 'octave')} {direction}")
        return (key.name, self._length, *notes)

    @property
    def faults(self) -> tuple[str, ...]:
        """Parallel fifths and octaves, and crossed voices."""
        faults = []
        for step, upper, lower in find_faults(self.grid + 1).tolist():
            pair = f"{VOICES[upper]} and {VOICES[lower]}"
            above, below = self.grid[step, [upper, lower]].tolist()
            if lower == upper + 1 and below > above:
                motion = "cross"
            else:
                motion = f"move in parallel {'fifths' if (above - below) % 12 == FIFTH else 'octaves'}"
            faults.append((step, f"beat {1 + step / self.steps_per_beat:g}: {pair} {motion}"))
        return tuple(sentence for _, sentence in sorted(faults))

    @functools.cached_property
    def lines(self) -> tuple[VoiceLine, ...]:
        """The four voices; repeated notes are merged, as in the training data."""
        return tuple(
            VoiceLine(name, grid_melody(self.grid[:, voice], self.steps_per_beat), voice in self.given)
            for voice, name in enumerate(VOICES)
        )

    @property
    def in_key(self) -> float:
        """Share of its duration, over all voices, on notes of its key, 0 to 1."""
        tonic, mode = self.key
        pitches = self.grid[self.grid != SILENCE]
        return float(np.isin((pitches - tonic) % 12, SCALES[mode]).mean()) if len(pitches) else 0.0

    @classmethod
    def style(cls, generations: Sequence[ChoralePiece]) -> Style:
        """Describe chorales by statistics of ranges, rhythm, melodic steps and voice leading."""
        grids = [piece.grid for piece in generations]
        led = evaluate(grids, [piece.key[0] for piece in generations])
        n_beats = sum(len(piece.grid) / piece.steps_per_beat for piece in generations)
        voices = [[piece.lines[voice].melody for piece in generations] for voice in range(len(VOICES))]
        melodies = {
            name: [melody for melody in voice if len(melody.pitch_midi)]
            for name, voice in zip(VOICES, voices, strict=True)
        }
        numbers = {"beats": n_beats / len(grids), "chords a beat": (led.n_changes + len(grids)) / n_beats}
        for name, voice in melodies.items():
            ranges = [np.ptp(melody.pitch_midi) for melody in voice]
            numbers[f"range of the {name}, in semitones"] = float(np.mean(ranges)) if ranges else 0.0
        numbers |= {
            "notes of the key": float(np.mean([piece.in_key for piece in generations])),
            "parallels a chord": led.parallels,
            "chords with crossed voices": led.crossings,
            "chords with a gap": led.wide,
            "chords with two leading notes": led.doubled_leading_tones,
            "notes out of a choir's range": led.out_of_range,
            "moves beyond an octave": led.leaps,
        }
        shares = {
            f"{name}: {STEP}": step_shares(np.concatenate([np.diff(m.pitch_midi) for m in melodies[name]]))
            for name in ("soprano", "bass")
            if melodies[name]
        }
        durations = [melody.duration_beats for voice in melodies.values() for melody in voice]
        return Style(numbers, shares | {LENGTH: length_shares(np.concatenate(durations))})

    @property
    def ends_at_home(self) -> bool:
        """Whether the last chord is the tonic chord in root position; in minor with either third.

        Examples
        --------
        >>> [ChoralePiece(f"[[37,32,29,{bass}]]", 1).ends_at_home for bass in (13, 10)]  # C and A in the bass
        [True, False]
        """
        tonic, mode = self.key
        chord = (self.grid[-1][self.grid[-1] != SILENCE] - tonic) % 12
        thirds = (3, 4) if mode == "minor" else (4,)
        return bool(len(chord)) and chord[-1] == 0 and any(set(chord) <= {0, third, 7} for third in thirds)

    @property
    def _length(self) -> str:
        """Its length in bars of its metre, or of four beats if there are no beats left over."""
        if self.score is not None and self.score.metres:
            return counted(max(1, bars_of(self.score)[-1].number), "bar")
        n_beats = -(-len(self.grid) // self.steps_per_beat)
        whole, rest = divmod(n_beats, BAR_BEATS)
        return counted(n_beats, "beat") if rest else counted(whole, "bar")

    def _pickup_beats(self) -> int:
        """Return 1 if the last chord would be on a weak beat without an upbeat, else 0."""
        moved = np.flatnonzero((np.diff(self.grid, axis=0) != 0).any(axis=1))
        last_beat = int(moved[-1] + 1) // self.steps_per_beat if len(moved) else 0
        return last_beat % 2


def key_of_grid(grid: Grid) -> tuple[int, Mode]:
    """Estimate the pitch class of the tonic of a chorale, 0 to 11, and its mode.

    The tonic is the last bass note. The mode is minor if the minor third and sixth above it last longer
    than the major ones; the last chord is not used, because it is usually major in minor keys, too.

    Examples
    --------
    >>> key_of_grid(np.array([[69, 64, 60, 57], [68, 64, 59, 52], [69, 64, 60, 57]]))
    (9, 'minor')
    """
    bass = grid[:, 3][grid[:, 3] != SILENCE]
    pitches = grid[grid != SILENCE]
    tonic = int((bass if len(bass) else pitches)[-1]) % 12
    weights = np.bincount((pitches - tonic) % 12, minlength=12)
    return tonic, "minor" if weights[[3, 8]].sum() > weights[[4, 9]].sum() else "major"
