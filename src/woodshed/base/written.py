"""Tunes that a composer wrote, each with what it owes to those that were learned from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from woodshed.base.composer import Composer
from woodshed.errors import ParameterError
from woodshed.metrics.originality import Known, Melody, Originality
from woodshed.score import Score
from woodshed.symbolic.folk_bar import bar_errors
from woodshed.tokens.folk import tokens_to_abc, tokens_to_score
from woodshed.tokens.folk_note import folk_notes
from woodshed.tokens.folk_rule import FolkRule

MOST_TRIES = 20
"""So many tunes are written for each that is wanted, before it is said that there is none so original."""


@dataclass(frozen=True)
class WrittenTune:
    """A tune with its name.

    Parameters
    ----------
    name
        Such as ``tune-03``: also the name of its files.
    text
        In folk tokens.
    tonic
        On which note it is to be read, such as ``D``.
    originality
        What of it is known.
    """

    name: str
    text: str
    tonic: str
    originality: Originality

    @property
    def title(self) -> str:
        """Name for people."""
        return self.name.replace("-", " ").capitalize()

    @property
    def abc(self) -> str:
        """The tune in ABC."""
        return tokens_to_abc(self.text, title=self.title, tonic=self.tonic)

    @property
    def score(self) -> Score:
        """The tune as notes, its repeats played."""
        return tokens_to_score(self.text, title=self.title, tonic=self.tonic)

    @property
    def bar_errors(self) -> list[str]:
        """Which bars do not add up; none, if it was written by the rules."""
        metre, _, *words = self.text.split()
        return bar_errors(words, metre)

    def to_values(self) -> dict[str, Any]:
        """Return what is told of it in ``originality.json``."""
        return {
            "name": self.name,
            "text": self.text,
            "bar_errors": self.bar_errors,
            **asdict(self.originality),
        }


def melody_of(text: str, name: str = "") -> Melody:
    """Return the melody of a tune in folk tokens, to compare it with others.

    Examples
    --------
    >>> melody_of("M:2/4 K:Cmaj C 2 E 2 | G 4 |").pitch_midi.tolist()
    [60, 64, 67]
    """
    notes = folk_notes(text)
    return Melody(notes.pitch_midi, notes.duration_beats, notes.bar, name)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a user asks of new tunes.

    Parameters
    ----------
    tonic
        On which note they are to be read.
    rule
        Metre, mode, bars; None lets the net write what it likes, bars that do not add up included.
    prime
        Tokens with which each begins.
    seed, temperature, top_k, top_p
        As for `woodshed.base.composer.Composer.sample`.
    max_copied_bars
        A tune that copies more bars in a row is written anew; None keeps all.
    """

    tonic: str = "C"
    rule: FolkRule | None = field(default_factory=FolkRule)
    prime: tuple[str, ...] = ()
    seed: int = 0
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    max_copied_bars: int | None = None

    def sampling(self) -> Mapping[str, Any]:
        """Return the arguments for the composer."""
        return {
            "seed": self.seed,
            "temperature": self.temperature,
            "top_k": self.top_k,
            "top_p": self.top_p,
            "prime": self.prime,
            "rule": self.rule,
        }


def write_tunes(
    composer: Composer, n: int, wish: Wish, *, on_tune: Callable[[int], None] = lambda n_done: None
) -> list[WrittenTune]:
    """Write tunes and compare each with those that the composer learned from.

    Parameters
    ----------
    composer
        A fitted one.
    n
        How many.
    wish
        What is asked of them.
    on_tune
        Called with how many are done.

    Raises
    ------
    ParameterError
        If the wish cannot be fulfilled; or too few tunes copy as little as is asked for.
    """
    known = known_of(tuple(composer.fitted("known_")))
    kept: list[WrittenTune] = []
    n_tried = 0
    while len(kept) < n:
        if n_tried >= MOST_TRIES * n:
            raise ParameterError(
                f"Of {n_tried} tunes only {len(kept)} copy at most {wish.max_copied_bars} bars in a row. "
                "Allow more, raise the temperature, or give a shorter prime."
            )
        n_missing = n - len(kept)
        texts = composer.sample(n_missing, first=n_tried, **wish.sampling())
        n_tried += n_missing
        for text in texts:
            found = known.compare(melody_of(text))
            if wish.max_copied_bars is None or found.copied_bars <= wish.max_copied_bars:
                kept.append(WrittenTune(f"tune-{len(kept) + 1:02d}", text, wish.tonic, found))
                on_tune(len(kept))
    return kept


@functools.lru_cache(maxsize=2)
def known_of(pieces: Sequence[tuple[str, str]]) -> Known:
    """Make the tunes that were learned from ready to be searched."""
    return Known([melody_of(text, title) for title, text in pieces])


def prime_of(text: str) -> tuple[str, ...]:
    """Return the tokens of a tune that another is to go on from: without the bar line that ends it.

    Examples
    --------
    >>> prime_of("M:2/4 K:Cmaj C 2 E 2 | G 4 :|")
    ('M:2/4', 'K:Cmaj', 'C', '2', 'E', '2', '|', 'G', '4')
    """
    words = text.split()
    while words and words[-1] in ("|", ":|"):
        words.pop()
    return tuple(words)
