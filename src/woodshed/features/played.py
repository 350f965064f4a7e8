"""Played notes: the row of `woodshed.features.notes.NoteSummary`, of a clip that was made from notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError
from woodshed.features.notes import NoteSummary
from woodshed.features.setting import Checked
from woodshed.symbolic.play import PLAYED_RATE, Played


@dataclass(frozen=True, kw_only=True)
class PlayedNotes(Checked):
    """One row of numbers for the notes of a clip that was played from a score; the sound is not looked at.

    Parameters
    ----------
    sample_rate
        Rate at which the notes are played, in hertz. It changes nothing.
    metre_hidden
        As for `NoteSummary`; default true.

    Examples
    --------
    >>> from woodshed.score import Note, Score
    >>> from woodshed.symbolic.play import play
    >>> feature = PlayedNotes()
    >>> feature(play(Score([Note(0, 1, 60), Note(1, 1, 64)]))).shape == (feature.n_values,)
    True
    """

    key = "played-notes/1"
    sample_rate: int = PLAYED_RATE
    metre_hidden: bool = True

    def __post_init__(self) -> None:
        self._whole(sample_rate=1)
        self._truth("metre_hidden")

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value, with its unit if it has one."""
        return NoteSummary(metre_hidden=self.metre_hidden).names

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    def __call__(self, clip: Clip) -> Samples:
        """Describe the notes of a clip.

        Parameters
        ----------
        clip
            What `woodshed.symbolic.play.play` made.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_values,)``, float32, in the order of ``names``.

        Raises
        ------
        AudioError
            If the clip is sound alone.
        """
        if not isinstance(clip, Played):
            raise AudioError(
                f"{clip.source} is sound, and this model reads notes: it learned from MIDI files. Give it a "
                "MIDI file, or train a model on sounds."
            )
        return np.asarray(NoteSummary(metre_hidden=self.metre_hidden)(clip.score))


@dataclass(frozen=True, kw_only=True)
class TimedNotes(PlayedNotes):
    """The same with tempo, metre and times in seconds: what mood needs and tune types must not be told."""

    key = "timed-notes/1"
    metre_hidden: bool = False
