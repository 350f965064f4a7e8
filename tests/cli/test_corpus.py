"""``woodshed corpus``: describe, check and fetch."""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from woodshed.data.corpora import fsdd
from woodshed.data.corpora.facts import Download
from woodshed.data.sample import sample_folder


def test_info_tells_licence_citation_and_where_to_get_it(cli: Callable[..., Any]) -> None:
    out = cli("corpus", "info", "RAVDESS").out
    assert "24 actors: 1,440 examples" in out
    assert "licence   CC BY-NC-SA 4.0" in out
    assert "doi 10.1371/journal.pone.0196391" in out
    assert "(208,468,073 bytes, MD5 bc696df654c87fed845eb13823edef8a)" in out


def test_info_says_what_is_missing_and_invents_nothing(cli: Callable[..., Any]) -> None:
    assert "size unknown, checksum unknown" in cli("corpus", "info", "emodb").out
    assert "number unknown" in cli("corpus", "info", "philharmonia").out
    assert "not available automatically. It is kept in Git LFS" in cli("corpus", "info", "crema-d").out
    finished = cli("corpus", "info", "ravdes")
    assert finished.code == 2
    assert "Did you mean ravdess?" in finished.err


def test_check_counts_classes_groups_and_what_is_missing(cli: Callable[..., Any], tmp_path: Path) -> None:
    for path in (sample_folder() / "recordings").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    n_good = len(os.listdir(tmp_path))
    (tmp_path / "9_theo_99.flac").write_bytes(b"fLaC")
    (tmp_path / "holiday.flac").write_bytes(b"fLaC")
    finished = cli("corpus", "check", f"fsdd:{tmp_path}")
    assert finished.code == 0
    assert f"{n_good + 1} examples; {3000 - n_good - 1:,} of 3,000 are missing" in finished.out
    assert "groups, by speaker: 6" in finished.out
    assert "official split: test " in finished.out
    assert f"1 of {n_good + 1} files are unusable" in finished.out
    assert "9_theo_99.flac: " in finished.err
    assert "holiday.flac: its name does not match the corpus" in finished.err
    rows = dict(line.split() for line in finished.out.splitlines() if len(line.split()) == 2)
    assert sum(int(n) for name, n in rows.items() if name.isdigit()) == n_good + 1


def test_check_may_leave_the_files_shut_and_may_be_strict(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "1_ann_0.wav").touch()
    quick = cli("corpus", "check", f"fsdd:{tmp_path}", "--quick")
    assert (quick.code, "unusable" in quick.out + quick.err) == (0, False)
    strict = cli("corpus", "check", f"fsdd:{tmp_path}", "--strict")
    assert strict.code == 2
    assert "fsdd is incomplete" in strict.err


@pytest.mark.data
def test_check_of_a_real_corpus_finds_it_whole(cli: Callable[..., Any], shared_data: Path) -> None:
    finished = cli("corpus", "check", f"groove-midi:{shared_data / 'groove_midi'}", "--strict")
    assert (finished.code, "examples, complete" in finished.out) == (0, True)
    assert "0 of 1,150 files are unusable" in finished.out


def test_check_shows_tags_and_values_where_there_are_some(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "labelled").mkdir()
    (tmp_path / "labelled" / "a.mid").touch()
    (tmp_path / "vgmidi_labelled.csv").write_text("game,midi,valence,arousal\nTetris,labelled/a.mid,1,-1\n")
    finished = cli("corpus", "check", f"vgmidi:{tmp_path}")
    assert "values: valence, arousal" in finished.out
    assert "a.mid: it is empty" in finished.err
    heading, clip = "clip_id\trock\tno voice\tmp3_path", "2\t1\t1\tf/a.mp3"
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.mp3").write_bytes(b"x")
    (tmp_path / "annotations_final.csv").write_text(f"{heading}\n{clip}\n")
    out = cli("corpus", "check", f"magnatagatune:{tmp_path}", "--quick").out
    assert [line.split() for line in out.splitlines()[1:4]] == [
        ["tag", "examples"],
        ["rock", "1"],
        ["no", "voice", "1"],
    ]
    assert "groups, by artist: unknown" in out


@pytest.mark.parametrize("text", ["fsdd", "fsdd:", ":here"])
def test_check_says_how_to_name_a_corpus(cli: Callable[..., Any], text: str) -> None:
    finished = cli("corpus", "check", text)
    assert finished.code == 2
    assert "as NAME:PATH" in finished.err


class Quiet(SimpleHTTPRequestHandler):
    """Serve files and log nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Return the address of an archive on this machine: two recordings of a corpus in its layout."""
    (tmp_path / "server").mkdir()
    with zipfile.ZipFile(tmp_path / "server" / "digits.zip", "w") as zipped:
        for name in ("7_theo_0", "3_theo_0"):
            path = sample_folder() / "recordings" / f"{name}.flac"
            zipped.writestr(f"digits-master/recordings/{path.name}", path.read_bytes())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "server")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/digits.zip"
        server.shutdown()
        thread.join()


def test_fetch_downloads_what_check_then_reads(
    cli: Callable[..., Any], served: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fsdd, "FACTS", replace(fsdd.FACTS, downloads=(Download(served),)))
    finished = cli("corpus", "fetch", "fsdd", "--out", tmp_path / "digits")
    assert finished.code == 0
    assert "Licence: CC BY-SA 4.0" in finished.out
    assert f"2 files in {tmp_path / 'digits'}" in finished.out
    assert "Cannot be verified: http://127.0.0.1" in finished.err
    assert (
        "2 examples; 2,998 of 3,000 are missing" in cli("corpus", "check", f"fsdd:{tmp_path / 'digits'}").out
    )


@pytest.mark.parametrize(
    ("name", "checksum", "why"), [("digits.zip", "0" * 32, "has the checksum"), ("gone.zip", None, "404")]
)
def test_fetch_says_why_it_failed(
    cli: Callable[..., Any],
    served: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    checksum: str | None,
    why: str,
) -> None:
    downloads = (Download(served.replace("digits.zip", name), checksum),)
    monkeypatch.setattr(fsdd, "FACTS", replace(fsdd.FACTS, downloads=downloads))
    finished = cli("corpus", "fetch", "fsdd", "--out", tmp_path / "digits")
    assert finished.code == 2
    assert why in finished.err


def test_fetch_says_how_to_get_what_it_cannot(cli: Callable[..., Any], tmp_path: Path) -> None:
    finished = cli("corpus", "fetch", "philharmonia", "--out", tmp_path)
    assert finished.code == 2
    assert "cannot be downloaded automatically" in finished.err
