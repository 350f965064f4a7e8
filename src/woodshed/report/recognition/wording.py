"""Terms shared by the page, the model card and the terminal."""

from __future__ import annotations

from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.model import classical_model

LEAKY, UNKNOWN_GROUPS = "leaky", "groups unknown"

EXPLANATIONS = {
    LEAKY: (
        "Leaky: some speakers, songs or source recordings are in both the training part and the test part, "
        "so the score overestimates the performance on new ones."
    ),
    UNKNOWN_GROUPS: (
        "Groups unknown: clips of the same speaker, song or source recording may be in both the training "
        "part and the test part, so the score may overestimate the performance on new ones."
    ),
}
"""Badge -> the sentence that explains it."""

_BASELINES = {"majority": "majority class", "mean": "training mean"}


def badge_of(leaky: bool | None) -> str:
    """Return the badge beside every number of a split: ``leaky``, ``groups unknown`` or an empty text."""
    return {True: LEAKY, None: UNKNOWN_GROUPS, False: ""}[leaky]


def method_name(method: str) -> str:
    """Return the display name of a method; an unknown method keeps its name.

    The prefix ``own-`` marks a classical model with the features and the augmentation of its task.

    Examples
    --------
    >>> method_name("svm"), method_name("majority"), method_name("mine")
    ('SVM on summary features', 'majority class', 'mine')
    >>> method_name("own-kernel-ridge")
    'kernel ridge regression on task features'
    """
    name = method.removeprefix("own-")
    if name not in CLASSICAL:
        return _BASELINES.get(method, method)
    model = classical_model(name)
    return f"{model.description} on {'summary' if name == method else 'task'} features"
