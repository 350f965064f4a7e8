"""Silence for compiled libraries, and for nothing longer than the block."""

from __future__ import annotations

import os
import sys

import pytest

from woodshed.training.stderr import suppress_stderr


def test_only_the_block_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with suppress_stderr():
        os.write(2, b"a greeting in five lines")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_an_error_in_the_block_comes_through_and_ends_the_silence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), suppress_stderr():
        _ = 1 // 0
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_no_descriptor_is_left_open() -> None:
    before = os.listdir("/proc/self/fd") if sys.platform == "linux" else []
    for _ in range(5):
        with suppress_stderr():
            pass
    assert before == (os.listdir("/proc/self/fd") if sys.platform == "linux" else [])
