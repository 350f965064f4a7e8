"""Pictures as files and pages: self-contained, several sounds at once, bad ones set aside, never lost."""

from __future__ import annotations

import base64
import io
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from woodshed import audio
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import AudioError, OutputError, ParameterError
from woodshed.plotting.figure import file_stacks, plot_clip, plot_files, save_figure, save_stacks
from woodshed.plotting.theme import drawable

SMALL: dict[str, Any] = {"size_in": (7.0, None), "dpi": 72}


def test_svg_is_well_formed_and_names_nothing_outside(tmp_path: Path) -> None:
    path = save_figure(plot_clip(Clip(np.ones(9), 8000, "<&>\x07.wav")), tmp_path / "a.svg")
    root = ET.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    links = [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")]
    assert all(link.startswith(("#", "data:")) for link in links)


class Links(HTMLParser):
    """Collects what a page loads, and its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


def test_a_page_holds_all_it_shows_and_plays_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "<script>&.wav"
    audio.write(audio.sine(440.0, 1.5, sample_rate=22050), path)
    page = save_stacks(
        file_stacks([path], ["waveform"], with_sound=True), tmp_path / "a.html", dpi=72
    ).read_text(encoding="utf-8")
    links = Links(page)
    assert "http" not in page.replace("http-equiv", "")
    assert all(link.startswith("data:") for link in links.found)
    assert "script" not in {tag for tag, _ in links.tags}
    pictures = [attributes for tag, attributes in links.tags if tag == "img"]
    assert [attributes["class"] for attributes in pictures] == ["light", "dark"]
    dark_alone = ".light { display: none; } .dark { display: block; } }"
    before, _, after = page.partition("@media (prefers-color-scheme: dark)")
    assert (".dark { display: none; }" in before, dark_alone in after) == (True, True)
    drawn = [ET.fromstring(base64.b64decode((a["src"] or "").split(",")[1])) for a in pictures]
    assert len(drawn) == 2
    [player] = [attributes for tag, attributes in links.tags if tag == "audio"]
    excerpt, rate = soundfile.read(io.BytesIO(base64.b64decode((player["src"] or "").split(",")[1])))
    assert (rate, len(excerpt)) == (22050, 33075)
    assert np.abs(np.fft.rfft(excerpt)).argmax() == round(440 * 1.5)


def test_a_page_in_one_theme_has_one_picture_and_none_plays_what_is_too_long(tmp_path: Path) -> None:
    audio.write(audio.silence(61.0, sample_rate=8000), tmp_path / "a.wav")
    stacks = file_stacks([tmp_path / "a.wav"], ["waveform"], with_sound=True)
    links = Links(save_stacks(stacks, tmp_path / "a.html", theme="dark").read_text(encoding="utf-8"))
    assert [attributes["class"] for tag, attributes in links.tags if tag == "img"] == ["dark"]
    assert "audio" not in {tag for tag, _ in links.tags}


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (2, 2), (3, 3), (5, 2)])
def test_up_to_three_files_stand_side_by_side_and_more_in_two_columns(
    n: int, columns: int, tmp_path: Path
) -> None:
    paths = [audio.write(audio.sine(100.0 * (k + 1), 0.1), tmp_path / f"{k}.wav") for k in range(n)]
    figure = plot_files(paths, ["waveform", "features"], dpi=30)
    figure.draw_without_rendering()
    used = sorted(
        (part for part in figure.subfigs if part.axes), key=lambda part: (-part.bbox.y1, part.bbox.x0)
    )
    assert [part.get_suptitle() for part in used] == [path.name for path in paths]
    assert [len(part.axes) for part in used] == [7] * n
    assert len({round(part.bbox.x0) for part in used}) == columns


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$a_b^2$.wav", "$a_b^2$.wav"),
        ("$\\frac{$.wav", "$\\frac{$.wav"),  # no formula: it would not be drawn
        ("a\nb\x1b[31m.wav", "a\\x0ab\\x1b[31m.wav"),
        ("caf\udce9.wav", "caf\\xe9.wav"),
        ("gnp.\u202evaw.wav", "gnp.\\u202evaw.wav"),
    ],
)
def test_names_survive_odd_characters(name: str, shown: str, tmp_path: Path) -> None:
    figure = plot_clip(Clip(np.ones(9), 8000, f"folder/{name}"), ["waveform"])
    assert figure.subfigs[0].get_suptitle() == shown
    save_figure(figure, tmp_path / "a.png")


def test_letters_without_a_font_and_long_names_are_drawn_without_a_warning(tmp_path: Path) -> None:
    figure = plot_clip(Clip(np.ones(9), 8000, "\U000130e0" + 300 * "x" + ".wav"), ["waveform"])
    save_figure(figure, tmp_path / "a.png")
    title = figure.subfigs[0].get_suptitle()
    assert title.endswith("x.wav")
    assert len(title) < 100
    assert drawable("日本.wav")[2:] == ".wav"


def test_a_bad_file_is_set_aside_when_there_are_others(tmp_path: Path) -> None:
    good = audio.write(audio.sine(440.0), tmp_path / "good.wav")
    bad = tmp_path / "bad.wav"
    bad.write_text("not a sound")
    skipped: list[Skipped] = []
    figure = plot_files([bad, good], skipped=skipped)
    assert len(figure.subfigs) == 1
    assert [entry.path for entry in skipped] == [bad]
    with pytest.raises(AudioError, match=r"bad\.wav: it is text, not audio"):
        plot_files([good, bad])
    with pytest.raises(AudioError, match=r"No file can be drawn\. First error: .*bad\.wav"):
        plot_files([bad, bad], skipped=[])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"views": ["spectogram"]}, "Unknown view 'spectogram'. Did you mean spectrogram"),
        ({"views": []}, "No view given"),
        ({"theme": "drak"}, "Unknown theme 'drak'. Did you mean dark"),
        ({"size_in": (1, None)}, "width of 3 to 100 in, got 1"),
        ({"size_in": (None, float("nan"))}, "height of 1.5 to 400 in"),
        ({"dpi": 5}, "resolution of 20 to 1200 dpi, got 5"),
        ({"size_in": (100, 10), "dpi": 1200}, "more than 65535 pixels"),
    ],
)
def test_what_cannot_be_drawn_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        plot_clip(audio.sine(440.0), **settings)


def test_too_many_panels_and_no_file_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"at most 80 panels, got 100\. Choose fewer files"):
        plot_files([f"{k}.wav" for k in range(50)])
    with pytest.raises(ParameterError, match="No audio files given"):
        plot_files([])


def test_a_picture_is_not_replaced_unless_asked_and_knows_its_suffixes(tmp_path: Path) -> None:
    figure = plot_clip(audio.sine(440.0), ["waveform"], **SMALL)
    path = save_figure(figure, tmp_path / "a.png")
    with pytest.raises(OutputError, match=r"a\.png already exists"):
        save_figure(figure, path)
    save_figure(figure, path, overwrite=True)
    with pytest.raises(ParameterError, match=r"unsupported figure format \.jpg"):
        save_figure(figure, tmp_path / "a.jpg")
    with pytest.raises(OutputError, match="is not a folder"):
        save_figure(figure, tmp_path / "none" / "a.png")
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_size_title_and_resolution_are_as_asked(tmp_path: Path) -> None:
    figure = plot_clip(audio.sine(440.0), ["waveform"], size_in=(6, 4), dpi=50, title="$5")
    path = save_figure(figure, tmp_path / "a.png")
    with Image.open(path) as picture:
        assert picture.size == (300, 200)
    assert figure.get_suptitle() == "$5"


def test_reading_about_pictures_loads_no_matplotlib_and_drawing_no_pyplot(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    program = """
import sys
import woodshed.report, woodshed.plotting.figure
from woodshed.audio import sine
heavy = {"matplotlib", "librosa", "keras", "sklearn", "scipy.signal"} & set(sys.modules)
woodshed.plotting.figure.plot_clip(sine(440), ["waveform"])
print(sorted(heavy), "matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    finished = python(program)
    assert finished.stdout.strip() == "[] True False", finished.stderr
