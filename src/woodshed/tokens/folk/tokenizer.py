"""The tokens of the folk model: tunes in ABC, one token a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError, ScoreError, near_miss
from woodshed.score import Metre, Score
from woodshed.symbolic.abc.beam import groups_of
from woodshed.symbolic.abc.read import abc_to_score
from woodshed.symbolic.folk.bar import event_lengths
from woodshed.symbolic.folk.vocabulary import BAR_LINES, BOUNDARIES, METRES, MODES, REST, TIMES, WORDS
from woodshed.tokens.folk.key import in_key

_NUMBERS = {word: number for number, word in enumerate(WORDS)}
START, END = (_NUMBERS[word] for word in BOUNDARIES)


@dataclass(frozen=True)
class FolkAbc:
    """Tunes as `woodshed.symbolic.folk.from_abc.abc_to_folk` writes them <-> ids from 0 to 136.

    The vocabulary is that of the folk model of Sturm (MUME 2018). The published order of its tokens was
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
        """The tokens; the place of each is its id."""
        return WORDS

    def encode(self, tune: str) -> NDArray[np.int32]:
        """Turn a tune into ids.

        Parameters
        ----------
        tune
            Tokens with blanks between them; ``<s>`` and ``</s>`` are put around it.

        Returns
        -------
        numpy.ndarray
            int32, shape ``(n_tokens + 2,)``.

        Raises
        ------
        ParameterError
            If there is no such token; it is named, with its place and what was probably meant.

        Examples
        --------
        >>> FolkAbc().encode("M:4/4 K:Cmajor C 2")
        Traceback (most recent call last):
        woodshed.errors.ParameterError: 'K:Cmajor', the 2nd word, is no token of the folk model. Did you
        mean K:Cmaj?
        """
        ids = [START]
        for place, word in enumerate(tune.split(), start=1):
            if word not in _NUMBERS or word in BOUNDARIES:
                raise ParameterError(_unknown(word, place))
            ids.append(_NUMBERS[word])
        return np.array([*ids, END], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> str:
        """Turn ids into a tune; ``<s>`` at the start and ``</s>`` at the end are left out.

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
                    f"{number!r}, the id at place {place}, is no token: they go from 0 to {len(WORDS) - 1}."
                )
        words = [WORDS[int(number)] for number in numbers]
        words = words[1:] if words[:1] == [BOUNDARIES[0]] else words
        return " ".join(words[:-1] if words[-1:] == [BOUNDARIES[1]] else words)


def tokens_to_abc(tune: str, *, title: str = "Tune", number: int = 1, tonic: str = "C") -> str:
    r"""Write a tune in tokens as ABC that any reader understands.

    Notes of a beat stand close together, so that other programs beam them; a line has four bars.

    Parameters
    ----------
    tune
        Metre, mode and music, as `FolkAbc.decode` returns.
    title
        For the ``T:`` line.
    number
        For the ``X:`` line.
    tonic
        On which note to write it, such as ``D`` or ``Bb``.

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
            f"A tune begins with a metre and a mode, such as M:6/8 K:Cdor, and has notes; got {tune[:40]!r}."
        )
    head = [
        "%abc-2.1",
        "%%propagate-accidentals octave",
        f"X:{number}",
        f"T:{' '.join(title.split())}",
        words[0],
        "L:1/8",
    ]
    key, music = in_key(tune, tonic)
    body = "\n".join(lines_of(_opened(music), words[0]))
    body += "]" if body.endswith(" |") else ""  # the end of the tune: its last bar may be short
    return "\n".join([*head, f"K:{key}", body, ""])


def tokens_to_score(tune: str, *, title: str = "Tune", repeats: bool = True, tonic: str = "C") -> Score:
    """Turn a tune in tokens into notes, on any tonic, with its repeats and endings played.

    Raises
    ------
    ScoreError
        If it does not begin with a metre and a mode, has no notes, or cannot be understood.

    Examples
    --------
    >>> [note.pitch_midi for note in tokens_to_score("M:2/4 K:Cmin |: C 2 E 2 :|").notes]
    [60, 63, 60, 63]
    """
    return abc_to_score(tokens_to_abc(tune, title=title, tonic=tonic), source=title, repeats=repeats)


def _unknown(word: str, place: int) -> str:
    kind = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0, "th")
    if word in BOUNDARIES:
        hint = f"{BOUNDARIES[0]} and {BOUNDARIES[1]} are added: leave them out."
    else:
        hint = near_miss(word, WORDS)
        hint = hint if hint.startswith("Did") else "Write tokens with blanks between them, as in G 2 E."
    return f"{word!r}, the {place}{kind} word, is no token of the folk model. {hint}"


def _opened(words: Sequence[str]) -> list[str]:
    """Open the repeats with endings whose beginning is only implied by the end of the one before.

    Examples
    --------
    >>> " ".join(_opened("C 8 :| D 8 |1 E 8 :| |2 F 8 |".split()))
    'C 8 :| |: D 8 |1 E 8 :| |2 F 8 |'
    """
    opened: list[str] = []
    begins = None  # where a section without a sign of its own begins
    for number, word in enumerate(words):
        if word == "|1" and begins not in (None, len(opened)):
            opened.insert(begins, "|:")
        opened.append(word)
        if word in ("|:", "|1", "|2"):
            begins = None
        elif word == ":|" and words[number + 1 : number + 2] not in (["|:"], ["|2"]):
            begins = len(opened)
    return opened


_BARS_A_LINE = 4


def lines_of(words: Sequence[str], metre: str) -> list[str]:
    """Write music in tokens as lines of ABC.

    A line ends after four bars, and where a repeat begins or ends; before a repeat that begins without an end
    of the bar before it, a double bar ends it. Bar lines stand apart.

    Parameters
    ----------
    words
        Without metre and mode; pitches may be any that ABC has.
    metre
        Such as ``M:6/8``.

    Examples
    --------
    >>> lines_of("G | A 2 B c d e | (3 A B c d > e f 4 :| g 8 |".split(), "M:4/4")
    ['G | A2 Bc de | (3ABc d>e f4 :|', 'g8 |']
    """
    lines, line, n_bars = [], "", 0
    starts = [0, *(k + 1 for k, word in enumerate(words) if word in BAR_LINES)]
    ends = [*(k for k, word in enumerate(words) if word in BAR_LINES), len(words)]
    sign = ""
    for start, end in zip(starts, ends, strict=True):
        before, sign = sign, words[end] if end < len(words) else ""
        text, length = _bar(words[start:end], metre, is_upbeat=before != "|" and sign in ("|", "|:"))
        line += f" {text}" if text else ""
        n_bars += 2 * length > TIMES[metre]
        is_full = n_bars >= _BARS_A_LINE
        if n_bars and sign == "|:":
            lines.append(f"{line} ||")  # the bar may be short, so no plain line
            line, n_bars = "", 0
        line += f" {sign}"
        following = words[end + 1] if end + 1 < len(words) else ""
        is_over = is_full or sign == ":|" or following == "|:"
        if (
            n_bars and is_over and sign in ("|", ":|") and following != "|2"
        ):  # which goes with the first ending
            lines.append(line)
            line, n_bars = "", 0
    return [text.strip() for text in (*lines, line) if text.strip()]


def _bar(words: Sequence[str], metre: str, *, is_upbeat: bool) -> tuple[str, Fraction]:
    """Write what is between two bar lines, and say how many eighths it lasts."""
    lengths = list(event_lengths(words, metre))
    total = sum(lengths, Fraction(0))
    now = max(Fraction(0), TIMES[metre] - total) if is_upbeat else Fraction(0)
    spans = []
    for length in lengths:
        spans.append((now / 2, (now + length) / 2))
        now += length
    beats, unit = metre.removeprefix("M:").split("/")
    groups = groups_of(spans, Metre(0, int(beats), int(unit)))
    events = _events(words)
    if len(groups) != len(events):  # a chord that is never closed, or has no notes
        return " ".join(events), total
    text = ""
    for k, event in enumerate(events):
        if k and not events[k - 1].endswith((">", "<")):
            is_apart = groups[k] != groups[k - 1] or REST in (event[0], events[k - 1][0])
            text += " " if is_apart else ""
        text += event
    return text, total


def _events(words: Sequence[str]) -> list[str]:
    """Join what belongs to a note, rest or chord: what groups it before, its length behind.

    Examples
    --------
    >>> _events("(3 A B c [ E 3 G 3 ] z 2 d > e".split())
    ['(3A', 'B', 'c', '[E3G3]', 'z2', 'd>', 'e']
    """
    events: list[str] = []
    is_in_chord = is_open = False  # open: the next word goes on with the event before
    for word in words:
        is_length = word[0] in "23456789/<>" or word in ("12", "16")
        if events and (is_in_chord or is_open or is_length or word == "]"):
            events[-1] += word
        else:
            events.append(word)
        is_in_chord = word == "[" or (is_in_chord and word != "]")
        is_open = word.startswith("(")
    return events
