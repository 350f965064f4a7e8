"""A seed that nothing can be drawn from is refused wherever one is given, in the same words."""

from __future__ import annotations

import pytest

from woodshed.errors import ParameterError, check_seed
from woodshed.tasks import GENERATORS, TASKS, task_class

BELOW = r"^seed must be 0 or more, got -1\.$"


@pytest.mark.parametrize("task", TASKS)
def test_settings_with_a_seed_below_0_are_refused(task: str) -> None:
    task_class(task)(seed=0).check_settings()
    with pytest.raises(ParameterError, match=BELOW):
        task_class(task)(seed=-1).check_settings()


@pytest.mark.parametrize("task", GENERATORS)
def test_samples_with_a_seed_below_0_are_refused(task: str) -> None:
    with pytest.raises(ParameterError, match=BELOW):
        task_class(task)().sample(seed=-1)


def test_the_highest_seed_is_what_numpy_takes() -> None:
    """`numpy.random.seed`, which Keras calls, takes 32 bits."""
    check_seed(4294967295)
    with pytest.raises(ParameterError, match="seed must be 4294967295 or less, got 4294967296"):
        check_seed(4294967296)
