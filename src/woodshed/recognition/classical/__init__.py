"""Classical estimators: they learn from one row of summary features per clip, without epochs.

`CLASSICAL` maps the word after ``--net`` to the definition of the estimator. A module is imported when
its estimator is needed, so that reading the list loads neither scikit-learn nor the estimators. Each module
defines ``MODEL``, a `woodshed.recognition.classical.model.ClassicalModel`; a new estimator is one such
module and one line here.
"""

CLASSICAL: dict[str, str] = {
    "svm": "woodshed.recognition.classical.svm:MODEL",
    "logistic": "woodshed.recognition.classical.logistic:MODEL",
    "forest": "woodshed.recognition.classical.forest:MODEL",
    "knn": "woodshed.recognition.classical.knn:MODEL",
    "discriminant": "woodshed.recognition.classical.discriminant:MODEL",
    "kernel-ridge": "woodshed.recognition.classical.kernel_ridge:MODEL",
}
"""Name -> module and definition, in the order in which a search tries them."""
