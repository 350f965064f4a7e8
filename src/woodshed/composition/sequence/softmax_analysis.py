"""Softmax analysis: seven questions to the last layer of a composer, and the numbers that answer them.

They are those of B. L. Sturm, "What do these 5,599,881 parameters mean? An analysis of a specific LSTM music
transcription model, starting with the 70,281 parameters of its softmax layer" (MUME 2018), and of his texts
that followed: what units and bias favour; by how much a logit must change to change a chance; how alike
the units are; in which directions they move the chances; what goes on while a tune is written; what is lost
with a part of it; whether it learned by heart. Two things differ: the largest direction of a softmax layer
mostly moves all logits alike, which changes nothing, so that share is told beside it; and what is cut away is
judged on whole pieces, too, and not by what is written alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer
from woodshed.composition.sequence.ablation import (
    BIAS,
    KERNEL,
    AblatedSample,
    AblationScore,
    Cut,
    cuts,
    judge,
    write_after,
)
from woodshed.composition.sequence.composer import MAX_TOKENS, TokenComposer
from woodshed.composition.sequence.step_net import RecurrentStep
from woodshed.composition.sequence.trace import Trace, gram, read_pieces
from woodshed.errors import ParameterError, check_seed
from woodshed.metrics.softmax_layer import Directions, changed_probability, correlations, decompose
from woodshed.symbolic.folk.vocabulary import BAR_LINES, WORDS
from woodshed.tokens.folk.tokenizer import END, START
from woodshed.training.progress import LearningCurve

REWRITTEN = (0, 1, 8, 64)
"""After so many cuts of each way a composer is asked to write anew."""

N_WRITTEN = 16
"""So many pieces it writes then."""

CHANGES = (-3.0, -1.0, -0.1, 0.1, 1.0, 3.0)
"""Changes of a logit on which the closed form is tried."""


@dataclass(frozen=True)
class Contexts:
    """How alike moments of a piece are to a net: mean cosines over pairs of moments of the same piece.

    Parameters
    ----------
    bars
        Both read a bar line.
    same
        Both read the same token, which is no bar line.
    others
        All pairs of which neither reads a bar line.
    mixed
        One of them reads a bar line.
    """

    bars: float
    same: float
    others: float
    mixed: float


@dataclass(frozen=True)
class Ablation:
    """What was cut, what that does to pieces that are read, and, where it was tried, what is written then."""

    cut: Cut
    judged: AblationScore
    written: AblatedSample | None


@dataclass(frozen=True, eq=False)
class SoftmaxAnalysis:
    """What was found in a composer.

    Parameters
    ----------
    vocabulary
        Its tokens.
    n_weights
        All its weights, of all layers.
    kernel, bias
        Those of its softmax layer, shapes ``(n_units, n_tokens)`` and ``(n_tokens,)``.
    traces
        Pieces that it learned from, as it reads them.
    piece
        A piece that it wrote, as it reads it.
    ablations
        What is left after cuts; nothing is removed in the first.
    curve
        How it learned; losses in nats a token.
    """

    vocabulary: tuple[str, ...]
    n_weights: int
    kernel: NDArray[np.float64]
    bias: NDArray[np.float64]
    traces: tuple[Trace, ...]
    piece: Trace
    ablations: tuple[Ablation, ...]
    curve: LearningCurve

    @functools.cached_property
    def bars(self) -> list[int]:
        """Ids of the bar lines."""
        return [number for number, word in enumerate(self.vocabulary) if word in BAR_LINES]

    @functools.cached_property
    def bias_chances(self) -> NDArray[np.float64]:
        """The chance of each token when all units are silent, and the bias alone speaks."""
        shares = np.exp(self.bias - self.bias.max())
        found: NDArray[np.float64] = shares / shares.sum()
        return found

    @functools.cached_property
    def counts(self) -> NDArray[np.int64]:
        """How often each token stands in the pieces that were read."""
        every = np.concatenate([trace.following for trace in self.traces])
        return np.bincount(every, minlength=len(self.vocabulary))

    @functools.cached_property
    def directions(self) -> Directions:
        """In which directions the units move the logits."""
        return decompose(self.kernel)

    @functools.cached_property
    def correlations(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How alike the units are to the bias, and to each other."""
        return correlations(self.kernel, self.bias)

    @functools.cached_property
    def due_bar_chances(self) -> NDArray[np.float64]:
        """The chance of the plain bar line at every moment before one, in the pieces that were read."""
        bar = self.vocabulary.index("|")
        return np.concatenate([trace.chances[trace.following == bar, bar] for trace in self.traces])

    @functools.cached_property
    def closed_form_error(self) -> float:
        """By how much the closed form misses the softmax at most, over all those moments and `CHANGES`."""
        bar = self.vocabulary.index("|")
        logits = np.concatenate([trace.log_chances[trace.following == bar] for trace in self.traces])
        worst = 0.0
        for change in CHANGES:
            moved = logits.copy()
            moved[:, bar] += change
            truth = np.exp(moved[:, bar] - np.logaddexp.reduce(moved, axis=1))
            before = np.exp(logits[:, bar])
            inside = (before > 0) & (before < 1)
            error = np.abs(changed_probability(before[inside], change) - truth[inside])
            worst = max(worst, float(error.max(initial=0.0)))
        return worst

    @functools.cached_property
    def contexts(self) -> dict[str, Contexts]:
        """How alike moments are: by the token that is read, by the chances of the next, by each layer."""
        one_hot = np.eye(len(self.vocabulary))
        views: dict[str, Callable[[Trace], NDArray[np.floating]]] = {
            "tokens read": lambda trace: one_hot[trace.ids],
            "chances of the next": lambda trace: trace.chances,
        }
        for layer in range(len(self.piece.hidden)):
            views[f"hidden values, layer {layer + 1}"] = functools.partial(Trace.layer, number=layer)
        return {name: self._contexts(view) for name, view in views.items()}

    def _contexts(self, view: Callable[[Trace], NDArray[np.floating]]) -> Contexts:
        cosines: dict[str, list[NDArray[np.float64]]] = {"bars": [], "same": [], "others": [], "mixed": []}
        for trace in self.traces:
            rows, columns = np.triu_indices(len(trace.ids), 1)
            found = gram(view(trace))[rows, columns]
            is_bar = np.isin(trace.ids, self.bars)
            n_bars = is_bar[rows].astype(int) + is_bar[columns]
            same = trace.ids[rows] == trace.ids[columns]
            chosen = {"bars": n_bars == 2, "mixed": n_bars == 1, "others": n_bars == 0}
            for name, pairs in (chosen | {"same": (n_bars == 0) & same}).items():
                cosines[name].append(found[pairs])
        joined = {name: np.concatenate(parts) for name, parts in cosines.items()}
        return Contexts(**{name: float(v.mean()) if v.size else float("nan") for name, v in joined.items()})


def analyse_softmax(
    composer: TokenComposer,
    *,
    n_read: int = 60,
    seed: int = 0,
    on_step: Callable[[], None] = lambda: None,
) -> SoftmaxAnalysis:
    """Ask the seven questions.

    Parameters
    ----------
    composer
        Fitted, and one that writes folk tokens one after the other.
    n_read
        So many of the pieces that it learned from are read, spread evenly over all.
    seed
        Source of every random draw, 0 or more.
    on_step
        Called after each of the steps that `n_steps` counts.

    Raises
    ------
    ParameterError
        If it has no softmax over folk tokens, ``n_read`` is below 1, or the seed below 0.
    NotFittedError
        If the composer has not learned.
    """
    check_explainable(composer)
    if n_read < 1:
        raise ParameterError(f"n_read must be at least 1, got {n_read!r}.")
    check_seed(seed)
    weights = composer.fitted("weights_")
    kernel, bias = (np.asarray(weights[name], np.float64) for name in (KERNEL, BIAS))
    stepper = RecurrentStep({name: np.asarray(values, np.float32) for name, values in weights.items()})
    known = [text for _, text in composer.known_]
    chosen = np.unique(np.linspace(0, len(known) - 1, min(n_read, len(known))).astype(int))
    traces = read_pieces(stepper, [composer.encode(known[k]) for k in chosen])
    (text,) = composer.sample_texts(seed=seed)
    (piece,) = read_pieces(stepper, [written_ids(text)])
    bars = [composer.vocabulary.index(word) for word in BAR_LINES]
    ablations = []
    for cut in cuts(kernel, seed):
        judged = judge(cut.kernel, bias, traces, bars)
        rewritten = cut.n_removed in REWRITTEN
        written = write_after(composer, cut.kernel, N_WRITTEN, seed) if rewritten else None
        ablations.append(Ablation(cut, judged, written))
        on_step()
    return SoftmaxAnalysis(
        vocabulary=composer.vocabulary,
        n_weights=sum(values.size for values in weights.values()),
        kernel=kernel,
        bias=bias,
        traces=tuple(traces),
        piece=piece,
        ablations=tuple(ablations),
        curve=composer.curve_,
    )


def written_ids(text: str) -> NDArray[np.int64]:
    """Turn what a net wrote by itself into ids, even where no tune may have such a token.

    Examples
    --------
    >>> written_ids("M:4/4 <s> |").tolist()
    [0, 4, 0, 13, 1]
    """
    ids = [START, *map(WORDS.index, text.split())]
    return np.array(ids if len(ids) >= MAX_TOKENS else [*ids, END])


def check_explainable(model: object) -> None:
    """Refuse a model whose last layer is no softmax over folk tokens.

    Raises
    ------
    ParameterError
        If it is a model that listens, or one that writes in another way.
    """
    task = getattr(model, "task", type(model).__name__)
    if not isinstance(model, Composer):
        raise ParameterError(
            f"This is a model for {task}, which listens and does not write. What is explained is the last "
            "layer of a model that writes tokens one after the other, as the jobs called tune do."
        )
    weights = model.fitted("weights_") if model.vocabulary == WORDS else {}
    if KERNEL not in weights:
        raise ParameterError(
            f"This is a model for {task}, which does not write folk tokens one after the other. What is "
            "explained is the last layer of a model that does: one for tune."
        )
    if len(weights[KERNEL]) < 2:
        raise ParameterError("The last layer of this model has one unit, in which there is nothing to find.")


def count_steps(composer: TokenComposer) -> int:
    """Return how often `analyse_softmax` calls ``on_step``."""
    return sum(1 for _ in cuts(np.asarray(composer.fitted("weights_")[KERNEL], np.float64)))
