"""Classical models as ONNX: the same predictions as the estimator; whatever else a file holds is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from woodshed.errors import ModelFolderError
from woodshed.recognition.classical import CLASSICAL, forest
from woodshed.recognition.classical import model as classical_models
from woodshed.recognition.classical.model import (
    Case,
    ClassicalPredictor,
    GraphBuilder,
    fit_columns,
    fit_model,
    model_to_bytes,
    predict_columns,
    probabilities,
)

N_VALUES, N_CLASSES = 4, 3
ROWS = np.random.default_rng(0).normal(size=(30, N_VALUES)) + np.arange(30)[:, None] % N_CLASSES
COLUMNS = np.arange(30) % N_CLASSES

every_model = pytest.mark.parametrize("name", sorted(CLASSICAL))


@pytest.fixture(autouse=True)
def _small_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "N_TREES", 5)


def read(content: bytes, n_values: int = N_VALUES, n_outputs: int = N_CLASSES) -> ClassicalPredictor:
    return ClassicalPredictor(content, n_values=n_values, n_outputs=n_outputs)


def saved(name: str) -> bytes:
    return model_to_bytes(name, fit_model(name, ROWS, COLUMNS), N_VALUES)


# -- parity ---------------------------------------------------------------------------------------


def realistic(seed: int, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows of 200 values of very different scales, classes that overlap in them, and a number."""
    rng = np.random.default_rng(0)
    scale = 10 ** rng.uniform(-4, 4, 200)
    offset, effect = scale * rng.normal(0, 10, 200), 0.6 * rng.normal(size=(n_classes, 20))
    rng = np.random.default_rng(seed)
    columns = rng.permutation(np.arange(300) % n_classes)
    rows = rng.normal(size=(300, 200))
    rows[:, :20] += effect[columns]
    return (rows * scale + offset).astype(np.float32).astype(np.float64), columns, rows[:, 0]


def tolerance(name: str, rows: str = "new") -> float:
    """Return the largest difference: distances are in float32, or of a row to itself, where it is higher."""
    return 1e-4 if name == "kernel-ridge" else 1e-5 if (name, rows) == ("knn", "training") else 1e-10


@pytest.mark.parametrize("blocks", [(), (60, 140)])
@pytest.mark.parametrize("n_classes", [2, 3, 7])
@every_model
def test_the_probabilities_are_those_of_the_estimator(
    name: str, n_classes: int, blocks: tuple[int, ...]
) -> None:
    rows, columns, _ = realistic(1, n_classes)
    model = fit_model(name, rows, columns, case=Case(blocks=blocks))
    predictor = read(model_to_bytes(name, model, 200), 200, n_classes)
    for which, some in (("new", realistic(2, n_classes)[0]), ("training", rows)):
        expected, predicted = probabilities(model, some), predictor.predict_each(some.astype(np.float32))
        assert predicted == pytest.approx(expected, abs=tolerance(name, which))
        assert np.array_equal(predicted.argmax(axis=1), expected.argmax(axis=1))


@pytest.mark.parametrize("discrete", [True, False])
@every_model
def test_tags_and_values_are_those_of_the_estimators(name: str, discrete: bool) -> None:
    rows, columns, number = realistic(1, 7)
    targets = np.stack([100 + 50 * number, number**2, np.full(300, 7.0)], axis=1)
    if discrete:
        targets = np.stack([columns == 0, columns < 3, np.ones(300)], axis=1).astype(float)
    targets[::9, 0] = np.nan
    model = fit_columns(name, rows, targets, discrete=discrete)
    content = model_to_bytes(name, model, 200)
    unseen = realistic(2, 7)[0]
    predicted = read(content, 200, 3).predict_each(unseen)
    expected = predict_columns(model, unseen)
    deviation = np.ones(3) if discrete else np.maximum(np.nanstd(targets, axis=0), 1)
    assert predicted / deviation == pytest.approx(expected / deviation, abs=tolerance(name))
    assert np.array_equal(predicted[:, 2], targets[:, 2])


@every_model
def test_constant_values_and_few_rows_are_exported_too(name: str) -> None:
    rows = np.hstack([ROWS[:4], np.full((4, 1), 7.0)])
    model = fit_model(name, rows, np.array([0, 1, 1, 0]))
    predicted = read(model_to_bytes(name, model, 5), 5, 2).predict(rows)
    assert predicted == pytest.approx(probabilities(model, rows), abs=1e-5)


def test_a_tree_that_is_one_leaf_is_exported() -> None:
    same = np.ones((6, N_VALUES))
    model = fit_model("forest", same, COLUMNS[:6])
    predicted = read(model_to_bytes("forest", model, N_VALUES)).predict(same)
    assert predicted == pytest.approx(probabilities(model, same), abs=1e-12)


def test_a_row_at_a_training_row_has_its_class_though_another_is_near() -> None:
    rows = np.array(
        [[0.5], [0.5], [0.4], [0.6]]
    )  # of mean 0.5, which is therefore exactly 0 when standardised
    model = fit_model("knn", rows, np.array([0, 0, 1, 1]))
    predicted = read(model_to_bytes("knn", model, 1), 1, 2).predict(np.array([[0.5], [0.45]]))
    assert predicted == pytest.approx(probabilities(model, np.array([[0.5], [0.45]])), abs=1e-12)
    assert predicted[0].tolist() == [1, 0]


@every_model
def test_a_row_has_the_same_prediction_alone_and_in_company(name: str) -> None:
    predict = read(saved(name)).predict_each
    rows = ROWS.astype(np.float32)
    assert np.array_equal(predict(rows), np.concatenate([predict(row[np.newaxis]) for row in rows]))
    assert read(saved(name)).predict(rows) == pytest.approx(predict(rows), abs=1e-6)


@every_model
def test_a_file_is_the_same_each_time(name: str) -> None:
    assert saved(name) == saved(name)


def test_equal_arrays_are_in_the_file_once() -> None:
    rows, columns, _ = realistic(1, 7)
    one, eight = (
        model_to_bytes("knn", fit_columns("knn", rows, np.eye(7)[columns][:, :k], discrete=True), 200)
        for k in (1, 7)
    )
    assert len(eight) < 1.2 * len(one)


# -- what a file may hold -------------------------------------------------------------------------


def graph_of(*nodes: Any, arrays: dict[str, np.ndarray] | None = None, output: str = "predictions") -> Any:
    """Return a model of given nodes from ``rows`` to ``predictions``."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("rows", TensorProto.DOUBLE, ["batch", N_VALUES])],
        [helper.make_tensor_value_info(output, TensorProto.DOUBLE, ["batch", N_CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in (arrays or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def linear_model(weights: np.ndarray | None = None) -> Any:
    """Return a sound model, to be changed."""
    node = helper.make_node("MatMul", ["rows", "w"], ["predictions"])
    return graph_of(node, arrays={"w": np.ones((N_VALUES, N_CLASSES)) if weights is None else weights})


def changed(change: Callable[[Any], Any]) -> bytes:
    model = linear_model()
    change(model)
    content: bytes = model.SerializeToString()
    return content


def test_the_sound_model_is_accepted() -> None:
    assert read(linear_model().SerializeToString()).predict(np.ones((2, N_VALUES))).tolist() == [[4] * 3] * 2


@pytest.mark.parametrize(
    "content",
    [b"not a model", b"PK\x05\x06" + bytes(18), pickle.dumps(COLUMNS), saved("svm")[:-200]],
    ids=["text", "zip", "pickle", "cut short"],
)
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(
        ModelFolderError, match=r"model\.onnx is refused: it cannot be read .* train the model"
    ):
        read(content)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused: it holds more than a graph"):
        read(b"")


@pytest.mark.parametrize(
    ("operator", "domain", "named"),
    [
        ("Tile", "", "Tile"),
        ("Loop", "", "Loop"),
        ("ConstantOfShape", "", "ConstantOfShape"),
        ("TreeEnsembleClassifier", "ai.onnx.ml", r"ai\.onnx\.ml\.TreeEnsembleClassifier"),
        ("MatMul", "com.microsoft", r"com\.microsoft\.MatMul"),
    ],
)
def test_an_operator_that_no_model_has_is_refused(operator: str, domain: str, named: str) -> None:
    def add(model: Any) -> None:
        model.graph.node[0].op_type = operator
        model.graph.node[0].domain = domain

    with pytest.raises(ModelFolderError, match=f"it holds {named}, which no model of woodshed has"):
        read(changed(add))


def test_an_attribute_that_is_a_graph_or_an_array_is_refused() -> None:
    for value in (linear_model().graph, numpy_helper.from_array(np.ones(3), "a"), "text"):

        def add(model: Any, value: Any = value) -> None:
            model.graph.node[0].attribute.append(helper.make_attribute("body", value))

        with pytest.raises(ModelFolderError, match=r"it holds MatMul\.body, which no model"):
            read(changed(add))


def add_function(model: Any) -> None:
    node = helper.make_node("Identity", ["a"], ["b"])
    model.functions.append(
        helper.make_function("other", "f", ["a"], ["b"], [node], [helper.make_opsetid("", 18)])
    )


def add_training(model: Any) -> None:
    model.training_info.add()


def add_sparse(model: Any) -> None:
    model.graph.sparse_initializer.add()


def add_domain(model: Any) -> None:
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))


def change_version(model: Any) -> None:
    model.opset_import[0].version = 7


@pytest.mark.parametrize("harm", [add_function, add_training, add_sparse, add_domain, change_version])
def test_more_than_a_graph_is_refused(harm: Callable[[Any], None]) -> None:
    with pytest.raises(ModelFolderError, match="it holds more than a graph of operators"):
        read(changed(harm))


def test_external_data_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(np.ones((N_VALUES, N_CLASSES)).tobytes())

    def refer(model: Any) -> None:
        array = model.graph.initializer[0]
        array.ClearField("raw_data")
        array.data_location = TensorProto.EXTERNAL
        array.external_data.add(key="location", value="secret")

    content = changed(refer)
    with pytest.raises(ModelFolderError, match="the array w is not completely in it"):
        read(content)


@pytest.mark.parametrize("dims", [[10**6, 10**6], [2**62, 2**62], [N_VALUES, 0], [-4, -3], [N_VALUES]])
def test_an_array_of_another_length_than_it_claims_is_refused(dims: list[int]) -> None:
    def claim(model: Any) -> None:
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend(dims)

    with pytest.raises(ModelFolderError, match="the array w is not completely in it"):
        read(changed(claim))


def test_an_array_of_text_is_refused() -> None:
    def replace(model: Any) -> None:
        del model.graph.initializer[:]
        model.graph.initializer.append(helper.make_tensor("w", TensorProto.STRING, [1], [b"text"]))

    with pytest.raises(ModelFolderError, match="the array w is not completely in it"):
        read(changed(replace))


def test_small_arrays_that_would_grow_are_refused() -> None:
    arrays = {"a": np.ones((1, 30000, 1)), "b": np.ones((1, 1, 30000)), "w": np.ones((N_VALUES, N_CLASSES))}
    model = graph_of(
        helper.make_node("Mul", ["a", "b"], ["large"]),
        helper.make_node("MatMul", ["rows", "w"], ["predictions"]),
        arrays=arrays,
    )
    with pytest.raises(ModelFolderError, match=r"its arrays have 9000000\d\d elements, more than 67108864"):
        read(model.SerializeToString())


def test_many_arrays_that_are_not_large_each_are_refused_together() -> None:
    arrays = {"a": np.ones((1, 1000, 1)), "b": np.ones((1, 1, 1000)), "w": np.ones((N_VALUES, N_CLASSES))}
    model = graph_of(
        *(helper.make_node("Mul", ["a", "b"], [f"large {k}"]) for k in range(70)),
        helper.make_node("MatMul", ["rows", "w"], ["predictions"]),
        arrays=arrays,
    )
    with pytest.raises(ModelFolderError, match="its arrays have 70000000 elements"):
        read(model.SerializeToString())


@pytest.mark.parametrize("shape", [(N_VALUES, 2), (N_VALUES + 1, N_CLASSES), (N_CLASSES,), (2, 4, 3)])
def test_arrays_that_do_not_fit_together_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelFolderError, match="its arrays do not fit together"):
        read(linear_model(np.ones(shape)).SerializeToString())


def test_arrays_of_another_type_are_refused() -> None:
    with pytest.raises(ModelFolderError, match="its arrays do not fit together"):
        read(linear_model(np.ones((N_VALUES, N_CLASSES), np.float32)).SerializeToString())


def test_a_shape_that_is_not_fixed_is_refused() -> None:
    model = graph_of(
        helper.make_node("TopK", ["rows", "k"], ["values", "places"], axis=1),
        helper.make_node("MatMul", ["rows", "w"], ["predictions"]),
        arrays={"w": np.ones((N_VALUES, N_CLASSES))},
    )
    model.graph.input.append(helper.make_tensor_value_info("k", TensorProto.INT64, [1]))
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused"):
        read(model.SerializeToString())


def test_a_shape_is_not_believed_but_computed() -> None:
    arrays = {"a": np.ones((1, 30000, 1)), "b": np.ones((1, 1, 30000)), "w": np.ones((N_VALUES, N_CLASSES))}
    model = graph_of(
        helper.make_node("Mul", ["a", "b"], ["large"]),
        helper.make_node("MatMul", ["rows", "w"], ["predictions"]),
        arrays=arrays,
    )
    model.graph.value_info.append(helper.make_tensor_value_info("large", TensorProto.DOUBLE, [1, 1]))
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused"):
        read(model.SerializeToString())


@every_model
def test_a_model_of_other_rows_or_classes_is_refused(name: str) -> None:
    content = saved(name)
    for n_values, n_outputs in ((N_VALUES + 1, N_CLASSES), (N_VALUES, N_CLASSES + 1)):
        with pytest.raises(
            ModelFolderError, match=f"it is not a model of {n_outputs} outputs for {n_values} values"
        ):
            read(content, n_values, n_outputs)


def test_other_inputs_and_outputs_are_refused() -> None:
    def rename(model: Any) -> None:
        model.graph.input[0].name = model.graph.node[0].input[0] = "other"

    def second(model: Any) -> None:
        model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.DOUBLE, ["batch", 4]))

    def flat(model: Any) -> None:
        model.graph.input[0].type.tensor_type.shape.dim.pop()

    def whole(model: Any) -> None:
        model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64

    def none(model: Any) -> None:
        del model.graph.output[:]

    for harm in (rename, second, flat, whole, none):
        with pytest.raises(ModelFolderError, match="it is not a model of 3 outputs for 4 values"):
            read(changed(harm))


# -- a forest whose trees lead astray ------------------------------------------------------------


def forest_with(old: Callable[[np.ndarray], bool], new: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """Return a forest with every array changed that a test picks."""
    model = onnx.load_model_from_string(saved("forest"))
    found = 0
    for array in model.graph.initializer:
        values = numpy_helper.to_array(array)
        if old(values):
            array.CopyFrom(numpy_helper.from_array(new(values), array.name))
            found += 1
    assert found
    content: bytes = model.SerializeToString()
    return content


def is_table(values: np.ndarray) -> bool:
    return values.dtype == np.int32


@pytest.mark.parametrize("place", [10**6, 2**31 - 1, -(10**6), -(2**31)])
def test_a_place_beyond_the_end_is_refused_when_it_is_reached(place: int) -> None:
    predictor = read(forest_with(is_table, lambda values: np.full_like(values, place)))
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused: ONNX Runtime cannot execute it"):
        predictor.predict(ROWS)


def test_a_tree_that_leads_back_to_itself_ends() -> None:
    predictor = read(forest_with(is_table, np.zeros_like))
    assert np.isfinite(predictor.predict(ROWS)).all()


def test_more_neighbours_than_rows_are_refused() -> None:
    graph = GraphBuilder(N_VALUES)
    _, places = graph.nodes(
        "TopK", graph.rows, graph.constant([100], np.int64), n_outputs=2, axis=1, largest=0
    )
    content = graph.to_bytes(graph.node("Gather", graph.constant(np.eye(100)[0]), places), 100)
    with pytest.raises(ModelFolderError, match=r"model\.onnx is refused"):
        read(content, N_VALUES, 100).predict(ROWS)


@every_model
def test_no_model_has_an_operator_too_many(name: str) -> None:
    model = onnx.load_model_from_string(saved(name))
    assert {node.op_type for node in model.graph.node} <= classical_models.OPERATORS
    onnx.checker.check_model(model, full_check=True)


def test_every_operator_is_used_by_some_model() -> None:
    used: set[str] = set()
    for name in CLASSICAL:
        columns = fit_columns(name, ROWS, np.eye(3)[COLUMNS], discrete=True)
        for content in (saved(name), model_to_bytes(name, columns, N_VALUES)):
            used |= {node.op_type for node in onnx.load_model_from_string(content).graph.node}
    assert used == classical_models.OPERATORS
