"""Deep learning for sound and music on your own recordings.

::

    recognition   audio file ─► Clip ─► front end ─► learner ─► head ─► Prediction ─► metrics ─► report
    composition   corpus ─► Score | text ─► tokens ─► net ─► sampler ─► Score ─► MIDI · ABC · MusicXML · WAV

Public names are imported when they are first used, so that ``import woodshed`` itself is fast.

Examples
--------
>>> import woodshed
>>> sorted(woodshed.__all__)[:4]
['ChoraleComposer', 'Clip', 'EmotionRecogniser', 'EmotionValuesRegressor']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from woodshed.tasks import TASKS

if TYPE_CHECKING:
    from woodshed.audio.read import read as read
    from woodshed.clip import Clip as Clip
    from woodshed.data.clip_sequence import as_clips as as_clips
    from woodshed.data.example import Sounds as Sounds
    from woodshed.data.source import read_source as read_source
    from woodshed.prediction import Estimate as Estimate
    from woodshed.prediction import Prediction as Prediction
    from woodshed.prediction import Tagging as Tagging
    from woodshed.score import Note as Note
    from woodshed.score import Score as Score
    from woodshed.tasks import load as load
    from woodshed.timeline import Event as Event
    from woodshed.timeline import Timeline as Timeline

__version__ = "0.1.0"

_HOME = {
    "Clip": "woodshed.clip",
    "Estimate": "woodshed.prediction",
    "Event": "woodshed.timeline",
    "Note": "woodshed.score",
    "Prediction": "woodshed.prediction",
    "Score": "woodshed.score",
    "Sounds": "woodshed.data.example",
    "Tagging": "woodshed.prediction",
    "Timeline": "woodshed.timeline",
    "as_clips": "woodshed.data.clip_sequence",
    "load": "woodshed.tasks",
    "read": "woodshed.audio.read",
    "read_source": "woodshed.data.source",
    **{place.partition(":")[2]: place.partition(":")[0] for place in TASKS.values()},
}
"""Public name -> module; every task class is public."""

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
