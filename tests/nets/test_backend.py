"""The backend of Keras: settings of TensorFlow."""

from __future__ import annotations

import os

import pytest

from woodshed.nets.backend import require_keras


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_one_dnn_is_used_unless_it_is_turned_off(
    monkeypatch: pytest.MonkeyPatch, before: str | None, after: str
) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", before or "")
    if before is None:
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    require_keras()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == after
