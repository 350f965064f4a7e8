"""Training: the schedule, the best weights, stopping, and going on after a kill to the same weights."""

from __future__ import annotations

import contextlib
import errno
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from woodshed.errors import DataError, OutputError
from woodshed.recognition.net_training import Batches, validate_on
from woodshed.recognition.window import SpectrogramAugmentation
from woodshed.training.loop import Recipe, TrainingState, train_net

N_FRAMES, N_BANDS, N_CLASSES = 6, 12, 3
MILD = SpectrogramAugmentation(shift_bands=0.5, mask_bands=1, noise_range_db=(30, 40))
LABELS = [k % N_CLASSES for k in range(30)]


def spectrogram_of(k: int, version: int = 0) -> np.ndarray:
    """Return one example: the bands of its class are 30 dB above the others."""
    rng = np.random.default_rng([k, version])
    spectrogram = rng.normal(-60, 5, (9, N_BANDS)).astype(np.float32)
    spectrogram[:, 4 * LABELS[k] : 4 * LABELS[k] + 4] += 30
    return spectrogram


def make_batches(seed: int = 0, **change: Any) -> Batches:
    settings = {"n_augmentations": 2, "n_frames": N_FRAMES, "augmentation": MILD, "batch_size": 10}
    targets = np.eye(N_CLASSES, dtype=np.float32)[LABELS]
    return Batches(spectrogram_of, targets, **(settings | {"seed": seed} | change))


def make_net() -> keras.Model:
    """Return a small net with all that has a state of its own: dropout and batch normalisation."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((N_FRAMES, N_BANDS))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 30, offset=2)(inputs))
    x = keras.layers.BatchNormalization(momentum=0.8)(keras.layers.Dense(16, activation="relu")(x))
    x = keras.layers.Dropout(0.1)(x)
    return keras.Model(inputs, keras.layers.Dense(N_CLASSES, activation="softmax")(x))


class Killed(BaseException):
    """Ends a training as abruptly as a test can."""


def run(
    checkpoint: Path | None = None,
    *,
    epochs: int = 6,
    patience: int = 100,
    losses: list[float] | None = None,
    at: dict[int, type[BaseException]] | None = None,
    learning_rate: float = 0.01,
    checkpoint_share: float = np.inf,
) -> tuple[list[np.ndarray], TrainingState, list[tuple[int, list[np.ndarray]]], bool]:
    """Train the small net.

    Parameters
    ----------
    losses
        What the validation is made to say, epoch by epoch; None validates in earnest.
    at
        What is raised right after which epoch.
    checkpoint_share
        As of `TrainingState`; by default there is a checkpoint after each epoch.

    Returns
    -------
    weights, progress, seen, finished
        The last weights, the notes, the epochs that were reported with the weights of each, and the answer
        of `train_net`.
    """
    net = make_net()
    seen: list[tuple[int, list[np.ndarray]]] = []

    def report(epoch: int, loss: float, accuracy: float | None) -> None:
        seen.append((epoch, net.get_weights()))
        if at and epoch in at:
            raise at[epoch]

    windows = np.stack([spectrogram_of(k, 9)[:N_FRAMES] for k in range(12)])
    in_earnest = validate_on(windows.__getitem__, np.eye(N_CLASSES, dtype=np.float32)[LABELS[:12]])
    validation = in_earnest if losses is None else lambda _: (losses[len(seen)], 0.5)
    progress = TrainingState(
        validation=validation,
        patience=patience,
        checkpoint=checkpoint,
        report=report,
        checkpoint_share=checkpoint_share,
    )
    recipe = Recipe(epochs=epochs, patience=patience, learning_rate=learning_rate)
    finished = True
    with contextlib.suppress(Killed):
        finished = train_net(net, make_batches(), recipe, progress)
    return net.get_weights(), progress, seen, finished


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return len(first) == len(second) and all(map(np.array_equal, first, second))


@pytest.fixture(scope="module")
def uninterrupted() -> tuple[list[np.ndarray], TrainingState]:
    """Return the weights and notes of a training that nothing disturbed."""
    weights, progress, seen, _ = run()
    assert [epoch for epoch, _ in seen] == [0, 1, 2, 3, 4, 5]
    return weights, progress


# -- schedule -------------------------------------------------------------------------------------


def test_the_learning_rate_warms_up_and_falls_along_a_cosine_to_almost_nothing() -> None:
    net = make_net()
    Recipe(epochs=20, patience=5, learning_rate=0.01).compile(net, steps_per_epoch=10)
    schedule = net.optimizer._learning_rate
    rate = np.array([float(schedule(step)) for step in range(201)])
    assert rate[0] == pytest.approx(0.01 / 30)
    assert rate.argmax() == 20  # after two epochs
    assert rate.max() == pytest.approx(0.01)
    assert rate[110] == pytest.approx(0.01 * (0.99 * 0.5 + 0.01))  # half way down the cosine
    assert rate[200] == pytest.approx(0.01 * 0.01)


def test_a_training_of_one_epoch_needs_no_warming_up() -> None:
    net = make_net()
    Recipe(epochs=1, patience=5, learning_rate=0.01).compile(net, steps_per_epoch=10)
    assert float(net.optimizer._learning_rate(0)) == pytest.approx(0.01)


# -- training -------------------------------------------------------------------------------------


@pytest.mark.train
def test_it_learns() -> None:
    _, progress, _, finished = run(epochs=30)
    assert finished
    assert progress.validation_accuracy[progress.best_epoch] > 0.9
    assert progress.validation_loss[0] > 2 * min(progress.validation_loss)
    curve = progress.curve("fold 1")
    assert (curve.fold, curve.best_epoch) == ("fold 1", progress.best_epoch)
    assert len(curve.train_loss) == len(curve.validation_loss) == len(curve.validation_accuracy) == 30


@pytest.mark.train
def test_the_weights_of_the_best_epoch_are_kept() -> None:
    weights, progress, seen, _ = run(losses=[5, 3, 1, 2, 4, 6])
    assert progress.best_epoch == 2
    assert same(weights, seen[2][1])
    assert not same(weights, seen[5][1])


@pytest.mark.train
def test_without_validation_the_last_weights_are_kept() -> None:
    net, epochs = make_net(), []
    progress = TrainingState(
        validation=None,
        patience=1,
        checkpoint=None,
        report=lambda *heard: epochs.append((heard[2], net.get_weights())),
    )
    train_net(net, make_batches(), Recipe(epochs=4, patience=1), progress)
    assert [accuracy for accuracy, _ in epochs] == [None] * 4  # patience has nothing to judge by
    assert same(net.get_weights(), epochs[-1][1])
    assert progress.best_epoch == 3


@pytest.mark.train
def test_it_stops_when_nothing_improves_any_more(tmp_path: Path) -> None:
    losses = [5.0, 3, 4, 4, 4, 4, 4, 4, 4, 1]
    checkpoint = tmp_path / "checkpoint.npz"
    weights, progress, seen, finished = run(checkpoint, epochs=10, patience=3, losses=losses)
    assert finished
    assert [epoch for epoch, _ in seen] == [0, 1, 2, 3, 4]  # the best is 1, and three after it are not better
    assert same(weights, seen[1][1])
    again, _, seen_again, _ = run(checkpoint, epochs=10, patience=3, losses=losses)
    assert seen_again == []  # a training that stopped does not go on when it is resumed
    assert same(weights, again)
    assert progress.best_epoch == 1


@pytest.mark.train
def test_a_loss_that_is_not_a_number_is_reported_with_its_cure() -> None:
    with pytest.raises(
        DataError, match=r"diverged in epoch \d+: .* Lower the learning rate, which was 1e\+36"
    ):
        run(learning_rate=1e36)


@pytest.mark.train
def test_a_keyboard_interrupt_keeps_the_best_so_far() -> None:
    weights, progress, seen, finished = run(losses=[5, 1, 2, 3, 4, 5], at={3: KeyboardInterrupt})
    assert not finished
    assert len(seen) == 4
    assert same(weights, seen[1][1])
    assert progress.best_epoch == 1


@pytest.mark.train
def test_a_keyboard_interrupt_while_an_epoch_is_judged_leaves_whole_notes() -> None:
    def interrupted(net: keras.Model) -> tuple[float, float]:
        if len(progress.train_loss) == 2:
            raise KeyboardInterrupt
        return 1.0, 0.5

    progress = TrainingState(validation=interrupted, patience=5, checkpoint=None, report=lambda *_: None)
    assert not train_net(make_net(), make_batches(), Recipe(epochs=4, patience=5), progress)
    curve = progress.curve("a")
    assert len(curve.train_loss) == len(curve.validation_loss) == len(curve.validation_accuracy) == 2


@pytest.mark.train
def test_a_keyboard_interrupt_before_there_is_anything_to_keep_goes_on_up() -> None:
    net, batches = make_net(), make_batches()

    def interrupted(k: int, version: int) -> np.ndarray:
        raise KeyboardInterrupt

    batches.read = interrupted
    progress = TrainingState(validation=None, patience=5, checkpoint=None, report=lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        train_net(net, batches, Recipe(epochs=3, patience=5), progress)


# -- going on after a kill ------------------------------------------------------------------------


@pytest.mark.train
def test_it_goes_on_to_the_weights_it_would_have_had(
    tmp_path: Path, uninterrupted: tuple[list[np.ndarray], TrainingState]
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    run(checkpoint, at={1: Killed})
    run(checkpoint, at={3: Killed})
    weights, progress, seen, _ = run(checkpoint)
    assert [epoch for epoch, _ in seen] == [4, 5]  # nothing is done twice
    assert same(weights, uninterrupted[0])
    assert progress.curve("a") == uninterrupted[1].curve("a")
    finished_weights, _, seen, _ = run(checkpoint)
    assert seen == []
    assert same(finished_weights, weights)


@pytest.mark.train
def test_checkpoints_are_left_out_where_they_would_take_much_of_the_time(
    tmp_path: Path, uninterrupted: tuple[list[np.ndarray], TrainingState]
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    run(checkpoint, at={3: Killed}, checkpoint_share=0)
    weights, _, seen, _ = run(checkpoint, checkpoint_share=0)
    assert [epoch for epoch, _ in seen] == [1, 2, 3, 4, 5]  # only the first was written
    assert same(weights, uninterrupted[0])
    assert run(checkpoint)[2] == []  # and the last


@pytest.mark.train
def test_the_best_weights_come_from_before_the_kill_if_they_were_the_best(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    _, _, before, _ = run(checkpoint, losses=[2, 1, 3], at={2: Killed})
    weights, progress, _, _ = run(checkpoint, losses=[4, 5, 6])
    assert progress.validation_loss == [2, 1, 3, 4, 5, 6]
    assert same(weights, before[1][1])


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def not_a_checkpoint(path: Path) -> None:
    path.write_bytes(b"not a checkpoint at all" * 100)


def of_something_else(path: Path) -> None:
    np.savez(path, other=np.zeros(3))


def of_another_net(path: Path) -> None:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored}
    np.savez(path, **(arrays | {"variable2": np.zeros((2, 2), np.float32)}))


def packed_strangely(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("variable0.npy", b"")


@pytest.fixture(scope="module")
def after_three_epochs(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the checkpoint of a training that was killed after three epochs."""
    checkpoint = tmp_path_factory.mktemp("killed") / "checkpoint.npz"
    run(checkpoint, at={2: Killed})
    return checkpoint.read_bytes()


@pytest.mark.train
@pytest.mark.parametrize(
    "damage",
    [cut_short, flip_a_bit, empty, not_a_checkpoint, of_something_else, of_another_net, packed_strangely],
)
def test_a_damaged_checkpoint_counts_as_none(
    damage: Callable[[Path], None], tmp_path: Path, after_three_epochs: bytes
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    checkpoint.write_bytes(after_three_epochs)
    recipe = Recipe(epochs=6, patience=5)

    def restored() -> tuple[int, TrainingState, bool]:
        net = make_net()
        recipe.compile(net, 3)
        net.optimizer.build(net.trainable_variables)
        fresh = net.get_weights()
        progress = TrainingState(validation=None, patience=5, checkpoint=checkpoint, report=lambda *_: None)
        return progress.restore(net), progress, same(fresh, net.get_weights())

    assert restored()[::2] == (3, False)
    damage(checkpoint)
    n_done, progress, untouched = restored()
    assert (n_done, untouched, progress.best, progress.train_loss) == (0, True, [], [])


@pytest.mark.train
def test_with_a_damaged_checkpoint_the_training_starts_again(
    tmp_path: Path, after_three_epochs: bytes, uninterrupted: tuple[list[np.ndarray], TrainingState]
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    checkpoint.write_bytes(after_three_epochs)
    flip_a_bit(checkpoint)
    weights, progress, seen, _ = run(checkpoint)
    assert [epoch for epoch, _ in seen] == [0, 1, 2, 3, 4, 5]
    assert same(weights, uninterrupted[0])
    assert progress.curve("a") == uninterrupted[1].curve("a")


@pytest.mark.train
def test_a_full_disk_ends_the_training_and_leaves_the_last_checkpoint_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after_three_epochs: bytes
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    checkpoint = tmp_path / "checkpoint.npz"
    checkpoint.write_bytes(after_three_epochs)
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match=r"the disk is full\. Make room"):
        run(checkpoint)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]
    assert checkpoint.read_bytes() == after_three_epochs
