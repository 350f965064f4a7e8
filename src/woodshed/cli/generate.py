"""``woodshed generate``: new tunes, as files that open everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.terminal import counting_bar, note, print_table, say
from woodshed.errors import ParameterError, printable


def command(
    model: Annotated[
        str, typer.Argument(help="A model folder; or tune, the model that comes with woodshed.")
    ],
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many tunes to write.")] = 4,
    out: Annotated[Path, typer.Option(help="Folder for the tunes and their page.")] = Path("tunes"),
    seed: Annotated[int, typer.Option(help="Source of every random draw.")] = 0,
    temperature: Annotated[float, typer.Option(help="Above 1 bolder, below 1 more cautious.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Choose among so many most probable tokens.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Choose among tokens of that probability together.")
    ] = None,
    metre: Annotated[str | None, typer.Option(help="Such as 6/8.")] = None,
    key: Annotated[str | None, typer.Option(help="Such as 'D dorian', Em, G.")] = None,
    bars: Annotated[int | None, typer.Option(help="How many bars, as written.")] = None,
    constrain: Annotated[
        list[str] | None, typer.Option(help="What a bar must be, such as 'bar 5 = c 2 B A G 4'.")
    ] = None,
    prime: Annotated[
        str | None, typer.Option(help="Tokens with which each tune begins, such as 'M:6/8 K:Cdor G 2 E'.")
    ] = None,
    go_on: Annotated[
        Path | None, typer.Option("--continue", help="Go on from the tune in this ABC file, in its key.")
    ] = None,
    max_copied_bars: Annotated[
        int | None, typer.Option(help="Write a tune anew that copies more bars in a row than this.")
    ] = None,
    formats: Annotated[str, typer.Option(help="Files for each tune.")] = "abc,mid,musicxml,wav,png",
    free: Annotated[
        bool,
        typer.Option("--free", help="Do not see to it that bars add up: let the net write what it likes."),
    ] = False,
    force: Annotated[bool, typer.Option(help="Write over what is in the folder.")] = False,
) -> None:
    """Write new tunes, and say what of them is a copy."""
    from woodshed.base.written import write_tunes
    from woodshed.report.tune_folder import check_formats, prepare_tune_folder, write_tune_folder
    from woodshed.tasks.tune import tune_wish

    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    check_formats(wanted)
    composer = load_composer_for(model)
    wish = tune_wish(
        metre=metre,
        key=key,
        n_bars=bars,
        bars=constrain or (),
        prime=prime,
        go_on=go_on,
        free=free,
        seed=seed,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        max_copied_bars=max_copied_bars,
    )
    prepare_tune_folder(out, force=force)
    with counting_bar("tunes", number) as done:
        tunes = write_tunes(composer, number, wish, on_tune=lambda _: done())
    heading = f"Written by the model {model} with seed {seed} at temperature {temperature:g}."
    with counting_bar("files", number) as done:
        write_tune_folder(
            tunes, out, known=composer.known_, heading=heading, formats=wanted, on_tune=lambda _: done()
        )
    rows = [
        (
            tune.name,
            " ".join(tune.text.split()[:2]).replace("M:", "").replace("K:C", f"{tune.tonic} "),
            str(tune.originality.n_notes),
            str(tune.originality.copied_bars),
            tune.originality.source or "-",
        )
        for tune in tunes
    ]
    print_table(("tune", "metre and key", "notes", "bars copied", "most like"), rows, numbers_from=2)
    say(f"\nTo hear and see them: {printable(out / 'index.html')}")
    if max_copied_bars is None and any(tune.originality.copied_bars > 4 for tune in tunes):
        note("Some copy more than four bars in a row. To have them written anew: --max-copied-bars 4")


def load_composer_for(model: str) -> Any:
    """Load a model that writes: a folder, or one that comes with woodshed."""
    from woodshed.base.composer import Composer
    from woodshed.tasks import load
    from woodshed.tasks.shipped import SHIPPED, shipped_folder

    folder = shipped_folder(model) if model in SHIPPED and not Path(model).exists() else Path(model)
    composer = load(folder)
    if not isinstance(composer, Composer):
        raise ParameterError(
            f"{printable(folder)} is a model for {composer.job}, which listens and does not write. "
            f"Give a model that writes, or one of those that come with woodshed: {', '.join(SHIPPED)}."
        )
    return composer
