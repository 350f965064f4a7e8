"""The page and the numbers of ``woodshed explain``, computed from the model at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.html.chart import Plot, heat_image
from woodshed.report.composition.softmax_page import SECTIONS, player
from woodshed.tasks.tune import TuneComposer
from woodshed.training.progress import LearningCurve


@pytest.fixture(scope="module")
def model(tune_composer: TuneComposer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain") / "R&B <model>"
    tune_composer.save(folder)
    return folder


@pytest.fixture(scope="module")
def out(cli: Callable[..., Any], model: Path) -> Path:
    folder = model.parent / "out"
    finished = cli("explain", model, "--out", folder)
    assert finished.code == 0, finished.err
    for section in SECTIONS.values():
        assert section.heading in finished.out
    return folder


def test_the_page_has_all_sections_and_loads_nothing(out: Path) -> None:
    page = (out / "report.html").read_text("utf-8")
    for k, (name, section) in enumerate(SECTIONS.items(), start=1):
        assert f'id="{name}"' in page
        assert f"{k}. {section.heading}" in page
        assert section.question in page
    assert page.count("<figcaption>") == 9
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "R&amp;B &lt;model&gt;" in page
    assert "<model>" not in page
    assert not re.search(r"\bnan\b", page)


def test_the_numbers_are_those_of_the_model(out: Path, tune_composer: TuneComposer) -> None:
    told = json.loads((out / "explain.json").read_text("utf-8"))
    kernel, bias = (tune_composer.weights_[f"logits/{name}"] for name in ("kernel", "bias"))
    assert told["n_weights"] == sum(values.size for values in tune_composer.weights_.values())
    assert told["n_softmax_weights"] == kernel.size + bias.size
    sizes = np.linalg.svd(kernel, compute_uv=False)
    assert told["directions"]["singular_values"] == pytest.approx(sizes.tolist(), rel=1e-5)
    assert (told["directions"]["rank"], told["directions"]["n_null"]) == (16, 0)
    assert told["bias"]["|"]["bias"] == pytest.approx(float(bias[tune_composer.vocabulary.index("|")]))
    unit = told["units"][3]
    best = tune_composer.vocabulary[int((kernel[3] - kernel[3].mean()).argmax())]
    assert (unit["unit"], unit["raises"][0]) == (4, best)
    assert len(told["units"]) == 16
    expected = np.corrcoef(kernel[3], bias)[0, 1]
    assert unit["correlation_with_bias"] == pytest.approx(expected, rel=1e-4)
    assert told["ablation"][0]["bits"] == pytest.approx(
        tune_composer.bits_per_token([text for _, text in tune_composer.known_]), rel=1e-5
    )
    assert told["training"]["n_epochs"] == len(tune_composer.curve_.validation_loss)
    assert list(told["summary"]) == [section.heading for section in SECTIONS.values()]


def test_sentences_follow_the_model(
    cli: Callable[..., Any], out: Path, tune_composer: TuneComposer, tmp_path: Path
) -> None:
    other = TuneComposer(**tune_composer.get_params())
    bias = np.zeros(137, np.float32)
    bias[other.vocabulary.index("z")] = 3.0
    curve = LearningCurve("training", (2.0, 1.0), (), (), 1)
    other.set_learned({**tune_composer.weights_, "logits/bias": bias}, curve, tune_composer.known_)
    other.save(tmp_path / "model")
    finished = cli("explain", tmp_path / "model", "--out", tmp_path / "out")
    assert finished.code == 0, finished.err
    assert "the bias favours “z”" in finished.out
    assert f"{137 * np.exp(3) / (136 + np.exp(3)):#.3g} times" in finished.out
    assert "No pieces were held out" in finished.out
    assert "the bias favours “z”" not in (out / "report.html").read_text("utf-8")


def test_what_is_there_is_kept_unless_asked(cli: Callable[..., Any], out: Path, model: Path) -> None:
    finished = cli("explain", model, "--out", out)
    assert finished.code == 2
    assert "with --force" in finished.err
    before = (out / "report.html").read_bytes()
    assert cli("explain", model, "--out", out, "--force", "--seed", 0).code == 0
    assert (out / "report.html").read_bytes() == before


def test_a_model_that_listens_is_refused(cli: Callable[..., Any], model_folder: Path, tmp_path: Path) -> None:
    finished = cli("explain", model_folder, "--out", tmp_path / "out")
    assert finished.code == 2
    assert "A model of the task 'speech' has the verbs predict" in finished.err
    assert not (tmp_path / "out").exists()


def test_what_can_be_played_is_player() -> None:
    assert 'src="data:audio/flac;base64,' in player("M:2/4 K:Cmaj C 2 E 2 | G 4 |", "A tune")
    assert "cannot be played" in player("C 2 M:2/4 E", "No tune")


def test_a_map_is_blue_above_and_vermilion_below_nothing() -> None:
    from base64 import b64decode
    from io import BytesIO

    from PIL import Image

    drawn = heat_image(Plot(100, 100, (0.0, 3.0), (1.0, 0.0)), [[-2.0, 0.0, 1.0]], most=1.0)
    png = b64decode(re.search(r"base64,([^\"]+)", drawn)[1])  # type: ignore[index]
    low, none, high = np.asarray(Image.open(BytesIO(png)).convert("RGBA"))[0].tolist()
    assert low == [217, 102, 26, 255]
    assert none[3] == 0
    assert high == [31, 134, 201, 255]
