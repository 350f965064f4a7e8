"""Memory of this process."""

from __future__ import annotations

import functools
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of ``mallopt`` in the C library of GNU."""

_KEPT_BYTES = 2**28
"""Free memory that a process keeps, and the size from which an array has memory of its own."""

_LARGEST_ACCEPTED = 2**25
"""The same size for versions of the library that refuse more."""


@functools.cache
def keep_freed_memory() -> None:
    """Let this process use the memory of freed arrays again, instead of returning it to the system.

    Features of a sound need dozens of arrays of a megabyte. The C library of GNU returns the memory of each
    to the system, which fills it with zeros when it is needed again: a tenth of the time. Nothing happens on
    systems with another library.
    """
    if sys.platform != "linux":
        return
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # not the library of GNU
        return
    if not mallopt(_MMAP_THRESHOLD, _KEPT_BYTES):
        mallopt(_MMAP_THRESHOLD, _LARGEST_ACCEPTED)
    mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
