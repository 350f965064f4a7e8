"""Pictures of sound: each view shows what is there, where it is, in both themes, also of next to nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from woodshed import audio
from woodshed.clip import Clip
from woodshed.errors import AudioError
from woodshed.features.mel import mel_to_hz
from woodshed.plotting import excerpt as excerpt_module
from woodshed.plotting.excerpt import N_COLUMNS, clip_excerpt, file_excerpt
from woodshed.plotting.figure import plot_clip, plot_files, save_figure
from woodshed.plotting.theme import THEMES
from woodshed.plotting.view import VIEWS, compute_panels

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
    hours = written(audio.silence(2 * 3600, sample_rate=1000), start_s=3590.0, end_s=3610.0)
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
    monkeypatch.setattr(excerpt_module, "N_COLUMNS", 100)
    whole = compute_panels(file_excerpt(path, start_s=0.5), views[:7])
    monkeypatch.setattr(excerpt_module, "WHOLE_S", 1.0)
    monkeypatch.setattr(excerpt_module, "_BLOCK_S", 0.7)
    excerpt = file_excerpt(path, start_s=0.5)
    assert not excerpt.in_memory
    for panel, expected in zip(compute_panels(excerpt, views[:7]), whole, strict=True):
        assert panel.title == expected.title
        for name in {"values", "lowest", "highest", "xs", "times_s"} & set(vars(expected)):
            found = getattr(panel, name)
            assert found.shape == getattr(expected, name).shape
            assert np.allclose(found, getattr(expected, name), atol=2e-3), (panel.title, name)
    [tempo, onsets] = compute_panels(excerpt, views[7:])
    assert np.isfinite(tempo.values).all()  # type: ignore[attr-defined]
    assert (onsets.onsets_label, len(onsets.onsets_s)) == ("", 0)  # type: ignore[attr-defined]
    with pytest.raises(
        AudioError, match=r"long\.wav: The view f0 needs audio of at most .* --start-s and --end-s"
    ):
        compute_panels(excerpt, ["f0"])


def test_a_long_sound_has_no_more_columns_than_can_be_seen() -> None:
    clip = audio.noise(duration_s=200.0, sample_rate=8000)
    wave, image = compute_panels(clip_excerpt(clip), ["waveform", "spectrogram"])
    assert wave.lowest.shape == (N_COLUMNS,)  # type: ignore[attr-defined]
    assert wave.lowest.min() == clip.samples.min()  # type: ignore[attr-defined]
    assert N_COLUMNS / 2 < image.values.shape[1] <= N_COLUMNS  # type: ignore[attr-defined]


def test_dark_is_dark_and_what_stands_on_it_is_light() -> None:
    for name in ("light", "dark"):
        figure = plot_clip(audio.sine(440.0), ["waveform", "features"], theme=name, **SMALL)
        drawn = pixels(figure)
        paper = tuple(int(THEMES[name].background[k : k + 2], 16) / 255 for k in (1, 3, 5))
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
