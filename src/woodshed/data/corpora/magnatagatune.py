"""MagnaTagATune: 25,863 clips of about 29 s of Magnatune's music, 16 kHz MP3, with 188 tags from a game.

Layout::

    annotations_final.csv           clip_id, 188 tags with 0 or 1, mp3_path; cut by tabs
    clip_info_final.csv             clip_id, track_number, title, artist, album, ..., mp3_path
    {0-f}/{artist}-{album}-{track}-{title}-{start}-{end}.mp3          or in mp3, mp3s, audio

Sixteen folders, named by hexadecimal digits. The usual tags are the 50 most frequent. Two splits are in
use, and their scores cannot be compared:

- ``folders``: 0 to b train, c validation, d to f test, clips without any of the tags kept (25,863);
- ``filtered``: the same, without them (15,244 / 1,529 / 4,332; J. Lee and others, 2017).

Known faults: synonyms ('no vocals', 'no vocal', 'no voice'), tags that listeners could have given and did
not, three MP3 files of length zero, and artists (the group) in several parts.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from woodshed.data.corpora.listed import Row, find_list, need_list, read_list
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import DataError, ParameterError, near_miss, printable

CITATION = (
    "E. Law, K. West, M. Mandel, M. Bay, J. S. Downie. Evaluation of Algorithms Using Games: The Case "
    "of Music Tagging. ISMIR 2009. Filtered split: J. Lee, J. Park, K. L. Kim, J. Nam, 2017. arXiv "
    "1703.01789"
)
LICENCE = "CC BY-NC-SA 3.0"
URL = "https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset"

LAYOUT = "{0-f}/{artist}-{album}-{track}-{title}-{start}-{end}.mp3, listed in annotations_final.csv"
SPLITS = ("folders", "filtered")
GROUPS = {"artist": ("artist",), "track": ("artist", "album", "title")}
"""What a group may be -> the columns of clip_info_final.csv that name it."""

TOP_50 = (
    *("guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano"),
    *(
        "ambient",
        "beat",
        "violin",
        "vocal",
        "synth",
        "female",
        "indian",
        "opera",
        "male",
        "singing",
        "vocals",
    ),
    *("no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft"),
    *("sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal"),
    *("beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice", "choral"),
)
"""The 50 most frequent tags as they were given, the most frequent first."""

SYNONYMS = {
    "beat": ("beats",),
    "chant": ("chanting",),
    "choir": ("choral",),
    "classical": ("clasical", "classic"),
    "drums": ("drum",),
    "electronic": ("electro", "electronica", "electric"),
    "fast": ("fast beat", "quick"),
    "female": (
        *("female singer", "female singing", "female vocals", "female vocal", "female voice"),
        *("woman", "woman singing", "women"),
    ),
    "flute": ("flutes",),
    "guitar": ("guitars",),
    "hard rock": ("hard",),
    "harpsichord": ("harpsicord",),
    "metal": ("heavy", "heavy metal"),
    "horn": ("horns",),
    "indian": ("india",),
    "jazz": ("jazzy",),
    "male": (*("male singer", "male vocal", "male vocals", "male voice", "man", "man singing", "men"),),
    "no beat": ("no drums",),
    "no vocals": ("no singer", "no singing", "no vocal", "no voice", "no voices", "instrumental"),
    "opera": ("operatic",),
    "orchestra": ("orchestral",),
    "quiet": ("silence",),
    "singing": ("singer",),
    "space": ("spacey",),
    "strings": ("string",),
    "synth": ("synthesizer",),
    "violin": ("violins",),
    "vocals": ("vocal", "voice", "voices"),
    "weird": ("strange",),
}
"""Tag -> tags that mean the same: the 29 groups of K. Choi (github.com/keunwoochoi/magnatagatune-list)."""

_MEANT = {other: tag for tag, others in SYNONYMS.items() for other in others}


def load(
    folder: str | os.PathLike[str],
    *,
    split: str = "folders",
    merged: bool = False,
    group_by: str = "artist",
) -> Corpus:
    """List the clips: no label but tags, group the artist, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that holds ``annotations_final.csv``.
    split
        ``folders`` or ``filtered``: whether clips without any of the 50 tags are kept.
    merged
        Whether synonyms count as one tag; the 50 most frequent are counted afresh after that.
    group_by
        ``artist`` or ``track``, from ``clip_info_final.csv``; without that file no group is known.

    Raises
    ------
    DataError
        If the folder is not there or does not hold the corpus.
    ParameterError
        If there is no such split or group.
    """
    for value, known in ((split, SPLITS), (group_by, GROUPS)):
        if value not in known:
            raise ParameterError(f"magnatagatune has no {value!r}. {near_miss(value, known)}")
    table = need_list(folder, ["annotations_final.csv"], LAYOUT)
    rows = read_list(table, ["clip_id", "mp3_path"], delimiter="\t")
    given = [_given(row, merged) for row in rows]
    tags = most_frequent(given) if merged else TOP_50
    groups = _read_groups(folder, GROUPS[group_by])
    sounds = _sound_folder(table.parent, rows)
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for row, had in zip(rows, given, strict=True):
        kept = tuple(tag for tag in tags if tag in had)
        path = sounds / row["mp3_path"]
        if not path.is_file():
            skipped.append(Skipped(path, f"there is no such file, but {table.name} lists it. Get it again."))
        elif not path.stat().st_size:
            skipped.append(Skipped(path, "is empty; three files of the corpus are. Nothing to do."))
        elif kept or split == "folders":
            part = part_of(row["mp3_path"])
            examples.append(_to_example(path, kept, groups.get(row["clip_id"]), part))
    if not examples:
        raise DataError(f"{printable(table)} lists no file that is there. Unpack the MP3 files beside it.")
    return Corpus(
        *("magnatagatune", tuple(examples), tuple(skipped)),
        licence=LICENCE,
        citation=CITATION,
        group_word=group_by,
    )


def part_of(mp3_path: str) -> str:
    """Return the part of the official split that a clip belongs to, by its folder.

    Examples
    --------
    >>> part_of("b/x.mp3"), part_of("c/x.mp3"), part_of("d/x.mp3")
    ('train', 'validation', 'test')
    """
    number = int(PurePosixPath(mp3_path).parts[0], 16)
    return "train" if number < 12 else "validation" if number == 12 else "test"


def most_frequent(given: Iterable[Iterable[str]], n: int = 50) -> tuple[str, ...]:
    """Return the n tags that most clips have, the most frequent first; ties by name.

    Examples
    --------
    >>> most_frequent([{"rock", "loud"}, {"rock"}, {"fast"}], 2)
    ('rock', 'fast')
    """
    counts = Counter(tag for tags in given for tag in tags)
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], tag))[:n])


def _given(row: Row, merged: bool) -> set[str]:
    """Return the tags that a clip was given."""
    tags = {name for name, cell in row.items() if cell == "1" and name not in ("clip_id", "mp3_path")}
    return {_MEANT.get(tag, tag) for tag in tags} if merged else tags


def _read_groups(folder: str | os.PathLike[str], columns: tuple[str, ...]) -> Mapping[str, str]:
    """Map the number of each clip to its group; empty without the table."""
    table = find_list(folder, ["clip_info_final.csv"])
    if table is None:
        return {}
    rows = read_list(table, ["clip_id", *columns], delimiter="\t")
    return {row["clip_id"]: " / ".join(row[name] for name in columns) for row in rows}


def _sound_folder(root: Path, rows: Iterable[Row]) -> Path:
    """Find the folder that the paths in the table are relative to."""
    tops = {PurePosixPath(row["mp3_path"]).parts[0] for row in rows if row["mp3_path"]}
    places = [root, *(root / name for name in ("mp3", "mp3s", "audio"))]
    return next((place for place in places if any((place / top).is_dir() for top in tops)), root)


def _to_example(path: Path, tags: tuple[str, ...], group: str | None, part: str) -> Example:
    return Example(path, group=group, split=part, labels=tags)
