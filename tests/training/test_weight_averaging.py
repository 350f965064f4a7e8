"""Weight averaging: the mean is kept, training continues from the last weights, also when resumed."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from tests.training.test_loop import make_batches, make_net

from woodshed.errors import ParameterError
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.net_training import validate_on
from woodshed.training.loop import Recipe, TrainingState, WeightMean, train_net, with_weights

Seen = list[list[np.ndarray]]
EPOCHS = 6


def train(
    first_epoch: int | None, *, checkpoint: Path | None = None, until: int = EPOCHS, validates: bool = False
) -> tuple[list[np.ndarray], Seen]:
    """Return the weights that are left and those at the end of each epoch that was run."""
    net = make_net()
    seen: Seen = []
    # Every epoch is judged better than the one before.
    falling = iter(range(100, 0, -1))
    progress = TrainingState(
        validation=(lambda _: (float(next(falling)), 0.5)) if validates else None,
        patience=100,
        checkpoint=checkpoint,
        report=lambda *_: seen.append(net.get_weights()),
    )
    progress.mean = WeightMean(first_epoch)

    def stop(epoch: int, loss: float, accuracy: float | None) -> None:
        seen.append(net.get_weights())
        if epoch + 1 == until:
            raise KeyboardInterrupt

    if until < EPOCHS:
        progress.report = stop
    train_net(net, make_batches(), Recipe(epochs=EPOCHS, patience=100, learning_rate=0.01), progress)
    return net.get_weights(), seen


def close(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(first, second, strict=True))


@pytest.mark.train
def test_the_mean_since_the_first_epoch_is_kept_and_learning_goes_on_from_the_last() -> None:
    plain, steps = train(None)
    averaged, seen = train(3)
    assert all(close(a, b) for a, b in zip(steps, seen, strict=True))
    assert close(plain, steps[-1])
    assert close(averaged, [np.mean(rows, axis=0) for rows in zip(*steps[3:], strict=True)])
    assert not close(averaged, plain)


@pytest.mark.train
def test_judging_the_mean_does_not_disturb_learning() -> None:
    kept, seen = train(3, validates=True)
    assert all(close(a, b) for a, b in zip(train(None)[1], seen, strict=True))
    assert close(kept, train(3)[0])


@pytest.mark.train
@pytest.mark.parametrize("until", [2, 4, 5])
def test_after_a_kill_it_goes_on_to_the_same_mean(tmp_path: Path, until: int) -> None:
    train(3, checkpoint=tmp_path / "run.npz", until=until)
    assert close(train(3, checkpoint=tmp_path / "run.npz")[0], train(3)[0])


def test_a_net_is_asked_with_other_weights_and_keeps_its_own() -> None:
    net = make_net()
    own = net.get_weights()
    others = [value + 1 for value in own]
    judge = validate_on(lambda part: np.zeros((3, 6, 12), np.float32)[part], np.eye(3, dtype=np.float32))
    assert with_weights(net, others, judge) != judge(net)
    assert close(net.get_weights(), own)

    def fail(asked: keras.Model) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        with_weights(net, others, fail)
    assert close(net.get_weights(), own)


def test_the_share_of_epochs_is_a_share() -> None:
    with pytest.raises(ParameterError, match=r"swa_share must be from 0 to 1, got 1\.5"):
        Recogniser(swa_share=1.5).check_settings()
