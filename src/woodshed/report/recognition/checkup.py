"""Section about the sounds themselves: what a quick look found before anything was learned from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from woodshed.html.markup import Markup, element, join, name_of, table
from woodshed.report.numbers import decimal

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup


def checkup_part(checkup: Checkup | None) -> list[tuple[str, str, Markup]]:
    """Return name, title and content of the section; nothing if nobody looked."""
    return [] if checkup is None else [("checkup", "What may be wrong with the sounds", _section(checkup))]


def _section(checkup: Checkup) -> Markup:
    told = element(
        "p",
        "Found by one quick look at every sound. woodshed doctor looks longer: also for near copies, labels "
        "that are probably wrong, and shortcuts to the label.",
        class_="note",
    )
    if not checkup.findings:
        return join([element("p", "No faults found."), told])
    rows = [
        [finding.kind, decimal(finding.harm, 2), finding.message, name_of(finding.repair)]
        for finding in checkup.findings
    ]
    heading = ["finding", "harm", "what it is", "what mends it"]
    caption = "The most harmful first; 1 is a score that means nothing"
    return join([table(heading, rows, caption=caption, class_="words"), told])
