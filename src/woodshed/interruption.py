"""Interruption by Ctrl-C or SIGTERM at moments at which a run can stop.

An exception that a signal raises at an arbitrary moment can be lost in a callback of a library, or leave a
library in an undefined state. While `handle_signals` is in effect, the first signal is therefore recorded: it
stays pending until `acknowledge_interruption`, `check_interruption` raises it where a run can stop, and
inside `deferred` nothing else does. The second signal ends the process at once, by the default action of the
system; files are then whole, as they are written atomically.

Without `handle_signals`, as in a program that uses woodshed as a library, nothing changes: Python raises
`KeyboardInterrupt` itself, and the functions do nothing.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_SHOW_CURSOR = b"\x1b[?25h"
"""A progress bar hides the cursor of a terminal; after a second signal nothing would show it again."""

_STOPPING = b"\nStopping after the current step. Press Ctrl-C again to stop at once.\n"

_WATCH_S = 1.0
"""Interval at which a worker looks whether its parent is running."""


@dataclass
class _State:
    """Signals of this process."""

    received: int | None = None
    pending: bool = False
    deferrals: int = 0


_state = _State()


@contextmanager
def handle_signals() -> Iterator[None]:
    """Record SIGINT and SIGTERM inside the block; the former handlers are restored at its end.

    After a signal, errors of threads and of callbacks are not printed any more, since the process is about to
    end.

    Outside the main thread, in which alone Python handles signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.getsignal(number) for number in SIGNALS}
    _state.received, _state.pending, _state.deferrals = None, False, 0
    for number in SIGNALS:
        signal.signal(number, _record)
    try:
        yield
    finally:
        _state.pending = False
        for number, handler in former.items():
            signal.signal(number, handler)


def _record(number: int, _: FrameType | None) -> None:
    """Record the first signal, and raise it unless it is deferred."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL)
    _state.received, _state.pending = number, True
    # The thread that manages a pool of workers may fail when the pool is stopped, which is not to be printed.
    threading.excepthook = lambda _: None
    # Raised in a callback of a weak reference, the exception is lost; the signal is still pending then.
    sys.unraisablehook = lambda _: None
    if _state.deferrals:
        if sys.stderr is not None and sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR + _STOPPING)
        return
    raise KeyboardInterrupt


@contextmanager
def deferred() -> Iterator[None]:
    """Hold a signal back inside the block until `check_interruption`, or the end of the block.

    Raises
    ------
    KeyboardInterrupt
        At the end of the outermost block, if a signal is pending.
    """
    _state.deferrals += 1
    try:
        yield
    finally:
        _state.deferrals -= 1
    if not _state.deferrals:
        check_interruption()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal interrupt the block at any moment, also inside of `deferred`.

    Raises
    ------
    KeyboardInterrupt
        If a signal is pending.
    """
    deferrals, _state.deferrals = _state.deferrals, 0
    try:
        check_interruption()
        yield
    finally:
        _state.deferrals = deferrals
    check_interruption()


def check_interruption() -> None:
    """Raise `KeyboardInterrupt` if a signal is pending.

    Examples
    --------
    >>> check_interruption()
    """
    if _state.pending:
        raise KeyboardInterrupt


def acknowledge_interruption() -> None:
    """Finish what was begun in spite of a signal, for instance to write the best weights so far."""
    _state.pending = False


def exit_status() -> int:
    """Return the exit status of an interrupted process by the convention of shells: 128 plus the signal.

    The signal is that of the last `handle_signals`; without one it is SIGINT.

    Examples
    --------
    >>> with handle_signals():
    ...     exit_status()
    130
    """
    return 128 + (_state.received or signal.SIGINT)


@contextmanager
def signals_blocked_in_children() -> Iterator[None]:
    """Let processes that are started inside the block inherit that they ignore Ctrl-C.

    Ctrl-C in a terminal reaches all processes of a command. A worker that it ended would look like one that
    ran out of memory; the parent stops its workers itself. A signal to the parent arrives after the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # when it starts, up to Python 3.12, it unblocks signals
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@functools.cache
def end_with_parent(parent: int) -> None:
    """Let this process end soon after its parent, which may be killed without stopping its workers.

    An idle worker of a killed process would otherwise wait for minutes, also one that begins after the parent
    was killed. Nothing happens in the parent itself, or on Windows, where the pipe of the worker breaks.

    Parameters
    ----------
    parent
        Process number of the parent.
    """
    if sys.platform == "win32" or os.getpid() == parent:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
