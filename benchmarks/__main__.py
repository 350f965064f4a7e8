"""Run all benchmarks, and list their pages with commit, date and duration in ``README.md`` of this folder.

Each script is a process of its own; one that fails does not end the run. Stored results of an interrupted run of
the same source are used again.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.provenance import ROOT, check_clean, markdown_table
from woodshed.atomic import write_whole

FOLDER = ROOT / "benchmarks"
CONTENTS = FOLDER / "README.md"
INTRODUCTION = """# Benchmarks

A script of this folder makes every score and timing of the project, and writes the page of the same name. `make bench`
runs all scripts, `python -m benchmarks NAME ...` some of them. The data sets are in `$WOODSHED_DATA` or `../shared/data`.
A page is written from committed source only; it names the commit, the machine, the versions and the duration.
"""


def pages() -> dict[str, Path]:
    """Return the page of each script that has one, by the name of the script."""
    found = (page for page in sorted(FOLDER.rglob("*.md")) if page.with_suffix(".py").exists())
    return {".".join(page.relative_to(FOLDER).with_suffix("").parts): page for page in found}


def provenance_of(page: Path) -> dict[str, str]:
    """Return the lines at the end of a page, such as Commit and Date, by their names."""
    return dict(re.findall(r"^- (\w+): (.*)$", page.read_text("utf-8").rpartition("## Provenance")[2], re.M))


def contents() -> str:
    """Return the table of all pages."""
    rows = []
    for name, page in pages().items():
        facts = provenance_of(page)
        title = page.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        link = f"[{title}]({page.relative_to(FOLDER).as_posix()})"
        duration = facts.get("Duration", "not recorded").partition(";")[0]
        rows.append([link, f"`{name}`", facts["Commit"], facts["Date"], duration])
    return markdown_table(["page", "script", "commit", "date", "duration"], rows)


def main() -> None:
    """Run the scripts, and write the table of their pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="scripts, such as quality.noise (default: all)"
    )
    parser.add_argument("--list", action="store_true", help="run nothing, and write the table of the pages")
    chosen = parser.parse_args()
    names = list(pages()) if not chosen.names else chosen.names
    if unknown := set(names) - set(pages()):
        parser.error(f"unknown {', '.join(sorted(unknown))}; known: {', '.join(pages())}")
    failed = []
    if not chosen.list:
        check_clean(CONTENTS)
        failed = [name for name in names if _run(name) != 0]
    write_whole(CONTENTS, f"{INTRODUCTION}\n{contents()}\n")
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}.")


def _run(name: str) -> int:
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    main()
