from __future__ import annotations

from pathlib import Path

import pytest

from woodshed import audio
from woodshed.data.file_jobs import FileJob, plan_file_jobs, run_file_jobs
from woodshed.errors import OutputError, ParameterError


def copy(file_job: FileJob) -> int:
    clip = audio.read(file_job.source)
    audio.write(clip, file_job.target, overwrite=True)
    return clip.n_samples


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    folder = tmp_path / "takes"
    for name in ("b/two.wav", "b/three.wav", "a/one.flac"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        audio.write(audio.sine(440, duration_s=0.01, sample_rate=8000), folder / name)
    (folder / "notes.txt").write_text("not a sound")
    return folder


def test_a_folder_keeps_its_tree(takes: Path, tmp_path: Path) -> None:
    outcome = run_file_jobs(plan_file_jobs([takes], tmp_path / "out"), copy, n_jobs=2)
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert made == ["a/one.flac", "b/three.wav", "b/two.wav"]
    assert [answer for _, answer in outcome.done] == [80, 80, 80]


def test_several_folders_keep_their_names_apart(takes: Path, tmp_path: Path) -> None:
    file_jobs = plan_file_jobs([takes / "a", takes / "b"], tmp_path / "out", suffix=".ogg")
    below = [file_job.target.relative_to(tmp_path / "out").as_posix() for file_job in file_jobs]
    assert below == ["a/one.ogg", "b/three.ogg", "b/two.ogg"]


def test_what_is_there_is_left_alone_until_told(takes: Path, tmp_path: Path) -> None:
    file_jobs = plan_file_jobs([takes], tmp_path / "out")
    run_file_jobs(file_jobs[:1], copy)
    before = file_jobs[0].target.stat().st_mtime_ns
    again = run_file_jobs(file_jobs, copy)
    assert again.existing == file_jobs[:1]
    assert len(again.done) == 2
    assert file_jobs[0].target.stat().st_mtime_ns == before
    assert len(run_file_jobs(file_jobs, copy, overwrite=True).done) == 3


def test_a_bad_file_is_named_and_the_others_are_done(takes: Path, tmp_path: Path) -> None:
    (takes / "b" / "three.wav").write_text("not a sound")
    seen: list[str] = []
    outcome = run_file_jobs(
        plan_file_jobs([takes], tmp_path / "out"),
        copy,
        on_done=lambda file_job: seen.append(file_job.source.name),
    )
    assert [entry.path.name for entry in outcome.skipped] == ["three.wav"]
    assert "three.wav" in outcome.skipped[0].reason
    assert [file_job.source.name for file_job, _ in outcome.done] == ["one.flac", "two.wav"]
    assert seen == ["one.flac", "three.wav", "two.wav"]
    assert not (tmp_path / "out" / "b" / "three.wav").exists()


def test_two_files_with_one_result_are_not_both_written(takes: Path, tmp_path: Path) -> None:
    audio.write(audio.silence(0.02, sample_rate=8000), takes / "b" / "two.flac")
    outcome = run_file_jobs(plan_file_jobs([takes / "b"], tmp_path / "out", suffix=".wav"), copy)
    assert [entry.path.name for entry in outcome.skipped] == ["two.wav"]
    assert "two.flac has the same result" in outcome.skipped[0].reason


def test_an_answer_that_cannot_be_written_ends_the_run(takes: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be created"):
        run_file_jobs(plan_file_jobs([takes], tmp_path / "out"), copy)


def test_one_name_for_many_sounds_is_refused(takes: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="is one file, and there are 3 sounds"):
        plan_file_jobs([takes], tmp_path / "all.wav")


def test_no_sound_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No audio files in"):
        plan_file_jobs([tmp_path], tmp_path / "out")


def test_a_format_that_cannot_be_written_is_refused_before_anything_is_done(
    takes: Path, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=r"cannot be written as \.mp4\. Did you mean \.mp3"):
        plan_file_jobs([takes], tmp_path / "out", suffix=".mp4")
    assert not (tmp_path / "out").exists()
