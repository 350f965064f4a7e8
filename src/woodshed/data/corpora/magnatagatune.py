"""MagnaTagATune: 25,863 clips of about 29 s from the Magnatune label, 16 kHz MP3, 188 tags from a game.

Layout::

    annotations_final.csv           clip_id, 188 tags with 0 or 1, mp3_path; separated by tabs
    clip_info_final.csv             clip_id, track_number, title, artist, album, ..., mp3_path
    {0-f}/{artist}-{album}-{track}-{title}-{start}-{end}.mp3          or in mp3, mp3s, audio

Sixteen folders, named by hexadecimal digits. The usual tags are the 50 most frequent. Two splits are in
use, and their scores cannot be compared:

- ``folders``: 0 to b train, c validation, d to f test, clips without any of the tags kept (25,863);
- ``filtered``: the same, without them (15,244 / 1,529 / 4,332; J. Lee and others, 2017).

Known faults: synonyms ('no vocals', 'no vocal', 'no voice'), missing tags, three MP3 files of length zero,
and artists (the group) in several parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from woodshed.data.corpora.facts import (
    CorpusFacts,
    Download,
    Folder,
    Row,
    read_optional_rows,
    read_rows,
    require_table,
)
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.errors import DataError, check_choice, printable

_FILES = ("annotations_final.csv", "clip_info_final.csv", "mp3.zip.001", "mp3.zip.002", "mp3.zip.003")

FACTS = CorpusFacts(
    name="magnatagatune",
    title="MagnaTagATune",
    content="music with tags, 230 artists; 3 of its 25,863 clips are empty",
    citation=(
        "E. Law, K. West, M. Mandel, M. Bay, J. S. Downie. Evaluation of Algorithms Using Games: The Case "
        "of Music Tagging. ISMIR 2009. Filtered split: J. Lee, J. Park, K. L. Kim, J. Nam, 2017. arXiv "
        "1703.01789"
    ),
    licence="CC BY-NC-SA 3.0",
    url="https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset",
    layout="{0-f}/{artist}-{album}-{track}-{title}-{start}-{end}.mp3, listed in annotations_final.csv",
    n_examples=25_860,
    downloads=tuple(Download(f"https://mirg.city.ac.uk/datasets/magnatagatune/{name}") for name in _FILES),
)
GROUPS = {"artist": ("artist",), "track": ("artist", "album", "title")}
"""Kind of group -> the columns of clip_info_final.csv that identify it."""

# fmt: off
TOP_50 = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano",
    "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals",
    "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft",
    "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal",
    "beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice", "choral",
)
# fmt: on
"""The 50 most frequent original tags, the most frequent first."""

SYNONYMS = {
    "beat": ("beats",),
    "chant": ("chanting",),
    "choir": ("choral",),
    "classical": ("clasical", "classic"),
    "drums": ("drum",),
    "electronic": ("electro", "electronica", "electric"),
    "fast": ("fast beat", "quick"),
    "female": (
        "female singer",
        "female singing",
        "female vocals",
        "female vocal",
        "female voice",
        "woman",
        "woman singing",
        "women",
    ),
    "flute": ("flutes",),
    "guitar": ("guitars",),
    "hard rock": ("hard",),
    "harpsichord": ("harpsicord",),
    "metal": ("heavy", "heavy metal"),
    "horn": ("horns",),
    "indian": ("india",),
    "jazz": ("jazzy",),
    "male": ("male singer", "male vocal", "male vocals", "male voice", "man", "man singing", "men"),
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
"""Tag -> its synonyms: the 29 groups of K. Choi (github.com/keunwoochoi/magnatagatune-list)."""

_CANONICAL = {other: tag for tag, others in SYNONYMS.items() for other in others}


def load(
    folder: Folder,
    *,
    split: str = "folders",
    merged: bool = False,
    group_by: str = "artist",
) -> Corpus:
    """List the clips: tags instead of a label, group the artist, split ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    folder
        The folder that contains ``annotations_final.csv``.
    split
        ``folders`` or ``filtered``: whether clips without any of the 50 tags are kept.
    merged
        Whether to merge synonyms; the 50 most frequent tags are then counted anew.
    group_by
        ``artist`` or ``track``, from ``clip_info_final.csv``; without that file groups are unknown.

    Raises
    ------
    DataError
        If the folder does not exist or does not contain the corpus.
    ParameterError
        If ``split`` or ``group_by`` is invalid.
    """
    check_choice("split of magnatagatune", split, ("folders", "filtered"))
    check_choice("group_by of magnatagatune", group_by, GROUPS)
    table = require_table(folder, ["annotations_final.csv"], FACTS.layout)
    rows = read_rows(table, ["clip_id", "mp3_path"], delimiter="\t")
    annotations = [_tags_of(row, merged) for row in rows]
    tags = most_frequent(annotations) if merged else TOP_50
    columns = GROUPS[group_by]
    infos = read_optional_rows(folder, ["clip_info_final.csv"], ["clip_id", *columns], delimiter="\t")
    groups = {row["clip_id"]: " / ".join(row[name] for name in columns) for row in infos}
    sounds = _sound_folder(table.parent, rows)
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for row, annotation in zip(rows, annotations, strict=True):
        labels = tuple(tag for tag in tags if tag in annotation)
        path = sounds / row["mp3_path"]
        if not path.is_file():
            skipped.append(Skipped(path, f"there is no such file, but {table.name} lists it. Get it again."))
        elif not path.stat().st_size:
            skipped.append(Skipped(path, "it is empty, like three files of the corpus. No action is needed."))
        elif labels or split == "folders":
            part, group = part_of(row["mp3_path"]), groups.get(row["clip_id"])
            examples.append(Example(path, group=group, split=part, labels=labels))
    if not examples:
        raise DataError(
            f"{printable(table)} lists no file that exists. Unpack the MP3 files next to the table."
        )
    return FACTS.corpus(tuple(examples), tuple(skipped), group_word=group_by)


def part_of(mp3_path: str) -> str:
    """Return the part of the official split of a clip, by its folder.

    Examples
    --------
    >>> part_of("b/x.mp3"), part_of("c/x.mp3"), part_of("d/x.mp3")
    ('train', 'validation', 'test')
    """
    number = int(PurePosixPath(mp3_path).parts[0], 16)
    return "train" if number < 12 else "validation" if number == 12 else "test"


def most_frequent(annotations: Iterable[Iterable[str]], n: int = 50) -> tuple[str, ...]:
    """Return the n most frequent tags, the most frequent first; ties are sorted by name.

    Examples
    --------
    >>> most_frequent([{"rock", "loud"}, {"rock"}, {"fast"}], 2)
    ('rock', 'fast')
    """
    counts = Counter(tag for tags in annotations for tag in tags)
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], tag))[:n])


def _tags_of(row: Row, merged: bool) -> set[str]:
    """Return the tags of a clip."""
    tags = {name for name, cell in row.items() if cell == "1" and name not in ("clip_id", "mp3_path")}
    return {_CANONICAL.get(tag, tag) for tag in tags} if merged else tags


def _sound_folder(root: Path, rows: Iterable[Row]) -> Path:
    """Return the folder that the paths in the table are relative to."""
    tops = {PurePosixPath(row["mp3_path"]).parts[0] for row in rows if row["mp3_path"]}
    places = [root, *(root / name for name in ("mp3", "mp3s", "audio"))]
    return next((place for place in places if any((place / top).is_dir() for top in tops)), root)
