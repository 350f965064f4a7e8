"""Groove MIDI: 1,150 takes of ten drummers on an electronic kit, played to a click, as MIDI (and audio).

Layout::

    info.csv            drummer, session, id, style, bpm, ..., midi_filename, ..., split
    drummer1/session1/1_funk_80_beat_4-4.mid

The label is the first word of the style (``latin`` of ``latin/samba``). The official split is the column
``split``. Its drummers and most of its sessions (the group) are in several parts, so it does not measure
generalisation to new drummers.
"""

from __future__ import annotations

from woodshed.data.corpora.facts import (
    CorpusFacts,
    Download,
    Folder,
    corpus_from_table,
    read_rows,
    require_table,
)
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="groove_midi",
    title="Groove MIDI Dataset, MIDI only",
    content="drumming of 10 drummers as MIDI, 18 styles",
    citation=(
        "J. Gillick, A. Roberts, J. Engel, D. Eck, D. Bamman. Learning to Groove with Inverse Sequence "
        "Transformations. ICML 2019. arXiv 1905.06118"
    ),
    licence="CC BY 4.0",
    url="https://magenta.tensorflow.org/datasets/groove",
    layout="{drummer}/{session}/{number}_{style}_{tempo}_{beat or fill}_{metre}.mid, listed in info.csv",
    n_examples=1150,
    hours=13.6,
    downloads=(
        Download(
            "https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
            "651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
        ),
    ),
)


def load(folder: Folder) -> Corpus:
    """List the MIDI files: label the style, group the session, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that contains ``info.csv``.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    """
    table = require_table(folder, ["info.csv"], FACTS.layout)
    return corpus_from_table(
        FACTS,
        read_rows(table, ["session", "style", "midi_filename", "split"]),
        table,
        to_path=lambda row: table.parent / row["midi_filename"],
        to_example=lambda path, row: Example(
            path, row["style"].partition("/")[0], group=row["session"], split=row["split"]
        ),
        group_word="session",
    )
