"""Pictures of sound: each view shows what is there, where it is, in both themes, also of next to nothing."""

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
from woodshed.data.example import SetAside
from woodshed.errors import AudioError, OutputError, ParameterError
from woodshed.features.mel import mel_to_hz
from woodshed.report import plot_sound
from woodshed.report.plot import plot_clip, plot_files, portraits_of, save_figure, save_portraits
from woodshed.report.plot_sound import N_COLUMNS, heard_clip, heard_file
from woodshed.report.plot_theme import THEMES, drawable
from woodshed.report.plot_view import VIEWS, panels_of

SMALL: dict[str, Any] = {"size_in": (7.0, None), "dpi": 72}


def axes_of(figure: Any) -> list[Any]:
    """Return the axes of the only sound of a figure, from the top."""
    assert len(figure.subfigs) == 1
    return list(figure.subfigs[0].axes)


def pixels(figure: Any) -> np.ndarray:
    """Draw a figure, shape (height, width, 3), 0 to 1, the lowest row first, as matplotlib counts."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.float64)[::-1] / 255


def brightest(figure: Any, axes: Any, low: float, high: float) -> float:
    """Find the brightest row between two values of an axis, by what is drawn and by that axis."""
    drawn = pixels(figure)
    left, right = (int(axes.bbox.x0 + part * axes.bbox.width) for part in (0.3, 0.7))
    edges = [axes.transData.transform((0, value))[1] for value in (low, high)]
    rows = np.arange(int(edges[0]) + 1, int(edges[1]))
    light = drawn[rows, left:right].sum(axis=(1, 2))
    middle = rows[light >= light.max() * 0.999].mean() + 0.5
    return float(axes.transData.inverted().transform((0, middle))[1])


@pytest.mark.parametrize("f0_hz", [250.0, 1000.0, 5000.0])
def test_spectrogram_is_brightest_at_the_frequency_that_the_axis_says(f0_hz: float) -> None:
    figure = plot_clip(audio.sine(f0_hz, 1.0), ["spectrogram"], **SMALL)
    [axes] = axes_of(figure)
    assert brightest(figure, axes, 45, 7900) == pytest.approx(f0_hz, rel=0.035)
    assert axes.images[0].get_clim()[1] == pytest.approx(20 * np.log10(0.5), abs=0.1)  # of full scale


def test_mel_and_constant_q_are_brightest_at_the_frequency_that_the_axis_says() -> None:
    figure = plot_clip(audio.sine(440.0, 1.0), ["mel", "cqt"], **SMALL)
    mel, cqt = axes_of(figure)
    found_hz = mel_to_hz(brightest(figure, mel, *mel.get_ylim()))
    assert found_hz == pytest.approx(440, rel=0.06)
    assert brightest(figure, cqt, 40, 8000) == pytest.approx(440, rel=0.035)
    labels = {
        text.get_text(): place for text, place in zip(cqt.get_yticklabels(), cqt.get_yticks(), strict=True)
    }
    assert labels["C4"] == pytest.approx(261.63, abs=0.01)


def test_a_click_is_where_the_axis_of_time_says() -> None:
    samples = np.zeros(32000)
    samples[16000 * 3 // 2] = 0.9
    figure = plot_clip(Clip(samples, 16000), ["waveform", "spectrogram"], **SMALL)
    drawn = pixels(figure)
    for axes in axes_of(figure):
        box = axes.bbox
        inside = drawn[int(box.y0) + 2 : int(box.y1) - 2, int(box.x0) + 2 : int(box.x1) - 2]
        if axes.images:
            column = inside.sum(axis=(0, 2)).argmax()
        else:  # the line leaves the middle only there
            column = np.abs(inside - np.median(inside, axis=1, keepdims=True)).sum(axis=(0, 2)).argmax()
        found_s = axes.transData.inverted().transform((int(box.x0) + 2 + column + 0.5, 0))[0]
        assert found_s == pytest.approx(1.5, abs=0.02)


def test_chroma_of_a_is_brightest_at_a() -> None:
    figure = plot_clip(audio.sine(440.0, 1.0), ["chroma"], **SMALL)
    [axes] = axes_of(figure)
    row = round(brightest(figure, axes, -0.4, 11.4))
    assert axes.get_yticklabels()[row].get_text() == "A"
    assert [text.get_text() for text in axes.get_yticklabels()][:3] == ["C", "C♯", "D"]


def test_tempogram_of_two_clicks_a_second_is_brightest_at_120() -> None:
    figure = plot_clip(audio.clicks(0.5, 10.0), ["tempogram"], **SMALL)
    [axes] = axes_of(figure)
    assert brightest(figure, axes, 100, 200) == pytest.approx(120, rel=0.05)


def test_mfcc_leaves_out_the_loudness_alone() -> None:
    noise = audio.noise("pink", 0.5)
    soft, loud = (
        axes_of(plot_clip(clip, ["mfcc"]))[0].images[0].get_array() for clip in (noise, audio.gain(noise, 12))
    )
    assert soft.shape[0] == 19
    assert np.abs(soft).max() > 10
    assert np.allclose(soft, loud, atol=0.01)


def test_f0_is_a_line_at_the_pitch_broken_where_there_is_none() -> None:
    tone = audio.sine(220.0, 0.4).samples
    clip = Clip(np.concatenate([tone, np.zeros((1, 6400)), tone], axis=1), 16000)
    [axes] = axes_of(plot_clip(clip, ["f0"]))
    times_s, f0_hz = axes.lines[-1].get_data()
    assert np.allclose(f0_hz[(times_s > 0.1) & (times_s < 0.3)], 220, rtol=0.01)
    assert np.isnan(f0_hz[(times_s > 0.5) & (times_s < 0.7)]).all()
    [notes] = [child for child in axes.child_axes if child.yaxis.get_ticks_position() == "right"]
    named = dict(zip((t.get_text() for t in notes.get_yticklabels()), notes.get_yticks(), strict=True))
    assert named["C4"] == pytest.approx(261.63, abs=0.01)


def test_onsets_are_marked_at_the_clicks_and_counted() -> None:
    [axes] = axes_of(plot_clip(audio.clicks(0.5, 3.2), ["onsets"]))
    [marks] = axes.collections[-1:]
    marked_s = [segment[0][0] for segment in marks.get_segments()]
    assert marked_s == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5, 3.0], abs=0.03)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts[0] == "6 onsets"
    assert "beats (120 per minute)" in texts[1]
    beats_s = axes.lines[-2].get_xdata()
    assert np.abs(beats_s - np.round(beats_s * 2) / 2).max() < 0.03


def test_features_have_an_axis_each_with_the_unit() -> None:
    all_axes = axes_of(plot_clip(audio.sine(1000.0, 1.0), ["features"]))
    middle = {
        axes.get_title(loc="left").split(" (")[0]: float(np.median(axes.lines[-1].get_ydata()))
        for axes in all_axes
    }
    assert [axes.get_ylabel() for axes in all_axes] == ["Hz", "Hz", "no unit", "dB", "share", "bits"]
    assert middle["Spectral centroid"] == pytest.approx(1000, abs=15)
    assert middle["Spectral roll-off"] == pytest.approx(1000, abs=25)
    assert middle["RMS level"] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert middle["Zero crossings"] == pytest.approx(2 * 1000 / 16000, abs=0.003)
    assert middle["Spectral flux"] == pytest.approx(0, abs=1e-3)


def test_spectrum_peaks_at_the_tone_at_its_level() -> None:
    [axes] = axes_of(plot_clip(audio.sine(1000.0, 4.0), ["spectrum"]))
    frequency_hz, level_db = axes.lines[-1].get_data()
    assert frequency_hz[level_db.argmax()] == pytest.approx(1000, abs=5)
    assert level_db.max() == pytest.approx(20 * np.log10(0.5), abs=0.3)
    assert (axes.get_xscale(), axes.get_xlim()[1]) == ("log", 8000)


def test_waveform_has_each_channel_as_it_is() -> None:
    left, right = np.linspace(-0.5, 1.5, 20000), np.full(20000, 0.25)
    figure = plot_clip(Clip(np.stack([left, right]), 16000), ["waveform"])
    first, second = axes_of(figure)
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["Waveform, left", "Waveform, right"]
    outline = first.collections[0].get_paths()[0].vertices[:, 1]
    assert (outline.min(), outline.max()) == pytest.approx((-0.5, 1.5))
    assert np.unique(second.lines[0].get_ydata()).tolist() == [0.25]
    assert second.get_ylim() == first.get_ylim()
    # Full scale is marked, because the sound goes beyond; 0 dB is there.
    assert {-1.0, 1.0} <= {float(line.get_ydata()[0]) for line in first.lines}
    levels = first.child_axes[0]
    named = dict(zip(levels.get_yticks(), (t.get_text() for t in levels.get_yticklabels()), strict=True))
    assert {round(level, 3): text for level, text in named.items()}[1.413] == "3"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "clip",
    [
        audio.silence(0.3),
        Clip(np.ones((1, 1)), 192000),
        Clip(np.full((2, 3), -2.5), 4000),
        audio.noise("white", 0.31, sample_rate=44100),
    ],
    ids=["silence", "one sample", "three samples", "noise"],
)
def test_every_view_of_anything_is_as_long_as_the_sound(view: str, clip: Clip, tmp_path: Path) -> None:
    figure = plot_clip(clip, [view], **SMALL)
    for axes in axes_of(figure):
        if view != "spectrum":
            assert axes.get_xlim() == (0.0, clip.duration_s)
        assert axes.get_ylabel()
    save_figure(figure, tmp_path / "a.png")  # a warning would be an error


def test_views_are_stacked_and_share_their_time() -> None:
    figure = plot_clip(audio.sine(440.0), ["mel,waveform", "features"], **SMALL)
    all_axes = axes_of(figure)
    pixels(figure)
    tops = [axes.get_position().y1 for axes in all_axes]
    assert tops == sorted(tops, reverse=True)
    assert len({(axes.bbox.x0, axes.bbox.x1) for axes in all_axes}) == 1
    all_axes[3].set_xlim(0.25, 0.5)
    assert all(axes.get_xlim() == (0.25, 0.5) for axes in all_axes)
    assert [bool(axes.get_xlabel()) for axes in all_axes] == [False] * 7 + [True]


def test_minutes_and_hours_are_written_as_a_clock_shows_them(tmp_path: Path) -> None:
    def written(clip: Clip, **stretch: float) -> list[str]:
        audio.write(clip, tmp_path / "a.wav", overwrite=True)
        figure = plot_files([tmp_path / "a.wav"], ["waveform"], **stretch)
        figure.draw_without_rendering()
        [axes] = axes_of(figure)
        return [axes.get_xlabel(), *(text.get_text() for text in axes.get_xticklabels())]

    assert {"time (s)", "0", "10", "110"} <= set(written(audio.silence(119, sample_rate=1000)))
    assert {"time (min:s)", "0:00", "1:30", "2:00"} <= set(written(audio.silence(180, sample_rate=1000)))
    hours = written(audio.silence(2 * 3600, sample_rate=100), start_s=3590.0, end_s=3610.0)
    assert {"time (h:min:s)", "1:00:00", "0:59:50"} <= set(hours)


def test_times_count_from_the_start_of_the_file(tmp_path: Path) -> None:
    audio.write(audio.clicks(0.5, 4.0), tmp_path / "a.wav")
    figure = plot_files([tmp_path / "a.wav"], ["onsets", "spectrogram"], start_s=1.2, end_s=2.7)
    onsets, _ = axes_of(figure)
    assert onsets.get_xlim() == pytest.approx((1.2, 2.7))
    marked_s = [segment[0][0] for segment in onsets.collections[-1].get_segments()]
    assert marked_s == pytest.approx([1.5, 2.0, 2.5], abs=0.03)


def test_a_long_file_is_drawn_in_blocks_as_one_in_memory_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.wav"
    samples = np.stack([audio.noise(seed=k, duration_s=4.0).samples[0] for k in (1, 2)])
    audio.write(Clip(samples, 16000), path, encoding="float32")
    views = [
        "waveform",
        "spectrogram",
        "mel",
        "mfcc",
        "chroma",
        "features",
        "spectrum",
        "tempogram",
        "onsets",
    ]
    monkeypatch.setattr(plot_sound, "N_COLUMNS", 100)
    whole = panels_of(heard_file(path, start_s=0.5), views[:7])
    monkeypatch.setattr(plot_sound, "WHOLE_S", 1.0)
    monkeypatch.setattr(plot_sound, "_BLOCK_S", 0.7)
    heard = heard_file(path, start_s=0.5)
    assert not heard.in_memory
    for panel, expected in zip(panels_of(heard, views[:7]), whole, strict=True):
        assert panel.title == expected.title
        for name in {"values", "lowest", "highest", "xs", "times_s"} & set(vars(expected)):
            found = getattr(panel, name)
            assert found.shape == getattr(expected, name).shape
            assert np.allclose(found, getattr(expected, name), atol=2e-3), (panel.title, name)
    [tempo, onsets] = panels_of(heard, views[7:])
    assert np.isfinite(tempo.values).all()  # type: ignore[attr-defined]
    assert (onsets.onsets_label, len(onsets.onsets_s)) == ("", 0)  # type: ignore[attr-defined]
    with pytest.raises(AudioError, match=r"long\.wav: f0 is drawn of at most .* --start-s and --end-s"):
        panels_of(heard, ["f0"])


def test_a_long_sound_has_no_more_columns_than_can_be_seen() -> None:
    clip = audio.noise(duration_s=200.0, sample_rate=8000)
    wave, image = panels_of(heard_clip(clip), ["waveform", "spectrogram"])
    assert wave.lowest.shape == (N_COLUMNS,)  # type: ignore[attr-defined]
    assert wave.lowest.min() == clip.samples.min()  # type: ignore[attr-defined]
    assert N_COLUMNS / 2 < image.values.shape[1] <= N_COLUMNS  # type: ignore[attr-defined]


def test_dark_is_dark_and_what_stands_on_it_is_light() -> None:
    for name in ("light", "dark"):
        figure = plot_clip(audio.sine(440.0), ["waveform", "features"], theme=name, **SMALL)
        drawn = pixels(figure)
        paper = tuple(int(THEMES[name].paper[k : k + 2], 16) / 255 for k in (1, 3, 5))
        assert np.allclose(drawn[[0, 0, -1, -1], [0, -1, 0, -1]], paper)
        assert np.median(drawn) == pytest.approx(np.median(paper), abs=0.01)
        away = np.abs(drawn - np.array(paper)).sum(axis=2)
        assert away.max() > 1.8  # ink


def test_a_theme_does_not_leak_and_none_leaks_in(tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    clip = audio.sine(440.0)
    plain = save_figure(plot_clip(clip, theme="dark", **SMALL), tmp_path / "a.svg").read_bytes()
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"font.size": 30, "axes.titleweight": "bold", "xtick.direction": "in"}):
        again = save_figure(plot_clip(clip, theme="dark", **SMALL), tmp_path / "b.svg").read_bytes()
    assert again == plain


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".html"])
def test_the_same_picture_has_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first, second = (
        save_figure(plot_clip(audio.sine(440.0), ["waveform", "mel", "onsets"], **SMALL), tmp_path / name)
        for name in (f"a{suffix}", f"b{suffix}")
    )
    assert first.read_bytes() == second.read_bytes()
    assert (
        first.read_bytes()
        != save_figure(plot_clip(audio.sine(450.0), **SMALL), first, overwrite=True).read_bytes()
    )


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
    page = save_portraits(
        portraits_of([path], ["waveform"], with_sound=True), tmp_path / "a.html", dpi=72
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
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode((player["src"] or "").split(",")[1])))
    assert (rate, len(heard)) == (22050, 33075)
    assert np.abs(np.fft.rfft(heard)).argmax() == round(440 * 1.5)


def test_a_page_in_one_theme_has_one_picture_and_none_plays_what_is_too_long(tmp_path: Path) -> None:
    audio.write(audio.silence(61.0, sample_rate=8000), tmp_path / "a.wav")
    portraits = portraits_of([tmp_path / "a.wav"], ["waveform"], with_sound=True)
    links = Links(save_portraits(portraits, tmp_path / "a.html", theme="dark").read_text(encoding="utf-8"))
    assert [attributes["class"] for tag, attributes in links.tags if tag == "img"] == ["dark"]
    assert "audio" not in {tag for tag, _ in links.tags}


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (2, 2), (3, 3), (5, 2)])
def test_up_to_three_files_stand_side_by_side_and_more_in_two_columns(
    n: int, columns: int, tmp_path: Path
) -> None:
    paths = [audio.write(audio.sine(100.0 * (k + 1), 0.1), tmp_path / f"{k}.wav") for k in range(n)]
    figure = plot_files(paths, ["waveform", "features"], dpi=30)
    pixels(figure)
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
    set_aside: list[SetAside] = []
    figure = plot_files([bad, good], set_aside=set_aside)
    assert len(figure.subfigs) == 1
    assert [entry.path for entry in set_aside] == [bad]
    with pytest.raises(AudioError, match=r"bad\.wav: is not a sound file"):
        plot_files([good, bad])
    with pytest.raises(AudioError, match=r"No file can be drawn\. The first: .*bad\.wav"):
        plot_files([bad, bad], set_aside=[])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"views": ["spectogram"]}, "no view 'spectogram'. Did you mean spectrogram"),
        ({"views": []}, "needs a view"),
        ({"theme": "drak"}, "no theme 'drak'. Did you mean dark"),
        ({"size_in": (1, None)}, "width of 3 to 100 in, got 1"),
        ({"size_in": (None, float("nan"))}, "height of 1.5 to 400 in"),
        ({"dpi": 5}, "resolution of 20 to 1200 dpi, got 5"),
        ({"size_in": (100, 10), "dpi": 1200}, "more than 65535 points"),
    ],
)
def test_what_cannot_be_drawn_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        plot_clip(audio.sine(440.0), **settings)


def test_too_many_panels_and_no_file_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"at most 80 panels, got 100\. Give fewer files"):
        plot_files([f"{k}.wav" for k in range(50)])
    with pytest.raises(ParameterError, match="needs a sound"):
        plot_files([])


def test_a_picture_is_not_replaced_unless_asked_and_knows_its_suffixes(tmp_path: Path) -> None:
    figure = plot_clip(audio.sine(440.0), ["waveform"], **SMALL)
    path = save_figure(figure, tmp_path / "a.png")
    with pytest.raises(OutputError, match=r"a\.png is there already"):
        save_figure(figure, path)
    save_figure(figure, path, overwrite=True)
    with pytest.raises(ParameterError, match=r"cannot write a picture as \.jpg"):
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
import woodshed.report, woodshed.report.plot
from woodshed.audio import sine
heavy = {"matplotlib", "librosa", "keras", "sklearn", "scipy.signal"} & set(sys.modules)
woodshed.report.plot.plot_clip(sine(440), ["waveform"])
print(sorted(heavy), "matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    finished = python(program)
    assert finished.stdout.strip() == "[] True False", finished.stderr
