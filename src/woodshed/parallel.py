"""A function of many inputs, in threads or in processes."""

from __future__ import annotations

import contextlib
import functools
import os
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from woodshed.errors import OutputError, ParameterError
from woodshed.interruption import end_with_parent, signals_blocked_in_children
from woodshed.memory import keep_freed_memory

Input = TypeVar("Input")
Result = TypeVar("Result")

ALONE_S = 1.0
"""Seconds of work that are done in this process alone: other processes take about as long to start."""

N_PACED = 5
"""Latest calls whose median duration is taken for that of the others."""

N_ALONE = 3
"""Calls before there is such a median, unless they take long: the first one may import packages."""


def n_cores() -> int:
    """Return the number of processors that this process may use.

    `joblib` also knows the limits of containers, but takes a tenth of a second to import.
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def in_threads(function: Callable[[Input], Result], inputs: Iterable[Input], n_jobs: int) -> Iterator[Result]:
    """Yield the results of a function in order, computed in threads.

    Decoding, encoding, hashing, resampling and NumPy release the interpreter lock.

    Parameters
    ----------
    function, inputs
        The function and its argument in each call.
    n_jobs
        Number of threads; -1 for one per core.

    Raises
    ------
    ParameterError
        If ``n_jobs`` is 0.

    Examples
    --------
    >>> list(in_threads(abs, [-1, 2], 2))
    [1, 2]
    """
    if n_jobs == 0:
        raise ParameterError("n_jobs must be 1 or more, or -1 for one thread a core, got 0.")
    n_threads = n_jobs if n_jobs > 0 else max(1, n_cores() + 1 + n_jobs)
    if n_threads == 1:
        yield from map(function, inputs)
        return
    # Not the threads of joblib: nothing waits for these when the process ends, and one that is then in a
    # library written in C++ aborts it.
    executor = ThreadPoolExecutor(n_threads)
    submitted: deque[Future[Result]] = deque()
    try:
        for each in inputs:
            submitted.append(executor.submit(function, each))
            if len(submitted) > 2 * n_threads:
                yield submitted.popleft().result()
        while submitted:
            yield submitted.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


def in_processes(
    function: Callable[[Input], Result], inputs: Sequence[Input], n_jobs: int
) -> Iterator[Result]:
    """Yield the results of a function in order, computed in this process or in several.

    The others are started once the rest would take more than `ALONE_S` at the pace of the latest calls:
    little work is done before they would have started. Each process uses one thread, this one too: several
    round products of matrices differently, and results would depend on where they are computed.

    Parameters
    ----------
    function, inputs
        The function and its argument in each call. With several processes they are pickled, and so are the
        results.
    n_jobs
        Number of processes; -1 for one per core.

    Raises
    ------
    OutputError
        If one of the processes is ended from outside.
    ParameterError
        If ``n_jobs`` is 0.

    Examples
    --------
    >>> list(in_processes(abs, [-1, 2], 2))
    [1, 2]
    """
    from threadpoolctl import threadpool_limits

    if n_jobs == 0:
        raise ParameterError("n_jobs must be 1 or more, or -1 for one process per core, got 0.")
    n_done, spent_s = 0, 0.0
    latest_s: deque[float] = deque(maxlen=N_PACED)
    with threadpool_limits(1):
        while n_done < len(inputs) and (
            (n_done < N_ALONE and spent_s < ALONE_S)
            or (latest_s and statistics.median(latest_s) * (len(inputs) - n_done) < ALONE_S)
            or _n_processes(n_jobs) == 1
        ):
            began = time.monotonic()
            result = function(inputs[n_done])
            latest_s.append(time.monotonic() - began)
            spent_s += latest_s[-1]
            n_done += 1
            yield result
    if n_done < len(inputs):
        yield from _in_workers(function, inputs[n_done:], n_jobs)


def _n_processes(n_jobs: int) -> int:
    """Return the number of processes: one within a process of joblib, whose import is slow."""
    import joblib

    n_processes: int = joblib.effective_n_jobs(n_jobs)
    return n_processes


def _in_workers(
    function: Callable[[Input], Result], inputs: Iterable[Input], n_jobs: int
) -> Iterator[Result]:
    """Yield the results of a function in order, computed in other processes."""
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    _end_workers_with_process()
    tasks = (joblib.delayed(_call_in)(os.getcwd(), function, each) for each in inputs)
    of_workers: dict[str, Any] = {"initializer": _begin_worker, "initargs": (os.getpid(),)}
    with joblib.parallel_config(backend="loky", n_jobs=n_jobs, inner_max_num_threads=1, **of_workers):
        # Many calls take milliseconds: a long queue keeps all workers busy.
        parallel = joblib.Parallel(return_as="generator", pre_dispatch="16*n_jobs")
        with signals_blocked_in_children():
            results = parallel(tasks)
        try:
            with contextlib.closing(results):
                yield from results
        except TerminatedWorkerError as error:
            raise OutputError(
                "A process was ended from outside, perhaps because memory ran out. "
                "Run it again, with fewer processes (n_jobs)."
            ) from error


@functools.cache
def _end_workers_with_process() -> None:
    """Have the workers end before this process waits for its children.

    A process that `multiprocessing` started would otherwise wait until they have been idle for minutes.
    """
    from multiprocessing import util

    util.Finalize(None, _end_workers, exitpriority=0)


def _end_workers() -> None:
    """End the workers that are kept for the next call."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)  # they are idle


def _begin_worker(parent: int) -> None:
    """Prepare a new process."""
    end_with_parent(parent)
    keep_freed_memory()


def _call_in(working_folder: str, function: Callable[[Input], Result], each: Input) -> Result:
    """Call a function in the working folder of the caller: workers are used again, and paths are relative."""
    os.chdir(working_folder)
    return function(each)
