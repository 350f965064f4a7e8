"""Batches that are prepared while a network is trained on earlier ones."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from woodshed.training.loop import STEPS_PER_EXECUTION, Batch, batch_groups


class Counted:
    """Batches that say which they are."""

    steps_per_epoch = 2 * STEPS_PER_EXECUTION + 3

    def __init__(self) -> None:
        self.made: list[int] = []
        self.threads: set[int] = set()

    def __getitem__(self, step: int) -> Batch:
        self.made.append(step)
        self.threads.add(threading.get_ident())
        return (np.array([step]),)


def test_every_batch_of_an_epoch_comes_once_and_in_order() -> None:
    source = Counted()
    groups = list(batch_groups(source, 1))
    assert [len(group) for group in groups] == [STEPS_PER_EXECUTION, STEPS_PER_EXECUTION, 3]
    first = source.steps_per_epoch
    assert [int(batch[0][0]) for group in groups for batch in group] == list(range(first, 2 * first))


def test_the_next_row_is_made_elsewhere_and_no_more_than_one_ahead() -> None:
    source = Counted()
    groups = batch_groups(source, 0)
    next(groups)
    groups.close()  # type: ignore[attr-defined]  # waits for the row that is being made
    assert source.made == list(range(2 * STEPS_PER_EXECUTION))
    assert threading.get_ident() not in source.threads


def test_an_error_in_making_a_batch_reaches_who_learns() -> None:
    class Broken(Counted):
        def __getitem__(self, step: int) -> Batch:
            if step == STEPS_PER_EXECUTION:
                raise OSError("the disk is gone")
            return super().__getitem__(step)

    groups = batch_groups(Broken(), 0)
    next(groups)
    with pytest.raises(OSError, match="the disk is gone"):
        next(groups)
