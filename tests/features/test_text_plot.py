"""Pictures: bars and shades are as high and as dark as the numbers say; and every feature shows one."""

from __future__ import annotations

import doctest
import sys

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.features import FEATURES, Chroma, LogMel, Pyin, Rms, ShortTerm, feature_class
from woodshed.features.text_plot import text_plot

MOST_COLUMNS, MOST_LINES = 70, 10
TALLER = {"chroma", "chroma-cqt"}
"""Pictures with a row for each of the twelve pitch classes."""

TENTH = Rms(sample_rate=1000, frame_length=2, hop_length=100)
"""A feature with a frame every tenth of a second."""


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, np.newaxis]


def test_bars_are_as_high_as_the_values_in_quarters_of_a_row() -> None:
    drawn = text_plot(column(0, 1, 2, 3, 4, 5, 6, 7, 8), TENTH, height=2, width=10)
    assert drawn.splitlines() == [
        "rms",
        "8 ┤     ▂▄▆█",
        "4 ┤ ▂▄▆█████",
        "0 └0──────── s",
    ]


def test_the_axis_of_values_ends_at_round_numbers_and_begins_at_0_only_where_that_is_near() -> None:
    def labels(*values: float) -> list[str]:
        return [line.split()[0] for line in text_plot(column(*values), TENTH, height=2).splitlines()[1:]]

    assert labels(0.1, 3.7) == ["4", "2", "0"]
    assert labels(200, 240) == ["240", "220", "200"]
    assert labels(-38, -1) == ["0", "-20", "-40"]
    assert labels(7, 7, 7) == ["8", "7", "6"]
    assert labels(0, 0) == ["1", "0.5", "0"]


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e7])
def test_the_lowest_value_is_never_below_the_paper_nor_the_highest_above(scale: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = scale * (rng.normal() + rng.exponential() * rng.normal(size=(40, 1)))
        lines = text_plot(values, TENTH, height=6).splitlines()
        top, bottom = float(lines[1].split()[0]), float(lines[-1].split()[0])
        step = (top - bottom) / 4
        assert bottom - 1e-3 * step <= values.min()
        assert values.max() <= top + 1e-3 * step


def test_seconds_stand_where_they_are() -> None:
    axis = text_plot(column(*range(50)), TENTH, width=60).splitlines()[-1].partition("└")[2]
    assert axis == "0─────────1─────────2─────────3─────────4───────── s"  # ten columns a second
    averaged = text_plot(column(*range(100)), TENTH, width=50).splitlines()[-1].partition("└")[2]
    assert [averaged.index(text) for text in ("0", "2", "4", "6", "8")] == [0, 10, 20, 30, 40]
    repeated = text_plot(column(0, 1), TENTH, width=11).splitlines()[1].partition("┤")[2]
    assert repeated == "     █████"


def test_many_frames_are_averaged_and_many_bands_are_as_dark_as_the_strongest() -> None:
    drawn = text_plot(column(*[0, 8] * 10, *[8] * 20), TENTH, height=2, width=20).splitlines()
    assert drawn[1:3] == ["8 ┤          ██████████", "4 ┤████████████████████"]
    feature = LogMel(n_mels=4, sample_rate=1000, n_fft=64, hop_length=100)
    values = np.zeros((3, 4))
    values[1, 1], values[2, 3] = 0.5, 1.0
    shades = text_plot(values, feature, height=2, width=10).splitlines()
    assert shades[:3] == [
        "mel*_db:  ░ 0.2  ▒ 0.4  ▓ 0.6  █ 0.8",
        "2 ┤      ███",
        "0 ┤   ▒▒▒",
    ]


def test_chosen_bands_have_a_row_each_on_its_own_scale_and_one_alone_is_bars() -> None:
    feature = ShortTerm()
    values = np.zeros((5, 68))
    values[:, 1] = [0, 1, 2, 3, 4]
    values[:, 3] = [400, 300, 200, 100, 0]
    values[:, 5] = 3 + 1e-7 * np.arange(5)  # rounding is not drawn
    chosen = ["energy", "spectral_centroid", "spectral_entropy"]
    drawn = text_plot(values, feature, bands=chosen, width=10).splitlines()
    assert drawn[1:4] == [
        " spectral_entropy ┤",
        "spectral_centroid ┤██▓▓▒▒░░",
        "           energy ┤  ░░▒▒▓▓██",
    ]
    alone = text_plot(values[:, :3], Pyin(), bands=["voiced"], height=2, width=10).splitlines()
    assert alone[0] == "voiced"
    assert alone[1] == "4 ┤      ▄▄██"


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(
        ParameterError, match=r"text_plot expects finite values of Chroma of shape \(n_frames, 12\), got 3 of"
    ):
        text_plot(np.zeros((3, 1)), Chroma())
    with pytest.raises(ParameterError, match=r"got 1 of shape \(2, 1\)"):
        text_plot(column(0, np.nan), TENTH)
    with pytest.raises(ParameterError, match="height of at least 2 and a width of at least 10, got 1 and 60"):
        text_plot(column(0, 1), TENTH, height=1)
    with pytest.raises(ParameterError, match=r"Unknown band 'voice'\. Did you mean voiced"):
        text_plot(np.zeros((3, 3)), Pyin(), bands=["voice"])
    with pytest.raises(ParameterError, match="at least one band, got none"):
        text_plot(np.zeros((3, 3)), Pyin(), bands=[])


@pytest.mark.parametrize("word", FEATURES)
def test_every_feature_shows_a_picture_that_is_the_same_on_every_machine(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Spaces count here, which other doctests overlook; and no value may be so near to the next character that
    # rounding, which differs between processors, could change it.
    drawn = []

    def shaken(values: np.ndarray, *arguments: object, **settings: object) -> str:
        text = text_plot(values, *arguments, **settings)  # type: ignore[arg-type]
        drawn.append(text)
        span = np.ptp(values, axis=0) if "bands" in settings else np.ptp(values)
        rng = np.random.default_rng(0)
        for _ in range(4):
            nudge = 3e-5 * span * rng.choice([-1, 1], size=values.shape)
            assert text_plot(values + nudge, *arguments, **settings) == text  # type: ignore[arg-type]
        return text

    kind = feature_class(word)
    module = sys.modules[kind.__module__]
    monkeypatch.setattr("woodshed.features.text_plot.text_plot", shaken)
    (test,) = doctest.DocTestFinder(recurse=False).find(kind, word, module=module)
    complaints: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=complaints.append)
    assert not complaints, "".join(complaints)
    assert drawn, "there is no picture"
    for text in drawn:
        lines = text.splitlines()
        assert max(map(len, lines)) <= MOST_COLUMNS
        assert 6 <= len(lines) <= (MOST_LINES if word not in TALLER else 14)
        assert "  s" not in lines[-1]
