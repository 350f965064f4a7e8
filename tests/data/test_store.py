"""The feature store: what comes out is what was computed, whatever happens to the disk."""

from __future__ import annotations

import errno
import functools
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from woodshed import atomic
from woodshed.clip import Clip
from woodshed.data.example import Example, Skipped
from woodshed.data.item import ChangedItem, ClipItem, ExampleItem
from woodshed.data.store import MAPPED_FROM_BYTES, FeatureStore, fill_together
from woodshed.errors import AudioError, DataError, OutputError, ParameterError
from woodshed.features import LogMel, Mfcc, SoundViews


@dataclass(frozen=True)
class Diary:
    """A feature that notes each call in a file, so that calls in other processes count too."""

    key: ClassVar[str] = "test-diary/1"
    path: Path
    factor: float = 1.0

    def __call__(self, clip: Clip) -> np.ndarray:
        with open(self.path, "a") as file:
            file.write(f"{clip.source}\n")
        if clip.source == "bad":
            raise AudioError("bad cannot be used. Leave it out.")
        if clip.source == "strange":
            raise ZeroDivisionError("division by zero")
        return self.factor * clip.samples.T

    def calls(self) -> list[str]:
        return self.path.read_text().split() if self.path.exists() else []


@dataclass(frozen=True)
class Louder:
    """A change with one setting."""

    key: ClassVar[str] = "test-louder/1"
    factor: float

    def __call__(self, clip: Clip) -> Clip:
        return replace(clip, samples=clip.samples * np.float32(self.factor))


def read_numbers(example: Example) -> Clip:
    """Read a file of bytes as if they were samples."""
    return Clip(np.frombuffer(example.path.read_bytes(), dtype=np.uint8) / 256, 8000, str(example.path))


@dataclass(frozen=True)
class NumberOfThreads:
    """A feature that is the number of threads with which numpy multiplies matrices."""

    key: ClassVar[str] = "number-of-threads/1"

    def __call__(self, clip: Clip) -> np.ndarray:
        numbers = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        return np.array([float(max(numbers, default=1))])


def item(seed: int, n_samples: int = 100, source: str | None = None) -> ClipItem:
    samples = np.random.default_rng(seed).standard_normal((2, n_samples))
    return ClipItem(Clip(samples, 8000, source or f"clip{seed}"))


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "calls.txt")


@pytest.fixture
def store(tmp_path: Path, diary: Diary) -> FeatureStore:
    return FeatureStore(tmp_path / "store", diary)


def reopened(store: FeatureStore) -> FeatureStore:
    """Return the store as a new process would see it."""
    return FeatureStore(store.folder, store.feature, dtype=store.dtype)


def entries(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_gives_what_the_feature_gives_and_computes_it_once(store, diary) -> None:
    for _ in range(3):
        assert np.array_equal(store.get(item(0)), item(0).clip.samples.T)
        assert np.array_equal(reopened(store).get(item(0)), item(0).clip.samples.T)
    assert diary.calls() == ["clip0"]


@pytest.mark.parametrize("n_samples", [100, MAPPED_FROM_BYTES // 8 + 1])
def test_answers_are_read_only_and_large_ones_are_mapped(store, n_samples) -> None:
    array = store.get(item(0, n_samples))
    assert isinstance(array, np.memmap) == (n_samples > 100)
    assert array.shape == (n_samples, 2)
    assert array.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_holds_no_file_open(store) -> None:
    before = len(os.listdir("/proc/self/fd"))
    kept = [store.get(item(seed)) for seed in range(20)]
    for seed in range(3):
        store.get(item(seed, MAPPED_FROM_BYTES))
    assert len(kept) == 20
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_entry_is_an_npy_file(store) -> None:
    array = store.get(item(0))
    assert np.array_equal(np.load(store.path(item(0))), array)


def test_float16_takes_half_the_disk(store, diary) -> None:
    half = FeatureStore(store.folder, diary, dtype="float16")
    big = item(0, 5000)
    assert half.get(big).dtype == np.float16
    assert np.allclose(half.get(big), store.get(big), atol=2e-3)
    sizes = [s.path(big).stat().st_size for s in (half, store)]
    assert sizes[0] == pytest.approx(sizes[1] / 2, rel=0.01)
    with pytest.raises(DataError, match="not finite as float16"):
        FeatureStore(store.folder, Diary(diary.path, 1e6), dtype="float16").get(big)


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────


def test_stores_of_other_settings_share_a_folder_and_no_entry(tmp_path, diary) -> None:
    features = [diary, Diary(diary.path, 2.0), LogMel(sample_rate=8000), LogMel(sample_rate=8000, n_mels=40)]
    stores = [FeatureStore(tmp_path / "store", feature) for feature in features]
    stores.append(FeatureStore(tmp_path / "store", diary, dtype="float16"))
    assert len({s.path(item(0)) for s in stores}) == len(stores)
    assert np.array_equal(stores[0].get(item(0)) * 2, stores[1].get(item(0)))
    assert stores[2].get(item(0)).shape == (1, 64)
    assert stores[3].get(item(0)).shape == (1, 40)


def test_entries_are_found_by_content_and_not_by_name(store, diary) -> None:
    store.get(item(0, source="a.wav"))
    store.get(item(0, source="b.wav"))
    assert diary.calls() == ["a.wav"]


def test_items_that_sound_different_have_different_keys() -> None:
    one = np.arange(8) / 8
    clips = [Clip(one, 8000), Clip(one, 16000), Clip(one[:7], 8000), Clip(one.reshape(2, 4), 8000)]
    items = [ClipItem(clip) for clip in clips]
    items += [ChangedItem(items[0], Louder(0.5)), ChangedItem(items[0], Louder(2.0))]
    items += [ChangedItem(items[4], Louder(2.0)), ChangedItem(items[1], Louder(0.5))]
    assert len({each.key() for each in items}) == len(items)


def test_an_example_is_known_by_its_bytes_and_its_stretch(tmp_path, store) -> None:
    (tmp_path / "a").write_bytes(bytes(range(100)))
    (tmp_path / "b").write_bytes(bytes(range(100)))
    first = Example(tmp_path / "a", "yes", group="x")
    key = ExampleItem(first, read_numbers).key()
    same = [replace(first, path=tmp_path / "b"), replace(first, label="no", group=None, split="test")]
    assert {ExampleItem(example, read_numbers).key() for example in same} == {key}
    assert ExampleItem(replace(first, start_s=0.5), read_numbers).key() != key
    assert ExampleItem(replace(first, end_s=0.5), read_numbers).key() != key
    assert ExampleItem(first, len).key() != key
    assert store.get(ExampleItem(first, read_numbers)).shape == (100, 1)
    (tmp_path / "a").write_bytes(bytes(range(1, 101)))
    os.utime(tmp_path / "a", ns=(1, 1))
    assert ExampleItem(first, read_numbers).key() != key


def test_a_changed_item_stores_the_changed_sound(store) -> None:
    plain, louder = item(0), ChangedItem(item(0), Louder(2.0))
    assert np.array_equal(store.get(louder), 2 * store.get(plain))
    assert louder.source == plain.source == "clip0"


@pytest.mark.parametrize(
    "nameless",
    [lambda clip: clip, Louder(np.zeros(5000)), object.__new__(type("Local", (), {"__call__": len}))],
    ids=["lambda", "abridged repr", "address"],
)
def test_what_cannot_be_told_apart_is_refused(tmp_path, nameless) -> None:
    with pytest.raises(
        ParameterError, match=r"Cannot identify .* in the key of a feature store\..*frozen dataclass"
    ):
        ChangedItem(item(0), nameless).key()
    with pytest.raises(
        ParameterError, match=r"Cannot identify .* in the key of a feature store\..*frozen dataclass"
    ):
        FeatureStore(tmp_path, nameless)


# ── damage ────────────────────────────────────────────────────────────────────────────────────────


def test_any_flipped_bit_is_found_and_healed(store, diary) -> None:
    path, expected = store.path(item(0, 4)), store.get(item(0, 4)).copy()
    sound = path.read_bytes()
    for position in range(len(sound)):
        damaged = bytearray(sound)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        assert item(0, 4) not in reopened(store), position
        assert not path.exists()
        assert np.array_equal(reopened(store).get(item(0, 4)), expected)
        assert path.read_bytes() == sound
    assert len(diary.calls()) == 1 + len(sound)


@pytest.mark.parametrize("n_left", [0, 1, 19, 20, 100, -21, -20, -1])
def test_a_truncated_entry_is_healed(store, diary, n_left) -> None:
    path, expected = store.path(item(0)), store.get(item(0)).copy()
    path.write_bytes(path.read_bytes()[:n_left])
    assert np.array_equal(reopened(store).get(item(0)), expected)
    assert len(diary.calls()) == 2


def test_an_entry_under_the_name_of_another_is_computed_again(store, diary) -> None:
    expected = store.get(item(1)).copy()
    store.get(item(0))
    shutil.copy(store.path(item(0)), store.path(item(1)))
    assert item(1) not in reopened(store)
    assert np.array_equal(reopened(store).get(item(1)), expected)
    assert len(diary.calls()) == 3


def test_an_entry_that_grew_is_healed(store, diary) -> None:
    path, expected = store.path(item(0)), store.get(item(0)).copy()
    path.write_bytes(path.read_bytes() + b"more")
    assert np.array_equal(reopened(store).get(item(0)), expected)
    assert len(diary.calls()) == 2


@pytest.mark.parametrize("n_samples", [100, MAPPED_FROM_BYTES])
def test_an_entry_that_is_cut_short_or_deleted_while_in_use_is_healed(store, n_samples) -> None:
    big = item(0, n_samples)
    path, expected = store.path(big), store.get(big).copy()
    os.truncate(path, 300)
    assert np.array_equal(store.get(big), expected)
    path.unlink()
    assert np.array_equal(store.get(big), expected)


def test_a_large_damaged_entry_is_healed(store) -> None:
    big = item(0, MAPPED_FROM_BYTES)
    path, expected = store.path(big), store.get(big).copy()
    with open(path, "r+b") as file:
        file.seek(5_000_000)
        file.write(b"\xff")
    assert np.array_equal(reopened(store).get(big), expected)


def test_a_full_disk_is_an_output_error_and_leaves_nothing(store, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "replace", full)
        with pytest.raises(OutputError, match=r"store.*disk is full. Make room"):
            store.get(item(0))
        with pytest.raises(OutputError, match="disk is full"):
            store.fill([item(0), item(1)])
        assert entries(store.folder) == {}
    assert store.get(item(0)).shape == (100, 2)


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path, diary) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be created.*Choose a writable folder"):
        FeatureStore(tmp_path / "file" / "store", diary)


@pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.array([[1.0, np.nan]])])
def test_features_that_cannot_be_learned_from_are_refused(tmp_path, monkeypatch, bad) -> None:
    monkeypatch.setattr(Diary, "__call__", lambda self, clip: bad)
    store = FeatureStore(tmp_path / "store", Diary(tmp_path))
    with pytest.raises(DataError, match=r"clip0: Diary.*at least one value, and finite"):
        store.get(item(0))
    assert entries(store.folder) == {}


def test_a_wrong_dtype_is_refused(tmp_path, diary) -> None:
    with pytest.raises(ParameterError, match="float32 or float16, got 'float64'"):
        FeatureStore(tmp_path, diary, dtype="float64")


# ── filling ───────────────────────────────────────────────────────────────────────────────────────


def test_filling_in_parallel_writes_the_same_bytes(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)  # start the processes at once
    feature, items = LogMel(sample_rate=8000), [item(seed, 3000) for seed in range(12)]
    serial, parallel = (FeatureStore(tmp_path / name, feature) for name in ("serial", "parallel"))
    done = []
    assert serial.fill(items) == []
    assert parallel.fill(items, n_jobs=2, on_progress=lambda *counts: done.append(counts)) == []
    assert len(entries(serial.folder)) == 12
    assert entries(serial.folder) == entries(parallel.folder)
    assert done == [(n, 12) for n in range(1, 13)]
    assert np.array_equal(parallel.get(items[3]), feature(items[3].clip))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("alone_s", [0.0, 60.0])
def test_features_are_computed_with_one_thread_in_any_process(
    tmp_path, monkeypatch, n_jobs: int, alone_s: float
) -> None:
    """Products of matrices are rounded differently by several threads."""
    monkeypatch.setattr("woodshed.parallel.ALONE_S", alone_s)
    store, items = FeatureStore(tmp_path, NumberOfThreads()), [item(seed) for seed in range(4)]
    assert store.fill(items, n_jobs=n_jobs) == []
    assert [store.get(each).tolist() for each in items] == [[1.0]] * 4


def test_filling_computes_only_what_is_missing_or_damaged(store, diary) -> None:
    items = [item(seed) for seed in range(6)]
    store.fill(items[:3])
    store.path(items[1]).write_bytes(b"rubbish")
    assert reopened(store).fill(items) == []
    assert diary.calls() == ["clip0", "clip1", "clip2", "clip1", "clip3", "clip4", "clip5"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_bad_items_are_named_and_set_aside(store, tmp_path, monkeypatch, n_jobs) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)
    missing = ExampleItem(Example(tmp_path / "none.wav", "x"), read_numbers)
    items = [item(0), item(1, source="bad"), missing, item(2, source="strange"), item(3)]
    expected = [
        Skipped(Path("bad"), "bad cannot be used. Leave it out."),
        Skipped(
            missing.example.path,
            f"{missing.example.path}: it cannot be read (No such file or directory). "
            "Check the name, the folder and its permissions.",
        ),
        Skipped(Path("strange"), "strange: ZeroDivisionError: division by zero"),
    ]
    assert store.fill(items, n_jobs=n_jobs) == expected
    assert [each in store for each in (items[0], items[4])] == [True, True]
    assert len(entries(store.folder)) == 2


def test_no_processes_are_too_few(store) -> None:
    with pytest.raises(ParameterError, match="n_jobs must be 1 or more, or -1"):
        store.fill([item(0)], n_jobs=0)


SLOW = """
import sys, time
import numpy as np
from woodshed.clip import Clip
from woodshed.data.item import ClipItem
from woodshed.data.store import FeatureStore

def slow(clip):
    time.sleep(0.02)
    return clip.samples.T

slow.__module__ = "slow"
items = [ClipItem(Clip(np.full(1000, k / 100), 8000)) for k in range(100)]
FeatureStore(sys.argv[1], slow).fill(items)
"""


def slow(clip: Clip) -> np.ndarray:
    """Stand for the function of the same name in the killed process."""
    raise AssertionError("every entry that was written must be found again")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_kill_leaves_only_whole_entries(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "store"
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(folder)])
    deadline = time.monotonic() + 30
    while len(list(folder.glob("*/*.npy"))) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it must have been killed before it was done"
    written = list(folder.glob("*/*.npy"))
    assert 10 <= len(written) < 100
    monkeypatch.setattr(slow, "__module__", "slow")
    store = FeatureStore(folder, slow)
    items = [ClipItem(Clip(np.full(1000, k / 100), 8000)) for k in range(100)]
    assert [each in store for each in items] == [k < len(written) for k in range(100)]
    for k in range(len(written)):
        assert np.allclose(store.get(items[k]), k / 100)


@pytest.mark.skipif(sys.platform == "win32", reason="drafts are told apart by their age there")
def test_drafts_of_killed_runs_are_deleted_and_those_of_running_ones_left(store) -> None:
    store.get(item(0))
    abandoned = store.path(item(0)).parent / ".woodshed-00.draft"
    abandoned.write_bytes(b"half")
    with atomic.draft(store.path(item(0)).with_name("other.npy")) as running:
        running.write(b"half")
        store.fill([item(0)])
        assert not abandoned.exists()
        assert Path(running.name).exists()


def test_a_pickled_store_carries_its_settings_and_not_its_history(store, diary) -> None:
    empty = len(pickle.dumps(store))
    for seed in range(20):
        store.get(item(seed))
    again = pickle.loads(pickle.dumps(store))
    assert len(pickle.dumps(store)) == empty
    assert again.path(item(0)) == store.path(item(0))
    again.get(item(0))
    assert len(diary.calls()) == 20


def test_prints_as_the_call_that_makes_it(tmp_path) -> None:
    store = FeatureStore(tmp_path, LogMel())
    assert repr(store) == f"FeatureStore({str(tmp_path)!r}, {LogMel()!r}, dtype='float32')"


def test_a_sound_of_several_entries_is_decoded_once(tmp_path: Path) -> None:
    decoded: list[str] = []

    class Counted(ClipItem):
        def load(self) -> Clip:
            decoded.append(self.source)
            return super().load()

    items = [Counted(Clip(np.full(8000, 0.1 * (k + 1)), 16000, f"{k}")) for k in range(2)]
    stores = [FeatureStore(tmp_path, feature) for feature in (LogMel(), Mfcc(), SoundViews())]
    change = functools.partial(Clip.cut, start_s=0.1)
    entries = [
        [*((store, item) for store in stores), (stores[0], ChangedItem(item, change))] for item in items
    ]
    assert fill_together(entries) == []
    assert decoded == ["0", "1"]
    assert all(item in store for row in entries for store, item in row)
    whole, *parts = (FeatureStore(tmp_path, one).get(items[0]) for one in (SoundViews(), *SoundViews().parts))
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(whole, SoundViews()(items[0].clip))
    assert decoded == ["0", "1"]  # the parts were stored, too


def test_after_an_entry_that_cannot_be_computed_the_others_of_the_sound_are_left_out(tmp_path: Path) -> None:
    class Broken(ClipItem):
        def load(self) -> Clip:
            raise AudioError("it is broken.")

    good, broken = ClipItem(Clip(np.ones(8000), 16000)), Broken(Clip(np.zeros(8), 16000, "broken"))
    store, other = FeatureStore(tmp_path, LogMel()), FeatureStore(tmp_path, Mfcc())
    skipped = fill_together([[(store, broken), (other, good)], [(store, good)]])
    assert [(entry.path.name, entry.reason) for entry in skipped] == [("broken", "it is broken.")]
    assert good in store
    assert good not in other
