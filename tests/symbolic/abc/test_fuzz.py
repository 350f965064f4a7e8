"""Damaged ABC: a book is read or its tunes are refused, whatever the bytes are."""

from __future__ import annotations

import random

import pytest

from woodshed.errors import ScoreFileError
from woodshed.symbolic.abc.read import abc_to_book
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.bar import MAX_PLAYED_NOTES
from woodshed.symbolic.folk.from_abc import book_to_folk

HEAD = "X:1\nM:4/4\nL:1/4\nK:C\n"
MANY = "9" * 5000

TUNE = (
    "%abc-2.1\nX:1\nT:a\nC:Trad\nM:6/8\nL:1/8\nQ:3/8=120\nP:AB\nV:1 clef=treble\nK:Dm^c\nP:A\n"
    '|:"Dm"{g}A>B !trill!c (3def g2|[DF]3- [DF]A2 & D6|1 !segno!^G3 A2z:|2 d6||\n'
    "P:B\n[M:4/4]C4|[K:G]!fine!D4|E4 !D.S.!|]\nw:la la\n"
)
INSERTS = (
    *("|:", ":|", "::", "&", "&&", "(3", "(9:9999:", "[", "]", ">", "<<", "-", "{", '"', "!"),
    *("!D.C.!", "!segno!", "!coda!", "!fine!", "[1 ", "|2 ", "C999999999/1", "Z999", "999999999", "/" * 9),
    *("[K:D^f]", "[M:3/8]", "[V:2]", "\nP:A\n", "\n\n", "[I:propagate-accidentals not]"),
)


def damaged(rng: random.Random) -> str:
    """Return the tune with a few insertions, deletions, copies and wrong letters."""
    text = TUNE
    for _ in range(rng.randint(1, 8)):
        letter = chr(rng.choice((0, 34, 124, 233, 0x663, 0x20AC, rng.randrange(256))))
        a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        text = rng.choice(
            (
                text[:a] + rng.choice(INSERTS) + text[a:],
                text[:a] + text[b:] if b - a < 40 else text,
                text[:a] + text[a : a + 60] * rng.randint(2, 5) + text[a:],
                text[:a] + letter + text[a + 1 :],
                "\n".join(line for line in text.split("\n") if rng.random() < 0.9),
            )
        )[:5000]
    return text


@pytest.mark.parametrize("seed", range(10))
def test_damaged_tunes_are_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(30):
        text = damaged(rng)
        for repeats in (True, False):
            for score in abc_to_book(text, repeats=repeats).tunes:
                abc_to_book(score_to_abc(score))
        book_to_folk(text)


HOSTILE = {
    "open repeats": HEAD + "|:" * 10_000 + "C|",
    "colons": HEAD + "C" + ":" * 50_000 + "|",
    "open fields": HEAD + "[V:" * 20_000,
    "open braces": HEAD + "{" * 20_000,
    "quotes": HEAD + '"' * 20_001,
    "tuplets": HEAD + "(3" * 10_000 + "C|",
    "long tuplet": HEAD + "(9999:CDE|",
    "segnos": HEAD + "C!segno!" * 2000 + "|",
    "jumps": HEAD + "!coda!C !D.C.!|" * 500,
    "endings": HEAD + "|:C|1-999999999 D:|" + "".join(f"|{k} D:" for k in range(2, 500)),
    "junk": HEAD + "\x00€" * 20_000 + "C|",
    "parts": f"X:1\nP:{'(' * 10_000}\nK:C\nC|",
    "a long word after the tune": HEAD + "C|\n\n" + "a" * 100_000,
    "fractions of a tempo": f"X:1\nQ:1/{'111/' * 60}1\nK:C\nC|",
    "spaces in a metre": f"X:1\nM:1{' ' * 20_000}x\nK:C\nC|",
    "digits": HEAD + f"C{MANY}|C/{MANY}|({MANY}CD|C|1{MANY} D:|",
    **{
        f"digits in {field}": f"X:1\n{field}\nK:C\nC|"
        for field in (
            *(f"M:{MANY}/4", f"M:4/{MANY}", f"M:{'1+' * 5000}1/4", f"L:{MANY}", f"L:1/{MANY}"),
            *(f"Q:1/4={MANY}", f"Q:{MANY}/4=120", f"Q:C{MANY}=120", f"V:1 octave={MANY}"),
            f"V:1 transpose={MANY}",
        )
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tunes_are_read_or_refused(name: str) -> None:
    text = HOSTILE[name]
    book = abc_to_book(text)
    assert len(book.tunes) + len(book.errors) == 1
    assert all(len(score.notes) <= MAX_PLAYED_NOTES for score in book.tunes)
    assert all(len(score.findings) < 2000 for score in book.tunes)
    book_to_folk(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"X:1\nM:4/4\nL:1/4\nP:A200\nK:C\nP:A\n{'|:CDEF:|' * 2000}", "at most 1,000,000 are supported"),
        (f"X:1\nM:1/128\nL:1/64\nK:C\n{'C1000|' * 200}", "at most 200,000 are supported"),
        (HEAD + "[" + "C" * 1000 + "]|", "a chord of more than 128 notes"),
        (HEAD + "C&" * 1000 + "C|", "more than 15 overlays"),
        (HEAD + "C999999999/1|", "invalid note length '999999999/1'"),
        (HEAD + "(9999:CDE|", "invalid tuplet (9999:"),
        (HEAD + "".join(f"[V:{k}]C|\n" for k in range(100)), "it has 100 voices"),
    ],
)
def test_tunes_that_are_too_large_are_refused(text: str, message: str) -> None:
    (error,) = abc_to_book(text).errors
    assert isinstance(error, ScoreFileError)
    assert message in str(error)
