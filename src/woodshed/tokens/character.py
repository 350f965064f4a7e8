"""Text as single characters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError


@dataclass(frozen=True)
class Characters:
    r"""Text <-> ids of its characters.

    Parameters
    ----------
    alphabet
        The characters that there are, each once; the place of each is its id.

    Raises
    ------
    ParameterError
        If the alphabet is empty, or a character comes twice.

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
            found = f"{twice[0]!r} is there twice" if twice else "it is empty"
            raise ParameterError(f"An alphabet has each character once; {found}. Use Characters.of(text).")

    @classmethod
    def of(cls, text: str) -> Characters:
        """Take the alphabet from a text, in the order of Unicode.

        Examples
        --------
        >>> Characters.of("la la la").alphabet
        ' al'
        """
        return cls("".join(sorted(set(text))))

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The characters; the place of each is its id."""
        return tuple(self.alphabet)

    def encode(self, text: str) -> NDArray[np.int32]:
        """Turn a text into ids, int32 of shape ``(n_characters,)``.

        Raises
        ------
        ParameterError
            If a character is not in the alphabet; it is named with its place.

        Examples
        --------
        >>> Characters("abc").encode("abX")
        Traceback (most recent call last):
        woodshed.errors.ParameterError: 'X', the character at place 3, is not in the alphabet of 3. Leave it
        out, or take the alphabet from a text that has it.
        """
        numbers = {letter: number for number, letter in enumerate(self.alphabet)}
        for place, letter in enumerate(text, start=1):
            if letter not in numbers:
                raise ParameterError(
                    f"{letter!r}, the character at place {place}, is not in the alphabet of "
                    f"{len(numbers)}. Leave it out, or take the alphabet from a text that has it."
                )
        return np.array([numbers[letter] for letter in text], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> str:
        """Turn ids into a text.

        Raises
        ------
        ParameterError
            If an id is out of range.
        """
        numbers = np.asarray(ids, dtype=np.int64).ravel().tolist()
        for place, number in enumerate(numbers, start=1):
            if not 0 <= number < len(self.alphabet):
                raise ParameterError(
                    f"{number}, the id at place {place}, is no character: ids go from 0 to "
                    f"{len(self.alphabet) - 1}."
                )
        return "".join(self.alphabet[number] for number in numbers)
