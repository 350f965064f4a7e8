"""Models as inputs of the workflows."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from woodshed.errors import ParameterError, near_miss, printable
from woodshed.tasks import load
from woodshed.tasks.shipped import SHIPPED, model_folder
from woodshed.training.estimator import check_verb
from woodshed.training.model_folder import SETTINGS_NAME

N_LOOKED_AT = 1000
"""Maximum number of files of a folder whose names are read to see what it holds."""


def check_model(model: str | Path, usage: str) -> None:
    """Raise an error if the place of a model is taken by something else: the arguments are in another order.

    Parameters
    ----------
    model
        What was given as a model.
    usage
        The arguments of the command after ``woodshed``, for the message.

    Raises
    ------
    ParameterError
        If it is a sound, a score, a table or a folder of sounds.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> check_model(sample_folder() / "recordings" / "7_theo_0.flac", "predict MODEL SOUND...")
    Traceback (most recent call last):
    woodshed.errors.ParameterError: ...7_theo_0.flac is audio, not a model. Usage: woodshed predict MODEL
    SOUND...
    """
    path = Path(model)
    suffix = path.suffix.lower()
    what = ""
    if (path / SETTINGS_NAME).exists() or not path.exists():
        return
    from woodshed.audio.read import AUDIO_SUFFIXES
    from woodshed.data.folder import files_below, is_sound
    from woodshed.data.table import TABLE_SUFFIXES
    from woodshed.symbolic.file import SCORE_SUFFIXES

    if path.is_file():
        kinds = {
            "audio": AUDIO_SUFFIXES,
            "a score": frozenset(SCORE_SUFFIXES),
            "a table": TABLE_SUFFIXES,
        }
        what = next((kind for kind, suffixes in kinds.items() if suffix in suffixes), "")
    else:
        files = files_below(path, stop_at=path.resolve().parent)
        what = "a folder of sounds" if any(map(is_sound, itertools.islice(files, N_LOOKED_AT))) else ""
    if what:
        raise ParameterError(f"{printable(path)} is {what}, not a model. Usage: woodshed {usage}")


def load_model_for(verb: str, model: str | Path) -> Any:
    """Load the model that a verb is to be used with.

    Parameters
    ----------
    verb
        A verb of the command line that takes a model.
    model
        Folder of a model, or the name of one that comes with woodshed.

    Raises
    ------
    ParameterError
        If a model of its kind cannot be used with the verb; the message names the verbs that it has.
    ModelFolderError
        If it is not a model, or is damaged.
    """
    name, folder = str(model), Path(model)
    if not folder.exists() and near_miss(name, SHIPPED).startswith("Did"):
        folder = model_folder(name)  # a shipped one, or an error with the near miss
    estimator = load(folder)
    check_verb(estimator, verb, model)
    return estimator
