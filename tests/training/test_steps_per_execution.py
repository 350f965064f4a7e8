"""Batches that are made while a net learns from those before."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from woodshed.training.steps_per_execution import STEPS_AT_ONCE, Batch, rows_of_batches


class Counted:
    """Batches that say which they are."""

    steps_per_epoch = 2 * STEPS_AT_ONCE + 3

    def __init__(self) -> None:
        self.made: list[int] = []
        self.threads: set[int] = set()

    def __getitem__(self, step: int) -> Batch:
        self.made.append(step)
        self.threads.add(threading.get_ident())
        return (np.array([step]),)


def test_every_batch_of_an_epoch_comes_once_and_in_order() -> None:
    source = Counted()
    rows = list(rows_of_batches(source, 1))
    assert [len(row) for row in rows] == [STEPS_AT_ONCE, STEPS_AT_ONCE, 3]
    first = source.steps_per_epoch
    assert [int(batch[0][0]) for row in rows for batch in row] == list(range(first, 2 * first))


def test_the_next_row_is_made_elsewhere_and_no_more_than_one_ahead() -> None:
    source = Counted()
    rows = rows_of_batches(source, 0)
    next(rows)
    rows.close()  # type: ignore[attr-defined]  # waits for the row that is being made
    assert source.made == list(range(2 * STEPS_AT_ONCE))
    assert threading.get_ident() not in source.threads


def test_an_error_in_making_a_batch_reaches_who_learns() -> None:
    class Broken(Counted):
        def __getitem__(self, step: int) -> Batch:
            if step == STEPS_AT_ONCE:
                raise OSError("the disk is gone")
            return super().__getitem__(step)

    rows = rows_of_batches(Broken(), 0)
    next(rows)
    with pytest.raises(OSError, match="the disk is gone"):
        next(rows)
