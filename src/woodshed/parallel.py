"""A function of many inputs, in threads or in processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from woodshed.errors import ParameterError

Input = TypeVar("Input")
Result = TypeVar("Result")


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
    import joblib

    if n_jobs == 0:
        raise ParameterError("n_jobs must be 1 or more, or -1 for one thread a core, got 0.")
    n_threads = joblib.effective_n_jobs(n_jobs)
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
