"""Processing of many score files: conversion, editing, rendering and description.

A file with several pieces, such as a book of ABC tunes, gives one numbered result per piece if the format of
the result holds only one. Faults in the notes, such as a bar of the wrong duration, are returned with the
results; if ``strict`` is set, they make the file unusable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

from woodshed.audio import write
from woodshed.audio.write import CONTAINERS
from woodshed.data.example import Skipped
from woodshed.data.file_jobs import FileJob, Outcome, run_file_jobs
from woodshed.data.folder import files_below
from woodshed.errors import ParameterError, ScoreError, ScoreFileError, near_miss, printable
from woodshed.score import Score
from woodshed.symbolic import edit
from woodshed.symbolic.abc.read import ABC_SUFFIXES
from woodshed.symbolic.file import SCORE_SUFFIXES, TABLE_SUFFIX, read_scores, write_scores
from woodshed.symbolic.musicxml.write import MUSICXML_SUFFIXES
from woodshed.symbolic.notation import bars_of
from woodshed.symbolic.rendering import render
from woodshed.workflows.files import numbered, require_usable
from woodshed.workflows.progress import SILENT, Progress, stage

DRUM_CHANNEL = 9
"""MIDI channel of unpitched percussion, counted from 0."""

PARTS: dict[str, Callable[[Score], Score]] = {"melody": edit.melody, "bass": edit.bass, "drums": edit.drums}
"""Name of a part -> function that extracts it."""


class ScoreOptions(TypedDict, total=False):
    """Options of every workflow that writes one result per score file.

    Parameters
    ----------
    to
        Format of the results, such as ``mid``; by default the suffix of ``out``, or that of each file.
    repeats
        Whether repeats and endings of ABC and MusicXML are played; true by default.
    keep_repeats
        Whether they are written as signs instead, in ABC and MusicXML; not by default.
    strict
        Whether a fault in the notes makes a file unusable, and an unusable file ends the run in an error.
    overwrite
        Whether existing results are replaced; not by default.
    progress
        Observer of the run.
    """

    to: str | None
    repeats: bool
    keep_repeats: bool
    strict: bool
    overwrite: bool
    progress: Progress


@dataclass(frozen=True, kw_only=True)
class ScoreEdit:
    """Changes to a score, applied in the order of the parameters.

    Parameters
    ----------
    channels
        MIDI channels to keep, 0 to 15; empty keeps all.
    part
        Part to keep: ``melody``, ``bass`` or ``drums``.
    start_beats, end_beats
        Section to keep, in quarter notes.
    grid_beats
        Grid to which onsets and ends are quantised, in quarter notes.
    strength
        How far notes move towards the grid, 0 to 1.
    semitones
        Transposition in semitones.
    tonic
        Pitch class to which the key is transposed, 0 (C) to 11 (B).
    tempo_bpm
        Constant tempo, in quarter notes per minute.
    metre
        Numerator and denominator; notes stay, bar lines move.
    n_times
        Number of repetitions.
    merge
        Whether all parts except drums are combined into one.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> ScoreEdit(semitones=2).apply(Score([Note(0, 1, 60)])).notes[0].pitch_midi
    62
    """

    channels: Sequence[int] = ()
    part: str | None = None
    start_beats: float = 0.0
    end_beats: float | None = None
    grid_beats: float | None = None
    strength: float = 1.0
    semitones: int = 0
    tonic: int | None = None
    tempo_bpm: float | None = None
    metre: tuple[int, int] | None = None
    n_times: int = 1
    merge: bool = False

    def __post_init__(self) -> None:
        if self.part is not None and self.part not in PARTS:
            raise ParameterError(f"Invalid part {self.part!r}. {near_miss(self.part, PARTS)}")

    def apply(self, score: Score) -> Score:
        """Return the changed score."""
        if self.channels:
            score = edit.keep_channels(score, self.channels)
        if self.part is not None:
            score = PARTS[self.part](score)
        if self.start_beats or self.end_beats is not None:
            score = edit.cut(score, self.start_beats, self.end_beats)
        if self.grid_beats is not None:
            score = edit.quantise(score, self.grid_beats, strength=self.strength)
        score = edit.transpose(score, self.semitones)
        if self.tonic is not None:
            score = edit.transpose_to(score, self.tonic)
        if self.tempo_bpm is not None:
            score = edit.set_tempo(score, self.tempo_bpm)
        if self.metre is not None:
            score = edit.set_metre(score, *self.metre)
        if self.n_times != 1:
            score = edit.loop(score, self.n_times)
        return edit.merge(score) if self.merge else score


@dataclass(frozen=True)
class ScoreSummary:
    """Description of one piece.

    Parameters
    ----------
    path
        File that contains it.
    title
        Its title, or an empty string.
    n_notes, n_bars
        Number of notes and of bars.
    channels
        MIDI channels in use, 0 to 15.
    duration_beats, duration_s
        Duration in quarter notes and in seconds.
    lowest_midi, highest_midi
        Range of the pitched notes as MIDI numbers; 0 if there are none.
    keys
        Onset in quarter notes, tonic (0 is C) and mode of each key.
    key_names
        Name of each key, such as ``B-flat major``.
    metres
        Onset in quarter notes, numerator and denominator of each metre.
    tempos
        Onset in quarter notes and quarter notes per minute of each tempo.
    findings
        Faults found while reading.
    remarks
        What was changed while reading, and what was left out.
    """

    path: Path
    title: str
    n_notes: int
    channels: tuple[int, ...]
    n_bars: int
    duration_beats: float
    duration_s: float
    lowest_midi: int
    highest_midi: int
    keys: tuple[tuple[float, int, str], ...]
    key_names: tuple[str, ...]
    metres: tuple[tuple[float, int, int], ...]
    tempos: tuple[tuple[float, float], ...]
    findings: tuple[str, ...]
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, score: Score) -> ScoreSummary:
        """Describe a piece that was read from ``path``."""
        pitches = [note.pitch_midi for note in score.notes if note.channel != DRUM_CHANNEL] or [0]
        return cls(
            path=path,
            title=score.title,
            n_notes=len(score.notes),
            channels=tuple(sorted({note.channel for note in score.notes})),
            n_bars=len(bars_of(score)),
            duration_beats=score.duration_beats,
            duration_s=score.duration_s,
            lowest_midi=min(pitches),
            highest_midi=max(pitches),
            keys=tuple((key.onset_beats, key.tonic, key.mode) for key in score.keys),
            key_names=tuple(key.name for key in score.keys),
            metres=tuple((metre.onset_beats, metre.numerator, metre.denominator) for metre in score.metres),
            tempos=tuple((tempo.onset_beats, tempo.tempo_bpm) for tempo in score.tempos),
            findings=tuple(score.findings),
            remarks=tuple(remarks_on([score])),
        )


def list_scores(places: Sequence[Path]) -> list[Path]:
    """List score files: files as given, and the score files below each folder in the order of their names.

    Raises
    ------
    ParameterError
        If there are none.

    Examples
    --------
    >>> list_scores([Path("b.mid"), Path("a.abc")])
    [PosixPath('b.mid'), PosixPath('a.abc')]
    """
    paths: list[Path] = []
    for place in places:
        below = files_below(place, stop_at=place.parent) if place.is_dir() else (place,)
        paths += [path for path in below if path == place or path.suffix.lower() in SCORE_SUFFIXES]
    if not paths:
        raise ParameterError(
            f"No score files in {', '.join(map(printable, places)) or 'an empty list'}. Expected files that "
            f"end in {', '.join(SCORE_SUFFIXES)}."
        )
    return paths


def describe_scores(
    scores: Sequence[Path], *, progress: Progress = SILENT
) -> tuple[list[ScoreSummary], list[Skipped]]:
    """Describe every piece of score files, and of those in folders.

    Returns
    -------
    summaries, skipped
        The pieces in the order of the files, and the unusable files and tunes with reasons.

    Raises
    ------
    ParameterError
        If there are no score files.
    UnusableFilesError
        If no usable file is left.
    """
    summaries: list[ScoreSummary] = []
    skipped: list[Skipped] = []
    paths = list_scores(scores)
    with stage(progress, len(paths), "scores") as advance:
        for path in paths:
            summaries += [ScoreSummary.of(path, score) for score in read_usable(path, skipped)]
            advance()
    require_usable(len(summaries), skipped, what="score")
    return summaries, skipped


def read_usable(path: Path, skipped: list[Skipped]) -> list[Score]:
    """Read the pieces of a score file; a file or tune that cannot be read is appended to ``skipped``."""
    errors: list[ScoreFileError] = []
    try:
        pieces = read_scores(path, errors=errors)
    except ScoreError as error:
        skipped.append(Skipped(path, str(error)))
        return []
    skipped += [Skipped(path, str(error)) for error in errors]
    return pieces


def convert_scores(scores: Sequence[Path], out: Path, **options: Unpack[ScoreOptions]) -> Outcome[list[str]]:
    """Write scores in another format; options, result and errors are those of `process_scores`."""
    return _rewrite(lambda score: score, scores, out, **options)


def edit_scores(
    change: ScoreEdit, scores: Sequence[Path], out: Path, **options: Unpack[ScoreOptions]
) -> Outcome[list[str]]:
    """Write changed scores; options, result and errors are those of `process_scores`."""
    return _rewrite(change.apply, scores, out, **options)


def _rewrite(
    change: Callable[[Score], Score], scores: Sequence[Path], out: Path, **options: Unpack[ScoreOptions]
) -> Outcome[list[str]]:
    overwrite = options.get("overwrite", False)
    _check_suffix("Scores", out, options.get("to"), (*SCORE_SUFFIXES, TABLE_SUFFIX))

    def work(pieces: list[Score], target: Path) -> None:
        write_scores([change(piece) for piece in pieces], target, overwrite=overwrite)

    return process_scores(work, scores, out, **options)


def render_scores(
    scores: Sequence[Path],
    out: Path,
    *,
    sample_rate: int = 44100,
    soundfont: str = "best",
    **options: Unpack[ScoreOptions],
) -> Outcome[list[str]]:
    """Render scores as sound; options, result and errors are those of `process_scores`.

    ``to`` is a format of sound here, by default ``wav``; ``sample_rate`` is in hertz and ``soundfont`` as for
    `woodshed.symbolic.render`.
    """
    overwrite = options.get("overwrite", False)
    options["to"] = options.get("to") or "wav"
    _check_suffix("Sounds", out, options["to"], CONTAINERS)

    def work(pieces: list[Score], target: Path) -> None:
        write(render(pieces[0], sample_rate, soundfont), target, overwrite=overwrite)

    return process_scores(work, scores, out, **options)


def process_scores(  # noqa: PLR0913  the options are spelt out once, here
    work: Callable[[list[Score], Path], None],
    scores: Sequence[Path],
    out: Path,
    *,
    to: str | None = None,
    repeats: bool = True,
    keep_repeats: bool = False,
    strict: bool = False,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Outcome[list[str]]:
    """Process score files one by one.

    Parameters
    ----------
    work
        Writes pieces to a file: all pieces of a source if the file may hold several, else one.
    scores
        Score files, and folders of them.
    out
        Folder of the results; for a single source it may be the file to write.
    to, repeats, keep_repeats, strict, overwrite, progress
        See `ScoreOptions`.

    Returns
    -------
    Outcome
        What was done, each with the faults of the source and what was changed or left out on reading it, what
        existed before, and what was skipped.

    Raises
    ------
    ParameterError
        If there are no score files, ``out`` is one file for several, or the format of the results has no
        signs for repeats that are to be kept.
    UnusableFilesError
        If no usable file is left; with ``strict``, if one is unusable.
    OutputError
        If a result cannot be written.
    """
    file_jobs = _plan(list_scores(scores), out, to)
    if keep_repeats:
        _check_repeats(file_jobs)
    skipped: list[Skipped] = []

    def process(file_job: FileJob) -> list[str]:
        errors: list[ScoreFileError] = []
        pieces = read_scores(file_job.source, repeats=repeats and not keep_repeats, errors=errors)
        if not keep_repeats:
            pieces = [replace(piece, written_bars=()) for piece in pieces]
        faults = _faults(pieces)
        if strict and (errors or faults):
            raise ScoreFileError(
                file_job.source, " ".join([*(error.reason for error in errors), *faults[:1]])
            )
        skipped.extend(Skipped(file_job.source, str(error)) for error in errors)
        notes = [*faults, *remarks_on(pieces)]
        if len(pieces) == 1 or file_job.target.suffix.lower() in ABC_SUFFIXES:
            work(pieces, file_job.target)
            return notes
        for piece, target in zip(pieces, numbered(file_job.target, len(pieces)), strict=True):
            work([piece], target)
        return notes

    with stage(progress, len(file_jobs), "scores") as advance:
        outcome = run_file_jobs(file_jobs, process, overwrite=overwrite, on_done=lambda file_job: advance())
    outcome.skipped += skipped
    require_usable(len(outcome.done), outcome.skipped, what="score", strict=strict)
    return outcome


def _plan(paths: Sequence[Path], out: Path, to: str | None) -> list[FileJob]:
    """Return the result file of each source."""
    if _is_file_name(out):
        if len(paths) > 1:
            raise ParameterError(
                f"{printable(out)} is one file, but there are {len(paths)} scores. Set --out to a folder."
            )
        return [FileJob(paths[0], out)]
    suffix = None if to is None else _suffix(to)
    return [FileJob(path, out / path.with_suffix(suffix or path.suffix).name) for path in paths]


def _check_suffix(what: str, out: Path, to: str | None, suffixes: Collection[str]) -> None:
    """Refuse an output format that cannot be written, before any file is read."""
    suffix = out.suffix.lower() if _is_file_name(out) else to and _suffix(to)
    if suffix and suffix not in suffixes:
        raise ParameterError(f"{what} cannot be written as {suffix}. {near_miss(suffix, suffixes)}")


def _check_repeats(file_jobs: Sequence[FileJob]) -> None:
    """Refuse to keep repeats in a format without repeat signs."""
    suffixes = (*ABC_SUFFIXES, *MUSICXML_SUFFIXES)
    for suffix in (file_job.target.suffix.lower() for file_job in file_jobs):
        if suffix not in suffixes:
            raise ParameterError(
                f"Repeats cannot be kept in {suffix} files, which have no signs for them. Write "
                f"{' or '.join(suffixes)}, or omit --keep-repeats."
            )


def _is_file_name(out: Path) -> bool:
    """Whether ``--out`` is one file to write, rather than a folder."""
    return bool(out.suffix) and not out.is_dir()


def _suffix(to: str) -> str:
    """Return the suffix of a format, with or without its dot."""
    return f".{to.lower().lstrip('.')}"


def _faults(pieces: Sequence[Score]) -> list[str]:
    """Return the faults in the notes of a file; where it has several pieces, each with the title."""
    return [
        f"{finding} ({printable(piece.title)})" if piece.title and len(pieces) > 1 else finding
        for piece in pieces
        for finding in piece.findings
    ]


def remarks_on(pieces: Sequence[Score]) -> list[str]:
    """Return what was changed in a file on reading it, and in one line what was left out.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> pieces = [Score([Note(0, 1, 60)], left_out=[("grace note", 2), ("lyrics", 1)]) for _ in range(2)]
    >>> remarks_on(pieces)
    ['left out: grace note (4), lyrics (2)']
    """
    remarks = list(dict.fromkeys(remark for piece in pieces for remark in piece.remarks))
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(dict(piece.left_out))
    if counts:
        names = [f"{name} ({n})" if n > 1 else name for name, n in sorted(counts.items())]
        remarks.append(f"left out: {', '.join(names)}")
    return remarks
