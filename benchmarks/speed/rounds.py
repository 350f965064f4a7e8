"""Paired rounds: every way is timed once in each round, so that a disturbance hits all of them alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from benchmarks.provenance import ROOT

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Ways = Mapping[str, Callable[[], object]]


def time_rounds(ways: Ways, n_rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each way in each round; the order turns round from one to the next."""
    for way in ways.values():  # imports, caches and worker processes are not part of the question
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(n_rounds):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def in_fresh_process(module: str, *arguments: str, one_thread: bool = True) -> Any:
    """Run a module, with one thread for BLAS and OpenMP unless told otherwise, and read the JSON it prints last."""
    others = {name: value for name, value in os.environ.items() if name not in THREAD_SETTINGS}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=others | (dict.fromkeys(THREAD_SETTINGS, "1") if one_thread else {}),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def spread(values: np.ndarray, digits: int) -> str:
    """Write the median and, behind it, the lowest and highest value."""
    return f"{np.median(values):,.{digits}f} ({values.min():,.{digits}f}–{values.max():,.{digits}f})"


def ratio_rows(
    ratios: Mapping[str, tuple[str, str, float]], seconds: Mapping[str, list[float]]
) -> list[list[str]]:
    """Lay out ratios: name -> (the way that is the yardstick, the way that is judged, what is wanted)."""
    rows = []
    for name, (yardstick, judged, least) in ratios.items():
        ratio = np.array(seconds[yardstick]) / np.array(seconds[judged])
        verdict = "yes" if np.median(ratio) >= least else "no"
        rows.append([name, spread(ratio, 2), f"{least:g}", verdict])
    return rows
