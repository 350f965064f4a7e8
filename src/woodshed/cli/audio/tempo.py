"""``woodshed audio tempo``: tempo and beats; written down, or with clicks on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.audio.work import Force, Jobs, Sounds, ask_files, run_files
from woodshed.cli.terminal import print_table
from woodshed.errors import printable

if TYPE_CHECKING:
    from woodshed.data.file_jobs import FileJob


def command(
    sounds: Sounds,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the sounds with a click on every beat.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, with the time of every beat.")] = False,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Find tempo and beats; put clicks on them to hear whether they are right."""
    from woodshed.audio import add_clicks, read, write
    from woodshed.features.beat import beat_times_of_file, tempo_of_beats

    def work(file_job: FileJob) -> Any:
        beats = beat_times_of_file(file_job.source)
        write(add_clicks(read(file_job.source), beats), file_job.target, overwrite=True)
        return beats

    if out is None:
        answers = ask_files(beat_times_of_file, sounds, jobs=jobs)
    else:
        done = run_files(work, sounds, out, to=None, force=force, jobs=jobs, quiet=json_)
        answers = [(file_job.source, beats) for file_job, beats in done]
    if json_:
        rows: list[dict[str, Any]] = [
            {"path": printable(path), "tempo_bpm": tempo_of_beats(beats), "beats_s": beats.tolist()}
            for path, beats in answers
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif answers:
        print_table(
            ("sound", "beats a minute", "beats"),
            [(path.name, f"{tempo_of_beats(beats):.1f}", str(len(beats))) for path, beats in answers],
            numbers_from=1,
        )
