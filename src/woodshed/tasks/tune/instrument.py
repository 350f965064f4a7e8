"""Instruments for which tunes are written: range and keys."""

from __future__ import annotations

from dataclasses import dataclass

from woodshed.errors import ParameterError, near_miss


@dataclass(frozen=True)
class Instrument:
    """What can be played on an instrument without special technique.

    Parameters
    ----------
    low_midi, high_midi
        Lowest and highest written note, as MIDI pitches.
    fewest_sharps, most_sharps
        Key signatures in which it is usual to play; flats are negative.
    """

    low_midi: int
    high_midi: int
    fewest_sharps: int
    most_sharps: int

    def plays_signature(self, n_sharps: int) -> bool:
        """Return whether a key signature is usual on it."""
        return self.fewest_sharps <= n_sharps <= self.most_sharps


INSTRUMENTS = {
    "fiddle": Instrument(55, 83, -3, 4),  # G3 to B5, in first position
    "mandolin": Instrument(55, 83, -3, 4),
    "banjo": Instrument(55, 83, -2, 3),  # tenor banjo in GDAE, written an octave higher than it sounds
    "whistle": Instrument(62, 83, 1, 2),  # D4 to B5 as written, for a whistle in D
    "flute": Instrument(62, 86, 1, 2),  # a keyless flute in D, up to D6
    "pipes": Instrument(62, 86, 1, 2),  # chanter of uilleann pipes in D
    "concertina": Instrument(55, 86, 0, 3),  # Anglo concertina in C/G
    "accordion": Instrument(55, 86, -1, 3),
}
"""Name of an instrument -> what can be played on it."""


ALL_KEYS = {"fewest_sharps": -7, "most_sharps": 7}
"""Key signatures of an instrument that is not restricted to its usual keys."""


def find_instrument(name: str) -> Instrument:
    """Return an instrument by its name.

    Raises
    ------
    ParameterError
        If it is unknown.

    Examples
    --------
    >>> find_instrument("whistle").plays_signature(-2)  # B flat major
    False
    """
    if name not in INSTRUMENTS:
        raise ParameterError(f"Unknown instrument {name!r}. {near_miss(name, INSTRUMENTS)}")
    return INSTRUMENTS[name]
