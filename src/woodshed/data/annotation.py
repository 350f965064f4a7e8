"""Data sets from a folder of recordings with a label file beside each: Raven, Audacity, Praat or tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from woodshed.audio.markers import has_times_column, is_label_track, is_text_grid
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folder import EXCLUDED, LABEL_SUFFIXES, files_below, is_sound
from woodshed.data.group import group_word_of, with_file_groups
from woodshed.data.label import matched_examples
from woodshed.data.licence import licence_beside
from woodshed.data.sound_finder import sound_beside
from woodshed.data.table import read_table
from woodshed.errors import DataError, ParameterError, counted, printable

NO_LABEL_FILE = "it has no label file beside it."
"""Reason for skipping a recording."""


def label_files(folder: Path) -> dict[Path, Path]:
    """Return the label files below a folder with the recording that each is beside.

    Returns
    -------
    dict
        Label file -> recording, in the order of their names. Empty unless most recordings have a label file,
        or none of them is in a subfolder that could be its class.
    """
    files = _files(folder)
    sounds = [path for path in files if is_sound(path)]
    pairs = dict(_pairs(files))
    are_most = 2 * len(set(pairs.values())) > len(sounds)
    return pairs if are_most or all(path.parent == folder for path in sounds) else {}


def read_annotations(
    folder: Path, pairs: dict[Path, Path], *, group_by: str | None = None, least_classes: int = 2
) -> Corpus:
    """Read the labelled segments of the recordings in a folder.

    Recordings without a label file, and label files that cannot be read, are skipped, as are those whose
    recording does not match the rule of ``group_by``.

    Parameters
    ----------
    folder
        The folder.
    pairs
        What `label_files` returned.
    group_by
        As for `woodshed.data.table.read_table`; by default the recording is the group.
    least_classes
        Minimum number of labels.

    Raises
    ------
    DataError
        If too few labels are left.
    ParameterError
        If ``group_by`` is not one of the rules, or matches no recording.
    """
    examples: dict[tuple[object, ...], Example] = {}
    skipped: list[Skipped] = []
    unlabelled: list[Example] = []
    mismatch: ParameterError | None = None
    for path in pairs:
        try:
            part = read_table(path, group_by=group_by, least_classes=0)
        except (DataError, ParameterError) as error:
            if isinstance(error, ParameterError):
                mismatch = mismatch or error
            skipped.append(Skipped(path, str(error)))
            continue
        skipped += [replace(row, reason=f"{printable(path.name)}, {row.reason}") for row in part.skipped]
        unlabelled += part.unlabelled
        for example in part.examples:  # several formats may hold the same labels
            examples.setdefault((example.path, example.start_s, example.end_s, example.label), example)
    if mismatch is not None and not examples:
        raise mismatch
    if group_by is None:  # names of files are relative to the folder of each table
        unlabelled = [replace(example, group=None) for example in unlabelled]
    rows = [replace(row, group=None) if group_by is None else row for row in examples.values()]
    rows = matched_examples(rows, folder)
    labels = {example.label for example in rows}
    if len(labels) < least_classes:
        shown = f" ({', '.join(sorted(labels))})" if labels else ""
        reason = f" {printable(skipped[0].path)}: {skipped[0].reason}" if skipped else ""
        raise DataError(
            f"The label files in {printable(folder)} have {counted(len(labels), 'label')}{shown}; at least "
            f"{least_classes} are needed.{reason}"
        )
    labelled = set(pairs.values())
    sounds = filter(is_sound, _files(folder))
    skipped += [Skipped(path, NO_LABEL_FILE) for path in sounds if path not in labelled]
    corpus = Corpus(
        printable(folder.resolve().name),
        tuple(rows),
        tuple(skipped),
        licence=licence_beside(folder),
        group_word=group_word_of(group_by),
        unlabelled=tuple(unlabelled),
    )
    return with_file_groups(corpus, folder) if group_by is None else corpus


def _files(folder: Path) -> list[Path]:
    """Return the files below a folder, without those that were taken out of the data set."""
    files = files_below(folder, stop_at=folder.resolve().parent)
    return [path for path in files if path.relative_to(folder).parts[0] != EXCLUDED]


def _pairs(files: list[Path]) -> Iterator[tuple[Path, Path]]:
    for path in files:
        if path.suffix.lower() in LABEL_SUFFIXES:
            sound = sound_beside(path)
            if sound is not None and _is_label_file(path):
                yield path, sound


def _is_label_file(path: Path) -> bool:
    try:
        return is_text_grid(path) or is_label_track(path) or has_times_column(path)
    except (OSError, DataError, UnicodeError):
        return False
