"""The models that come with woodshed name the source and the terms of every piece that they contain."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter

import pytest

from woodshed.tasks.shipped import SHIPPED, shipped_folder
from woodshed.tasks.tune import MUSIC21_COLLECTIONS
from woodshed.workflows.info import describe


@pytest.mark.parametrize("name", SHIPPED)
def test_card_info_and_attribution_state_the_terms_of_the_training_data(name: str) -> None:
    folder = shipped_folder(name)
    card = (folder / "card.md").read_text("utf-8")
    assert "**Licence of the training data**" in card
    assert "`ATTRIBUTION.md`" in card
    info = describe(name)
    assert info.licence
    assert "public domain" in info.licence
    assert info.citation
    assert (folder / "ATTRIBUTION.md").stat().st_size > 1000


def test_every_tune_of_the_shipped_model_has_its_transcriber() -> None:
    folder = shipped_folder("tune")
    known = json.loads(gzip.decompress((folder / "known.json.gz").read_bytes()))
    with (folder / "transcribers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [f"{row['title']} ({row['collection']})" for row in rows] == [name for name, _ in known]
    assert {row["collection"] for row in rows} == set(MUSIC21_COLLECTIONS)
    assert all(row["file"] and row["number"] and row["transcriber"] for row in rows)
    text = (folder / "ATTRIBUTION.md").read_text("utf-8")
    for (collection, transcriber), n_tunes in Counter(
        (row["collection"], row["transcriber"]) for row in rows
    ).items():
        assert re.search(rf"{re.escape(transcriber)} \({n_tunes}\)", text), (collection, transcriber)
    assert "@" not in "".join(row["transcriber"] for row in rows)
