"""Support vector machine with a radial kernel."""

from __future__ import annotations

from typing import Any

from woodshed.recognition.classical.model import Case, ClassicalModel, standardised


def classifier(case: Case, n_rows: int) -> Any:
    """Build a support vector machine, C = 10, on standardised values; classes are balanced.

    Its fit is deterministic.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """
    from sklearn.svm import SVC

    return standardised(SVC(C=10.0, class_weight="balanced", break_ties=True))


def regressor(case: Case, n_rows: int) -> Any:
    """Build a support vector regression, C = 1, with a tube of 0.1 standard deviations.

    References
    ----------
    H. Drucker et al., "Support vector regression machines", Advances in NIPS 9, 1997.
    """
    from sklearn.svm import SVR

    return standardised(SVR())


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    description="SVM",
    fit_time_exponent=2,
)
