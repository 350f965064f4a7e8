"""Silence for libraries that talk to the terminal from below Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def suppress_stderr() -> Iterator[None]:
    """Drop what compiled code writes to standard error inside the block, such as TensorFlow's greeting.

    Python's own messages and exceptions are not touched: the descriptor is, ``sys.stderr`` is flushed first.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
