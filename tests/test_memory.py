"""Memory of freed arrays: used again instead of returned to the system."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of GNU is told to keep memory")
def test_a_freed_array_is_used_again(python: Callable[..., Any]) -> None:
    program = (
        "import resource, numpy as np\n"
        "from woodshed.memory import keep_freed_memory\n"
        "def n_new_pages():\n"
        "    np.ones(2**23)\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for _ in range(5):\n"
        "        np.ones(2**21), np.ones(2**21)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "{call}print(n_new_pages())"
    )
    usual, kept = (int(python(program.format(call=call)).stdout) for call in ("", "keep_freed_memory()\n"))
    assert kept < usual / 5
