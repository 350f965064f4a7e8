"""Lobotomy: take something away from the softmax layer of a composer, and see what it can no longer do.

The layers below stay whole. So what they hand upwards while they read a piece is the same before and after,
and only the last product is made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sampling import log_softmax
from woodshed.composition.sequence.composer import TokenComposer
from woodshed.composition.sequence.trace import Trace
from woodshed.metrics.softmax_layer import decompose, effects
from woodshed.symbolic.folk.bar import bar_errors
from woodshed.symbolic.folk.vocabulary import BAR_LINES, METRES, MODES

Kernel = NDArray[np.float64]

KERNEL, BIAS = "logits/kernel", "logits/bias"
"""Names of the layer's weights."""

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""So many directions or units are removed, as far as there are so many."""


@dataclass(frozen=True)
class Cut:
    """A softmax layer from which something was removed.

    Parameters
    ----------
    what
        What was removed, in words.
    way
        What they have in common that were removed: ``largest directions``, ``units at random``, …
    n_removed
        How many.
    kernel
        What is left, shape ``(n_units, n_tokens)``.
    """

    what: str
    way: str
    n_removed: int
    kernel: Kernel


@dataclass(frozen=True)
class AblationScore:
    """What a cut does to the chances in pieces that are read.

    Parameters
    ----------
    bits
        Mean surprise at a token, in bits.
    bar_chance
        Mean chance of a bar line over all moments.
    due_bar_chance
        Mean chance of a bar line over the moments before one.
    """

    bits: float
    bar_chance: float
    due_bar_chance: float


@dataclass(frozen=True)
class AblatedSample:
    """What a composer writes after a cut, by itself: no rule sees to it that bars add up.

    Parameters
    ----------
    texts
        The pieces in tokens.
    whole_share
        Share of the pieces that begin with a metre and a mode and whose bars all add up.
    bar_share
        Share of bar lines among the tokens.
    """

    texts: tuple[str, ...]
    whole_share: float
    bar_share: float


def cuts(kernel: Kernel, seed: int = 0) -> Iterator[Cut]:
    """Remove directions from the largest and from the smallest, and units from the strongest and at random.

    Parameters
    ----------
    kernel
        Shape ``(n_units, n_tokens)``.
    seed
        Source of the random order of the units.

    Examples
    --------
    >>> [cut.what for cut in cuts(np.eye(3))][:4]
    ['nothing', 'largest direction', '2 largest directions', 'smallest direction']
    """
    directions = decompose(kernel)
    n_units = len(kernel)
    strongest = np.argsort(-np.linalg.norm(effects(kernel), axis=1), kind="stable")
    at_random = np.random.default_rng(seed).permutation(n_units)
    yield Cut("nothing", "nothing", 0, kernel)
    for way, order in (
        ("largest directions", np.arange(directions.rank)),
        ("smallest directions", np.arange(directions.rank)[::-1]),
    ):
        for n in (n for n in COUNTS if n < len(order)):
            yield Cut(_words(way, n), way, n, directions.without(order[:n]))
    for way, order in (("strongest units", strongest), ("units at random", at_random)):
        for n in (n for n in COUNTS if n < n_units):
            left = kernel.copy()
            left[order[:n]] = 0
            yield Cut(_words(way, n), way, n, left)


def judge(
    kernel: Kernel, bias: NDArray[np.floating], traces: Sequence[Trace], bars: Sequence[int]
) -> AblationScore:
    """Ask a softmax layer about pieces that were read.

    Parameters
    ----------
    kernel, bias
        The layer, shapes ``(n_units, n_tokens)`` and ``(n_tokens,)``.
    traces
        The pieces, as the layers below read them.
    bars
        Ids of the bar lines.
    """
    hidden = np.concatenate([trace.hidden[-1] for trace in traces])
    following = np.concatenate([trace.following for trace in traces])
    log_chances = log_softmax(hidden @ kernel + bias)
    bar_chances = np.exp(log_chances[:, list(bars)]).sum(axis=1)
    due = np.isin(following, bars)
    return AblationScore(
        bits=float(-log_chances[np.arange(len(following)), following].mean() / np.log(2)),
        bar_chance=float(bar_chances.mean()),
        due_bar_chance=float(bar_chances[due].mean()) if due.any() else float("nan"),
    )


def write_after(composer: TokenComposer, kernel: Kernel, n: int, seed: int) -> AblatedSample:
    """Let a composer write with another softmax kernel; the composer itself stays as it is."""
    other = type(composer)(**composer.get_params())
    weights = {**composer.fitted("weights_"), KERNEL: kernel.astype(np.float32)}
    other.set_learned(weights, composer.curve_, composer.known_)
    texts = other.sample_texts(n, seed=seed)
    words = [word for text in texts for word in text.split()]
    n_bars = sum(word in BAR_LINES for word in words)
    return AblatedSample(
        tuple(texts), float(np.mean([is_whole(text) for text in texts])), n_bars / max(1, len(words))
    )


def is_whole(text: str) -> bool:
    """Whether a piece begins with a metre and a mode, and has bars that all add up.

    Examples
    --------
    >>> is_whole("M:2/4 K:Cmaj C 4 | G 4 | C 4 |"), is_whole("M:2/4 K:Cmaj C 4 | G 2 | C 4 |")
    (True, False)
    """
    metre, mode, *music = [*text.split(), "", ""]
    if metre not in METRES or mode not in MODES or set(music) & {*METRES, *MODES}:
        return False
    return bool(set(music) & set(BAR_LINES)) and not bar_errors(music, metre)


def _words(way: str, n: int) -> str:
    """Write ``2 largest directions``, ``largest direction``, ``2 units at random``.

    Examples
    --------
    >>> _words("units at random", 1), _words("strongest units", 3)
    ('1 unit at random', '3 strongest units')
    """
    if n > 1:
        return f"{n} {way}"
    one = way.replace("units", "unit").replace("directions", "direction")
    return f"1 {one}" if one.startswith("unit") else one
