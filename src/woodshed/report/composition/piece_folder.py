"""Output folder of ``woodshed generate``: files, novelty and style reports, and a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.composition.generation import EvaluatedGeneration, ReferenceSet, ScoreGeneration
from woodshed.errors import OutputError, ParameterError, near_miss, printable
from woodshed.plotting.score import save_scores
from woodshed.report.composition.piece_page import novelty_method, piece_page
from woodshed.symbolic.render import BEST
from woodshed.training.model_folder import make_folder, to_json

FORMATS = (*ScoreGeneration.files, "png", "txt")
"""Formats of a generation, by suffix; of these, each kind has its own."""

PAGE_NAME, ORIGINALITY_NAME, STYLE_NAME = "index.html", "originality.json", "style.json"


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that does not exist.

    Raises
    ------
    ParameterError
        If there is no such format; the message names the near miss.
    """
    for name in formats:
        if name not in FORMATS:
            raise ParameterError(f"Unknown format {name!r}. {near_miss(name, FORMATS)}")


def prepare_piece_folder(folder: Path, *, force: bool = False) -> None:
    """Make the folder; an existing one must be empty, or its files may be replaced by ``force``.

    Raises
    ------
    OutputError
        If it exists and is not empty, or cannot be made.
    """
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]) and not force:
        raise OutputError(
            f"{printable(folder)} exists and is not empty. Set --out to another folder, or add --force to "
            "replace its files."
        )
    make_folder(folder)


def write_piece_folder(
    items: Sequence[EvaluatedGeneration],
    folder: Path,
    *,
    reference: ReferenceSet,
    heading: str,
    formats: Sequence[str] | None = None,
    soundfont: str = BEST,
    on_item: Callable[[int], None] = lambda n_done: None,
) -> None:
    """Write generations into a folder, each file whole or not at all.

    Parameters
    ----------
    items
        At least one.
    folder
        An existing folder, see `prepare_piece_folder`.
    reference
        The training data of the generator.
    heading
        Model and settings, for the page.
    formats
        Out of `FORMATS`; None writes all that a generation has. Formats of other kinds are ignored.
    soundfont
        What plays the WAV files: see `woodshed.symbolic.render.render`.
    on_item
        Called with the number of items that are written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    formats = FORMATS if formats is None else formats
    check_formats(formats)
    for n_done, item in enumerate(items, start=1):
        generation = item.generation
        suffixes = [suffix for suffix in formats if suffix in generation.files]
        generation.write(folder, item.name, suffixes, soundfont=soundfont)
        if "png" in formats and isinstance(generation, ScoreGeneration):
            save_scores([generation.to_score(item.title)], folder / f"{item.name}.png", overwrite=True)
        on_item(n_done)
    report = {"how": novelty_method(reference), "pieces": [item.to_values() for item in items]}
    write_whole(folder / ORIGINALITY_NAME, to_json(report))
    kind = type(items[0].generation)
    new = kind.style([item.generation for item in items])
    learned = kind.style(reference.generations) if reference.generations else None
    styles = {"new": asdict(new)} | ({} if learned is None else {"learned": asdict(learned)})
    write_whole(folder / STYLE_NAME, to_json(styles))
    page = piece_page(items, reference, (new, learned), heading=heading, soundfont=soundfont)
    write_whole(folder / PAGE_NAME, page)
