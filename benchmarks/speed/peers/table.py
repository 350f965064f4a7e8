"""Reading of the table that all peers share."""

from __future__ import annotations

import csv
import sys

import numpy as np


def read() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the paths, labels and groups of the table that is the first argument."""
    with open(sys.argv[1], newline="") as file:
        rows = list(csv.DictReader(file))
    labels, groups = (np.array([row[name] for row in rows]) for name in ("label", "group"))
    return [row["path"] for row in rows], labels, groups
