from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

N_FILES = 500
HANG_S = 300


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is asked of a POSIX system")
def test_every_damaged_file_is_read_or_named(tmp_path: Path) -> None:
    script = Path(__file__).with_name("fuzz.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(N_FILES), "20"],
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"crashed after {lines[-1:]}: {done.stderr[-2000:]}"
    assert len(lines) == N_FILES
    assert {line["outcome"] for line in lines} <= {"read", "named"}
    assert max(line["peak_bytes"] for line in lines) < 1e9
    # Each kind of damage bites: some files are refused for it, and not all are.
    for damage in {line["damage"] for line in lines}:
        outcomes = Counter(line["outcome"] for line in lines if line["damage"] == damage)
        assert outcomes["named"] > 0, damage
    assert sum(line["outcome"] == "read" for line in lines) > N_FILES / 10
