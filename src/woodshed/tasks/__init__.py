"""Jobs, one file each. ``JOBS`` is the one list that the command line, the tests and the README read.

A new job is a file with a class, and a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from woodshed.errors import ParameterError, near_miss

JOBS: dict[str, str] = {
    "emotion": "EmotionRecogniser",
    "emotion_values": "EmotionValuesRegressor",
    "genre": "GenreRecogniser",
    "instrument": "InstrumentRecogniser",
    "mood": "MoodRegressor",
    "noise": "NoiseRecogniser",
    "noise_colour": "NoiseColourRecogniser",
    "snr": "SnrRegressor",
    "speech": "SpeechRecogniser",
    "tags": "TagsTagger",
}
"""Job that listens -> class, which lives in the module of the job's name."""

COMPOSERS: dict[str, str] = {"chorale": "ChoraleComposer", "roll": "RollComposer", "tune": "TuneComposer"}
"""Job that writes music -> class, likewise."""

GENERATORS: dict[str, str] = {name: f"{__name__}.{name}:{class_}" for name, class_ in COMPOSERS.items()}
"""Generator, trained or not -> module and class."""


def generator_class(name: str) -> type[Any]:
    """Return the class of a generator; its module is imported on demand.

    Raises
    ------
    ParameterError
        If there is no such generator.

    Examples
    --------
    >>> generator_class("tune").__name__
    'TuneComposer'
    """
    if name not in GENERATORS:
        raise ParameterError(f"Unknown generator {name!r}. {near_miss(name, GENERATORS)}")
    module, _, class_name = GENERATORS[name].partition(":")
    generator: type[Any] = getattr(import_module(module), class_name)
    return generator


def task_class(task: str) -> type[Any]:
    """Return the class of a job; its module is imported only now.

    Raises
    ------
    ParameterError
        If there is no such job.

    Examples
    --------
    >>> task_class("speech").__name__
    'SpeechRecogniser'
    """
    every = JOBS | COMPOSERS
    if task not in every:
        raise ParameterError(f"There is no job {task!r}. {near_miss(task, every)}")
    found: type[Any] = getattr(import_module(f"{__name__}.{task}"), every[task])
    return found


class _Classes(Mapping[str, "type[Any]"]):
    """Jobs with their classes, each imported when it is looked up."""

    def __init__(self, jobs: Mapping[str, str]) -> None:
        self._jobs = jobs

    def __getitem__(self, task: str) -> type[Any]:
        if task not in self._jobs:
            raise KeyError(task)
        return task_class(task)

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)


def load(folder: str | Path) -> Any:
    """Load the model in a folder, whatever its job; no code from the folder is run.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or comes from a newer version.
    """
    from woodshed.recognition.saving import load_model
    from woodshed.training.model_folder import WEIGHTS_NAME

    if (Path(folder) / WEIGHTS_NAME).exists():
        from woodshed.composition.saving import load_composer

        return load_composer(Path(folder), _Classes(COMPOSERS))
    return load_model(folder, _Classes(JOBS))
