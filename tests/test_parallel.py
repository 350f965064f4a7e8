"""Threads and processes: results in order, errors, interrupts."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from woodshed.parallel import in_threads


def test_threads_give_results_in_order_and_do_not_run_far_ahead() -> None:
    taken = []

    def inputs() -> Iterator[int]:
        for k in range(100):
            taken.append(k)
            yield k

    waiting = threading.Event()

    def double(k: int) -> int:
        if k == 0:
            waiting.wait(10)
        return 2 * k

    results = in_threads(double, inputs(), 2)
    threading.Timer(0.2, waiting.set).start()
    assert next(results) == 0
    assert len(taken) < 10
    assert list(results) == [2 * k for k in range(1, 100)]


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda k: 1 / k, [1, 0, 2], 2))


INTERRUPTED = """
import sys
import numpy as np
import soxr
from woodshed.parallel import in_threads

samples = np.random.default_rng(0).normal(size=44100 * 20).astype(np.float32)

def resample(k):
    for _ in range(3):
        soxr.resample(samples, 44100, 16000, quality="VHQ")
    return k

try:
    for k in in_threads(resample, range(20), 2):
        if k == 1:
            raise KeyboardInterrupt
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupted_process_waits_for_threads_that_are_in_a_library() -> None:
    """Python would end them inside a function of C++, which aborts the process with SIGABRT."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (130, "")
