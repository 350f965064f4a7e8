"""Tunes: write folk tunes in ABC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.base.composer import Composer
from woodshed.base.written import Wish, prime_of
from woodshed.errors import ParameterError, printable
from woodshed.symbolic.abc_folk import abc_to_folk
from woodshed.symbolic.folk_word import METRES, MODE_WORDS, MODES
from woodshed.tokens.folk import FolkAbc
from woodshed.tokens.folk_key import read_key
from woodshed.tokens.folk_rule import FolkRule


@dataclass(kw_only=True, eq=False)
class TuneComposer(Composer):
    """Write folk tunes, one token after the other.

    At its default size it is the net of B. L. Sturm et al., "Music transcription modelling and composition
    using deep learning" (2016), weight for weight: three layers of 512 units over 137 tokens. Pieces are
    texts of these tokens, as `woodshed.symbolic.abc_folk.abc_to_folk` writes them. All settings: `Composer`.

    Examples
    --------
    >>> scale = "M:4/4 K:Cmaj C D E F G A B c | c B A G F E D C |"
    >>> composer = TuneComposer(width=32, n_layers=1, dropout=0, n_steps=32, batch_size=4)
    >>> composer = composer.set_params(epochs=60, learning_rate=0.02, batch_size=2)
    >>> composer = composer.fit([scale] * 8)
    >>> composer.sample(1, temperature=0.01)[0] == scale
    True
    >>> composer.bits_per_token([scale]) < 1
    True
    """

    job: ClassVar[str] = "tune"
    tokenizer: ClassVar[FolkAbc] = FolkAbc()

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The 137 tokens of the folk model."""
        return self.tokenizer.vocabulary

    def encode(self, piece: str) -> NDArray[np.int32]:
        """Turn a tune into ids."""
        return self.tokenizer.encode(piece)

    def decode(self, ids: NDArray[np.integer]) -> str:
        """Turn ids into a tune."""
        return self.tokenizer.decode(ids)


def tune_wish(
    *,
    metre: str | None = None,
    key: str | None = None,
    n_bars: int | None = None,
    bars: Sequence[str] = (),
    prime: str | None = None,
    go_on: Path | None = None,
    free: bool = False,
    **drawing: Any,
) -> Wish:
    """Make a wish for tunes out of a user's words.

    Parameters
    ----------
    metre
        Such as ``6/8``; None leaves it to the net.
    key
        Such as ``D dorian``, ``Em`` or ``minor``; a tonic alone leaves the mode to the net.
    n_bars
        Bars as written, without pickups.
    bars
        What bars must be: ``bar 5 = c 2 B A G 4``.
    prime
        Tokens with which each tune begins, with or without metre and mode.
    go_on
        ABC file with one tune that each goes on from, in its key.
    free
        Whether bars need not add up.
    drawing
        Seed, temperature and so on, as for `Wish`.

    Raises
    ------
    ParameterError
        If a word is unknown, or the wishes contradict each other.
    ScoreFileError
        If the tune to go on from cannot be said in folk tokens.

    Examples
    --------
    >>> wish = tune_wish(metre="6/8", key="D dorian", n_bars=8, seed=3)
    >>> wish.tonic, wish.rule.metre, wish.rule.mode, wish.seed
    ('D', 'M:6/8', 'K:Cdor', 3)
    >>> tune_wish(prime="M:2/4 K:Cmin C 2 E").prime
    ('M:2/4', 'K:Cmin', 'C', '2', 'E')
    """
    if prime and go_on:
        raise ParameterError("A tune can begin with a prime or go on from a file, not both.")
    tonic, mode = read_key(key) if key else ("C", None)
    words = tuple(prime.split()) if prime else ()
    if go_on:
        own_tonic, words = _tune_to_go_on(go_on)
        tonic = tonic if key else own_tonic
    FolkAbc().encode(" ".join(words))  # an unknown word is named
    given = {
        "metre": f"M:{metre.removeprefix('M:')}" if metre else "",
        "mode": MODE_WORDS[mode] if mode else "",
    }
    for name, known in (("metre", METRES), ("mode", MODES)):
        said = next((word for word in words[:2] if word in known), "")
        if said and given[name] not in ("", said):
            raise ParameterError(f"The beginning has the {name} {said}, but {given[name]} is asked for.")
        given[name] = given[name] or said
    music = [word for word in words if word not in (*METRES, *MODES)]
    if music and not (given["metre"] and given["mode"]):
        raise ParameterError("A beginning with notes needs a metre and a mode: M:6/8 K:Cdor G 2 E.")
    rule = None if free else FolkRule(**given, n_bars=n_bars, bars=dict(map(_read_bar, bars)))
    if free and (n_bars or bars):
        raise ParameterError("Bars can be counted and asked for only where they add up: leave out --free.")
    begins = tuple(word for word in given.values() if word) if music or free else ()
    wish = Wish(tonic=tonic, rule=rule, prime=(*begins, *music), **drawing)
    _check_beginning(wish)
    return wish


def _read_bar(text: str) -> tuple[int, tuple[str, ...]]:
    """Read ``bar 5 = c 2 B A``."""
    found = re.fullmatch(r"\s*(?:bar\s*)?(\d+)\s*=\s*(.+)", text)
    if not found:
        raise ParameterError(f"{text!r} says no bar. Write: bar 5 = c 2 B A G 4")
    words = found[2].split()
    FolkAbc().encode(" ".join(words))
    return int(found[1]), tuple(words)


def _tune_to_go_on(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the tonic of the tune in a file, and its tokens without the last bar line."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ParameterError(
            f"{printable(path)} cannot be read ({error.strerror}). Check the name."
        ) from error
    field = re.search(r"^K:\s*([A-Ga-g][#b]?)", text, re.MULTILINE)
    return (field[1][0].upper() + field[1][1:] if field else "C"), prime_of(
        abc_to_folk(text, source=path.name)
    )


def _check_beginning(wish: Wish) -> None:
    """Refuse a beginning that the rule does not allow."""
    if wish.rule is None:
        return
    state = wish.rule.after(wish.rule.start(), "<s>")
    for word in wish.prime:
        state = wish.rule.after(state, word)
