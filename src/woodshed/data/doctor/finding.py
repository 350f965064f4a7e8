"""Findings of a data-set check: kind, severity, files and how to fix them."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.data.example import Corpus
from woodshed.data.folder import EXCLUDED
from woodshed.errors import counted, printable

N_SHOWN = 3
"""Default number of files listed per finding."""


@dataclass(frozen=True)
class Finding:
    """One kind of fault and the affected files.

    Parameters
    ----------
    kind
        Short name: ``silent``, ``duplicate across classes``, ``shortcut: length``.
    harm
        Effect on a model or its score, 0 (none) to 1 (the score is meaningless).
    files
        Affected files, with versions of one recording next to each other. Empty if the whole set is affected.
    message
        Description in one sentence.
    repair
        Command that fixes it, or advice if there is none.
    details
        Remark on each file; empty, or as long as ``files``.
    whole_repair
        The same command for all files, which JSON contains; empty if ``repair`` names no files to move.

    Examples
    --------
    >>> finding = Finding("silent", 0.6, (Path("a.wav"),), "1 silent sound.", "Record it again.", ("all 0",))
    >>> print(finding.to_text())
    silent (harm 0.60): 1 silent sound.
        a.wav: all 0
      fix: Record it again.
    >>> json.loads(finding.to_json())["files"]
    ['a.wav']
    """

    kind: str
    harm: float
    files: tuple[Path, ...]
    message: str
    repair: str
    details: tuple[str, ...] = ()
    whole_repair: str = ""

    def to_text(self, n_shown: int = N_SHOWN) -> str:
        """Return the finding as text, with the first ``n_shown`` files."""
        lines = [f"{self.kind} (harm {self.harm:.2f}): {self.message}"]
        lines += [f"    {line}" for line in self.file_lines(n_shown)]
        return "\n".join([*lines, f"  fix: {self.repair}"])

    def file_lines(self, n_shown: int = N_SHOWN) -> list[str]:
        """Return a line for each of the first ``n_shown`` files, and one with the number of others."""
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
            "message": self.message,
            "files": [printable(path) for path in self.files],
            "details": [printable(detail) for detail in self.details],
            "repair": self.whole_repair or self.repair,
        }

    def to_json(self) -> str:
        """Return the finding as JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Checkup:
    """All findings about a data set, the most harmful first.

    Parameters
    ----------
    name
        Name of the set.
    n_sounds, n_classes
        How much was looked at.
    findings
        Most harmful first.
    n_checked
        Number of sounds whose labels were checked; None where none were to be.

    Examples
    --------
    >>> Checkup("birds", 40, 2, ()).to_text()
    'birds: 40 sounds of 2 classes. No faults found.'
    """

    name: str
    n_sounds: int
    n_classes: int
    findings: tuple[Finding, ...]
    n_checked: int | None = None

    def of(self, kind: str) -> tuple[Finding, ...]:
        """Return the findings whose kind starts with this text."""
        return tuple(finding for finding in self.findings if finding.kind.startswith(kind))

    @property
    def summary(self) -> str:
        """One line with the size of the data set and the number of findings."""
        n = len(self.findings)
        result = {0: "No faults found.", 1: "1 finding."}.get(n, f"{n} findings, the most harmful first.")
        of = f" of {counted(self.n_classes, 'class')}" if self.n_classes else ""
        checked = ""
        if self.n_checked is not None and self.n_checked < self.n_sounds:
            checked = f" Labels of {self.n_checked} sounds were checked; --thorough checks all."
        return f"{self.name}: {counted(self.n_sounds, 'sound')}{of}. {result}{checked}"

    def to_text(self, n_shown: int = N_SHOWN) -> str:
        """Return the summary and all findings as text."""
        return "\n\n".join([self.summary, *(finding.to_text(n_shown) for finding in self.findings)])

    def to_json(self) -> str:
        """Return the summary and all findings as JSON."""
        values = {"name": self.name, "n_sounds": self.n_sounds, "n_classes": self.n_classes}
        return json.dumps(
            values | {"findings": [finding.to_dict() for finding in self.findings]},
            indent=2,
            ensure_ascii=False,
        )


def ranked(corpus: Corpus, findings: Sequence[Finding]) -> Checkup:
    """Return a checkup sorted by harm, then by number of files."""
    order = sorted(findings, key=lambda finding: (-finding.harm, -len(finding.files), finding.kind))
    return Checkup(corpus.name, len(corpus.examples), len(set(corpus.labels) - {""}), tuple(order))


def command_on(words: str, files: Sequence[Path], tail: str = "") -> str:
    """Return a shell command for the first files, quoted, with a comment on the number of others.

    Examples
    --------
    >>> command_on("woodshed audio play", [Path("a b.wav"), Path("c.wav")])
    "woodshed audio play 'a b.wav' c.wav"
    >>> command_on("woodshed audio convert", [Path("a.wav")] * 9, "--out fixed")
    'woodshed audio convert a.wav a.wav a.wav --out fixed  # and 6 more'
    """
    names = [shlex.quote(printable(path)) for path in files[:N_SHOWN]]
    return " ".join([words, *names, *([tail] if tail else [])]) + _remark(len(files) - N_SHOWN)


def excluding(files: Sequence[Path], root: Path, n_shown: int | None = None) -> str:
    """Return a shell command that moves files out of the data set; it neither deletes nor replaces any.

    The folder `woodshed.data.folder.EXCLUDED` is not read as data.

    Parameters
    ----------
    files
        Files below ``root``, whose folders are kept.
    root
        Folder of the data set.
    n_shown
        Number of files in the command; None for all. A comment gives the number of others.

    Examples
    --------
    >>> excluding([Path("sounds/dog/a.wav")], Path("sounds"))
    'mkdir -p excluded/dog && mv -n sounds/dog/a.wav excluded/dog'
    """
    n_shown = len(files) if n_shown is None else n_shown
    by_target: dict[str, list[str]] = {}
    for path in files[:n_shown]:
        target = shlex.quote(printable((Path(EXCLUDED) / os.path.relpath(path.parent, root)).as_posix()))
        by_target.setdefault(target, []).append(shlex.quote(printable(path)))
    commands = [f"mkdir -p {target} && mv -n {' '.join(own)} {target}" for target, own in by_target.items()]
    return " && ".join(commands) + _remark(len(files) - n_shown)


def _remark(n_more: int) -> str:
    """Return a shell comment on the number of further files; empty for none."""
    return f"  # and {n_more} more" if n_more > 0 else ""


def share_of(n: int, n_all: int) -> float:
    """Return ``n / n_all``, or 0 if ``n_all`` is 0."""
    return n / n_all if n_all else 0.0
