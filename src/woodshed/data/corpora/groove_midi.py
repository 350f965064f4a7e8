"""Groove MIDI: 1,150 takes of ten drummers on an electronic kit, played to a click, as MIDI (and sound).

Layout::

    info.csv            drummer, session, id, style, bpm, ..., midi_filename, ..., split
    drummer1/session1/1_funk_80_beat_4-4.mid

The label is the first word of the style (``latin`` of ``latin/samba``). The official split is the column
``split``. Its drummers and most of its sessions (the group) are in several parts, so it says nothing about
a new drummer.
"""

from __future__ import annotations

import os
from pathlib import Path

from woodshed.data.corpora.listed import Row, need_list, read_list, rows_from_list
from woodshed.data.example import Corpus, Example

CITATION = (
    "J. Gillick, A. Roberts, J. Engel, D. Eck, D. Bamman. Learning to Groove with Inverse Sequence "
    "Transformations. ICML 2019. arXiv 1905.06118"
)
LICENCE = "CC BY 4.0"
URL = "https://magenta.tensorflow.org/datasets/groove"

LAYOUT = "{drummer}/{session}/{number}_{style}_{tempo}_{beat or fill}_{metre}.mid, listed in info.csv"
COLUMNS = ("session", "style", "midi_filename", "split")


def load(folder: str | os.PathLike[str]) -> Corpus:
    """List the MIDI files: label the style, group the session, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that holds ``info.csv``.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    """
    table = need_list(folder, ["info.csv"], LAYOUT)
    rows = read_list(table, COLUMNS)
    examples, skipped = rows_from_list(
        rows, lambda row: table.parent / row["midi_filename"], _to_example, table
    )
    return Corpus("groove_midi", examples, skipped, licence=LICENCE, citation=CITATION, group_word="session")


def _to_example(path: Path, row: Row) -> Example:
    return Example(path, row["style"].partition("/")[0], group=row["session"], split=row["split"])
