"""A folder with one sub-folder for each class, read as a corpus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.group import TokenConstraint, group_rule, group_word_of, no_group
from woodshed.data.sound import is_score
from woodshed.errors import AudioFileError, DataError, printable

ARRANGE = (
    "Put the recordings of each class into a folder that has the name of the class: "
    "sounds/dog/1.wav, sounds/rain/2.wav."
)
"""The cure for a folder that is arranged in another way."""

UNLABELLED = "_unlabelled"
"""The folder beside the class folders that holds sounds whose class nobody has said yet."""


def is_heard(path: Path) -> bool:
    """Tell by the ending whether a file can be heard: a sound file, or a MIDI file, which is played.

    Examples
    --------
    >>> is_heard(Path("take.WAV")), is_heard(Path("tune.mid")), is_heard(Path("notes.txt"))
    (True, True, False)
    """
    return path.suffix.lower() in AUDIO_SUFFIXES or is_score(path)


def read_folder(
    folder: str | os.PathLike[str], *, group_by: str | None = None, least_classes: int = 2
) -> Corpus:
    """List the sounds of a folder; the name of the sub-folder is the label.

    MIDI files are sounds too: where there is nothing else, a classical model reads their notes; beside sound
    files they are played. Files in deeper folders count for their class folder. Files are told by their
    suffix and not opened here (`woodshed.data.check.check` does that); hidden files and other suffixes are
    passed over. The order is that of the names, whatever the file system says, and links that lead in circles
    are followed once. A folder ``_unlabelled`` is no class: its sounds have no label.

    Parameters
    ----------
    folder
        Folder of class folders.
    group_by
        Who or what a file was recorded from: ``folder``, ``part:N``, ``chars:A-B``, ``stem``, ``tag:NAME``,
        ``regex:PATTERN`` or ``none``; see `woodshed.data.group.group_rule`. Files that the rule does not fit
        are set aside.
    least_classes
        How many class folders with sounds there must be: two to learn from, one to test with.

    Returns
    -------
    Corpus
        Named after the folder, without official split. Sounds without a label are set aside with that
        reason, and listed in ``unlabelled`` for who wants them.

    Raises
    ------
    DataError
        If the folder is not there, holds no sound, or has too few class folders with sounds.
    ParameterError
        If ``group_by`` is not one of the rules.

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
    rule = group_rule(group_by, root)
    _refuse_unless_folder(root)
    examples: list[Example] = []
    skipped: list[Skipped] = []
    unlabelled: list[Example] = []
    n_others = 0
    for class_folder in _sorted_folders(root):
        for path in files_below(class_folder, stop_at=root):
            if not is_heard(path):
                n_others += 1
                continue
            row = _to_example(path, path.relative_to(root), rule, group_by)
            if isinstance(row, Example) and row.label == UNLABELLED:
                unlabelled.append(replace(row, label=""))
                row = Skipped(path, f"the label is empty: it is in {UNLABELLED}.")
            examples.append(row) if isinstance(row, Example) else skipped.append(row)
    at_top = _sorted_files(root)
    loose = [path for path in at_top if is_heard(path)]
    n_others += len(at_top) - len(loose)
    labels = {example.label for example in examples}
    if not labels and (root / "settings.json").is_file():
        raise DataError(f"{printable(root)} is a model, and holds no sounds to learn from or to test with.")
    if len(labels) < least_classes:
        raise DataError(f"{printable(root)} {_complaint(labels, loose, n_others, skipped)} {ARRANGE}")
    skipped += [Skipped(path, f"is in no class folder. {ARRANGE}") for path in loose]
    return Corpus(
        printable(root.resolve().name),
        tuple(examples),
        tuple(skipped),
        group_word=group_word_of(group_by),
        unlabelled=tuple(unlabelled),
    )


def list_sounds(places: Iterable[Path], *, scores: bool = False) -> list[Path]:
    """List sound files: a file stands for itself, a folder for all sounds below it, in the order of names.

    Parameters
    ----------
    places
        Files and folders.
    scores
        Whether the MIDI files of a folder are sounds too; what edits or measures sound leaves them out.

    Examples
    --------
    >>> list_sounds([Path("b.wav"), Path("a.wav")])
    [PosixPath('b.wav'), PosixPath('a.wav')]
    """
    listed: list[Path] = []
    for place in places:
        if place.is_dir():
            below = files_below(place, stop_at=place.parent)
            listed += [p for p in below if (is_heard(p) if scores else p.suffix.lower() in AUDIO_SUFFIXES)]
        else:
            listed.append(place)
    return listed


def files_below(folder: Path, *, stop_at: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names; hidden ones and link circles left out.

    Parameters
    ----------
    folder
        Where to start.
    stop_at
        Links that lead to this folder, or to one above it, are not followed.
    """
    seen = {_identity(above) for above in (stop_at.resolve(), *stop_at.resolve().parents)}

    def walk(place: Path) -> Iterator[Path]:
        if (identity := _identity(place)) in seen:
            return
        seen.add(identity)
        yield from _sorted_files(place)
        for deeper in _sorted_folders(place):
            yield from walk(deeper)

    yield from walk(folder)


def _to_example(
    path: Path, below: Path, rule: TokenConstraint | None, group_by: str | None
) -> Example | Skipped:
    try:
        group = rule(below) if rule else None
    except AudioFileError as error:
        return Skipped(path, error.reason)
    if group_by is not None and rule and group is None and group_by != "folder":
        return Skipped(path, no_group(group_by))
    return Example(path, printable(below.parts[0]), group)


def _refuse_unless_folder(root: Path) -> None:
    if not root.exists():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    if not root.is_dir():
        raise DataError(
            f"{printable(root)} is a file. Give a folder with a sub-folder for each class, or a table."
        )


def _complaint(labels: set[str], loose: list[Path], n_others: int, skipped: list[Skipped]) -> str:
    if labels:
        return f"has one class only ({', '.join(labels)}), and there is nothing to tell apart."
    if skipped:
        return f"has no usable sound: {printable(skipped[0].path)} {skipped[0].reason}"
    if loose:
        return f"holds {len(loose)} sound files but no class folders."
    if n_others:
        return f"holds {n_others} files, but none has the suffix of a sound file, such as .wav or .flac."
    return "holds no sound: it is empty."


def _sorted_files(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if not path.is_dir()]


def _sorted_folders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except PermissionError as error:
        raise DataError(
            f"{printable(folder)} may not be read by you. Give yourself permission: chmod u+rx FOLDER"
        ) from error
    return [folder / name for name in sorted(names) if not name.startswith(".")]


def _identity(folder: Path) -> tuple[int, int]:
    state = folder.stat()
    return state.st_dev, state.st_ino
