"""Requests: what a user may ask of new generations, validated on construction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from woodshed.composition.generation import Generation
from woodshed.composition.sampling import Sampler
from woodshed.errors import ParameterError, near_miss

ENDINGS = ("home", "any")
"""Where a piece of music may end."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asks of new generations; every generator has a subclass with its own options.

    The fields are the options: command-line flags and their help are derived from them.
    """

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, task: str) -> Self:
        """Make a request from options by name.

        Raises
        ------
        ParameterError
            If the task has no such option; the message names it and those that exist.

        Examples
        --------
        >>> MusicRequest.from_options({"temperature": 0.5}, task="tune").temperature
        0.5
        >>> MusicRequest.from_options({"harmonise": "a.mid"}, task="tune")
        Traceback (most recent call last):
        woodshed.errors.ParameterError: --harmonise is not supported by task 'tune'. Supported:
        --temperature, --max-copied-bars.
        """
        flags = {option.name: flag_of(option.name) for option in fields(cls) if option.init}
        for name in options:
            if name not in flags:
                flag = flag_of(name)
                hint = near_miss(flag, flags.values(), similarity=0.8)  # a flag of another task is not a typo
                hint = (
                    hint if hint.startswith("Did") else f"Supported: {', '.join(flags.values()) or 'none'}."
                )
                raise ParameterError(f"{flag} is not supported by task {task!r}. {hint}")
        return cls(**options)

    @property
    def max_copied_run(self) -> int:
        """Longest copy of the training data that is accepted, in the unit of the novelty report; -1: any."""
        return -1

    @property
    def description(self) -> str:
        """The settings of the sampling as text, for the page."""
        return ""

    def rejection_reason(self, generation: Generation) -> str:
        """Return the reason for rejecting a generation, or "" to accept it."""
        return ""


@dataclass(frozen=True, kw_only=True)
class MusicRequest(Request):
    """What a user asks of new music.

    Parameters
    ----------
    temperature
        Above 1 more varied than the training data, below 1 more conservative. The default depends on the
        task.
    max_copied_bars
        Reject a piece that copies more bars in a row, in a voice that was not given; below 0 accepts all.

    Raises
    ------
    ParameterError
        If the temperature is not above 0.
    """

    temperature: float | None = None
    max_copied_bars: int | None = None

    def __post_init__(self) -> None:
        Sampler(temperature=self.sampling_temperature)

    @property
    def sampling_temperature(self) -> float:
        """The temperature, or its default."""
        return 1.0 if self.temperature is None else self.temperature

    @property
    def max_copied_run(self) -> int:
        """Longest copy that is accepted, in bars; below 0 any."""
        return -1 if self.max_copied_bars is None else self.max_copied_bars

    @property
    def description(self) -> str:
        """The temperature as text."""
        return f"at temperature {self.sampling_temperature:g}"


def check_ending(ends: str | None) -> None:
    """Refuse an ending that is not one of `ENDINGS`.

    Raises
    ------
    ParameterError
        If there is no such ending.

    Examples
    --------
    >>> check_ending("hom")
    Traceback (most recent call last):
    woodshed.errors.ParameterError: Unknown ending 'hom'. Did you mean home?
    """
    if ends not in (None, *ENDINGS):
        raise ParameterError(f"Unknown ending {ends!r}. {near_miss(ends, ENDINGS)}")


def flag_of(name: str) -> str:
    """Return the command-line flag of an option; a name that is a Python keyword ends with ``_``.

    Examples
    --------
    >>> flag_of("top_k"), flag_of("continue_")
    ('--top-k', '--continue')
    """
    return f"--{name.rstrip('_').replace('_', '-')}"
