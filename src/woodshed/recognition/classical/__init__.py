"""Classical estimators: they learn from one row of summary features per clip, without epochs.

`CLASSICAL` maps the word after ``--net`` to the module that holds the estimator. A module is imported when
its estimator is needed, so that reading the list loads neither scikit-learn nor the estimators. Each module
defines ``MODEL``, a `woodshed.recognition.classical.model.ClassicalModel`; a new estimator is one such
module and one line here.
"""

CLASSICAL: dict[str, str] = {
    "svm": "svm",
    "logistic": "logistic",
    "forest": "forest",
    "knn": "knn",
    "discriminant": "discriminant",
    "kernel-ridge": "kernel_ridge",
}
"""Name -> module of this package, or its full dotted name; in the order in which a search tries them."""
