"""VGMIDI, labelled part: phrases of video-game music for piano, as MIDI, each with valence and arousal.

Layout::

    vgmidi_labelled.csv             id, series, console, game, piece, midi, valence, arousal
    labelled/phrases/{series}_{console}_{game}_{piece}_{number}.mid

Valence and arousal are 1 or -1, from 30 listeners for each piece. There is no official split. Leave games
out (the group): the pieces of a game share themes and an arranger.
"""

from __future__ import annotations

import os
from pathlib import Path

from woodshed.data.corpora.listed import Row, need_list, read_list, rows_from_list
from woodshed.data.example import Corpus, Example

CITATION = (
    "L. N. Ferreira, J. Whitehead. Learning to Generate Music with Sentiment. ISMIR 2019. arXiv 2103.06125"
)
LICENCE = "none stated: arrangements of published game music, for your own research"
URL = "https://github.com/lucasnfe/vgmidi"

LAYOUT = "labelled/phrases/{series}_{console}_{game}_{piece}_{number}.mid, listed in vgmidi_labelled.csv"
COLUMNS = ("game", "midi", "valence", "arousal")
MOODS = {
    (1, 1): "pleasant and active",
    (1, -1): "pleasant and calm",
    (-1, 1): "unpleasant and active",
    (-1, -1): "unpleasant and calm",
}
"""Valence and arousal -> label: the four quarters of the plane of the two."""


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the phrases: values ``valence`` and ``arousal``, label their quarter, group the game, no split.

    Parameters
    ----------
    folder
        The folder that holds ``vgmidi_labelled.csv``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    table = need_list(folder, ["vgmidi_labelled.csv"], LAYOUT)
    rows = read_list(table, COLUMNS)
    examples, skipped = rows_from_list(rows, lambda row: table.parent / row["midi"], _to_example, table)
    return Corpus("vgmidi", examples, skipped, licence=LICENCE, citation=CITATION, group_word="game")


def _to_example(path: Path, row: Row) -> Example:
    valence, arousal = int(row["valence"]), int(row["arousal"])
    return Example(
        path,
        MOODS[valence, arousal],
        group=row["game"],
        values={"valence": float(valence), "arousal": float(arousal)},
    )
