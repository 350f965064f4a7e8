"""What every task that predicts tags or values promises."""

from __future__ import annotations

import copy
import functools
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.data.example import Corpus, Sounds
from woodshed.errors import DataError, ModelFolderError, NotFittedError, ParameterError, SettingNameError
from woodshed.recognition.estimator import Recogniser
from woodshed.tasks import recognition_tasks, task_class

pytestmark = pytest.mark.train

MULTI_OUTPUT_TASKS = sorted(
    task for task in recognition_tasks() if not issubclass(task_class(task), Recogniser)
)
every_task = pytest.mark.parametrize("task", MULTI_OUTPUT_TASKS)
every_model = pytest.mark.parametrize(
    ("task", "net"),
    [(task, net) for task in MULTI_OUTPUT_TASKS for net in ("mlp", "svm", "forest", "logistic", "knn")],
)
SETTINGS = {"epochs": 40, "channel_norm": 0.0}


def answers_for(task: str, labels: list[str]) -> list[Any]:
    """Say of each made-up sound whether it glides and whether it rises; or the same as two numbers."""
    if task == "tags":
        tags = {"rise": ["glides", "up"], "fall": ["glides"], "pulse": []}
        return [tags[label] for label in labels]
    values = {"rise": (10.0, 1.0), "fall": (10.0, -1.0), "pulse": (-10.0, 0.0)}
    return [dict(zip(("valence", "arousal"), values[label], strict=True)) for label in labels]


@pytest.fixture(scope="module")
def columns(toy_corpus: Corpus, tiny: dict[str, Any]) -> Callable[..., Any]:
    """Return a function that gives the one trained model of a task and net."""

    @functools.cache
    def fit(task: str, net: str = "mlp") -> Any:
        model = task_class(task)(**tiny | SETTINGS | {"net": net})
        return model.fit(list(Sounds(toy_corpus.examples)), answers_for(task, toy_corpus.labels))

    return fit


def ask(model: Any, clips: Any) -> Any:
    """Return the numbers that a model answers."""
    return model.predict_proba(clips) if hasattr(model, "predict_proba") else model.predict(clips)


@every_model
def test_it_learns_and_answers_in_the_right_shape_and_range(
    task: str, net: str, columns: Any, toy_corpus: Corpus, unseen_toy: Any
) -> None:
    model = columns(task, net)
    answers = ask(model, unseen_toy.clips)
    assert answers.shape == (len(unseen_toy.clips), 2)
    assert ask(model, []).shape == (0, 2)
    score = model.score(unseen_toy.clips, answers_for(task, unseen_toy.labels))
    assert score > (0.8 if task == "tags" else 0.3)  # guessing is 0.5 of an area, 0 of R²
    if task == "tags":
        assert ((answers >= 0) & (answers <= 1)).all()
        assert model.classes_.tolist() == ["glides", "up"]
        assert set(np.unique(model.predict(unseen_toy.clips))) <= {0, 1}
    else:
        assert model.classes_.tolist() == ["valence", "arousal"]
        assert abs(answers[:, 0]).mean() > 4  # in the units of the training, not standardised


@every_model
def test_alone_in_company_pickled_and_copied_it_answers_the_same(
    task: str, net: str, columns: Any, unseen_toy: Any
) -> None:
    model, clips = columns(task, net), unseen_toy.clips[:5]
    together = ask(model, clips)
    assert np.array_equal(together, np.concatenate([ask(model, [clip]) for clip in clips]))
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert np.array_equal(ask(other, clips), together)


@every_model
def test_predictions_have_the_same_numbers(task: str, net: str, columns: Any, unseen_toy: Any) -> None:
    model, clips = columns(task, net), unseen_toy.clips[:4]
    for clip, row, answer in zip(clips, ask(model, clips), model.predictions(clips), strict=True):
        told = answer.probabilities if task == "tags" else answer.values
        assert [told[name] for name in model.classes_] == row.tolist()
        assert (answer.source, answer.end_s) == (clip.source, clip.duration_s)
        if task == "tags":
            assert list(told.values()) == sorted(told.values(), reverse=True)
            assert set(answer.tags) == set(model.classes_[model.predict([clip])[0] == 1])


@every_model
def test_saved_and_loaded_it_answers_the_same(
    task: str, net: str, columns: Any, unseen_toy: Any, tmp_path: Path
) -> None:
    model, clips = columns(task, net), unseen_toy.clips[:5]
    model.save(tmp_path)
    loaded = woodshed.load(tmp_path)
    assert type(loaded) is task_class(task)
    assert np.array_equal(ask(loaded, clips), ask(model, clips))
    assert np.array_equal(loaded.predict(clips), model.predict(clips))
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert loaded.get_params() == model.get_params()
    name = "net.keras" if net == "mlp" else "model.onnx"
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(ModelFolderError, match="its checksum is wrong"):
        woodshed.load(tmp_path)


@every_task
def test_the_same_seed_gives_the_same_answers(
    task: str, columns: Any, tiny: dict[str, Any], toy_corpus: Corpus, unseen_toy: Any
) -> None:
    again = task_class(task)(**tiny | SETTINGS)
    again.fit(Sounds(toy_corpus.examples), answers_for(task, toy_corpus.labels))
    assert np.array_equal(ask(again, unseen_toy.clips), ask(columns(task), unseen_toy.clips))


@pytest.mark.parametrize("net", ["mlp", "svm"])
@every_task
def test_clips_of_weight_zero_are_not_learned_from(
    task: str, net: str, tiny: dict[str, Any], toy: Any, unseen_toy: Any
) -> None:
    wrong = {"rise": "fall", "fall": "rise", "pulse": "pulse"}
    # Twice as much is wrong as right, so that whoever minds all of it learns the wrong.
    answers = answers_for(task, toy.labels) + 2 * answers_for(task, [wrong[label] for label in toy.labels])
    settings = tiny | SETTINGS | {"net": net, "validation_share": 0.0}
    weights = [1.0] * len(toy.clips) + [0.0] * 2 * len(toy.clips)
    model = task_class(task)(**settings).fit(toy.clips * 3, answers, sample_weight=weights)
    plain = task_class(task)(**settings).fit(toy.clips * 3, answers)
    right = answers_for(task, unseen_toy.labels)
    # A floor of noise says little of these sounds, so there the difference is small.
    margin = 0.02 if task == "snr" else 0.1
    assert model.score(unseen_toy.clips, right) > plain.score(unseen_toy.clips, right) + margin
    with pytest.raises(ParameterError, match="sample_weight must be one number"):
        model.fit(toy.clips, answers[: len(toy.clips)], sample_weight=[1.0])


@pytest.mark.parametrize("net", ["mlp", "svm"])
@every_task
def test_what_is_not_known_is_left_out(task: str, net: str, tiny: dict[str, Any], toy: Any) -> None:
    names = ("a", "b") if task == "tags" else ("valence", "arousal")
    answers: list[Any] = [
        {names[0]: float(label == "pulse")} | ({names[1]: float(k % 2)} if k < 9 else {})
        for k, label in enumerate(toy.labels)
    ]
    model = task_class(task)(**tiny | SETTINGS | {"net": net}).fit(toy.clips, answers)
    assert np.isfinite(ask(model, toy.clips)).all()
    assert np.corrcoef(ask(model, toy.clips)[:, 0], [a[names[0]] for a in answers])[0, 1] > 0.7


@every_task
def test_what_cannot_be_learned_is_refused(task: str, toy: Any) -> None:
    model = task_class(task)()
    with pytest.raises(NotFittedError, match=rf"This {task_class(task).__name__} is not fitted yet"):
        model.predict(toy.clips)
    with pytest.raises(SettingNameError, match=r"Did you mean epochs\?"):
        task_class(task)(epohs=1)
    with pytest.raises(DataError, match="got no tags" if task == "tags" else "no clip has a known value"):
        task_class(task)(net="svm").fit(toy.clips, [[]] * 27 if task == "tags" else [{}] * 27)
    with pytest.raises(ParameterError, match="got 27 clips, 1 labels"):
        model.fit(toy.clips, answers_for(task, toy.labels[:1]))


@every_task
def test_scikit_learn_clones_and_searches_it(task: str, toy: Any) -> None:
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.model_selection import GridSearchCV, GroupKFold

    model = task_class(task)(net="svm")
    assert clone(model).get_params() == model.get_params()
    assert (is_classifier(model), is_regressor(model)) == (task == "tags", task != "tags")
    takes = [f"take {k // 6}" for k in range(len(toy.clips))]
    search = GridSearchCV(model, {"net": ["svm", "knn"]}, cv=GroupKFold(2))
    search.fit(toy.clips, answers_for(task, toy.labels), groups=takes)
    assert search.best_score_ > (0.6 if task == "tags" else 0.2)
