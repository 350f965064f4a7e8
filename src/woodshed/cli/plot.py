"""``woodshed plot``: figures of audio files and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.place import feature_folder
from woodshed.cli.terminal import counting_bar, list_skipped, refuse_skipped, say
from woodshed.cli.words import names_in
from woodshed.errors import ParameterError, counted, printable

MAP = "decision-map"
SCORE_VIEWS = {"roll", "roll-beats", "abc", "engraved"}


def command(
    sounds: Annotated[
        list[Path],
        typer.Argument(
            help="Audio files, or folders of them. For decision-map: one folder of class folders, a table, "
            "or a corpus as NAME:PATH. For roll, abc and engraved: score files (.mid, .abc, .musicxml)."
        ),
    ],
    as_: Annotated[
        list[str],
        typer.Option(
            "--as",
            help="Views, from the top: waveform, spectrogram, mel, mfcc, chroma, cqt, tempogram, f0, onsets, "
            "features, spectrum; repeated or comma-separated. Or decision-map: labelled clips on two "
            "features, with the decision boundary. Or, for scores: roll, roll-beats, abc, engraved.",
        ),
    ] = ["waveform,spectrogram"],  # noqa: B006  typer needs a list
    by: Annotated[
        str | None,
        typer.Option(
            help="Two features of the decision-map, such as centroid,entropy or rms:std,mfcc1_mean. "
            "[dim]\\[default: the two most discriminative][/dim]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output file: .png, .svg, .pdf, or .html for a page with audio players. "
            "[dim]\\[default: the name of the first file, as .png][/dim]"
        ),
    ] = None,
    start_s: Annotated[float, typer.Option(help="Start time in seconds.")] = 0.0,
    end_s: Annotated[float | None, typer.Option(help="End time in seconds.")] = None,
    theme: Annotated[
        str | None,
        typer.Option(help="light or dark. [dim]\\[default: light; a page follows the browser][/dim]"),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the figure.")] = None,
    width_in: Annotated[float | None, typer.Option(help="Width of the figure in inches.")] = None,
    height_in: Annotated[float | None, typer.Option(help="Height of the figure in inches.")] = None,
    dpi: Annotated[float, typer.Option(help="Resolution in pixels per inch.")] = 150.0,
    strict: Annotated[bool, typer.Option(help="Fail if any file cannot be used.")] = False,
    force: Annotated[bool, typer.Option(help="Replace an existing figure.")] = False,
) -> None:
    """Draw audio files: waveform, spectrogram, pitch, rhythm and more, stacked over one time axis."""
    look = {"theme": theme, "title": title, "size_in": (width_in, height_in), "dpi": dpi}
    views = [name.strip() for names in as_ for name in names.split(",")]
    if views == [MAP] and len(sounds) == 1 and not start_s and end_s is None:
        draw_map(str(sounds[0]), by, out, strict=strict, force=force, look=look)
    elif MAP in views:
        raise ParameterError(
            f"{MAP} cannot be combined with other views, --start-s or --end-s, and needs exactly one folder, "
            f"table or corpus. Give only --as {MAP}."
        )
    elif set(views) & SCORE_VIEWS:
        draw_scores(sounds, views, out, force=force, look=look)
    elif by is not None:
        raise ParameterError(f"--by needs --as {MAP}. Add it, or omit --by.")
    else:
        draw_sounds(sounds, as_, out, (start_s, end_s), strict=strict, force=force, look=look)


def draw_sounds(
    sounds: list[Path],
    as_: list[str],
    out: Path | None,
    stretch_s: tuple[float, float | None],
    *,
    strict: bool,
    force: bool,
    look: dict[str, Any],
) -> None:
    """Draw views of audio files."""
    from woodshed.data.example import Skipped
    from woodshed.data.folder import list_sounds
    from woodshed.plotting.figure import PAGE, check_picture_name, file_stacks, save_stacks
    from woodshed.plotting.layout import check_size
    from woodshed.plotting.theme import theme_of
    from woodshed.plotting.view import parse_views

    paths = list_sounds(sounds)
    if not paths:
        raise ParameterError(f"No audio files found in {', '.join(map(printable, sounds))}.")
    target = Path(f"{paths[0].stem}.png") if out is None else out
    views = parse_views(as_)
    check_picture_name(target, overwrite=force)
    check_size(look["size_in"], look["dpi"])
    theme_of(look["theme"] or "light")
    skipped: list[Skipped] = []
    with counting_bar("sounds", len(paths)) as advance:
        stacks = file_stacks(
            paths,
            views,
            start_s=stretch_s[0],
            end_s=stretch_s[1],
            with_sound=target.suffix.lower() == PAGE,
            skipped=skipped,
            on_done=advance,
        )
    list_skipped(skipped)
    refuse_skipped(skipped, strict=strict)
    save_stacks(stacks, target, overwrite=force, **look)
    n = len(stacks)
    say(f"{', '.join(views)} of {counted(n, 'sound')}: {printable(target)}")


def draw_scores(
    inputs: list[Path], views: list[str], out: Path | None, *, force: bool, look: dict[str, Any]
) -> None:
    """Draw views of scores."""
    from woodshed.plotting.figure import check_picture_name
    from woodshed.plotting.score import save_scores
    from woodshed.symbolic.file import read_scores
    from woodshed.workflows.score import list_scores

    if unknown := [view for view in views if view not in SCORE_VIEWS]:
        raise ParameterError(f"{unknown[0]} is not a view of scores. Draw audio and scores separately.")
    paths = list_scores(inputs)
    target = Path(f"{paths[0].stem}.png") if out is None else out
    check_picture_name(target, overwrite=force)
    scores = [score for path in paths for score in read_scores(path)]
    panels = [view.partition("-")[0] for view in views]
    save_scores(
        scores, target, panels, along="beats" if "roll-beats" in views else "s", overwrite=force, **look
    )
    say(f"{', '.join(views)} of {counted(len(scores), 'score')}: {printable(target)}")


def draw_map(
    data: str, by: str | None, out: Path | None, *, strict: bool, force: bool, look: dict[str, Any]
) -> None:
    """Draw labelled clips on two features."""
    from woodshed.data.check import check
    from woodshed.data.source import read_source
    from woodshed.plotting.figure import check_picture_name
    from woodshed.plotting.layout import check_size
    from woodshed.plotting.map import check_map_features, feature_map, save_map
    from woodshed.plotting.theme import theme_of

    features = None if by is None else names_in(by)
    target = Path(f"{MAP}.png") if out is None else out
    check_picture_name(target, overwrite=force)
    check_size(look["size_in"], look["dpi"])
    theme_of(look["theme"] or "light")
    if features is not None:
        check_map_features(features)
    corpus = check(read_source(data), n_jobs=-1)
    list_skipped(corpus.skipped)
    refuse_skipped(corpus.skipped, strict=strict)
    chart = feature_map(corpus, features, store=feature_folder())
    save_map(chart, target, overwrite=force, **look)
    say(f"{chart.heading} on {' and '.join(chart.names)}: {printable(target)}")
