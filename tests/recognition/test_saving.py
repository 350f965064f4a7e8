"""Model folders: nothing but what was saved is loaded, and nothing in one is ever run."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.errors import ModelFolderError, NotFittedError, OutputError
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.saving import describe_model
from woodshed.training.inference import net_to_keras
from woodshed.training.model_folder import FORMAT, to_json


@pytest.fixture
def saved(speech: Recogniser, tmp_path: Path) -> Path:
    """Return the folder of a saved model, to be damaged."""
    speech.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def saved_svm(fitted: Callable[..., Recogniser], tmp_path: Path) -> Path:
    """Return the folder of a saved classical model, to be damaged."""
    fitted("speech", "svm").save(tmp_path / "svm")
    return tmp_path / "svm"


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Put another file in place of one, with the right digest, as somebody who means harm would."""
    (folder / name).write_bytes(content)
    files = json.loads((folder / "settings.json").read_text("utf-8"))["files"]
    change_settings(folder, files=files | {name: hashlib.sha256(content).hexdigest()})


def change_settings(folder: Path, **change: Any) -> None:
    """Change settings.json; without SHA256SUMS, as in models of earlier versions, that goes unnoticed."""
    path = folder / "settings.json"
    settings = json.loads(path.read_text("utf-8")) | change
    settings.pop("checksums", None)
    path.write_text(json.dumps(settings), "utf-8")
    (folder / "SHA256SUMS").unlink(missing_ok=True)


def test_the_folder_holds_what_it_says_and_reads_like_a_book(saved: Path, speech: Recogniser) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "SHA256SUMS",
        "labels.json",
        "net.keras",
        "net.onnx",
        "settings.json",
    ]
    assert json.loads((saved / "labels.json").read_text("utf-8")) == ["fall", "pulse", "rise"]
    settings = json.loads((saved / "settings.json").read_text("utf-8"))
    assert (settings["format"], settings["task"]) == (FORMAT, "speech")
    assert settings["settings"]["width"] == speech.width
    assert settings["feature"]["log-mel"]["sample_rate"] == 8000
    assert len(settings["curve"]["train_loss"]) == 20
    for name, digest in settings["files"].items():
        assert hashlib.sha256((saved / name).read_bytes()).hexdigest() == digest


def test_where_features_were_kept_is_not_carried_elsewhere(speech: Recogniser, tmp_path: Path) -> None:
    import copy

    at_home = copy.copy(speech)
    at_home.store = "a-secret-place"
    at_home.save(tmp_path)
    assert woodshed.load(tmp_path).store is None
    assert all(b"secret" not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("name", ["net.onnx", "net.keras", "labels.json"])
@pytest.mark.parametrize("damage", ["a bit", "cut short", "empty", "missing"])
def test_a_damaged_file_is_named(name: str, damage: str, saved: Path) -> None:
    path = saved / name
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes({"a bit": content, "cut short": content[:-1], "empty": b""}[damage])
    fault = (
        "is missing"
        if damage == "missing"
        else "was changed or damaged after training: its checksum is wrong"
    )
    with pytest.raises(ModelFolderError, match=rf"{name} {fault}\. .*train the model again"):
        woodshed.load(saved)


def test_a_folder_of_format_1_is_read(saved: Path, unseen_toy: Any) -> None:
    """The first format called a task a job, and had other names for some settings."""
    expected = woodshed.load(saved).predict_proba(unseen_toy.clips[:3])
    path = saved / "settings.json"
    settings = json.loads(path.read_text())
    settings |= {"format": 1, "job": settings.pop("task")}
    former = {"channel_norm": "colour_norm", "n_augmentations": "n_versions", "swa_share": "average_weights"}
    settings["settings"] = {former.get(name, name): value for name, value in settings["settings"].items()}
    path.write_text(json.dumps(settings))
    change_settings(saved)  # as in models of earlier versions
    loaded = woodshed.load(saved)
    assert loaded.get_params()["channel_norm"] == settings["settings"]["colour_norm"]
    np.testing.assert_array_equal(loaded.predict_proba(unseen_toy.clips[:3]), expected)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '{"format": 1}', '{"format": 1, "job": "speech", "settings": {}}', "\x00"],
)
def test_settings_that_cannot_be_understood_are_named(text: str, saved: Path) -> None:
    change_settings(saved)  # as in models of earlier versions
    (saved / "settings.json").write_text(text)
    with pytest.raises(ModelFolderError, match=r"settings\.json is damaged: it cannot be parsed"):
        woodshed.load(saved)


def test_settings_cut_short_are_named(saved: Path) -> None:
    change_settings(saved)  # as in models of earlier versions
    path = saved / "settings.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelFolderError, match=r"settings\.json is damaged: it cannot be parsed"):
        woodshed.load(saved)
    path.write_bytes(b"\xff\xfe not utf-8")
    with pytest.raises(ModelFolderError, match=r"settings\.json is damaged: it cannot be parsed"):
        woodshed.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"no_such_setting": 1}},
        {"settings": []},
        {"feature": {}},
        {"feature": {"log-mel": {"n_mels": -1}}},
        {"feature": {"log-mel": {"bands": 4}}},
        {"curve": {"fold": "a"}},
        {"curve": None},
    ],
)
def test_settings_that_do_not_fit_are_named(change: dict[str, Any], saved: Path) -> None:
    change_settings(saved, **change)
    with pytest.raises(ModelFolderError, match=r"settings\.json is damaged: it does not fit this version"):
        woodshed.load(saved)


@pytest.mark.parametrize("version", [FORMAT + 1, 99, "two"])
def test_a_newer_format_says_upgrade(version: Any, saved: Path) -> None:
    change_settings(saved, format=version)
    with pytest.raises(
        ModelFolderError, match=r"newer woodshed \(format .*Upgrade with: pip install --upgrade woodshed"
    ):
        woodshed.load(saved)


def test_a_folder_that_is_no_model_says_how_to_make_one(tmp_path: Path) -> None:
    for name, message in (
        ("nowhere", "does not exist"),
        ("empty", "is not a woodshed model: it has no settings.json"),
    ):
        if name == "empty":
            (tmp_path / name).mkdir()
        with pytest.raises(ModelFolderError, match=rf"{name} {message}.*woodshed train DATA --out"):
            woodshed.load(tmp_path / name)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ModelFolderError, match=r"is a file, but a model is a folder\. Expected the folder"):
        woodshed.load(tmp_path / "file")


def test_a_model_for_another_job_says_what_it_is_for(saved: Path) -> None:
    change_settings(saved, task="dancing")
    with pytest.raises(ModelFolderError, match=r"is a model for 'dancing', not for .*noise.*speech"):
        woodshed.load(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature": {"my-encoder": {}}}, "this model uses a front end that is not installed: my-encoder"),
        ({"settings": {"net": "my-net"}}, "this model uses a net that is not installed: my-net"),
    ],
)
def test_a_model_with_a_part_that_is_not_installed_is_not_damaged(
    change: dict[str, Any], message: str, saved: Path
) -> None:
    change_settings(saved, **change)
    with pytest.raises(ModelFolderError, match=message) as caught:
        woodshed.load(saved)
    assert "damaged" not in str(caught.value)


def test_files_of_two_models_do_not_make_one(
    saved: Path, fitted: Callable[[str], Recogniser], tmp_path: Path
) -> None:
    fitted("noise").save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "net.onnx", saved / "net.onnx")
    with pytest.raises(
        ModelFolderError, match=r"net\.onnx was changed or damaged after training: its checksum is wrong"
    ):
        woodshed.load(saved)


def test_no_code_of_the_folder_is_run(saved: Path, tmp_path: Path, speech: Recogniser, toy: Any) -> None:
    """A net that would run Python when it is read: asked, it answers by ONNX; opened, it is refused."""
    import keras

    proof = str(tmp_path / "it ran")
    inputs = keras.Input((35, 16))
    harm = keras.layers.Lambda(lambda x: (open(proof, "w").close(), x)[1])
    trap = keras.Model(
        inputs, keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(harm(inputs)))
    )
    replace_file(saved, "net.keras", net_to_keras(trap))
    Path(proof).unlink(missing_ok=True)
    loaded = woodshed.load(saved)
    assert np.array_equal(loaded.predict_proba(toy.clips[:2]), speech.predict_proba(toy.clips[:2]))
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        _ = loaded.net_
    assert not Path(proof).exists()


# -- classical models -----------------------------------------------------------------------------


def test_a_classical_model_is_one_file_and_its_feature_is_named(saved_svm: Path) -> None:
    assert sorted(path.name for path in saved_svm.iterdir()) == [
        "SHA256SUMS",
        "labels.json",
        "model.onnx",
        "settings.json",
    ]
    settings = json.loads((saved_svm / "settings.json").read_text("utf-8"))
    assert settings["format"] == FORMAT
    assert settings["settings"]["net"] == "svm"
    assert settings["feature"]["summary"]["sample_rate"] == 8000
    assert settings["curve"]["train_loss"] == []
    for name, digest in settings["files"].items():
        assert hashlib.sha256((saved_svm / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("damage", ["a bit", "cut short", "empty"])
def test_a_damaged_classical_model_is_named(damage: str, saved_svm: Path) -> None:
    content = bytearray((saved_svm / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    harmed = {"a bit": bytes(content), "cut short": bytes(content[:-1]), "empty": b""}[damage]
    (saved_svm / "model.onnx").write_bytes(harmed)
    with pytest.raises(
        ModelFolderError, match=r"model\.onnx was changed or damaged after training: its checksum is wrong"
    ):
        woodshed.load(saved_svm)


def test_a_classical_model_with_anything_foreign_in_it_is_refused_when_it_is_loaded(saved_svm: Path) -> None:
    import pickle

    import onnx

    model = onnx.load_model_from_string((saved_svm / "model.onnx").read_bytes())
    model.graph.node[0].op_type = "Tile"
    replace_file(saved_svm, "model.onnx", model.SerializeToString())
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused: it holds Tile, which no model"):
        woodshed.load(saved_svm)
    replace_file(saved_svm, "model.onnx", pickle.dumps([0.0]))
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused: it cannot be read"):
        woodshed.load(saved_svm)


def test_a_classical_model_of_an_earlier_version_is_refused_with_the_command_that_trains_it_again(
    saved_svm: Path,
) -> None:
    files = json.loads((saved_svm / "settings.json").read_text("utf-8"))["files"]
    files["model.skops"] = files.pop("model.onnx")
    change_settings(saved_svm, files=files)
    (saved_svm / "model.onnx").rename(saved_svm / "model.skops")
    command = f"woodshed train DATA --task speech --net svm --out {saved_svm}"
    with pytest.raises(ModelFolderError, match=r"classical estimator of an earlier woodshed") as refusal:
        woodshed.load(saved_svm)
    assert str(refusal.value).endswith(f"Train it again: {command}")


def test_a_classical_model_of_other_classes_is_refused_when_it_is_loaded(saved_svm: Path) -> None:
    replace_file(saved_svm, "labels.json", b'["a", "b"]')
    with pytest.raises(ModelFolderError, match="it is not a model of 2 outputs for 126 values"):
        woodshed.load(saved_svm)


@pytest.mark.parametrize("feature", [{"log-mel": {}}, {"Mfcc": {}}, {"summary": {"n_segments": 0}}, {}])
def test_a_feature_that_is_not_this_kind_of_models_is_refused(
    feature: dict[str, Any], saved_svm: Path
) -> None:
    change_settings(saved_svm, feature=feature)
    with pytest.raises(ModelFolderError, match=r"settings\.json is damaged: it does not fit this version"):
        woodshed.load(saved_svm)


@pytest.mark.parametrize("name", ["../secret", "net.onnx", "net.pkl"])
def test_no_other_file_than_the_models_own_is_opened(name: str, saved_svm: Path) -> None:
    files = json.loads((saved_svm / "settings.json").read_text("utf-8"))["files"]
    change_settings(saved_svm, files=files | {name: "0" * 64})
    with pytest.raises(ModelFolderError, match=r"settings\.json is damaged: .*it lists the files .*" + name):
        woodshed.load(saved_svm)


def test_a_model_in_place_of_one_of_another_kind_leaves_none_of_its_files(
    saved: Path, fitted: Callable[..., Recogniser]
) -> None:
    fitted("speech", "svm").save(saved)
    names = ["SHA256SUMS", "labels.json", "model.onnx", "settings.json"]
    assert sorted(path.name for path in saved.iterdir()) == names
    fitted("speech").save(saved)
    assert "model.onnx" not in [path.name for path in saved.iterdir()]
    assert woodshed.load(saved).net == "mlp"


def test_saving_what_has_not_learned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        Recogniser().save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_saving_over_a_model_that_is_cut_short_leaves_no_mixture(
    saved: Path, fitted: Callable[[str], Recogniser], monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    other = fitted("noise")  # trained before the files are counted
    replace, n_replaced = os.replace, 0

    def pulled_plug(*paths: Any) -> None:
        nonlocal n_replaced
        n_replaced += 1
        if n_replaced == 3:
            raise KeyboardInterrupt
        replace(*paths)

    monkeypatch.setattr(os, "replace", pulled_plug)
    with pytest.raises(KeyboardInterrupt):
        other.save(saved)
    with pytest.raises(ModelFolderError, match="SHA256SUMS is missing or incomplete"):
        woodshed.load(saved)
    assert not list(saved.glob(".woodshed-*"))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, speech: Recogniser) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"model cannot be created \(Not a directory\)\. Choose another"):
        speech.save(tmp_path / "file" / "model")


def test_a_model_describes_itself_without_its_net(saved: Path) -> None:
    (saved / "net.onnx").unlink()
    described = describe_model(saved)
    assert (described["task"], described["labels"]) == ("speech", ["fall", "pulse", "rise"])
    assert described["scores"] == []
    (saved / "metrics.json").write_text("not json")  # of another model, as SHA256SUMS does not list it
    assert describe_model(saved)["provenance"] == {}


def test_every_file_that_is_read_is_covered_by_a_checksum(saved: Path) -> None:
    settings = saved / "settings.json"
    original = settings.read_text("utf-8")
    for name in ("settings.json", "labels.json", "net.keras", "net.onnx"):
        assert name in (saved / "SHA256SUMS").read_text("utf-8")
    settings.write_text(original.replace('"sample_rate": 8000', '"sample_rate": 16000'), "utf-8")
    with pytest.raises(ModelFolderError, match=r"settings\.json was changed .*train the model again with it"):
        woodshed.load(saved)
    settings.write_text(original, "utf-8")
    assert woodshed.load(saved).sample_rate_ == 8000
    (saved / "SHA256SUMS").write_text("no list\n", "utf-8")
    with pytest.raises(ModelFolderError, match="SHA256SUMS is damaged"):
        woodshed.load(saved)
    change_settings(saved)  # as in models of earlier versions
    assert woodshed.load(saved).sample_rate_ == 8000


def test_settings_of_another_machine_are_ignored(saved: Path) -> None:
    settings = json.loads((saved / "settings.json").read_text("utf-8"))["settings"]
    assert not {"store", "n_jobs"} & set(settings)
    change_settings(saved, settings=settings | {"store": "/of/another", "n_jobs": 512})
    loaded = woodshed.load(saved)
    assert (loaded.store, loaded.n_jobs) == (None, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value: float, saved: Path, saved_svm: Path) -> None:
    import onnx

    for folder, name in ((saved, "net.onnx"), (saved_svm, "model.onnx")):
        model = onnx.load_model_from_string((folder / name).read_bytes())
        tensors = [
            t
            for t in model.graph.initializer
            if t.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
        ]
        weights = onnx.numpy_helper.to_array(tensors[0]).copy()
        weights.flat[-1] = value
        tensors[0].CopyFrom(onnx.numpy_helper.from_array(weights, tensors[0].name))
        replace_file(folder, name, model.SerializeToString())
        with pytest.raises(ModelFolderError, match=rf"{name} is damaged: 1 of \d+ weights in .* are NaN"):
            woodshed.load(folder)
    net = woodshed.training.inference.keras_to_net((saved / "net.keras").read_bytes())
    net.set_weights([np.full_like(weight, value) for weight in net.get_weights()])
    with pytest.raises(ModelFolderError, match=r"net\.keras is damaged: .* are NaN or infinite"):
        woodshed.training.inference.keras_to_net(net_to_keras(net))


def test_json_that_is_nested_without_end_is_refused(saved: Path) -> None:
    change_settings(saved)  # as in models of earlier versions
    for name in ("metrics.json", "settings.json"):
        (saved / name).write_text("[" * 100_000, "utf-8")
        with pytest.raises(ModelFolderError, match=rf"{name} is damaged: .*more than 64 levels"):
            describe_model(saved)


def test_json_has_no_numbers_that_json_does_not_know() -> None:
    value = {"a": np.float32(1.5), "b": [np.nan, np.inf, 2], 3: np.array([1, 2]), "é": (True, None, "x")}
    assert json.loads(to_json(value), parse_constant=pytest.fail) == {
        "a": 1.5,
        "b": [None, None, 2],
        "3": [1, 2],
        "é": [True, None, "x"],
    }
    assert "é" in to_json(value)


def test_a_model_whose_checksums_were_lost_is_refused(saved: Path) -> None:
    """A changed sample rate would give other answers without a word."""
    (saved / "SHA256SUMS").unlink()
    path = saved / "settings.json"
    path.write_text(path.read_text("utf-8").replace('"sample_rate": 8000', '"sample_rate": 16000'), "utf-8")
    with pytest.raises(ModelFolderError, match=r"SHA256SUMS is missing or incomplete.* Copy or train"):
        woodshed.load(saved)
