"""``woodshed plot``: figures of audio files and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import ProgressBar, feature_folder, list_skipped, names_in, say
from woodshed.errors import ParameterError, printable


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
    """Plot sounds and scores: waveform, spectrogram, pitch, rhythm and more.

    The views of a sound are stacked over one time axis.

    Example: woodshed plot take.wav --as waveform,spectrogram,f0
    """
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
            f"{DECISION_MAP} cannot be combined with other views, --start-s or --end-s, and needs exactly "
            f"one folder, table or corpus. Give only --as {DECISION_MAP}."
        )
    elif set(words) & SCORE_VIEWS:
        plot = plot_scores(sounds, out, views=words, style=style, strict=strict, overwrite=force)
    elif by is not None:
        raise ParameterError(f"--by needs --as {DECISION_MAP}. Add it, or omit --by.")
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
