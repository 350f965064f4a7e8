"""``woodshed features``: compute features of sounds and write them as a table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.terminal import (
    Json,
    ProgressBar,
    feature_folder,
    list_skipped,
    print_json,
    say,
    skipped_values,
)
from woodshed.errors import ParameterError, counted, printable

if TYPE_CHECKING:
    from woodshed.workflows.features import Setting


def command(
    sounds: Annotated[
        list[Path], typer.Argument(help="Sound files, and folders that contain some.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Output table: .csv, .parquet or .npz.")] = Path("features.csv"),
    feature: Annotated[
        list[str], typer.Option(help="Feature to compute; may be repeated. See woodshed list features.")
    ] = ["short-term"],  # noqa: B006  typer wants a list
    statistic: Annotated[
        list[str],
        typer.Option(
            help="Statistic that reduces the frames of a sound to one row: mean, std, min, max, median, "
            "skew, kurtosis or percentile:Q; may be repeated."
        ),
    ] = ["mean", "std"],  # noqa: B006
    frames: Annotated[
        bool, typer.Option("--frames", help="Write one row per frame, with its time, not statistics.")
    ] = False,
    set_: Annotated[
        list[str],
        typer.Option("--set", help="Setting of the features as NAME=VALUE, such as sample_rate=22050."),
    ] = [],  # noqa: B006
    jobs: Annotated[int, typer.Option(help="Number of processes; -1: one per core.")] = -1,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail, and write nothing, if any file is unusable.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing table.")] = False,
    json_: Json = False,
) -> None:
    """Compute features of sounds and write them as a table.

    The table has one row per sound, or with --frames one per frame.

    Example: woodshed features recordings --feature mfcc --statistic mean --out mfcc.csv
    """
    from woodshed.workflows.features import write_feature_table

    table = write_feature_table(
        sounds,
        out,
        store=feature_folder(),
        features=feature,
        settings=read_settings(set_),
        statistics=[] if frames else statistic,
        n_jobs=jobs,
        strict=strict,
        overwrite=force,
        progress=ProgressBar(),
    )
    list_skipped(table.skipped)
    if json_:
        print_json(asdict(table) | {"skipped": skipped_values(table.skipped)})
        return
    rows, values = counted(table.n_rows, "row"), counted(table.n_values, "value")
    say(f"{rows} of {values} from {counted(table.n_sounds, 'sound')}: {printable(table.path)}")


def read_settings(texts: list[str]) -> dict[str, Setting]:
    """Parse settings given as NAME=VALUE; a value is a number, true, false, none, or else a string.

    Raises
    ------
    ParameterError
        If a text has no ``=``.

    Examples
    --------
    >>> read_settings(["n_fft=2048", "formula=htk", "deltas=false", "split_hz=1e3"])
    {'n_fft': 2048, 'formula': 'htk', 'deltas': False, 'split_hz': 1000.0}
    """
    settings: dict[str, Setting] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"Invalid --set {text!r}. Expected NAME=VALUE, such as sample_rate=22050.")
        settings[name.strip().replace("-", "_")] = _read_value(value.strip())
    return settings


def _read_value(text: str) -> Setting:
    constants: dict[str, Setting] = {"true": True, "false": False, "none": None}
    if text.lower() in constants:
        return constants[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
