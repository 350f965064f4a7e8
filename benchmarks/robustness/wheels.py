"""Wheels of all dependencies on other systems; needs the command uv and a network.

uv resolves the dependencies for a system and a version of Python with the markers of that system, and accepts
wheels only. Nothing is installed, and nothing is run on these systems.
"""

from __future__ import annotations

import argparse
import subprocess

from benchmarks.provenance import ROOT, markdown_table, parse, write_markdown

SYSTEMS = {
    "Linux x86_64": "x86_64-manylinux_2_28",
    "Linux aarch64": "aarch64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
    "macOS x86_64": "x86_64-apple-darwin",
    "Windows x86_64": "x86_64-pc-windows-msvc",
}
VERSIONS = ("3.11", "3.12", "3.13")
EXTRAS = ("", "tensorflow", "jax", "torch", "librosa")


def missing(extra: str, system: str, version: str) -> str:
    """Return the reason why wheels are missing; an empty text if all are there."""
    words = ["uv", "pip", "compile", "pyproject.toml", "--quiet", "--only-binary", ":all:"]
    words += ["--python-platform", SYSTEMS[system], "--python-version", version]
    ran = subprocess.run(
        [*words, *(["--extra", extra] if extra else [])],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return "" if ran.returncode == 0 else " ".join(ran.stderr.split())


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options = parse(parser)
    reasons: dict[str, str] = {}
    rows = []
    for system in SYSTEMS:
        for extra in EXTRAS:
            cells = []
            for version in VERSIONS:
                reason = missing(extra, system, version)
                cells.append("no" if reason else "yes")
                if reason:
                    reasons[f"{system}, {extra or 'base'}, Python {version}"] = reason
            rows.append([system, extra or "base", *cells])
            print(*rows[-1], flush=True)
    table = markdown_table(["system", "extra", *(f"Python {version}" for version in VERSIONS)], rows)
    notes = [f"- {where}: {reason[:300]}" for where, reason in reasons.items()]
    introduction = (__doc__ or "").split("\n\n", 1)[1].strip().replace("\n", " ")
    write_markdown(
        options.out, "Wheels of all dependencies", "\n\n".join([introduction, table, "\n".join(notes)])
    )


if __name__ == "__main__":
    main()
