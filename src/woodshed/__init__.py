"""Deep learning for sound and music on your own recordings.

::

    LISTENING   audio file ─► Clip ─► features ─► dataset ─► net ─► Prediction ─► metrics ─► report
    PLAYING     corpus ─► Score | Text ─► tokens ─► net ─► samples ─► Score ─► MIDI · ABC · MusicXML · WAV

Nouns travel, verbs transform: a clip goes in, a prediction comes out. The folders of the package, read
from the bottom up, are that line. Names below are loaded when they are first used, so that
``import woodshed`` itself is instant.

Examples
--------
>>> import woodshed
>>> sorted(woodshed.__all__)[:4]
['Clip', 'EmotionRecogniser', 'EmotionValuesRegressor', 'Estimate']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from woodshed.audio.read import read
    from woodshed.clip import Clip
    from woodshed.data.source import read_source
    from woodshed.prediction import Estimate, Prediction, Tagging
    from woodshed.score import Note, Score
    from woodshed.tasks import load
    from woodshed.tasks.emotion import EmotionRecogniser
    from woodshed.tasks.emotion_values import EmotionValuesRegressor
    from woodshed.tasks.genre import GenreRecogniser
    from woodshed.tasks.instrument import InstrumentRecogniser
    from woodshed.tasks.mood import MoodRegressor
    from woodshed.tasks.noise import NoiseRecogniser
    from woodshed.tasks.noise_colour import NoiseColourRecogniser
    from woodshed.tasks.snr import SnrRegressor
    from woodshed.tasks.speech import SpeechRecogniser
    from woodshed.tasks.tags import TagsTagger
    from woodshed.tasks.tune import TuneComposer
    from woodshed.timeline import Event, Timeline

__version__ = "0.1.0"

__all__ = [
    "Clip",
    "EmotionRecogniser",
    "EmotionValuesRegressor",
    "Estimate",
    "Event",
    "GenreRecogniser",
    "InstrumentRecogniser",
    "MoodRegressor",
    "NoiseColourRecogniser",
    "NoiseRecogniser",
    "Note",
    "Prediction",
    "Score",
    "SnrRegressor",
    "SpeechRecogniser",
    "Tagging",
    "TagsTagger",
    "Timeline",
    "TuneComposer",
    "load",
    "read",
    "read_source",
]

_HOME = {
    "Clip": "woodshed.clip",
    "EmotionRecogniser": "woodshed.tasks.emotion",
    "EmotionValuesRegressor": "woodshed.tasks.emotion_values",
    "Estimate": "woodshed.prediction",
    "Event": "woodshed.timeline",
    "GenreRecogniser": "woodshed.tasks.genre",
    "InstrumentRecogniser": "woodshed.tasks.instrument",
    "MoodRegressor": "woodshed.tasks.mood",
    "NoiseColourRecogniser": "woodshed.tasks.noise_colour",
    "NoiseRecogniser": "woodshed.tasks.noise",
    "Note": "woodshed.score",
    "Prediction": "woodshed.prediction",
    "Score": "woodshed.score",
    "SnrRegressor": "woodshed.tasks.snr",
    "SpeechRecogniser": "woodshed.tasks.speech",
    "Tagging": "woodshed.prediction",
    "TagsTagger": "woodshed.tasks.tags",
    "Timeline": "woodshed.timeline",
    "TuneComposer": "woodshed.tasks.tune",
    "load": "woodshed.tasks",
    "read": "woodshed.audio.read",
    "read_source": "woodshed.data.source",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
