"""Ticks: count the clicks in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.recognition.heads.count import CountHead

from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.heads.head import Head


@dataclass(kw_only=True, eq=False)
class TickCounter(AudioEstimator):
    """Count the clicks in a recording."""

    task: ClassVar[str] = "ticks"
    head: ClassVar[Head] = CountHead()
    names: ClassVar[tuple[str, ...]] = ("n_ticks",)

    net: str = "forest"
