"""Model folders from strangers: what is not as written is refused, and nothing in them is run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.errors import ModelFolderError
from woodshed.tasks.shipped import shipped_folder
from woodshed.training.inference import keras_to_net, net_to_keras
from woodshed.training.model_folder import FORMAT, WEIGHTS_NAME, record_checksums
from woodshed.workflows.info import describe


class Runs:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.place),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of a model that comes with woodshed."""
    return Path(shutil.copytree(shipped_folder("chorale"), tmp_path / "model"))


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Replace a file of a model, or add one, with its checksum."""
    (folder / name).write_bytes(content)
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    settings["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
    record_checksums(folder, [name, "settings.json"])


def test_a_changed_file_is_refused(folder: Path) -> None:
    content = (folder / WEIGHTS_NAME).read_bytes()
    (folder / WEIGHTS_NAME).write_bytes(content + b"0")
    with pytest.raises(ModelFolderError, match="its checksum is wrong"):
        woodshed.load(folder)


def test_a_pickled_array_is_not_unpickled(folder: Path, tmp_path: Path) -> None:
    with np.load(folder / WEIGHTS_NAME) as arrays:
        weights = dict(arrays)
    name = next(iter(weights))
    place = tmp_path / "was-run"
    weights[name] = np.array([Runs(place)], dtype=object)
    content = io.BytesIO()
    np.savez(content, allow_pickle=True, **weights)
    rewrite(folder, WEIGHTS_NAME, content.getvalue())
    with pytest.raises(ModelFolderError, match=r"weights\.npz is damaged: .* are not unpickled"):
        woodshed.load(folder)
    assert not place.exists()


def test_code_in_a_keras_file_is_not_run() -> None:
    import keras

    net = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: 2 * x)])
    with pytest.raises(ValueError, match="safe"):
        keras_to_net(net_to_keras(net))


def test_a_newer_format_is_refused(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    (folder / "settings.json").write_text(json.dumps(settings | {"format": FORMAT + 1}), "utf-8")
    record_checksums(folder, ["settings.json"])
    with pytest.raises(ModelFolderError, match="newer woodshed"):
        woodshed.load(folder)


def test_a_file_that_no_model_has_is_refused(folder: Path) -> None:
    rewrite(folder, "more.bin", b"more")
    with pytest.raises(ModelFolderError, match="it lists the files"):
        woodshed.load(folder)


def test_the_card_of_another_model_is_not_shown(folder: Path) -> None:
    card = folder / "card.md"
    card.write_text("# another model", "utf-8")
    checksums = folder / "SHA256SUMS"
    lines = checksums.read_text("utf-8").splitlines()
    checksums.write_text("".join(f"{line}\n" for line in lines if not line.endswith("card.md")), "utf-8")
    assert describe(str(folder)).card is None
    record_checksums(folder, ["card.md"])
    assert describe(str(folder)).card == card
