"""Request for new folk tunes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from woodshed.composition.generation import Generation
from woodshed.composition.generator import MusicRequest, check_ending
from woodshed.composition.sampling import Sampler
from woodshed.composition.sequence.composer import MAX_TOKENS
from woodshed.errors import ParameterError, counted, near_miss
from woodshed.score import Key
from woodshed.symbolic.abc.field import read_key as read_field
from woodshed.symbolic.abc.read import read_text
from woodshed.symbolic.folk.tune_type import TUNE_TYPES
from woodshed.symbolic.folk.vocabulary import BAR_LINES, METRES, MODE_WORDS, MODES
from woodshed.tasks.tune.instrument import ALL_KEYS, Instrument, find_instrument
from woodshed.tasks.tune.piece import TunePiece, prime_of
from woodshed.tasks.tune.plan_book import PlanRequest, parse_form
from woodshed.tokens.folk.grammar import FolkGrammar, FolkHeader
from woodshed.tokens.folk.key import on_root, read_key
from woodshed.tokens.folk.tokenizer import FolkAbc

DEFAULT_COPIED_BARS = 4
"""Longest copy that is accepted by default, in bars."""

DEFAULT_INSTRUMENT = "fiddle"
"""Instrument for which tunes are written by default."""

SLOWEST_BPM, FASTEST_BPM = 20, 400
"""Range of the tempo, in beats per minute."""

BAR_TOKENS = 10
"""Mean number of tokens in a bar of the training tunes."""

MAX_BARS = 150
"""Maximum number of bars: more would have to be shorter than the mean by a third."""


@dataclass(frozen=True, kw_only=True)
class TuneRequest(MusicRequest):
    """What a user asks of new tunes.

    Parameters
    ----------
    top_k
        Choose among the top_k most probable tokens.
    top_p
        Choose among the most probable tokens whose total probability reaches top_p.
    type_
        Type of tune: reel, jig, slip-jig, hornpipe, polka, waltz, march, air or strathspey. For a type of
        which there are few training tunes, others of its metre serve.
    form
        Parts as played, such as AABB or AABBCC; by default that of a training tune with parts of 8 bars.
    instrument
        Instrument whose range and keys are kept: fiddle, whistle, flute, banjo and others. Default: fiddle.
    metre
        Such as 6/8; by default that of a training tune.
    key
        Such as 'D dorian', Em or G; a tonic alone leaves the mode open. By default that of a training tune.
    bars
        Number of bars as written, without pickups; about 100 at most.
    tempo
        Beats per minute, 20 to 400; in 6/8, 9/8 and 12/8 a beat is a dotted quarter. By default the usual
        tempo of the type.
    constrain
        Content of a bar in the requested key, such as 'bar 5 = c 2 B A G 4'; the tune has at least that many
        bars.
    prime
        Tokens with which each tune begins, on the root C, such as 'M:6/8 K:Cdor G 2 E'; they are transposed
        to the tonic of the requested key.
    continue_
        Continue the tune in this ABC file, in its key.
    ends
        home: reject a tune whose last note is neither tonic nor dominant; any: accept it, like one in seven
        of the training tunes. Default: home, or any with --free.
    max_copied_bars
        Reject a tune that copies more bars in a row; below 0 accepts all. Default: 4; any number where notes
        are given, which may be a copy, and with --free.
    free
        Sample without plan and grammar, so that bars may have a wrong length.

    Raises
    ------
    ParameterError
        If a token is unknown, or options contradict each other.
    ScoreFileError
        If the file to continue cannot be opened, or its tune cannot be written in folk tokens.

    Examples
    --------
    >>> request = TuneRequest(metre="6/8", key="D dorian", bars=8)
    >>> request.tonic, request.constraint.metre, request.constraint.mode
    ('D', 'M:6/8', 'K:Cdor')
    >>> TuneRequest(prime="M:2/4 K:Cmin C 2 E").begins
    ('M:2/4', 'K:Cmin', 'C', '2', 'E')
    >>> TuneRequest(metre="6/8", key="D dorian", constrain=["bar 5 = c 2 B A G 2"]).constraint.bars
    {5: ['B', '2', 'A', 'G', 'F', '2']}
    """

    top_k: int | None = None
    top_p: float | None = None
    type_: str | None = None
    form: str | None = None
    instrument: str | None = None
    metre: str | None = None
    key: str | None = None
    bars: int | None = None
    tempo: float | None = None
    constrain: Sequence[str] = ()
    prime: str | None = None
    ends: str | None = None
    continue_: Path | None = None
    free: bool = False

    tonic: str = field(init=False, default="C")
    constraint: FolkGrammar | FolkHeader = field(init=False, default_factory=FolkHeader)
    begins: tuple[str, ...] = field(init=False, default=())
    plan: PlanRequest = field(init=False, default=PlanRequest())

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sampler  # noqa: B018  refuses values that are out of range
        check_ending(self.ends)
        if self.prime and self.continue_:
            raise ParameterError(
                "--prime and --continue cannot be combined: both set the beginning. Omit one of them."
            )
        tonic, mode = read_key(self.key) if self.key else ("C", None)
        words = tuple(self.prime.split()) if self.prime else ()
        if self.continue_:
            file_tonic, words = _read_tune(self.continue_)
            tonic = tonic if self.key else file_tonic
        FolkAbc().encode(" ".join(words))  # refuses an unknown token
        head = _merge_head(
            {"metre": _metre_token(self.metre), "mode": MODE_WORDS[mode] if mode else ""}, words
        )
        music = [word for word in words if word not in (*METRES, *MODES)]
        if music and not (head["metre"] and head["mode"]):
            raise ParameterError(
                "A beginning with notes needs a metre and a mode, such as M:6/8 K:Cdor G 2 E."
            )
        if self.free and (self.bars or self.constrain):
            raise ParameterError("--bars and --constrain need the grammar: omit --free.")
        self._check_plan_and_tempo(bool(music))
        request = PlanRequest(
            tune_type=self.type_ or "",
            form=(self.form or "").upper(),
            metre=head["metre"],
            mode=head["mode"],
            tonic=tonic if self.key else "",
            n_bars=self.bars,
            instrument=self._instrument,
        )
        begins = (*head.values(), *music) if music else ()
        constraint: FolkGrammar | FolkHeader = FolkHeader(**head)
        if not self.free:
            bars = _parse_bars(self.constrain)
            # Made with the bars as given, so that its errors name the notes in their key.
            constraint = FolkGrammar(**head, n_bars=self.bars, bars=bars)
            on_c = {bar: on_root(notes, tonic, head["mode"]) for bar, notes in bars.items()}
            constraint = replace(constraint, bars=on_c)
            _check_length(constraint, begins)
        begins = _complete_bar(constraint, begins)
        values = {"tonic": tonic, "constraint": constraint, "begins": begins, "plan": request}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def _instrument(self) -> Instrument:
        """The instrument; if none is requested, but a key is, the default one in every key."""
        instrument = find_instrument(self.instrument or DEFAULT_INSTRUMENT)
        return replace(instrument, **ALL_KEYS) if self.key and not self.instrument else instrument

    def _check_plan_and_tempo(self, has_notes: bool) -> None:
        """Refuse a tempo out of range, and options of the plan that contradict each other or lack a plan."""
        options = {"--type": self.type_, "--form": self.form, "--instrument": self.instrument}
        if (self.free or has_notes or self.constrain) and any(options.values()):
            other = "--free" if self.free else "--constrain" if self.constrain else "a beginning with notes"
            names = " and ".join(name for name, value in options.items() if value)
            raise ParameterError(f"{names} cannot be combined with {other}. Omit one of them.")
        if self.tempo is not None and not SLOWEST_BPM <= self.tempo <= FASTEST_BPM:
            raise ParameterError(
                f"--tempo must be from {SLOWEST_BPM} to {FASTEST_BPM} beats per minute, got {self.tempo:g}."
            )
        if self.form:
            parse_form(self.form)
        if self.type_ and self.type_ not in TUNE_TYPES:
            raise ParameterError(f"Unknown type {self.type_!r}. {near_miss(self.type_, TUNE_TYPES)}")
        if self.form and self.bars:
            raise ParameterError("--form and --bars cannot be combined: a part has 8 bars. Omit one of them.")

    @property
    def is_planned(self) -> bool:
        """Whether the tunes are written for a plan."""
        return not (self.free or self.begins or self.constrain)

    @property
    def sampler(self) -> Sampler:
        """How the next token is chosen."""
        return Sampler(temperature=self.sampling_temperature, top_k=self.top_k, top_p=self.top_p)

    @property
    def max_copied_run(self) -> int:
        """Longest copy that is accepted, in bars; below 0 any."""
        if self.max_copied_bars is not None:
            return self.max_copied_bars
        has_notes = self.constrain or any(word not in (*METRES, *MODES) for word in self.begins)
        return -1 if has_notes or self.free else DEFAULT_COPIED_BARS

    def rejection_reason(self, generation: Generation) -> str:
        """Return the reason for rejecting a tune: it was cut off, or ends on another note than requested."""
        if not isinstance(generation, TunePiece):
            return ""
        any_ending = self.ends == "any" or (self.ends is None and self.free)
        has_length = self.bars or self.constrain  # a tune that was cut off does not have these bars
        constraint, words = self.constraint, generation.text.split()
        if self.is_planned:
            is_cut_off = words[-1] not in BAR_LINES
        else:
            is_cut_off = isinstance(constraint, FolkGrammar) and not constraint.is_whole(words)
        if is_cut_off and (has_length or not any_ending):
            option = "--bars" if has_length else "--ends any"
            return f"no end within about {MAX_TOKENS // BAR_TOKENS} bars ({option})"
        if any_ending or generation.ends_at_home:
            return ""
        return "last note is neither tonic nor dominant (--ends any)"


def _metre_token(metre: str | None) -> str:
    """Return the token of a metre, or "" for None.

    Examples
    --------
    >>> _metre_token("6/8"), _metre_token(None)
    ('M:6/8', '')
    """
    token = f"M:{metre.removeprefix('M:')}" if metre else ""
    if token and token not in METRES:
        metres = ", ".join(word.removeprefix("M:") for word in METRES)
        raise ParameterError(f"Unknown metre {metre!r}. Known: {metres}.")
    return token


def _merge_head(head: dict[str, str], words: Sequence[str]) -> dict[str, str]:
    """Return metre and mode, as requested or at the beginning of a prime; both must agree."""
    merged = dict(head)
    for name, tokens in (("metre", METRES), ("mode", MODES)):
        token = next((word for word in words[:2] if word in tokens), "")
        if token and head[name] not in ("", token):
            raise ParameterError(
                f"The beginning has the {name} {token}, but {head[name]} is requested. Omit one of them."
            )
        merged[name] = head[name] or token
    return merged


def _parse_bars(texts: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Parse constraints such as ``bar 5 = c 2 B A``, at most one for each bar.

    Examples
    --------
    >>> _parse_bars(["bar 5 = c 2 B A", "6 = z 4"])
    {5: ('c', '2', 'B', 'A'), 6: ('z', '4')}
    """
    bars: dict[int, tuple[str, ...]] = {}
    for text in texts:
        match = re.fullmatch(r"\s*(?:bar\s*)?(\d+)\s*=\s*(.+)", text)
        if not match:
            raise ParameterError(f"Invalid constraint {text!r}. Expected such as 'bar 5 = c 2 B A G 4'.")
        number, words = int(match[1]), tuple(match[2].split())
        FolkAbc().encode(" ".join(words))
        if bars.setdefault(number, words) != words:
            raise ParameterError(
                f"Bar {number} cannot be both {' '.join(bars[number])!r} and {' '.join(words)!r}. "
                "Omit one of them."
            )
    return bars


def _check_length(constraint: FolkGrammar, begins: Sequence[str]) -> None:
    """Refuse more bars than can be generated, and fewer than the beginning has."""
    n_begun = TunePiece(" ".join(begins)).n_bars if begins else 0
    if constraint.n_bars is not None and n_begun > constraint.n_bars:
        raise ParameterError(
            f"The beginning has {counted(n_begun, 'bar')} already, but --bars is {constraint.n_bars}. "
            "Raise it, or shorten the beginning."
        )
    n_bars = max(constraint.n_bars or 0, *constraint.bars, 0)
    if n_bars > MAX_BARS:
        raise ParameterError(
            f"A tune cannot have {n_bars:,} bars: it is cut off after {MAX_TOKENS:,} tokens, which are about "
            f"{MAX_TOKENS // BAR_TOKENS} bars. Request fewer."
        )


def _read_tune(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the tonic of the tune in a file, and its tokens without the final bar line."""
    from woodshed.symbolic.folk.from_abc import abc_to_folk

    text = read_text(path)
    tune = abc_to_folk(text, source=path.name)
    field_ = re.search(r"^K:(.*)", text, re.MULTILINE)
    key = read_field(field_[1]) if field_ else None
    return Key(0, *key[:2]).keynote if key else "C", prime_of(tune)


def _complete_bar(constraint: FolkGrammar | FolkHeader, begins: Sequence[str]) -> tuple[str, ...]:
    """Return a beginning with the rest of a constrained last bar; refuse one that breaks the constraint."""
    state: Any = constraint.start()
    due: tuple[str, ...] = ()  # tokens of a constrained bar that are still missing
    for word in ("<s>", *begins):
        if not due and word not in BAR_LINES:
            due = constraint.forced(state)
        if due and word != due[0]:
            raise ParameterError(
                f"Bar {state.n_bars + 1} of the beginning is not the one that --constrain requests. Omit the "
                "constraint, or give a shorter beginning."
            )
        due = due[1:]
        state = constraint.after(state, word)
    return (*begins, *due)
