"""Write who transcribed the tunes that the shipped tune model was trained on.

    python -m benchmarks.tune_attribution --out src/woodshed/models/tune

Each training tune is looked up in the ABC files of the package music21, by its music or else by its title; the names are
those of its lines ``Z:``, ``S:`` and ``N:``. ``transcribers.csv`` lists every tune, ``ATTRIBUTION.md`` is made of its
counts and of the terms that the files state.
"""

from __future__ import annotations

import argparse
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

from benchmarks.provenance import markdown_table
from benchmarks.shipped_model import ATTRIBUTION_NAME
from woodshed.atomic import write_whole
from woodshed.composition.composer import Composer
from woodshed.delimited import csv_writer
from woodshed.symbolic.abc.read import read_text
from woodshed.symbolic.folk.from_abc import book_to_folk
from woodshed.tasks import load
from woodshed.tasks.shipped import shipped_folder
from woodshed.tasks.tune import MUSIC21_COLLECTIONS, music21_corpus
from woodshed.tasks.tune.piece import TunePiece
from woodshed.training.model_folder import record_checksums

NAMES = {
    "A. Lee Worman": r"lee worman",
    "Bob Puckette": r"puckette",
    "Bob Safranek": r"safranek",
    "Chris Falt": r"chris falt",
    "Dan G. Petersen": r"petersen",
    "Dave Wooldridge": r"wooldridge",
    "Henrik Norbeck": r"norbeck",
    "Ivan Bradley": r"ivan bradley",
    "Jack Campin": r"campin",
    "John B. Walsh": r"walsh",
    "John Chambers": r"(?<!corrected )(?<!edited )by john chambers",
    "Michael D. Long": r"d\. long",
    "Michael Hogan": r"hogan",
    "mvhplank": r"mvhplank",
    "Nick Terhorst": r"terhorst",
    "Norbert Paap": r"paap",
    "Paul de Grae": r"de grae",
    "Ray Davies": r"davies",
    "Robert Thorpe": r"thorpe",
    "Stephen Foy": r"foy",
    "Ted Hastings": r"hastings",
    "Tom Keays": r"keays",
    "Trish O'Neil": r"trish s?o'nei",
}
"""Transcriber -> pattern of the name in the files, where it is spelt in several ways."""

UNNAMED = "not named"
TRANSCRIBERS_NAME = "transcribers.csv"

BOOKS = {
    "oneill": "F. O'Neill, *O'Neill's Music of Ireland*",
    "ryan": "*Ryan's Mammoth Collection of Fiddle Tunes*",
    "aird": "J. Aird, *A Selection of Scotch, English, Irish and Foreign Airs*",
}

TEXT = """\
# Tunes of the model: who transcribed them, and under which terms

`known.json.gz` contains {n_tunes:,} tunes of the collections below, printed from about 1782 (Aird) to 1903 (O'Neill), which are in
the public domain. They were read from the ABC files of the Python package music21 (folders `{folders}` of its
corpus; looked up in version {version}), reduced to the tokens of the folk model, and moved to the root C: titles and notes are
kept; the layout, ornaments, fingerings and remarks of the transcriptions are not. `transcribers.csv` gives file, number and
transcriber of every tune.

## Terms

- **music21**: the licence of the package (BSD, 3 clauses) covers its software only. `corpus/license.txt` states that the
  compositions are out of copyright in the United States or licensed for use; that they are distributed "with the permission of the
  encoders"; and that some encodings may not be used commercially or have other restrictions, which are to be found in the files or
  folders. The package states no licence for the collections used here, and their files state no terms, restriction or
  copyright notice. Its documentation calls the corpus freely distributable, in the United States and to its authors' best knowledge.
- **Permission to redistribute the transcriptions**: not stated for any of the collections, and not excluded. It is
  unknown whether the permission given to music21 extends to others, and whether a transcription that follows a print note by
  note has a copyright of its own.
{aird}- **Model**: weights, `known.json.gz` and every copied passage in a generated tune derive from these transcriptions. State the
  collections and this file when you pass the model on.
- **Not used**: the Essen collection of music21, which may be distributed for non-commercial use only, and Nottingham (GPL 3.0).

## Transcribers

{table}

*{unnamed}*: the file does not name a transcriber of that tune. {cole} tunes of Ryan's collection name, as their printed source, *Cole's 1000 Fiddle
Tunes*, and not *Ryan's Mammoth Collection* itself. {by_title} of the tunes were found by their title, since their music is read
in another way today, {missing} not at all.
"""

AIRD = """\
- **Aird**: the whole collection is the work of one editor, whose web page (campin.me.uk/Aird) offered it on CD-ROM for sale. The files in
  music21 name him and the year 2009 and state no terms.
"""
"""Terms of the one collection that is the work of one editor."""


@dataclass(frozen=True)
class Source:
    """Where a training tune is from."""

    title: str
    collection: str
    file: str
    number: str
    transcriber: str
    found_by: str
    names_cole: bool = False


def transcribers(header: str) -> str:
    """Return the transcribers that the header lines of a tune name, or `UNNAMED`."""
    text = " ".join(line[2:] for line in header.splitlines() if line[:2] in ("Z:", "S:", "N:"))
    names = [name for name, pattern in NAMES.items() if re.search(pattern, text, re.IGNORECASE)]
    return " and ".join(names) or UNNAMED


def sources(known: Sequence[tuple[str, str]]) -> list[Source]:
    """Look up each training tune, a title with collection and a text, in the files of music21."""
    by_text: dict[tuple[str, str], Source] = {}
    by_title: dict[str, Source] = {}
    for collection, folder in MUSIC21_COLLECTIONS.items():
        for path in sorted((music21_corpus() / folder).glob("*.abc")):
            for block in re.split(r"(?m)^(?=X:)", read_text(path))[1:]:
                title = re.search(r"(?m)^T:[ \t]*(.*)", block)
                source = Source(
                    title[1].strip() if title else "",
                    collection,
                    f"{folder}/{path.name}",
                    block.partition("\n")[0][2:].strip(),
                    transcribers(block),
                    "",
                    bool(re.search(r"(?m)^B:.*coles?\b|^B:.*cole's", block, re.IGNORECASE)),
                )
                tunes, _ = book_to_folk(block, source=path.name)
                for tune in tunes:
                    by_text.setdefault((collection, tune.text), source)
                    by_title.setdefault(f"{tune.title or path.stem} ({collection})", source)
                by_title.setdefault(f"{source.title} ({collection})", source)
    found = []
    for name, text in known:
        title, _, collection = name.removesuffix(")").rpartition(" (")
        exact, similar = by_text.get((collection, TunePiece.parse(text).text)), by_title.get(name)
        source = exact or similar or Source(title, collection, "", "", UNNAMED, "")
        found_by = "music" if exact else "title" if similar else ""
        found.append(Source(**{**asdict(source), "title": title, "found_by": found_by}))
    return found


def attribution(found: Sequence[Source]) -> str:
    """Return the text of ``ATTRIBUTION.md``."""
    rows = []
    for collection, book in BOOKS.items():
        counts = Counter(one.transcriber for one in found if one.collection == collection)
        if not counts:
            continue
        names = "; ".join(f"{name} ({n})" for name, n in counts.most_common())
        rows.append([book, f"{sum(counts.values()):,}", names])
    return TEXT.format(
        n_tunes=len(found),
        aird=AIRD if any(one.collection == "aird" for one in found) else "",
        version=version("music21"),
        folders="`, `".join(MUSIC21_COLLECTIONS.values()),
        table=markdown_table(["collection", "tunes", "transcribed by (tunes)"], rows),
        unnamed=UNNAMED.capitalize(),
        cole=sum(one.names_cole for one in found),
        by_title=sum(one.found_by == "title" for one in found),
        missing=sum(not one.found_by for one in found),
    )


def write_attribution(composer: Composer, folder: Path) -> None:
    """Write ``transcribers.csv`` and ``ATTRIBUTION.md`` for the training tunes of a composer."""
    found = sources(composer.known_)
    table = io.StringIO()
    columns = [field.name for field in fields(Source)][:5]
    writer = csv_writer(table, line_end="\n")
    writer.writerow(columns)
    writer.writerows([getattr(one, column) for column in columns] for one in found)
    write_whole(folder / TRANSCRIBERS_NAME, table.getvalue())
    write_whole(folder / ATTRIBUTION_NAME, attribution(found))
    record_checksums(folder, [TRANSCRIBERS_NAME, ATTRIBUTION_NAME])


def main() -> None:
    """Write the attribution of the shipped model."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=shipped_folder("tune"), help="folder of the model")
    options = parser.parse_args()
    write_attribution(load(shipped_folder("tune")), options.out)


if __name__ == "__main__":
    main()
