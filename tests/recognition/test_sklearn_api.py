"""Estimators in the hands of scikit-learn: types of labels, cloning, searching, routing, representation."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.validation import check_is_fitted

import woodshed
from woodshed.audio.signals import noise, sine
from woodshed.clip import Clip
from woodshed.errors import DataError, NotFittedError, SettingNameError
from woodshed.recognition.estimator import Recogniser, Tagger
from woodshed.tasks import TASKS, task_class

CLIPS = [noise(seed=k, duration_s=0.3) for k in range(8)] + [
    sine(300 + 20 * k, duration_s=0.3) for k in range(8)
]
NAMES = ["hiss"] * 8 + ["hum"] * 8
GROUPS = ["ann", "bob", "cy", "di"] * 4

CHECKS = (
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_valid_tag_types,
)
"""scikit-learn's checks that need no table of numbers."""


@pytest.fixture
def _routing() -> Iterator[None]:
    """Enable metadata routing."""
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_checks_of_scikit_learn_pass(check: Callable[[str, Any], None], task: str) -> None:
    kind = task_class(task)
    check(kind.__name__, kind())


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [(0, 1, int), (np.int32(9), 10, int), (True, False, bool), ("10", "9", str), (1.0, 2.0, float)],
)
def test_predictions_have_the_type_of_the_labels_also_after_loading(
    first: Any, second: Any, kind: type, tmp_path: Path
) -> None:
    labels = [first] * 8 + [second] * 8
    model = task_class("speech")(net="svm").fit(CLIPS, labels)
    model.save(tmp_path)
    for one in (
        model,
        woodshed.load(tmp_path),
        pickle.loads(pickle.dumps(model)),
        clone(model).fit(CLIPS, labels),
    ):
        assert one.classes_.tolist() == sorted({first, second})
        assert {type(label) for label in one.predict(CLIPS).tolist()} == {kind}
        assert one.predict(CLIPS).tolist() == labels
        assert one.score(CLIPS, np.asarray(labels)) == 1.0
        assert one.decide(CLIPS[:1]).tolist() == [str(first)]


def test_unlabelled_clips_keep_the_type_of_the_other_labels() -> None:
    labels = [*[0] * 7, None, *[1] * 8]
    model = Recogniser(net="svm", unlabelled="pseudo").fit(CLIPS, labels)
    assert model.classes_.tolist() == [0, 1]


def test_labels_of_several_types_or_of_no_type_of_label_are_named() -> None:
    with pytest.raises(DataError, match=r"several types: int \(0\) and str \('hum'\)"):
        Recogniser(net="svm").fit(CLIPS, [0] * 8 + ["hum"] * 8)
    with pytest.raises(DataError, match=r"A label is 0\.5 \(float\)"):
        Recogniser(net="svm").fit(CLIPS, [0.5] * 16)
    model = Recogniser(net="svm").fit(CLIPS, ["0"] * 8 + ["1"] * 8)
    with pytest.raises(DataError, match=r"classes of the model are str32 \('0'\), the labels int64 \(0\)"):
        model.score(CLIPS, [0] * 8 + [1] * 8)


def test_tags_may_be_numbers_and_an_array_without_names_is_refused() -> None:
    tagger = Tagger(net="knn").fit(CLIPS, [[3]] * 8 + [[5]] * 8)
    assert tagger.predict(CLIPS[:1]).tolist() == [[1, 0]]
    with pytest.raises(DataError, match=r"dict\(zip\(names, row\)\)"):
        Tagger(net="knn").fit(CLIPS, np.eye(2)[[0] * 8 + [1] * 8])


def test_a_search_chooses_by_the_score_of_whole_numbers() -> None:
    search = GridSearchCV(Recogniser(net="svm"), {"net": ["svm", "knn"]}, cv=2)
    search.fit(woodshed.as_clips([(clip.samples, clip.sample_rate) for clip in CLIPS]), [0] * 8 + [1] * 8)
    assert search.best_score_ == 1.0
    assert search.predict(CLIPS[0]).tolist() == [0]


@pytest.mark.usefixtures("_routing")
def test_groups_and_weights_are_routed_to_fit() -> None:
    groups: list[Any] = []

    class Spy(Recogniser):
        def fit(
            self, clips: Any, targets: Any, groups_: Any = None, sample_weight: Any = None, **kw: Any
        ) -> Any:
            own_groups = kw.pop("groups", groups_)
            groups.append((own_groups, sample_weight))
            return super().fit(clips, targets, own_groups, sample_weight, **kw)

    model = Spy(net="svm").set_fit_request(groups=True, sample_weight=True)
    metadata = {"groups": GROUPS, "sample_weight": np.ones(16)}
    scores = cross_validate(clone(model), CLIPS, NAMES, cv=GroupKFold(2), params=metadata)
    assert scores["test_score"].tolist() == [1.0, 1.0]
    assert [(sorted(set(names)), len(weights)) for names, weights in groups] == [
        (sorted(set(names)), 8) for names, _ in groups
    ]
    search = GridSearchCV(model, {"net": ["svm"]}, cv=GroupKFold(2)).fit(CLIPS, NAMES, **metadata)
    assert search.best_score_ == 1.0
    assert groups[-1][0] == GROUPS


def test_an_argument_that_fit_does_not_have_is_not_routed() -> None:
    with pytest.raises(SettingNameError, match=r"has no group to pass on\. Did you mean groups"):
        Recogniser().set_fit_request(group=True)


def test_a_representation_shows_what_is_not_the_default_and_escapes_it() -> None:
    assert repr(Recogniser()) == "Recogniser()"
    assert repr(Recogniser(net="svm", epochs=3)) == "Recogniser(net='svm', epochs=3)"
    html = Recogniser(front_end="<b>bold")._repr_html_()
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in html


@pytest.mark.parametrize("task", TASKS)
def test_an_estimator_that_is_not_fitted_is_noticed(task: str) -> None:
    model = task_class(task)()
    with pytest.raises(sklearn.exceptions.NotFittedError):
        check_is_fitted(model)
    for error in (NotFittedError, sklearn.exceptions.NotFittedError):
        with pytest.raises(error, match=r"is not fitted yet\. Call fit"):
            model.save("nowhere")


@pytest.mark.parametrize("call", ["predict", "predict_proba", "predictions", "outputs"])
def test_nothing_is_predicted_before_fit(call: str) -> None:
    with pytest.raises(sklearn.exceptions.NotFittedError, match=r"Call fit\(clips, targets\)"):
        getattr(Recogniser(), call)([Clip(np.ones(9), 8000)])


def test_tags_tell_the_kind_of_estimator() -> None:
    kinds = {task: get_tags(task_class(task)()).estimator_type for task in ("speech", "tags", "mood", "tune")}
    assert kinds == {"speech": "classifier", "tags": "classifier", "mood": "regressor", "tune": None}
    assert not get_tags(task_class("speech")()).input_tags.two_d_array


def test_an_unknown_setting_has_the_near_miss() -> None:
    with pytest.raises(SettingNameError, match="Did you mean epochs"):
        Recogniser().set_params(epohs=3)
