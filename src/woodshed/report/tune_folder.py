"""A folder of new tunes: each as ABC, MIDI, MusicXML, sound and picture, and a page with all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.audio.write import write
from woodshed.base.saving import make_folder, to_json
from woodshed.base.written import WrittenTune
from woodshed.errors import OutputError, ParameterError, near_miss, printable
from woodshed.report.plot_score import save_scores
from woodshed.report.tune_page import played, tune_page
from woodshed.symbolic import write_midi, write_musicxml
from woodshed.symbolic.render import render

FORMATS = ("abc", "mid", "musicxml", "wav", "png")
"""What each tune is written as, by suffix."""

PAGE_NAME, ORIGINALITY_NAME = "index.html", "originality.json"


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that does not exist.

    Raises
    ------
    ParameterError
        If there is no such format; the message names the near miss.
    """
    for name in formats:
        if name not in FORMATS:
            raise ParameterError(f"Tunes cannot be written as {name!r}. {near_miss(name, FORMATS)}")


def prepare_tune_folder(folder: Path, *, force: bool = False) -> None:
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


def write_tune_folder(
    tunes: Sequence[WrittenTune],
    folder: Path,
    *,
    known: Sequence[tuple[str, str]],
    heading: str,
    formats: Sequence[str] = FORMATS,
    on_tune: Callable[[int], None] = lambda n_done: None,
) -> None:
    """Write tunes into a folder, each file whole or not at all.

    Parameters
    ----------
    tunes
        What to write.
    folder
        Made before, see `prepare_tune_folder`.
    known
        Title and text of the tunes that were learned from.
    heading
        What made the tunes, for the page.
    formats
        Of `FORMATS`.
    on_tune
        Called with how many are written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    check_formats(formats)
    for n_done, tune in enumerate(tunes, start=1):
        _write_tune(tune, folder, formats)
        on_tune(n_done)
    write_whole(folder / ORIGINALITY_NAME, to_json([tune.to_values() for tune in tunes]))
    write_whole(folder / PAGE_NAME, tune_page(tunes, known, heading))


def _write_tune(tune: WrittenTune, folder: Path, formats: Sequence[str]) -> None:
    score = played(tune)
    for suffix in formats:
        path = folder / f"{tune.name}.{suffix}"
        match suffix:
            case "abc":
                write_whole(path, tune.abc)
            case "mid":
                write_midi(score, path)
            case "musicxml":
                write_musicxml(score, path)
            case "wav":
                write(render(score), path, overwrite=True)
            case "png":
                save_scores([score], path, overwrite=True)
