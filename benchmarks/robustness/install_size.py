"""Size of an installation: site-packages of the base installation and of its extras; needs a network."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.provenance import ROOT, markdown_table, parse, write_markdown

EXTRAS = ("", "librosa", "tensorflow", "full")
INSTALLERS = ("pip", "setuptools")
"""Packages of the environment itself, which are left out."""


def install(extra: str, folder: Path) -> Path:
    """Install woodshed without bytecode into a new environment, and return its site-packages."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    place = f"{ROOT}[{extra}]" if extra else str(ROOT)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", place], check=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(
        subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


def sizes_mb(site_packages: Path) -> tuple[float, float]:
    """Return the size of all packages but `INSTALLERS` without and with bytecode, in megabytes of 2^20 bytes."""
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", site_packages], check=False, capture_output=True
    )
    without = bytecode = 0
    for path in site_packages.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        if path.relative_to(site_packages).parts[0].startswith(INSTALLERS):
            continue
        if path.suffix == ".pyc":
            bytecode += path.stat().st_size
        else:
            without += path.stat().st_size
    return without / 2**20, (without + bytecode) / 2**20


def main() -> None:
    """Install, measure, and write ``install_size.md``."""
    options = parse(argparse.ArgumentParser(description=__doc__))
    rows = []
    for extra in EXTRAS:
        with tempfile.TemporaryDirectory() as folder:
            without, whole = sizes_mb(install(extra, Path(folder)))
        rows.append([f"`woodshed[{extra}]`" if extra else "`woodshed`", f"{without:.0f}", f"{whole:.0f}"])
        print(*rows[-1], flush=True)
    text = (
        "Size of site-packages after an installation into a new environment, in megabytes of 2^20 bytes, without "
        f"{' and '.join(INSTALLERS)} of the environment. To reach: 450 for the base installation. Python writes the "
        "bytecode when it installs or first imports a package; `pip install --no-compile` leaves it out.\n\n"
    )
    table = markdown_table(["installation", "without bytecode (MB)", "with bytecode (MB)"], rows)
    write_markdown(options.out, "Size of an installation", text + table)


if __name__ == "__main__":
    main()
