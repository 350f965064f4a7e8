"""Rolls: any music as frames of a piano roll; the nets of the literature, with their likelihoods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.composition.piece import Request
from woodshed.composition.roll.composer import FrameComposer
from woodshed.tasks.roll.request import RollRequest


@dataclass(kw_only=True, eq=False)
class RollComposer(FrameComposer):
    """Write music as frames of a piano roll, and tell how many nats a frame of other music takes.

    All settings: `FrameComposer`, `Composer`.

    Examples
    --------
    >>> chords = [[60, 64, 67], [60, 65, 69], [59, 62, 67]] * 8
    >>> composer = RollComposer(width=16, n_hidden=8, dropout=0, epochs=30, n_steps=32, max_shift=0, low=48,
    ...                         high=72, learning_rate=0.02, validation_share=0).fit([chords] * 8)
    >>> composer.nats_per_frame([chords]) < composer.nats_per_frame([chords[::-1]])
    True
    >>> composer.sample(1, n_frames=8)[0].duration_beats <= 2
    True
    """

    task: ClassVar[str] = "roll"
    request_class: ClassVar[type[Request]] = RollRequest
