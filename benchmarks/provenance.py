"""Provenance of published numbers: machine, versions, commit, date and duration, which end every page.

A page in the repository is only written from a clean checkout, and stored results are only used again by the
source that made them.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import hashlib
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.units import duration_text

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "librosa",
    "scikit-learn",
    "keras",
    "tensorflow-cpu",
    "onnxruntime",
)
STARTED = time.monotonic()
NOT_MEASURED = ("cli", "html", "plotting", "report")
"""Packages that print and draw what others measure."""


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line of a benchmark.

    ``--out`` is added: the page, by default beside the script. ``--data`` becomes the folder of the data
    sets, and ``--work`` a folder in it for the source of this checkout, so that no result of another source
    is taken for one of this. Pages in the repository are refused if the source has changes that are not committed.

    Parameters
    ----------
    parser
        The arguments of the script.
    arguments
        Arguments; None takes those of the command line.
    """
    parser.add_argument("--out", type=Path, default=_script().with_suffix(".md"), help="page to write")
    options = parser.parse_args(arguments)
    check_clean(options.out)
    commit()
    if "data" in options:
        options.data = data_folder(options.data)
    if "work" in options:
        options.work = options.work / source_digest()[:12]
        options.work.mkdir(parents=True, exist_ok=True)
    return options


def check_clean(page: Path) -> None:
    """Exit if a page in the repository is to be made from source that is not committed."""
    if page.resolve().is_relative_to(ROOT) and _has_changes():
        raise SystemExit(
            f"{page.name} is a page of the repository, but src or benchmarks have changes that are not "
            "committed. Commit them first, or write the page elsewhere with --out."
        )


@functools.cache
def source_digest() -> str:
    """Return a digest of the source that measurements depend on, 64 hexadecimal digits.

    It covers the package without `NOT_MEASURED`, and the running script.
    """
    package = ROOT / "src" / "woodshed"
    files = [
        path
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] not in NOT_MEASURED
    ]
    digest = hashlib.sha256()
    for path in [*files, _script()]:
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def machine_line() -> str:
    """Return processor, usable cores, memory and system on one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores{_memory()}, {platform.system()} {platform.machine()}"


def versions_line(packages: tuple[str, ...] = PACKAGES) -> str:
    """Return the versions of the installed packages on one line."""
    versions = [f"Python {platform.python_version()}"]
    for name in packages:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(versions)


@functools.cache
def commit() -> str:
    """Return the short hash of the commit that is checked out at the first call, and whether files differ."""
    short = _git("rev-parse", "--short=12", "HEAD")
    if not short:
        return "unknown (not a git checkout)"
    return short + (" with changes" if _has_changes() else "")


def _has_changes() -> bool:
    """Return whether the source differs from the commit that is checked out."""
    return bool(_git("status", "--porcelain", "--", "src", "benchmarks/*.py"))


def write_markdown(path: str | Path, title: str, body: str) -> None:
    """Write a page of results: title, body, provenance and the command that repeats the measurement."""
    check_clean(Path(path))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [
        f"# {title}",
        "",
        body.strip(),
        "",
        "## Provenance",
        "",
        f"- Machine: {machine_line()}",
        f"- Versions: {versions_line()}",
        f"- Commit: {commit()}",
        f"- Date: {today}",
        f"- Command: `{_command()}`",
        f"- Duration: {duration_text(time.monotonic() - STARTED)}; stored results are not measured again",
        "",
    ]
    write_whole(path, "\n".join(lines))


def markdown_table(heading: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; the first column is aligned left, the others right."""
    rule = ["---"] + ["---:"] * (len(heading) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [heading, rule, *rows])


def data_folder(chosen: str | None) -> Path:
    """Return the folder of data sets: the given one, ``$WOODSHED_DATA``, or ``../shared/data``."""
    folder = Path(chosen or os.environ.get("WOODSHED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        raise SystemExit(f"Data folder {folder} not found. Give --data FOLDER, or set WOODSHED_DATA.")
    return folder


def _command() -> str:
    """Return the command line without the absolute paths of this machine."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"python -m {spec.name}" if spec else f"python {Path(sys.argv[0]).name}"
    arguments = [re.sub(r"(^|=)/.*", r"\1PLACE", argument) for argument in sys.argv[1:]]
    return " ".join([program, *map(shlex.quote, arguments)])


def _script() -> Path:
    """Return the file of the running script."""
    return Path(getattr(sys.modules["__main__"], "__file__", None) or __file__).resolve()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _memory() -> str:
    try:
        n_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return ""
    return f", {n_bytes / 2**30:.0f} GiB"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
