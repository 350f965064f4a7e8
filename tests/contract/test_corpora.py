"""What every corpus promises: its published layout is read, on made-up files and on the real ones."""

from __future__ import annotations

import csv
import importlib
import inspect
from collections import Counter
from pathlib import Path

import pytest

from woodshed.data.corpora import CORPORA, load
from woodshed.data.split import official
from woodshed.errors import DataError

LAYOUTS = {
    "fsdd": [
        f"recordings/{digit}_{who}_{k}.wav" for digit in "07" for who in ("ann", "bob") for k in (0, 4, 5, 49)
    ],
    "esc10": [
        f"{folder}/{fold}-{number}{fold}-{take}.ogg"
        for folder, number in (("001 - Dog bark", 1000), ("010 - Fire crackling", 2000))
        for fold in (1, 2, 3, 4, 5)
        for take in "AB"
    ],
    "speech_commands": [
        f"{word}/{who}_nohash_{take}.wav"
        for word in ("yes", "no")
        for who in ("004ae714", "0a7c2a8d", "f953e1af")
        for take in (0, 1)
    ],
    "emodb": [
        f"wav/{who}{text}{letter}{version}.wav"
        for who in ("03", "16")
        for text in ("a01", "b10")
        for letter in "WN"
        for version in "ab"
    ],
    "ravdess": [
        f"Actor_{who}/03-01-{emotion}-{level}-0{said}-01-{who}.wav"
        for who in ("01", "24")
        for emotion, level in (("01", "01"), ("08", "02"))
        for said in (1, 2)
    ],
    "crema_d": [
        f"AudioWAV/{who}_{text}_{emotion}_{level}.wav"
        for who in ("1001", "1091")
        for text in ("DFA", "IEO")
        for emotion, level in (("ANG", "HI"), ("NEU", "XX"), ("NEU", "X"))
    ],
    "esc50": [
        f"audio/{fold}-{number}{fold}-{take}-{target}.wav"
        for number, target in ((1000, 0), (2000, 49))
        for fold in (1, 2, 3, 4, 5)
        for take in "AB"
    ],
    "urbansound8k": [
        f"audio/fold{fold}/{number}{fold}-{target}-0-{k}.wav"
        for number, target in ((1000, 0), (2000, 9))
        for fold in range(1, 11)
        for k in (0, 13)
    ],
    "gtzan": [
        f"genres/{genre}/{genre}.{number:05}.wav"
        for genre in ("blues", "rock")
        for number in (0, 12, 30, 50, 95)
    ],
    "medley_solos_db": [
        f"audio/Medley-solos-DB_{part}-{number}_0a282672-c22c-59ff-faaa-ff9eb73fc8e{k}.wav"
        for part in ("training", "validation", "test")
        for number in (0, 7)
        for k in "6f"
    ],
    "nsynth": [
        f"nsynth-{part}/audio/{family}_{source}_00{k}-0{pitch}-{velocity}.wav"
        for k, part in enumerate(("train", "valid", "test"))
        for family, source in (("bass", "electronic"), ("synth_lead", "synthetic"))
        for pitch in (22, 60)
        for velocity in ("025", "127")
    ],
    "philharmonia": [
        f"{folder}/{name}_{note}_{length}_{dynamic}_{way}.mp3"
        for folder, name in (("french horn", "french-horn"), ("violin", "violin"))
        for note in ("A3", "Fs3")
        for length, dynamic, way in (("025", "piano", "normal"), ("very-long", "mezzo-forte", "arco-normal"))
    ],
}
EXTRA: dict[str, list[str]] = {
    "fsdd": ["metadata.py", "recordings/.DS_Store", "spectrograms/0_ann_0.png"],
    "esc10": ["LICENSE", "meta.csv"],
    "speech_commands": ["_background_noise_/doing_the_dishes.wav", "_background_noise_/README.md", "LICENSE"],
    "emodb": ["erkennung.txt", "lablaut/03a01Fa.lablaut"],
    "ravdess": ["Actor_01/03-02-01-01-01-01-01.wav", "Actor_01/02-01-01-01-01-01-01.mp4"],
    "crema_d": ["SentenceFilenames.csv", "AudioMP3/1001_DFA_ANG_XX.mp3"],
    "esc50": ["meta/esc50.csv", "README.md"],
    "urbansound8k": ["FREESOUNDCREDITS.txt"],
    "gtzan": ["bextract_single.mf"],
    "medley_solos_db": ["README.md"],
    "nsynth": ["nsynth-train/examples.json"],
    "philharmonia": ["agogo bells/agogo-bells__025_forte_struck-singly.mp3"],
}
SPLIT = {"fsdd", "esc10", "speech_commands", "esc50", "urbansound8k", "gtzan", "medley_solos_db", "nsynth"}
"""Those with an official split."""

GROUPLESS = {"gtzan", "medley_solos_db"}
"""Those whose file names do not say who or what was recorded."""
LABELS = {
    "fsdd": {"0", "7"},
    "esc10": {"dog bark", "fire crackling"},
    "speech_commands": {"yes", "no"},
    "emodb": {"anger", "neutral"},
    "ravdess": {"neutral", "surprise"},
    "crema_d": {"anger", "neutral"},
    "esc50": {"dog", "hand saw"},
    "urbansound8k": {"air conditioner", "street music"},
    "gtzan": {"blues", "rock"},
    "medley_solos_db": {"clarinet", "violin"},
    "nsynth": {"bass", "synth lead"},
    "philharmonia": {"french horn", "violin"},
}
REAL: dict[str, tuple[str, str, str, str, dict[str | None, int]]] = {
    "fsdd": ("fsdd", "fsdd.csv", "digit", "speaker", {"train": 2700, "test": 300}),
    "esc10": ("esc10", "esc10.csv", "category", "freesound_id", {f"fold {k}": 80 for k in range(1, 6)}),
    "speech_commands": (
        "speech_commands_mini",
        "speech_commands_mini.csv",
        "word",
        "speaker",
        {"train": 205, "validation": 44, "test": 51},
    ),
    "emodb": ("emodb", "emodb.csv", "emotion", "speaker", {None: 535}),
    "urbansound8k": (
        *("urbansound8k_mini", "metadata.csv", "class", "fsID"),
        {f"fold {k}": 40 for k in (1, 2, 3, 10)},
    ),
    "instrument_notes": ("instrument_notes", "notes.csv", "instrument", "midi_pitch", {None: 840}),
}

every_name = pytest.mark.parametrize("name", sorted(CORPORA))
every_corpus = pytest.mark.parametrize("name", sorted(LAYOUTS))


@pytest.fixture
def unpacked(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a folder with the published layout of the corpus that the test is about, all files empty."""
    name = request.getfixturevalue("name")
    for file in LAYOUTS[name] + EXTRA[name]:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    if name == "speech_commands":
        (tmp_path / "validation_list.txt").write_text("yes/004ae714_nohash_0.wav\nno/004ae714_nohash_0.wav\n")
        (tmp_path / "testing_list.txt").write_text("yes/f953e1af_nohash_1.wav\n")
    return tmp_path


@every_name
def test_the_module_states_where_it_is_from_in_the_same_order(name: str) -> None:
    module = importlib.import_module(CORPORA[name])
    source = inspect.getsource(module)
    facts = ("name", "title", "content", "citation", "licence", "url", "layout", "n_examples")
    words = ('"""', "\nFACTS = CorpusFacts(", *(f"\n    {fact}=" for fact in facts), "\ndef load(")
    places = [source.index(word) for word in words]
    assert places == sorted(places)
    assert module.FACTS.name == name
    assert module.FACTS.url.startswith("http")
    assert any(word in module.FACTS.citation for word in ("doi ", "arXiv ", "Interspeech ", "https://"))


@every_corpus
def test_every_file_of_the_published_layout_is_read_and_no_other(name: str, unpacked: Path) -> None:
    corpus = load(name, unpacked)
    assert [row.path.relative_to(unpacked).as_posix() for row in corpus.examples] == sorted(LAYOUTS[name])
    assert corpus.skipped == ()
    assert set(corpus.labels) == LABELS[name]
    assert (corpus.name, bool(corpus.licence), bool(corpus.citation)) == (name, True, True)
    assert corpus.group_word != "group"


@every_corpus
def test_every_example_has_a_group_and_a_part(name: str, unpacked: Path) -> None:
    corpus = load(name, unpacked)
    assert all(row.group for row in corpus.examples) == (name not in GROUPLESS)
    assert corpus.has_official_split == (name in SPLIT)
    if name not in SPLIT:
        assert {row.split for row in corpus.examples} == {None}
        return
    parts = {row.split for row in corpus.examples}
    assert corpus.folds == (not parts <= {"train", "validation", "test"})
    assert all(len(fold.test) for fold in official(corpus).folds)


@every_corpus
def test_the_same_folder_gives_the_same_corpus(name: str, unpacked: Path) -> None:
    assert load(name, unpacked) == load(name, str(unpacked))


@every_corpus
def test_a_stranger_is_set_aside_and_nothing_else_changes(name: str, unpacked: Path) -> None:
    stranger = (unpacked / LAYOUTS[name][0]).with_name("holiday.wav")
    stranger.touch()
    corpus = load(name, unpacked)
    assert len(corpus.examples) == len(LAYOUTS[name])
    assert [row.path for row in corpus.skipped] == [stranger]
    assert "its name does not match the corpus. Expected" in corpus.skipped[0].reason


@every_name
def test_another_folder_is_refused_with_the_layout(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No file is named like .*\{.*Give the folder in which"):
        load(name, tmp_path)
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        load(name, tmp_path / "nowhere")


@pytest.mark.parametrize("name", sorted(REAL))
@pytest.mark.data
def test_the_real_files_are_read_as_their_table_says(name: str, shared_data: Path) -> None:
    folder, table, label, group, counts = REAL[name]
    corpus = load(name, shared_data / folder)
    found = {
        row.path.relative_to(shared_data / folder).as_posix(): (row.label, row.group, row.split)
        for row in corpus.examples
    }
    with open(shared_data / folder / table, encoding="utf-8", newline="") as file:
        expected = {
            row["path"]: (
                row[label].replace("_", " "),
                row[group],
                row.get("split") or (f"fold {row['fold']}" if "fold" in row else None),
            )
            for row in csv.DictReader(file)
        }
    assert found == expected
    assert Counter(row.split for row in corpus.examples) == counts


def test_an_unknown_corpus_names_the_near_miss() -> None:
    with pytest.raises(DataError, match=r"Unknown corpus 'esc1'\. Did you mean esc10\?"):
        load("esc1", ".")


@pytest.mark.parametrize("name", ["speech_commands"])
def test_the_lists_of_the_corpus_decide_the_part(name: str, unpacked: Path) -> None:
    parts = Counter(row.split for row in load("Speech-Commands", unpacked).examples)
    assert parts == {"train": 9, "validation": 2, "test": 1}


@pytest.mark.parametrize("name", ["fsdd"])
def test_the_first_five_of_each_are_the_test_set(name: str, unpacked: Path) -> None:
    tested = {row.path.stem for row in load(name, unpacked).examples if row.split == "test"}
    assert tested == {f"{digit}_{who}_{k}" for digit in "07" for who in ("ann", "bob") for k in (0, 4)}
