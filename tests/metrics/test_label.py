"""Names of classes become places in the list of classes."""

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.per_class import label_indices


def test_labels_keep_the_order_they_were_given_in() -> None:
    labels = ["yes", "no", "a much longer label"]
    values = np.array(["no", "a much longer label", "yes", "no"])
    indices = label_indices(values, labels)
    assert indices.tolist() == [1, 2, 0, 1]
    assert (np.array(labels)[indices] == values).all()


def test_numbers_and_object_columns_are_labels_too() -> None:
    assert label_indices([3, 1, 3], [1, 3]).tolist() == [1, 0, 1]
    assert label_indices(np.array(["b", "a"], dtype=object), ["a", "b"]).tolist() == [1, 0]


def test_no_values_have_no_places() -> None:
    assert label_indices([], ["a", "b"]).shape == (0,)


@pytest.mark.parametrize(
    ("values", "labels", "message"),
    [
        (["a", "c"], ["a", "b"], r"predicted holds 'c', which is not among the labels \['a', 'b'\]"),
        (["z"], ["a"], "Add it to labels"),
        ([1.0, np.nan], [1, 2], "holds nan"),
        ([0, 1], ["0", "1"], "Give both as text or both as numbers"),
        (["a"], ["a", "b", "a"], "each once"),
        (["a"], [], "at least one"),
        ([["a"], ["b"]], ["a", "b"], "one axis"),
        (["a", None], ["a", "b"], "list of text or of numbers"),
    ],
)
def test_what_has_no_place_is_named(values: list[object], labels: list[object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        label_indices(values, labels, name="predicted")
