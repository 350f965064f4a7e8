"""Tasks: presets of front end, learner and head, or of a composer, one module or package each.

The command line, the exports of `woodshed`, the documentation and the contract tests are derived from
``TASKS`` and ``GENERATORS``. A further task is a file with a class and a line in ``TASKS``; if it generates,
its name is also in ``GENERATORS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from woodshed.errors import look_up

if TYPE_CHECKING:
    from pathlib import Path

TASKS: dict[str, str] = {
    "chorale": "woodshed.tasks.chorale:ChoraleComposer",
    "emotion": "woodshed.tasks.emotion:EmotionRecogniser",
    "emotion_values": "woodshed.tasks.emotion_values:EmotionValuesRegressor",
    "genre": "woodshed.tasks.genre:GenreRecogniser",
    "instrument": "woodshed.tasks.instrument:InstrumentRecogniser",
    "mood": "woodshed.tasks.mood:MoodRegressor",
    "noise": "woodshed.tasks.noise:NoiseRecogniser",
    "noise_colour": "woodshed.tasks.noise_colour:NoiseColourRecogniser",
    "roll": "woodshed.tasks.roll:RollComposer",
    "snr": "woodshed.tasks.snr:SnrRegressor",
    "speech": "woodshed.tasks.speech:SpeechRecogniser",
    "tags": "woodshed.tasks.tags:TagsTagger",
    "tune": "woodshed.tasks.tune:TuneComposer",
}
"""Name after ``--task`` -> module and class."""

GENERATORS: dict[str, str] = {name: TASKS[name] for name in ("chorale", "roll", "tune")}
"""Name of a generator -> module and class: the tasks that generate, and generators that need no training."""


def recognition_tasks() -> dict[str, str]:
    """Return the tasks that predict something of a clip."""
    return {name: place for name, place in TASKS.items() if name not in GENERATORS}


def task_class(task: str) -> type[Any]:
    """Return the class of a task or generator; its module is imported now.

    Raises
    ------
    ParameterError
        If there is no such task.

    Examples
    --------
    >>> task_class("speech").__name__
    'SpeechRecogniser'
    """
    estimator: type[Any] = look_up("task", task, TASKS | GENERATORS)
    return estimator


def load(folder: str | Path) -> Any:
    """Load the model in a folder, whatever its task; no code from the folder is run.

    Raises
    ------
    ModelFolderError
        If it is not a model, is damaged, or was written by a newer version.
    """
    from pathlib import Path

    from woodshed.training.model_folder import WEIGHTS_NAME

    if (Path(folder) / WEIGHTS_NAME).exists():
        from woodshed.composition.composer import load_composer

        return load_composer(Path(folder), GENERATORS)
    from woodshed.recognition.saving import load_model

    return load_model(folder, recognition_tasks())
