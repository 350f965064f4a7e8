"""Generations: the results of a generator, which are scores, texts or sounds, and their novelty."""

from __future__ import annotations

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

import woodshed.symbolic as symbolic
from woodshed.atomic import write_whole
from woodshed.audio.edit import resample
from woodshed.audio.write import write as write_clip
from woodshed.clip import Clip
from woodshed.decoding import parse_arrays, parse_json
from woodshed.errors import ParameterError, counted, near_miss
from woodshed.metrics.originality import Melody, MelodyIndex, SequenceIndex
from woodshed.metrics.style import Style, melody_style
from woodshed.score import Score
from woodshed.symbolic.rendering import BEST

BAR_BEATS = 4
"""Quarter notes in a bar of music on a grid, which has no metre; copies are measured by these bars."""

WORD_N_GRAM, FRAME_N_GRAM = 4, 10
"""Words, and audio frames, of a passage that counts as new or copied."""

FRAME_RATE_HZ = 10
"""Audio frames per second that are compared."""

_HEADER = "header"
"""Array of the file of a `ReferenceSet` that holds its other values, as JSON."""

_SOUND_RATE = 8000
"""Sample rate in hertz at which sounds are compared."""

_N_BANDS = 17
"""Mel bands of an audio frame; their 16 differences are the bits of its code."""


class NoveltyReport(Protocol):
    """Novelty of one line, such as `woodshed.metrics.originality.Originality`; a dataclass."""

    @property
    def unit(self) -> str:
        """What the line consists of, such as ``note``."""

    @property
    def n_units(self) -> int:
        """Length of the line."""

    @property
    def copied_units(self) -> int:
        """Length of the longest copy of the training data."""

    @property
    def run_unit(self) -> str:
        """The unit in which a request limits copies, such as ``bar``."""

    @property
    def copied_run(self) -> int:
        """Length of the longest copy in that unit."""

    @property
    def new_share(self) -> float:
        """Share of the n-grams that the training data do not have; NaN for a short line."""

    @property
    def source(self) -> str:
        """Title of the training item with the longest copy; empty if there is none."""


class LineIndex(Protocol):
    """The lines of one name in the training data, ready for comparison."""

    def compare(self, content: Any, /) -> NoveltyReport:
        """Return the novelty of the content of a line."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that it holds as arrays."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return an index from the arrays of `to_arrays`."""


INDEX_TYPES: Mapping[str, type[LineIndex]] = {"melody": MelodyIndex, "sequence": SequenceIndex}
"""Name in a file -> type of an index."""


@dataclass(frozen=True)
class Line(ABC):
    """A sequence of a generation that is compared with the training data, such as a voice.

    Parameters
    ----------
    name
        Such as ``soprano``; lines of the same name are compared.
    content
        What is compared.
    is_given
        Whether the user supplied it, so that a copy does not count.
    """

    name: str
    content: Any
    is_given: bool = False

    @abstractmethod
    def index(self, contents: Sequence[Any], titles: Sequence[str]) -> LineIndex:
        """Make the contents of training lines of this kind ready for comparison."""


@dataclass(frozen=True)
class VoiceLine(Line):
    """A melody of a score; it has no notes if the voice rests throughout."""

    content: Melody

    @property
    def melody(self) -> Melody:
        """The melody."""
        return self.content

    def index(self, contents: Sequence[Melody], titles: Sequence[str]) -> MelodyIndex:
        """Make melodies ready for comparison, in any key."""
        return MelodyIndex([replace(one, name=title) for one, title in zip(contents, titles, strict=True)])


@dataclass(frozen=True, kw_only=True)
class ItemLine(Line):
    """A sequence of words, or of audio frames as made by `frame_codes`.

    Parameters
    ----------
    unit
        ``word`` or ``frame``.
    n_gram
        Items of a passage that counts as new or copied.
    """

    unit: str
    n_gram: int

    def index(self, contents: Sequence[Sequence[Hashable]], titles: Sequence[str]) -> SequenceIndex:
        """Make sequences ready for comparison."""
        return SequenceIndex(contents, titles, unit=self.unit, n_gram=self.n_gram)


class Generation(ABC):
    """One result of a generator: a score, a text or a sound."""

    files: ClassVar[tuple[str, ...]]
    """Formats in which it can be written, by suffix."""

    @property
    @abstractmethod
    def lines(self) -> tuple[Line, ...]:
        """The sequences that are compared with the training data."""

    @abstractmethod
    def write_as(self, suffix: str, path: Path, title: str, soundfont: str) -> None:
        """Write it to a file in one of the formats of ``files``."""

    @property
    @abstractmethod
    def length(self) -> str:
        """Its length with its unit, such as ``146 notes``."""

    @property
    def facts(self) -> tuple[str, ...]:
        """Short descriptions for the page, such as metre and key."""
        return ()

    @property
    def faults(self) -> tuple[str, ...]:
        """Violations of the rules of its style, one sentence each."""
        return ()

    @classmethod
    def style(cls, generations: Sequence[Self]) -> Style:
        """Describe generations by statistics that are compared with those of the training data."""
        return Style({})

    def write(
        self,
        folder: Path,
        name: str = "generation",
        formats: Sequence[str] | None = None,
        *,
        soundfont: str = BEST,
    ) -> list[Path]:
        """Write one file per format, each of them whole or not at all.

        Parameters
        ----------
        folder
            An existing folder.
        name
            Name of the files, without suffix; also the title.
        formats
            Suffixes out of ``files``; None writes all.
        soundfont
            What plays a score: see `woodshed.symbolic.render`.

        Returns
        -------
        list of pathlib.Path
            The files.

        Raises
        ------
        ParameterError
            If it cannot be written in such a format.
        OutputError
            If a file cannot be written.
        """
        formats = self.files if formats is None else formats
        for suffix in formats:
            if suffix not in self.files:
                raise ParameterError(f"Unknown format {suffix!r}. {near_miss(suffix, self.files)}")
        paths = [folder / f"{name}.{suffix}" for suffix in formats]
        for suffix, path in zip(formats, paths, strict=True):
            self.write_as(suffix, path, title_of(name), soundfont)
        return paths


class ScoreGeneration(Generation):
    """A generation that is a score."""

    files: ClassVar[tuple[str, ...]] = ("abc", "mid", "musicxml", "wav")

    text: str
    """The piece in the notation of the composer; equal pieces have equal texts."""

    @abstractmethod
    def to_score(self, title: str = "") -> Score:
        """Return its notes as they are played."""

    def to_abc(self, title: str = "") -> str:
        """Return it in ABC notation."""
        return symbolic.score_to_abc(self.to_score(title))

    @property
    def length(self) -> str:
        """Number of notes as it is played, repeats included."""
        return counted(len(self.to_score().notes), "note")

    @property
    @abstractmethod
    def lines(self) -> tuple[VoiceLine, ...]:
        """The melodies that are compared with the training data."""

    @classmethod
    def style(cls, generations: Sequence[Self]) -> Style:
        """Describe pieces by statistics of their melodies.

        Parameters
        ----------
        generations
            At least one.
        """
        return melody_style([line.melody for piece in generations for line in piece.lines])

    def write_as(self, suffix: str, path: Path, title: str, soundfont: str) -> None:
        """Write it to a file in one of the formats of ``files``."""
        match suffix:
            case "abc":
                write_whole(path, self.to_abc(title))
            case "mid":
                symbolic.write_midi(self.to_score(title), path)
            case "musicxml":
                symbolic.write_musicxml(self.to_score(title), path)
            case "wav":
                write_clip(symbolic.render(self.to_score(title), soundfont=soundfont), path, overwrite=True)


@dataclass(frozen=True)
class TextGeneration(Generation):
    """A generation that is a text.

    Examples
    --------
    >>> TextGeneration("so it goes").length
    '3 words'
    """

    files: ClassVar[tuple[str, ...]] = ("txt",)

    text: str

    @property
    def length(self) -> str:
        """Number of words."""
        return counted(len(self.text.split()), "word")

    @property
    def lines(self) -> tuple[ItemLine, ...]:
        """Its words in lower case."""
        return (ItemLine("text", tuple(self.text.lower().split()), unit="word", n_gram=WORD_N_GRAM),)

    def write_as(self, suffix: str, path: Path, title: str, soundfont: str) -> None:
        """Write the text to a file."""
        write_whole(path, self.text + "\n")


@dataclass(frozen=True)
class SoundGeneration(Generation):
    """A generation that is a sound."""

    files: ClassVar[tuple[str, ...]] = ("wav",)

    clip: Clip

    def to_clip(self) -> Clip:
        """Return the sound."""
        return self.clip

    @property
    def length(self) -> str:
        """Duration in seconds."""
        return f"{self.clip.duration_s:.1f} s"

    @property
    def facts(self) -> tuple[str, ...]:
        """Its sample rate."""
        return (f"{self.clip.sample_rate} Hz",)

    @property
    def lines(self) -> tuple[ItemLine, ...]:
        """Its frames."""
        return (ItemLine("sound", frame_codes(self.clip), unit="frame", n_gram=FRAME_N_GRAM),)

    def write_as(self, suffix: str, path: Path, title: str, soundfont: str) -> None:
        """Write the sound to a file."""
        write_clip(self.clip, path, overwrite=True)


def frame_codes(clip: Clip) -> tuple[int, ...]:
    """Describe a sound by one 16-bit code for each tenth of a second, independent of its level.

    A bit tells which of two neighbouring mel bands is louder (after J. Haitsma and T. Kalker, "A highly
    robust audio fingerprinting system", 2002). Equal codes match, so only copies on the same time grid are
    found.

    Examples
    --------
    >>> from woodshed.audio.signals import noise
    >>> sound = noise(duration_s=1, seed=0)
    >>> frame_codes(sound) == frame_codes(Clip(sound.samples / 2, sound.sample_rate))
    True
    """
    from woodshed.features.mel import LogMel

    feature = LogMel(
        sample_rate=_SOUND_RATE, n_fft=1024, hop_length=_SOUND_RATE // FRAME_RATE_HZ, n_mels=_N_BANDS
    )
    mono = Clip(clip.mono()[np.newaxis], clip.sample_rate)
    bits = np.diff(feature(resample(mono, _SOUND_RATE)), axis=1) > 0  # (n_frames, 16)
    return tuple((bits @ (1 << np.arange(bits.shape[1]))).tolist())


def grid_melody(pitches: NDArray[Any], steps_per_beat: int) -> Melody:
    """Turn the pitches of a voice, step by step, into notes; below 0 is a rest.

    Examples
    --------
    >>> melody = grid_melody(np.array([60, 60, -1, 62]), 2)
    >>> melody.pitch_midi.tolist(), melody.duration_beats.tolist(), melody.onset_beats.tolist()
    ([60, 62], [1.0, 0.5], [0.0, 1.5])
    """
    starts = np.flatnonzero(np.r_[True, np.diff(pitches) != 0])
    lengths = np.diff(np.r_[starts, len(pitches)]) / steps_per_beat
    is_note = pitches[starts] >= 0
    bars = starts // (steps_per_beat * BAR_BEATS) + 1
    return Melody(
        pitches[starts][is_note],
        lengths[is_note],
        bars[is_note],
        onset_beats=starts[is_note] / steps_per_beat,
    )


def title_of(name: str) -> str:
    """Return the title of a generation by the name of its files.

    Examples
    --------
    >>> title_of("tune-03")
    'Tune 03'
    """
    return name.replace("-", " ").capitalize()


@dataclass(frozen=True)
class ReferenceSet:
    """The training data of a generator, ready for comparison; empty for one that is not trained.

    Parameters
    ----------
    n_items
        Number of training items.
    indexes
        Name of a line -> the lines of that name, in the order of the items.
    style
        Style of the training items; None if there are none.
    """

    n_items: int = 0
    indexes: Mapping[str, LineIndex] = field(default_factory=dict)
    style: Style | None = None

    @classmethod
    def of(cls, generations: Sequence[Generation], titles: Sequence[str]) -> ReferenceSet:
        """Index training items, one title each."""
        lines: dict[str, list[tuple[Line, str]]] = {}
        for generation, title in zip(generations, titles, strict=True):
            for line in generation.lines:
                lines.setdefault(line.name, []).append((line, title))
        indexes = {
            name: rows[0][0].index([line.content for line, _ in rows], [title for _, title in rows])
            for name, rows in lines.items()
        }
        style = type(generations[0]).style(generations) if generations else None
        return cls(len(generations), indexes, style)

    def to_bytes(self) -> bytes:
        """Return it as the content of an ``.npz`` file."""
        names = {kind: name for name, kind in INDEX_TYPES.items()}
        header = {
            "n_items": self.n_items,
            "style": None if self.style is None else asdict(self.style),
            "lines": {name: names[type(index)] for name, index in self.indexes.items()},
        }
        arrays = {_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)}
        for line, index in self.indexes.items():
            arrays |= {f"{line}/{name}": array for name, array in index.to_arrays().items()}
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **arrays)
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> ReferenceSet:
        """Return the set in a file of `to_bytes`.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is damaged.
        """
        arrays = parse_arrays(content)
        header = parse_json(arrays[_HEADER].tobytes())
        indexes = {
            line: INDEX_TYPES[kind].from_arrays(
                {
                    name.removeprefix(f"{line}/"): array
                    for name, array in arrays.items()
                    if name.startswith(f"{line}/")
                }
            )
            for line, kind in header["lines"].items()
        }
        style = None if header["style"] is None else Style(**header["style"])
        return cls(int(header["n_items"]), indexes, style)

    def compare(self, generation: Generation) -> tuple[NoveltyReport, ...]:
        """Return the `NoveltyReport` of each line: how much of it is in a training line of the same name."""
        reports: list[NoveltyReport] = []
        for line in generation.lines:
            index = self.indexes.get(line.name)
            if index is None:  # no training line has that name
                index = line.index([], [])
            reports.append(index.compare(line.content))
        return tuple(reports)


@dataclass(frozen=True)
class EvaluatedGeneration:
    """A generation with its name and novelty report.

    Parameters
    ----------
    name
        Such as ``tune-03``; also the name of its files.
    generation
        The score, text or sound.
    novelty
        The `NoveltyReport` of each of its lines.
    """

    name: str
    generation: Generation
    novelty: tuple[NoveltyReport, ...]

    @property
    def title(self) -> str:
        """Name for display."""
        return title_of(self.name)

    @property
    def lines(self) -> tuple[tuple[Any, Any], ...]:
        """Its lines, each with its novelty report; the type of both depends on the kind of generation."""
        return tuple(zip(self.generation.lines, self.novelty, strict=True))

    @property
    def least_novel(self) -> NoveltyReport:
        """The novelty report of the line with the longest copy, of those that the user did not supply."""
        reports = [report for line, report in self.lines if not line.is_given]
        return max(reports or self.novelty, key=lambda report: (report.copied_run, report.copied_units))

    def to_values(self) -> dict[str, Any]:
        """Return its entry in ``originality.json``."""
        return {
            "name": self.name,
            "text": getattr(self.generation, "text", ""),
            "faults": list(self.generation.faults),
            "lines": [
                {"line": line.name, "given": line.is_given, **asdict(report)} for line, report in self.lines
            ],
        }
