"""The checkup: every kind of fault is found where it was put, named with its file, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio import resample
from woodshed.clip import Clip
from woodshed.data.doctor import Checkup, doctor, short_checkup
from woodshed.data.doctor.copies import original_of
from woodshed.data.doctor.fast_checks import missing_labels
from woodshed.data.doctor.finding import Finding, excluding
from woodshed.data.doctor.inspection import inspect_sounds, usable
from woodshed.data.example import Corpus, Example
from woodshed.data.folder import read_folder
from woodshed.data.table import read_table
from woodshed.errors import ParameterError
from woodshed.features.views import Views

RATE = 8000


def voice(kind: int, seed: int, duration_s: float = 0.5) -> Clip:
    """Make noise around 700 or 2000 Hz, which tells the class, with a fade in and out."""
    rng = np.random.default_rng((kind, seed))
    n = round(duration_s * RATE)
    spectrum = np.fft.rfft(rng.normal(size=n))
    hz = np.fft.rfftfreq(n, 1 / RATE)
    spectrum *= np.exp(-(((hz - (700, 2000)[kind]) / 250) ** 2)) + 0.3
    samples = np.fft.irfft(spectrum, n) * np.hanning(n)
    return Clip(0.5 * samples / np.abs(samples).max(), RATE)


def put(clip: Clip, path: Path, *, subtype: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, clip.samples.T, clip.sample_rate, subtype=subtype)
    return path


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 14 good sounds each."""
    folder = tmp_path_factory.mktemp("clean")
    for kind, label in enumerate(("low", "high")):
        for k in range(14):
            put(voice(kind, k), folder / label / f"{k:02}.wav")
    return folder


@pytest.fixture(scope="module")
def faulty(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sounds, and one of every kind of fault."""
    folder = tmp_path_factory.mktemp("faulty")
    for path in clean.glob("*/*.wav"):
        put(Clip(soundfile.read(path, always_2d=True)[0].T, RATE), folder / path.relative_to(clean))
    low, other = folder / "low", voice(0, 50)
    (low / "text.wav").write_text("not a sound")
    put(Clip(np.zeros((1, 4000)), RATE), low / "silent.wav")
    put(Clip(np.clip(4 * voice(0, 51).samples, -1, 1), RATE), low / "clipped.wav")
    put(Clip(0.5 * voice(0, 52).samples + 0.2, RATE), low / "dc.wav")
    put(Clip(other.samples[:, 1000:1300], RATE), low / "short.wav")
    put(Clip(voice(0, 53).samples, 11025), low / "rate.wav")
    same = soundfile.read(low / "00.wav", dtype="int16")[0]
    soundfile.write(folder / "high" / "copy.flac", same, RATE)  # another container, and another class
    put(Clip(0.3 * voice(0, 1).samples[:, 30:], RATE), low / "version.ogg", subtype="VORBIS")
    put(voice(1, 54), low / "wrong.wav")
    return folder


@pytest.fixture(scope="module")
def checkup(faulty: Path) -> Checkup:
    return doctor(read_folder(faulty))


def names(checkup: Checkup, kind: str) -> set[str]:
    return {f"{path.parent.name}/{path.name}" for found in checkup.of(kind) for path in found.files}


def test_good_sounds_have_no_finding(clean: Path) -> None:
    assert doctor(read_folder(clean)).findings == ()


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("unreadable", {"low/text.wav"}),
        ("silent", {"low/silent.wav"}),
        ("clipped", {"low/clipped.wav"}),
        ("DC offset", {"low/dc.wav"}),
        ("too short", {"low/short.wav"}),
        ("wrong rate", {"low/rate.wav"}),
        ("duplicate across classes", {"low/00.wav", "high/copy.flac"}),
        ("near duplicate", {"low/01.wav", "low/version.ogg"}),
    ],
)
def test_each_fault_is_found_and_nothing_else(checkup: Checkup, kind: str, files: set[str]) -> None:
    assert names(checkup, kind) == files


def test_the_wrong_label_is_doubted_with_the_right_one(checkup: Checkup) -> None:
    (found,) = checkup.of("wrong label")
    details = dict(zip([path.name for path in found.files], found.details, strict=True))
    assert "sounds like 'high'" in details["wrong.wav"]
    assert set(details) <= {"wrong.wav", "copy.flac", "dc.wav", "rate.wav", "clipped.wav", "short.wav"}


def test_the_most_harmful_comes_first_and_says_what_mends_it(checkup: Checkup) -> None:
    harms = [found.harm for found in checkup.findings]
    assert harms == sorted(harms, reverse=True)
    assert checkup.findings[0].kind == "duplicate across classes"
    assert all(0 < harm <= 1 for harm in harms)
    assert "--sample-rate 8000" in checkup.of("wrong rate")[0].repair
    assert "--high-pass-hz" in checkup.of("DC offset")[0].repair
    assert "copy.flac" in checkup.of("duplicate across classes")[0].to_text()
    assert json.loads(checkup.to_json())["n_sounds"] == 37


@pytest.mark.skipif(sys.platform == "win32", reason="the command is for a POSIX shell")
@pytest.mark.parametrize("kind", ["duplicate across classes", "near duplicate"])
def test_a_repair_of_copies_moves_some_and_keeps_the_original(
    checkup: Checkup, faulty: Path, tmp_path: Path, kind: str
) -> None:
    (finding,) = checkup.of(kind)
    command = finding.repair[finding.repair.index("mkdir") :].replace(str(faulty), "sounds")
    shutil.copytree(faulty, tmp_path / "sounds")
    assert all(detail.startswith(f"like {faulty}") for detail in finding.details)
    contents = {path.relative_to(faulty): path.read_bytes() for path in finding.files}
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    moved = {path.relative_to(tmp_path / "excluded") for path in (tmp_path / "excluded").rglob("*.*")}
    assert moved == {path for path in contents if path.name in ("copy.flac", "version.ogg")} != set()
    for path, content in contents.items():
        assert (tmp_path / ("excluded" if path in moved else "sounds") / path).read_bytes() == content


@pytest.mark.parametrize("kind", ["unreadable", "silent", "clipped", "too short", "wrong label"])
def test_only_copies_are_to_be_taken_out(checkup: Checkup, kind: str) -> None:
    (finding,) = checkup.of(kind)
    assert "mv" not in finding.repair
    assert "exclude" not in finding.repair


PROCESSED = {
    "lossy": lambda clip: (clip, "a.ogg", "VORBIS"),
    "lower rate": lambda clip: (resample(clip, 6000), "a.wav", "PCM_16"),
    "raised rate": lambda clip: (resample(resample(clip, 6000), 16000), "a.wav", "PCM_16"),
    "shorter": lambda clip: (clip.cut(0.02, clip.duration_s), "a.wav", "PCM_16"),
    "clipped": lambda clip: (Clip(np.clip(4 * clip.samples, -1, 1), RATE), "a.wav", "PCM_16"),
}


@pytest.mark.parametrize("change", PROCESSED)
def test_the_unprocessed_version_of_a_recording_is_the_original(tmp_path: Path, change: str) -> None:
    original = put(voice(0, 77), tmp_path / "z.wav")
    version, name, subtype = PROCESSED[change](voice(0, 77))
    put(version, tmp_path / name, subtype=subtype)  # before the original by name
    os.utime(tmp_path / name, (1e9, 1e9))  # and older: a copy that was made on another computer
    rows = [Example(tmp_path / name), Example(original)]
    inspections = usable(inspect_sounds(rows, views=Views(sample_rate=RATE)))
    assert original_of(rows, [0, 1], inspections) == 1


def test_of_equal_copies_the_oldest_file_stays(clean: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    shutil.copytree(clean, folder)
    original, _ = (put(voice(0, 78), folder / "low" / name) for name in ("z.wav", "a.wav"))
    os.utime(original, (1e9, 1e9))
    (finding,) = doctor(read_folder(folder)).of("duplicate")
    assert "a.wav" in finding.repair
    assert "z.wav" not in finding.repair


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_the_file_that_a_link_leads_to_stays(clean: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    shutil.copytree(clean, folder)
    (folder / "low" / "!link.wav").symlink_to(folder / "low" / "03.wav")
    (folder / "high" / "deep").symlink_to(folder / "low", target_is_directory=True)
    for finding in doctor(read_folder(folder)).of("duplicate"):
        before = sum(1 for path in folder.rglob("*.wav") if not path.is_symlink())
        moved = [word for word in shlex.split(finding.repair) if word.endswith(".wav")]
        entries = {os.path.realpath(Path(word).parent) + "/" + Path(word).name for word in moved}
        assert not any(os.path.isfile(entry) and not os.path.islink(entry) for entry in entries)
        assert before == 28


def test_of_one_file_under_two_labels_a_row_is_to_be_removed_never_the_file(clean: Path) -> None:
    rows = read_folder(clean).examples
    twice = Corpus("some", (*rows, replace(rows[0], label="low" if rows[0].label == "high" else "high")))
    (finding,) = doctor(twice).of("duplicate across classes")
    assert "remove those with the wrong label from the table; keep the file" in finding.repair
    assert "mv" not in finding.repair


def test_a_file_with_other_segments_stays_where_it_is(tmp_path: Path) -> None:
    first, second = voice(0, 1).samples, voice(1, 2).samples
    long = put(Clip(np.concatenate([first, second], axis=1), RATE), tmp_path / "long.wav")
    short = put(Clip(first, RATE), tmp_path / "a.wav")
    rows = (Example(short, "x"), Example(long, "x", None, 0.0, 0.5), Example(long, "y", None, 0.5, 1.0))
    os.utime(long, (1e9, 1e9))
    (finding,) = doctor(Corpus("some", rows)).of("duplicate")
    assert "long.wav" not in finding.repair


def test_sounds_without_labels_are_checked_for_format_level_and_copies(faulty: Path) -> None:
    found = doctor(read_folder(faulty / "low", least_classes=0))
    assert found.summary.startswith("low: 22 sounds. ")
    assert {"unreadable", "silent", "clipped", "too short", "near duplicate"} <= {
        finding.kind for finding in found.findings
    }


def test_no_repair_deletes_or_replaces_a_file(checkup: Checkup) -> None:
    for finding in checkup.findings:
        assert not re.search(r"\brm\b|delete|mv (?!-n )", finding.repair)


def test_two_at_a_time_find_the_same(checkup: Checkup, faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woodshed.parallel.ALONE_S", 0)  # start the processes at once
    assert doctor(read_folder(faulty), n_jobs=2) == checkup
    with pytest.raises(ParameterError, match="got 0"):
        doctor(read_folder(faulty), n_jobs=0)


def test_copies_across_splits_and_groups_are_told_apart(clean: Path) -> None:
    a, b = (put(voice(0, 0), clean.parent / "extra" / f"{name}.wav") for name in "ab")
    others = [row for row in read_folder(clean).examples if (row.label, row.path.name) != ("low", "00.wav")]
    rows = (*others, Example(a, "low"), Example(b, "low"))

    def kinds(**changes: str) -> list[str]:
        given = tuple(
            replace(row, **(changes if row.path == b else dict.fromkeys(changes, "x"))) for row in rows
        )
        return [found.kind for found in short_checkup(Corpus("c", given)).of("duplicate")]

    assert kinds(split="test") == ["duplicate across splits"]
    assert kinds(group="ann") == ["duplicate across groups"]
    assert kinds(group="x") == []
    assert [found.kind for found in doctor(Corpus("c", rows)).of("duplicate")] == ["duplicate"]


def test_short_checkup_hears_no_near_copies_and_no_labels(faulty: Path) -> None:
    found = {finding.kind for finding in short_checkup(read_folder(faulty)).findings}
    assert {"unreadable", "silent", "clipped", "DC offset", "too short", "wrong rate"} <= found
    assert "duplicate across classes" in found
    assert not {kind for kind in found if kind.startswith(("near", "wrong label", "shortcut"))}


@pytest.mark.parametrize("look", [doctor, short_checkup])
def test_incomplete_files_and_channels_that_cancel_are_found(
    clean: Path, tmp_path: Path, look: Callable[[Corpus], Checkup]
) -> None:
    cut = put(voice(0, 56), tmp_path / "cut.wav")
    os.truncate(cut, 44 + 2 * 3000)
    stereo = np.concatenate([voice(0, 55).samples, -voice(0, 55).samples])
    opposite = put(Clip(stereo, RATE), tmp_path / "opposite.wav")
    rows = (*read_folder(clean).examples, Example(cut, "low"), Example(opposite, "low"))
    checkup = look(Corpus("c", rows))
    (incomplete,), (cancelled,) = checkup.of("incomplete"), checkup.of("opposite polarity")
    assert incomplete.files == (cut,)
    assert incomplete.details == ("it breaks off after 0.375 s; its header declares 0.500 s",)
    assert cancelled.files == (opposite,)
    assert "left is used instead" in cancelled.details[0]
    assert checkup.of("silent") == ()


def test_energy_above_the_model_is_found(clean: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bats = []
    for k in range(3):
        spectrum = np.fft.rfft(rng.normal(size=19200))
        spectrum[np.fft.rfftfreq(19200, 1 / 192000) < 40000] = 0
        bats.append(put(Clip(0.1 * np.fft.irfft(spectrum), 192000), tmp_path / f"{k}.flac"))
    rows = (*read_folder(clean).examples, *(Example(path, "bat") for path in bats))
    (found,) = short_checkup(Corpus("c", rows)).of("above the model")
    assert found.files == tuple(bats)
    assert found.details == ("100% of the energy",) * 3
    assert "above 16000 Hz" in found.message
    assert "--sample-rate 192000" in found.repair
    assert short_checkup(Corpus("c", rows), model_rate=192000).of("above") == ()


def test_a_set_of_nothing_but_bad_files_is_still_answered(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for k in range(3):
            (tmp_path / label / f"{k}.wav").touch()
    found = doctor(read_folder(tmp_path))
    assert len(found.of("unreadable")[0].files) == 6
    assert {finding.kind for finding in found.findings} == {"unreadable"}


def test_sounds_that_have_tags_instead_of_a_label_lack_nothing() -> None:
    tagged = [Example(Path(f"{k}.wav"), labels=("loud",) if k else ()) for k in range(3)]
    assert missing_labels(Corpus("tags", tuple(tagged))) == []
    unknown = Corpus("classes", (*tagged, Example(Path("x.wav"), "Unknown")))
    (found,) = missing_labels(unknown)
    assert found.files == (Path("x.wav"),)


def test_missing_labels_and_groups_of_a_table(clean: Path) -> None:
    lines = ["path,label,group"]
    lines += [f"low/{k:02}.wav,low,ann" for k in range(8)] + [f"high/{k:02}.wav,high,bob" for k in range(8)]
    lines[3], lines[4], lines[5] = "low/02.wav,,ann", "low/03.wav,NaN,ann", "low/04.wav,low,"
    table = clean / "rows.csv"
    table.write_text("\n".join(lines))
    found = short_checkup(read_table(table))
    table.unlink()
    assert names(found, "missing label") == {"low/02.wav", "low/03.wav"}
    assert names(found, "missing group") == {"low/04.wav"}
    assert "'high'" in found.of("one group only")[0].message


def test_classes_that_are_small_alike_are_few_and_not_out_of_balance(clean: Path) -> None:
    some = [row for row in read_folder(clean).examples if row.path.name < "05.wav"]
    found = short_checkup(Corpus("some", tuple(some)))
    assert [
        finding.kind for finding in found.findings if finding.kind in ("few sounds", "class balance")
    ] == ["few sounds"]
    assert "'high' has 5, 'low' has 5" in found.of("few sounds")[0].message


def test_sounds_with_tags_are_of_no_class(clean: Path) -> None:
    rows = read_folder(clean).examples
    tagged = Corpus("tagged", tuple(Example(row.path, labels=(row.label,)) for row in rows))
    found = short_checkup(tagged)
    assert found.summary.startswith(f"tagged: {len(rows)} sounds. ")
    assert not found.of("few sounds")


def test_a_small_class_is_named(clean: Path) -> None:
    rows = read_folder(clean).examples
    few = [row for row in rows if row.label == "low" or row.path.name in ("00.wav", "01.wav")]
    (found,) = short_checkup(Corpus("few", tuple(few))).of("class balance")
    assert "'high' has 2" in found.message
    assert len(found.files) == 2


@pytest.mark.parametrize("cue", ["loudness", "length", "band limit", "format", "silence"])
def test_a_class_that_was_recorded_otherwise_is_a_shortcut(cue: str, tmp_path: Path) -> None:
    """Both classes hold the same kind of noise: only the cue tells them apart."""
    rng = np.random.default_rng(3)
    for k in range(24):
        label = ("plain", "other")[k % 2]
        samples = np.clip(rng.normal(0, rng.uniform(0.05, 0.1), (1, rng.integers(6000, 8000))), -0.9, 0.9)
        suffix = "wav"
        if label == "other":
            match cue:
                case "loudness":
                    samples = samples * 0.2
                case "length":
                    samples = samples[:, :5000]
                case "band limit":
                    spectrum = np.fft.rfft(samples)
                    spectrum[:, round(spectrum.shape[1] * 0.6) :] = 0
                    samples = np.fft.irfft(spectrum, samples.shape[1])
                case "silence":
                    samples[:, :1500] = 0
                case "format":
                    suffix = "flac"
        put(Clip(samples, RATE), tmp_path / label / f"{k}.{suffix}")
    found = doctor(read_folder(tmp_path)).of("shortcut")
    assert f"shortcut: {cue}" in {finding.kind for finding in found}
    assert {finding.kind for finding in found} <= {f"shortcut: {cue}", "shortcut: loudness"}


def test_every_class_that_a_cue_gives_away_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for k in range(60):
        label = ("plain", "soft", "softer")[k % 3]
        samples = rng.normal(0, 0.1, (1, 4000)) * {"plain": 1.0, "soft": 0.2, "softer": 0.04}[label]
        put(Clip(samples.clip(-0.9, 0.9), RATE), tmp_path / label / f"{k}.wav")
    (found,) = doctor(read_folder(tmp_path)).of("shortcut: loudness")
    assert all(f"'{label}'" in found.message for label in ("plain", "soft", "softer"))
    assert len(found.files) == 60


def test_segments_of_one_file_are_measured_as_if_each_were_read_alone(tmp_path: Path) -> None:
    path = put(Clip(np.tile(voice(0, 3).samples, 26), RATE), tmp_path / "long.wav")
    segments = [(0.0, None), (0.25, 0.75), (0.3, 12.31), (12.9, 13.5), (13.5, 14.0), (1.0, 1.00001)]
    rows = [Example(path, "x", None, *segment) for segment in segments]
    together = inspect_sounds(rows, views=Views(sample_rate=RATE))
    for row, result in zip(rows, together, strict=True):
        (alone,) = inspect_sounds([row], views=Views(sample_rate=RATE))
        if isinstance(result, str):
            assert result == alone
            continue
        for field in fields(result):
            assert np.array_equal(getattr(result, field.name), getattr(alone, field.name)), field.name
    assert [isinstance(result, str) for result in together] == [False] * 4 + [True] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="the command is for a POSIX shell")
@pytest.mark.parametrize("n_shown", [3, None])
def test_the_command_that_excludes_files_can_be_run_and_loses_none(
    tmp_path: Path, n_shown: int | None
) -> None:
    files = [
        tmp_path / "sounds" / part / "dog" / f"{k} a.wav" for part in ("train", "test") for k in range(3)
    ]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(path))
    command = excluding(files, tmp_path / "sounds", n_shown)
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    moved = [path for path in files if not path.exists()]
    assert len(moved) == (n_shown or len(files))
    assert command.endswith("  # and 3 more") == (n_shown == 3)
    for path in moved:
        assert (tmp_path / "excluded" / path.relative_to(tmp_path / "sounds")).read_text() == str(path)


def test_json_has_the_whole_command() -> None:
    finding = Finding(
        "near duplicate", 0.5, (Path("a.wav"),), "fault", "mv a  # and 3 more", (), "mv a b c d"
    )
    assert json.loads(finding.to_json())["repair"] == "mv a b c d"
    assert "# and 3 more" in finding.to_text()


def test_of_a_large_set_some_labels_are_checked_and_the_summary_says_so(
    faulty: Path, checkup: Checkup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woodshed.data.doctor.checkup.checked_rows", lambda labels: [0, 2])
    some = doctor(read_folder(faulty))
    assert some.n_checked == 2
    assert "Labels of 2 sounds were checked; --thorough checks all." in some.summary
    assert some.of("near duplicate") == checkup.of("near duplicate")
    assert some.of("unreadable") == checkup.of("unreadable")
    everything = doctor(read_folder(faulty), thorough=True)
    assert everything.findings == checkup.findings
    assert "--thorough" not in everything.summary
