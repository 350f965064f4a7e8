"""Transposition of folk tokens, whose tonic is always C, to other keys and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from woodshed.errors import ParameterError
from woodshed.score import Mode
from woodshed.symbolic.abc.field import ACCIDENTALS, ALTERATIONS
from woodshed.symbolic.folk.vocabulary import (
    BAR_LINES,
    MODE_NAMES,
    SIGNATURES,
    Speller,
    pitch_of,
    sounding,
)
from woodshed.symbolic.notation import LETTERS, alterations_of, sharps_of_keynote

_MODE_ENDINGS = {"major": "", "minor": "min", "dorian": "dor", "mixolydian": "mix"}
_KEY = re.compile(r"\s*([A-Ga-g][#b]?)\s*([A-Za-z]*)\s*$")


def read_key(key: str) -> tuple[str, Mode | None]:
    """Parse a key entered by a user: its tonic, and its mode if given.

    Raises
    ------
    ParameterError
        If the key is invalid, or in a mode without a folk token.

    Examples
    --------
    >>> read_key("D dorian"), read_key("Em"), read_key("Bb"), read_key("Amix"), read_key("minor")
    (('D', 'dorian'), ('E', 'minor'), ('Bb', None), ('A', 'mixolydian'), ('C', 'minor'))
    """
    modes: dict[str, Mode] = {
        **dict.fromkeys(("m", "min", "minor", "aeolian"), "minor"),
        **dict.fromkeys(("maj", "major", "ionian"), "major"),
        **dict.fromkeys(("dor", "dorian"), "dorian"),
        **dict.fromkeys(("mix", "mixolydian"), "mixolydian"),
    }
    if key.strip().lower() in modes:
        return "C", modes[key.strip().lower()]
    match = _KEY.match(key)
    mode = match[2].lower() if match else ""
    if not match or (mode and mode not in modes):
        raise ParameterError(f"Invalid key {key!r}. Expected a key such as D, Em, A dorian or G mixolydian.")
    return match[1][0].upper() + match[1][1:], modes[mode] if mode else None


def signature_of_key(tonic: str, mode: Mode) -> int:
    """Return the number of sharps of a key signature; flats are negative.

    Raises
    ------
    ParameterError
        If it has more than seven.

    Examples
    --------
    >>> signature_of_key("D", "dorian"), signature_of_key("E", "minor"), signature_of_key("Bb", "major")
    (0, 1, -2)
    """
    n_sharps = sharps_of_keynote(tonic, mode)
    if abs(n_sharps) > 7:
        raise ParameterError(
            f"The key {tonic} {mode} has more than seven sharps or flats. Use an enharmonic tonic."
        )
    return n_sharps


def in_key(tune: str, tonic: str) -> tuple[str, list[str]]:
    """Transpose a tune to another tonic and spell it in ABC, in the nearest octave.

    Some programs apply an accidental to its own octave only, others to all. Where that would make a
    difference, the accidental is repeated.

    Parameters
    ----------
    tune
        Tune in folk tokens.
    tonic
        Tonic such as ``D`` or ``Bb``.

    Returns
    -------
    key, words
        Content of the ``K:`` field, and the music: pitches in ABC, all other tokens unchanged.

    Raises
    ------
    ParameterError
        If the key has more than seven sharps or flats.

    Examples
    --------
    >>> in_key("M:6/8 K:Cdor |: C 3 ^F _E =E |", "D")
    ('Ddor', ['|:', 'D', '3', '^G', 'F', '^F', '|'])
    >>> in_key("M:6/8 K:Cmin =B b |", "C")
    ('Cmin', ['=B', '_b', '|'])
    """
    _, mode_word, *words = tune.split()
    mode = MODE_NAMES[mode_word]
    name = tonic + _MODE_ENDINGS[mode]
    old = alterations_of(SIGNATURES[mode_word])
    new = alterations_of(signature_of_key(tonic, mode))
    steps, semitones = _move_to(tonic)
    accidentals = _Accidentals(new)
    out = []
    for word, step, pitch in sounding(words, old):
        if word in BAR_LINES:
            accidentals = _Accidentals(new)
        if pitch is None:
            out.append(word)
            continue
        place = step + steps
        alteration = pitch + semitones - pitch_of(place)
        is_explicit = tonic == "C" and word[0] in ALTERATIONS
        out.append(accidentals.before(place, alteration, always=is_explicit) + _letter(place))
    return name, out


def on_root(words: Sequence[str], tonic: str, mode_word: str = "") -> list[str]:
    """Transpose notes of a key to the tonic C; the inverse of `in_key`.

    Parameters
    ----------
    words
        Tokens without bar lines, under the signature of the key.
    tonic, mode_word
        Tonic of the key, and its mode as a token. Without a mode, letters move with their staff lines, and
        accidentals are not accepted.

    Raises
    ------
    ParameterError
        If there is no token for a note, an accidental needs a mode, or the key has more than seven sharps or
        flats.

    Examples
    --------
    >>> on_root("c 2 B _B ^F 2".split(), "D", "K:Cdor"), on_root(["F"], "D")
    (['B', '2', 'A', '_A', '=E', '2'], ['E'])
    """
    if tonic == "C":
        return list(words)
    steps, semitones = _move_to(tonic)
    old = new = [0] * len(LETTERS)
    if mode_word:
        mode = MODE_NAMES[mode_word]
        old = alterations_of(signature_of_key(tonic, mode))
        new = alterations_of(SIGNATURES[mode_word])
    speller = Speller(new)
    out = []
    for word, step, pitch in sounding(words, old):
        if pitch is None:
            out.append(word)
            continue
        if word[0] in ALTERATIONS and not mode_word:
            raise ParameterError(
                f"The pitch of {word} depends on the mode. Add one, such as --key '{tonic} major'."
            )
        place = step - steps
        if mode_word:
            token = speller.word((place, place - 1, place + 1), pitch - semitones)
        else:
            token = speller.word((place,), pitch_of(place))
        if token is None:
            raise ParameterError(f"There is no token for {word} in the key of {tonic}. Use another note.")
        out.append(token)
    return out


class _Accidentals:
    """Accidentals of a bar under both conventions: valid in their octave, and in all octaves."""

    def __init__(self, of_key: Sequence[int]) -> None:
        self.of_key = of_key
        self.of_place: dict[int, int] = {}
        self.of_letter: dict[int, int] = {}

    def before(self, place: int, alteration: int, *, always: bool) -> str:
        """Return the accidental of a note; empty if it is implied under both conventions."""
        letter = place % 7
        default = self.of_key[letter]
        implied = {self.of_place.get(place, default), self.of_letter.get(letter, default)}
        if implied == {alteration} and not always:
            return ""
        self.of_place[place] = self.of_letter[letter] = alteration
        return ACCIDENTALS[alteration]


def semitones_to(tonic: str) -> int:
    """Return the semitones by which `in_key` moves a tune from C to a tonic.

    Examples
    --------
    >>> semitones_to("D"), semitones_to("G"), semitones_to("Bb")
    (2, -5, -2)
    """
    return _move_to(tonic)[1]


def _move_to(tonic: str) -> tuple[int, int]:
    """Return the staff steps and semitones from C to the nearest octave of a tonic."""
    steps = LETTERS.index(tonic[0])
    semitones = pitch_of(steps) + tonic.count("#") - tonic.count("b")
    return (steps - 7, semitones - 12) if semitones > 6 else (steps, semitones)


def _letter(step: int) -> str:
    """Return a staff step as a letter of ABC.

    Examples
    --------
    >>> [_letter(step) for step in (27, 28, 35, 42, 49, 56)]
    ['B,,', 'C,', 'C', 'c', "c'", "c''"]
    """
    octave, place = divmod(step, 7)
    if octave >= 6:
        return LETTERS[place].lower() + "'" * (octave - 6)
    return LETTERS[place] + "," * (5 - octave)
