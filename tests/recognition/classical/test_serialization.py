"""Estimators as bytes: what was written is read again, to the bit; whatever else a file holds is refused."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skops.io import dumps, loads

from woodshed.errors import ModelFolderError
from woodshed.recognition.classical import CLASSICAL, forest
from woodshed.recognition.classical.fitting import fit_model, probabilities
from woodshed.recognition.classical.serialization import (
    bytes_to_estimator,
    check_types,
    estimator_to_bytes,
    predict_estimator,
)

N_VALUES, N_CLASSES = 4, 3
ROWS = np.random.default_rng(0).normal(size=(30, N_VALUES)) + np.arange(30)[:, None] % N_CLASSES
COLUMNS = np.arange(30) % N_CLASSES


@pytest.fixture(autouse=True)
def _small_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "N_TREES", 5)


def read(content: bytes, n_values: int = N_VALUES, n_classes: int = N_CLASSES) -> Any:
    return bytes_to_estimator(content, n_values, n_classes)


def fitted(name: str) -> Any:
    return fit_model(name, ROWS, COLUMNS)


def rewritten(content: bytes, change: Callable[[Any], Any]) -> bytes:
    """Return a file whose schema is changed; all else in it stays."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            part = old.read(name)
            if name == "schema.json":
                part = json.dumps(change(json.loads(part))).encode()
            archive.writestr(name, part)
    return new.getvalue()


@pytest.mark.parametrize("name", sorted(CLASSICAL))
def test_what_was_written_is_read_again_to_the_bit(name: str) -> None:
    model = fitted(name)
    content = estimator_to_bytes(model)
    check_types(content)
    again = read(content)
    assert type(again) is type(model)
    assert np.array_equal(probabilities(again, ROWS), probabilities(model, ROWS))
    two = fit_model(name, ROWS, COLUMNS % 2)
    assert np.array_equal(
        probabilities(read(estimator_to_bytes(two), n_classes=2), ROWS), probabilities(two, ROWS)
    )


@pytest.mark.parametrize("name", sorted(CLASSICAL))
def test_a_row_has_the_same_answer_alone_and_in_company(name: str) -> None:
    ask = predict_estimator(fitted(name))
    rows = ROWS.astype(np.float32)
    assert np.array_equal(ask(rows), np.concatenate([ask(row[np.newaxis]) for row in rows]))


# -- what a file may hold -------------------------------------------------------------------------


def trap(proof: Path) -> dict[str, Any]:
    """Return a thing that opens a file for writing as soon as it is built."""
    words = [
        {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(word)}
        for word in (str(proof), "w")
    ]
    arguments = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": words}
    return {
        "__class__": "open",
        "__module__": "builtins",
        "__loader__": "ConstructorFromReduceNode",
        "content": arguments,
    }


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    proof = tmp_path / "it ran"

    def hide(schema: Any) -> Any:
        schema["content"]["content"]["memory"] = trap(proof)  # an attribute of a sound pipeline
        return schema

    trapped = rewritten(estimator_to_bytes(fitted("svm")), hide)
    with pytest.raises(
        ModelFolderError,
        match=r"model\.skops is refused: it holds builtins\.open, of which no model of woodshed",
    ):
        read(trapped)
    assert not proof.exists()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the file that is left open
        loads(trapped, trusted=["builtins.open"])
    assert proof.exists()  # it would have


def test_an_estimator_that_is_not_ours_is_refused_although_skops_would_trust_it() -> None:
    from sklearn.dummy import DummyClassifier
    from sklearn.naive_bayes import GaussianNB

    for model in (DummyClassifier(), GaussianNB()):
        content = dumps(model.fit(ROWS, COLUMNS))
        assert type(loads(content)) is type(model)
        with pytest.raises(ModelFolderError, match=rf"it holds sklearn\..*{type(model).__name__}"):
            read(content)


def test_a_known_type_that_is_built_in_an_unknown_way_is_refused() -> None:
    def twist(schema: Any) -> Any:
        schema["__loader__"] = "ConstructorFromReduceNode"
        return schema

    with pytest.raises(ModelFolderError, match=r"it holds sklearn\.pipeline\.Pipeline, of which"):
        read(rewritten(estimator_to_bytes(fitted("svm")), twist))


@pytest.mark.parametrize(
    "content", [b"", b"not an archive", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "no schema"]
)
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(ModelFolderError, match=r"it cannot be read .* train the model again"):
        read(content)


@pytest.mark.parametrize("schema", [[], {}, "x", {"a": {"__class__": "SVC"}}])
def test_a_schema_that_names_nothing_or_half_is_refused(schema: Any) -> None:
    with pytest.raises(ModelFolderError, match="it holds "):
        read(rewritten(estimator_to_bytes(fitted("knn")), lambda _: schema))


def test_a_file_that_is_cut_short_is_refused() -> None:
    content = estimator_to_bytes(fitted("svm"))
    with pytest.raises(ModelFolderError, match="it cannot be read"):
        read(content[:-200])


# -- of one piece ---------------------------------------------------------------------------------


def first_tree(forest: Any) -> Any:
    return forest.estimators_[0].tree_


def change_nodes(forest: Any, field: str, value: int) -> None:
    """Change the root of a tree; compiled code would follow it."""
    state = first_tree(forest).__getstate__()
    nodes = state["nodes"].copy()
    nodes[field][0] = value
    first_tree(forest).__setstate__(state | {"nodes": nodes})


def leads_beyond_the_end(forest: Any) -> None:
    change_nodes(forest, "left_child", 10**6)


def leads_back(forest: Any) -> None:
    change_nodes(forest, "right_child", 0)


def asks_for_a_value_that_is_not_there(forest: Any) -> None:
    change_nodes(forest, "feature", 10**6)


def asks_before_the_first(forest: Any) -> None:
    change_nodes(forest, "feature", -5)


def has_no_node(forest: Any) -> None:
    state = first_tree(forest).__getstate__()
    nothing = {"node_count": 0, "nodes": state["nodes"][:0], "values": state["values"][:0]}
    first_tree(forest).__setstate__(state | nothing)


def pretends_to_be_a_pipeline(forest: Any) -> None:
    leads_beyond_the_end(forest)
    forest.steps = fitted("svm").steps


def has_another_kind_of_tree(forest: Any) -> None:
    knn = fitted("knn")[-1]
    knn.tree_ = first_tree(forest)
    forest.estimators_[1] = knn


@pytest.mark.parametrize(
    "harm",
    [
        leads_beyond_the_end,
        leads_back,
        asks_for_a_value_that_is_not_there,
        asks_before_the_first,
        has_no_node,
        pretends_to_be_a_pipeline,
        has_another_kind_of_tree,
    ],
)
def test_a_forest_whose_trees_lead_astray_is_refused(harm: Callable[[Any], None]) -> None:
    forest = fitted("forest")
    read(estimator_to_bytes(forest))
    harm(forest)
    with pytest.raises(ModelFolderError, match="it is no model of 3 classes on 4 values"):
        read(estimator_to_bytes(forest))


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("svm", "_n_support", np.array([10, 10, 10**6], np.int32)),
        ("svm", "_n_support", np.array([40, -20, 10], np.int32)),
        ("svm", "support_vectors_", np.zeros((2, N_VALUES))),
        ("svm", "_dual_coef_", np.zeros((1, 1))),
        ("svm", "_intercept_", np.zeros(1)),
        ("svm", "kernel", "precomputed"),
        ("knn", "n_samples_fit_", 10**6),
        ("knn", "n_neighbors", 100),
        ("knn", "_y", np.full(30, 77)),
        ("logistic", "coef_", np.zeros((3, 2))),
        ("logistic", "classes_", np.arange(5)),
        ("logistic", "n_features_in_", 7),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(name: str, attribute: str, value: Any) -> None:
    model = fitted(name)
    setattr(model[-1], attribute, value)
    with pytest.raises(ModelFolderError, match="it is no model of 3 classes on 4 values"):
        read(estimator_to_bytes(model))


@pytest.mark.parametrize("name", sorted(CLASSICAL))
def test_a_model_of_other_rows_or_classes_is_refused(name: str) -> None:
    content = estimator_to_bytes(fitted(name))
    for n_values, n_classes in ((N_VALUES + 1, N_CLASSES), (N_VALUES, N_CLASSES + 1)):
        with pytest.raises(ModelFolderError, match=f"no model of {n_classes} classes on {n_values} values"):
            read(content, n_values, n_classes)


def test_an_attribute_that_is_missing_is_refused() -> None:
    model = fitted("svm")
    del model[-1].support_
    with pytest.raises(ModelFolderError, match=r"scikit-learn cannot build it \(AttributeError"):
        read(estimator_to_bytes(model))


def test_another_version_of_scikit_learn_is_told_once() -> None:
    def age(schema: Any) -> Any:
        return json.loads(json.dumps(schema).replace(sklearn.__version__, "1.0.1"))

    import sklearn

    content = rewritten(estimator_to_bytes(fitted("svm")), age)
    with pytest.warns(
        UserWarning, match=r"made with scikit-learn 1\.0\.1, and .* answers may differ"
    ) as told:
        model = read(content)
    assert len(told) == 1
    assert np.array_equal(probabilities(model, ROWS), probabilities(fitted("svm"), ROWS))
