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

from typing import Any

from woodshed.errors import look_up

TOKENIZERS: dict[str, str] = {
    "character": "woodshed.tokens.character:Characters",
    "chorale": "woodshed.tokens.chorale:ChoraleGrid",
    "folk": "woodshed.tokens.folk.tokenizer:FolkAbc",
    "roll": "woodshed.tokens.roll:PianoRoll",
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
    tokenizer: type[Any] = look_up("tokenizer", name, TOKENIZERS)
    return tokenizer
