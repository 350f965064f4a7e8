"""Paired timing: every method is timed once in each round, so that disturbances affect all of them equally."""

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
    """Return the seconds of each method in each round; the order is reversed from one round to the next."""
    for way in ways.values():  # imports, caches and worker processes are not measured
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(n_rounds):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def in_fresh_process(module: str, *arguments: str, one_thread: bool = True) -> Any:
    """Run a module, by default with one thread for BLAS and OpenMP, and parse its last line of output as JSON."""
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
    """Return the median with the lowest and highest value as text."""
    return f"{np.median(values):,.{digits}f} ({values.min():,.{digits}f}–{values.max():,.{digits}f})"


def ratio_rows(
    ratios: Mapping[str, tuple[str, str, float]], seconds: Mapping[str, list[float]]
) -> list[list[str]]:
    """Return the rows of a table of speed ratios.

    Parameters
    ----------
    ratios
        Name -> (reference method, measured method, required ratio).
    seconds
        Method -> seconds in each round.
    """
    rows = []
    for name, (reference, measured, least) in ratios.items():
        ratio = np.array(seconds[reference]) / np.array(seconds[measured])
        verdict = "yes" if np.median(ratio) >= least else "no"
        rows.append([name, spread(ratio, 2), f"{least:g}", verdict])
    return rows
