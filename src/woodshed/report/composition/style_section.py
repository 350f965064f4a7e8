"""Page section that compares the style of new music and training data: a table, and distributions as bars."""

from __future__ import annotations

import math

from woodshed.html.chart import Plot, percent_ticks, round_ticks
from woodshed.html.document import Markup, element, join, table
from woodshed.metrics.style import Shares, Style, overlap
from woodshed.report.wording import UNKNOWN, percent

_MIN_SHARE = 0.003
"""Share below which a bin at either end of a distribution is omitted."""

_MAX_LABELS = 13
"""Maximum number of labels on the horizontal axis."""


def style_section(new: Style, learned: Style, n_new: int, n_learned: int) -> Markup:
    """Return the section.

    Parameters
    ----------
    new, learned
        Style of the new pieces, and of the training data.
    n_new, n_learned
        Number of pieces of each.
    """
    rows = [
        [question, _number(value), _number(learned.numbers.get(question, math.nan))]
        for question, value in new.numbers.items()
    ]
    figures = [
        element(
            "figure",
            share_figure(question, shares, learned.shares.get(question, {})),
            element(
                "figcaption",
                f"{question[0].upper()}{question[1:]}: ",
                f"{percent(overlap(shares, learned.shares[question]))} in common.",
            ),
        )
        for question, shares in new.shares.items()
        if question in learned.shares
    ]
    return element(
        "section",
        element("h2", "Style, compared with the training data"),
        table(
            ["", f"new ({n_new})", f"training ({n_learned:,})"],
            rows,
            caption="Means over pieces, or shares over all pieces",
        ),
        element("p", _swatch("new"), " new ", _swatch("learned"), " training", class_="note"),
        element("div", *figures, class_="charts"),
        element(
            "p",
            "A difference shows where the new music deviates from the training data, not that it is worse. "
            "With few pieces it can be due to chance.",
            class_="note",
        ),
        id="style",
    )


def share_figure(question: str, new: Shares, learned: Shares) -> Markup:
    """Draw two distributions side by side, a pair of bars for each bin.

    Almost empty bins are omitted at both ends; all bins between them are drawn.

    Examples
    --------
    >>> figure = share_figure("metre", {"2/4": 0.25, "4/4": 0.75}, {"2/4": 0.5, "4/4": 0.5})
    >>> figure.count('class="bar new"'), figure.count('class="bar learned"')
    (2, 2)
    """
    names = list(new)
    filled = [k for k, name in enumerate(names) if max(new[name], learned.get(name, 0.0)) >= _MIN_SHARE]
    shown = names[filled[0] : filled[-1] + 1] if filled else names
    highest = max(max(new[name], learned.get(name, 0.0)) for name in shown)
    top = max(0.1, math.ceil(10 * highest) / 10)
    plot = Plot(340, 190, (0.0, float(len(shown))), (0.0, top), left=46, right=8, top=10, bottom=26)
    step = max(1, -(-len(shown) // _MAX_LABELS))
    marks = plot.y_axis(
        percent_ticks(0.25) if top > 0.75 else [(v, percent(v)) for v, _ in round_ticks(top) if v <= top]
    )
    for k, name in enumerate(shown):
        for left, share, kind in ((k + 0.12, new[name], "new"), (k + 0.5, learned.get(name, 0.0), "learned")):
            marks.append(
                element(
                    "rect",
                    class_=f"bar {kind}",
                    x=plot.x(left),
                    y=plot.y(share),
                    width=round(plot.x(left + 0.36) - plot.x(left), 1),
                    height=round(plot.y(0.0) - plot.y(share), 1),
                )
            )
        if k % step == 0:
            marks.append(plot.note(k + 0.5, -0.085 * top, name, "middle"))
    return plot.draw(f"Shares by {question}, new and training", marks)


def _swatch(kind: str) -> Markup:
    """Draw a bar for the legend."""
    bar = element("rect", class_=f"bar {kind}", width=12, height=12)
    return element("svg", bar, width=12, height=12, aria_hidden="true")


def _number(value: float) -> Markup:
    """Write a number with three significant digits."""
    if not math.isfinite(value):
        return join([UNKNOWN])
    return join([f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"])
