"""MagnaTagATune: tags, synonyms, both splits, empty files; made-up files, and the published label lists."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from woodshed.data.corpora.magnatagatune import SYNONYMS, TOP_50, load, part_of
from woodshed.data.split import official
from woodshed.errors import DataError, ParameterError

TAGS = ["singer", "no voice", "guitar", "rock", "no vocals", "zither", "classic", "classical"]
CLIPS = [  # number, folder, artist, tags
    (2, "f", "Bach", "classic classical"),
    (6, "0", "Bach", "guitar"),
    (10, "b", "Band", "rock guitar"),
    (11, "c", "Band", "zither"),
    (14, "c", "Solo", "no_voice no_vocals"),
    (20, "d", "Solo", ""),
    (21, "6", "Empty", "rock"),
    (22, "7", "Lost", "rock"),
]


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Return a folder in the published layout: eight clips, one of them empty and one not there."""
    annotations = ["\t".join(f'"{word}"' for word in ("clip_id", *TAGS, "mp3_path"))]
    infos = ["\t".join(["clip_id", "track_number", "title", "artist", "album", "url", "mp3_path"])]
    for number, folder, artist, tags in CLIPS:
        given = {tag.replace("_", " ") for tag in tags.split()}
        mp3 = f"{folder}/{artist.lower()}-album-{number:02}-title-0-29.mp3"
        cells = [str(number), *("1" if tag in given else "0" for tag in TAGS), mp3]
        annotations.append("\t".join(f'"{cell}"' for cell in cells))
        infos.append("\t".join([str(number), "1", f"Title {number % 2}", artist, "Album", "", mp3]))
        if artist != "Lost":
            path = tmp_path / mp3
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"" if artist == "Empty" else b"sound")
    (tmp_path / "annotations_final.csv").write_text("\n".join(annotations) + "\n")
    (tmp_path / "clip_info_final.csv").write_text("\n".join(infos) + "\n")
    return tmp_path


def test_clips_bring_their_tags_artist_and_the_part_of_their_folder(unpacked: Path) -> None:
    corpus = load(unpacked)
    assert [(row.labels, row.group, row.split) for row in corpus.examples] == [
        (("classical", "classic"), "Bach", "test"),
        (("guitar",), "Bach", "train"),
        (("guitar", "rock"), "Band", "train"),
        ((), "Band", "validation"),
        (("no vocals", "no voice"), "Solo", "validation"),
        ((), "Solo", "test"),
    ]
    assert {row.label for row in corpus.examples} == {""}
    assert corpus.group_word == "artist"


def test_the_filtered_split_leaves_out_clips_without_any_of_the_fifty_tags(unpacked: Path) -> None:
    assert Counter(row.split for row in load(unpacked, split="filtered").examples) == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }


def test_empty_and_missing_files_are_set_aside_each_with_its_reason(unpacked: Path) -> None:
    reasons = {row.path.name[:5]: row.reason for row in load(unpacked).skipped}
    assert "is empty" in reasons["empty"]
    assert "no such file, but annotations_final.csv lists it" in reasons["lost-"]


def test_synonyms_become_one_tag_and_the_most_frequent_are_counted_afresh(unpacked: Path) -> None:
    tags = [row.labels for row in load(unpacked, merged=True).examples]
    assert tags[0] == ("classical",)
    assert tags[3] == ("zither",)
    assert tags[4] == ("no vocals",)


def test_a_group_may_be_the_track_and_the_official_split_shares_artists(unpacked: Path) -> None:
    assert load(unpacked, group_by="track").examples[0].group == "Bach / Album / Title 0"
    assert official(load(unpacked)).leaky
    (unpacked / "clip_info_final.csv").unlink()
    assert load(unpacked).groups is None


def test_the_sounds_may_stand_in_a_folder_of_their_own(unpacked: Path) -> None:
    (unpacked / "mp3").mkdir()
    for name in "0bcdf67":
        if (unpacked / name).exists():
            (unpacked / name).rename(unpacked / "mp3" / name)
    assert len(load(unpacked).examples) == 6


def test_what_cannot_be_asked_for_is_refused(unpacked: Path) -> None:
    with pytest.raises(ParameterError, match=r"'filter'\. Did you mean filtered\?"):
        load(unpacked, split="filter")
    with pytest.raises(ParameterError, match="'genre'"):
        load(unpacked, group_by="genre")
    for folder in "0bcdf6":
        for path in (unpacked / folder).iterdir():
            path.unlink()
    with pytest.raises(DataError, match="Unpack the MP3 files next to the table"):
        load(unpacked)


def test_every_word_means_one_tag_only() -> None:
    words = [other for others in SYNONYMS.values() for other in others]
    assert len(words) == len(set(words))
    assert not set(words) & set(SYNONYMS)
    assert len(SYNONYMS) == 29
    assert 188 - len(words) == 134  # what is left of the 188 tags in the published merge


@pytest.mark.data
def test_tags_and_split_are_those_of_the_published_lists(shared_data: Path) -> None:
    lists = shared_data / "magnatagatune_labels"
    names = (lists / "output_labels_mtt.txt").read_text().partition("MTT_LABELS = ")[2]
    assert list(TOP_50) == ast.literal_eval(names)
    paths = dict(line.split("\t") for line in (lists / "index_mtt.tsv").read_text().splitlines())
    for part, file, n_all, n_tagged in (
        ("validation", "val_gt_mtt.tsv", 1825, 1529),
        ("test", "test_gt_mtt.tsv", 5329, 4332),
    ):
        rows = [line.split("\t") for line in (lists / file).read_text().splitlines()]
        assert {number for number, _ in rows} == {n for n, path in paths.items() if part_of(path) == part}
        tagged = [number for number, truth in rows if any(ast.literal_eval(truth))]
        assert (len(rows), len(tagged)) == (n_all, n_tagged)  # folders, and Lee and others' filtered split
