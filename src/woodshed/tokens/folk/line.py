"""Folk tokens as lines of ABC: notes of a beat close together, and a line for every four bars."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from woodshed.score import Metre
from woodshed.symbolic.abc.beam import groups_of
from woodshed.symbolic.folk.bar import event_lengths
from woodshed.symbolic.folk.word import BAR_LINES, REST, TIMES

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
