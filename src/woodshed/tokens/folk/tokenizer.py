"""Tokenizer of the folk-rnn vocabulary: ABC tunes, one id per token, and the melody of a tune in tokens."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError, ScoreError, near_miss
from woodshed.score import Metre, Score
from woodshed.symbolic.abc.read import abc_to_score
from woodshed.symbolic.abc.voice import groups_of
from woodshed.symbolic.abc.write import field_text, length_text
from woodshed.symbolic.folk.vocabulary import (
    BAR_LINES,
    BOUNDARIES,
    DURATIONS,
    METRES,
    MODES,
    REST,
    SIGNATURES,
    TIMES,
    WORDS,
    event_lengths,
    folk_bars,
    lengths_of,
    sounding,
)
from woodshed.symbolic.notation import alterations_of, beat_of, tied_spans
from woodshed.tokens.folk.key import in_key
from woodshed.tokens.folk.plan import plan_of

_NUMBERS = {word: number for number, word in enumerate(WORDS)}
START, END = (_NUMBERS[word] for word in BOUNDARIES)

DOUBLE_BAR = "||"
"""Bar line in ABC between parts; it has no token."""

_BARS_A_LINE = 4


@dataclass(frozen=True, eq=False)
class FolkNotes:
    """Melody of a tune, without repeats; the highest note of each chord.

    Parameters
    ----------
    pitch_midi
        MIDI pitches, shape ``(n_notes,)``.
    duration_beats
        Durations in quarter notes, shape ``(n_notes,)``.
    bar
        Number of the bar of each note, from 1, shape ``(n_notes,)``.
    """

    pitch_midi: NDArray[np.int64]
    duration_beats: NDArray[np.float64]
    bar: NDArray[np.int64]


def folk_notes(tune: str) -> FolkNotes:
    """Return the notes of a tune; an accidental holds to the end of its bar, in its octave.

    Parameters
    ----------
    tune
        Metre, mode and music, as `FolkAbc.decode` returns.

    Examples
    --------
    >>> notes = folk_notes("M:6/8 K:Cmin |: C 3 =E 2 E | z [ C E ] 2 E 3 :|")
    >>> notes.pitch_midi.tolist(), notes.duration_beats.tolist(), notes.bar.tolist()
    ([60, 64, 64, 63, 63], [1.5, 1.0, 0.5, 1.0, 1.5], [1, 1, 1, 2, 2])
    """
    metre, mode, *words = tune.split()
    signature = alterations_of(SIGNATURES[mode])
    pitches: list[int] = []
    eighths: list[float] = []
    bars: list[int] = []
    for bar in folk_bars(words, metre):
        inside = tuple(words[bar.start : bar.stop])
        # Freely sampled tokens may have a chord that is never closed, which has no length.
        for pitch, length in zip(_pitches(inside, signature), lengths_of(inside, metre), strict=False):
            if pitch is not None:
                pitches.append(pitch)
                eighths.append(float(length))
                bars.append(bar.number)
    return FolkNotes(np.array(pitches, np.int64), np.array(eighths) / 2, np.array(bars, np.int64))


def _pitches(words: Sequence[str], signature: Sequence[int]) -> list[int | None]:
    """Return the pitch of each event of a bar, None for a rest."""
    pitches: list[int | None] = []
    chord: list[int] | None = None
    for word, _, pitch in sounding(words, signature):
        if word == "[":
            chord = []
        elif word == "]" and chord:
            pitches.append(max(chord))
            chord = None
        elif pitch is not None and chord is not None:
            chord.append(pitch)
        elif pitch is not None or word == REST:
            pitches.append(pitch)
    return pitches


@dataclass(frozen=True)
class FolkAbc:
    """Conversion between tunes in folk tokens, as returned by `abc_to_folk`, and ids from 0 to 136.

    The vocabulary is that of the folk-rnn model of Sturm (MUME 2018). The published order of its tokens was
    arbitrary; here it is ``<s> </s>``, metres, modes, bar lines, groupings, durations, pitches, rest.

    Examples
    --------
    >>> folk = FolkAbc()
    >>> len(folk.vocabulary)
    137
    >>> folk.encode("M:6/8 K:Cdor |: G 2 E :|").tolist()
    [0, 6, 11, 14, 63, 27, 61, 15, 1]
    >>> folk.decode(folk.encode("M:6/8 K:Cdor |: G 2 E :|"))
    'M:6/8 K:Cdor |: G 2 E :|'
    """

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Tokens; the index of each is its id."""
        return WORDS

    def encode(self, tune: str) -> NDArray[np.int32]:
        """Convert a tune to ids.

        Parameters
        ----------
        tune
            Tokens separated by spaces; ``<s>`` and ``</s>`` are added.

        Returns
        -------
        numpy.ndarray
            int32, shape ``(n_tokens + 2,)``.

        Raises
        ------
        ParameterError
            If a token is unknown; the message gives its position and the nearest token.

        Examples
        --------
        >>> FolkAbc().encode("M:4/4 K:Cmajor C 2")
        Traceback (most recent call last):
        woodshed.errors.ParameterError: Unknown token 'K:Cmajor', the 2nd word. Did you mean K:Cmaj?
        """
        ids = [START]
        for place, word in enumerate(tune.split(), start=1):
            if word not in _NUMBERS or word in BOUNDARIES:
                raise ParameterError(_unknown(word, place))
            ids.append(_NUMBERS[word])
        return np.array([*ids, END], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> str:
        """Convert ids to a tune, without ``<s>`` at the start and ``</s>`` at the end.

        Raises
        ------
        ParameterError
            If an id is not between 0 and 136.

        Examples
        --------
        >>> FolkAbc().decode([0, 4, 9, 53, 1])
        'M:4/4 K:Cmaj D,'
        """
        numbers = np.asarray(ids).ravel()
        for place, number in enumerate(numbers.tolist(), start=1):
            if number != int(number) or not 0 <= number < len(WORDS):
                raise ParameterError(
                    f"Invalid id {number!r} at position {place}. Expected 0 to {len(WORDS) - 1}."
                )
        words = [WORDS[int(number)] for number in numbers]
        words = words[1:] if words[:1] == [BOUNDARIES[0]] else words
        return " ".join(words[:-1] if words[-1:] == [BOUNDARIES[1]] else words)


def tokens_to_abc(
    tune: str,
    *,
    title: str = "Tune",
    number: int = 1,
    tonic: str = "C",
    fields: Mapping[str, str] | None = None,
) -> str:
    r"""Convert a tune in folk tokens to standard ABC.

    Notes of a beat are written without spaces, so that other programs beam them; a line has four bars, and
    a double bar divides parts that are not repeated.

    Parameters
    ----------
    tune
        Metre, mode and music, as returned by `FolkAbc.decode`.
    title
        Content of the ``T:`` field.
    number
        Content of the ``X:`` field.
    tonic
        Tonic of the ABC tune, such as ``D`` or ``Bb``.
    fields
        Further fields of the header by letter, such as ``{"R": "reel", "Q": "1/4=180"}``.

    Raises
    ------
    ScoreError
        If it does not begin with a metre and a mode.

    Examples
    --------
    >>> print(tokens_to_abc("M:6/8 K:Cdor |: g 3 e > d c | [ E 3 G 3 ] c 3 :|", title="A jig"))
    %abc-2.1
    %%propagate-accidentals octave
    X:1
    T:A jig
    M:6/8
    L:1/8
    K:Cdor
    |: g3 e>dc | [E3G3] c3 :|
    <BLANKLINE>
    """
    words = tune.split()
    if len(words) < 3 or words[0] not in METRES or words[1] not in MODES:
        raise ScoreError(
            f"Expected a tune that begins with a metre and a mode, such as M:6/8 K:Cdor, got {tune[:40]!r}."
        )
    head = [
        "%abc-2.1",
        "%%propagate-accidentals octave",
        f"X:{number}",
        f"T:{field_text(title)}",
        *(f"{letter}:{field_text(value)}" for letter, value in (fields or {}).items()),
        words[0],
        "L:1/8",
    ]
    return "\n".join([*head, *_key_and_music(tune, tonic), ""])


@functools.lru_cache(maxsize=256)
def _key_and_music(tune: str, tonic: str) -> tuple[str, str]:
    """Return the ``K:`` field and the music of a tune; cached, since every file of a tune needs them."""
    key, music = in_key(tune, tonic)
    for place in _part_ends(tune):
        music[place] = DOUBLE_BAR
    body = "\n".join(lines_of(_opened(music), tune.split(maxsplit=1)[0]))
    body += "]" if body.endswith(" |") else ""  # |] ends the tune, as its last bar may be short
    return f"K:{key}", body


def _part_ends(tune: str) -> list[int]:
    """Return the indices, in the music, of the plain bar lines that divide parts without repeats.

    Examples
    --------
    >>> _part_ends("M:2/4 K:Cmaj" + " C 4 |" * 16)
    [23]
    """
    metre, _, *words = tune.split()
    if not folk_bars(words, metre):
        return []
    bars = plan_of(tune, relations=False).bars
    lines = [k for k, word in enumerate(words) if word in BAR_LINES and k and words[k - 1] not in BAR_LINES]
    return [
        line
        for bar, following, line in zip(bars, bars[1:], lines, strict=False)
        if bar.lines == ("|",) and following.part != bar.part and not bar.is_repeated
    ]


def tokens_to_score(tune: str, *, title: str = "Tune", repeats: bool = True, tonic: str = "C") -> Score:
    """Convert a tune in folk tokens to a score, on any tonic, with repeats and endings played.

    Raises
    ------
    ScoreError
        If it does not begin with a metre and a mode, has no notes, or is not valid ABC.

    Examples
    --------
    >>> [note.pitch_midi for note in tokens_to_score("M:2/4 K:Cmin |: C 2 E 2 :|").notes]
    [60, 63, 60, 63]
    """
    return abc_to_score(tokens_to_abc(tune, title=title, tonic=tonic), source=title, repeats=repeats)


def _unknown(word: str, place: int) -> str:
    kind = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0, "th")
    if word in BOUNDARIES:
        hint = f"Omit {BOUNDARIES[0]} and {BOUNDARIES[1]}, which are added."
    else:
        hint = near_miss(word, WORDS)
        hint = hint if hint.startswith("Did") else "Separate tokens by spaces, as in G 2 E."
    return f"Unknown token {word!r}, the {place}{kind} word. {hint}"


def _opened(words: Sequence[str]) -> list[str]:
    """Add start-repeat signs to repeats with endings where they are only implied.

    Examples
    --------
    >>> " ".join(_opened("C 8 :| D 8 |1 E 8 :| |2 F 8 |".split()))
    'C 8 :| |: D 8 |1 E 8 :| |2 F 8 |'
    """
    opened: list[str] = []
    start = None  # of a section without a start-repeat sign
    for number, word in enumerate(words):
        if word == "|1" and start not in (None, len(opened)):
            opened.insert(start, "|:")
        opened.append(word)
        if word in ("|:", "|1", "|2"):
            start = None
        elif word == ":|" and words[number + 1 : number + 2] not in (["|:"], ["|2"]):
            start = len(opened)
    return opened


def lines_of(words: Sequence[str], metre: str) -> list[str]:
    """Convert music in folk tokens to lines of ABC.

    A line ends after four bars, and where a repeat starts or ends. If a repeat starts without a bar line
    before it, a double bar is added. Bar lines are separated by spaces.

    Parameters
    ----------
    words
        Tokens without metre and mode; any pitch of ABC is accepted.
    metre
        Metre token such as ``M:6/8``.

    Examples
    --------
    >>> lines_of("G | A 2 B c d e | (3 A B c d > e f 4 :| g 8 |".split(), "M:4/4")
    ['G | A2 Bc de | (3ABc d>e f4 :|', 'g8 |']
    """
    lines, line, n_bars = [], "", 0
    signs = [-1, *(k for k, word in enumerate(words) if word in (*BAR_LINES, DOUBLE_BAR)), len(words)]
    ended = [*words, "", ""]  # so that there is an empty bar line at both ends, -1 and len(words)
    for first, last in pairwise(signs):
        sign, following = ended[last : last + 2]
        is_upbeat = ended[first] != "|" and sign in ("|", "|:")
        text, length = _bar(words[first + 1 : last], metre, is_upbeat=is_upbeat)
        line += f" {text}" if text else ""
        n_bars += 2 * length > TIMES[metre]
        is_full = n_bars >= _BARS_A_LINE
        if n_bars and sign == "|:":
            lines.append(f"{line} ||")  # the bar may be short, so a single bar line would be wrong
            line, n_bars = "", 0
        line += f" {sign}"
        is_over = is_full or sign in (":|", DOUBLE_BAR) or following == "|:"
        is_first_ending = following == "|2"
        if n_bars and is_over and sign in ("|", ":|", DOUBLE_BAR) and not is_first_ending:
            lines.append(line)
            line, n_bars = "", 0
    return [text.strip() for text in (*lines, line) if text.strip()]


def _bar(words: Sequence[str], metre: str, *, is_upbeat: bool) -> tuple[str, Fraction]:
    """Return the content of a bar as ABC, and its length in eighths."""
    lengths = list(event_lengths(words, metre))
    total = sum(lengths, Fraction(0))
    start = max(Fraction(0), TIMES[metre] - total) if is_upbeat else Fraction(0)
    spans = list(pairwise(accumulate((length / 2 for length in lengths), initial=start / 2)))
    beats, unit = metre.removeprefix("M:").split("/")
    groups = groups_of(spans, Metre(0, int(beats), int(unit)))
    events = _events(words)
    if len(groups) != len(events):  # a chord that is not closed, or has no notes
        return " ".join(events), total
    beat = beat_of(Metre(0, int(beats), int(unit)))
    events = [_tied(event, span, beat) for event, span in zip(events, spans, strict=True)]
    text = ""
    for k, event in enumerate(events):
        if k and not events[k - 1].endswith((">", "<")):
            is_apart = groups[k] != groups[k - 1] or REST in (event[0], events[k - 1][0])
            text += " " if is_apart else ""
        text += event
    return text, total


def _tied(event: str, span: tuple[Fraction, Fraction], beat: Fraction) -> str:
    """Write a note, rest or chord of a length such as five eighths as tied ones.

    Examples
    --------
    >>> span = Fraction(0), Fraction(5, 2)
    >>> _tied("^d5", span, Fraction(1)), _tied("[E5G5]", span, Fraction(3, 2)), _tied("z5", span, Fraction(1))
    ('^d4-d', '[E3G3]-[E2G2]', 'z4z')
    """
    start, end = span
    lengths = [2 * (b - a) for a, b in tied_spans(start, end, beat)]
    written = length_text(sum(lengths, Fraction(0)))
    names = re.findall(rf"([=_^]*[A-Ga-gz][,']*){re.escape(written)}(?![\d/])", event)
    notes = re.fullmatch(rf"\[?(?:[=_^]*[A-Ga-gz][,']*{re.escape(written)})+\]?", event)
    if len(lengths) == 1 or notes is None:  # a note of a tuplet or broken rhythm has another length
        return event
    parts = []
    for length in lengths:
        text = "".join(name + length_text(length) for name in names)
        parts.append(f"[{text}]" if event[0] == "[" else text)
        names = [name.lstrip("=_^") for name in names]  # an accidental holds to the end of its bar
    return ("" if REST in names else "-").join(parts)


def _events(words: Sequence[str]) -> list[str]:
    """Join the tokens of each note, rest or chord: grouping, pitches and length.

    Examples
    --------
    >>> _events("(3 A B c [ E 3 G 3 ] z 2 d > e".split())
    ['(3A', 'B', 'c', '[E3G3]', 'z2', 'd>', 'e']
    """
    events: list[str] = []
    is_in_chord = is_open = False  # open: the next word belongs to the same event
    for word in words:
        is_length = word in DURATIONS
        if events and (is_in_chord or is_open or is_length or word == "]"):
            events[-1] += word
        else:
            events.append(word)
        is_in_chord = word == "[" or (is_in_chord and word != "]")
        is_open = word.startswith("(")
    return events
