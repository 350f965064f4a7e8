"""``woodshed generate``: new music, as files that open everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.flags import with_request_flags
from woodshed.cli.score.flags import SoundFont
from woodshed.cli.terminal import counting_bar, print_table, say
from woodshed.cli.words import names_in
from woodshed.errors import ParameterError, printable
from woodshed.tasks.shipped import SHIPPED


@with_request_flags
def command(
    model: Annotated[
        str,
        typer.Argument(help=f"A model folder; or one that comes with woodshed: {', '.join(SHIPPED)}."),
    ],
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many pieces to write.")] = 4,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the pieces and their page. [dim]\\[default: tunes, chorales ...][/dim]"
        ),
    ] = None,
    formats: Annotated[str, typer.Option(help="Files for each piece.")] = "abc,mid,musicxml,wav,png",
    soundfont: SoundFont = "best",
    force: Annotated[bool, typer.Option(help="Write over what is in the folder.")] = False,
    *,
    requests: dict[str, Any],
) -> None:
    """Write new music, and say what of it is a copy."""
    from woodshed.composition.generation import reference_set, write_pieces
    from woodshed.report.composition.piece_folder import (
        check_formats,
        prepare_piece_folder,
        write_piece_folder,
    )
    from woodshed.symbolic.render import check_soundfont

    wanted = names_in(formats)
    check_formats(wanted)
    check_soundfont(soundfont)
    composer = load_composer_for(model)
    task = type(composer).task
    request = composer.request_class.asked(requests, task=task)
    place = Path(f"{task}s") if out is None else out
    prepare_piece_folder(place, force=force)
    with counting_bar(f"{task}s", number) as done:
        pieces = write_pieces(composer, number, request, on_piece=lambda _: done())
    heading = f"Written by the model {model} {request.says}."
    with counting_bar("files", number) as done:
        write_piece_folder(
            pieces,
            place,
            learned=reference_set(composer),
            task=task,
            heading=heading,
            formats=wanted,
            soundfont=soundfont,
            on_piece=lambda _: done(),
        )
    rows = [
        (
            one.name,
            ", ".join(one.piece.facts),
            str(one.n_notes),
            str(one.originality.copied_bars),
            one.originality.source or "-",
        )
        for one in pieces
    ]
    print_table((task, "", "notes", "bars copied", "most like"), rows, numbers_from=2)
    say(f"\nTo hear and see them: {printable(place / 'index.html')}")


def load_composer_for(model: str) -> Any:
    """Load a model that writes: a folder, or one that comes with woodshed."""
    from woodshed.composition.composer import Composer
    from woodshed.tasks import load
    from woodshed.tasks.shipped import model_folder

    folder = model_folder(model)
    composer = load(folder)
    if not isinstance(composer, Composer):
        raise ParameterError(
            f"{printable(folder)} is a model for {composer.task}, which listens and does not write. "
            f"Give a model that writes, or one of those that come with woodshed: {', '.join(SHIPPED)}."
        )
    return composer
