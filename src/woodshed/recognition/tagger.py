"""Tagger: an estimator that predicts any number of tags for a clip."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.metrics.calibration import Calibration
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.heads.head import Head
from woodshed.recognition.heads.tags import DEFAULT_THRESHOLD, THRESHOLDS_NAME, TagsHead


@dataclass(kw_only=True, eq=False)
class Tagger(AudioEstimator):
    """Multi-label classifier of clips: several tags may be right, or none.

    It follows the scikit-learn estimator API (``fit``, ``predict``, ``predict_proba``, ``score``). Targets of
    ``fit`` are the tags of each clip: names, all others being absent; or 1 and 0 by name, all others being
    unknown. A network minimises the binary cross-entropy of the known tags; a classical estimator is fitted
    to each tag. Settings: `woodshed.recognition.estimator.AudioEstimator`.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The tags, sorted; the columns of every array of probabilities.
    calibration_, thresholds_
        Learned on held-out clips: calibration of the probabilities, and the probability from which each tag
        is predicted.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(6)] + [sine(300 + 20 * k) for k in range(6)]
    >>> tagger = Tagger(net="svm").fit(clips, [["hiss"]] * 6 + [["hum", "steady"]] * 6)
    >>> tagger.predict([sine(350)]).tolist()
    [[0, 1, 1]]
    """

    task: ClassVar[str] = "tags"
    head: ClassVar[Head] = TagsHead()

    @property
    def thresholds_(self) -> NDArray[np.float64]:
        """Probability from which each tag is predicted, shape ``(n_tags,)``."""
        n_tags = len(self.fitted("classes_"))
        return np.asarray(self._held_out.get("thresholds", np.full(n_tags, DEFAULT_THRESHOLD)), np.float64)

    @property
    def calibration_(self) -> Calibration:
        """Calibration of the probabilities; it changes nothing if none was learned."""
        values = self._held_out
        return Calibration(values.get("temperature", 1.0), values.get("guess_share", 0.0))

    @property
    def _held_out(self) -> dict[str, Any]:
        """What was learned on held-out clips."""
        values: dict[str, Any] = json.loads(self.fitted("files_").get(THRESHOLDS_NAME, b"{}"))
        return values

    def predict_proba(self, clips: Iterable[Clip]) -> NDArray[np.float64]:
        """Return the probability of every tag for every clip.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_clips, n_tags)``, 0 to 1, columns in the order of ``classes_``.
        """
        return self.outputs(clips)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: a multi-label classifier whose X is not a table."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True, multi_output=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(two_d_array=False),
        )
