"""Linear discriminant analysis for classes, ridge regression for values."""

from __future__ import annotations

from typing import Any

from woodshed.recognition.classical.logistic import regressor
from woodshed.recognition.classical.model import Case, ClassicalModel, standardised


def classifier(case: Case, n_rows: int) -> Any:
    """Build a linear discriminant analysis on standardised values, with a shrinkage of 0.3.

    The within-class covariance shows in which directions recordings of one class vary, for instance between
    people and rooms; with few clips and many values this reduces errors. Classes are weighted by their
    frequency.

    References
    ----------
    R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936; J. H. Friedman,
    "Regularized discriminant analysis", 1989.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return standardised(LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3))


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    description="linear discriminant",
)
