"""Cats: recognise how a cat purrs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from woodshed.recognition.estimator import Recogniser


@dataclass(kw_only=True, eq=False)
class PurrRecogniser(Recogniser):
    """Recognise how a cat purrs.

    Parameters
    ----------
    cat_age
        Age of the cat, in years.
    """

    task: ClassVar[str] = "purr"

    net: str = "svm"
    cat_age: float = 3.0
