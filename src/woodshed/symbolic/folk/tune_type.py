"""Type of a folk tune, such as a reel, from the fields and the title of its ABC notation."""

from __future__ import annotations

import re
from collections.abc import Iterable

TUNE_TYPES = {
    "slip-jig": r"slip ?jigs?|hop ?jigs?",
    "jig": r"(double |single )?jigg?s?",
    "reel": r"reels?",
    "hornpipe": r"hornpipes?|clogs?",
    "strathspey": r"strathspeys?",
    "polka": r"polkas?",
    "waltz": r"walt?z(es)?",
    "march": r"march(es)?|quick ?steps?",
    "air": r"airs?|songs?",
}
"""Name of a type -> pattern of the words for it; the first one that occurs counts."""

_PATTERNS = {name: re.compile(rf"\b({pattern})\b") for name, pattern in TUNE_TYPES.items()}


def find_tune_type(texts: Iterable[str]) -> str:
    """Return the type that the first of several texts names; empty if none does.

    Parameters
    ----------
    texts
        Such as the fields ``R:`` and ``G:`` of a tune, and its title, the most reliable first.

    Examples
    --------
    >>> find_tune_type(["", "Slip Jig"]), find_tune_type(["Tom's Reel"]), find_tune_type(["The Lark"])
    ('slip-jig', 'reel', '')
    """
    for text in texts:
        for name, pattern in _PATTERNS.items():
            if pattern.search(text.lower()):
                return name
    return ""
