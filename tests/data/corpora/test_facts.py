"""What is known of each corpus, how it is downloaded, and what a look at it tells."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from woodshed.data.corpora import CORPORA, corpus_facts, load
from woodshed.data.corpora.facts import Download
from woodshed.data.corpora.get import get_corpus
from woodshed.data.corpora.survey import find_fault, open_files, survey
from woodshed.data.download import HASHES
from woodshed.errors import DataError, ParameterError

every_corpus = pytest.mark.parametrize("name", sorted(CORPORA))

MIDI = b"MThd" + (6).to_bytes(4, "big") + bytes(6) + b"MTrk" + (4).to_bytes(4, "big") + b"\x00\xff\x2f\x00"


@every_corpus
def test_every_corpus_is_described_and_can_be_had_or_says_how(name: str) -> None:
    facts = corpus_facts(name)
    assert facts.name == name
    assert all((facts.title, facts.content, facts.layout, facts.licence, facts.citation, facts.url))
    assert bool(facts.downloads) != bool(facts.manual_download)
    assert len(facts.content) <= 65


@every_corpus
def test_addresses_and_checksums_can_be_such(name: str) -> None:
    for wanted in corpus_facts(name).downloads:
        assert re.fullmatch(r"https?://[\w.-]+/\S+/[\w.-]+", wanted.url)
        assert wanted.checksum is None or re.fullmatch(r"[0-9a-f]+", wanted.checksum)
        assert wanted.checksum is None or len(wanted.checksum) in HASHES
        # What GitHub packs on demand has no lasting checksum.
        assert wanted.checksum is None or "github.com" not in wanted.url


def test_an_unknown_name_has_no_facts() -> None:
    with pytest.raises(DataError, match=r"Unknown corpus 'emo'\. (Did you mean|Known)"):
        corpus_facts("emo")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "folder"),
    [
        *(("fsdd", "fsdd"), ("esc10", "esc10"), ("emodb", "emodb"), ("groove_midi", "groove_midi")),
        *(("instrument_notes", "instrument_notes"), ("nottingham", "nottingham")),
        ("jsb_chorales", "jsb_chorales"),
    ],
)
def test_the_number_of_examples_is_that_of_the_real_files(name: str, folder: str, shared_data: Path) -> None:
    assert len(load(name, shared_data / folder).examples) == corpus_facts(name).n_examples


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_parts_are_joined_archives_unpacked_and_plain_files_kept(shelf: Any, tmp_path: Path) -> None:
    archive = zipped({"0/a.mp3": b"sound", "f/b.mp3": b"more"})
    shelf.files = {"tags.csv": b"clip_id", "mp3.zip.001": archive[:90], "mp3.zip.002": archive[90:]}
    downloads = tuple(
        Download(shelf.url(name), hashlib.md5(content).hexdigest()) for name, content in shelf.files.items()
    )
    names: list[str] = []
    told: dict[str, int] = {}

    def watch(name: str) -> Any:
        names.append(name)
        return lambda here, total: told.update({name: total})

    known = replace(corpus_facts("magnatagatune"), downloads=downloads)
    assert get_corpus(known, tmp_path / "out", watch=watch) == 3
    out = tmp_path / "out"
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {path for path in found if "archives" not in path} == {"tags.csv", "0/a.mp3", "f/b.mp3"}
    assert names == list(shelf.files)
    assert told == {name: len(content) for name, content in shelf.files.items()}
    n_asked = len(shelf.asked)
    get_corpus(known, tmp_path / "out")
    assert len(shelf.asked) == n_asked


def test_what_cannot_be_downloaded_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"cannot be downloaded automatically\. It is kept in Git LFS.*CREMA-D"
    ):
        get_corpus(corpus_facts("crema_d"), tmp_path)


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Return five recordings as of spoken digits: a silent one, a damaged one and a stranger among them."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 800)
    for name, samples in (("0_ann_0", noise), ("1_bob_7", noise), ("2_bob_0", np.zeros(800)), ("odd", noise)):
        soundfile.write(folder / f"{name}.wav", samples, 8000)
    (folder / "3_ann_1.wav").write_bytes(b"RIFF")
    return tmp_path


def test_a_survey_counts_what_is_missing_and_names_what_cannot_be_read(digits: Path) -> None:
    listed = survey("FSDD", digits)
    assert (listed.n_missing, listed.opened, listed.unreadable) == (2996, False, ())
    ticks: list[int] = []
    found = open_files(listed, n_jobs=2, tick=lambda: ticks.append(1))
    silent, damaged = found.unreadable
    assert (silent.path.stem, damaged.path.stem) == ("2_bob_0", "3_ann_1")
    assert "digital silence" in silent.reason
    assert [row.path.stem for row in found.corpus.skipped] == ["odd"]
    assert (len(ticks), found.is_complete) == (4, False)
    assert not listed.is_complete
    with pytest.raises(ParameterError, match="n_jobs must be"):
        open_files(listed, n_jobs=0)


def test_a_corpus_is_complete_when_nothing_is_missing_or_unreadable(digits: Path) -> None:
    for name in ("2_bob_0", "3_ann_1"):
        (digits / "recordings" / f"{name}.wav").unlink()
    found = open_files(survey("fsdd", digits))
    whole = replace(found, facts=replace(found.facts, n_examples=2))
    assert (whole.n_missing, whole.is_complete) == (0, True)
    unknown = replace(found, facts=replace(found.facts, n_examples=None))
    assert (unknown.n_missing, unknown.is_complete) == (None, True)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (MIDI, None),
        (b"", "is empty"),
        (b"RIFF" + MIDI, "does not start with MThd"),
        (MIDI[:-2], "2 bytes are missing"),
        (MIDI[:14], "has no track"),
    ],
)
def test_the_frame_of_a_midi_file_is_checked(content: bytes, fault: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(content)
    found = find_fault(path)
    assert found is None if fault is None else fault in str(found)
