"""Names that are nearly right are answered with those that exist."""

from __future__ import annotations

import pytest

from woodshed.errors import SYNONYMS, near_miss
from woodshed.features import FEATURES
from woodshed.recognition.front_ends import FRONT_ENDS
from woodshed.recognition.learners import models
from woodshed.tasks import GENERATORS, TASKS

REGISTRIES = {
    "features": FEATURES,
    "front ends": FRONT_ENDS,
    "nets": models(),
    "tasks": TASKS | GENERATORS,
}


@pytest.mark.parametrize(
    ("name", "registry", "hint"),
    [
        ("f0", "features", "Did you mean yin or pyin?"),
        ("pitch", "front ends", "Did you mean voice-course?"),
        ("MFCC", "features", "Did you mean mfcc?"),
        ("log_mel", "features", "Did you mean log-mel?"),
        ("centroid", "features", "Did you mean spectral-centroid?"),
        ("entropy", "features", "Did you mean energy-entropy or spectral-entropy?"),
        ("random-forest", "nets", "Did you mean forest?"),
        ("CNN", "nets", "Did you mean conv-residual or conv-stack?"),
        ("environment", "tasks", "Did you mean noise?"),
        ("emotion-values", "tasks", "Did you mean emotion_values?"),
    ],
)
def test_a_common_term_is_answered_with_the_name_it_has_here(name: str, registry: str, hint: str) -> None:
    assert near_miss(name, REGISTRIES[registry]) == hint


def test_every_synonym_is_of_a_name_that_exists() -> None:
    known = {name for registry in REGISTRIES.values() for name in registry}
    assert {name for meant in SYNONYMS.values() for name in meant} <= known
    assert not known & set(SYNONYMS)
