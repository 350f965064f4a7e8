"""JSB chorales: 382 four-part chorales by Bach, as MIDI pitches on a grid.

Layout::

    jsb-chorales-quarter.json        part -> chorales -> quarters -> the pitches that sound
    Jsb16thSeparated.json            part -> chorales -> sixteenths -> soprano, alto, tenor, bass; -1 rests

Parts are ``train`` (229), ``valid`` (76) and ``test`` (77). Likelihoods on the sixteenth grid are dominated
by held notes: compare with the literature on the quarter grid only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

from woodshed.data.corpora.listed import need_list
from woodshed.data.example import Corpus, Example
from woodshed.errors import DataError, ParameterError, near_miss, printable

CITATION = (
    "N. Boulanger-Lewandowski, Y. Bengio, P. Vincent. Modeling Temporal Dependencies in High-Dimensional "
    "Sequences. ICML 2012. arXiv 1206.6392"
)
LICENCE = "the chorales are in the public domain; none stated for the encoding"
URL = "https://github.com/czhuang/JSB-Chorales-dataset"

LAYOUT = "{jsb-chorales-quarter or Jsb16thSeparated}.json"
GRIDS = {"quarter": "jsb-chorales-quarter.json", "sixteenth": "Jsb16thSeparated.json"}
"""Grid -> file."""

PARTS = {"train": "train", "validation": "valid", "test": "test"}
"""Part of the official split -> key in the files."""

Chorale = tuple[tuple[int, ...], ...]
"""Steps of the grid, each with the MIDI pitches of that step."""


@dataclass(frozen=True)
class Chorales(Sequence[Chorale]):
    """The chorales of one part, read from the file when the first of them is asked for.

    Parameters
    ----------
    path
        The JSON file.
    part
        ``train``, ``validation`` or ``test``.
    """

    path: Path
    part: str

    @cached_property
    def _chorales(self) -> tuple[Chorale, ...]:
        try:
            return _read(self.path)[PARTS[self.part]]
        except KeyError as error:
            raise DataError(f"{printable(self.path)} has no part {error}. Get it again.") from error

    def __len__(self) -> int:
        return len(self._chorales)

    @overload
    def __getitem__(self, index: int) -> Chorale: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Chorale, ...]: ...

    def __getitem__(self, index: int | slice) -> Chorale | tuple[Chorale, ...]:
        return self._chorales[index]


def chorales(folder: str | os.PathLike[str], part: str, *, grid: str = "quarter") -> Chorales:
    """Return the chorales of a part of the official split.

    Parameters
    ----------
    folder
        The folder that holds the JSON files.
    part
        ``train``, ``validation`` or ``test``.
    grid
        ``quarter``: each step holds the pitches that sound. ``sixteenth``: each step is soprano,
        alto, tenor, bass; -1 is silence.

    Raises
    ------
    DataError
        If the folder or the file is not there.
    ParameterError
        If there is no such part or grid.
    """
    if part not in PARTS:
        raise ParameterError(f"The chorales have no part {part!r}. {near_miss(part, PARTS)}")
    if grid not in GRIDS:
        raise ParameterError(f"The chorales have no grid {grid!r}. {near_miss(grid, GRIDS)}")
    return Chorales(need_list(folder, [GRIDS[grid]], LAYOUT), part)


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the chorales: label ``chorale``, each a group, the official split; for the notes see `chorales`.

    All examples have the path of the file they are in.

    Parameters
    ----------
    folder
        The folder that holds the JSON files.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    path = need_list(folder, tuple(GRIDS.values()), LAYOUT)
    examples = tuple(
        Example(path, "chorale", group=f"{part} {k}", split=part)
        for part in PARTS
        for k in range(len(Chorales(path, part)))
    )
    return Corpus("jsb_chorales", examples, licence=LICENCE, citation=CITATION, group_word="chorale")


def _read(path: Path) -> Mapping[str, tuple[Chorale, ...]]:
    try:
        content = json.loads(path.read_bytes())
        return {
            part: tuple(tuple(tuple(int(pitch) for pitch in step) for step in piece) for piece in pieces)
            for part, pieces in content.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{printable(path)} does not hold chorales ({error}). Get it again.") from error
