"""Number of source files that take part in one training and in one generation; writes ``walk.md`` beside this file.

    python -m benchmarks.walk [--out FILE]

Two commands run, each in a fresh process with an empty feature store and a profile hook: ``woodshed train`` on the
recordings that come with woodshed, and ``woodshed generate`` with the model of tunes. A file counts if at least one
of its functions is entered, even if only while a module is imported. Functions are whatever Python compiles as one:
``def``, lambda, generator expression and, before Python 3.12, comprehension; not module-level code and class bodies.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

import woodshed
from benchmarks.provenance import ROOT, markdown_table, parse, write_markdown
from woodshed.data.sample import sample_folder

PACKAGE = Path(woodshed.__file__).resolve().parent
WALKS: dict[str, list[str]] = {
    "train": ["train", f"fsdd:{sample_folder()}", "--task", "speech", "--net", "svm", "--out", "model"],
    "generate": ["generate", "tune", "-n", "1", "--formats", "abc", "--out", "tunes"],
}
"""Walk -> arguments of ``woodshed``; both write into a temporary folder."""

COMMANDS = {
    "train": "woodshed train fsdd:SAMPLE --task speech --net svm",
    "generate": "woodshed generate tune -n 1 --formats abc",
}
FORMER = {"train": 115, "generate": 72}
"""Walk -> number of files at commit 9903786, before the redesign, counted in the same way."""

N_BUSIEST = 15


class EnteredFile(NamedTuple):
    """Source file with at least one entered function.

    Parameters
    ----------
    name
        Path below the package.
    n_entered
        Number of functions entered.
    n_in_use
        Number of functions entered otherwise than while a module is imported.
    """

    name: str
    n_entered: int
    n_in_use: int


class Tracer:
    """Record of the functions below a folder that are entered while the tracer is active, in all threads.

    Parameters
    ----------
    folder
        Absolute folder of the source files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = f"{folder}{os.sep}"
        self._elsewhere: set[CodeType] = set()
        self._at_import: set[CodeType] = set()
        self._in_use: set[CodeType] = set()

    def __enter__(self) -> Tracer:
        threading.setprofile(self._record)
        sys.setprofile(self._record)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def files(self) -> list[EnteredFile]:
        """Return the files with at least one entered function, by name."""
        n_entered, n_in_use = (
            Counter(Path(code.co_filename).relative_to(self._folder).as_posix() for code in codes)
            for codes in (self._at_import | self._in_use, self._in_use)
        )
        return [EnteredFile(name, n, n_in_use[name]) for name, n in sorted(n_entered.items())]

    def _record(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or code in self._in_use or code in self._elsewhere:
            return
        if not (code.co_filename.startswith(self._folder) and is_function(code)):
            self._elsewhere.add(code)
        elif self._is_importing(frame):
            self._at_import.add(code)
        else:
            self._in_use.add(code)

    def _is_importing(self, frame: FrameType | None) -> bool:
        """Return whether a module of the folder is being imported further up the stack."""
        while frame is not None:
            if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(self._folder):
                return True
            frame = frame.f_back
        return False


def is_function(code: CodeType) -> bool:
    """Return whether Python compiled this code as a function: not module-level code and not a class body."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def trace_command(target: str) -> None:
    """Run ``woodshed`` with the arguments of this process and write the entered files as JSON."""
    from woodshed.cli import main

    tracer = Tracer(PACKAGE)
    try:
        with tracer:
            main(sys.argv[1:])
    finally:
        Path(target).write_text(json.dumps(tracer.files()), encoding="utf-8")


def walk(arguments: list[str]) -> list[EnteredFile]:
    """Run ``woodshed`` in a fresh process and return the files with at least one entered function.

    Raises
    ------
    SystemExit
        If the command fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "files.json"
        program = f"from benchmarks.walk import trace_command; trace_command({str(target)!r})"
        search_path = os.pathsep.join([str(ROOT), str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": search_path, "WOODSHED_CACHE": str(Path(folder) / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(
                f"woodshed {' '.join(arguments)} failed with exit status {done.returncode}:\n{done.stderr}"
            )
        return [EnteredFile(*fields) for fields in json.loads(target.read_text(encoding="utf-8"))]


def page(walks: dict[str, list[EnteredFile]]) -> str:
    """Return the text of the page: the number of files of each walk, and the files with most entered functions."""
    rows = [
        [
            f"`{COMMANDS[name]}`",
            str(FORMER[name]),
            str(FORMER[name] * 2 // 3),
            str(len(files)),
            str(sum(not file.n_in_use for file in files)),
        ]
        for name, files in walks.items()
    ]
    heading = ["command", "start of the redesign", "a third fewer", "files now", "entered at import only"]
    text = f"""Number of files of `src/woodshed` with at least one function that is entered while a command runs: the files that
a reader has to open to follow it. Module-level code and class bodies do not count. Each command runs in a fresh
process with an empty feature store; SAMPLE is the folder of recordings that comes with woodshed. "Entered at import
only" is the part of the files now whose functions run only while a module is imported.

{markdown_table(heading, rows)}"""
    return "\n\n".join([text, *(busiest_section(name, files) for name, files in walks.items())])


def busiest_section(name: str, files: list[EnteredFile]) -> str:
    """Return a section with the files that have most entered functions, the largest number first."""
    busiest = sorted(files, key=lambda file: -file.n_entered)[:N_BUSIEST]
    table = markdown_table(
        ["file", "functions entered"], [[f"`{file.name}`", str(file.n_entered)] for file in busiest]
    )
    return f"## Files with most functions entered: {name}\n\n{table}"


def main() -> None:
    """Run both walks, print the files of each, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    chosen = parse(parser)
    walks = {name: walk(arguments) for name, arguments in WALKS.items()}
    for name, files in walks.items():
        print(f"{name}: {len(files)} files")
        for file in files:
            print(f"{file.n_entered:5d}  {file.name}{'' if file.n_in_use else '  (at import only)'}")
    write_markdown(chosen.out, "Source files that a command runs through", page(walks))


if __name__ == "__main__":
    main()
