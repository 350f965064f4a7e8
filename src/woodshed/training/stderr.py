"""Suppression of messages that compiled libraries write to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def suppress_stderr() -> Iterator[None]:
    """Discard the output of compiled code to standard error, such as the banner of TensorFlow.

    The file descriptor is redirected. ``sys.stderr`` is flushed before, and exceptions pass through.
    """
    sys.stderr.flush()
    try:
        original = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
