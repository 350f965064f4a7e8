"""Information fields of ABC: key, metre, unit note length, tempo and transposition."""

from __future__ import annotations

import re
from fractions import Fraction

from woodshed.errors import ScoreError
from woodshed.score import Mode
from woodshed.symbolic.notation import Signature, sharps_of_keynote, signature_of

_MODES: dict[str, Mode] = {
    "": "major",
    "maj": "major",
    "ion": "major",
    "m": "minor",
    "min": "minor",
    "aeo": "minor",
    "mix": "mixolydian",
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "loc": "locrian",
}
_KEY = re.compile(r"([A-G])([#b♯♭]?)(?:(?!\s+m\s*=)\s*([A-Za-z]+))?")  # m= is the middle line of the staff
_EXPLICIT = re.compile(r"(?:^|(?<=\s))(?:exp)?((?:(?:\^\^|__|[\^_=])[a-gA-G])+)(?![A-Za-z])")
_ACCIDENTAL = re.compile(r"(\^\^|__|[\^_=])([a-gA-G])")
_CLEFS = ("clef", "treble", "bass", "alto", "tenor", "perc")
_ATTRIBUTES = (*_CLEFS, "exp", "oct", "mid", "trans", "staff", "style")
_OCTAVE = re.compile(r"(?<!\S)octave\s*=\s*([+-]?\d{1,4})(?!\d)")
_TRANSPOSE = re.compile(r"(?<!\S)transpose\s*=\s*([+-]?\d{1,4})(?!\d)")
_METRE = re.compile(r"\(?\s*([\d+ ]{1,99})(?:\s*\))?\s*/\s*(\d{1,9})(?!\d)")
_BEAT = r"\d{1,9}\s*/\s*\d{1,9}"
_TEMPO = re.compile(rf"({_BEAT}(?:\s+{_BEAT}){{0,15}}|C\d{{0,9}})\s*=\s*(\d+(?:\.\d+)?)")
_CLEF = re.compile(
    r'(?<!\S)(?:clef\s*=\s*"?(?:treble|bass|alto|tenor|[GFC]|perc|none)|treble|bass|alto|tenor)\d?([+-](?:8|15))?'
    r'(?=["\s]|$)'
)
TUPLET_TIMES = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
"""Notes of a tuplet -> notes in whose time they are played, where it does not depend on the metre."""

ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
"""Accidental of ABC -> semitones."""

ACCIDENTALS = {alteration: sign for sign, alteration in ALTERATIONS.items()}
"""Semitones -> accidental of ABC."""


def read_key(text: str) -> tuple[int, Mode, Signature] | None:
    """Parse the content of a ``K:`` field.

    Returns
    -------
    tuple
        Number of sharps, mode, and signature including explicit accidentals; None if the field has only a
        clef.

    Raises
    ------
    ScoreError
        If the key is invalid.

    Examples
    --------
    >>> read_key("A mixolydian")
    (2, 'mixolydian', {'F': 1, 'C': 1})
    >>> read_key("D =c"), read_key("Dm^c")
    ((2, 'major', {'F': 1, 'C': 0}), (-1, 'minor', {'B': -1, 'C': 1}))
    """
    text = text.split("%")[0].strip()
    if re.match(r"H[Pp]\b", text):  # Highland pipes, centred on A: F and C are always sharp
        return 2, "mixolydian", {"F": 1, "C": 1} | _explicit(text[2:])
    if not text or text[0] in "^_=" or text.lower().startswith("none"):
        return 0, "major", _explicit(text[4:] if text[:1] in ("n", "N") else text)
    match = _KEY.match(text)
    if match is None:
        if text.startswith((*_CLEFS, "octave=", "transpose=", "middle=", "m=", "staff", "style")):
            return None
        raise ScoreError(
            f"Invalid key {f'K:{text}'!r}. Expected a keynote and a mode, such as K:G or K:Ador."
        )
    letter, sign, word = match.groups(default="")
    if word.lower().startswith(_ATTRIBUTES):
        word = ""
    rest = text[match.end(3 if word else 2) :]
    mode = _MODES.get(word if word == "m" else word.lower()[:3])
    if mode is None:
        raise ScoreError(f"Invalid mode {word!r} in K:{text}. Expected maj, min, mix, dor, phr, lyd or loc.")
    n_sharps = sharps_of_keynote(letter + {"♯": "#", "♭": "b"}.get(sign, sign), mode)
    if not -7 <= n_sharps <= 7:
        raise ScoreError(
            f"K:{text} has {abs(n_sharps)} accidentals; at most 7 are supported. Use the enharmonic key."
        )
    is_explicit = re.search(r"(?<![A-Za-z])exp(?![A-Za-z])", rest) is not None
    signature = {} if is_explicit else signature_of(n_sharps)
    return n_sharps, mode, signature | _explicit(rest)


def read_transposition(text: str) -> dict[str, int]:
    """Parse octave, clef and transposition in a ``V:`` or ``K:`` field.

    Returns
    -------
    dict
        Interval between the written and the sounding pitch, as far as the field sets it: ``octaves``
        (``octave=``), ``clef_octaves`` (a clef such as ``treble-8``; 0 for a clef without a number) and
        ``semitones`` (``transpose=``).

    Examples
    --------
    >>> read_transposition("Am clef=treble-8 transpose=-2")
    {'clef_octaves': -1, 'semitones': -2}
    >>> read_transposition('T name="bass octave=1" bass')
    {'clef_octaves': 0}
    """
    text = re.sub(r'(?<!clef)=\s*"[^"]*"', "=", text).split("%")[0]
    intervals = {}
    if octave := _OCTAVE.search(text):
        intervals["octaves"] = int(octave[1])
    if clef := _CLEF.search(text):
        intervals["clef_octaves"] = round(int(clef[1] or 0) / 8)  # 15 stands for two octaves
    if transpose := _TRANSPOSE.search(text):
        intervals["semitones"] = int(transpose[1])
    return intervals


def read_metre(text: str) -> tuple[int, int] | None:
    """Parse the content of an ``M:`` field; None for free metre.

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
    match = _METRE.match(text)
    numerator = sum(int(n) for n in re.findall(r"\d+", match[1])) if match else 0
    denominator = int(match[2]) if match else 0
    if not (1 <= numerator <= 255 and 1 <= denominator <= 128) or denominator & (denominator - 1):
        raise ScoreError(f"Invalid metre {f'M:{text}'!r}. Expected a fraction, such as M:6/8, or M:none.")
    return numerator, denominator


def read_length(text: str) -> Fraction:
    """Parse the content of an ``L:`` field as a fraction of a whole note.

    Examples
    --------
    >>> read_length("1/8")
    Fraction(1, 8)
    """
    match = re.match(r"\s*(\d{1,9})(?!\d)\s*(?:/\s*(\d{1,9}))?(?!\d)", text)
    if match is None or int(match[1]) == 0 or match[2] == "0" or int(match[1]) > 64:
        raise ScoreError(f"Invalid note length {f'L:{text.strip()}'!r}. Expected a fraction, such as L:1/8.")
    return Fraction(int(match[1]), int(match[2] or 1))


def default_length(metre: tuple[int, int] | None) -> Fraction:
    """Return the unit length without an ``L:`` field: a sixteenth in metres below 3/4, else an eighth.

    Examples
    --------
    >>> default_length((2, 4)), default_length((6, 8))
    (Fraction(1, 16), Fraction(1, 8))
    """
    is_short = metre is not None and Fraction(*metre) < Fraction(3, 4)
    return Fraction(1, 16) if is_short else Fraction(1, 8)


def read_tempo(text: str, unit: Fraction) -> float | None:
    """Parse the content of a ``Q:`` field in quarter notes per minute; None if it has no number.

    Examples
    --------
    >>> read_tempo('"Lively" 3/8=120', Fraction(1, 8)), read_tempo("160", Fraction(1, 8))
    (180.0, 80.0)

    A beat may be a sum of up to 16 fractions:

    >>> read_tempo("1/4 3/8=40", Fraction(1, 8))
    100.0
    """
    text = re.sub(r'"[^"]*"', "", text.split("%")[0])
    match = _TEMPO.search(text)
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
    """Parse the explicit accidentals in the text after keynote and mode, with or without spaces."""
    runs = "".join(run[1] for run in _EXPLICIT.finditer(text))
    return {letter.upper(): ALTERATIONS[sign] for sign, letter in _ACCIDENTAL.findall(runs)}
