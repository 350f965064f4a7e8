"""What can be asked of new tunes: metre, key, bars, a beginning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woodshed.composition.composer import MAX_TOKENS
from woodshed.composition.piece import Piece, Request, check_ends
from woodshed.errors import ParameterError, counted, printable
from woodshed.score import Key
from woodshed.symbolic.abc.field import read_key as read_field
from woodshed.symbolic.folk.from_abc import abc_to_folk
from woodshed.symbolic.folk.vocabulary import BAR_LINES, METRES, MODE_WORDS, MODES
from woodshed.tasks.tune.piece import TunePiece, prime_of
from woodshed.tokens.folk.grammar import FolkGrammar, FolkHeader
from woodshed.tokens.folk.key import on_root, read_key
from woodshed.tokens.folk.tokenizer import FolkAbc

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer

USUAL_COPIED_BARS = 4
BAR_TOKENS = 10
"""So many tokens a bar of the tunes that were learned from has on average."""

MOST_BARS = 150
"""More would have to be shorter than such bars are on average, by a third."""


@dataclass(frozen=True, kw_only=True)
class TuneRequest(Request):
    """What a user asks of new tunes.

    Parameters
    ----------
    top_k
        Choose among so many most probable tokens.
    top_p
        Choose among the most probable tokens that together have that probability.
    metre
        Such as 6/8; left to the net if it is not given.
    key
        Such as 'D dorian', Em or G; a tonic alone leaves the mode to the net.
    bars
        How many bars, as written, without pickups; about 100 at most.
    constrain
        What a bar must be, in the key that is asked for, such as 'bar 5 = c 2 B A G 4'; the tune then has at
        least so many bars.
    prime
        Tokens with which each tune begins, on the root C as tokens are, such as 'M:6/8 K:Cdor G 2 E'; they
        are moved to the tonic of the key that is asked for.
    continue_
        Go on from the tune in this ABC file, in its key.
    ends
        home: a tune whose last note is neither tonic nor dominant is written anew; any keeps it, as one in
        seven of the old ones ends elsewhere. What is asked for if it is not given: home, or any with --free.
    max_copied_bars
        A tune that copies more bars in a row is written anew; below 0 keeps all. What is asked for if it is
        not given: 4; all where notes are given, which may be a copy, and with --free.
    free
        Do not see to it that bars add up: let the net write what it likes.

    Raises
    ------
    ParameterError
        If a word is unknown, or the wishes contradict each other.
    ScoreFileError
        If the tune to go on from cannot be said in folk tokens.

    Examples
    --------
    >>> request = TuneRequest(metre="6/8", key="D dorian", bars=8, seed=3)
    >>> request.tonic, request.rule.metre, request.rule.mode, request.seed
    ('D', 'M:6/8', 'K:Cdor', 3)
    >>> TuneRequest(prime="M:2/4 K:Cmin C 2 E").begins
    ('M:2/4', 'K:Cmin', 'C', '2', 'E')
    >>> TuneRequest(metre="6/8", key="D dorian", constrain=["bar 5 = c 2 B A G 2"]).rule.bars
    {5: ['B', '2', 'A', 'G', 'F', '2']}
    """

    top_k: int | None = None
    top_p: float | None = None
    metre: str | None = None
    key: str | None = None
    bars: int | None = None
    constrain: Sequence[str] = ()
    prime: str | None = None
    ends: str | None = None
    continue_: Path | None = None
    free: bool = False

    tonic: str = field(init=False, default="C")
    rule: FolkGrammar | FolkHeader = field(init=False, default_factory=FolkHeader)
    begins: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ends(self.ends, "Tunes")
        if self.prime and self.continue_:
            raise ParameterError(
                "A tune can begin with a prime or go on from a file, not both. Leave out --prime, or "
                "--continue."
            )
        tonic, mode = read_key(self.key) if self.key else ("C", None)
        words = tuple(self.prime.split()) if self.prime else ()
        if self.continue_:
            own_tonic, words = _tune_to_go_on(self.continue_)
            tonic = tonic if self.key else own_tonic
        FolkAbc().encode(" ".join(words))  # an unknown word is named
        metre_word = f"M:{self.metre.removeprefix('M:')}" if self.metre else ""
        given = _agreed({"metre": metre_word, "mode": MODE_WORDS[mode] if mode else ""}, words)
        music = [word for word in words if word not in (*METRES, *MODES)]
        if music and not (given["metre"] and given["mode"]):
            raise ParameterError("A beginning with notes needs a metre and a mode: M:6/8 K:Cdor G 2 E.")
        if self.free and (self.bars or self.constrain):
            raise ParameterError(
                "Bars can be counted and asked for only where they add up: leave out --free."
            )
        rule: FolkGrammar | FolkHeader = FolkHeader(**given)
        if not self.free:
            asked = _read_bars(self.constrain)
            rule = FolkGrammar(**given, n_bars=self.bars, bars=asked)  # checks the notes in their key
            mode_word = given["mode"]
            rule = replace(rule, bars={bar: on_root(notes, tonic, mode_word) for bar, notes in asked.items()})
        begins = (*given.values(), *music) if music else ()
        _check_length(rule, begins)
        begins = _completed(rule, begins)
        for name, value in (("tonic", tonic), ("rule", rule), ("begins", begins)):
            object.__setattr__(self, name, value)

    @property
    def longest_copied_run(self) -> int:
        """How many bars in a row may be copied; below 0 any number."""
        if self.max_copied_bars is not None:
            return self.max_copied_bars
        has_notes = self.constrain or any(word not in (*METRES, *MODES) for word in self.begins)
        return -1 if has_notes or self.free else USUAL_COPIED_BARS

    def rejection_reason(self, piece: Piece) -> str:
        """Refuse a tune that ends away from home, or was cut off at the longest length, unless it may.

        Where bars were asked for, one that was cut off does not have them.
        """
        anywhere = self.ends == "any" or (self.ends is None and self.free)
        if not isinstance(piece, TunePiece):
            return ""
        has_length = self.bars or self.constrain
        is_cut_off = isinstance(self.rule, FolkGrammar) and not self.rule.is_whole(piece.text.split())
        if is_cut_off and (has_length or not anywhere):
            cure = "--bars" if has_length else "--ends any"
            return f"have no end within about {MAX_TOKENS // BAR_TOKENS} bars ({cure})"
        return "" if anywhere or piece.ends_at_home else "end on neither tonic nor dominant (--ends any)"

    def write(self, composer: Composer, n: int, first: int) -> list[TunePiece]:
        """Let a composer write tunes."""
        texts = composer.sample(
            n,
            first=first,
            seed=self.seed,
            temperature=self.sampling_temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            prime=self.begins,
            rule=self.rule,
        )
        return [TunePiece(text, self.tonic) for text in texts]


def _agreed(given: dict[str, str], words: Sequence[str]) -> dict[str, str]:
    """Return metre and mode as they are given and as the beginning says them, which must be the same."""
    agreed = dict(given)
    for name, known in (("metre", METRES), ("mode", MODES)):
        said = next((word for word in words[:2] if word in known), "")
        if said and given[name] not in ("", said):
            raise ParameterError(
                f"The beginning has the {name} {said}, but {given[name]} is asked for. Leave one of them out."
            )
        agreed[name] = given[name] or said
    return agreed


def _read_bars(texts: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Read wishes such as ``bar 5 = c 2 B A``, at most one for each bar.

    Examples
    --------
    >>> _read_bars(["bar 5 = c 2 B A", "6 = z 4"])
    {5: ('c', '2', 'B', 'A'), 6: ('z', '4')}
    """
    bars: dict[int, tuple[str, ...]] = {}
    for text in texts:
        found = re.fullmatch(r"\s*(?:bar\s*)?(\d+)\s*=\s*(.+)", text)
        if not found:
            raise ParameterError(f"{text!r} says no bar. Write: bar 5 = c 2 B A G 4")
        number, words = int(found[1]), tuple(found[2].split())
        FolkAbc().encode(" ".join(words))
        if bars.setdefault(number, words) != words:
            raise ParameterError(
                f"Bar {number} cannot be both {' '.join(bars[number])!r} and {' '.join(words)!r}. Leave one "
                "of them out."
            )
    return bars


def _check_length(rule: FolkGrammar | FolkHeader, begins: Sequence[str]) -> None:
    """Refuse more bars than can be written, and fewer than are there already."""
    if isinstance(rule, FolkHeader):
        return
    n_given = TunePiece(" ".join(begins)).n_bars if begins else 0
    if rule.n_bars is not None and n_given > rule.n_bars:
        raise ParameterError(
            f"The tune to go on from has {counted(n_given, 'bar')} already, and --bars asks for "
            f"{rule.n_bars}. Ask for more, or shorten the tune."
        )
    n_asked = max(rule.n_bars or 0, *rule.bars, 0)
    if n_asked > MOST_BARS:
        raise ParameterError(
            f"A tune cannot have {n_asked:,} bars: it is cut off after {MAX_TOKENS:,} tokens, which are "
            f"about {MAX_TOKENS // BAR_TOKENS} bars. Ask for fewer."
        )


def _tune_to_go_on(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the tonic of the tune in a file, and its tokens without the last bar line."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ParameterError(
            f"{printable(path)} cannot be read ({error.strerror}). Check the name."
        ) from error
    tune = abc_to_folk(text, source=path.name)
    field_ = re.search(r"^K:(.*)", text, re.MULTILINE)
    key = read_field(field_[1]) if field_ else None
    return Key(0, *key[:2]).keynote if key else "C", prime_of(tune)


def _completed(rule: FolkGrammar | FolkHeader, begins: Sequence[str]) -> tuple[str, ...]:
    """Return a beginning with what is asked for of its last bar; refuse one that the rule does not allow."""
    state: Any = rule.start()
    due: tuple[str, ...] = ()  # what is asked for of this bar and not there yet
    for word in ("<s>", *begins):
        if not due and word not in BAR_LINES:
            due = rule.forced(state)
        if due and word != due[0]:
            raise ParameterError(
                f"Bar {state.n_bars + 1} is in the beginning already, and is not what is asked for. Leave "
                "out --constrain for it, or give a shorter beginning."
            )
        due = due[1:]
        state = rule.after(state, word)
    return (*begins, *due)
