"""VGMIDI, labelled part: phrases of video-game music for piano, as MIDI, with valence and arousal.

Layout::

    vgmidi_labelled.csv             id, series, console, game, piece, midi, valence, arousal
    labelled/phrases/{series}_{console}_{game}_{piece}_{number}.mid

Valence and arousal are 1 or -1, from 30 listeners for each piece. There is no official split. Hold out games
(the group): the pieces of a game share themes and an arranger.
"""

from __future__ import annotations

from pathlib import Path

from woodshed.data.corpora.facts import (
    GITHUB_ARCHIVE,
    CorpusFacts,
    Download,
    Folder,
    Row,
    corpus_from_table,
    read_rows,
    require_table,
)
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="vgmidi",
    title="VGMIDI, labelled phrases",
    content="game music as MIDI, with valence and arousal",
    citation=(
        "L. N. Ferreira, J. Whitehead. Learning to Generate Music with Sentiment. ISMIR 2019. "
        "arXiv 2103.06125"
    ),
    licence="none stated: arrangements of published game music, for your own research",
    url="https://github.com/lucasnfe/vgmidi",
    layout="labelled/phrases/{series}_{console}_{game}_{piece}_{number}.mid, listed in vgmidi_labelled.csv",
    n_examples=204,
    downloads=(Download(GITHUB_ARCHIVE.format("lucasnfe/vgmidi")),),
)
MOODS = {
    (1, 1): "pleasant and active",
    (1, -1): "pleasant and calm",
    (-1, 1): "unpleasant and active",
    (-1, -1): "unpleasant and calm",
}
"""Valence and arousal -> label: the four quadrants of the valence-arousal plane."""


def load(folder: Folder) -> Corpus:
    """List the phrases: values ``valence`` and ``arousal``, label their quadrant, group the game, no split.

    Parameters
    ----------
    folder
        The folder that contains ``vgmidi_labelled.csv``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    table = require_table(folder, ["vgmidi_labelled.csv"], FACTS.layout)
    return corpus_from_table(
        FACTS,
        read_rows(table, ["game", "midi", "valence", "arousal"]),
        table,
        to_path=lambda row: table.parent / row["midi"],
        to_example=_to_example,
        group_word="game",
    )


def _to_example(path: Path, row: Row) -> Example:
    valence, arousal = int(row["valence"]), int(row["arousal"])
    return Example(
        path,
        MOODS[valence, arousal],
        group=row["game"],
        values={"valence": float(valence), "arousal": float(arousal)},
    )
