"""``woodshed plot``: pictures of sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import counting_bar, name_set_aside, say
from woodshed.errors import DataError, ParameterError, printable


def command(
    sounds: Annotated[list[Path], typer.Argument(help="Sound files, and folders of them.")],
    as_: Annotated[
        list[str],
        typer.Option(
            "--as",
            help="What to draw, from the top: waveform, spectrogram, mel, mfcc, chroma, cqt, tempogram, f0, "
            "onsets, features, spectrum; several times, or with commas.",
        ),
    ] = ["waveform,spectrogram"],  # noqa: B006  typer wants a list
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
    from woodshed.data.example import SetAside
    from woodshed.data.folder import list_sounds
    from woodshed.report.plot import PAGE, check_picture_name, portraits_of, save_portraits
    from woodshed.report.plot_layout import check_size
    from woodshed.report.plot_theme import theme_of
    from woodshed.report.plot_view import views_named

    paths = list_sounds(sounds)
    if not paths:
        raise ParameterError(f"There is no sound at {', '.join(map(printable, sounds))}. Give sound files.")
    place = Path(f"{paths[0].stem}.png") if out is None else out
    views = views_named(as_)
    check_picture_name(place, overwrite=force)
    check_size((width_in, height_in), dpi)
    if theme is not None:
        theme_of(theme)
    set_aside: list[SetAside] = []
    with counting_bar("sounds", len(paths)) as advance:
        portraits = portraits_of(
            paths,
            views,
            start_s=start_s,
            end_s=end_s,
            with_sound=place.suffix.lower() == PAGE,
            set_aside=set_aside,
            on_done=advance,
        )
    name_set_aside(set_aside)
    if strict and set_aside:
        raise DataError(f"{len(set_aside)} files cannot be used. Remove them, or leave out --strict.")
    size_in = (width_in, height_in)
    save_portraits(portraits, place, theme=theme, overwrite=force, title=title, size_in=size_in, dpi=dpi)
    n = len(portraits)
    say(f"{', '.join(views)} of {n} sound{'' if n == 1 else 's'}: {printable(place)}")
