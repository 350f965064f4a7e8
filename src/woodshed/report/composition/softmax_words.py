"""What a softmax analysis shows, in words: two sentences for every figure, with the model's own numbers."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sequence.softmax_analysis import CHANGES, Ablation, SoftmaxAnalysis
from woodshed.errors import counted
from woodshed.metrics.softmax_layer import change_for_factor, effects
from woodshed.report.numbers import percent
from woodshed.symbolic.folk.vocabulary import KINDS
from woodshed.training.progress import assess_overfitting

Sentences = tuple[str, str]

N_NAMED = 4
"""So many tokens are named at each end of a unit or a direction."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}


def quoted(*words: str) -> str:
    """Write tokens so that they are told from the words around.

    Examples
    --------
    >>> quoted("2", "M:4/4", "|1")
    '“2”, “M:4/4” and “|1”'
    """
    marked = [f"“{word}”" for word in words]
    return " and ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)


def factor(value: float) -> str:
    """Write how many times as probable something becomes, in three digits.

    Examples
    --------
    >>> factor(1.374), factor(1.0), factor(123.4), factor(12345.0)
    ('1.37 times', '1.00 times', '123 times', '12,345 times')
    """
    return f"{value:,.0f} times" if value >= 100 else f"{value:#.3g} times"


def signed(value: float) -> str:
    """Write a number with its sign and two digits.

    Examples
    --------
    >>> signed(0.138), signed(-2.0)
    ('+0.14', '−2.00')
    """
    return f"{value:+.2f}".replace("-", "−")


def tiny(value: float) -> str:
    """Write a number that is nearly 0 as one digit and a power of ten.

    Examples
    --------
    >>> tiny(2.4e-14), tiny(0.0)
    ('2·10⁻¹⁴', '0')
    """
    digit, _, power = f"{value:.0e}".partition("e")
    return f"{digit}·10{str(int(power)).translate(_RAISED)}" if value else "0"


def ends(analysis: SoftmaxAnalysis, moved: NDArray[np.float64]) -> tuple[list[str], list[str]]:
    """Return the tokens that are moved most up, and most down."""
    order = np.argsort(-moved, kind="stable")
    high, low = ([analysis.vocabulary[k] for k in end] for end in (order[:N_NAMED], order[::-1][:N_NAMED]))
    return high, low


def bias_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say what the bias alone favours and suppresses."""
    ratios = analysis.bias_chances * len(analysis.vocabulary)
    words = [analysis.vocabulary[k] for k in np.argsort(-ratios, kind="stable")]
    by_word = dict(zip(analysis.vocabulary, ratios, strict=True))
    return (
        f"With every unit silent, the bias alone favours {quoted(*words[:3])}: it draws {quoted(words[0])} "
        f"{factor(by_word[words[0]])} as often as if all {len(words)} tokens were alike.",
        f"It suppresses {quoted(*words[:-5:-1])} most, {quoted(words[-1])} to {factor(by_word[words[-1]])} "
        "that even share.",
    )


def kernel_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say what the units favour."""
    moved = effects(analysis.kernel)
    unit = int(np.linalg.norm(moved, axis=1).argmax())
    order = np.argsort(-moved[unit], kind="stable")
    raised, lowered = ([analysis.vocabulary[k] for k in part] for part in (order[:3], order[:-4:-1]))
    kinds = Counter(KIND_OF[analysis.vocabulary[k]] for k in moved.argmax(axis=1))
    (first, n_first), *others = kinds.most_common(2)
    second = f", and of {others[0][1]} one of the {others[0][0]}" if others else ""
    return (
        f"The strongest unit is number {unit + 1} of {len(moved)}: at its highest value it raises "
        f"{quoted(*raised)}, {quoted(raised[0])} to {factor(float(np.exp(moved[unit].max())))} its weight, "
        f"and lowers {quoted(*lowered)}; at its lowest value it does the reverse.",
        f"What a unit favours most is one of the {first} for {n_first} units{second}; at its highest value "
        f"a unit gives that token {factor(float(np.exp(np.median(moved.max(axis=1)))))} its weight, in the "
        "median.",
    )


def situations(analysis: SoftmaxAnalysis) -> list[tuple[str, float]]:
    """Return three situations of this model, and how probable the plain bar line is in each."""
    bar = analysis.vocabulary.index("|")
    every = np.concatenate([trace.chances[:, bar] for trace in analysis.traces])
    found = [("by the bias alone", analysis.bias_chances[bar]), ("mean of all moments", every.mean())]
    if analysis.due_bar_chances.size:
        found.append(("where one is due", np.median(analysis.due_bar_chances)))
    return [(name, float(np.clip(chance, 1e-9, 1 - 1e-9))) for name, chance in found]


def closed_form_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say what it takes to double a chance, and how exact that is."""
    told = []
    for name, chance in situations(analysis):
        if 2 * chance < 1:
            told.append(
                f"from {percent(chance, 1)} ({name}) {float(change_for_factor(chance, 2)):.2f} must be "
                "added to its logit"
            )
        else:
            told.append(f"from {percent(chance, 1)} ({name}) no change can, as nothing is surer than sure")
    return (
        f"To make the bar line twice as probable: {'; '.join(told)}.",
        f"Over {counted(analysis.due_bar_chances.size, 'moment')} before a bar line and {len(CHANGES)} "
        f"changes from {signed(min(CHANGES))} to {signed(max(CHANGES))}, formula and softmax differ by "
        f"{tiny(analysis.closed_form_error)} at most.",
    )


def correlation_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say how alike the units are to the bias and to each other."""
    with_bias, among = analysis.correlations
    sizes = np.abs(with_bias)
    pairs = np.abs(among[np.triu_indices(len(among), 1)])
    return (
        f"What a unit favours correlates with what the bias favours by {sizes.mean():.2f} on average "
        f"(without the sign), and by {sizes.max():.2f} at most, in unit {int(sizes.argmax()) + 1}.",
        f"Of {len(sizes)} units {int((with_bias > 0).sum())} go along with the bias and "
        f"{int((with_bias < 0).sum())} against it; two units correlate by {pairs.mean():.2f} on average "
        f"and by {pairs.max():.2f} at most.",
    )


def size_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say how large the directions are, and how many there are not."""
    directions = analysis.directions
    sizes, shares = directions.sizes, directions.common_shares
    return (
        f"The largest singular value is {sizes[0]:.3g}, {sizes[0] / sizes[1]:.1f} times the second; "
        f"{percent(float(shares[0]))} of what that direction does is to move all logits alike, which "
        "changes no chance.",
        f"{directions.rank} directions move logits, the smallest by {sizes[directions.rank - 1]:.2g}; in "
        f"the other {directions.n_null} of {len(analysis.kernel)} dimensions, the null space, the units "
        "can move together and no token notices.",
    )


def direction_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say what the first direction follows, and which groups of tokens the second parts."""
    first, second = analysis.directions.tokens[:2]
    common = np.corrcoef(first, np.log1p(analysis.counts))[0, 1]
    ends = [quoted(*(analysis.vocabulary[k] for k in np.argsort(sign * second)[:3])) for sign in (-1, 1)]
    means = kind_means(analysis, second)
    high, *_, low = sorted(means, key=lambda kind: -means[kind])
    return (
        f"Over all tokens, direction 1 correlates by {signed(common)} with the logarithm of how often each "
        "stands in the tunes that were read; ±1 would be that, and nothing else.",
        f"Direction 2 parts {ends[0]} from {ends[1]}; as groups, the {high} ({signed(means[high])} on "
        f"average) from the {low} ({signed(means[low])}).",
    )


def kind_means(analysis: SoftmaxAnalysis, moved: NDArray[np.float64]) -> dict[str, float]:
    """Return by how much each kind of several tokens is moved on average, against the mean of all tokens."""
    by_word = dict(zip(analysis.vocabulary, moved - moved.mean(), strict=True))
    return {
        kind: float(np.mean([by_word[word] for word in words]))
        for kind, words in KINDS.items()
        if len(words) > 1
    }


def chance_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say how sure it was while it wrote a tune."""
    piece = analysis.piece
    best = piece.chances.max(axis=1)
    entropy = -(piece.chances * piece.log_chances).sum(axis=1) / np.log(2)
    least = int(entropy.argmax())
    return (
        f"At {int((best > 0.9).sum())} of {len(best)} moments one token had more than 90 % of the chance; "
        f"at the median moment the likeliest had {percent(float(np.median(best)))}.",
        f"It was least sure after token {least + 1}, {quoted(analysis.vocabulary[piece.ids[least]])}: as "
        f"unsure as among {2 ** entropy[least]:.0f} equal tokens ({entropy[least]:.1f} bits).",
    )


def hidden_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say which units of the last layer are busy, and which one follows the bar lines."""
    values = analysis.piece.hidden[-1]
    is_bar = np.isin(analysis.piece.ids, analysis.bars)
    often = int((np.mean(np.abs(values) > 0.9, axis=0) > 0.5).sum())
    never = int((np.abs(values).max(axis=0) < 0.1).sum())
    first = (
        f"Of {values.shape[1]} units of the last layer {often} are beyond ±0.9 at more than half of the "
        f"moments, and {never} never leave ±0.1."
    )
    if not is_bar.any() or is_bar.all():
        return first, "No bar line was read in this tune, so no unit can be seen to follow them."
    at_bars, elsewhere = values[is_bar].mean(axis=0), values[~is_bar].mean(axis=0)
    unit = int(np.abs(at_bars - elsewhere).argmax())
    return first, (
        f"Unit {unit + 1} follows the bar lines most closely: {signed(at_bars[unit])} on average just "
        f"after one, {signed(elsewhere[unit])} elsewhere."
    )


def context_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say how alike the moments at bar lines are."""
    contexts = analysis.contexts
    *_, last = (name for name in contexts if name.startswith("hidden"))
    hidden, chances = contexts[last], contexts["chances of the next"]
    return (
        f"To the last layer, two moments at bar lines of the same tune are alike by {hidden.bars:.2f} "
        f"(mean cosine over {counted(len(analysis.traces), 'tune')}), two at another token that is the same "
        f"by {hidden.same:.2f}, and any two away from bar lines by {hidden.others:.2f}.",
        f"What is expected next is alike by {chances.bars:.2f} after two bar lines, and by "
        f"{chances.others:.2f} at any two moments away from them.",
    )


def find(analysis: SoftmaxAnalysis, way: str, n_removed: int) -> Ablation | None:
    """Return what is known of a cut, or None if that was not made."""
    for ablation in analysis.ablations:
        if (ablation.cut.way, ablation.cut.n_removed) == (way, n_removed):
            return ablation
    return None


def lobotomy_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say what the largest direction was needed for, and how little some units were."""
    whole, *others = analysis.ablations
    first = find(analysis, "largest directions", 1) or whole
    at_random = [one for one in others if one.cut.way == "units at random"] or [whole]
    few = next((one for one in at_random if 8 * one.cut.n_removed >= len(analysis.kernel)), at_random[-1])
    return (
        f"Without the largest direction a token takes {first.judged.bits:.2f} bits, with it "
        f"{whole.judged.bits:.2f}; the chance of a bar line goes from "
        f"{percent(whole.judged.bar_chance, 1)} to {percent(first.judged.bar_chance, 1)} over all moments, "
        f"and from {percent(whole.judged.due_bar_chance, 1)} to {percent(first.judged.due_bar_chance, 1)} "
        "where one is due.",
        f"Without {few.cut.n_removed} of its {len(analysis.kernel)} units, chosen at random, a token takes "
        f"{few.judged.bits:.2f} bits.",
    )


def rewriting_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say what is written after the cuts."""
    tried = {(one.cut.way, one.cut.n_removed): one.written for one in analysis.ablations if one.written}
    whole = tried["nothing", 0]
    after = tried.get(("largest directions", 1), whole)
    return (
        f"Asked to write {counted(len(whole.texts), 'tune')} by itself, without the rules that see to it "
        f"that bars add up, the whole net makes all bars of {percent(whole.whole_share)} of them right; "
        f"without its largest direction, {percent(after.whole_share)}.",
        f"Bar lines are {percent(whole.bar_share, 1)} of the tokens that the whole net writes, and "
        f"{percent(after.bar_share, 1)} without that direction.",
    )


def training_words(analysis: SoftmaxAnalysis) -> Sentences:
    """Say whether it learned by heart, and when it could have stopped."""
    found = assess_overfitting(analysis.curve)
    learned = analysis.ablations[0].judged.bits
    if found is None:
        return (
            "No pieces were held out while it learned, so that it cannot be said whether it learned by "
            f"heart; the last epoch ended at {analysis.curve.train_loss[-1] / np.log(2):.2f} bits a token.",
            f"Of the pieces that it learned from, {counted(len(analysis.traces), 'piece')} were read: "
            f"{learned:.2f} bits a token.",
        )
    overfit = (
        f"it lost {found.rise_bits:.3f} bits by learning on, so it began to learn by heart"
        if found.was_overfit
        else f"at the end it was {found.rise_bits:.3f} bits from its best, so it was not overfit"
    )
    return (
        f"On pieces that were held out it did best in epoch {found.best_epoch} of {found.n_epochs} with "
        f"{found.best_bits:.2f} bits a token; {overfit}.",
        f"It could have stopped after epoch {found.sufficient_epoch}, which is as good to within 0.01 bits; "
        f"pieces that it learned from take {learned:.2f} bits, so {found.best_bits - learned:.2f} bits of "
        "what it knows of them do not carry over to others.",
    )
