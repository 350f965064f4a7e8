"""Pieces that a composer wrote, each with what it owes to those that were learned from."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from woodshed.composition.composer import Composer
from woodshed.composition.piece import Piece, Request, VoiceLine
from woodshed.errors import ParameterError
from woodshed.metrics.originality import Melody, MelodyIndex, Originality
from woodshed.score import Score

MOST_TRIES = 20
"""So many pieces are written for each that is wanted, before it is said that there is none so original."""


@dataclass(frozen=True)
class Generation:
    """A piece with its name, and what of it is known.

    Parameters
    ----------
    name
        Such as ``tune-03``: also the name of its files.
    piece
        The music.
    found
        What is known of each of its lines, in their order.
    """

    name: str
    piece: Piece
    found: tuple[Originality, ...]

    @property
    def title(self) -> str:
        """Name for people."""
        return self.name.replace("-", " ").capitalize()

    @property
    def abc(self) -> str:
        """The piece in ABC."""
        return self.piece.to_abc(self.title)

    @property
    def score(self) -> Score:
        """The piece as notes, as it is played."""
        return self.piece.to_score(self.title)

    @property
    def lines(self) -> tuple[tuple[VoiceLine, Originality], ...]:
        """Its lines, each with what of it is known."""
        return tuple(zip(self.piece.lines, self.found, strict=True))

    @property
    def originality(self) -> Originality:
        """What is known of the line that copies most, of those that were written."""
        written = [found for line, found in self.lines if not line.is_given] or list(self.found)
        return max(written, key=lambda found: (found.copied_bars, found.copied_notes))

    @property
    def n_notes(self) -> int:
        """Notes of the piece as it is played, repeats included, as its files and its picture have them.

        Examples
        --------
        >>> from woodshed.tasks.roll.piece import RollPiece
        >>> Generation("roll-01", RollPiece("[[48,55,64],[48,55,65]]", 1), ()).n_notes
        4
        """
        return len(self.score.notes)

    def to_values(self) -> dict[str, Any]:
        """Return what is told of it in ``originality.json``."""
        return {
            "name": self.name,
            "text": self.piece.text,
            "faults": list(self.piece.faults),
            "lines": [
                {"line": line.name, "given": line.is_given, **asdict(found)} for line, found in self.lines
            ],
        }


@dataclass(frozen=True)
class ReferenceSet:
    """What a composer learned from, ready to be searched line by line.

    Parameters
    ----------
    pieces
        All of them.
    known
        Name of a line -> the lines of that name, in the order of the pieces.
    """

    pieces: tuple[Piece, ...]
    known: Mapping[str, MelodyIndex]

    def compare(self, piece: Piece) -> tuple[Originality, ...]:
        """Find what of each line is in a line of the same name; keys do not matter."""
        nothing = MelodyIndex([])
        return tuple(self.known.get(line.name, nothing).compare(line.melody) for line in piece.lines)

    def melody(self, line: str, number: int) -> Melody:
        """Return the line of a piece that an `Originality` names as its source."""
        return self.known[line].melodies[number]


def reference_set(composer: Composer) -> ReferenceSet:
    """Make the pieces that a composer learned from ready to be searched.

    Raises
    ------
    NotFittedError
        If it has not learned.
    """
    return _learned(composer, tuple(composer.fitted("known_")))


def write_pieces(
    composer: Composer, n: int, request: Request, *, on_piece: Callable[[int], None] = lambda n_done: None
) -> list[Generation]:
    """Write pieces and compare each with those that the composer learned from.

    Parameters
    ----------
    composer
        A fitted one.
    n
        How many.
    wish
        What is asked of them: the composer's ``request_class`` made it.
    on_piece
        Called with how many are done.

    Raises
    ------
    ParameterError
        If the wish cannot be fulfilled; or too few pieces copy as little as is asked for.
    """
    learned = reference_set(composer)
    kept: list[Generation] = []
    reasons: Counter[str] = Counter()
    n_tried = 0
    while len(kept) < n:
        if n_tried >= MOST_TRIES * n:
            why = "; ".join(f"{reason}: {count}" for reason, count in reasons.most_common())
            kept_words = f"{len(kept)} is as it" if len(kept) == 1 else f"{len(kept)} are as they"
            raise ParameterError(
                f"Of {n_tried} pieces only {kept_words} should be. The others {why}. Allow that, raise the "
                "temperature, or ask for less that is given."
            )
        n_now = min(n - len(kept), request.at_once)
        pieces = request.write(composer, n_now, n_tried)
        n_tried += n_now
        for piece in pieces:
            name = f"{type(composer).task}-{len(kept) + 1:02d}"
            one = Generation(name, piece, learned.compare(piece))
            reason = request.rejection_reason(piece)
            if 0 <= request.longest_copied_run < one.originality.copied_bars:
                reason = f"copy more than {request.longest_copied_run} bars in a row (--max-copied-bars)"
            if reason:
                reasons[reason] += 1
                continue
            kept.append(one)
            on_piece(len(kept))
    return kept


@functools.lru_cache(maxsize=2)
def _learned(composer: Composer, known: tuple[tuple[str, str], ...]) -> ReferenceSet:
    pieces = tuple(composer.piece_of(text) for _, text in known)
    lines: dict[str, list[Melody]] = {}
    for (title, _), piece in zip(known, pieces, strict=True):
        for line in piece.lines:
            lines.setdefault(line.name, []).append(replace(line.melody, name=title))
    return ReferenceSet(pieces, {name: MelodyIndex(melodies) for name, melodies in lines.items()})
