"""A folder of new pieces: each as ABC, MIDI, MusicXML, sound and picture, and a page with all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.audio.write import write
from woodshed.composition.generation import Generation, ReferenceSet
from woodshed.errors import OutputError, ParameterError, near_miss, printable
from woodshed.plotting.score import save_scores
from woodshed.report.composition.piece_page import compared_with, piece_page
from woodshed.symbolic import write_midi, write_musicxml
from woodshed.symbolic.render import BEST, render
from woodshed.training.model_folder import make_folder, to_json

FORMATS = ("abc", "mid", "musicxml", "wav", "png")
"""What each piece is written as, by suffix."""

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
            raise ParameterError(f"Pieces cannot be written as {name!r}. {near_miss(name, FORMATS)}")


def prepare_piece_folder(folder: Path, *, force: bool = False) -> None:
    """Make the folder; what is in one already is only replaced if that is asked for.

    Raises
    ------
    OutputError
        If it is there and not empty, or cannot be made.
    """
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]) and not force:
        raise OutputError(
            f"{printable(folder)} is there already and not empty. Give --out another folder, or write over "
            "what is in it by --force."
        )
    make_folder(folder)


def write_piece_folder(  # noqa: PLR0913  all that makes up a folder
    pieces: Sequence[Generation],
    folder: Path,
    *,
    learned: ReferenceSet,
    task: str,
    heading: str,
    formats: Sequence[str] = FORMATS,
    soundfont: str = BEST,
    on_piece: Callable[[int], None] = lambda n_done: None,
) -> None:
    """Write pieces into a folder, each file whole or not at all.

    Parameters
    ----------
    pieces
        What to write.
    folder
        Made before, see `prepare_piece_folder`.
    learned
        What the composer learned from: `woodshed.composition.generation.reference_set`.
    job
        What a piece is called, such as ``tune``.
    heading
        What made the pieces, for the page.
    formats
        Of `FORMATS`.
    soundfont
        What plays the WAV files: see `woodshed.symbolic.render.render`.
    on_piece
        Called with how many are written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    check_formats(formats)
    for n_done, one in enumerate(pieces, start=1):
        _write_piece(one, folder, formats, soundfont)
        on_piece(n_done)
    told = {"how": compared_with(learned), "pieces": [one.to_values() for one in pieces]}
    write_whole(folder / ORIGINALITY_NAME, to_json(told))
    kind = type(pieces[0].piece)
    new, old = kind.style([one.piece for one in pieces]), kind.style(learned.pieces)
    write_whole(folder / STYLE_NAME, to_json({"new": asdict(new), "learned": asdict(old)}))
    page = piece_page(pieces, learned, (new, old), task=task, heading=heading, soundfont=soundfont)
    write_whole(folder / PAGE_NAME, page)


def _write_piece(one: Generation, folder: Path, formats: Sequence[str], soundfont: str) -> None:
    score = one.score
    for suffix in formats:
        path = folder / f"{one.name}.{suffix}"
        match suffix:
            case "abc":
                write_whole(path, one.abc)
            case "mid":
                write_midi(score, path)
            case "musicxml":
                write_musicxml(score, path)
            case "wav":
                write(render(score, soundfont=soundfont), path, overwrite=True)
            case "png":
                save_scores([score], path, overwrite=True)
