"""The check before learning: what would spoil a run is set aside with its reason, and the run goes on."""

from __future__ import annotations

import builtins
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio import noise, read, silence, write
from woodshed.clip import Clip
from woodshed.data.check import check
from woodshed.data.doctor.inspection import inspect_sound
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folder import read_folder
from woodshed.errors import DataError, ParameterError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of three good sounds each."""
    for label, seed in (("dog", 0), ("rain", 10)):
        (tmp_path / label).mkdir()
        for k in range(3):
            write(noise(duration_s=0.1, seed=seed + k), tmp_path / label / f"{k}.wav")
    return tmp_path


def reasons(corpus: Corpus) -> dict[str, str]:
    return {f"{row.path.parent.name}/{row.path.name}": row.reason for row in corpus.skipped}


def test_good_sounds_all_stay_in_order(folder: Path) -> None:
    corpus = read_folder(folder)
    assert check(corpus) == corpus


def test_every_kind_of_bad_file_is_named_and_the_good_ones_go_on(folder: Path) -> None:
    dog = folder / "dog"
    good = (dog / "0.wav").read_bytes()
    (dog / "empty.wav").touch()
    (dog / "header.wav").write_bytes(good[:20])
    (dog / "text.wav").write_text("This is not a sound. " * 20)
    (dog / "phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99))
    (dog / "broken.wav").symlink_to(dog / "gone.wav")
    (dog / "loop.wav").symlink_to(dog / "loop.wav")
    soundfile.write(dog / "none.wav", np.zeros((0, 1)), 16000)
    soundfile.write(dog / "nan.wav", np.full(999, np.nan), 16000, subtype="FLOAT")
    soundfile.write(dog / "inf.wav", np.full(999, np.inf), 16000, subtype="DOUBLE")
    soundfile.write(dog / "one.wav", np.array([0.5]), 16000)
    write(noise(duration_s=0.005), dog / "short.wav")
    write(silence(), dog / "silent.wav")
    soundfile.write(dog / "stuck.wav", np.full(16000, 0.25), 16000)
    checked = check(read_folder(folder))
    assert checked.counts() == {"dog": 3, "rain": 3}
    words = {
        "empty.wav": "it is empty (0 bytes)",
        "header.wav": "it has a damaged header",
        "text.wav": "it is text, not audio",
        "phone.m4a": ("it is MPEG-4, which needs ffmpeg", "ffmpeg could not decode it"),
        "broken.wav": "it is a broken link",
        "loop.wav": "it is a link that refers to itself",
        "none.wav": "it has a header but no samples",
        "nan.wav": "it has samples that are NaN or infinite",
        "inf.wav": "it has samples that are NaN or infinite",
        "one.wav": "it has a single sample",
        "short.wav": "it is too short: 0.0050 s, the minimum is 0.01 s",
        "silent.wav": "it is digital silence",
        "stuck.wav": "it is digital silence",
    }
    found = reasons(checked)
    assert set(found) == {f"dog/{name}" for name in words}
    for name, start in words.items():
        assert found[f"dog/{name}"].startswith(start)


def test_unusual_but_good_files_stay(folder: Path) -> None:
    rng = np.random.default_rng(0)
    odd = folder / "odd"
    odd.mkdir()
    soundfile.write(odd / "8 channels.wav", rng.uniform(-1, 1, (19200, 8)), 192000)
    soundfile.write(odd / "8 bit.wav", rng.uniform(-1, 1, 999), 8000, subtype="PCM_U8")
    soundfile.write(odd / "64 bit.wav", rng.uniform(-9, 9, 999), 8000, subtype="DOUBLE")
    soundfile.write(odd / "\U0001f415.flac", rng.uniform(-1, 1, 999), 8000)
    n_odd = 4
    try:
        with open(os.path.join(odd, "caf\udce9.wav"), "wb") as file:
            soundfile.write(file, rng.uniform(-1, 1, 999), 8000, format="WAV")
            n_odd += 1
    except OSError:
        pass  # this file system does not take such names
    checked = check(read_folder(folder))
    assert checked.counts()["odd"] == n_odd
    assert checked.skipped == ()


def test_no_read_permission_is_set_aside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open = builtins.open

    def refuse_one(path: object, *rest: object, **more: object) -> object:
        if str(path).endswith(os.path.join("dog", "1.wav")):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *rest, **more)

    monkeypatch.setattr(builtins, "open", refuse_one)  # root may read everything, so chmod proves nothing
    assert reasons(check(read_folder(folder)))["dog/1.wav"].startswith("it is not readable")


def test_the_same_sound_under_two_labels_is_set_aside_on_both_sides(folder: Path) -> None:
    clip = read(folder / "dog" / "1.wav")
    write(clip, folder / "rain" / "renamed.flac")  # packed in another way, but the same samples
    write(clip, folder / "dog" / "9.wav")
    checked = check(read_folder(folder))
    found = reasons(checked)
    assert set(found) == {"dog/1.wav", "dog/9.wav", "rain/renamed.flac"}
    assert "renamed.flac, but one is labelled 'dog' and the other 'rain'" in found["dog/1.wav"]
    assert "1.wav, but one is labelled 'rain' and the other 'dog'" in found["rain/renamed.flac"]
    assert checked.counts() == {"dog": 2, "rain": 3}


def test_the_same_sound_again_under_one_label_loses_its_later_copies(folder: Path) -> None:
    for name in ("1 (copy).wav", "2 (copy).wav"):
        (folder / "dog" / name).write_bytes((folder / "dog" / "0.wav").read_bytes())
    found = reasons(check(read_folder(folder)))
    assert set(found) == {"dog/1 (copy).wav", "dog/2 (copy).wav"}
    assert all("0.wav. It counts once" in reason for reason in found.values())


def test_another_rate_or_another_stretch_is_another_sound(folder: Path) -> None:
    clip = read(folder / "dog" / "0.wav")
    write(Clip(clip.samples, 8000), folder / "dog" / "slow.wav")
    corpus = read_folder(folder)
    row = corpus.examples[0]
    halves = (Example(row.path, "dog", end_s=0.05), Example(row.path, "dog", start_s=0.05))
    checked = check(Corpus("halves", corpus.examples + halves))
    assert len(checked.examples) == 9


def test_the_only_sound_of_a_class_is_set_aside_with_a_warning(folder: Path) -> None:
    (folder / "cat").mkdir()
    write(noise(seed=99), folder / "cat" / "only.wav")
    with pytest.warns(UserWarning, match="left out cat: a class needs at least two usable sounds"):
        checked = check(read_folder(folder))
    assert reasons(checked)["cat/only.wav"].startswith("it is the only usable sound of class 'cat'")
    assert sorted(checked.counts()) == ["dog", "rain"]


def test_fewer_than_two_classes_left_ends_the_run_with_the_reasons(folder: Path) -> None:
    for path in (folder / "rain").iterdir():
        path.write_bytes(b"")
    with pytest.raises(
        DataError, match=r"one class with usable sounds \(dog\).*rain.0\.wav: it is empty"
    ) as caught:
        check(read_folder(folder))
    assert "more)" not in str(caught.value)
    for k in range(9):
        (folder / "rain" / f"more {k}.wav").touch()
    with pytest.raises(DataError, match=r"\(and 9 more\)"):
        check(read_folder(folder))
    for path in (folder / "dog").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="has no usable sound; two classes are needed"):
        check(read_folder(folder))


def test_what_was_set_aside_before_stays_listed(folder: Path) -> None:
    before = Skipped(folder / "x.wav", "was odd.")
    corpus = Corpus("some", read_folder(folder).examples, (before,))
    (folder / "dog" / "0.wav").write_bytes(b"")
    assert [row.path.name for row in check(corpus).skipped] == ["x.wav", "0.wav"]


def test_many_jobs_give_the_same_answer(folder: Path) -> None:
    (folder / "dog" / "0.wav").write_bytes(b"")
    corpus = read_folder(folder)
    assert check(corpus, n_jobs=4) == check(corpus, n_jobs=-1) == check(corpus)
    with pytest.raises(ParameterError, match="n_jobs must be a positive number"):
        check(corpus, n_jobs=0)


def test_a_long_file_is_examined_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for k in range(30):
            file.write(np.full(8000 * 60, k, dtype=np.int16))  # half an hour: 58 MB as float32
    tracemalloc.start()
    sound = inspect_sound(Example(path, "x"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (sound.n_samples, sound.sample_rate) == (8000 * 1800, 8000)
    assert (sound.constant, sound.peak) == (False, pytest.approx(29 / 32768))
    assert peak < 4e6


def test_what_the_doctor_saw_already_is_not_decoded_again(
    toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from woodshed.data import check as module
    from woodshed.data.doctor.inspection import inspect_sounds

    for name, content in (
        ("flat.wav", np.full(900, 0.3)),
        ("one.wav", np.ones(1)),
        ("blip.wav", np.ones(40)),
    ):
        content[::2] *= 0.5 if name == "blip.wav" else 1
        soundfile.write(tmp_path / name, content, 8000)
    (tmp_path / "text.wav").write_text("no sound")
    more = [Example(tmp_path / name, "rise") for name in ("flat.wav", "one.wav", "blip.wav", "text.wav")]
    copy = replace(toy_corpus.examples[0], label="rise")
    corpus = replace(toy_corpus, examples=(*toy_corpus.examples, *more, copy))
    alone = check(corpus)
    assert len(alone.skipped) == 6
    inspections = inspect_sounds(corpus.examples)
    monkeypatch.setattr(module, "inspect_sounds", None)
    assert check(corpus, inspections=inspections) == alone
