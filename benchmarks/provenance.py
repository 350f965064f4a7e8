"""Provenance of published numbers: machine, versions, commit and date, which end every page."""

from __future__ import annotations

import datetime
import os
import platform
import re
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from woodshed.atomic import write_whole

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


def commit() -> str:
    """Return the short hash of the commit that is checked out, and whether files differ from it."""
    short = _git("rev-parse", "--short=12", "HEAD")
    if not short:
        return "unknown (not a git checkout)"
    return short + (" with changes" if _git("status", "--porcelain", "--", "src", "benchmarks/*.py") else "")


def write_markdown(path: str | Path, title: str, body: str) -> None:
    """Write a page of results: title, body, provenance and the command that repeats the measurement."""
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
