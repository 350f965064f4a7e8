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
    "genre": "GenreRecogniser",
    "instrument": "InstrumentRecogniser",
    "mood": "MoodRegressor",
    "noise": "NoiseRecogniser",
    "speech": "SpeechRecogniser",
    "tags": "TagsTagger",
}
"""Job -> class, which lives in the module of the job's name."""


def job_class(job: str) -> type[Any]:
    """Return the class of a job; its module is imported only now.

    Raises
    ------
    ParameterError
        If there is no such job.

    Examples
    --------
    >>> job_class("speech").__name__
    'SpeechRecogniser'
    """
    if job not in JOBS:
        raise ParameterError(f"There is no job {job!r}. {near_miss(job, JOBS)}")
    found: type[Any] = getattr(import_module(f"{__name__}.{job}"), JOBS[job])
    return found


class _Classes(Mapping[str, "type[Any]"]):
    """All jobs with their classes, each imported when it is looked up."""

    def __getitem__(self, job: str) -> type[Any]:
        if job not in JOBS:
            raise KeyError(job)
        return job_class(job)

    def __iter__(self) -> Iterator[str]:
        return iter(JOBS)

    def __len__(self) -> int:
        return len(JOBS)


def load(folder: str | Path) -> Any:
    """Load the model in a folder, whatever its job; no code from the folder is run.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or comes from a newer version.
    """
    from woodshed.base.saving import load_model

    return load_model(folder, _Classes())
