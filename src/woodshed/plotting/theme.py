"""Light and dark themes of figures: colours, fonts and line widths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from woodshed.errors import check_choice, printable

FONT = "DejaVu Sans"
"""The font that comes with matplotlib, so that figures are the same on every machine."""

OTHER_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans", "Noto Sans Devanagari", "Noto Emoji"),
    *("Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic"),
    *("Arial Unicode MS", "Segoe UI", "Segoe UI Symbol", "Segoe UI Emoji", "WenQuanYi Zen Hei", "Unifont"),
)
"""Fallback fonts for characters that the first font lacks, in order, if installed."""

MISSING = "\ufffd"
"""Replacement of a character that no font has."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters and direction marks."""


@dataclass(frozen=True)
class Theme:
    """Colours of a figure.

    Parameters
    ----------
    name
        ``light`` or ``dark``.
    background, text, muted, grid
        Background, text, secondary text and outlines, grid lines.
    accent, other, third
        Three line colours from the Okabe-Ito palette, which is safe for colour-blind readers.
    loud, share
        Names of matplotlib's colour maps for levels and for values from 0 to 1; both are perceptually
        uniform, also in greyscale.
    """

    name: str
    background: str
    text: str
    muted: str
    grid: str
    accent: str
    other: str
    third: str
    loud: str = "magma"
    share: str = "viridis"

    def settings(self) -> dict[str, Any]:
        """Return the matplotlib settings that differ from its defaults."""
        return {
            "font.family": [FONT],
            "font.size": 9.0,
            "axes.titlesize": 9.5,
            "axes.titlelocation": "left",
            "axes.titlepad": 4.0,
            "axes.titlecolor": self.text,
            "axes.labelsize": 8.5,
            "axes.labelcolor": self.muted,
            "axes.edgecolor": self.muted,
            "axes.facecolor": self.background,
            "axes.linewidth": 0.6,
            "axes.axisbelow": True,
            "figure.facecolor": self.background,
            "figure.constrained_layout.h_pad": 0.06,
            "figure.constrained_layout.w_pad": 0.06,
            "grid.color": self.grid,
            "grid.linewidth": 0.6,
            "legend.fontsize": 8.0,
            "legend.labelcolor": self.muted,
            "lines.linewidth": 1.2,
            "pdf.fonttype": 42,
            "svg.fonttype": "path",
            "svg.hashsalt": "woodshed",  # makes element ids reproducible
            "text.color": self.text,
            "text.parse_math": False,  # a dollar sign in a file name is literal
            **{f"{axis}tick.{what}": self.muted for axis in "xy" for what in ("color", "labelcolor")},
            **{f"{axis}tick.labelsize": 8.0 for axis in "xy"},
            **{f"{axis}tick.major.width": 0.6 for axis in "xy"},
            **{f"{axis}tick.major.size": 3.0 for axis in "xy"},
        }


THEMES = {
    "light": Theme("light", "#ffffff", "#1b1f24", "#50565e", "#dedfe2", "#0072b2", "#d55e00", "#009e73"),
    "dark": Theme("dark", "#14171b", "#e9e5dc", "#aeb3ba", "#343a42", "#56b4e9", "#f0914c", "#2fc49b"),
}


def theme_of(name: str) -> Theme:
    """Return a theme by its name.

    Raises
    ------
    ParameterError
        If the name is unknown.

    Examples
    --------
    >>> theme_of("dark").background
    '#14171b'
    """
    check_choice("theme", name, THEMES)
    return THEMES[name]


@contextmanager
def themed(theme: Theme) -> Iterator[None]:
    """Apply a theme to matplotlib within a block, independently of its other settings.

    Examples
    --------
    >>> import matplotlib
    >>> with themed(theme_of("dark")):
    ...     matplotlib.rcParams["axes.facecolor"]
    '#14171b'
    """
    import matplotlib

    settings: Any = theme.settings()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield


def drawable(text: object, n_most: int = 0) -> str:
    r"""Return a text as one line that the installed fonts can draw.

    Parameters
    ----------
    text
        Any text, such as a file name.
    n_most
        Maximum length; the middle of a longer text is omitted. 0 for any length.

    Returns
    -------
    str
        Control characters, direction marks and undecodable bytes are escaped; characters that no font has are
        replaced by U+FFFD.

    Examples
    --------
    >>> drawable("a\nb$.wav"), drawable("very-long-name.wav", 9)
    ('a\\x0ab$.wav', 'very….wav')
    """
    visible = _UNSEEN.sub(lambda match: _escape(ord(match[0])), printable(text))
    if 0 < n_most < len(visible):
        n_end = (n_most - 1) // 2
        visible = f"{visible[: n_most - 1 - n_end]}…{visible[-n_end:]}"
    available = (
        letters_of(FONT).union(*map(letters_of, _installed())) if not visible.isascii() else frozenset()
    )
    return "".join(letter if letter.isascii() or ord(letter) in available else MISSING for letter in visible)


def fonts_for(text: str) -> list[str]:
    """Return the fonts for a text: the default, with fallbacks if it lacks a character.

    Examples
    --------
    >>> fonts_for("clip.wav")
    ['DejaVu Sans']
    """
    if text.isascii() or {ord(letter) for letter in text} <= letters_of(FONT):
        return [FONT]
    return [FONT, *_installed()]


def set_fonts(texts: Iterable[Any]) -> None:
    """Set fonts that have the characters of each of matplotlib's texts, such as the labels of a legend."""
    for text in texts:
        text.set_fontfamily(fonts_for(text.get_text()))


@lru_cache(maxsize=32)
def letters_of(font: str) -> frozenset[int]:
    """Return the code points that a font can draw.

    Examples
    --------
    >>> ord("♯") in letters_of(FONT)
    True
    """
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(font)).get_charmap())


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    names = {font.name for font in fontManager.ttflist}
    return tuple(font for font in OTHER_FONTS if font in names)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
