"""Pictures of sound: views of clips and files, stacked over one axis of time.

>>> from woodshed.audio import sine
>>> figure = plot_clip(sine(440), views=("waveform", "spectrogram", "chroma"))
>>> [axes.get_title(loc="left") for axes in figure.subfigs[0].axes]
['Waveform', 'Spectrogram', 'Chroma']

They are drawn with matplotlib, which is imported when the first is made and never opens a window.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woodshed.atomic import check_overwrite, write_whole
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import AudioError, ParameterError, near_miss, printable
from woodshed.plotting.layout import Portrait, check_panels, draw_portraits
from woodshed.plotting.page import picture_page, sound_bytes
from woodshed.plotting.sound import Heard, heard_clip, heard_file
from woodshed.plotting.theme import THEMES, themed
from woodshed.plotting.view import panels_of, views_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT_VIEWS = ("waveform", "spectrogram")

PAGE = ".html"

SUFFIXES = (".png", ".svg", ".pdf", PAGE)
"""How a picture can be written."""

# What would be different every time, or names a program and its address, is left out.
_UNSAID = {
    ".png": ("Software",),
    ".svg": ("Date", "Creator", "Format", "Type"),
    ".pdf": ("CreationDate", "Creator", "Producer"),
}


def plot_clip(
    clip: Clip,
    views: Sequence[str] = DEFAULT_VIEWS,
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw a clip.

    Parameters
    ----------
    clip
        Any rate, any number of channels.
    views
        Words, from the top: see `woodshed.plotting.view`.
    theme
        ``light`` or ``dark``.
    title
        Above everything; None for none. The name of the clip is there anyway.
    size_in
        Width and height in inches; None for what the views ask for.
    dpi
        Points per inch, if it is written as PNG.

    Returns
    -------
    matplotlib.figure.Figure
        With one sub-figure for the clip, which has one pair of axes for each panel. It is independent of
        pyplot.

    Raises
    ------
    ParameterError
        If there is no such view or theme, or the size is out of its range.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> figure = plot_clip(sine(440, 2.0), ["mel", "spectrum"], theme="dark", size_in=(8, None))
    >>> len(figure.subfigs[0].axes), figure.get_size_inches()[0].item()
    (2, 8.0)
    """
    portrait = portrait_of(heard_clip(clip), views)
    return draw_portraits([portrait], theme=theme, title=title, size_in=size_in, dpi=dpi)


def plot_files(
    paths: Iterable[str | os.PathLike[str]],
    views: Sequence[str] = DEFAULT_VIEWS,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    skipped: list[Skipped] | None = None,
    **settings: Any,
) -> Figure:
    """Draw files in one picture: up to three side by side, more in two columns.

    Parameters
    ----------
    paths
        Sound files of any length: one of more than ten minutes is never in memory as a whole.
    views
        As for `plot_clip`.
    start_s, end_s
        The stretch of each file, in seconds.
    skipped
        Takes the files that cannot be used, if there are others; None ends with the first of them.
    settings
        ``theme``, ``title``, ``size_in`` and ``dpi`` of `plot_clip`.

    Returns
    -------
    matplotlib.figure.Figure
        With one sub-figure for each file.

    Raises
    ------
    AudioError
        If a file cannot be used, and there is no ``skipped`` or no other file.
    ParameterError
        As for `plot_clip`.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> paths = sorted((sample_folder() / "recordings").iterdir())[:2]
    >>> [len(part.axes) for part in plot_files(paths).subfigs]
    [2, 2]
    """
    portraits = portraits_of(paths, views, start_s=start_s, end_s=end_s, skipped=skipped)
    return draw_portraits(portraits, **settings)


def portraits_of(
    paths: Iterable[str | os.PathLike[str]],
    views: Sequence[str],
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    with_sound: bool = False,
    skipped: list[Skipped] | None = None,
    on_done: Callable[[], None] = lambda: None,
) -> list[Portrait]:
    """Compute what is to be drawn of files, for `save_portraits`.

    Parameters
    ----------
    paths, views, start_s, end_s, skipped
        As for `plot_files`, with the same errors.
    with_sound
        Whether the sound itself is kept, for a page.
    on_done
        Called after each file.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> [portrait] = portraits_of([sample_folder() / "recordings" / "7_theo_0.flac"], ["waveform"])
    >>> portrait.name, len(portrait.panels)
    ('7_theo_0.flac', 1)
    """
    views = views_named(views)
    places = [Path(path) for path in paths]
    check_panels(len(places) * len(views))
    portraits: list[Portrait] = []
    first_error: AudioError | None = None
    for path in places:
        try:
            heard = heard_file(path, start_s=start_s, end_s=end_s)
            portraits.append(portrait_of(heard, views, with_sound=with_sound))
        except AudioError as error:
            if skipped is None:
                raise
            first_error = first_error or error
            skipped.append(Skipped(path, getattr(error, "reason", str(error))))
        on_done()
    if first_error and not portraits:
        raise (
            first_error if len(places) == 1 else AudioError(f"No file can be drawn. The first: {first_error}")
        )
    if not portraits:
        raise ParameterError("A picture needs a sound. Give at least one file.")
    return portraits


def portrait_of(heard: Heard, views: Sequence[str], *, with_sound: bool = False) -> Portrait:
    """Compute what is to be drawn of one sound."""
    sound = sound_bytes(heard.source) if with_sound and isinstance(heard.source, Clip) else None
    return Portrait(heard.name, heard.start_s, heard.end_s, tuple(panels_of(heard, views)), sound)


def save_figure(figure: Figure, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a figure; the suffix says how. The same figure always makes the same bytes.

    Parameters
    ----------
    figure
        Of `plot_clip` or `plot_files`.
    path
        Where to; ``.png``, ``.svg``, ``.pdf``, or ``.html`` for a page without sound. The file appears when
        it is complete.
    overwrite
        Whether a file of that name may be replaced.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the file is there already, or cannot be written.
    ParameterError
        If the suffix is none of those above.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio import sine
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(plot_clip(sine(440)), Path(folder) / "a.png").read_bytes()[1:4]
    b'PNG'
    """
    path = Path(path)
    check_picture_name(path, overwrite=overwrite)
    suffix = path.suffix.lower()
    if suffix == PAGE:
        heading = figure.get_suptitle() or ", ".join(part.get_suptitle() for part in figure.subfigs)
        write_whole(path, picture_page({_theme_name(figure): figure_bytes(figure, ".svg")}, heading))
    else:
        write_whole(path, figure_bytes(figure, suffix))
    return path


def save_portraits(
    portraits: Sequence[Portrait],
    path: str | os.PathLike[str],
    *,
    theme: str | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Draw what `portraits_of` computed, and write it.

    Parameters
    ----------
    portraits
        One for each sound.
    path, overwrite
        As for `save_figure`, with the same errors. A page can play the sounds that are short enough.
    theme
        ``light`` or ``dark``; None is light, and both for a page, which follows the reader's choice.
    settings
        ``title``, ``size_in`` and ``dpi`` of `plot_clip`.
    """
    path = Path(path)
    check_picture_name(path, overwrite=overwrite)
    if path.suffix.lower() != PAGE:
        return save_figure(
            draw_portraits(portraits, theme=theme or "light", **settings), path, overwrite=True
        )
    drawings = {
        name: figure_bytes(draw_portraits(portraits, theme=name, **settings), ".svg")
        for name in ([theme] if theme else THEMES)
    }
    heading = settings.get("title") or ", ".join(portrait.name for portrait in portraits)
    write_whole(path, picture_page(drawings, heading, portraits))
    return path


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the content of a file with the suffix ``.png``, ``.svg`` or ``.pdf``."""
    file = io.BytesIO()
    with themed(THEMES[_theme_name(figure)]):  # some settings are asked for only when it is drawn
        figure.savefig(file, format=suffix[1:], metadata=dict.fromkeys(_UNSAID[suffix]))
    return file.getvalue()


def _theme_name(figure: Figure) -> str:
    """Return the theme of a figure: that with its paper."""
    from matplotlib.colors import to_hex

    paper = to_hex(figure.get_facecolor())
    return next((name for name, theme in THEMES.items() if theme.paper == paper), "light")


def check_picture_name(path: Path, *, overwrite: bool) -> None:
    """Refuse a picture that could not be written, before anything is computed."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(
            f"{printable(path)}: cannot write a picture as {path.suffix or 'a file without suffix'}. "
            f"{near_miss(suffix, SUFFIXES)}"
        )
    check_overwrite(path, overwrite=overwrite)
