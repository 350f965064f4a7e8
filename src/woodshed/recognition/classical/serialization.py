"""Estimators of scikit-learn as bytes and back; bytes that hold anything but our own models are refused.

They are kept in the format of skops, which is no pickle: reading it builds objects of named types and
calls nothing else. skops by itself would build any estimator there is. Here the types must be on the
short list of what our models are made of (`TRUSTED`), which is checked before anything is built. And
what was built must be of one piece (`_is_sound`): compiled code follows the numbers in a tree or in a
support vector machine without looking where they lead.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ModelFolderError
from woodshed.recognition.classical.fitting import predict_columns, probabilities
from woodshed.training.inference import PredictFunction
from woodshed.training.model_folder import MODEL_NAME

_PLAIN = {
    "DictNode": ("builtins.dict",),
    "JsonNode": ("builtins.str",),
    "ListNode": ("builtins.list",),
    "NdArrayNode": ("numpy.ndarray", "numpy.float32", "numpy.float64", "numpy.int32", "numpy.int64"),
    "TupleNode": ("builtins.tuple",),
    "TypeNode": ("builtins.int", "builtins.str"),
}
_ESTIMATORS = {
    "ObjectNode": (
        "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.RidgeCV",
        "sklearn.neighbors._classification.KNeighborsClassifier",
        "sklearn.neighbors._regression.KNeighborsRegressor",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.svm._classes.SVC",
        "sklearn.svm._classes.SVR",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "woodshed.recognition.classical.kernel_ridge.KernelRidge",
    ),
    "TreeNode": ("sklearn.tree._tree.Tree",),
}

_NOT_KNOWN_TO_SKOPS = ["sklearn.tree._tree.Tree", "woodshed.recognition.classical.kernel_ridge.KernelRidge"]

TRUSTED = frozenset((loader, type_) for loader, types in {**_PLAIN, **_ESTIMATORS}.items() for type_ in types)
"""How skops builds a thing, and of which type: all that may be in a file."""

_UNSCALED = ("KernelRidge", "RandomForest")  # beginnings of the names of those that need no scaler

_MARKS = ("__loader__", "__module__", "__class__")


def estimator_to_bytes(estimator: Any) -> bytes:
    """Write a fitted estimator of `woodshed.recognition.fit_classical` in the format of skops."""
    from skops.io import dumps

    content: bytes = dumps(estimator, compression=zipfile.ZIP_DEFLATED)
    return content


def bytes_to_estimator(content: bytes, n_values: int, n_classes: int, answer: str = "classes") -> Any:
    """Read what `estimator_to_bytes` wrote; what is anything else is refused before it is built.

    Parameters
    ----------
    content
        The file.
    n_values, n_classes
        Length of the rows that it must take and of its answers.
    answer
        What it answers: ``classes``, ``tags`` or ``values``.

    Raises
    ------
    ModelFolderError
        If it is damaged, holds a type that is not on the list, or is not of one piece.
    """
    import sklearn
    from sklearn.exceptions import InconsistentVersionWarning
    from skops.io import loads

    check_types(content)
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            estimator = loads(content, trusted=_NOT_KNOWN_TO_SKOPS)
        if answer == "classes":
            sound = _is_sound(estimator, n_values, n_classes)
        else:
            sound = _are_sound(estimator, n_values, n_classes, 2 if answer == "tags" else 0)
    except Exception as error:  # whatever a file that was tampered with brings about
        raise _refused(f"scikit-learn cannot build it ({type(error).__name__}: {error})") from error
    if not sound:
        raise _refused(f"it is no model of {n_classes} classes on {n_values} values")
    versions = {
        one.message.original_sklearn_version
        for one in heard
        if isinstance(one.message, InconsistentVersionWarning)
    }
    if versions:  # said once, not for every tree
        warnings.warn(
            f"{MODEL_NAME} was made with scikit-learn {', '.join(sorted(versions))}, and "
            f"{sklearn.__version__} is installed: its answers may differ. Train again to be sure.",
            stacklevel=2,
        )
    return estimator


def check_types(content: bytes) -> None:
    """Refuse a file that names a type which is not on our list.

    Raises
    ------
    ModelFolderError
        If it does, or cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            schema = json.loads(archive.read("schema.json"))
        found = set(_types(schema))
    except Exception as error:  # zipfile and json raise many kinds, a file nested too deep yet another
        raise _refused(f"it cannot be read ({error})") from error
    foreign = sorted(str(type_) for loader, type_ in found if (loader, type_) not in TRUSTED)
    if foreign or not found:
        what = f"it holds {', '.join(foreign)}" if foreign else "it holds nothing"
        raise _refused(f"{what}, of which no model of woodshed is made")


def predict_estimator(estimator: Any) -> PredictFunction:
    """Make a function that asks an estimator for the probabilities of rows ``(batch, n_values)``."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    threads = ThreadpoolController()
    ask_one = predict_columns if isinstance(estimator, list) else probabilities

    def ask(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        # One row at a time: a clip's answer never depends on its neighbours, not even in the last bit.
        # And in one thread: on a busy machine the others cost more in waiting than a row takes.
        with threads.limit(limits=1):
            parts = [ask_one(estimator, row[np.newaxis]) for row in rows.astype(np.float64)]
        return np.concatenate(parts)

    return ask


def _types(schema: Any) -> Iterator[tuple[Any, str]]:
    """Yield how each thing in a file is built, and its type, wherever it is in the file."""
    if isinstance(schema, dict):
        if any(mark in schema for mark in _MARKS):
            loader, module, name = (schema.get(mark) for mark in _MARKS)
            yield loader, f"{module}.{name}"
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            yield from _types(inner)


def _are_sound(models: Any, n_values: int, n_columns: int, n_classes: int) -> bool:
    """Whether a list is what `woodshed.recognition.classical.fitting.fit_columns` makes; ``n_classes`` 0 are values."""
    scale, *columns = models
    return scale.shape == (2, n_columns) == (2, len(columns)) and all(
        column.shape == (1,) if isinstance(column, np.ndarray) else _is_sound(column, n_values, n_classes)
        for column in columns
    )


def _is_sound(estimator: Any, n_values: int, n_classes: int) -> bool:
    """Whether an estimator is one of ours, and its arrays fit together, the rows and the classes."""
    is_pipeline = type(estimator).__name__ == "Pipeline"
    *before, last = [step for _, step in estimator.steps] if is_pipeline else [estimator]
    scaled = [type(step).__name__ for step in before]
    checks: dict[str, Callable[[Any, int, int], bool]] = {
        "KNeighborsClassifier": _is_sound_knn,
        "KernelRidge": _is_sound_kernel_ridge,
        "LinearDiscriminantAnalysis": _is_sound_logistic,
        "LogisticRegression": _is_sound_logistic,
        "RandomForestClassifier": _is_sound_forest,
        "SVC": _is_sound_svm,
    }
    if not n_classes:
        checks = {
            "KNeighborsRegressor": _is_sound_knn,
            "KernelRidge": _is_sound_kernel_ridge,
            "RandomForestRegressor": _is_sound_forest,
            "RidgeCV": _is_sound_ridge,
            "SVR": _is_sound_svm,
        }
    return (
        scaled == ([] if type(last).__name__.startswith(_UNSCALED) else ["StandardScaler"])
        and all(step.mean_.shape == step.scale_.shape == (n_values,) for step in before)
        and (not n_classes or last.classes_.tolist() == list(range(n_classes)))
        and last.n_features_in_ == n_values
        and checks[type(last).__name__](last, n_values, n_classes)
    )


def _is_sound_svm(svm: Any, n_values: int, n_classes: int) -> bool:
    n_support = len(svm.support_)
    if not n_classes:  # libsvm keeps a regression as a model of two classes, each with all vectors
        return bool(
            (svm.kernel, svm._sparse) == ("rbf", False)
            and svm.support_vectors_.shape == (n_support, n_values)
            and svm._dual_coef_.shape == (1, n_support)
            and svm._n_support.tolist() == [n_support, n_support]
            and svm._intercept_.shape == (1,)
        )
    return bool(
        (svm.kernel, svm._sparse) == ("rbf", False)
        and svm.support_vectors_.shape == (n_support, n_values)
        and svm._dual_coef_.shape == (n_classes - 1, n_support)
        and svm._n_support.shape == (n_classes,)
        and svm._n_support.min() >= 0
        and svm._n_support.sum() == n_support
        and svm._intercept_.shape == (n_classes * (n_classes - 1) // 2,)
    )


def _is_sound_logistic(logistic: Any, n_values: int, n_classes: int) -> bool:
    n_rows = 1 if n_classes == 2 else n_classes
    return bool(logistic.coef_.shape == (n_rows, n_values) and logistic.intercept_.shape == (n_rows,))


def _is_sound_ridge(ridge: Any, n_values: int, n_classes: int) -> bool:
    return bool(ridge.coef_.shape == (n_values,) and np.shape(ridge.intercept_) == ())


def _is_sound_kernel_ridge(machine: Any, n_values: int, n_classes: int) -> bool:
    if machine.blocks:
        return (
            sum(machine.blocks) == n_values
            and min(machine.blocks) > 0
            and len(machine.machines_) == len(machine.blocks)
            and all(
                type(one) is type(machine) and not one.blocks and _is_sound_kernel_ridge(one, n, n_classes)
                for one, n in zip(machine.machines_, machine.blocks, strict=True)
            )
        )
    n_known, n_chosen = machine.known_.shape
    return bool(
        machine.is_classifier == (n_classes > 0)
        and machine.mean_.shape == machine.scale_.shape == (n_values,)
        and machine.chosen_.shape == (n_chosen,)
        and n_chosen > 0
        and 0 <= machine.chosen_.min() <= machine.chosen_.max() < n_values
        and machine.votes_.shape == (n_known, max(1, n_classes))
    )


def _is_sound_knn(knn: Any, n_values: int, n_classes: int) -> bool:
    n_rows = len(knn._y)
    return bool(
        (knn._fit_method, knn.weights) == ("brute", "distance")
        and knn._fit_X.shape == (n_rows, n_values)
        and 1 <= knn.n_neighbors <= knn.n_samples_fit_ == n_rows
        and (not n_classes or 0 <= knn._y.min() <= knn._y.max() < n_classes)
    )


def _is_sound_forest(forest: Any, n_values: int, n_classes: int) -> bool:
    return forest.n_outputs_ == 1 and all(
        type(tree).__name__ == ("DecisionTreeClassifier" if n_classes else "DecisionTreeRegressor")
        and _is_sound_tree(tree.tree_, n_values, max(1, n_classes))
        for tree in forest.estimators_
    )


def _is_sound_tree(tree: Any, n_values: int, n_classes: int) -> bool:
    """Whether every node leads to later nodes, and asks for a value that there is."""
    place, inner = np.arange(tree.node_count), tree.children_left >= 0
    leads_on = all(
        (place[inner] < children[inner]).all() and (children[inner] < tree.node_count).all()
        for children in (tree.children_left, tree.children_right)
    )
    asked, ends = tree.feature[inner], tree.children_left[~inner]
    return bool(
        leads_on
        and (ends == -1).all()
        and (asked >= 0).all()
        and (asked < n_values).all()
        and tree.value.shape == (tree.node_count, 1, n_classes)
        and tree.node_count > 0
    )


def _refused(reason: str) -> ModelFolderError:
    return ModelFolderError(
        f"{MODEL_NAME} is refused: {reason}. Copy the folder again from a source that you trust, or train "
        "the model again."
    )
