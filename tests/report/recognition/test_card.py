from __future__ import annotations

import re
from dataclasses import replace

import pytest

from woodshed.data.example import Corpus
from woodshed.errors import ParameterError
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.folder import card
from woodshed.report.wording import plain


def cells(text: str, start: str) -> list[list[str]]:
    """Return the cells of the table rows that start with a text; an escaped bar does not part cells."""
    rows = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_card_tells_what_was_learned_from(experiment: Experiment) -> None:
    text = card(experiment)
    assert text.startswith("# noise: trained on made up \\& small\n")
    assert cells(text, "licence") == [["licence of the training data", "CC BY 4.0"]]
    assert cells(text, "attribution") == [["attribution", "A. \\<Nobody\\>, 2024"]]
    assert cells(text, "skipped files")[0][1] == "2"
    assert cells(text, "seed")[0][1] == "0"
    assert cells(text, "commit")[0][1] == "abc\\<def\\>"


def test_every_leaky_score_and_no_other_is_marked(experiment: Experiment) -> None:
    text = card(experiment)
    honest, leaky = cells(text, "unseen groups"), cells(text, "random half")
    assert len(honest) == 3
    assert len(leaky) == 2
    assert all(row[0] == "random half **leaky**" for row in leaky)
    assert not any("leaky" in cell for row in honest for cell in row)
    assert text.index("unseen groups") < text.index("random half")
    assert text.count("Leaky: some speakers") == 1
    assert honest[0][3].startswith("79.2 % (")


def test_limits_name_what_was_never_tested(experiment: Experiment) -> None:
    assert "- Only 6 groups in the test" in card(experiment)
    assert "Generalisation" not in card(experiment)
    leaky_only = card(replace(experiment, splits=experiment.splits[:1]))
    assert "- Generalisation to new speakers, songs or recordings was not measured" in leaky_only
    # every second row was tested: of four classes in turn, two
    assert "Without a test clip: no, yes." in leaky_only


def test_own_data_without_licence_and_groups(experiment: Experiment) -> None:
    examples = tuple(replace(example, group=None) for example in experiment.corpus.examples)
    text = card(replace(experiment, corpus=Corpus("mine", examples), provenance={}))
    licence = "unknown: yours to state, in a file LICENSE or ATTRIBUTION in the data folder"
    assert cells(text, "licence") == [["licence of the training data", licence]]
    assert cells(text, "groups")[0][1] == "unknown"
    assert "Not recorded." in text


def test_hostile_names_stay_text() -> None:
    assert plain("[x](javascript:1)\n# `y`") == "\\[x\\](javascript:1) \\# \\`y\\`"


def test_nothing_tested_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ParameterError, match="needs a tested split"):
        card(replace(experiment, splits=()))
