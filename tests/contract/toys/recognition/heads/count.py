"""Head of counters: a whole number for each clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from woodshed.errors import DataError
from woodshed.prediction import ClipPrediction
from woodshed.recognition.heads.head import Head


@dataclass(frozen=True)
class Count(ClipPrediction):
    """Predicted counts of one clip by name."""

    source: str
    counts: dict[str, int]

    def to_text(self) -> str:
        """Return one line of text."""
        return f"{self.source}  " + ", ".join(f"{n} {name}" for name, n in self.counts.items())

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {"source": self.source, "counts": self.counts}

    def to_cells(self) -> dict[str, object]:
        """Return one table row."""
        return {"source": self.source, **self.counts}


class CountHead(Head):
    """Whole numbers for each clip: linear outputs, squared error, share of exact counts."""

    name: ClassVar[str] = "count"
    noun: ClassVar[str] = "count"
    main_measure: ClassVar[str] = "exact counts"

    def encode(self, targets: Sequence[Any], order: Sequence[str] = ()) -> Any:
        """Return the names of the counts, and a row of them for each clip."""
        names = [*order] or sorted({name for counts in targets for name in counts})
        rows = self.encode_as(targets, names)
        if not names or np.isnan(rows).all():
            raise DataError("No clip has a known count. Name the column of counts with --target.")
        return np.asarray(names, dtype=str), rows

    def encode_as(self, targets: Sequence[Any], names: Sequence[str]) -> Any:
        """Return a row of the named counts for each clip, NaN where unknown."""
        rows = [[counts.get(name, np.nan) for name in names] for counts in targets]
        return np.asarray(rows, np.float32).reshape(len(targets), len(names))

    def loss(self, rows: Any) -> Any:
        """Return the squared error."""
        from keras import ops

        def loss(truth: Any, outputs: Any) -> Any:
            return ops.mean(ops.square(truth - outputs), axis=-1)

        return loss

    def is_right(self, truth: Any, outputs: Any) -> Any:
        """Return which counts are exact."""
        return np.rint(outputs) == truth

    def fit_classical(
        self, name: str, rows: Any, targets: Any, *, case: Any = None, weights: Any = None
    ) -> Any:
        """Fit one regression for each count."""
        from woodshed.recognition.classical.model import fit_columns

        options = {} if case is None else {"case": case}
        return fit_columns(name, rows, targets, discrete=False, weights=weights, **options)

    def predict_classical(self, model: Any, rows: Any) -> Any:
        """Return every count, not yet rounded."""
        from woodshed.recognition.classical.model import predict_columns

        return predict_columns(model, rows)

    def decide(self, estimator: Any, outputs: Any) -> Any:
        """Return the nearest whole numbers from 0 up."""
        return np.maximum(np.rint(outputs), 0).astype(int)

    def decisions(self, estimator: Any, outputs: Any) -> Any:
        """Return the nearest whole numbers from 0 up, as floats."""
        return self.decide(estimator, outputs).astype(float)

    def predictions(self, estimator: Any, clips: Iterator[Any], **options: Any) -> Iterator[Count]:
        """Yield a `Count` for each clip."""
        names = estimator.fitted("classes_").tolist()
        for clip in clips:
            counts = self.decide(estimator, estimator.output(clip)).tolist()
            yield Count(clip.source, dict(zip(names, counts, strict=True)))

    def main_score(self, truth: Any, outputs: Any) -> float:
        """Return the share of exact counts."""
        return float(np.mean(np.rint(outputs) == truth))
