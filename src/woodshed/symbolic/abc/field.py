"""The fields of ABC: key, metre, unit length, tempo."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from woodshed.errors import ScoreError
from woodshed.score import LINE_OF_FIFTHS, Mode
from woodshed.symbolic.spelling import Signature, signature_of

_MAJOR_SHARPS = {letter: place - 1 for place, letter in enumerate(LINE_OF_FIFTHS)}
_MODES: dict[str, tuple[Mode, int]] = {
    "": ("major", 0),
    "maj": ("major", 0),
    "ion": ("major", 0),
    "m": ("minor", -3),
    "min": ("minor", -3),
    "aeo": ("minor", -3),
    "mix": ("mixolydian", -1),
    "dor": ("dorian", -2),
    "phr": ("phrygian", -4),
    "lyd": ("lydian", 1),
    "loc": ("locrian", -5),
}
_KEY = re.compile(r"([A-G])([#b♯♭]?)\s*([A-Za-z]*)")
_EXPLICIT = re.compile(r"(?<!\S)(\^\^|__|\^|_|=)([a-gA-G])(?!\S)")
_OCTAVE = re.compile(r"(?<!\S)octave\s*=\s*([+-]?\d+)")
_TRANSPOSE = re.compile(r"(?<!\S)transpose\s*=\s*([+-]?\d+)")
_CLEF = re.compile(
    r'(?<!\S)(?:clef\s*=\s*"?(?:treble|bass|alto|tenor|[GFC]|perc|none)|treble|bass|alto|tenor)\d?([+-](?:8|15))?'
    r'(?=["\s]|$)'
)
ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
"""Accidental of ABC -> semitones."""

ACCIDENTALS = {alteration: sign for sign, alteration in ALTERATIONS.items()}
"""Semitones -> accidental of ABC."""


def read_key(text: str) -> tuple[int, Mode, Signature] | None:
    """Read the content of ``K:``.

    Returns
    -------
    tuple
        Number of sharps, mode, and what the signature and the explicit accidentals alter; ``None`` if
        there is only a clef.

    Raises
    ------
    ScoreError
        If it is no key.

    Examples
    --------
    >>> read_key("A mixolydian")
    (2, 'mixolydian', {'F': 1, 'C': 1})
    >>> read_key("D =c")
    (2, 'major', {'F': 1, 'C': 0})
    """
    text = text.split("%")[0].strip()
    if text in ("HP", "Hp"):  # the pipes, at home on A: F and C are sharp, whether written or not
        return 2, "mixolydian", {"F": 1, "C": 1}
    if not text or text.lower().startswith("none"):
        return 0, "major", _explicit(text)
    match = _KEY.match(text)
    if match is None:
        if text[0] in "^_=":
            return 0, "major", _explicit(text)
        if re.match(r"(clef=|treble|bass|alto|tenor|perc|octave=|transpose=|middle=|m=)", text):
            return None
        raise ScoreError(f"K:{text} is no key. Write the keynote and the mode, such as K:G or K:Ador.")
    letter, sign, word = match.groups()
    if word.lower().startswith(("clef", "treble", "bass", "alto", "tenor", "exp", "oct", "mid", "trans")):
        word = ""
    mode = _MODES.get(word if word == "m" else word.lower()[:3])
    if mode is None:
        raise ScoreError(f"K:{text} has no mode {word!r}. Write maj, min, mix, dor, phr, lyd or loc.")
    n_sharps = _MAJOR_SHARPS[letter] + 7 * {"": 0, "#": 1, "♯": 1}.get(sign, -1) + mode[1]
    if not -7 <= n_sharps <= 7:
        raise ScoreError(f"K:{text} would have {abs(n_sharps)} accidentals. Write the key that sounds alike.")
    signature = {} if re.search(r"\bexp\b", text) else signature_of(n_sharps)
    return n_sharps, mode[0], signature | _explicit(text)


@dataclass(frozen=True)
class PitchShift:
    """How far from where it is written a voice sounds; `None` is what nothing was said about.

    Parameters
    ----------
    octaves
        By ``octave=``.
    clef_octaves
        By a clef such as ``treble-8``; 0 by one without a number.
    semitones
        By ``transpose=``.
    """

    octaves: int | None = None
    clef_octaves: int | None = None
    semitones: int | None = None

    def then(self, later: PitchShift) -> PitchShift:
        """Take over what a later field says."""
        said = {name: value for name, value in vars(later).items() if value is not None}
        return replace(self, **said)


def read_shift(text: str) -> PitchShift:
    """Read what a ``V:`` or ``K:`` says of octave, clef and transposition.

    Examples
    --------
    >>> read_shift("Am clef=treble-8 transpose=-2")
    PitchShift(octaves=None, clef_octaves=-1, semitones=-2)
    >>> read_shift('T name="bass octave=1" bass')
    PitchShift(octaves=None, clef_octaves=0, semitones=None)
    """
    text = re.sub(r'(?<!clef)=\s*"[^"]*"', "=", text.split("%")[0])
    octave, clef, transpose = (pattern.search(text) for pattern in (_OCTAVE, _CLEF, _TRANSPOSE))
    return PitchShift(
        int(octave[1]) if octave else None,
        round(int(clef[1] or 0) / 8) if clef else None,  # 15 are two octaves on the staff
        int(transpose[1]) if transpose else None,
    )


def read_metre(text: str) -> tuple[int, int] | None:
    """Read the content of ``M:``; ``None`` for free metre.

    Examples
    --------
    >>> read_metre("C|"), read_metre("(2+3)/8"), read_metre("none")
    ((2, 2), (5, 8), None)
    """
    text = text.split("%")[0].strip().strip('"')
    if text in ("C", "c"):
        return 4, 4
    if text in ("C|", "c|"):
        return 2, 2
    if text == "" or text.lower().startswith(("none", "free")):
        return None
    match = re.match(r"\(?\s*([\d+ ]+?)\s*\)?\s*/\s*(\d+)", text)
    if match is None:
        raise ScoreError(f"M:{text} is no metre. Write two numbers, such as M:6/8, or M:none.")
    numerator, denominator = sum(int(n) for n in re.findall(r"\d+", match[1])), int(match[2])
    if not (1 <= numerator <= 255 and 1 <= denominator <= 128) or denominator & (denominator - 1):
        raise ScoreError(f"M:{text} is no metre. Write two numbers, such as M:6/8, or M:none.")
    return numerator, denominator


def read_length(text: str) -> Fraction:
    """Read the content of ``L:`` as a share of a whole note.

    Examples
    --------
    >>> read_length("1/8")
    Fraction(1, 8)
    """
    match = re.match(r"\s*(\d+)\s*(?:/\s*(\d+))?", text)
    if match is None or int(match[1]) == 0 or match[2] == "0" or int(match[1]) > 64:
        raise ScoreError(f"L:{text.strip()} is no length. Write a fraction, such as L:1/8.")
    return Fraction(int(match[1]), int(match[2] or 1))


def default_length(metre: tuple[int, int] | None) -> Fraction:
    """Return the unit length where ``L:`` is missing: a sixteenth in metres below 3/4, else an eighth.

    Examples
    --------
    >>> default_length((2, 4)), default_length((6, 8))
    (Fraction(1, 16), Fraction(1, 8))
    """
    is_short = metre is not None and Fraction(*metre) < Fraction(3, 4)
    return Fraction(1, 16) if is_short else Fraction(1, 8)


def read_tempo(text: str, unit: Fraction) -> float | None:
    """Read the content of ``Q:`` in quarter notes a minute; ``None`` if it is only a word.

    Examples
    --------
    >>> read_tempo('"Lively" 3/8=120', Fraction(1, 8)), read_tempo("160", Fraction(1, 8))
    (180.0, 80.0)
    """
    text = re.sub(r'"[^"]*"', "", text.split("%")[0])
    match = re.search(r"((?:\d+\s*/\s*\d+\s*)+|C\d*)\s*=\s*(\d+(?:\.\d+)?)", text)
    if match and match[1][0] == "C":
        beat, per_minute = unit * int(match[1][1:] or 1), float(match[2])
    elif match:
        parts = re.findall(r"(\d+)\s*/\s*(\d+)", match[1])
        beat = sum((Fraction(int(n), int(d)) for n, d in parts if int(d)), Fraction(0))
        per_minute = float(match[2])
    elif bare := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*", text):
        beat, per_minute = unit, float(bare[1])
    else:
        return None
    tempo_bpm = float(4 * beat) * per_minute
    return tempo_bpm if tempo_bpm > 0 else None


def _explicit(text: str) -> Signature:
    """Read the accidentals that are written out after the key."""
    return {letter.upper(): ALTERATIONS[sign] for sign, letter in _EXPLICIT.findall(text)}
