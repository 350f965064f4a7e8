"""Signals: held while a run cannot stop, raised where it can, and never lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from woodshed import cli as command_line
from woodshed.interruption import (
    acknowledge_interruption,
    check_interruption,
    deferred,
    exit_status,
    handle_signals,
    interruptible,
)


@pytest.fixture(autouse=True)
def _own_thread_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore what prints errors of threads and callbacks, which a signal replaces for good."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)


def interrupt(number: int = signal.SIGINT) -> None:
    signal.raise_signal(number)


def test_a_signal_is_raised_at_once_unless_it_is_deferred() -> None:
    with handle_signals(), pytest.raises(KeyboardInterrupt):
        interrupt()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_deferred_signal_waits_for_a_moment_to_stop() -> None:
    reached = []
    with handle_signals():
        with pytest.raises(KeyboardInterrupt), deferred():  # noqa: PT012
            interrupt()
            reached.append("after the signal")
            check_interruption()
            reached.append("never")
        acknowledge_interruption()
        with deferred():
            check_interruption()
    assert reached == ["after the signal"]


def test_a_deferred_signal_is_raised_at_the_end_of_the_block() -> None:
    with handle_signals(), pytest.raises(KeyboardInterrupt), deferred(), deferred():
        interrupt()
    check_interruption()  # outside of handle_signals nothing is pending


def test_a_signal_that_a_library_swallows_is_raised_again() -> None:
    with handle_signals():
        with contextlib.suppress(BaseException):  # as a callback of a library does
            interrupt()
        with pytest.raises(KeyboardInterrupt):
            check_interruption()
        with pytest.raises(KeyboardInterrupt), interruptible():
            pytest.fail("it must not be entered")


def test_a_block_may_be_interruptible_within_one_that_is_not() -> None:
    with handle_signals(), pytest.raises(KeyboardInterrupt), deferred(), interruptible():
        interrupt()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_exit_status_is_that_of_the_signal(number: int, status: int) -> None:
    with handle_signals(), pytest.raises(KeyboardInterrupt):
        interrupt(number)
    assert exit_status() == status


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_command_begins_has_its_own_status(
    number: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Typer, which parses the arguments then, gives every signal the status of Ctrl-C."""
    monkeypatch.setattr(command_line, "_stopping", lambda _: lambda: interrupt(number))
    with pytest.raises(SystemExit) as ended:
        command_line.main(["demo"])
    assert ended.value.code == status
    assert capsys.readouterr().err.endswith("Interrupted.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_a_second_signal_ends_the_process_at_once() -> None:
    program = (
        "import signal\n"
        "from woodshed.interruption import deferred, handle_signals\n"
        "with handle_signals(), deferred():\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    print('deferred', flush=True)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    print('never', flush=True)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (-signal.SIGINT, "deferred\n")


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="the processes are found by /proc")
@pytest.mark.parametrize("start_s", [0, 1])
def test_workers_end_with_a_parent_that_is_killed(start_s: int) -> None:
    """A worker may begin before or after its parent is killed."""
    program = (
        "import os, sys, time\n"
        "from woodshed.interruption import end_with_parent\n"
        "parent = os.getpid()\n"
        "if child := os.fork():\n"
        "    print(child, flush=True)\n"
        "    time.sleep(0.5)\n"
        "    os.kill(os.getpid(), 9)\n"
        f"time.sleep({start_s})\n"
        "end_with_parent(parent)\n"
        "os.close(1)\n"
        "time.sleep(600)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    child = int(ran.stdout)
    for _ in range(600):
        try:
            if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail("the worker is still running")


def test_ctrl_c_while_a_command_is_loaded_names_the_flag_that_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create = command_line._app

    def interrupted_app(**options: bool) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return create(**options)

    monkeypatch.setattr(command_line, "_app", interrupted_app)
    with pytest.raises(SystemExit) as ended:
        command_line.main(["train", "sounds"])
    assert ended.value.code == 128 + signal.SIGINT
    assert "--resume" in capsys.readouterr().err


def test_a_signal_in_a_callback_is_not_lost_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    class Referred:
        pass

    with handle_signals():
        referred = Referred()
        reference = weakref.ref(referred, lambda _: os.kill(os.getpid(), signal.SIGINT))
        del referred
        assert reference() is None
        with pytest.raises(KeyboardInterrupt):
            check_interruption()
    assert capfd.readouterr().err == ""
