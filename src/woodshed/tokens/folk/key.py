"""Tunes in folk tokens, which are all on C, in any other key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from woodshed.errors import ParameterError
from woodshed.score import FIFTHS_ABOVE, Mode
from woodshed.symbolic.abc.field import ACCIDENTALS
from woodshed.symbolic.folk.vocabulary import (
    BAR_LINES,
    MODE_WORDS,
    PITCH_PLACES,
    SIGNATURES,
    WORD_AT,
    pitch_of,
)
from woodshed.symbolic.spelling import LETTERS, alterations_of

_FIFTHS = ("Fb", "Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#")
_MODE_OF = {word: name for name, word in MODE_WORDS.items()}
_MODE_ENDINGS = {"major": "", "minor": "min", "dorian": "dor", "mixolydian": "mix"}
_KEY = re.compile(r"\s*([A-Ga-g][#b]?)\s*([A-Za-z]*)\s*$")


def read_key(key: str) -> tuple[str, Mode | None]:
    """Read a key that a person writes: its tonic, and its mode if it says one.

    Raises
    ------
    ParameterError
        If it is no key, or in a mode that folk tokens do not have.

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
    found = _KEY.match(key)
    mode = found[2].lower() if found else ""
    if not found or (mode and mode not in modes):
        raise ParameterError(f"{key!r} is no key that a tune can be in. Write D, Em, A dorian, G mixolydian.")
    return found[1][0].upper() + found[1][1:], modes[mode] if mode else None


def signature_of_key(tonic: str, mode: Mode) -> int:
    """Return the sharps of a key's signature; flats are negative.

    Raises
    ------
    ParameterError
        If it would have more than seven.

    Examples
    --------
    >>> signature_of_key("D", "dorian"), signature_of_key("E", "minor"), signature_of_key("Bb", "major")
    (0, 1, -2)
    """
    sharps = (_FIFTHS.index(tonic) - _FIFTHS.index("C") if tonic in _FIFTHS else 99) - FIFTHS_ABOVE[mode]
    if abs(sharps) > 7:
        raise ParameterError(
            f"The key {tonic} {mode} has more than seven sharps or flats. Take another tonic."
        )
    return sharps


def in_key(tune: str, tonic: str) -> tuple[str, list[str]]:
    """Write a tune on another tonic, in ABC's own words, moved to the nearest octave.

    To some programs an accidental holds in its own octave only, to others in all. Where that would make a
    difference, the sign is written again.

    Parameters
    ----------
    tune
        In folk tokens.
    tonic
        Such as ``D`` or ``Bb``.

    Returns
    -------
    key, words
        What to write after ``K:``, and the music: pitches in ABC, all other tokens as they are.

    Raises
    ------
    ParameterError
        If the key would have more than seven sharps or flats.

    Examples
    --------
    >>> in_key("M:6/8 K:Cdor |: C 3 ^F _E =E |", "D")
    ('Ddor', ['|:', 'D', '3', '^G', 'F', '^F', '|'])
    >>> in_key("M:6/8 K:Cmin =B b |", "C")
    ('Cmin', ['=B', '_b', '|'])
    """
    _, mode_word, *words = tune.split()
    mode: Mode = _MODE_OF[mode_word]  # type: ignore[assignment]
    name = tonic + _MODE_ENDINGS[mode]
    old = alterations_of(SIGNATURES[mode_word])
    new = alterations_of(signature_of_key(tonic, mode))
    steps, semitones = _move_to(tonic)
    heard: dict[int, int] = {}
    signs = _Signs(new)
    out = []
    for word in words:
        if word in BAR_LINES:
            heard, signs = {}, _Signs(new)
        if word not in PITCH_PLACES:
            out.append(word)
            continue
        step, accidental = PITCH_PLACES[word]
        if accidental is not None:
            heard[step] = accidental
        pitch = pitch_of(step) + heard.get(step, old[step % 7]) + semitones
        place = step + steps
        as_it_was = tonic == "C" and accidental is not None
        out.append(signs.sign(place, pitch - pitch_of(place), always=as_it_was) + _letter(place))
    return name, out


def on_root(words: Sequence[str], tonic: str, mode_word: str = "") -> list[str]:
    """Write some notes of a key on the root C: the way back from `in_key`.

    Parameters
    ----------
    words
        Tokens without bar lines, as they are read in that key: its signature is understood.
    tonic, mode_word
        The key, its mode as a token. Without a mode letters move with their lines of the staff, and
        accidentals are refused.

    Raises
    ------
    ParameterError
        If there is no token for a note, or it cannot be told which note is meant; or if the key would have
        more than seven sharps or flats.

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
        mode: Mode = _MODE_OF[mode_word]  # type: ignore[assignment]
        old = alterations_of(signature_of_key(tonic, mode))
        new = alterations_of(SIGNATURES[mode_word])
    heard: dict[int, int] = {}
    written: dict[int, int] = {}
    out = []
    for word in words:
        if word not in PITCH_PLACES:
            out.append(word)
            continue
        step, accidental = PITCH_PLACES[word]
        if accidental is not None:
            if not mode_word:
                raise ParameterError(
                    f"Which note {word} is depends on the mode. Ask for one, too: --key '{tonic} major'."
                )
            heard[step] = accidental
        place, change = step - steps, heard.get(step, old[step % 7])
        pitch = pitch_of(step) + change - semitones if mode_word else pitch_of(place)
        for here in (place, place - 1, place + 1) if mode_word else (place,):
            alteration = pitch - pitch_of(here)
            is_usual = alteration == written.get(here, new[here % 7])
            found = WORD_AT.get((here, None if is_usual else alteration))
            if found is not None:
                written[here] = alteration
                out.append(found)
                break
        else:
            raise ParameterError(f"{word} in the key of {tonic} is beyond the tokens. Take another note.")
    return out


class _Signs:
    """The accidentals of a bar, as those read it to whom they hold in one octave, and in all."""

    def __init__(self, of_key: Sequence[int]) -> None:
        self.of_key = of_key
        self.of_place: dict[int, int] = {}
        self.of_letter: dict[int, int] = {}

    def sign(self, place: int, alteration: int, *, always: bool) -> str:
        """Return what to write before a note; nothing if both read it right without."""
        letter = place % 7
        usual = self.of_key[letter]
        held = {self.of_place.get(place, usual), self.of_letter.get(letter, usual)}
        if held == {alteration} and not always:
            return ""
        self.of_place[place] = self.of_letter[letter] = alteration
        return ACCIDENTALS[alteration]


def _move_to(tonic: str) -> tuple[int, int]:
    """Return by how many lines and semitones music on the root C moves to a tonic: to the nearest octave."""
    steps = LETTERS.index(tonic[0])
    semitones = pitch_of(steps) + tonic.count("#") - tonic.count("b")
    return (steps - 7, semitones - 12) if semitones > 6 else (steps, semitones)


def _letter(step: int) -> str:
    """Write a step of the staff as ABC does.

    Examples
    --------
    >>> [_letter(step) for step in (27, 28, 35, 42, 49, 56)]
    ['B,,', 'C,', 'C', 'c', "c'", "c''"]
    """
    octave, place = divmod(step, 7)
    if octave >= 6:
        return LETTERS[place].lower() + "'" * (octave - 6)
    return LETTERS[place] + "," * (5 - octave)
