"""Report of counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from woodshed.report.recognition.multi_output import MultiOutputReport


def _exact(truth: Any, outputs: Any) -> float:
    return float(np.mean(np.rint(outputs) == truth))


def _error(truth: Any, outputs: Any) -> float:
    return float(np.mean(np.abs(np.rint(outputs) - truth)))


class CountReport(MultiOutputReport):
    """Share of exact counts, and mean error."""

    explanation: ClassVar[str] = "An exact count is one without error."
    measures: ClassVar[Mapping[str, Any]] = {"exact counts": _exact, "mean error": _error}

    def scores_by_output(self, result: Any) -> dict[str, Any]:
        """Return the scores of each count."""
        rounded = np.rint(result.outputs[result.method])
        return {
            "exact counts": (rounded == result.truth).mean(axis=0),
            "mean error": np.abs(rounded - result.truth).mean(axis=0),
        }


REPORT = CountReport()
