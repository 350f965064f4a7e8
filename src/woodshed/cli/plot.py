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
SCORE_WORDS = {"roll", "roll-beats", "abc", "engraved"}


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
    words = [name.strip() for word in as_ for name in word.split(",")]
    if words == [MAP] and len(sounds) == 1 and not start_s and end_s is None:
        draw_map(str(sounds[0]), by, out, strict=strict, force=force, look=look)
    elif MAP in words:
        raise ParameterError(
            f"{MAP} cannot be combined with other views, --start-s or --end-s, and needs exactly one folder, "
            f"table or corpus. Give only --as {MAP}."
        )
    elif set(words) & SCORE_WORDS:
        draw_scores(sounds, words, out, force=force, look=look)
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
    place = Path(f"{paths[0].stem}.png") if out is None else out
    views = parse_views(as_)
    check_picture_name(place, overwrite=force)
    check_size(look["size_in"], look["dpi"])
    theme_of(look["theme"] or "light")
    skipped: list[Skipped] = []
    with counting_bar("sounds", len(paths)) as advance:
        stacks = file_stacks(
            paths,
            views,
            start_s=stretch_s[0],
            end_s=stretch_s[1],
            with_sound=place.suffix.lower() == PAGE,
            skipped=skipped,
            on_done=advance,
        )
    list_skipped(skipped)
    refuse_skipped(skipped, strict=strict)
    save_stacks(stacks, place, overwrite=force, **look)
    n = len(stacks)
    say(f"{', '.join(views)} of {counted(n, 'sound')}: {printable(place)}")


def draw_scores(
    places: list[Path], words: list[str], out: Path | None, *, force: bool, look: dict[str, Any]
) -> None:
    """Draw views of scores."""
    from woodshed.plotting.figure import check_picture_name
    from woodshed.plotting.score import save_scores
    from woodshed.symbolic.file import read_scores
    from woodshed.workflows.score import list_scores

    if unknown := [word for word in words if word not in SCORE_WORDS]:
        raise ParameterError(f"{unknown[0]} is not a view of scores. Draw audio and scores separately.")
    paths = list_scores(places)
    place = Path(f"{paths[0].stem}.png") if out is None else out
    check_picture_name(place, overwrite=force)
    scores = [score for path in paths for score in read_scores(path)]
    views = [word.partition("-")[0] for word in words]
    save_scores(
        scores, place, views, along="beats" if "roll-beats" in words else "s", overwrite=force, **look
    )
    say(f"{', '.join(words)} of {counted(len(scores), 'score')}: {printable(place)}")


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

    words = None if by is None else names_in(by)
    place = Path(f"{MAP}.png") if out is None else out
    check_picture_name(place, overwrite=force)
    check_size(look["size_in"], look["dpi"])
    theme_of(look["theme"] or "light")
    if words is not None:
        check_map_features(words)
    corpus = check(read_source(data), n_jobs=-1)
    list_skipped(corpus.skipped)
    refuse_skipped(corpus.skipped, strict=strict)
    shown = feature_map(corpus, words, store=feature_folder())
    save_map(shown, place, overwrite=force, **look)
    say(f"{shown.heading} on {' and '.join(shown.names)}: {printable(place)}")
