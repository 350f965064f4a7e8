"""Symbolic features of clips that were rendered from a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError
from woodshed.features.notes import NoteSummary
from woodshed.features.validation import Checked
from woodshed.symbolic.render import RENDER_RATE, ScoreClip


@dataclass(frozen=True, kw_only=True)
class PlayedNotes(Checked):
    """`NoteSummary` of the score from which a clip was rendered; the audio is ignored.

    Parameters
    ----------
    sample_rate
        Sample rate of the rendered clips, in hertz; it has no effect on the values.
    metre_hidden
        As in `NoteSummary`; default True.

    Examples
    --------
    >>> from woodshed.score import Note, Score
    >>> from woodshed.symbolic.render import play
    >>> feature = PlayedNotes()
    >>> feature(play(Score([Note(0, 1, 60), Note(1, 1, 64)]))).shape == (feature.n_values,)
    True
    """

    key = "played-notes/1"
    sample_rate: int = RENDER_RATE
    metre_hidden: bool = True

    def __post_init__(self) -> None:
        self._whole(sample_rate=1)
        self._truth("metre_hidden")

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        return NoteSummary(metre_hidden=self.metre_hidden).names

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    def __call__(self, clip: Clip) -> Samples:
        """Compute the row of the score of a clip.

        Parameters
        ----------
        clip
            Clip from `woodshed.symbolic.render.play`.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_values,)``, float32, in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip was not rendered from a score.
        """
        if not isinstance(clip, ScoreClip):
            raise AudioError(
                f"{clip.source} is audio, but this model was trained on MIDI files and expects notes. "
                "Use a MIDI file, or train a model on audio."
            )
        return np.asarray(NoteSummary(metre_hidden=self.metre_hidden)(clip.score))


@dataclass(frozen=True, kw_only=True)
class TimedNotes(PlayedNotes):
    """`PlayedNotes` with tempo, metre and times in seconds, which matter for mood but reveal the tune type.

    Examples
    --------
    >>> TimedNotes().n_values > PlayedNotes().n_values
    True
    """

    key = "timed-notes/1"
    metre_hidden: bool = False
