"""Head of taggers: any number of tags may be right, each with a probability of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus, Example
from woodshed.errors import DataError
from woodshed.metrics.calibration import Calibration, fit_calibration, is_sharpening_proven
from woodshed.prediction import Tagging
from woodshed.recognition.heads.head import Head, Names, Rows

if TYPE_CHECKING:
    from woodshed.clip import Clip
    from woodshed.training.loop import Loss

Tags = Iterable[str] | Mapping[str, float]
"""All tags of a clip; or 1 for present and 0 for absent tags by name, the others being unknown."""

THRESHOLDS_NAME = "thresholds.json"
"""File of a model folder with the calibration and the threshold of each tag."""

DEFAULT_THRESHOLD = 0.5
"""Probability from which a tag is predicted, if no threshold was learned on held-out clips."""


N_PARTS = 5
"""Parts of the held-out clips on which a calibration is proven that was fitted to the others."""


class TagsHead(Head):
    """Several tags for each clip: sigmoid outputs, binary cross-entropy, ROC-AUC.

    Targets are the tags of each clip (`Tags`); outputs are probabilities that do not sum to 1.

    Examples
    --------
    >>> names, rows = TagsHead().encode([["fast", "loud"], ["fast"], []])
    >>> names.tolist(), rows.tolist()
    (['fast', 'loud'], [[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    """

    name: ClassVar[str] = "tags"
    noun: ClassVar[str] = "tag"
    activation: ClassVar[str | None] = "sigmoid"
    binary_outputs: ClassVar[bool] = True
    main_measure: ClassVar[str] = "macro ROC-AUC"
    files: ClassVar[frozenset[str]] = frozenset({THRESHOLDS_NAME})
    fits_held_out: ClassVar[bool] = True
    table_hint: ClassVar[str] = "a column 'tags', such as drums|fast"

    # -- targets ----------------------------------------------------------------------------------

    def encode(self, targets: Sequence[Tags], order: Sequence[str] = ()) -> tuple[Names, NDArray[np.float32]]:
        """Return the tags that are present in some clips and absent in others, and rows of 1, 0 and NaN."""
        names = sorted({name for tags in targets for name in _by_name(tags)})
        rows = self.encode_as(targets, names)
        varies = [bool((column == 1).any() and (column == 0).any()) for column in rows.T]
        if not any(varies):
            raise DataError(
                "A tag must be present in some clips and absent in others to be learned; got "
                f"{', '.join(names) or 'no tags'}."
            )
        return np.asarray(names, dtype=str)[varies], rows[:, varies]

    def encode_as(self, targets: Sequence[Tags], names: Sequence[str]) -> NDArray[np.float32]:
        """Return rows of 1 (present), 0 (absent) and NaN (unknown); tags that are not named are ignored.

        Examples
        --------
        >>> TagsHead().encode_as([["a"], {"b": 0}], ["a", "b"]).tolist()
        [[1.0, 0.0], [nan, 0.0]]
        """
        rows = np.zeros((len(targets), len(names)), np.float32)
        for row, tags in zip(rows, map(_by_name, targets), strict=True):
            if isinstance(tags, Mapping):
                row[:] = [tags.get(name, np.nan) for name in names]
                if not np.isin(row[~np.isnan(row)], (0, 1)).all():
                    raise DataError(
                        f"A tag must be 1 (present) or 0 (absent), got {dict(tags)!r}. "
                        "Leave out unknown tags."
                    )
            else:
                row[:] = [name in tags for name in names]
        return rows

    def target_of(self, example: Example) -> Tags:
        """Return the tags of an example, or its values of 0 and 1."""
        return dict(example.values) if example.values else list(example.labels)

    # -- corpora ----------------------------------------------------------------------------------

    def is_listed_in(self, columns: Sequence[str]) -> bool:
        """Return whether a table has a column ``tags``."""
        return "tags" in columns

    def has_target(self, example: Example, corpus: Corpus) -> bool:
        """Return whether an example can be used: in a corpus with tags, no tag means that all are absent."""
        return bool(corpus.tags) or super().has_target(example, corpus)

    def is_testable(self, truth: NDArray[np.float32]) -> bool:
        """Return whether any tag is present."""
        return bool((truth == 1).any())

    # -- networks ---------------------------------------------------------------------------------

    def loss(self, rows: NDArray[np.float32]) -> Loss:
        """Return the binary cross-entropy with rare tags weighted up."""
        from woodshed.recognition.net_training import positive_weights_of, tag_loss

        return tag_loss(positive_weights_of(rows))

    def is_right(self, truth: NDArray[np.float32], outputs: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which outputs are on the right side of one half."""
        return np.asarray((truth > 0.5) == (outputs > 0.5))

    # -- classical estimators ---------------------------------------------------------------------

    def n_fits(self, n_folds: int) -> int:
        """Return one fit more for each fold: thresholds need held-out probabilities."""
        return n_folds

    # -- what is learned beside the model ---------------------------------------------------------

    def fit_held_out(
        self, truth: NDArray[np.float32], predict: Callable[[], NDArray[np.floating]]
    ) -> dict[str, bytes]:
        """Calibrate on held-out clips, and choose the threshold of each tag that has the highest F1.

        Present and absent are two classes; one calibration serves all tags, since rare tags have few clips.
        It raises confidences only if that is proven on parts of the clips.
        """
        if not len(truth):
            return {}
        outputs = np.asarray(predict(), dtype=np.float64)
        is_known = ~np.isnan(truth)
        calibration = Calibration()
        if len(np.unique(truth[is_known])) == 2:
            present = outputs[is_known]
            calibration = _fit_calibration(
                truth[is_known], np.stack([1 - present, present], axis=1), np.nonzero(is_known)[0] % N_PARTS
            )
        outputs = calibrate_tags(calibration, outputs)
        thresholds = [best_threshold(*columns) for columns in zip(truth.T, outputs.T, strict=True)]
        return {
            THRESHOLDS_NAME: (json.dumps({**calibration._asdict(), "thresholds": thresholds}) + "\n").encode()
        }

    # -- predictions ------------------------------------------------------------------------------

    def calibrate(self, estimator: Any, row: Rows) -> Rows:
        """Return calibrated probabilities of the tags of one clip."""
        return calibrate_tags(estimator.calibration_, row)

    def decide(self, estimator: Any, outputs: Rows) -> NDArray[np.int64]:
        """Return 1 for each tag from its threshold on, else 0; shape ``(n_clips, n_tags)``."""
        return np.asarray(outputs >= estimator.thresholds_, np.int64)

    def predictions(self, estimator: Any, clips: Iterator[Clip], **options: Any) -> Iterator[Tagging]:
        """Yield a `Tagging` for each clip."""
        names, thresholds = estimator.fitted("classes_").tolist(), estimator.thresholds_
        for clip in clips:
            row = estimator.output(clip)
            ranked = np.argsort(-row, kind="stable")
            yield Tagging(
                clip.source,
                tuple(names[k] for k in ranked if row[k] >= thresholds[k]),
                {names[k]: float(row[k]) for k in ranked},
                0.0,
                clip.duration_s,
            )

    # -- evaluation -------------------------------------------------------------------------------

    def main_score(self, truth: NDArray[np.floating], outputs: Rows) -> float:
        """Return the mean over tags of the area under the ROC curve."""
        from woodshed.metrics.tagging import roc_auc

        return float(roc_auc(truth, outputs, average="macro"))


def _by_name(tags: Tags) -> Mapping[str, float] | set[str]:
    """Return the tags of a clip with their names as text.

    Raises
    ------
    DataError
        If they are one text, or an array of 0 and 1, which has no names.
    """
    if isinstance(tags, str):
        raise DataError(f"The tags of a clip must be a list of names, got {tags!r}. Pass [{tags!r}].")
    if isinstance(tags, np.ndarray) and tags.dtype.kind in "bf":
        raise DataError(
            f"The tags of a clip must be a list of names, got an array of {tags.dtype}. Pass a dict of 0 and "
            "1 by name: dict(zip(names, row))."
        )
    if isinstance(tags, Mapping):
        return {str(name): value for name, value in tags.items()}
    return {str(name) for name in tags}


def _fit_calibration(
    truth: NDArray[np.floating], probabilities: Rows, parts: NDArray[np.int64]
) -> Calibration:
    """Fit a calibration; the identity if it raises confidences without proof on parts of the clips."""
    calibration = fit_calibration(truth, probabilities, [0, 1])
    if calibration.temperature >= 1:
        return calibration
    others = [
        fit_calibration(truth[parts != part], probabilities[parts != part], [0, 1])
        for part in np.unique(parts)
        if (parts != part).any()
    ]
    is_proven = len(others) > 1 and is_sharpening_proven(truth, probabilities, [0, 1], parts, others)
    return calibration if is_proven else Calibration()


def calibrate_tags(calibration: Calibration, outputs: Rows) -> Rows:
    """Calibrate every probability as that of two classes, present and absent; any shape.

    Examples
    --------
    >>> calibrate_tags(Calibration(temperature=2.0), np.array([0.9, 0.5])).round(2).tolist()
    [0.75, 0.5]
    """
    present = outputs.ravel()
    calibrated = calibration(np.stack([1 - present, present], axis=1))[:, 1]
    return np.clip(calibrated, 0, 1).reshape(outputs.shape)  # rounding can give a value above 1


def best_threshold(truth: NDArray[np.floating], outputs: Rows) -> float:
    """Return the threshold with the highest F1, halfway to the next lower output.

    `DEFAULT_THRESHOLD` where a tag is always present, always absent or unknown.

    Examples
    --------
    >>> best_threshold(np.array([1.0, 1.0, 0.0, np.nan]), np.array([0.4, 0.3, 0.2, 0.9]))
    0.25
    """
    is_known = ~np.isnan(truth)
    is_present, outputs = truth[is_known] > 0.5, outputs[is_known]
    if not is_present.any() or is_present.all():
        return DEFAULT_THRESHOLD
    order = np.argsort(-outputs, kind="stable")
    ranked = outputs[order]
    f1 = 2 * np.cumsum(is_present[order]) / (np.arange(1, len(ranked) + 1) + is_present.sum())
    below = np.append(ranked[1:], 0.0)
    f1[ranked == below] = -1.0  # equal outputs fall on the same side
    best = int(f1.argmax())
    return float((ranked[best] + below[best]) / 2)
