"""Words and spelling of numbers that page, card and terminal share, so that all three say the same."""

from __future__ import annotations

from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.model import classical_model
from woodshed.recognition.experiments.result import SplitResult

LEAKY, UNKNOWN_GROUPS = "leaky", "groups unknown"

_BADGES = {True: LEAKY, None: UNKNOWN_GROUPS, False: ""}

EXPLANATIONS = {
    LEAKY: (
        "Leaky: some speaker, song or source recording is in the training part and in the test part, so the "
        "model may recognise whom it hears rather than what; expect fewer right answers on new ones."
    ),
    UNKNOWN_GROUPS: (
        "Groups unknown: it was not said which clips share a speaker, song or source recording, so this "
        "number may flatter; on new ones expect fewer right answers."
    ),
}
"""Badge -> the sentence that explains it."""

_BASELINES = {"majority": "always the commonest class", "mean": "always the mean"}
_BASELINES_IN_A_SENTENCE = {
    "majority": "always guessing the commonest class",
    "mean": "always answering the mean",
}


def badge_of(result: SplitResult) -> str:
    """Return what must stand beside every number of a split: ``leaky``, ``groups unknown`` or nothing."""
    return _BADGES[result.leaky]


def method_name(method: str, *, sentence: bool = False) -> str:
    """Return the name of a method for a table or for a sentence; an unknown method keeps its name.

    The prefix ``own-`` marks a classical model with the features and augmentation of its task.

    Examples
    --------
    >>> method_name("svm"), method_name("majority", sentence=True), method_name("mine")
    ('SVM on summary features', 'always guessing the commonest class', 'mine')
    >>> method_name("own-kernel-ridge")
    'kernel ridge regression as this task uses it'
    """
    name = method.removeprefix("own-")
    if name not in CLASSICAL:
        return (_BASELINES_IN_A_SENTENCE if sentence else _BASELINES).get(method, method)
    model = classical_model(name)
    features = f"{model.preposition} summary features" if name == method else "as this task uses it"
    return f"{'the ' if sentence else ''}{model.description} {features}"
