"""Text as single characters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError


@dataclass(frozen=True)
class Characters:
    r"""Conversion between text and the ids of its characters.

    Parameters
    ----------
    alphabet
        Distinct characters; the index of each is its id.

    Raises
    ------
    ParameterError
        If the alphabet is empty, or a character occurs twice.

    Examples
    --------
    >>> letters = Characters("abc ")
    >>> letters.encode("a cab").tolist()
    [0, 3, 2, 0, 1]
    >>> letters.decode([2, 0, 1])
    'cab'
    """

    alphabet: str

    def __post_init__(self) -> None:
        twice = sorted({letter for letter in self.alphabet if self.alphabet.count(letter) > 1})
        if not self.alphabet or twice:
            problem = f"{twice[0]!r} occurs twice" if twice else "it is empty"
            raise ParameterError(f"Invalid alphabet: {problem}. Use Characters.of(text).")

    @classmethod
    def of(cls, text: str) -> Characters:
        """Create a tokenizer from the characters of a text, in Unicode order.

        Examples
        --------
        >>> Characters.of("la la la").alphabet
        ' al'
        """
        return cls("".join(sorted(set(text))))

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The characters; the index of each is its id."""
        return tuple(self.alphabet)

    def encode(self, text: str) -> NDArray[np.int32]:
        """Convert a text to ids, int32 of shape ``(n_characters,)``.

        Raises
        ------
        ParameterError
            If a character is not in the alphabet; the message names it and its position.

        Examples
        --------
        >>> Characters("abc").encode("abX")
        Traceback (most recent call last):
        woodshed.errors.ParameterError: Unknown character 'X' at position 3: it is not in the alphabet of 3
        characters. Remove it, or build the alphabet from a text that has it.
        """
        numbers = {letter: number for number, letter in enumerate(self.alphabet)}
        for place, letter in enumerate(text, start=1):
            if letter not in numbers:
                raise ParameterError(
                    f"Unknown character {letter!r} at position {place}: it is not in the alphabet of "
                    f"{len(numbers)} characters. Remove it, or build the alphabet from a text that has it."
                )
        return np.array([numbers[letter] for letter in text], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> str:
        """Convert ids to a text.

        Raises
        ------
        ParameterError
            If an id is out of range.
        """
        numbers = np.asarray(ids, dtype=np.int64).ravel().tolist()
        for place, number in enumerate(numbers, start=1):
            if not 0 <= number < len(self.alphabet):
                raise ParameterError(
                    f"Invalid id {number} at position {place}. Expected 0 to {len(self.alphabet) - 1}."
                )
        return "".join(self.alphabet[number] for number in numbers)
