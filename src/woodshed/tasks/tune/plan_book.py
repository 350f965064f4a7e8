"""Plans for new tunes, drawn from those of the training tunes or built for a requested form."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, groupby

import numpy as np

from woodshed.errors import ParameterError
from woodshed.symbolic.folk.vocabulary import MODE_NAMES, TIMES
from woodshed.symbolic.notation import sharps_of_keynote
from woodshed.tasks.tune.instrument import Instrument
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tokens.folk.grammar import N_TICKS
from woodshed.tokens.folk.plan import COPY, MOST_PART_BARS, NEW, VARIANT, PlannedBar, TunePlan, plan_of

PART_BARS = {"slip-jig": (4, 8)}
"""Type of tune -> number of bars that its parts may have by default."""

DEFAULT_PART_BARS = (MOST_PART_BARS,)
"""The same for all other types."""

MOST_BARS = 40
"""Number of written bars, pickups and second endings included, that a tune may have by default."""

TYPE_METRES = {
    "reel": "M:4/4",
    "jig": "M:6/8",
    "slip-jig": "M:9/8",
    "hornpipe": "M:4/4",
    "polka": "M:2/4",
    "waltz": "M:3/4",
    "march": "M:4/4",
    "strathspey": "M:4/4",
}
"""Type -> usual metre."""

RARE = 8
"""Number of training tunes of a type below which all tunes of its usual metre serve for plans."""

MOST_TRIES = 100
"""Number of training tunes among which one of the requested form is sought."""


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What is asked of the plan of a tune; None and empty values leave it open.

    Parameters
    ----------
    tune_type
        Such as ``reel``.
    form
        Parts as played, such as ``AABB``.
    metre, mode
        Tokens such as ``M:6/8`` and ``K:Cdor``.
    tonic
        Such as ``D``.
    n_bars
        Number of bars as written, without pickups.
    instrument
        Instrument whose usual keys are chosen.
    """

    tune_type: str = ""
    form: str = ""
    metre: str = ""
    mode: str = ""
    tonic: str = ""
    n_bars: int | None = None
    instrument: Instrument | None = None


class PlanBook:
    """The training tunes, as a source of plans.

    Parameters
    ----------
    tunes
        At least one.

    Examples
    --------
    >>> part = "C 2 E 2 | G 2 c 2 | C 2 E 2 | D 4 | C 2 E 2 | G 2 c 2 | E 2 D 2 | C 4"
    >>> book = PlanBook([TunePiece(f"M:2/4 K:Cmaj |: {part} :| |: {part} :|", "G", "polka")])
    >>> plan = book.draw(PlanRequest(form="AABA"), np.random.default_rng(0))
    >>> plan.form, plan.tonic, plan.tune_type, len(plan.bars)
    ('AABA', 'G', 'polka', 24)
    """

    def __init__(self, tunes: Sequence[TunePiece]) -> None:
        self.tunes = tunes
        self._heads = [tuple(tune.text.split(maxsplit=2)[:2]) for tune in tunes]

    def draw(self, request: PlanRequest, rng: np.random.Generator) -> TunePlan:
        """Draw the plan of a tune.

        A tune is drawn from the training tunes that fit the request, and its plan is taken. If none has the
        requested form or number of bars, the parts of one that fits otherwise are arranged anew.

        Raises
        ------
        ParameterError
            If no training tune has the requested type, metre and mode.
        """
        numbers = [k for k in self._of_type(request.tune_type) if self._fits(k, request)]
        if not numbers:
            raise ParameterError(self._reason(request))
        n_of_type = sum(tune.tune_type == request.tune_type for tune in self.tunes)
        if request.tune_type and request.metre and len(numbers) < RARE <= n_of_type:
            raise ParameterError(
                f"Only {len(numbers)} of {n_of_type} training tunes of the type {request.tune_type} are in "
                f"{request.metre.removeprefix('M:')}. Omit the type or the metre."
            )
        order = rng.permutation(numbers)[:MOST_TRIES].tolist()
        regular = (k for k in order if _is_regular(self._plan(k, relations=False)))
        first = next(regular, order[0])
        for k in chain([first], regular):
            plan = self._plan(k, relations=False)
            if request.form in ("", plan.form) and request.n_bars in (None, plan.n_bars):
                plan = self._plan(k)
                break
        else:
            plan = self._plan(first)
            if request.form:
                plan = with_form(plan, request.form)
            elif request.n_bars:
                plan = with_bars(plan, request.n_bars)
        return replace(plan, tonic=request.tonic or plan.tonic)

    def _plan(self, number: int, *, relations: bool = True) -> TunePlan:
        """Return the plan of a training tune."""
        tune = self.tunes[number]
        return plan_of(tune.text, tune_type=tune.tune_type, tonic=tune.tonic, relations=relations)

    def _of_type(self, tune_type: str) -> list[int]:
        """Return the tunes of a type; if they are few, all tunes of its usual metre."""
        numbers = range(len(self.tunes))
        if not tune_type:
            return list(numbers)
        same = [k for k in numbers if self.tunes[k].tune_type == tune_type]
        if len(same) >= RARE:
            return same
        metre = TYPE_METRES.get(tune_type)
        return [k for k in numbers if k in same or self._heads[k][0] == metre]

    def _fits(self, number: int, request: PlanRequest) -> bool:
        """Return whether a tune has the requested metre and mode, in a key of the instrument."""
        metre, mode = self._heads[number]
        if request.metre not in ("", metre) or request.mode not in ("", mode):
            return False
        if request.instrument is None:
            return True
        n_sharps = sharps_of_keynote(request.tonic or self.tunes[number].tonic, MODE_NAMES[mode])
        return request.instrument.plays_signature(n_sharps)

    def _reason(self, request: PlanRequest) -> str:
        """Return why no tune fits: what was requested, and what there is."""
        requested = [request.tune_type or "tune"]
        requested += ["in " + request.metre.removeprefix("M:")] * bool(request.metre)
        requested += ["in " + " ".join([request.tonic, MODE_NAMES.get(request.mode, "")]).strip()] * bool(
            request.tonic or request.mode
        )
        types = sorted({tune.tune_type for tune in self.tunes} - {""})
        metres = sorted({metre.removeprefix("M:") for metre, _ in self._heads})
        modes = sorted({MODE_NAMES[mode] for _, mode in self._heads})
        return (
            f"There are no training tunes for a {' '.join(requested)} in a key that is usual on the "
            "instrument. "
            f"Types: {', '.join(types) or 'none'}; metres: {', '.join(metres)}; modes: {', '.join(modes)}."
        )


def _is_regular(plan: TunePlan) -> bool:
    """Return whether the parts of a plan have the usual length, and full bars but for pickups.

    The last bar before a repeat sign, or of the tune, is shortened by the pickup of its section.
    """
    lengths = PART_BARS.get(plan.tune_type, DEFAULT_PART_BARS)
    if any(length not in lengths for length in plan.part_lengths) or len(plan.bars) > MOST_BARS:
        return False
    due = int(TIMES[plan.metre] * N_TICKS)
    pickup = 0
    for number, bar in enumerate(plan.bars):
        if bar.place < 0:
            pickup = bar.ticks
            continue
        is_end = number == len(plan.bars) - 1 or bool({":|", "|:"} & {*bar.lines})
        if bar.ticks != due - is_end * pickup:
            return False
        if is_end and "|2" not in bar.lines:
            pickup = 0
    return True


def with_form(plan: TunePlan, form: str) -> TunePlan:
    """Arrange the parts of a plan in another form.

    Parameters
    ----------
    plan
        Its parts are taken in order, the last one again for all further letters. Returning bars stay.
    form
        Parts as played: ``AABA`` has a first part that is played twice, a second one, and the first again.

    Raises
    ------
    ParameterError
        If the form has other characters than letters, or a part more than twice in a row.
    """
    return _arranged(plan, parse_form(form))


def parse_form(form: str) -> list[tuple[str, int]]:
    """Return the letter of each part of a form, and whether it is played once or twice.

    Raises
    ------
    ParameterError
        If the form has other characters than letters, or a part more than twice in a row.

    Examples
    --------
    >>> parse_form("AABA")
    [('A', 2), ('B', 1), ('A', 1)]
    """
    runs = [(letter, len(list(run))) for letter, run in groupby(form.upper())]
    if not (form.isascii() and form.isalpha()) or any(times > 2 for _, times in runs):
        raise ParameterError(
            f"Invalid form {form!r}. Expected the parts as played, each once or twice in a row, such as AABB."
        )
    return runs


def _arranged(plan: TunePlan, runs: Sequence[tuple[Hashable, int]]) -> TunePlan:
    """Arrange the parts of a plan: each run is a name, and once or twice."""
    parts = plan.parts
    starts = list(accumulate(map(len, parts), initial=0))
    first_of: dict[Hashable, int] = {}  # name -> index of its first bar in the new plan
    models: dict[Hashable, int] = {}  # name -> number of the part of the plan
    bars: list[PlannedBar] = []
    for number, (name, times) in enumerate(runs):
        model = models.setdefault(name, min(len(models), len(parts) - 1))
        part = _moved(parts[model], from_=starts[model], to=len(bars))
        if name in first_of:
            part = [replace(bar, relation=COPY, source=first_of[name] + k) for k, bar in enumerate(part)]
        first_of.setdefault(name, len(bars))
        bars += [replace(bar, part=number, is_repeated=times == 2) for bar in part]
    opening = ("|:",) if bars[0].is_repeated else ()
    return replace(plan, opening=opening, bars=tuple(_without_inner_pickups(_with_lines(bars), plan.metre)))


def _moved(part: Sequence[PlannedBar], *, from_: int, to: int) -> list[PlannedBar]:
    """Return a part without second ending at another place; sources in other parts are dropped."""
    bars: list[PlannedBar] = []
    for bar in part:
        if any(bar.place == earlier.place for earlier in bars):
            break
        if bar.source < from_:
            bar = replace(bar, relation=NEW, source=-1)
        else:
            bar = replace(bar, source=bar.source - from_ + to)
        bars.append(bar)
    return bars


def _with_lines(bars: Sequence[PlannedBar]) -> Iterator[PlannedBar]:
    """Yield the bars with the bar lines that their parts need."""
    for bar, following in zip(bars, [*bars[1:], None], strict=True):
        is_end = following is None or following.part != bar.part
        lines: tuple[str, ...] = (":|" if is_end and bar.is_repeated else "|",)
        if is_end and following is not None and following.is_repeated:
            lines = (":|", "|:") if bar.is_repeated else ("|:",)
        yield replace(bar, lines=lines)


def _without_inner_pickups(bars: Iterable[PlannedBar], metre: str) -> list[PlannedBar]:
    """Return the bars, with each pickup after a plain bar line in the bar before it.

    Bars are short next to repeat signs only.
    """
    due = int(TIMES[metre] * N_TICKS)
    done: list[PlannedBar] = []
    index_of: dict[int, int] = {-1: -1}  # index of each bar before -> after
    for index, bar in enumerate(bars):
        source = index_of.get(bar.source, -1)
        if bar.place < 0 and done and done[-1].lines == ("|",):
            done[-1] = replace(done[-1], ticks=due)
            continue
        index_of[index] = len(done)
        done.append(replace(bar, source=source, relation=bar.relation if source >= 0 else NEW))
    return [
        replace(bar, relation=VARIANT)
        if bar.relation == COPY and bar.ticks != done[bar.source].ticks
        else bar
        for bar in done
    ]


def with_bars(plan: TunePlan, n_bars: int) -> TunePlan:
    """Return a plan with a number of bars and no repeats, whose parts are those of another plan.

    Parameters
    ----------
    plan
        Its parts are taken in order, the last one again and again; the end is cut off.
    n_bars
        Number of bars without pickups, 1 or more.
    """
    bars: list[PlannedBar] = []
    for bar in _arranged(plan, [(number, 1) for number in range(n_bars)]).bars:
        if sum(other.place >= 0 for other in bars) == n_bars:
            break
        bars.append(bar)
    pickup = bars[0].ticks if bars[0].place < 0 else 0
    due = int(TIMES[plan.metre] * N_TICKS)
    bars[-1] = replace(bars[-1], lines=("|",), ticks=due - pickup, relation=NEW, source=-1)
    return replace(plan, opening=(), bars=tuple(bars))
