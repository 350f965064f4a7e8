"""Analysis of the softmax layer of a composer: bias, units, singular value decomposition, activity, ablation.

The analysis follows B. L. Sturm, "What do these 5,599,881 parameters mean? An analysis of a specific LSTM
music transcription model, starting with the 70,281 parameters of its softmax layer" (MUME 2018), and his
later texts. It differs in two points. The largest singular direction of a softmax layer mostly moves all
logits by the same amount, which changes no probability, so this share is reported as well. And ablated layers
are scored on complete pieces, in addition to what they generate.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer
from woodshed.composition.sampling import log_softmax
from woodshed.composition.sequence.composer import MAX_TOKENS, TokenComposer
from woodshed.composition.sequence.step_net import EMBEDDING, RecurrentStep
from woodshed.errors import ParameterError, check_seed
from woodshed.metrics.softmax_layer import Directions, correlations, decompose, effects
from woodshed.symbolic.folk.vocabulary import BAR_LINES, METRES, MODES, WORDS, bar_errors
from woodshed.tokens.folk.tokenizer import END, START
from woodshed.training.progress import LearningCurve

KERNEL, BIAS = "logits/kernel", "logits/bias"
"""Names of the weights of the softmax layer."""

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Numbers of directions or units that are removed, as far as the layer has more."""

SAMPLED_COUNTS = (0, 1, 8, 64)
"""Numbers of removed directions or units after which new pieces are generated."""

N_SAMPLES = 16
"""Number of pieces that are generated after such a removal."""

Ids = NDArray[np.integer]


@dataclass(frozen=True)
class Trace:
    """Hidden values and predictions of a recurrent net along one piece. Each step reads a token.

    Parameters
    ----------
    ids
        Shape ``(n_steps,)``: the input tokens.
    targets
        Shape ``(n_steps,)``: the tokens that follow them.
    hidden
        Shape ``(n_layers, n_steps, n_units)``: output of each layer, from -1 to 1.
    log_probabilities
        Shape ``(n_steps, n_tokens)``: log-probabilities of the next token, in nats.
    """

    ids: Ids
    targets: Ids
    hidden: NDArray[np.float32]
    log_probabilities: NDArray[np.float64]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probabilities of the next token, shape ``(n_steps, n_tokens)``."""
        return np.exp(self.log_probabilities)


def trace_pieces(stepper: RecurrentStep, rows: Sequence[Ids]) -> list[Trace]:
    """Run a net over pieces in parallel, and record its hidden values and predictions.

    Parameters
    ----------
    stepper
        The net.
    rows
        Token ids of each piece, two or more.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"lstm_1/kernel": (5, 16), "lstm_1/recurrent_kernel": (4, 16), "lstm_1/bias": (16,),
    ...           "logits/kernel": (4, 5), "logits/bias": (5,)}
    >>> weights = {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    >>> traces = trace_pieces(RecurrentStep(weights), [np.array([0, 2, 1]), np.array([0, 3, 4, 2, 1])])
    >>> [trace.hidden.shape for trace in traces], traces[1].probabilities.shape
    ([(1, 2, 4), (1, 4, 4)], (4, 5))
    """
    state = stepper.start(len(rows))
    stride = stepper.n_states // stepper.n_layers  # an LSTM layer has two states; the first is its output
    hidden, logits = [], []
    for step in range(max(map(len, rows)) - 1):
        tokens = np.array([row[min(step, len(row) - 1)] for row in rows])
        step_logits, state = stepper(tokens, state)
        hidden.append(np.stack(state[::stride]))  # (n_layers, n_rows, n_units)
        logits.append(step_logits)
    all_hidden, all_logits = np.stack(hidden, axis=2), np.stack(logits, axis=1)
    return [
        Trace(
            row[:-1],
            row[1:],
            all_hidden[:, k, : len(row) - 1],
            log_softmax(all_logits[k, : len(row) - 1]),
        )
        for k, row in enumerate(rows)
    ]


def cosine_similarity(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute the cosine similarity of all pairs of rows.

    Parameters
    ----------
    rows
        Shape ``(n, n_values)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, n)``, from -1 to 1; 0 for a row of zeros.

    Examples
    --------
    >>> cosine_similarity(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))[0].tolist()
    [1.0, 1.0, 0.0]
    """
    values = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    cosines: NDArray[np.float64] = values @ values.T
    return cosines


@dataclass(frozen=True)
class Ablation:
    """A softmax kernel from which directions or units were removed.

    Parameters
    ----------
    method
        How they were chosen, such as ``units at random``; ``nothing`` if none were removed.
    n_removed
        Number of removed directions or units.
    kernel
        The remaining kernel, shape ``(n_units, n_tokens)``.
    """

    method: str
    n_removed: int
    kernel: NDArray[np.float64]

    @property
    def description(self) -> str:
        """What was removed, such as ``2 largest directions`` or ``largest direction``.

        Examples
        --------
        >>> Ablation("units at random", 1, np.eye(3)).description
        '1 unit at random'
        """
        if self.n_removed > 1:
            return f"{self.n_removed} {self.method}"
        singular = self.method.replace("units", "unit").replace("directions", "direction")
        return f"1 {singular}" if singular.startswith("unit") else singular


@dataclass(frozen=True)
class AblationScore:
    """Predictions of an ablated layer on existing pieces.

    Parameters
    ----------
    bits
        Mean cross-entropy in bits per token.
    bar_probability
        Mean probability of a bar line over all steps.
    due_bar_probability
        Mean probability of a bar line over the steps before one.
    """

    bits: float
    bar_probability: float
    due_bar_probability: float


@dataclass(frozen=True)
class AblatedSample:
    """Pieces generated by an ablated layer, without token constraints.

    Parameters
    ----------
    texts
        The pieces as tokens.
    valid_share
        Share of pieces that begin with a metre and a mode and contain only complete bars.
    bar_share
        Share of bar lines among the tokens.
    """

    texts: tuple[str, ...]
    valid_share: float
    bar_share: float


@dataclass(frozen=True)
class AblationResult:
    """An ablation, its score, and a sample where one was generated."""

    ablation: Ablation
    score: AblationScore
    sample: AblatedSample | None


def ablations(kernel: NDArray[np.float64], seed: int = 0) -> Iterator[Ablation]:
    """Remove the largest and the smallest directions, the strongest units, and units at random.

    Parameters
    ----------
    kernel
        Shape ``(n_units, n_tokens)``.
    seed
        Seed of the random order of the units.

    Examples
    --------
    >>> [ablation.description for ablation in ablations(np.eye(3))][:4]
    ['nothing', 'largest direction', '2 largest directions', 'smallest direction']
    """
    directions = decompose(kernel)

    def without_units(numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        remaining = kernel.copy()
        remaining[numbers] = 0
        return remaining

    yield Ablation("nothing", 0, kernel)
    by_size = np.arange(directions.rank)
    strongest = np.argsort(-np.linalg.norm(effects(kernel), axis=1), kind="stable")
    at_random = np.random.default_rng(seed).permutation(len(kernel))
    for method, order, without in (
        ("largest directions", by_size, directions.without),
        ("smallest directions", by_size[::-1], directions.without),
        ("strongest units", strongest, without_units),
        ("units at random", at_random, without_units),
    ):
        for n in COUNTS:
            if n < len(order):
                yield Ablation(method, n, without(order[:n]))


def score_kernel(
    kernel: NDArray[np.float64], bias: NDArray[np.floating], traces: Sequence[Trace], bars: Sequence[int]
) -> AblationScore:
    """Score a softmax layer on traced pieces. The layers below are unchanged, so their output is reused.

    Parameters
    ----------
    kernel, bias
        The layer, shapes ``(n_units, n_tokens)`` and ``(n_tokens,)``.
    traces
        The pieces.
    bars
        Token ids of the bar lines.
    """
    hidden = np.concatenate([trace.hidden[-1] for trace in traces])
    targets = np.concatenate([trace.targets for trace in traces])
    log_probabilities = log_softmax(hidden @ kernel + bias)
    bar_probabilities = np.exp(log_probabilities[:, list(bars)]).sum(axis=1)
    due = np.isin(targets, bars)
    return AblationScore(
        bits=float(-log_probabilities[np.arange(len(targets)), targets].mean() / np.log(2)),
        bar_probability=float(bar_probabilities.mean()),
        due_bar_probability=float(bar_probabilities[due].mean()) if due.any() else float("nan"),
    )


def sample_with_kernel(
    composer: TokenComposer, kernel: NDArray[np.float64], n_pieces: int, seed: int
) -> AblatedSample:
    """Generate pieces with another softmax kernel; the composer itself is not changed."""
    ablated = type(composer)(**composer.get_params())
    weights = {**composer.fitted("weights_"), KERNEL: kernel.astype(np.float32)}
    ablated.set_learned(weights, composer.curve_, composer.known_)
    texts = ablated.sample_texts(n_pieces, seed=seed)
    words = [word for text in texts for word in text.split()]
    n_bars = sum(word in BAR_LINES for word in words)
    return AblatedSample(
        tuple(texts), float(np.mean([is_valid_tune(text) for text in texts])), n_bars / max(1, len(words))
    )


def is_valid_tune(text: str) -> bool:
    """Return whether a tune begins with a metre and a mode and contains only complete bars.

    Examples
    --------
    >>> is_valid_tune("M:2/4 K:Cmaj C 4 | G 4 | C 4 |"), is_valid_tune("M:2/4 K:Cmaj C 4 | G 2 | C 4 |")
    (True, False)
    """
    metre, mode, *music = [*text.split(), "", ""]
    if metre not in METRES or mode not in MODES or set(music) & {*METRES, *MODES}:
        return False
    return bool(set(music) & set(BAR_LINES)) and not bar_errors(music, metre)


@dataclass(frozen=True)
class StepSimilarity:
    """Mean cosine similarity over pairs of steps of the same piece.

    Parameters
    ----------
    bars
        Pairs that both read a bar line.
    same
        Pairs that both read the same token, other than a bar line.
    others
        All pairs without a bar line.
    mixed
        Pairs with exactly one bar line.
    """

    bars: float
    same: float
    others: float
    mixed: float


@dataclass(frozen=True, eq=False)
class SoftmaxAnalysis:
    """Results of an analysis.

    Parameters
    ----------
    vocabulary
        The tokens.
    n_weights
        Number of weights in all layers.
    kernel, bias
        Weights of the softmax layer, shapes ``(n_units, n_tokens)`` and ``(n_tokens,)``.
    traces
        Training pieces, as the net reads them.
    piece
        A generated piece, as the net reads it.
    ablations
        Results after removals; nothing is removed in the first.
    curve
        Learning curve; losses in nats per token.
    """

    vocabulary: tuple[str, ...]
    n_weights: int
    kernel: NDArray[np.float64]
    bias: NDArray[np.float64]
    traces: tuple[Trace, ...]
    piece: Trace
    ablations: tuple[AblationResult, ...]
    curve: LearningCurve

    @functools.cached_property
    def bars(self) -> list[int]:
        """Token ids of the bar lines."""
        return [number for number, word in enumerate(self.vocabulary) if word in BAR_LINES]

    @functools.cached_property
    def bias_probabilities(self) -> NDArray[np.float64]:
        """Probability of each token when all units are 0."""
        return np.exp(log_softmax(self.bias))

    @functools.cached_property
    def counts(self) -> NDArray[np.int64]:
        """Count of each token in the traced pieces."""
        targets = np.concatenate([trace.targets for trace in self.traces])
        return np.bincount(targets, minlength=len(self.vocabulary))

    @functools.cached_property
    def directions(self) -> Directions:
        """Singular value decomposition of the kernel."""
        return decompose(self.kernel)

    @functools.cached_property
    def correlations(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Correlation of each unit's effect with the bias, and with the effect of each other unit."""
        return correlations(self.kernel, self.bias)

    @functools.cached_property
    def due_bar_probabilities(self) -> NDArray[np.float64]:
        """Probability of the plain bar line at every step before one, in the traced pieces."""
        bar = self.vocabulary.index("|")
        return np.concatenate([trace.probabilities[trace.targets == bar, bar] for trace in self.traces])

    @functools.cached_property
    def similarities(self) -> dict[str, StepSimilarity]:
        """Similarity of steps by input token, by predicted probabilities, and by the output of each layer."""
        one_hot = np.eye(len(self.vocabulary))
        views: dict[str, Callable[[Trace], NDArray[np.floating]]] = {
            "input token": lambda trace: one_hot[trace.ids],
            "predicted probabilities": lambda trace: trace.probabilities,
        }
        for layer in range(len(self.piece.hidden)):
            views[f"layer {layer + 1}"] = lambda trace, layer=layer: trace.hidden[layer]  # type: ignore[misc]
        return {name: self._similarity(view) for name, view in views.items()}

    def _similarity(self, view: Callable[[Trace], NDArray[np.floating]]) -> StepSimilarity:
        cosines: dict[str, list[NDArray[np.float64]]] = {"bars": [], "same": [], "others": [], "mixed": []}
        for trace in self.traces:
            rows, columns = np.triu_indices(len(trace.ids), 1)
            pair_cosines = cosine_similarity(view(trace))[rows, columns]
            is_bar = np.isin(trace.ids, self.bars)
            n_bars = is_bar[rows].astype(int) + is_bar[columns]
            groups = {
                "bars": n_bars == 2,
                "same": (n_bars == 0) & (trace.ids[rows] == trace.ids[columns]),
                "others": n_bars == 0,
                "mixed": n_bars == 1,
            }
            for name, pairs in groups.items():
                cosines[name].append(pair_cosines[pairs])
        joined = {name: np.concatenate(parts) for name, parts in cosines.items()}
        means = {name: float(part.mean()) if part.size else float("nan") for name, part in joined.items()}
        return StepSimilarity(**means)


def analyse_softmax(
    composer: TokenComposer,
    *,
    n_pieces: int = 60,
    seed: int = 0,
    on_step: Callable[[], None] = lambda: None,
) -> SoftmaxAnalysis:
    """Analyse the softmax layer of a composer.

    Parameters
    ----------
    composer
        Fitted, with a softmax over folk tokens.
    n_pieces
        Number of training pieces to trace, spread evenly over all.
    seed
        Seed of all random draws, 0 or more.
    on_step
        Called after each of the `count_steps` steps.

    Raises
    ------
    ParameterError
        If the model has no softmax over folk tokens, ``n_pieces`` is below 1, or the seed below 0.
    NotFittedError
        If the composer is not fitted.
    """
    check_explainable(composer)
    if n_pieces < 1:
        raise ParameterError(f"n_pieces must be at least 1, got {n_pieces!r}.")
    check_seed(seed)
    weights = composer.fitted("weights_")
    kernel, bias = (np.asarray(weights[name], np.float64) for name in (KERNEL, BIAS))
    stepper = RecurrentStep(weights)
    texts = [text for _, text in composer.known_]
    chosen = np.unique(np.linspace(0, len(texts) - 1, min(n_pieces, len(texts))).astype(int))
    traces = trace_pieces(stepper, [composer.encode(texts[k]) for k in chosen])
    (generated,) = composer.sample_texts(seed=seed)
    (piece,) = trace_pieces(stepper, [ids_of_sample(generated)])
    bars = [composer.vocabulary.index(word) for word in BAR_LINES]
    results = []
    for ablation in ablations(kernel, seed):
        score = score_kernel(ablation.kernel, bias, traces, bars)
        with_sample = ablation.n_removed in SAMPLED_COUNTS
        sample = sample_with_kernel(composer, ablation.kernel, N_SAMPLES, seed) if with_sample else None
        results.append(AblationResult(ablation, score, sample))
        on_step()
    return SoftmaxAnalysis(
        vocabulary=composer.vocabulary,
        n_weights=sum(values.size for values in weights.values()),
        kernel=kernel,
        bias=bias,
        traces=tuple(traces),
        piece=piece,
        ablations=tuple(results),
        curve=composer.curve_,
    )


def ids_of_sample(text: str) -> NDArray[np.int64]:
    """Convert generated text to token ids, even where a valid tune could not contain a token.

    Examples
    --------
    >>> ids_of_sample("M:4/4 <s> |").tolist()
    [0, 4, 0, 13, 1]
    """
    ids = [START, *map(WORDS.index, text.split())]
    return np.array(ids if len(ids) >= MAX_TOKENS else [*ids, END])


def check_explainable(model: object) -> None:
    """Check that the last layer of a model is a softmax over folk tokens.

    Raises
    ------
    ParameterError
        If the model does not compose, or composes in another way.
    """
    task = getattr(model, "task", type(model).__name__)
    weights = model.fitted("weights_") if isinstance(model, Composer) and model.vocabulary == WORDS else {}
    if KERNEL not in weights:
        raise ParameterError(
            f"woodshed explain expects a model of the task 'tune', got one of the task {task!r}. Use the "
            "shipped model, woodshed explain tune, or train one: woodshed train DATA --task tune."
        )
    if EMBEDDING in weights:
        raise ParameterError(
            "woodshed explain analyses nets that are given tokens alone, and this one is given a plan, too. "
            "Train one with --net lstm-lm or --net gru-lm."
        )
    if len(weights[KERNEL]) < 2:
        raise ParameterError("The last layer of this model has one unit; the analysis needs at least two.")


def count_steps(composer: TokenComposer) -> int:
    """Return how often `analyse_softmax` calls ``on_step``."""
    return sum(1 for _ in ablations(np.asarray(composer.fitted("weights_")[KERNEL], np.float64)))
