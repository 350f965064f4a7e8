"""Tagger: clips in, any of several tags out, each with a probability of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import DataError
from woodshed.metrics.temperature_scaling import Calibration, fit_calibration
from woodshed.prediction import Tagging
from woodshed.recognition.estimator import AudioEstimator
from woodshed.training.inference import THRESHOLDS_NAME
from woodshed.training.progress import OnEpoch, ignore_epoch

Tags = Iterable[str] | Mapping[str, float]
"""All tags of a clip; or, by name, 1 for those it has and 0 for those it has not, the others not known."""

DEFAULT_THRESHOLD = 0.5
"""From this probability on a tag is said to be there, if nothing was held out to learn it by."""


@dataclass(kw_only=True, eq=False)
class Tagger(AudioEstimator):
    """Learn which tags clips have, and say it of new clips; several may be right, or none.

    It has scikit-learn's manners (``fit``, ``predict``, ``predict_proba``, ``score``) with clips where
    scikit-learn has rows of numbers. A net lowers the binary cross-entropy of each tag that is known
    (`woodshed.recognition.net.loss.tag_loss`); a classical model is one model for each tag.

    All settings: `woodshed.recognition.estimator.AudioEstimator`.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The tags, sorted; the columns of every probability array.
    calibration_, thresholds_
        Found on clips that were held out: what makes probabilities mean what they say, and from which
        probability on each tag is said to be there.

    Examples
    --------
    >>> from woodshed.audio import noise, sine
    >>> clips = [noise(seed=k) for k in range(6)] + [sine(300 + 20 * k) for k in range(6)]
    >>> tagger = Tagger(net="svm").fit(clips, [["hiss"]] * 6 + [["hum", "steady"]] * 6)
    >>> tagger.predict([sine(350)]).tolist()
    [[0, 1, 1]]
    """

    task: ClassVar[str] = "tags"
    answer: ClassVar[str] = "tags"

    def fit(
        self,
        clips: Sequence[Clip],
        tags: Sequence[Tags],
        groups: Sequence[str] | None = None,
        sample_weight: Sequence[float] | None = None,
        *,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Learn from clips and their tags.

        Parameters
        ----------
        clips, groups, sample_weight, checkpoint, on_epoch
            As for `woodshed.recognition.recogniser.Recogniser.fit`; the accuracy that ``on_epoch`` hears is the
            share of right yes and no.
        tags
            The tags of each clip: names, all others being absent; or 1 and 0 by name, all others not known.

        Returns
        -------
        Tagger
            Itself.

        Raises
        ------
        ParameterError
            If a setting is out of its range.
        DataError
            If no tag is there in some clips and absent in others, or nothing usable is left.
        """
        return self.learn(clips, tags, groups, sample_weight, checkpoint, on_epoch)

    def encode(self, answers: Sequence[Tags]) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
        """Return the tags that can be learned, and rows of 1 (there), 0 (absent) and NaN (not known)."""
        rows = tag_rows(answers, names := sorted({str(tag) for tags in answers for tag in tags}))
        differ = [bool((column == 1).any() and (column == 0).any()) for column in rows.T]
        if not any(differ):
            told = ", ".join(names) or "none"
            raise DataError(
                f"There is no tag to tell apart: {told}. Give clips that have a tag, and clips that have not."
            )
        return np.asarray(names, dtype=str)[differ], rows[:, differ]

    def learn_from_answers(
        self, truth: NDArray[np.float32], ask: Callable[[], NDArray[np.floating]]
    ) -> dict[str, bytes]:
        """Calibrate on clips that were held out, and choose each tag's threshold: that of the highest F1.

        Every yes and no is an answer of two classes there; one calibration serves all tags, as few clips have
        a rare one.
        """
        if not len(truth):
            return {}
        answers = np.asarray(ask(), dtype=np.float64)
        known = ~np.isnan(truth)
        calibration = Calibration()
        if len(np.unique(truth[known])) == 2:
            told = answers[known]
            calibration = fit_calibration(truth[known], np.stack([1 - told, told], axis=1), [0, 1])
        answers = calibrate_tags(calibration, answers)
        chosen = [best_threshold(*pair) for pair in zip(truth.T, answers.T, strict=True)]
        kept = {**calibration._asdict(), "thresholds": chosen}
        return {THRESHOLDS_NAME: (json.dumps(kept) + "\n").encode()}

    @property
    def thresholds_(self) -> NDArray[np.float64]:
        """From which probability on each tag is said to be there, shape ``(n_tags,)``."""
        n_tags = len(self.fitted("classes_"))
        return np.asarray(self._kept.get("thresholds", np.full(n_tags, DEFAULT_THRESHOLD)), np.float64)

    @property
    def calibration_(self) -> Calibration:
        """What makes the net's probabilities mean what they say; it changes nothing if none was found."""
        return Calibration(self._kept.get("temperature", 1.0), self._kept.get("guess_share", 0.0))

    @property
    def _kept(self) -> dict[str, Any]:
        """What was learned from clips that were held out."""
        kept: dict[str, Any] = json.loads(self.fitted("files_").get(THRESHOLDS_NAME, b"{}"))
        return kept

    def hear(self, clip: Clip) -> NDArray[np.float64]:
        """Return the probability of every tag, shape ``(n_tags,)``."""
        return calibrate_tags(self.calibration_, super().hear(clip))

    def predict_proba(self, clips: Iterable[Clip]) -> NDArray[np.float64]:
        """Return the probability of every tag for every clip.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_clips, n_tags)``, 0 to 1, columns in the order of ``classes_``.
        """
        rows = [self.hear(clip) for clip in clips]
        return np.stack(rows) if rows else np.empty((0, len(self.fitted("classes_"))))

    def predict(self, clips: Iterable[Clip]) -> NDArray[np.int64]:
        """Return 1 for each tag that is there and 0 for the others, shape ``(n_clips, n_tags)``."""
        return (self.predict_proba(clips) >= self.thresholds_).astype(np.int64)

    def score(self, clips: Iterable[Clip], tags: Sequence[Tags]) -> float:
        """Return the mean over tags of the area under the ROC curve, which does not hang on thresholds."""
        from woodshed.metrics.tagging import roc_auc

        truth = tag_rows(tags, self.fitted("classes_").tolist())
        return float(roc_auc(truth, self.predict_proba(clips), average="macro"))

    def listen(self, clips: Iterable[Clip]) -> Iterator[Tagging]:
        """Yield the answer for each clip in turn, in the order of the clips; nothing is kept."""
        names, thresholds = self.fitted("classes_").tolist(), self.thresholds_
        for clip in clips:
            row = self.hear(clip)
            ranked = np.argsort(-row, kind="stable")
            yield Tagging(
                clip.source,
                tuple(names[k] for k in ranked if row[k] >= thresholds[k]),
                {names[k]: float(row[k]) for k in ranked},
                0.0,
                clip.duration_s,
            )

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that this is a classifier of several labels whose X is not a table."""
        from sklearn.utils import ClassifierTags, InputTags, TargetTags
        from sklearn.utils import Tags as SklearnTags

        return SklearnTags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True, multi_output=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(two_d_array=False),
        )


def calibrate_tags(calibration: Calibration, answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Calibrate every probability as that of two classes, there and absent; any shape.

    Examples
    --------
    >>> calibrate_tags(Calibration(temperature=2.0), np.array([0.9, 0.5])).round(2).tolist()
    [0.75, 0.5]
    """
    told = answers.ravel()
    calibrated: NDArray[np.float64] = calibration(np.stack([1 - told, told], axis=1))[:, 1]
    return calibrated.reshape(answers.shape)


def tag_rows(answers: Sequence[Tags], names: Sequence[str]) -> NDArray[np.float32]:
    """Turn the tags of clips into rows: 1 there, 0 absent, NaN not known.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_clips, n_names)``; tags that are not among the names are passed over.

    Examples
    --------
    >>> tag_rows([["a"], {"b": 0}], ["a", "b"]).tolist()
    [[1.0, 0.0], [nan, 0.0]]
    """
    rows = np.zeros((len(answers), len(names)), np.float32)
    for row, tags in zip(rows, answers, strict=True):
        if isinstance(tags, str):
            raise DataError(
                f"The tags of a clip must be a list of names, got the text {tags!r}. Give [{tags!r}]."
            )
        if isinstance(tags, Mapping):
            row[:] = [tags.get(name, np.nan) for name in names]
            if not np.isin(row[~np.isnan(row)], (0, 1)).all():
                raise DataError(
                    f"A tag is there (1) or not (0), got {dict(tags)!r}. Leave out what is not known."
                )
        else:
            there = set(tags)
            row[:] = [name in there for name in names]
    return rows


def best_threshold(truth: NDArray[np.floating], answers: NDArray[np.float64]) -> float:
    """Return the threshold with the highest F1, halfway to the next lower answer.

    Where a tag is always or never there, or nobody knows, it is `DEFAULT_THRESHOLD`.

    Examples
    --------
    >>> best_threshold(np.array([1.0, 1.0, 0.0, np.nan]), np.array([0.4, 0.3, 0.2, 0.9]))
    0.25
    """
    known = ~np.isnan(truth)
    there, answers = truth[known] > 0.5, answers[known]
    if not there.any() or there.all():
        return DEFAULT_THRESHOLD
    order = np.argsort(-answers, kind="stable")
    ranked = answers[order]
    f1 = 2 * np.cumsum(there[order]) / (np.arange(1, len(ranked) + 1) + there.sum())
    below = np.append(ranked[1:], 0.0)
    f1[ranked == below] = -1.0  # equal answers fall on the same side
    best = int(f1.argmax())
    return float((ranked[best] + below[best]) / 2)
