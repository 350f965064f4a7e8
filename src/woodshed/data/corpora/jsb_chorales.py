"""JSB Chorales: 382 four-part chorales by Bach, as MIDI pitches on a grid.

Layout::

    jsb-chorales-quarter.json        part -> chorales -> quarters -> sounding pitches
    Jsb16thSeparated.json            part -> chorales -> sixteenths -> soprano, alto, tenor, bass; -1 rests

Parts are ``train`` (229), ``valid`` (76) and ``test`` (77). Likelihoods on the sixteenth grid are dominated
by held notes: compare with the literature on the quarter grid only.
"""

from __future__ import annotations

from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts, Download, Folder, require_table
from woodshed.data.example import Corpus, Example
from woodshed.decoding import parse_json
from woodshed.errors import DataError, ParameterError, near_miss, printable

GRIDS = {"quarter": "jsb-chorales-quarter.json", "sixteenth": "Jsb16thSeparated.json"}
"""Grid -> file."""

FACTS = CorpusFacts(
    name="jsb_chorales",
    title="JSB Chorales",
    content="four-part chorales as pitches",
    citation=(
        "N. Boulanger-Lewandowski, Y. Bengio, P. Vincent. Modeling Temporal Dependencies in "
        "High-Dimensional Sequences. ICML 2012. arXiv 1206.6392"
    ),
    licence="the chorales are in the public domain; none stated for the encoding",
    url="https://github.com/czhuang/JSB-Chorales-dataset",
    layout="{jsb-chorales-quarter or Jsb16thSeparated}.json",
    n_examples=382,
    downloads=tuple(
        Download(f"https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/{name}")
        for name in GRIDS.values()
    ),
)

PARTS = {"train": "train", "validation": "valid", "test": "test"}
"""Part of the official split -> key in the files."""

Chorale = tuple[tuple[int, ...], ...]
"""Steps of the grid, each with the MIDI pitches of that step."""


def chorales(folder: Folder, part: str, *, grid: str = "quarter") -> tuple[Chorale, ...]:
    """Return the chorales of a part of the official split.

    Parameters
    ----------
    folder
        The folder that contains the JSON files.
    part
        ``train``, ``validation`` or ``test``.
    grid
        ``quarter``: each step is the sounding pitches. ``sixteenth``: each step is soprano,
        alto, tenor, bass; -1 is silence.

    Raises
    ------
    DataError
        If the folder or the file does not exist, or the file is damaged.
    ParameterError
        If there is no such part or grid.
    """
    for kind, value, choices in (("part", part, PARTS), ("grid", grid, GRIDS)):
        if value not in choices:
            raise ParameterError(f"The chorales have no {kind} {value!r}. {near_miss(value, choices)}")
    return _read(require_table(folder, [GRIDS[grid]], FACTS.layout), part)


def load(folder: Folder) -> Corpus:
    """List the chorales: label ``chorale``, each its own group, the official split.

    All examples have the path of the same JSON file; for the notes see `chorales`.

    Parameters
    ----------
    folder
        The folder that contains the JSON files.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    path = require_table(folder, tuple(GRIDS.values()), FACTS.layout)
    examples = tuple(
        Example(path, "chorale", group=f"{part} {k}", split=part)
        for part in PARTS
        for k in range(len(_read(path, part)))
    )
    return FACTS.corpus(examples, group_word="chorale")


def _read(path: Path, part: str) -> tuple[Chorale, ...]:
    """Read the chorales of a part."""
    try:
        pieces = parse_json(path.read_bytes())[PARTS[part]]
        return tuple(tuple(tuple(int(pitch) for pitch in step) for step in piece) for piece in pieces)
    except KeyError as error:
        raise DataError(f"{printable(path)} has no part {error}. Get it again.") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{printable(path)} does not hold chorales ({error}). Get it again.") from error
