"""Play: a score as a clip that keeps its notes, for whatever hears clips and for what reads notes."""

from __future__ import annotations

from dataclasses import dataclass, field

from woodshed.clip import Clip
from woodshed.errors import ScoreError
from woodshed.score import Score
from woodshed.symbolic.render import MAX_S, render

PLAYED_RATE = 16000
"""Rate at which a score is played, in hertz."""


@dataclass(frozen=True, eq=False, repr=False)
class Played(Clip):
    """Sound that was made from notes, and the notes.

    Parameters
    ----------
    samples, sample_rate, source
        As of any `Clip`.
    score
        What is played.
    """

    score: Score = field(kw_only=True)

    def cut(self, start_s: float, end_s: float | None = None) -> Clip:
        """Return a part of the sound; the notes belong to the whole and are left out."""
        return Clip(self.samples, self.sample_rate, self.source).cut(start_s, end_s)


def play(score: Score) -> Played:
    """Play a score on the plain tones of `woodshed.symbolic.render.render`, and keep the notes.

    Parameters
    ----------
    score
        At most an hour.

    Returns
    -------
    Played
        One channel at 16 kHz, with the score.

    Raises
    ------
    ScoreError
        If the score lasts more than an hour.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> played = play(Score([Note(0, 1, 69), Note(1, 1, 57)]))
    >>> played.n_channels, played.sample_rate, round(played.duration_s, 2), len(played.score.notes)
    (1, 16000, 1.08, 2)
    """
    if score.duration_s > MAX_S:
        minutes = (score.duration_s / 60, MAX_S / 60)
        raise ScoreError(
            f"{score.source} lasts {minutes[0]:.0f} minutes; at most {minutes[1]:.0f} are played. Cut it."
        )
    clip = render(score, PLAYED_RATE, mono=True)
    return Played(clip.samples, PLAYED_RATE, score.source, score=score)
