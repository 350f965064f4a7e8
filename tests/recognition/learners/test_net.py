"""What is decided before a net learns: the rate, the feature, who is held out, how much is varied."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio.augmentation import Speed
from woodshed.clip import Clip
from woodshed.data.example import Corpus, Example, Sounds
from woodshed.recognition.clip_item import N_RATE_CLIPS, augmented_versions, clip_items, common_rate
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.learners import net as learning
from woodshed.recognition.learners.net import (
    Spectrograms,
    make_feature,
    make_recipe,
    strengthen,
    time_training,
)
from woodshed.recognition.window import NO_AUGMENTATION, SpectrogramAugmentation
from woodshed.tasks import task_class
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.training.holdout import hold_out


def clips_at(*rates: int) -> list[Clip]:
    return [Clip(np.ones(rate // 100), rate) for rate in rates]


def test_the_rate_is_the_commonest_of_the_clips_and_at_most_the_jobs_own() -> None:
    assert common_rate(clips_at(8000, 44100, 8000), 16000) == 8000
    assert common_rate(clips_at(8000, 44100, 44100), 16000) == 16000
    assert common_rate(clips_at(11025, 8000), 16000) == 8000  # equally common: the lower one


def test_a_few_clips_spread_evenly_decide_the_rate(toy_corpus: Corpus) -> None:
    class Counted(list):
        n_read = 0

        def __getitem__(self, k: int) -> Clip:  # type: ignore[override]
            Counted.n_read += 1
            return super().__getitem__(k)

    many = Counted(clips_at(8000) * 400 + clips_at(16000) * 600)
    assert common_rate(many, 32000) == 16000
    assert Counted.n_read <= 2 * N_RATE_CLIPS
    assert common_rate(Sounds(toy_corpus.examples), 16000) == 8000


def test_the_feature_follows_the_settings() -> None:
    feature = make_feature(Recogniser(n_mels=20, frame_s=0.03, hop_s=0.0125), clips_at(8000))
    assert (feature.sample_rate, feature.n_mels, feature.hop_length) == (8000, 20, 100)
    assert feature.n_fft == 256  # the power of two nearest to 240
    assert make_feature(Recogniser(frame_s=0.03), clips_at(16000)).n_fft == 512
    assert make_feature(Recogniser(sample_rate=12000), clips_at(8000)).sample_rate == 12000


# -- holding out ----------------------------------------------------------------------------------


def test_whole_groups_are_held_out() -> None:
    labels = ["a", "b"] * 40
    groups = [f"voice {k // 8}" for k in range(80)]
    train, validation = hold_out(labels, groups, 0.2, 0)
    assert len(validation) == 16
    assert sorted([*train, *validation]) == list(range(80))
    assert {groups[k] for k in train}.isdisjoint(groups[k] for k in validation)
    assert set(Counter(labels[k] for k in validation).values()) == {8}
    assert np.array_equal(hold_out(labels, groups, 0.2, 0)[1], validation)


def test_without_groups_single_clips_are_held_out_the_same_share_of_each_class() -> None:
    labels = ["a"] * 60 + ["b"] * 20
    train, validation = hold_out(labels, None, 0.25, 0)
    assert Counter(labels[k] for k in validation) == {"a": 15, "b": 5}
    assert len(train) == 60


@pytest.mark.parametrize(
    ("labels", "groups", "share"),
    [
        (["a", "b"] * 10, [f"voice {k % 4}" for k in range(20)], 0.2),  # few voices: all are learned from
        (["a", "b"] * 10, None, 0),
        (["a", "b"], None, 0.2),
        (
            ["a"] * 10 + ["b"] * 10,
            ["one"] * 10 + [f"voice {k}" for k in range(10)],
            0.2,
        ),  # a in one group only
    ],
)
def test_where_holding_out_would_cost_too_much_nothing_is(
    labels: list[str], groups: list[str] | None, share: float
) -> None:
    train, validation = hold_out(labels, groups, share, 0)
    assert train.tolist() == list(range(len(labels)))
    assert validation.tolist() == []


def test_few_clips_are_all_trained_on() -> None:
    labels = ["a", "b"] * 50
    assert hold_out(labels, None, 0.2, 0, min_rows=101)[1].tolist() == []
    assert len(hold_out(labels, None, 0.2, 0, min_rows=100)[1]) == 20


# -- number of steps ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "n_clips", "n_steps"), [("speech", 2500, 3400), ("speech", 234, 3400), ("noise", 320, 6000)]
)
def test_few_clips_are_repeated_as_often_as_many_are_seen(task: str, n_clips: int, n_steps: int) -> None:
    recogniser = task_class(task)()
    steps_per_epoch = n_clips // recogniser.batch_size
    assert 0 <= recogniser.n_epochs_for(n_clips) * steps_per_epoch - n_steps < steps_per_epoch


def test_a_large_corpus_is_repeated_at_least_twenty_times_and_a_given_number_holds() -> None:
    assert SpeechRecogniser().n_epochs_for(1_000_000) == 20
    assert SpeechRecogniser(epochs=3).n_epochs_for(10) == 3
    recipe = make_recipe(SpeechRecogniser(), np.zeros((320, 2), np.float32))
    assert (recipe.epochs, recipe.patience) == (340, 114)


# -- variation ------------------------------------------------------------------------------------


def test_no_strength_is_no_variation_and_full_strength_is_the_jobs_own() -> None:
    own = SpectrogramAugmentation(stretch=0.3, noise_share=0.8, mask_share=0.3)
    assert strengthen(own, 0) == NO_AUGMENTATION
    assert strengthen(own, 1) == own
    half, double = strengthen(own, 0.5), strengthen(own, 2)
    assert (half.stretch, half.warp, half.equaliser_db, half.mask_bands) == (0.15, 0.06, 2, 3)
    assert (double.stretch, double.noise_share, double.mask_share) == (0.6, 1, 0.5)  # shares stay shares
    assert half.noise_range_db == own.noise_range_db


# -- spectrograms ---------------------------------------------------------------------------------


def test_versions_are_the_clip_itself_and_changed_copies_that_never_change_again() -> None:
    clip = Clip(np.random.default_rng(0).standard_normal(4000), 8000)
    (item,) = clip_items([clip], 8000)
    rows = augmented_versions(item, 4, Speed(0.85, 1.18))
    loaded = [row.load() for row in rows]
    assert loaded[0] == clip
    lengths = [one.n_samples for one in loaded]
    assert len(set(lengths)) == 4
    assert all(4000 / 1.19 < n < 4000 / 0.84 for n in lengths)
    assert [row.load() for row in augmented_versions(item, 4, Speed(0.85, 1.18))] == loaded
    assert len({row.key() for row in rows}) == 4
    assert augmented_versions(item, 4, None) == [item]


@pytest.mark.parametrize("memory_bytes", [0, 2**28], ids=["from the store", "held"])
def test_spectrograms_are_those_of_the_clips(
    memory_bytes: int, toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "MEMORY_BYTES", memory_bytes)
    recogniser = Recogniser(n_augmentations=3, n_mels=16)
    sounds = Sounds(toy_corpus.examples[:4])
    spectrograms = Spectrograms(recogniser.learner.entries(recogniser, sounds, str(tmp_path)), n_jobs=1)
    assert spectrograms.usable.tolist() == [0, 1, 2, 3]
    assert len(list(tmp_path.glob("*/*.npy"))) == 4 * 3
    for k in range(4):
        assert spectrograms.read(k) == pytest.approx(spectrograms.feature(sounds[k]), abs=0.07)
        assert not np.array_equal(spectrograms.read(k, 1), spectrograms.read(k))


def test_stretches_of_one_file_are_judged_one_by_one(toy_corpus: Corpus, tmp_path: Path) -> None:
    path = toy_corpus.examples[0].path
    rows = [Example(path, "a", end_s=0.2), Example(path, "b", start_s=5.0), Example(path, "b", start_s=0.1)]
    recogniser = Recogniser(n_augmentations=1, n_mels=16)
    spectrograms = Spectrograms(recogniser.learner.entries(recogniser, Sounds(rows), str(tmp_path)), n_jobs=1)
    assert spectrograms.usable.tolist() == [0, 2]
    assert len(spectrograms.skipped) == 1


def test_a_training_step_is_timed_on_the_net_that_would_be_trained(tiny: dict[str, object]) -> None:
    recogniser = Recogniser(**tiny)
    n_weights, step_s, once_s = time_training(recogniser, 3, 50)
    assert 0 < step_s < once_s < 60
    assert n_weights == 35 * 16 * 64 + 64 + 64 * 32 + 32 + 32 * 3 + 3


@pytest.mark.train
def test_resuming_a_finished_training_trains_nothing_and_answers_the_same(
    toy: Any, tiny: dict[str, Any], tmp_path: Path
) -> None:
    """The net that comes out was never trained in this process, and is exported all the same."""
    checkpoint = tmp_path / "finished.npz"
    first = SpeechRecogniser(**tiny).fit(toy.clips, toy.labels, checkpoint=checkpoint)
    epochs: list[int] = []
    again = SpeechRecogniser(**tiny).fit(
        toy.clips, toy.labels, checkpoint=checkpoint, on_epoch=lambda epoch, *_: epochs.append(epoch)
    )
    assert epochs == []
    np.testing.assert_array_equal(again.predict_proba(toy.clips), first.predict_proba(toy.clips))
