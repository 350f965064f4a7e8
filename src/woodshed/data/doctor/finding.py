"""Finding: one thing that is wrong with a set of sounds, how much harm it does, and what mends it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.errors import counted, printable

N_SHOWN = 3
"""So many files of each finding are named in a text, unless asked otherwise."""


@dataclass(frozen=True)
class Finding:
    """One kind of fault, with the files that have it.

    Parameters
    ----------
    kind
        What it is, in a few words: ``silent``, ``duplicate across classes``, ``shortcut: length``.
    harm
        How much it spoils a model or its score, 0 (nothing) to 1 (the score means nothing).
    files
        The files that have it; versions of one recording one after the other. Empty for what concerns the set
        as a whole.
    says
        What was found, in a sentence.
    mend
        The command that mends it, or where none can, what to do.
    details
        For each file what is to be said of it alone; empty, or as long as ``files``.

    Examples
    --------
    >>> finding = Finding("silent", 0.6, (Path("a.wav"),), "1 sound is silent.", "rm a.wav", ("all zero",))
    >>> print(finding.to_text())
    silent (harm 0.60): 1 sound is silent.
        a.wav: all zero
      mend: rm a.wav
    >>> json.loads(finding.to_json())["files"]
    ['a.wav']
    """

    kind: str
    harm: float
    files: tuple[Path, ...]
    says: str
    repair: str
    details: tuple[str, ...] = ()

    def to_text(self, n_shown: int = N_SHOWN) -> str:
        """Write it for a person, with the first ``n_shown`` files."""
        lines = [f"{self.kind} (harm {self.harm:.2f}): {self.says}"]
        lines += [f"    {line}" for line in self.file_lines(n_shown)]
        return "\n".join([*lines, f"  mend: {self.repair}"])

    def file_lines(self, n_shown: int = N_SHOWN) -> list[str]:
        """Name the first ``n_shown`` files, each with what is said of it; the rest is counted."""
        details = self.details or ("",) * len(self.files)
        lines = [
            f"{printable(path)}: {detail}" if detail else printable(path)
            for path, detail in zip(self.files[:n_shown], details, strict=False)
        ]
        more = len(self.files) - len(lines)
        return [*lines, f"... and {more} more"] if more > 0 else lines

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {
            "kind": self.kind,
            "harm": round(self.harm, 3),
            "says": self.says,
            "files": [printable(path) for path in self.files],
            "details": [printable(detail) for detail in self.details],
            "mend": self.repair,
        }

    def to_json(self) -> str:
        """Write it for a program."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Checkup:
    """All findings about a set of sounds, the most harmful first.

    Parameters
    ----------
    name
        Name of the set.
    n_sounds, n_classes
        How much was looked at.
    findings
        Most harmful first.

    Examples
    --------
    >>> Checkup("birds", 40, 2, ()).to_text()
    'birds: 40 sounds of 2 classes. Nothing was found.'
    """

    name: str
    n_sounds: int
    n_classes: int
    findings: tuple[Finding, ...]

    def of(self, kind: str) -> tuple[Finding, ...]:
        """Return the findings whose kind begins with these words."""
        return tuple(finding for finding in self.findings if finding.kind.startswith(kind))

    @property
    def summary(self) -> str:
        """One line: what was looked at, and how many findings there are."""
        n = len(self.findings)
        found = {0: "Nothing was found.", 1: "1 finding."}.get(n, f"{n} findings, the most harmful first.")
        of = f" of {counted(self.n_classes, 'class', 'classes')}" if self.n_classes else ""
        return f"{self.name}: {counted(self.n_sounds, 'sound')}{of}. {found}"

    def to_text(self, n_shown: int = N_SHOWN) -> str:
        """Write all of it for a person."""
        return "\n\n".join([self.summary, *(finding.to_text(n_shown) for finding in self.findings)])

    def to_json(self) -> str:
        """Write all of it for a program."""
        values = {"name": self.name, "n_sounds": self.n_sounds, "n_classes": self.n_classes}
        return json.dumps(
            values | {"findings": [finding.to_dict() for finding in self.findings]},
            indent=2,
            ensure_ascii=False,
        )


def ranked(name: str, n_sounds: int, n_classes: int, findings: Sequence[Finding]) -> Checkup:
    """Gather findings, the most harmful first; of equal harm the one with more files."""
    order = sorted(findings, key=lambda finding: (-finding.harm, -len(finding.files), finding.kind))
    return Checkup(name, n_sounds, n_classes, tuple(order))


def command_on(words: str, files: Sequence[Path], tail: str = "") -> str:
    """Write a command with the files it is for, quoted for a shell; of many only the first, and dots.

    Examples
    --------
    >>> command_on("rm", [Path("a b.wav"), Path("c.wav")])
    "rm 'a b.wav' c.wav"
    >>> command_on("woodshed audio convert", [Path("a.wav")] * 9, "--out mended")
    'woodshed audio convert a.wav a.wav a.wav ... --out mended'
    """
    named = [shlex.quote(printable(path)) for path in files[:N_SHOWN]]
    named += ["..."] if len(files) > N_SHOWN else []
    return " ".join([words, *named, *([tail] if tail else [])])


def share_of(n: int, n_all: int) -> float:
    """Return n / n_all, 0 for nothing."""
    return n / n_all if n_all else 0.0
