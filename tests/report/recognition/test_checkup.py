"""The section about the sounds themselves, and the effect of leakage on the score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from woodshed.data.doctor.finding import Checkup, Finding
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.head_report import report_of
from woodshed.report.recognition.page import page


def test_findings_are_listed_by_harm_and_escaped(experiment: Experiment) -> None:
    files = (Path("<b>.wav"),)
    findings = (
        Finding("silent", 0.9, files, "1 sound: nothing but silence.", "woodshed audio play '<b>.wav'"),
        Finding("clipped", 0.3, files, "1 sound: recorded too loud.", "Record it again."),
    )
    text = page(replace(experiment, checkup=Checkup("made up", 48, 4, findings)))
    part = text.split('<section id="checkup">')[1].split("</section>")[0]
    assert part.index("nothing but silence") < part.index("recorded too loud")
    assert "woodshed audio play &#x27;&lt;b&gt;.wav&#x27;" in part
    assert '<a href="#checkup">' in text


def test_without_a_look_there_is_no_section_and_without_findings_it_says_so(experiment: Experiment) -> None:
    assert 'id="checkup"' not in page(experiment)
    assert "No findings." in page(replace(experiment, checkup=Checkup("made up", 48, 4, ())))


def test_the_gap_is_told_where_both_scores_are(experiment: Experiment) -> None:
    # 38 of 48 against 23 of 24
    note = "Expected accuracy on new groups: 79.2 %, not 95.8 %. The other 16.7 points are due to"
    assert report_of(experiment.head).leakage_note(experiment).startswith(note)
    assert note in page(experiment)


@pytest.mark.parametrize("k", [0, 1])
def test_one_score_alone_has_no_gap(experiment: Experiment, k: int) -> None:
    one = replace(experiment, splits=(experiment.splits[k],))
    assert report_of(experiment.head).leakage_note(one) == ""
