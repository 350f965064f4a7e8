"""Rendering of a score to a clip that also carries the score."""

from __future__ import annotations

from dataclasses import dataclass, field

from woodshed.clip import Clip
from woodshed.errors import ScoreError
from woodshed.score import Score
from woodshed.symbolic.rendering import MAX_S, render

RENDER_RATE = 16000
"""Sample rate of the clips, in hertz."""


@dataclass(frozen=True, eq=False, repr=False)
class ScoreClip(Clip):
    """Audio rendered from a score, with the score.

    Parameters
    ----------
    samples, sample_rate, source
        As in `Clip`.
    score
        Rendered score.
    """

    score: Score = field(kw_only=True)

    def cut(self, start_s: float, end_s: float | None = None) -> Clip:
        """Return a part of the audio, without the score, which describes the whole."""
        return Clip(self.samples, self.sample_rate, self.source).cut(start_s, end_s)


def play(score: Score) -> ScoreClip:
    """Render a score with the built-in synthesiser of `woodshed.symbolic.render`, and keep the score.

    Parameters
    ----------
    score
        Score of at most an hour.

    Returns
    -------
    ScoreClip
        Mono audio at 16 kHz, with the score.

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
        raise ScoreError(
            f"{score.source} lasts {score.duration_s / 60:.0f} minutes, expected at most {MAX_S / 60:.0f}. "
            "Cut it."
        )
    clip = render(score, RENDER_RATE, mono=True)
    return ScoreClip(clip.samples, RENDER_RATE, score.source, score=score)
