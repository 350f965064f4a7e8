from __future__ import annotations

import csv
import weakref
import zipfile
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import chirp, read, sine, write
from woodshed.data.extract import Extraction, check_statistics, extract, write_features
from woodshed.data.item import Item
from woodshed.data.store import FeatureStore
from woodshed.errors import DataError, OutputError, ParameterError
from woodshed.features import Mfcc, Rms, SpectralCentroid
from woodshed.features.statistic import summarise_frames

FEATURES = (Mfcc(sample_rate=8000, n_mfcc=5), Rms(sample_rate=8000))


@pytest.fixture
def sounds(tmp_path: Path) -> list[Path]:
    clips = [sine(440, duration_s=0.5, sample_rate=8000), chirp(100, 3000, duration_s=0.3, sample_rate=16000)]
    return [write(clip, tmp_path / f"{k}.wav") for k, clip in enumerate(clips)]


@pytest.fixture
def extraction(sounds: list[Path], tmp_path: Path) -> Extraction:
    return extract(sounds, FEATURES, tmp_path / "store")


def expected(path: Path) -> np.ndarray:
    clip = read(path, sample_rate=8000, mono=True)
    return np.concatenate([feature(clip) for feature in FEATURES], axis=1)


def test_frames_of_all_features_stand_side_by_side(extraction: Extraction, sounds: list[Path]) -> None:
    for path in sounds:
        parts = list(extraction.frames(path, n_rows=7))
        assert np.concatenate([values for _, values in parts]) == pytest.approx(expected(path), abs=1e-4)
        times_s = np.concatenate([times for times, _ in parts])
        assert times_s == pytest.approx(np.arange(len(times_s)) * 160 / 8000)
    assert extraction.names[-1].startswith("rms")
    assert len(extraction.names) == 6


def test_a_summary_is_the_statistics_of_the_frames(extraction: Extraction, sounds: list[Path]) -> None:
    words = ("mean", "std", "percentile:90")
    row = extraction.summary(sounds[1], words)
    by_name = dict(zip(extraction.summary_names(words), row, strict=True))
    frames = expected(sounds[1])
    assert by_name["mfcc2_mean"] == pytest.approx(frames[:, 2].mean(), rel=1e-3, abs=1e-3)
    assert by_name["mfcc0_std"] == pytest.approx(frames[:, 0].std(), rel=1e-3, abs=1e-3)
    assert by_name["rms_percentile90"] == pytest.approx(np.percentile(frames[:, 5], 90), rel=1e-3)


def test_a_bad_file_is_set_aside_and_the_others_are_described(
    sounds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)  # start the processes at once
    bad = tmp_path / "bad.wav"
    bad.write_text("not a sound")
    extraction = extract([bad, *sounds], FEATURES, tmp_path / "store", n_jobs=2)
    assert extraction.paths == tuple(sounds)
    assert [entry.path for entry in extraction.skipped] == [bad]
    with pytest.raises(DataError, match=r"None of 1 file could be used.*bad\.wav"):
        extract([bad], FEATURES, tmp_path / "store")


def test_what_was_computed_is_read_back(
    sounds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = extract(sounds, FEATURES, tmp_path / "store").summary(sounds[0], ["mean"])
    monkeypatch.setattr("woodshed.data.item.read", lambda *_, **__: pytest.fail("decoded again"))
    seen: list[tuple[int, int]] = []
    again = extract(sounds, FEATURES, tmp_path / "store", on_progress=lambda *counts: seen.append(counts))
    assert again.summary(sounds[0], ["mean"]) == pytest.approx(first)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_long_file_is_described_in_pieces_and_says_the_same(
    extraction: Extraction, sounds: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [np.array(array) for array in extraction.arrays(sounds[1])]
    monkeypatch.setattr("woodshed.data.item.LONG_S", 0.1)
    monkeypatch.setattr("woodshed.features.streaming.BLOCK_S", 0.05)
    monkeypatch.setattr("woodshed.data.item.read", lambda *_, **__: pytest.fail("read as a whole"))
    pieces = extract(sounds, FEATURES, tmp_path / "other").arrays(sounds[1])
    for in_pieces, at_once in zip(pieces, whole, strict=True):
        assert in_pieces == pytest.approx(at_once, abs=1e-3)


def test_a_long_table_is_summarised_and_read_in_portions_and_says_the_same(
    extraction: Extraction, sounds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("mean", "std", "median")
    whole = extraction.summary(sounds[0], words)
    sizes, live = [], []
    get = FeatureStore.get

    def mapped(store: FeatureStore, item: Item) -> np.ndarray:
        array = np.array(get(store, item)).view()  # a new one each time, as a mapping would be
        live.append(weakref.ref(array))
        assert sum(reference() is not None for reference in live) <= 2 * len(FEATURES)  # old ones are let go
        return array

    def counted(frames: np.ndarray, statistics: tuple[str, ...]) -> np.ndarray:
        sizes.append(frames.size)
        return summarise_frames(frames, statistics)

    monkeypatch.setattr(FeatureStore, "get", mapped)
    monkeypatch.setattr("woodshed.data.extract.summarise_frames", counted)
    monkeypatch.setattr("woodshed.data.extract.N_VALUES_AT_ONCE", 60)  # two bands of 26 frames
    monkeypatch.setattr("woodshed.data.extract.N_ROWS_AT_ONCE", 5)
    np.testing.assert_allclose(extraction.summary(sounds[0], words), whole, rtol=1e-6)
    assert sizes == [52, 52, 26, 26]
    parts = list(extraction.frames(sounds[0], n_rows=2))
    np.testing.assert_array_equal(np.concatenate([values for _, values in parts])[:, 5:], get_rms(sounds[0]))


def get_rms(path: Path) -> np.ndarray:
    return Rms(sample_rate=8000)(read(path, sample_rate=8000, mono=True))


def test_a_csv_reads_back(extraction: Extraction, sounds: list[Path], tmp_path: Path) -> None:
    n_rows = write_features(extraction, tmp_path / "a.csv", statistics=["mean"])
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8").splitlines()))
    assert n_rows == len(rows) == 2
    assert [row["path"] for row in rows] == [str(path) for path in sounds]
    assert np.float32(rows[0]["mfcc1_mean"]) == extraction.summary(sounds[0], ["mean"])[1]


def test_a_parquet_table_reads_back(extraction: Extraction, sounds: list[Path], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    n_rows = write_features(extraction, tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet").to_pydict()
    frames = np.concatenate([expected(path) for path in sounds])
    assert n_rows == len(frames)
    assert np.asarray(table["rms"]) == pytest.approx(frames[:, 5], abs=1e-5)
    assert table["time_s"][:2] == [0.0, 0.02]
    assert table["path"][-1] == str(sounds[1])


def test_an_archive_reads_back_without_pickle(
    extraction: Extraction, sounds: list[Path], tmp_path: Path
) -> None:
    write_features(extraction, tmp_path / "frames.npz")
    with np.load(tmp_path / "frames.npz", allow_pickle=False) as archive:
        assert archive[str(sounds[1])] == pytest.approx(expected(sounds[1]), abs=1e-4)
        assert archive["step_s"] == pytest.approx(0.02)
        assert archive["names"].tolist() == list(extraction.names)
    write_features(extraction, tmp_path / "rows.npz", statistics=["mean", "max"])
    with np.load(tmp_path / "rows.npz", allow_pickle=False) as archive:
        assert archive["values"].shape == (2, 12)
        assert archive["paths"].tolist() == [str(path) for path in sounds]


def test_nothing_is_replaced_unless_told(extraction: Extraction, tmp_path: Path) -> None:
    write_features(extraction, tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        write_features(extraction, tmp_path / "a.npz", statistics=["mean"])
    assert (tmp_path / "a.npz").read_bytes() == before
    write_features(extraction, tmp_path / "a.npz", statistics=["mean"], overwrite=True)
    assert "values.npy" in zipfile.ZipFile(tmp_path / "a.npz").namelist()


def test_frames_of_different_steps_are_refused(sounds: list[Path], tmp_path: Path) -> None:
    features = (Rms(sample_rate=8000), SpectralCentroid(sample_rate=16000))
    extraction = extract(sounds, features, tmp_path / "store")
    with pytest.raises(ParameterError, match=r"Rms 0\.02 s, SpectralCentroid 0\.01 s"):
        write_features(extraction, tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()
    assert write_features(extraction, tmp_path / "a.csv", statistics=["mean"]) == 2


def test_wrong_words_are_refused(extraction: Extraction, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"cannot write a table as \.xls"):
        write_features(extraction, tmp_path / "a.xls")
    with pytest.raises(ParameterError, match="Did you mean median"):
        check_statistics(["mean", "medain"])


def test_workers_follow_the_caller_to_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)
    for name in ("one", "two"):  # the workers are started in the first, and are still there in the second
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        write(sine(440, sample_rate=16000), "a.wav")
        write(sine(880 if name == "one" else 220, sample_rate=16000), f"{name}.wav")
        paths = [Path("a.wav"), Path(f"{name}.wav")]
        assert extract(paths, FEATURES, tmp_path / "store", n_jobs=2).skipped == ()
