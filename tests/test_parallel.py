"""Threads and processes: results in order, errors, interrupts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from woodshed.errors import OutputError, ParameterError
from woodshed.parallel import in_processes, in_threads


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


@pytest.mark.parametrize(("duration_s", "n_alone"), [(0.0, 60), (0.1, 3)])
def test_other_processes_start_once_the_rest_would_take_long(
    monkeypatch: pytest.MonkeyPatch, duration_s: float, n_alone: int
) -> None:
    def slow(k: int) -> int:
        time.sleep(duration_s)
        return k

    monkeypatch.setattr("woodshed.parallel._in_workers", lambda function, rest, n_jobs: (-k for k in rest))
    results = list(in_processes(slow, range(60), 2))
    assert results == [*range(n_alone), *(-k for k in range(n_alone, 60))]


def test_processes_give_results_in_order_from_relative_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)
    for folder in ("one", "two"):  # the second time the processes are there already
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        pids_and_names = list(in_processes(_where, range(6), 2))
        assert {name for _, _, name in pids_and_names} == {folder}
        assert [k for k, _, _ in pids_and_names] == list(range(6))
        assert os.getpid() not in {pid for _, pid, _ in pids_and_names}


def _where(k: int) -> tuple[int, int, str]:
    return k, os.getpid(), Path.cwd().name


def test_an_error_in_a_process_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)
    with pytest.raises(ZeroDivisionError):
        list(in_processes(_inverse, [1, 0, 2], 2))
    with pytest.raises(OutputError, match="ended from outside"):
        list(in_processes(os._exit, [1, 1, 1], 2))
    with pytest.raises(ParameterError, match="1 or more, or -1"):
        list(in_processes(_inverse, [1], 0))


def _inverse(k: float) -> float:
    return 1 / k


def process_after_a_while(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def test_long_calls_are_shared_from_the_second_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0.01)
    first, *others = in_processes(process_after_a_while, range(4), 2)
    assert first == os.getpid()
    assert os.getpid() not in others


IN_CHILD = """
import multiprocessing
import time
from woodshed.parallel import in_processes

def child():
    assert list(in_processes(time.sleep, [0.5] * 8, 2)) == [None] * 8

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=child)
    process.start()
    process.join()
    print(process.exitcode)
"""


def test_a_child_process_ends_without_waiting_for_its_idle_workers(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(IN_CHILD)
    done = subprocess.run(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, timeout=150, check=True
    )  # idle workers end after 300 s
    assert done.stdout.split() == ["0"]
