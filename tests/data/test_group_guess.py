"""Groups that are found when nobody has said them: in names, folders, tags and columns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.data.example import Corpus, Example
from woodshed.data.folder import read_folder
from woodshed.data.group_guess import guess_groups
from woodshed.data.table import read_table


def rules(names: Iterable[str]) -> list[str]:
    """Return the rules that are guessed from names below a folder, whose first folder is the label."""
    rows = tuple(Example(Path(name), Path(name).parts[0]) for name in names)
    return [found.group_by for found in guess_groups(Corpus("some", rows), Path())]


def digits(form: str) -> list[str]:
    return [
        f"{d}/" + form.format(d=d, who=w, k=k) for d in "379" for w in ("ann", "bob", "eve") for k in range(6)
    ]


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        ("{d}_{who}_{k}.wav", "part:2"),
        ("{who}-{d}-{k}.wav", "part:1"),
        ("{d} {who} {k}.wav", "part:2"),
        ("{who}/{d}_{k}.wav", "folder"),
    ],
)
def test_the_speaker_is_found_and_not_the_label_or_the_running_number(form: str, rule: str) -> None:
    assert rules(digits(form)) == [rule]


def test_a_song_is_found_by_what_stands_before_the_running_number() -> None:
    songs = [f"{g}/so {g} {s}_{k:03}.wav" for g in ("jazz", "folk") for s in "abc" for k in range(5)]
    assert rules(songs) == ["part:1"]
    glued = [f"{s[0]}/{s}{k:03}.wav" for s in ("jive", "jo", "jut", "fey", "fa", "four") for k in range(5)]
    assert rules(glued) == ["stem"]


@pytest.mark.parametrize("form", ["{k:03}.wav", "{g}_{k:03}.wav", "{g}{k}.wav", "take {k}.wav"])
def test_numbers_and_labels_alone_are_no_groups(form: str) -> None:
    assert rules(f"{g}/" + form.format(g=g, k=k) for g in ("dog", "rain") for k in range(20)) == []


def test_codes_of_one_width_may_end_in_the_actor() -> None:
    codes = [f"{e}/03-01-{e:02}-{s:02}-{a:02}.wav" for e in range(1, 5) for s in (1, 2) for a in range(1, 13)]
    assert rules(codes)[0] == "part:5"


def test_a_folder_that_is_the_label_again_is_none(tmp_path: Path) -> None:
    assert rules(f"{g}/{g} set/{k}.wav" for g in ("dog", "rain") for k in range(9)) == []


def write(path: Path, k: int, artist: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", 8000, 1, format="FLAC") as sound:
        sound.artist = artist
        sound.write(np.sin(np.arange(800) * (k + 1) / 50))


def test_an_artist_in_the_tags_is_found_and_can_be_taken(tmp_path: Path) -> None:
    for k in range(24):
        write(tmp_path / ("jazz", "folk")[k % 2] / f"{k:02}.flac", k, ("Ann", "Bob", "Eve")[k // 2 % 3])
    (found,) = guess_groups(read_folder(tmp_path), tmp_path)
    assert (found.group_by, found.word, found.n_groups, found.n_examples) == ("tag:artist", "artist", 3, 24)
    taken = read_folder(tmp_path, group_by=found.group_by)
    assert (set(taken.groups or []), taken.group_word) == ({"Ann", "Bob", "Eve"}, "artist")
    (tmp_path / "jazz" / "00.flac").write_bytes(b"no sound")
    assert "not audio" in read_folder(tmp_path, group_by="tag:artist").skipped[0].reason


def test_a_column_of_a_table_comes_before_the_name(tmp_path: Path) -> None:
    lines = ["path,label,singer,note"]
    for k in range(24):
        name = f"{'xy'[k % 2]}{'xy'[k % 2]}_{k}.wav"
        (tmp_path / name).write_bytes(b"")
        lines.append(f"{name},{'ab'[k // 12]},{('ann', 'bob', 'eve')[k % 3]},{k}")
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(lines))
    found = guess_groups(read_table(table), table)
    assert [one.group_by for one in found] == ["singer", "part:1"]
    assert read_table(table, group_by="singer").groups is not None


def test_the_shipped_sample_has_six_speakers(sample_corpus_folder: Path) -> None:
    paths = sorted((sample_corpus_folder / "recordings").glob("*.flac"))
    corpus = Corpus("sample", tuple(Example(path, path.stem[0]) for path in paths))
    (found,) = guess_groups(corpus, sample_corpus_folder)
    assert (found.group_by, found.n_groups, found.n_examples) == ("part:2", 6, len(paths))


@pytest.mark.data
def test_the_speakers_of_real_corpora_are_found(shared_data: Path) -> None:
    for folder, place, rule, n in (
        ("fsdd/recordings", 0, "part:2", 6),
        ("emodb/audio", 5, "chars:1-2", 10),
    ):
        paths = sorted((shared_data / folder).glob("*.flac"))
        if not paths:
            pytest.skip(f"{folder} is not here")
        corpus = Corpus("real", tuple(Example(path, path.stem[place]) for path in paths))
        best = guess_groups(corpus, shared_data / folder)[0]
        assert (best.group_by, best.n_groups, best.n_examples) == (rule, n, len(paths))
