"""``woodshed features``: sounds in, a table of numbers out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.place import feature_folder
from woodshed.cli.terminal import counting_bar, list_skipped, print_table, refuse_skipped, say
from woodshed.errors import ParameterError, printable


def command(
    sounds: Annotated[
        list[Path] | None, typer.Argument(help="Sound files, and folders of them.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="Table to write: .csv, .parquet or .npz.")] = Path("features.csv"),
    feature: Annotated[
        list[str], typer.Option(help="What to compute; may be given several times. --list shows all.")
    ] = ["short-term"],  # noqa: B006  typer wants a list
    statistic: Annotated[
        list[str],
        typer.Option(
            help="How the frames of a file become one row: mean, std, min, max, median, skew, kurtosis, "
            "percentile:Q; may be given several times."
        ),
    ] = ["mean", "std"],  # noqa: B006
    frames: Annotated[
        bool, typer.Option(help="Write every frame, with its time, in place of statistics.")
    ] = False,
    set_: Annotated[
        list[str],
        typer.Option("--set", help="A setting of the features, as NAME=VALUE, such as sample_rate=22050."),
    ] = [],  # noqa: B006
    list_: Annotated[bool, typer.Option("--list", help="Only show which features there are.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes that compute; -1 is one for each core.")] = -1,
    strict: Annotated[bool, typer.Option(help="Write nothing when any file has to be left out.")] = False,
    force: Annotated[bool, typer.Option(help="Replace the table if it is there already.")] = False,
) -> None:
    """Compute features of sounds and write them as a table."""
    from woodshed.data.extract import check_statistics, extract
    from woodshed.data.feature_table import check_table_name, write_features
    from woodshed.data.folder import list_sounds
    from woodshed.features import make_features

    if list_:
        print_features()
        return
    if not sounds:
        raise ParameterError("Which sounds? Give files or folders: woodshed features FILE|FOLDER...")
    statistics = [] if frames else statistic
    check_statistics(statistics)
    check_table_name(out, overwrite=force)
    made = make_features(feature, read_settings(set_))
    paths = list_sounds(sounds)
    with counting_bar("sounds", len(paths) * len(made)) as advance:
        extraction = extract(
            paths, made, feature_folder(), n_jobs=jobs, on_progress=lambda n_done, n_all: advance()
        )
    list_skipped(extraction.skipped)
    refuse_skipped(extraction.skipped, strict=strict)
    n_rows = write_features(extraction, out, statistics=statistics, overwrite=force)
    n_values = len(extraction.summary_names(statistics) if statistics else extraction.names)
    say(f"{n_rows:,} rows of {n_values} values from {len(extraction.paths)} sounds: {printable(out)}")


def print_features() -> None:
    """Show every feature with its first line of help."""
    from woodshed.features import FEATURES, feature_class

    rows = []
    for word in sorted(FEATURES):
        kind = feature_class(word)
        rows.append((word, (kind.__doc__ or "").partition("\n")[0], str(len(kind().names))))
    print_table(("feature", "what it is", "values in a frame"), rows, numbers_from=2)


def read_settings(texts: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE texts; a value is a number, true or false, or else a word.

    Raises
    ------
    ParameterError
        If there is no ``=`` in a text.

    Examples
    --------
    >>> read_settings(["n_fft=2048", "formula=htk", "deltas=false", "split_hz=1e3"])
    {'n_fft': 2048, 'formula': 'htk', 'deltas': False, 'split_hz': 1000.0}
    """
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set expects NAME=VALUE, such as sample_rate=22050, got {text!r}.")
        settings[name.strip().replace("-", "_")] = _read_value(value.strip())
    return settings


def _read_value(text: str) -> Any:
    words: dict[str, Any] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
