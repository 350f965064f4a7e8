"""The section that sets new music beside the old."""

from __future__ import annotations

import re
from itertools import pairwise

from woodshed.metrics.style import step_shares
from woodshed.report.composition.piece_page import share_figure


def test_every_bin_between_the_lowest_and_the_highest_has_its_place() -> None:
    """From -5 to +7 semitones are 13 steps, whatever lies between; beyond, nothing is drawn."""
    new, learned = step_shares([-5, 0, 2]), step_shares([0, 7])
    figure = share_figure("steps", new, learned)
    places = [float(x) for x in re.findall(r'class="bar new"[^>]*? x="([0-9.]+)"', figure)]
    assert len(places) == figure.count('class="bar learned"') == 13
    steps = [b - a for a, b in pairwise(places)]
    assert max(steps) - min(steps) <= 0.2
    labels = re.findall(r">([+-]?[0-9]+)</text>", figure)
    assert labels == [f"{step:+d}" if step else "0" for step in range(-5, 8)]
