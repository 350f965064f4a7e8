"""Data sets from a folder with one subfolder per class."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.example import Corpus, Example, Skipped, is_score
from woodshed.data.group import GroupRule, check_some_match, group_rule, group_word_of, no_group
from woodshed.data.label import matched_examples
from woodshed.data.licence import licence_beside
from woodshed.errors import AudioFileError, DataError, OutputError, counted, printable

ARRANGE = (
    "Put the recordings of each class into a folder with the name of the class: "
    "sounds/dog/1.wav, sounds/rain/2.wav."
)
"""Advice for folders with another layout."""

UNLABELLED = "_unlabelled"
"""Name of the folder, next to the class folders, for sounds of unknown class."""

EXCLUDED = "excluded"
"""Name of the folder for files that were taken out of a data set; it is not read as a part of one."""


OTHER_MEDIA = "its format is not read. Convert it to WAV or FLAC, for instance: ffmpeg -i INPUT OUTPUT.wav"
"""Reason for skipping audio and video files in other formats."""

LABEL_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".textgrid"})
"""Lower-case suffixes of tables and label files in text."""


def is_sound(path: Path) -> bool:
    """Return whether the suffix is that of an audio file, or of a MIDI file, which is rendered.

    Examples
    --------
    >>> is_sound(Path("take.WAV")), is_sound(Path("tune.mid")), is_sound(Path("notes.txt"))
    (True, True, False)
    """
    return path.suffix.lower() in AUDIO_SUFFIXES or is_score(path)


def is_other_media(path: Path) -> bool:
    """Return whether the suffix is that of audio or video in a format that is not read.

    Examples
    --------
    >>> is_other_media(Path("talk.mpg")), is_other_media(Path("a.wav")), is_other_media(Path("list.m3u"))
    (True, False, False)
    """
    kind, _, subtype = (mimetypes.guess_type(path.name)[0] or "").partition("/")
    return kind in ("audio", "video") and "mpegurl" not in subtype and not is_sound(path)


def read_folder(
    folder: str | os.PathLike[str], *, group_by: str | None = None, least_classes: int = 2
) -> Corpus:
    """Read the sounds of a folder, with the name of the subfolder as label.

    MIDI files count as sounds: a data set of MIDI files only can be learned from the notes; among audio files
    they are rendered. Files in deeper folders belong to their class folder. Files are recognised by their
    suffix and not opened (`woodshed.data.check.check` does that); hidden files and other suffixes are
    ignored. Files are sorted by name, independent of the file system, and circular links are followed once. A
    folder ``_unlabelled`` is not a class: its sounds have no label. A folder ``excluded`` is ignored. Folders
    whose names are spellings of one label are one class (`woodshed.data.label.canonical_label`).

    Parameters
    ----------
    folder
        Folder of class folders.
    group_by
        Rule for the group of a file: ``folder``, ``part:N``, ``chars:A-B``, ``stem``, ``tag:NAME``,
        ``regex:PATTERN`` or ``none``; see `woodshed.data.group.group_rule`. Files that do not match the rule
        are skipped.
    least_classes
        Minimum number of class folders with sounds: 2 for training, 1 for testing. With 0, the sounds of a
        folder without class folders are examples without a label.

    Returns
    -------
    Corpus
        Named after the folder, without an official split. Sounds without a label are skipped with that
        reason and also listed in ``unlabelled``.

    Raises
    ------
    DataError
        If the folder does not exist, contains no sounds, or has too few class folders with sounds.
    ParameterError
        If ``group_by`` is not one of the rules, or matches no file.

    Warns
    -----
    UserWarning
        If spellings of a label were matched.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio import sine, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("low/1_ann.wav", "high/2_bob.wav"):
    ...         path = Path(folder, name)
    ...         path.parent.mkdir()
    ...         _ = write(sine(440), path)
    ...     [(row.label, row.group) for row in read_folder(folder, group_by="part:2").examples]
    [('high', 'bob'), ('low', 'ann')]
    """
    root = Path(folder)
    if root.is_file():
        raise DataError(
            f"{printable(root)} is a file. Give a folder with a subfolder for each class, or a table."
        )
    rule = group_rule(group_by, existing_folder(root))
    at_top, folders = _files_and_folders(root)
    class_folders = [place for place in folders if place.name != EXCLUDED]
    below = [path for place in class_folders for path in files_below(place, stop_at=root)]
    loose = [path for path in at_top if is_sound(path)]
    sounds = [path for path in below if is_sound(path)]
    examples, skipped, unlabelled = _sorted_out(sounds, root, rule, group_by)
    if group_by is not None and not examples:
        check_some_match(group_by, skipped)
    if least_classes == 0 and not examples:
        examples, loose = [Example(path, "") for path in loose], []
    examples = matched_examples(examples, root)
    labels = {example.label for example in examples}
    if not labels and (root / "settings.json").is_file():
        raise DataError(
            f"{printable(root)} is a model folder and contains no sounds. To test it: woodshed evaluate "
            f"{printable(root)} DATA. To continue an interrupted training: woodshed train DATA --out "
            f"{printable(root)} --resume."
        )
    if len(labels) < least_classes:
        others = [path for path in (*at_top, *below) if not is_sound(path)]
        raise DataError(f"{printable(root)} {_too_few_classes(labels, loose, others, skipped)} {ARRANGE}")
    skipped += [Skipped(path, f"it is in no class folder. {ARRANGE}") for path in loose]
    skipped += [Skipped(path, OTHER_MEDIA) for path in (*at_top, *below) if is_other_media(path)]
    return Corpus(
        printable(root.resolve().name),
        tuple(examples),
        tuple(skipped),
        licence=licence_beside(root),
        group_word=group_word_of(group_by),
        unlabelled=tuple(unlabelled),
    )


def list_sounds(places: Iterable[Path], *, scores: bool = False) -> list[Path]:
    """List audio files: files as given, and the audio files below each folder, sorted by name.

    Parameters
    ----------
    places
        Files and folders.
    scores
        Whether to include the MIDI files of a folder.

    Examples
    --------
    >>> list_sounds([Path("b.wav"), Path("a.wav")])
    [PosixPath('b.wav'), PosixPath('a.wav')]
    """
    sounds: list[Path] = []
    for place in places:
        if place.is_dir():
            below = [path for path in files_below(place, stop_at=place.resolve().parent) if is_sound(path)]
            sounds += [path for path in below if scores or not is_score(path)]
        else:
            sounds.append(place)
    return sounds


def existing_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the path of a folder, which must exist.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    if not os.path.isdir(folder):
        raise DataError(f"{printable(folder)}: there is no such folder. Check the name.")
    return Path(folder)


def create_folder(folder: Path, remedy: str = "Choose another folder.") -> None:
    """Create a folder and its parents, unless it exists.

    Raises
    ------
    OutputError
        If it cannot be created; ``remedy`` ends the message.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{printable(folder)} cannot be created ({error.strerror}). {remedy}") from error


def files_below(folder: Path, *, stop_at: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted by name, without hidden files and circular links.

    Parameters
    ----------
    folder
        Where to start.
    stop_at
        Links to this folder, or to a parent of it, are not followed.
    """
    visited = {_identity(above) for above in (stop_at.resolve(), *stop_at.resolve().parents)}

    def walk(place: Path) -> Iterator[Path]:
        if (identity := _identity(place)) in visited:
            return
        visited.add(identity)
        files, folders = _files_and_folders(place)
        yield from files
        for deeper in folders:
            yield from walk(deeper)

    yield from walk(folder)


def _sorted_out(
    sounds: Iterable[Path], root: Path, rule: GroupRule | None, group_by: str | None
) -> tuple[list[Example], list[Skipped], list[Example]]:
    """Return the examples of files in class folders, the skipped ones, and those without a label."""
    examples: list[Example] = []
    skipped: list[Skipped] = []
    unlabelled: list[Example] = []
    for path in sounds:
        row = _to_example(path, path.relative_to(root), rule, group_by)
        if isinstance(row, Skipped):
            skipped.append(row)
        elif row.label == UNLABELLED:
            unlabelled.append(replace(row, label=""))
            skipped.append(Skipped(path, f"the label is empty: it is in {UNLABELLED}."))
        else:
            examples.append(row)
    return examples, skipped, unlabelled


def _to_example(path: Path, below: Path, rule: GroupRule | None, group_by: str | None) -> Example | Skipped:
    """Return the example of a file, or why it is skipped; ``below`` is its path relative to the root."""
    try:
        group = rule(below) if rule else None
    except AudioFileError as error:
        return Skipped(path, error.reason)
    if group_by is not None and rule and group is None and group_by != "folder":
        return Skipped(path, no_group(group_by))
    return Example(path, printable(below.parts[0]), group)


def _too_few_classes(labels: set[str], loose: list[Path], others: list[Path], skipped: list[Skipped]) -> str:
    """Return the message of the error about a folder with too few classes."""
    if labels:
        one = f"has one class only ({', '.join(labels)}). At least two classes are needed."
        return one + _tables_text(others)
    if skipped:
        return f"has no usable sound: {printable(skipped[0].path)}: {skipped[0].reason}"
    if loose:
        return f"contains {counted(len(loose), 'sound file')} but no class folders.{_tables_text(others)}"
    if others:
        n_others = counted(len(others), "file")
        return f"contains {n_others}, but none has the suffix of a sound file, such as .wav or .flac."
    return "contains no sounds: it is empty."


def _tables_text(files: list[Path]) -> str:
    """Return the advice to name one of the tables that are among the files; empty without one."""
    tables = [path for path in files if path.name.lower().endswith((".csv", ".tsv", ".selections.txt"))]
    return f" If the labels are in a table, name it: {printable(tables[0])}." if tables else ""


def _files_and_folders(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the visible files and folders in a folder, each sorted by name."""
    try:
        paths = [folder / name for name in sorted(os.listdir(folder)) if not name.startswith(".")]
        is_folder = {path: path.is_dir() for path in paths}
    except PermissionError as error:
        raise DataError(f"No permission to read {printable(folder)}. Change it: chmod u+rx FOLDER") from error
    except OSError as error:
        raise DataError(
            f"{printable(folder)} cannot be read ({error.strerror}). Check the folder and the disk."
        ) from error
    return [path for path in paths if not is_folder[path]], [path for path in paths if is_folder[path]]


def _identity(folder: Path) -> tuple[int, int]:
    state = folder.stat()
    return state.st_dev, state.st_ino
