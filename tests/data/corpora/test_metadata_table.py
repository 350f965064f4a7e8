"""Corpora with a table: made-up files in the published layout, and the real ones where they are."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from woodshed.data.corpora import load
from woodshed.data.corpora.facts import read_rows
from woodshed.data.corpora.instrument_notes import note_tags
from woodshed.data.corpora.jsb_chorales import chorales
from woodshed.data.corpora.nottingham import tune_family
from woodshed.data.split import official
from woodshed.errors import DataError, ParameterError


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.fixture
def vgmidi(tmp_path: Path) -> Path:
    """Return a folder with four phrases of two games; the table lists one more, and one that has no mood."""
    moods = [("Zelda", 1, 1), ("Zelda", 1, -1), ("Tetris", -1, 1), ("Tetris", -1, -1), ("Tetris", 3, 1)]
    rows = []
    for k, (game, valence, arousal) in enumerate(moods):
        midi = f"labelled/phrases/Other_NES_{game}_Main Theme_{k}.mid"
        row = {"id": "8000", "series": "Other", "console": "NES", "game": game, "piece": "Main Theme"}
        rows.append(row | {"midi": midi, "valence": str(valence), "arousal": str(arousal)})
        touch(tmp_path / midi)
    rows.append(rows[0] | {"midi": "labelled/phrases/lost_0.mid"})
    write_table(tmp_path / "vgmidi_labelled.csv", rows)
    return tmp_path


def test_vgmidi_gives_valence_and_arousal_as_values_and_the_game_as_group(vgmidi: Path) -> None:
    corpus = load("vgmidi", vgmidi)
    assert [(row.label, row.group, dict(row.values)) for row in corpus.examples] == [
        ("pleasant and active", "Zelda", {"valence": 1.0, "arousal": 1.0}),
        ("pleasant and calm", "Zelda", {"valence": 1.0, "arousal": -1.0}),
        ("unpleasant and active", "Tetris", {"valence": -1.0, "arousal": 1.0}),
        ("unpleasant and calm", "Tetris", {"valence": -1.0, "arousal": -1.0}),
    ]
    assert corpus.targets == ["valence", "arousal"]
    assert corpus.examples[0].path.is_file()


def test_a_row_without_a_file_or_without_sense_is_set_aside(vgmidi: Path) -> None:
    odd, lost = load("vgmidi", vgmidi).skipped
    assert odd.reason.startswith("row 6 of vgmidi_labelled.csv cannot be parsed")
    assert (lost.path.name, "lists it" in lost.reason) == ("lost_0.mid", True)


def test_one_folder_deeper_is_found_and_a_table_alone_is_refused(vgmidi: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    for name in ("labelled", "vgmidi_labelled.csv"):
        (outer / "vgmidi-master").mkdir(exist_ok=True)
        (vgmidi / name).rename(outer / "vgmidi-master" / name)
    assert len(load("vgmidi", outer).examples) == 4
    (outer / "vgmidi-master" / "labelled").rename(outer / "elsewhere")
    with pytest.raises(DataError, match="lists 6 files, and none of them is usable"):
        load("vgmidi", outer)


def test_a_file_that_is_not_the_table_is_refused(vgmidi: Path) -> None:
    table = vgmidi / "vgmidi_labelled.csv"
    table.write_text("id,game,midi,valence\n1,Zelda,a.mid,1\n")
    with pytest.raises(DataError, match="no column 'arousal'"):
        load("vgmidi", vgmidi)
    table.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_rows(table, [])


def test_groove_midi_takes_style_session_and_split_from_its_table(tmp_path: Path) -> None:
    midi = "drummer1/session1/1_latin-samba_80_beat_4-4.mid"
    row = {
        "session": "drummer1/session1",
        "style": "latin/samba",
        "midi_filename": midi,
        "split": "validation",
    }
    write_table(tmp_path / "info.csv", [row])
    touch(tmp_path / midi)
    touch(tmp_path / midi.replace(".mid", ".wav"))
    (example,) = load("groove_midi", tmp_path).examples
    assert (example.label, example.group, example.split) == ("latin", "drummer1/session1", "validation")
    assert example.path == tmp_path / midi


@pytest.mark.data
def test_the_real_groove_midi_is_whole_and_its_split_leaky(shared_data: Path) -> None:
    corpus = load("groove_midi", shared_data / "groove_midi")
    assert Counter(row.split for row in corpus.examples) == {"train": 897, "validation": 124, "test": 129}
    assert len(corpus.counts()) == 18
    assert official(corpus).leaky


def test_nottingham_tells_types_by_the_collection_and_families_by_the_title(tmp_path: Path) -> None:
    tunes = {"reelsa-c": ["The Keel Row", "Keel Row No.2"], "slip": ["Drops of Brandy"], "morris": ["Bean"]}
    for collection, titles in tunes.items():
        text = "\n".join(f"X: {k}\nT:{title}\nT:Other\nK:D\nabc|\n" for k, title in enumerate(titles, 1))
        (tmp_path / "ABC_cleaned").mkdir(exist_ok=True)
        (tmp_path / "ABC_cleaned" / f"{collection}.abc").write_text(text)
        for k in range(1, len(titles) + 1):
            touch(tmp_path / "MIDI" / "melody" / f"{collection}{k}.mid")
    touch(tmp_path / "MIDI" / "chords" / "slip1.mid")
    found = {row.path.name: (row.label, row.group) for row in load("nottingham", tmp_path).examples}
    assert found == {
        "reelsa-c1.mid": ("reel", "keel row"),
        "reelsa-c2.mid": ("reel", "keel row"),
        "slip1.mid": ("slip jig", "drops of brandy"),
        "morris1.mid": ("morris", "bean"),
    }
    assert tune_family("A") == "a"


@pytest.mark.data
def test_the_real_nottingham_agrees_with_its_table(shared_data: Path) -> None:
    folder = shared_data / "nottingham"
    corpus = load("nottingham", folder)
    with open(folder / "tunes.csv", encoding="utf-8", newline="") as file:
        expected = {
            f"{Path(row['file']).stem}{row['x']}.mid": (row["type"], tune_family(row["title"]))
            for row in csv.DictReader(file)
        }
    assert {row.path.name: (row.label, row.group) for row in corpus.examples} == expected
    assert len(corpus.examples) == 1034
    assert max(Counter(corpus.groups).values()) > 1


@pytest.fixture
def bach(tmp_path: Path) -> Path:
    """Return a folder with one chorale to train, and one in each of the other parts, on both grids."""
    quarter = {"train": [[[60, 64, 67], []]], "valid": [[[62]]], "test": [[[65]], [[64]]]}
    voices = {"train": [[[67, 64, 60, -1]] * 4], "valid": [[[62] * 4]], "test": [[[65] * 4], [[64] * 4]]}
    (tmp_path / "jsb-chorales-quarter.json").write_text(json.dumps(quarter))
    (tmp_path / "Jsb16thSeparated.json").write_text(json.dumps(voices))
    return tmp_path


def test_chorales_are_steps_of_pitches_on_either_grid(bach: Path) -> None:
    assert chorales(bach, "train") == (((60, 64, 67), ()),)
    assert chorales(bach, "train", grid="sixteenth")[0] == ((67, 64, 60, -1),) * 4
    assert chorales(bach, "test")[1:] == (((64,),),)
    assert Counter(row.split for row in load("jsb_chorales", bach).examples) == {
        "train": 1,
        "validation": 1,
        "test": 2,
    }


def test_chorales_that_are_not_there_are_named(bach: Path) -> None:
    path = bach / "jsb-chorales-quarter.json"
    path.write_text('{"valid": [[[50]], [[51]], [[52]]]}')
    assert len(chorales(bach, "validation")) == 3
    with pytest.raises(DataError, match="has no part 'test'"):
        chorales(bach, "test")
    path.write_text('{"valid": 7}')
    with pytest.raises(DataError, match="does not hold chorales"):
        chorales(bach, "validation")
    with pytest.raises(ParameterError, match=r"no part 'valid'\. Did you mean validation\?"):
        chorales(bach, "valid")
    with pytest.raises(ParameterError, match="no grid 'eighth'"):
        chorales(bach, "test", grid="eighth")


@pytest.mark.data
@pytest.mark.parametrize("grid", ["quarter", "sixteenth"])
def test_the_real_chorales_have_the_published_numbers(grid: str, shared_data: Path) -> None:
    folder = shared_data / "jsb_chorales"
    parts = [chorales(folder, part, grid=grid) for part in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [229, 76, 77]
    steps = [step for piece in parts[2] for step in piece]
    if grid == "sixteenth":
        assert len(steps) == 18_900
        assert {len(step) for step in steps} == {4}


def test_a_note_is_tagged_by_instrument_register_and_dynamic() -> None:
    assert note_tags("flute", 72, 45) == ("flute", "woodwind", "blown", "high", "soft")
    assert note_tags("guitar", 71, 80) == ("guitar", "strings", "plucked", "middle", "medium")
    assert note_tags("tuba", 47, 115) == ("tuba", "brass", "blown", "low", "loud")


@pytest.mark.data
def test_every_real_note_has_five_tags_and_its_pitch_as_group(shared_data: Path) -> None:
    corpus = load("instrument_notes", shared_data / "instrument_notes")
    counts = Counter(tag for row in corpus.examples for tag in row.labels)
    assert {len(row.labels) for row in corpus.examples} == {5}
    assert (counts["soft"], counts["medium"], counts["loud"]) == (280, 280, 280)
    assert (counts["strings"], counts["brass"], counts["woodwind"]) == (300, 240, 300)
    assert all(row.group == str(int(row.path.stem.split("_")[-2])) for row in corpus.examples)


def test_songs_of_medley_solos_come_from_its_table(tmp_path: Path) -> None:
    uuid = "0a282672-c22c-59ff-faaa-ff9eb73fc8e6"
    touch(tmp_path / f"Medley-solos-DB_test-3_{uuid}.wav")
    assert load("medley_solos_db", tmp_path).groups is None
    row = {"subset": "test", "instrument": "flute", "instrument_id": "3", "song_id": "17", "uuid4": uuid}
    write_table(tmp_path / "Medley-solos-DB_metadata.csv", [row])
    (example,) = load("medley_solos_db", tmp_path).examples
    assert (example.label, example.group, example.split) == ("flute", "17", "test")


def test_a_part_of_urbansound8k_in_class_folders_takes_its_folds_from_the_table(tmp_path: Path) -> None:
    touch(tmp_path / "audio" / "siren" / "157868-8-0-0.flac")
    write_table(tmp_path / "metadata.csv", [{"slice_file_name": "157868-8-0-0.wav", "fold": "10"}])
    (example,) = load("urbansound8k", tmp_path).examples
    assert (example.label, example.group, example.split) == ("siren", "157868", "fold 10")
