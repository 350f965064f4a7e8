"""``woodshed plot``: pictures of sounds and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.place import feature_folder
from woodshed.cli.terminal import ProgressBar, list_skipped, say
from woodshed.cli.words import names_in
from woodshed.errors import ParameterError, printable


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
    from woodshed.workflows.plot import (
        DECISION_MAP,
        SCORE_VIEWS,
        PlotStyle,
        plot_decision_map,
        plot_scores,
        plot_sounds,
    )

    style = PlotStyle(theme, title, width_in, height_in, dpi)
    words = [name.strip() for word in as_ for name in word.split(",")]
    if words == [DECISION_MAP] and len(sounds) == 1 and not start_s and end_s is None:
        plot = plot_decision_map(
            str(sounds[0]),
            out,
            features=None if by is None else names_in(by),
            store=feature_folder(),
            style=style,
            strict=strict,
            overwrite=force,
        )
    elif DECISION_MAP in words:
        raise ParameterError(
            f"A {DECISION_MAP} is drawn alone, of all sounds of one folder, table or corpus. "
            f"Give --as {DECISION_MAP} and neither other views nor a start or end."
        )
    elif set(words) & SCORE_VIEWS:
        plot = plot_scores(sounds, out, views=words, style=style, overwrite=force)
    elif by is not None:
        raise ParameterError(
            f"--by names the features of a {DECISION_MAP}. Give --as {DECISION_MAP} as well, or leave it out."
        )
    else:
        plot = plot_sounds(
            sounds,
            out,
            views=as_,
            start_s=start_s,
            end_s=end_s,
            style=style,
            strict=strict,
            overwrite=force,
            progress=ProgressBar(),
        )
    list_skipped(plot.skipped)
    say(f"{plot.description}: {printable(plot.path)}")
