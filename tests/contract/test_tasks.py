"""What every task that predicts a class promises."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.audio import gain, resample
from woodshed.clip import Clip
from woodshed.data.example import Corpus, Sounds
from woodshed.errors import DataError, NotFittedError, ParameterError, SettingNameError
from woodshed.nets import NETS
from woodshed.recognition.classical import CLASSICAL, forest
from woodshed.recognition.estimator import Recogniser
from woodshed.tasks import recognition_tasks, task_class

RECOGNISERS = sorted(task for task in recognition_tasks() if issubclass(task_class(task), Recogniser))
"""Tasks with one class for each clip; for the others see ``test_multi_output_tasks.py``."""

every_task = pytest.mark.parametrize("task", RECOGNISERS)
every_model = pytest.mark.parametrize(
    ("task", "net"), [*((task, net) for task in RECOGNISERS for net in ("mlp", "svm")), ("speech", "forest")]
)

Fitted = Callable[..., Recogniser]

WRONG_VALUES = {
    "net": "conv-stak",
    "width": 0,
    "dropout": 1.5,
    "window_s": -1.0,
    "n_mels": 0,
    "frame_s": 0.0,
    "hop_s": 0.0,
    "channel_norm": -0.1,
    "epochs": 0,
    "patience": 0,
    "batch_size": 0,
    "learning_rate": 0.0,
    "n_augmentations": 0,
    "augment": -1.0,
    "validation_share": 0.9,
    "n_jobs": 0,
}


@pytest.fixture(scope="module", autouse=True)
def _few_trees() -> Iterator[None]:
    """Grow small forests: they learn the made-up sounds as well, and sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "N_TREES", 50)
        yield


@every_model
def test_it_learns(task: str, net: str, fitted: Fitted, toy_corpus: Corpus, unseen_toy: Any) -> None:
    model = fitted(task, net)
    assert model.score(Sounds(toy_corpus.examples), toy_corpus.labels) > 0.9  # a guess is right in 1/3
    assert model.score(unseen_toy.clips, unseen_toy.labels) > 0.75
    assert model.classes_.tolist() == ["fall", "pulse", "rise"]


@every_model
def test_rows_are_probabilities(task: str, net: str, fitted: Fitted, unseen_toy: Any) -> None:
    answers = fitted(task, net).predict_proba(unseen_toy.clips)
    assert answers.shape == (len(unseen_toy.clips), 3)
    assert answers.dtype == np.float64
    assert (answers >= 0).all()
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert fitted(task, net).predict_proba([]).shape == (0, 3)
    assert fitted(task, net).predict([]).shape == (0,)


@every_model
def test_a_clip_has_the_same_answer_alone_in_company_and_in_any_order(
    task: str, net: str, fitted: Fitted, unseen_toy: Any
) -> None:
    model, clips = fitted(task, net), unseen_toy.clips
    together = model.predict_proba(clips)
    alone = np.concatenate([model.predict_proba([clip]) for clip in clips])
    assert np.array_equal(together, alone)
    assert np.array_equal(together[::-1], model.predict_proba(clips[::-1]))
    assert len(np.unique(together, axis=0)) > len(clips) / 2  # the answers differ: order means something
    assert model.predict(clips).tolist() == model.classes_[together.argmax(axis=1)].tolist()


@every_model
def test_predictions_are_the_same_one_by_one(task: str, net: str, fitted: Fitted, unseen_toy: Any) -> None:
    model, clips = fitted(task, net), unseen_toy.clips
    rows = model.predict_proba(clips)
    listened = model.predictions(iter(clips))
    for clip, row in zip(clips, rows, strict=True):
        answer = next(listened)
        assert answer.source == clip.source
        assert list(answer.probabilities) == model.classes_.tolist()
        assert list(answer.probabilities.values()) == row.tolist()
        assert (answer.label, answer.probability) == (model.classes_[row.argmax()], row.max())
        assert (answer.start_s, answer.end_s) == (0.0, clip.duration_s)


@every_task
def test_the_same_seed_gives_the_same_answers_from_files_and_from_memory(
    task: str, fitted: Fitted, toy_corpus: Corpus, unseen_toy: Any, tiny: dict[str, Any], tmp_path: Path
) -> None:
    settings = fitted(task).get_params() | {"store": str(tmp_path)}
    again = task_class(task)(**settings).fit(Sounds(toy_corpus.examples), toy_corpus.labels)
    expected = fitted(task).predict_proba(unseen_toy.clips)
    assert np.array_equal(again.predict_proba(unseen_toy.clips), expected)
    assert again.curve_ == fitted(task).curve_
    other = task_class(task)(**tiny | {"seed": 1, "epochs": 2}).fit(
        Sounds(toy_corpus.examples), toy_corpus.labels
    )
    assert not np.array_equal(other.predict_proba(unseen_toy.clips), expected)
    assert other.curve_.train_loss[0] != again.curve_.train_loss[0]


@every_model
def test_stereo_and_other_rates_are_accepted_and_mean_the_same(
    task: str, net: str, fitted: Fitted, unseen_toy: Any
) -> None:
    model = fitted(task, net)
    assert model.sample_rate_ == 8000
    expected = model.predict_proba(unseen_toy.clips)
    stereo = [
        Clip(np.stack([1.5 * clip.mono(), 0.5 * clip.mono()]), clip.sample_rate) for clip in unseen_toy.clips
    ]
    assert model.predict_proba(stereo) == pytest.approx(expected, abs=1e-3)
    for rate in (11025, 44100, 48000):
        other = model.predict_proba([resample(clip, rate) for clip in unseen_toy.clips])
        assert other == pytest.approx(expected, abs=0.1 if net == "mlp" else 0.15)


@every_task
def test_louder_and_softer_mean_the_same(task: str, fitted: Fitted, unseen_toy: Any) -> None:
    model = fitted(task)
    expected = model.predict_proba(unseen_toy.clips)
    for level_db in (-12, -6, 20):
        other = model.predict_proba([gain(clip, level_db) for clip in unseen_toy.clips])
        assert other == pytest.approx(expected, abs=0.02)


@every_model
def test_a_long_clip_and_a_very_short_one_are_accepted(
    task: str, net: str, fitted: Fitted, unseen_toy: Any
) -> None:
    model = fitted(task, net)
    clip = unseen_toy.clips[0]
    long = Clip(np.tile(clip.samples, 180), clip.sample_rate)
    blip = Clip(clip.samples[:, :1], clip.sample_rate)
    answers = model.predict_proba([long, blip, Clip(np.zeros(800), 8000)])
    assert np.isfinite(answers).all()
    assert answers.sum(axis=1) == pytest.approx(1)
    assert next(model.predictions([long])).end_s == pytest.approx(63)


@every_model
def test_clips_are_left_as_they_are(task: str, net: str, fitted: Fitted, unseen_toy: Any) -> None:
    clips = unseen_toy.clips[:3]
    before = [clip.samples.copy() for clip in clips]
    fitted(task, net).predict(clips)
    assert all(np.array_equal(clip.samples, kept) for clip, kept in zip(clips, before, strict=True))


@every_task
def test_not_fitted_says_so(task: str, unseen_toy: Any) -> None:
    model = task_class(task)()
    asked = {"predict_proba": (unseen_toy.clips,), "predict": (unseen_toy.clips,), "fitted": ("classes_",)}
    for name, arguments in asked.items():
        with pytest.raises(
            NotFittedError, match=rf"This {task_class(task).__name__} is not fitted yet\. Call fit"
        ):
            getattr(model, name)(*arguments)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        next(model.predictions(unseen_toy.clips))
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        model.predict([])


@every_task
def test_a_misspelt_setting_is_refused_by_naming_the_near_miss(task: str) -> None:
    with pytest.raises(
        SettingNameError,
        match=rf"{task_class(task).__name__} has no setting lerning_rate\. Did you mean learning_rate\?",
    ):
        task_class(task)(lerning_rate=0.1)
    with pytest.raises(TypeError, match=r"Did you mean epochs\?"):
        task_class(task)().set_params(epoch=3)
    with pytest.raises(SettingNameError, match=r"has no setting zzz\. Known: augment, .*batch_size"):
        task_class(task)(zzz=1)


@every_task
def test_wrong_values_are_refused_before_anything_is_read(task: str, toy_corpus: Corpus) -> None:
    class Unread(Sounds):
        def __getitem__(self, index: Any) -> Any:
            raise AssertionError("a clip was read")

    clips = Unread(toy_corpus.examples)
    for name, value in WRONG_VALUES.items():
        message = (
            r"Unknown net 'conv-stak'\. Did you mean conv-stack\?" if name == "net" else rf"^{name} must be"
        )
        with pytest.raises(ParameterError, match=message):
            task_class(task)(**{name: value}).fit(clips, toy_corpus.labels)
    with pytest.raises(ParameterError, match="window_s must be at least four times hop_s"):
        task_class(task)(window_s=0.03, hop_s=0.01).fit(clips, toy_corpus.labels)


@every_model
def test_what_cannot_be_learned_from_is_refused_with_counts(task: str, net: str, toy: Any) -> None:
    model = task_class(task)(net=net)
    with pytest.raises(ParameterError, match="got 27 clips, 2 labels"):
        model.fit(toy.clips, ["a", "b"])
    with pytest.raises(ParameterError, match="got 27 clips, 27 labels, 1 groups"):
        model.fit(toy.clips, toy.labels, ["ann"])
    with pytest.raises(DataError, match="only one class to learn: fall"):
        model.fit(toy.clips[:3], ["fall"] * 3)
    with pytest.raises(DataError, match="No clips to fit to"):
        model.fit([], [])
    assert not hasattr(model, "classes_")


@every_model
def test_one_clip_in_place_of_many_gives_one_answer(task: str, net: str, fitted: Fitted, toy: Any) -> None:
    model, clip = fitted(task, net), toy.clips[0]
    assert model.predict(clip).tolist() == model.predict([clip]).tolist()
    assert model.predict_proba(clip).shape == (1, 3)
    assert len(list(model.predictions(clip))) == 1


@every_model
def test_saved_and_loaded_in_another_process_it_answers_the_same_and_needs_no_keras(
    task: str, net: str, fitted: Fitted, toy_corpus: Corpus, python: Callable[..., Any], tmp_path: Path
) -> None:
    model = fitted(task, net)
    model.save(tmp_path / "model")
    paths = [example.path for example in toy_corpus.examples[::4]]
    program = (
        "import sys, woodshed, numpy as np\n"
        "model = woodshed.load(sys.argv[1])\n"
        "np.save(sys.argv[2], model.predict_proba([woodshed.read(path) for path in sys.argv[3:]]))\n"
        "heavy = ('keras', 'tensorflow', 'sklearn', 'matplotlib', 'librosa', 'numba', 'pandas')\n"
        "print(type(model).__name__, *(name for name in heavy if name in sys.modules))\n"
    )
    ran = python(program, tmp_path / "model", tmp_path / "answers.npy", *paths)
    assert ran.stdout.split() == [task_class(task).__name__], ran.stderr
    answers = np.load(tmp_path / "answers.npy")
    assert np.array_equal(answers, model.predict_proba([woodshed.read(path) for path in paths]))


@every_model
def test_loaded_it_has_the_same_settings_and_can_learn_again(
    task: str, net: str, fitted: Fitted, tmp_path: Path
) -> None:
    model = fitted(task, net)
    model.save(tmp_path)
    loaded = woodshed.load(tmp_path)
    assert type(loaded) is task_class(task)
    assert loaded.get_params() == model.get_params()
    assert loaded.curve_ == model.curve_
    assert loaded.feature_ == model.feature_
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert type(loaded.net_) is type(model.net_)


@every_model
def test_pickled_and_copied_it_answers_the_same(task: str, net: str, fitted: Fitted, unseen_toy: Any) -> None:
    model, clips = fitted(task, net), unseen_toy.clips[:4]
    expected = model.predict_proba(clips)  # asked before, so that there is a session that cannot be pickled
    assert model.net_ is not None
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        assert np.array_equal(other.predict_proba(clips), expected)
        assert other.get_params() == model.get_params()


@pytest.mark.parametrize("net", ["svm", "forest"])
@every_task
def test_a_classical_model_with_the_same_seed_gives_the_same_answers_from_files_and_from_memory(
    task: str, net: str, fitted: Fitted, toy_corpus: Corpus, unseen_toy: Any, tmp_path: Path
) -> None:
    settings = {"net": net, "store": str(tmp_path), "n_jobs": 2, "epochs": 1, "width": 3, "window_s": 0.1}
    again = task_class(task)(**settings).fit(  # with other settings, all of which only a net heeds
        Sounds(toy_corpus.examples), toy_corpus.labels, groups=toy_corpus.groups
    )
    clips = unseen_toy.clips[:6]
    expected = fitted(task, net).predict_proba(clips)
    assert np.array_equal(again.predict_proba(clips), expected)
    other = task_class(task)(**settings | {"seed": 1}).fit(Sounds(toy_corpus.examples), toy_corpus.labels)
    assert np.array_equal(other.predict_proba(clips), expected) == (net == "svm")  # which draws nothing


@pytest.mark.train
@every_task
def test_scikit_learn_clones_and_searches_it_by_group(task: str, tiny: dict[str, Any], toy: Any) -> None:
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import GridSearchCV, GroupKFold

    model = task_class(task)(
        **tiny | {"batch_size": 4, "learning_rate": 1e-9, "epochs": 40}
    )  # too low to learn anything
    assert clone(model).get_params() == model.get_params()
    assert clone(model) is not model
    assert is_classifier(model)
    takes = [f"take {k // 6}" for k in range(len(toy.clips))]
    search = GridSearchCV(model, {"learning_rate": [0.01]}, cv=GroupKFold(2), refit=False)
    search.fit(toy.clips, toy.labels, groups=takes)
    assert search.best_score_ > 0.6
    assert not hasattr(model, "classes_")


@every_task
def test_scikit_learn_searches_over_classical_models(task: str, toy: Any) -> None:
    from sklearn.model_selection import GridSearchCV, GroupKFold

    takes = [f"take {k // 6}" for k in range(len(toy.clips))]
    search = GridSearchCV(task_class(task)(), {"net": ["svm", "forest"]}, cv=GroupKFold(2))
    search.fit(toy.clips, toy.labels, groups=takes)
    assert (search.cv_results_["mean_test_score"] > 0.6).all()
    assert search.predict(toy.clips[:3]).shape == (3,)


@every_task
def test_settings_are_read_and_changed_by_name(task: str) -> None:
    model = task_class(task)(epochs=3)
    assert model.get_params()["epochs"] == 3
    assert model.set_params(epochs=4, net="mlp") is model
    assert (model.epochs, model.net) == (4, "mlp")
    assert f"{task_class(task).__name__}(" in repr(model)
    with pytest.raises(TypeError, match="positional"):
        task_class(task)("mlp")


@every_task
def test_the_defaults_are_ones_that_work(task: str) -> None:
    model = task_class(task)()
    model.check_settings()
    assert model.task == task
    assert model.net in (*NETS, *CLASSICAL)
    assert model.__doc__
    assert "Examples" in model.__doc__
    assert ">>>" in model.__doc__


def test_an_unknown_task_names_the_near_miss() -> None:
    with pytest.raises(ParameterError, match=r"Unknown task 'spech'\. Did you mean speech\?"):
        task_class("spech")
