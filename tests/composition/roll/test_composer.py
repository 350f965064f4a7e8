"""Composers of frames: likelihoods are what they say, nets learn, write, and are the same after saving."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import woodshed
from woodshed.composition.experiment import ComposerRun
from woodshed.composition.fitting import PackedBatches
from woodshed.composition.generator import generate
from woodshed.composition.roll.fitting import N_CONTEXT, pack_frames, pack_transposed
from woodshed.composition.sampling import NOTHING
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.errors import DataError, NotFittedError, ParameterError, ScoreError, SettingNameError
from woodshed.score import Note, Score
from woodshed.tasks.roll import RollComposer, RollPiece, RollRequest

CHORDS = [[60, 64], [62, 65], [59, 67]]
ROUND = CHORDS * 6
TINY = {
    "width": 16,
    "n_hidden": 8,
    "dropout": 0.0,
    "n_steps": 24,
    "max_shift": 0,
    "low": 58,
    "high": 68,
    "learning_rate": 0.02,
    "batch_size": 2,
    "n_gibbs": 3,
    "epochs": 25,
    "steps_per_beat": 1,
}
SURE = {"n_chains": 400, "n_anneal": 300}
"""So long is annealed where the estimates of machines are compared."""

ALONE = ("rbm",)
NETS = ("rbm", "rnn-rbm", "gru-rbm", "rnn-nade", "transformer-nade", "tcn")
"""Each reader but LSTM, which is read like the RNN-NADE's, and each head."""

every_net = pytest.mark.parametrize("net", NETS)
pytestmark = pytest.mark.train

ReferenceSet = Callable[[str], RollComposer]


@pytest.fixture(scope="module")
def learned() -> ReferenceSet:
    """Return a function that gives the one composer of a net that has learned three chords in a round."""
    pieces = [ROUND[: 15 + k] for k in (0, 1, 2)] * 4
    titles = [f"round {k}" for k in range(len(pieces))]

    @functools.cache
    def fit(net: str) -> RollComposer:
        settings = TINY | ({"epochs": 120} if net in ALONE else {})
        return RollComposer(**settings, net=net, validation_share=0).fit(pieces, titles=titles)

    return fit


@every_net
def test_it_knows_what_it_learned_better_than_single_notes_do(net: str, learned: ReferenceSet) -> None:
    nats = learned(net).nats_per_frame([ROUND], **SURE)
    # Six notes sound in a third of the frames each, so that they take 3.82 nats if each is by itself.
    assert nats < (3.7 if net in ALONE else 2.5)
    assert learned(net).score([ROUND]) == pytest.approx(-nats / np.log(2), abs=0.1)
    backwards = learned(net).nats_per_frame([ROUND[::-1]], **SURE)
    assert backwards == pytest.approx(nats, abs=0.05) if net in ALONE else backwards > nats + 1


@pytest.mark.parametrize("net", ["nade", "rnn-nade", "rnn"])
def test_the_chances_of_all_pieces_add_up_to_one(net: str) -> None:
    settings = TINY | {"low": 60, "high": 62, "epochs": 1, "net": net}
    composer = RollComposer(**settings, validation_share=0).fit([[[60], [61, 62], []] * 3])
    # All pieces of two frames of three notes.
    every = [np.array(bits).reshape(2, 3) for bits in itertools.product((0, 1), repeat=6)]
    nats = [piece.sum() for piece in composer.frame_nats(every)]
    assert np.exp(-np.array(nats)).sum() == pytest.approx(1, abs=1e-4)


@every_net
def test_a_piece_is_judged_the_same_alone_and_in_company(net: str, learned: ReferenceSet) -> None:
    composer = learned(net)
    pieces = [ROUND, CHORDS, ROUND[1:] * 2]  # the last is longer than a row
    together = composer.frame_nats(pieces, **SURE)
    assert [len(nats) for nats in together] == [len(piece) for piece in pieces]
    for piece, nats in zip(pieces, together, strict=True):
        loose = 0.1 if net.endswith("rbm") else 1e-4  # what machines say is an estimate, drawn anew
        assert composer.frame_nats([piece], **SURE)[0] == pytest.approx(nats, abs=loose)


@every_net
def test_a_seed_says_what_is_written(net: str, learned: ReferenceSet) -> None:
    composer = learned(net)
    request = RollRequest(bars=2, temperature=30.0)  # a frame is a beat
    pieces = composer.sample(request, 3, seed=4)
    assert composer.sample(request, 3, seed=4) == pieces
    assert composer.sample(request, 1, seed=4, first=2) == pieces[2:]
    assert composer.sample(request, 3, seed=5) != pieces


@pytest.mark.parametrize("net", ["rnn-rbm", "transformer-nade", "tcn"])
def test_what_is_written_follows_what_was_learned(net: str, learned: ReferenceSet) -> None:
    (frames,) = learned(net).sample_frames(1, seed=1, n_frames=30, temperature=0.3)
    known = {tuple(np.flatnonzero(learned(net).encode([chord])[0])) for chord in CHORDS}
    assert np.mean([tuple(np.flatnonzero(frame)) in known for frame in frames]) > 0.8


@every_net
def test_it_is_the_same_after_saving(net: str, learned: ReferenceSet, tmp_path: Path) -> None:
    learned(net).save(tmp_path)
    loaded = woodshed.load(tmp_path)
    assert isinstance(loaded, RollComposer)
    assert loaded.known_ == learned(net).known_
    assert loaded.nats_per_frame([ROUND]) == pytest.approx(learned(net).nats_per_frame([ROUND]), abs=1e-5)
    assert loaded.sample(RollRequest(bars=1), seed=3) == learned(net).sample(RollRequest(bars=1), seed=3)


def test_pieces_are_compared_with_what_was_learned(learned: ReferenceSet) -> None:
    request = RollRequest(bars=2, temperature=0.05)
    (one,) = generate(learned("transformer-nade"), request, seed=1)
    assert one.generation.facts[0] == "8 beats"
    assert [line.name for line, _ in one.lines] == ["highest", "lowest"]
    assert one.least_novel.copied_bars >= 1
    assert one.least_novel.source.startswith("round")


def test_a_training_that_was_cut_short_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def end(epoch: int, *_: object) -> None:
        if epoch == 1:
            raise SystemExit

    settings = TINY | {"epochs": 4, "net": "rnn-nade", "validation_share": 0.3}
    pieces = [ROUND, ROUND[1:], ROUND[2:]]
    whole = RollComposer(**settings).fit(pieces)
    place = tmp_path / "state.npz"
    with pytest.raises(SystemExit):
        RollComposer(**settings).fit(pieces, checkpoint=place, on_epoch=end)
    resumed = RollComposer(**settings).fit(pieces, checkpoint=place)
    for name, values in whole.weights_.items():
        np.testing.assert_allclose(resumed.weights_[name], values, atol=1e-6)


def test_a_training_is_measured_beside_what_is_counted() -> None:
    pieces = tuple(tuple(map(tuple, ROUND[k:])) for k in range(9))
    names = tuple("abcdefghi")
    composer = RollComposer(**TINY, net="rnn-nade", validation_share=0.1)
    result = ComposerRun(composer, SymbolicCorpus("rounds", pieces, names, names)).measure()
    assert [one.method for one in result.bits[1:]] == ["each note given itself before", "each note by itself"]
    model, order_1, alone = (one.bits for one in result.bits)
    assert model < order_1 < alone
    assert alone == pytest.approx(3.82 / np.log(2), abs=0.8)


def test_scores_frames_and_pitches_are_the_same_piece() -> None:
    composer = RollComposer(**TINY)
    score = Score([Note(0, 1, 60), Note(0, 2, 64), Note(2, 1, 58)])
    frames = composer.encode(score)
    assert (composer.encode([[60, 64], [64], [58]]) == frames).all()
    assert (composer.encode(frames) == frames).all()
    assert composer.decode(frames).notes == score.notes
    assert composer.to_text(frames) == "[[60,64],[64],[58]]"
    assert RollPiece("[[60,64],[64],[58]]", 1).to_score().notes == composer.decode(frames).notes


def test_packing_keeps_every_frame_once_and_leads_into_long_pieces() -> None:
    rng = np.random.default_rng(0)
    pieces = [rng.integers(0, 2, (n, 3)).astype(np.int8) for n in (5, 20, 47, 3, 16)]
    frames, targets = pack_frames(pieces, 20)
    known = targets[..., 0] != NOTHING
    assert known.sum() == sum(map(len, pieces))
    assert (frames[known] == targets[known]).all()
    long = np.flatnonzero(~known[:, 0])
    assert len(long) == 3  # 20 frames, and then 12, 12 and 3 more
    for row in long:
        assert not known[row, :N_CONTEXT].any()
        assert frames[row, :N_CONTEXT].any()


def test_batches_move_whole_pieces_and_differ_from_epoch_to_epoch() -> None:
    pieces = [np.eye(12, dtype=np.int8)[[5, 6]] for _ in range(9)]
    first, again = (
        PackedBatches(
            functools.partial(pack_transposed, pieces=pieces, n_steps=16, max_shift=4), batch_size=1, seed=2
        )
        for _ in range(2)
    )
    assert (first[1][0] == again[1][0]).all()
    assert not (first[0][0] == first[first.steps_per_epoch][0]).all()
    notes = [np.flatnonzero(frame) for frame in first[0][0][0] if frame.any()]
    assert all(b == a + 1 for a, b in zip(notes[::2], notes[1::2], strict=True))
    assert len({int(note[0]) for note in notes[::2]}) > 1


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        RollComposer().sample()
    with pytest.raises(DataError, match="at least one piece, got none"):
        RollComposer().fit([])
    with pytest.raises(SettingNameError, match="n_hiden"):
        RollComposer(n_hiden=3)
    with pytest.raises(
        ParameterError, match=r"Unknown net 'rnn-nad' for task 'roll'\. Did you mean rnn-nade"
    ):
        RollComposer(net="rnn-nad").fit([CHORDS])
    with pytest.raises(ParameterError, match="n_hidden must be 1 or more, got 0"):
        RollComposer(n_hidden=0).fit([CHORDS])
    with pytest.raises(ScoreError, match="Frame 1 has the pitches"):
        RollComposer().encode([[60], [200]])
    with pytest.raises(ParameterError, match=r"shape \(n_frames, 88\), got \(3, 5\)"):
        RollComposer().encode(np.zeros((3, 5)))
    with pytest.raises(ParameterError, match="--bars must be from 1 to 64"):
        RollRequest(bars=0)
