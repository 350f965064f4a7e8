"""Generators: what makes new scores, texts or sounds, trained or not, and what a user may ask of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from woodshed.composition.generation import EvaluatedGeneration, Generation, ReferenceSet
from woodshed.composition.sampling import Sampler
from woodshed.errors import ParameterError, check_seed, flag_of, near_miss
from woodshed.training.estimator import Estimator

ENDINGS = ("home", "any")
"""Where a piece of music may end."""

DEFAULT_BARS, MAX_BARS = 8, 64

MAX_TRIES = 20
"""Maximum number of items that are generated for each accepted one."""


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
                if not hint.startswith("Did"):
                    hint = f"Supported: {', '.join(flags.values()) or 'none'}."
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


@dataclass(frozen=True, kw_only=True)
class GridRequest(MusicRequest):
    """What a user asks of new music on a grid.

    Parameters
    ----------
    bars
        Number of bars of four quarter notes, 1 to 64; 8 by default.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    bars: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bars is not None and not 1 <= self.bars <= MAX_BARS:
            raise ParameterError(f"--bars must be from 1 to {MAX_BARS}, got {self.bars!r}.")

    @property
    def n_bars(self) -> int:
        """Number of bars, or the default."""
        return self.bars or DEFAULT_BARS


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


@dataclass(kw_only=True, eq=False)
class Generator(Estimator, ABC):
    """Base class of all generators; one that is not trained needs `generations` alone.

    A subclass is a dataclass whose fields are its settings.

    Examples
    --------
    >>> import numpy as np
    >>> from woodshed.composition.generation import TextGeneration
    >>> @dataclass(kw_only=True, eq=False)
    ... class Dice(Generator):
    ...     task: ClassVar[str] = "dice"
    ...     n_sides: int = 6
    ...     def generations(self, request, numbers, *, seed):
    ...         draws = [np.random.default_rng([seed, k]).integers(self.n_sides) for k in numbers]
    ...         return [TextGeneration(f"{draw + 1}") for draw in draws]
    >>> Dice(n_sides=20).sample(n=2, seed=1) == Dice(n_sides=20).sample(n=4, seed=1)[:2]
    True
    """

    verbs: ClassVar[tuple[str, ...]] = ("generate", "info")
    methods: ClassVar[tuple[str, ...]] = ("sample",)
    task: ClassVar[str]
    """Name of the task, which is also what an item is called."""

    request_class: ClassVar[type[Request]] = Request
    """What can be asked of new items."""

    n_parallel: ClassVar[int] = 32
    """Maximum number of items that are generated at once."""

    def check_settings(self) -> None:
        """Refuse settings that are out of range.

        Raises
        ------
        ParameterError
            If one is.
        """

    @abstractmethod
    def generations(self, request: Any, numbers: range, *, seed: int) -> Sequence[Generation]:
        """Generate the items of some numbers; each depends on the request, the seed and its number alone."""

    def sample(
        self, request: Request | None = None, n: int = 1, *, seed: int = 0, first: int = 0
    ) -> list[Generation]:
        """Generate new items.

        Parameters
        ----------
        request
            An instance of ``request_class``; None asks for nothing in particular.
        n
            Number of items.
        seed, first
            Item ``k``, counted from ``first``, depends on the seed, ``k`` and the request alone.

        Raises
        ------
        ParameterError
            If an argument is out of range, or the request cannot be met.
        NotFittedError
            If the generator has to be fitted first.
        """
        request = self.request_class() if request is None else request
        if not isinstance(request, self.request_class):
            raise ParameterError(
                f"{type(self).__name__}.sample expects a {self.request_class.__name__}, "
                f"got {type(request).__name__}."
            )
        check_seed(seed)
        if n < 1 or first < 0:
            raise ParameterError(f"sample expects n >= 1 and first >= 0, got {n!r} and {first!r}.")
        return list(self.generations(request, range(first, first + n), seed=seed))

    @property
    def reference_set(self) -> ReferenceSet:
        """The training data that new items are compared with; empty for a generator that is not trained."""
        return ReferenceSet()


def generate(
    generator: Generator,
    request: Request | None = None,
    n: int = 1,
    *,
    seed: int = 0,
    on_item: Callable[[int], None] = lambda n_done: None,
) -> list[EvaluatedGeneration]:
    """Generate items that meet a request, and compare each with the training data.

    Parameters
    ----------
    generator
        Fitted, if it is one that is trained.
    request
        An instance of its ``request_class``; None asks for nothing in particular.
    n
        Number of items.
    seed
        Seed of all random draws.
    on_item
        Called with the number of accepted items.

    Raises
    ------
    ParameterError
        If the request cannot be met, or too few items are accepted.
    """
    request = generator.request_class() if request is None else request
    accepted: list[EvaluatedGeneration] = []
    reasons: Counter[str] = Counter()
    n_tried = 0
    while len(accepted) < n:
        if n_tried >= MAX_TRIES * n:
            why = "; ".join(f"{reason}: {count}" for reason, count in reasons.most_common())
            raise ParameterError(
                f"Only {len(accepted)} of {n_tried} samples were accepted ({why}). Relax the request or "
                "raise the temperature."
            )
        n_now = min(n - len(accepted), generator.n_parallel)
        for generation in generator.sample(request, n_now, seed=seed, first=n_tried):
            item = EvaluatedGeneration(
                name=f"{generator.task}-{len(accepted) + 1:02d}",
                generation=generation,
                novelty=generator.reference_set.compare(generation),
            )
            reason = request.rejection_reason(generation)
            if 0 <= request.max_copied_run < item.least_novel.copied_run:
                unit = item.least_novel.run_unit
                reason = f"copies more than {request.max_copied_run} {unit}s in a row (--max-copied-{unit}s)"
            if reason:
                reasons[reason] += 1
            else:
                accepted.append(item)
                on_item(len(accepted))
        n_tried += n_now
    return accepted
