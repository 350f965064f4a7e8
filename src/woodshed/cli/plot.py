"""``woodshed plot``: pictures of sounds and scores."""

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
            help="Sound files, and folders of them. For a decision-map: one folder of class folders, table, "
            "or corpus as NAME:PATH. For roll, abc and engraved: score files (.mid, .abc, .musicxml)."
        ),
    ],
    as_: Annotated[
        list[str],
        typer.Option(
            "--as",
            help="What to draw, from the top: waveform, spectrogram, mel, mfcc, chroma, cqt, tempogram, f0, "
            "onsets, features, spectrum; several times, or with commas. Or decision-map: labelled sounds on "
            "two features, and the line that parts their classes. Or, of scores: roll, roll-beats, abc, "
            "engraved.",
        ),
    ] = ["waveform,spectrogram"],  # noqa: B006  typer wants a list
    by: Annotated[
        str | None,
        typer.Option(
            help="Two features of a decision-map, such as centroid,entropy or rms:std,mfcc1_mean. "
            "[dim]\\[default: the two that tell the classes apart best][/dim]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Picture to write: .png, .svg, .pdf, or .html for a page that can play the sound. "
            "[dim]\\[default: the name of the first sound, as .png][/dim]"
        ),
    ] = None,
    start_s: Annotated[float, typer.Option(help="Where to begin, in seconds.")] = 0.0,
    end_s: Annotated[float | None, typer.Option(help="Where to end, in seconds.")] = None,
    theme: Annotated[
        str | None,
        typer.Option(
            help="light or dark. [dim]\\[default: light; a page has both and follows the browser][/dim]"
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title above everything.")] = None,
    width_in: Annotated[float | None, typer.Option(help="Width of the picture in inches.")] = None,
    height_in: Annotated[float | None, typer.Option(help="Height of the picture in inches.")] = None,
    dpi: Annotated[float, typer.Option(help="Points per inch.")] = 150.0,
    strict: Annotated[bool, typer.Option(help="Draw nothing when any file has to be left out.")] = False,
    force: Annotated[bool, typer.Option(help="Replace the picture if it is there already.")] = False,
) -> None:
    """Draw sounds: waveform, spectrogram, pitch, rhythm and more, stacked over one axis of time."""
    look = {"theme": theme, "title": title, "size_in": (width_in, height_in), "dpi": dpi}
    words = [name.strip() for word in as_ for name in word.split(",")]
    if words == [MAP] and len(sounds) == 1 and not start_s and end_s is None:
        draw_map(str(sounds[0]), by, out, strict=strict, force=force, look=look)
    elif MAP in words:
        raise ParameterError(
            f"A {MAP} is drawn alone, of all sounds of one folder, table or corpus. Give --as {MAP} and "
            "neither other views nor a start or end."
        )
    elif set(words) & SCORE_WORDS:
        draw_scores(sounds, words, out, force=force, look=look)
    elif by is not None:
        raise ParameterError(f"--by names the features of a {MAP}. Give --as {MAP} as well, or leave it out.")
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
    """Draw views of sounds over time."""
    from woodshed.data.example import Skipped
    from woodshed.data.folder import list_sounds
    from woodshed.plotting.figure import PAGE, check_picture_name, portraits_of, save_portraits
    from woodshed.plotting.layout import check_size
    from woodshed.plotting.theme import theme_of
    from woodshed.plotting.view import views_named

    paths = list_sounds(sounds)
    if not paths:
        raise ParameterError(f"There is no sound at {', '.join(map(printable, sounds))}. Give sound files.")
    place = Path(f"{paths[0].stem}.png") if out is None else out
    views = views_named(as_)
    check_picture_name(place, overwrite=force)
    check_size(look["size_in"], look["dpi"])
    theme_of(look["theme"] or "light")
    skipped: list[Skipped] = []
    with counting_bar("sounds", len(paths)) as advance:
        portraits = portraits_of(
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
    save_portraits(portraits, place, overwrite=force, **look)
    n = len(portraits)
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
        raise ParameterError(f"{unknown[0]} is drawn of sounds, {words[0]} of scores. Draw them one by one.")
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
    """Draw labelled sounds on two features."""
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
