"""Tokenizers: conversion between scores or texts and arrays, one file each.

A tokenizer is a frozen dataclass with ``encode``, ``decode`` and ``vocabulary``, the names of the ids or of
the columns. ``decode(encode(x))`` equals ``x``, except for what the class documents as lost.

=============  ================  =====================================================================
``character``  `Characters`      text as ids of its characters
``chorale``    `ChoraleGrid`     four voices as ids on a grid of equal steps
``folk``       `FolkAbc`         tunes in ABC as ids of the folk-rnn vocabulary
``roll``       `PianoRoll`       notes as boolean frames, one column for each pitch
=============  ================  =====================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from woodshed.errors import ParameterError, near_miss

TOKENIZERS: dict[str, str] = {
    "character": "character.Characters",
    "chorale": "chorale.ChoraleGrid",
    "folk": "folk.tokenizer.FolkAbc",
    "roll": "roll.PianoRoll",
}
"""Name -> module and class of each tokenizer."""


def tokenizer_class(name: str) -> type[Any]:
    """Return the class of a tokenizer; its module is imported on demand.

    Raises
    ------
    ParameterError
        If the name is unknown.

    Examples
    --------
    >>> tokenizer_class("roll")(steps_per_beat=2).vocabulary[0]
    '21'
    """
    if name not in TOKENIZERS:
        raise ParameterError(f"Unknown tokenizer {name!r}. {near_miss(name, TOKENIZERS)}")
    module, _, word = TOKENIZERS[name].rpartition(".")
    tokenizer: type[Any] = getattr(import_module(f"{__name__}.{module}"), word)
    return tokenizer
