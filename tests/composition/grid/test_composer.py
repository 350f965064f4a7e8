"""Composing on grids, by chorales: what is given stays, what is missing is written, faults are mended."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from woodshed.composition.grid.fitting import CellBatches
from woodshed.composition.grid.gibbs import MAX_COMPLETE_PASSES, GridWriter, find_faults
from woodshed.composition.grid.layout import Layout, draw_hidden, draw_order
from woodshed.composition.grid.numpy_net import CellNet
from woodshed.composition.sampling import NOTHING
from woodshed.composition.sequence.step_net import net_weights
from woodshed.errors import NotFittedError, ParameterError, ScoreError
from woodshed.nets.chorale_net import chorale_net
from woodshed.score import Note, Score, Tempo
from woodshed.tasks import load
from woodshed.tasks.chorale import HOLE, ChoraleComposer
from woodshed.tasks.chorale.request import ChoraleRequest

FOUR_CHORDS = [[72, 67, 64, 48], [71, 67, 62, 55], [72, 69, 65, 53], [74, 67, 59, 55]]
"""Those of the pieces that `chorale_composer` learned from."""

CHORDS = np.array(FOUR_CHORDS)


@pytest.fixture
def pieces(chord_pieces: list[np.ndarray]) -> list[np.ndarray]:
    return chord_pieces


@pytest.fixture
def composer(chorale_composer: ChoraleComposer) -> ChoraleComposer:
    return chorale_composer


def test_it_learns_which_voices_go_with_a_soprano(composer: ChoraleComposer) -> None:
    soprano = np.array([71, 74, 71, 74, 74, 71, 71, 74])
    grid = np.full((8, 4), HOLE)
    grid[:, 0] = soprano
    expected = np.where(soprano[:, np.newaxis] == 71, CHORDS[1], CHORDS[3])
    written = composer.fill(grid, temperature=0.1, n_passes=20, repair=False)
    assert np.mean(written[:, 1:] == expected[:, 1:]) > 0.9


def test_what_is_given_stays_and_every_hole_is_filled(composer: ChoraleComposer) -> None:
    rng = np.random.default_rng(3)
    grid = CHORDS[rng.integers(0, 4, 16)]
    holes = rng.random(grid.shape) < 0.5
    written = composer.fill(np.where(holes, HOLE, grid), n_passes=10)
    assert (written[~holes] == grid[~holes]).all()
    assert (written != HOLE).all()


def test_a_seed_says_it_all(composer: ChoraleComposer) -> None:
    request = ChoraleRequest(bars=1)

    def texts(n: int, seed: int) -> list[str]:
        return [piece.text for piece in composer.sample(request, n, seed=seed)]  # type: ignore[attr-defined]

    first = texts(2, 4)
    assert texts(2, 4) == first
    assert texts(1, 4) == first[:1]
    assert texts(1, 5) != first[:1]
    assert first[0] != first[1]


def test_a_harmonised_score_keeps_its_notes_tempo_and_repeated_notes(composer: ChoraleComposer) -> None:
    notes = [Note(0, 1, 71, 99), Note(1, 1, 71, 99), Note(2, 2, 74, 99)]
    score = Score([Note(n.onset_beats, n.duration_beats, n.pitch_midi, 99, 5) for n in notes], [Tempo(0, 66)])
    made = composer.harmonise(score, temperature=0.1, n_passes=20)
    assert made.tempos == score.tempos
    assert [n for n in made.notes if n.channel == 0] == notes
    for voice in (1, 2, 3):
        onsets = [n.onset_beats for n in made.notes if n.channel == voice]
        assert {0.0, 1.0} <= set(onsets)  # struck again with the soprano


def test_likelihood_is_exact(composer: ChoraleComposer, pieces: list[np.ndarray]) -> None:
    assert 0 < composer.bits_per_token(pieces) < 0.75  # 2 bits a chord of 4 cells are 0.5; chance is 5.55
    # The last cell may be anything: over all its values the chances add up to that of the cells before it,
    # whose own last cell may be anything, too. So over both they add up to that of the first two cells.
    row = composer.encode(CHORDS[:1])
    values = range(len(composer.vocabulary))

    def chance(tenor: int, bass: int) -> float:
        changed = row.copy()
        changed[0, 2:] = tenor, bass
        return math.exp(-composer._nats_of(changed))

    per_tenor = [sum(chance(tenor, bass) for bass in values) for tenor in values]
    layout = composer.layout
    shown = row.copy()
    shown[0, 2:] = layout.hidden
    logits = composer._cell_net(layout.to_frames(shown, margin=2)).astype(np.float64)[2, 2]
    shares = np.exp(logits - logits.max())
    np.testing.assert_allclose(per_tenor / np.sum(per_tenor), shares / shares.sum(), atol=1e-6)


def test_save_and_load_write_the_same(composer: ChoraleComposer, tmp_path: Path) -> None:
    composer.save(tmp_path)
    loaded = load(tmp_path)
    assert isinstance(loaded, ChoraleComposer)
    holes = np.full((8, 4), HOLE)
    assert (loaded.fill(holes, seed=1, n_passes=4) == composer.fill(holes, seed=1, n_passes=4)).all()
    assert loaded.known_ == composer.known_
    assert loaded.known_[3][0] == "chorale 3"


def test_mending_removes_planted_parallels_and_leaves_the_given_voice() -> None:
    layout = Layout(1, 4, 47)
    weights = net_weights(chorale_net(4, 47, width=4, n_layers=0))
    flat = CellNet({name: 0 * values for name, values in weights.items()}, 4, 47)
    # The net finds all pitches alike; soprano and bass go from octave to octave, three times.
    piece = np.array([[40, 31, 25, 16], [42, 31, 25, 18], [43, 31, 25, 19], [45, 31, 25, 21]], np.int32)
    assert len(find_faults(piece)) == 3
    free = np.zeros(piece.shape, bool)
    free[:, 3] = True
    writer = GridWriter(flat, layout, 1.0, 1)
    mended = writer.repair(piece, free, np.random.default_rng(0))
    assert len(find_faults(mended)) == 0
    assert (mended[:, :3] == piece[:, :3]).all()
    nothing_free = writer.repair(piece, np.zeros_like(free), np.random.default_rng(0))
    assert (nothing_free == piece).all()


def test_blocks_that_are_drawn_at_once_are_never_neighbours_and_come_from_those_that_wait(
    composer: ChoraleComposer,
) -> None:
    writer = GridWriter(composer._cell_net, composer.layout, 1.0, 4)
    rng = np.random.default_rng(0)
    for most in (1, 3, 99):
        waiting = rng.random((40, 4)) < 0.4
        chosen = writer._spread(waiting, rng, most)
        assert not (chosen & ~waiting).any()
        assert (chosen.sum(axis=1) <= 1).all()
        assert not (chosen.any(axis=1)[1:] & chosen.any(axis=1)[:-1]).any()
        assert 1 <= chosen.sum() <= most


def test_what_follows_from_what_is_given_is_written_first() -> None:
    layout = Layout(1, 2, 6)
    n_frames = 16
    hidden: list[np.ndarray] = []

    def net(frames: np.ndarray) -> np.ndarray:
        hidden.append((frames[2:-2] == layout.hidden).any(axis=1))
        logits = np.zeros((*frames.shape, 6), np.float32)
        logits[..., 3] = np.linspace(5, 20, len(frames))[:, np.newaxis]  # surer from frame to frame
        return logits

    free = np.zeros((n_frames, 2), bool)
    free[:, 1] = True
    piece = np.full((n_frames, 2), 3)
    written = GridWriter(net, layout, 0.2, MAX_COMPLETE_PASSES).complete(
        piece, free, np.random.default_rng(0)
    )
    assert (written == 3).all()
    states = sorted({tuple(state) for state in hidden}, key=sum)
    assert len(states) == MAX_COMPLETE_PASSES  # as many passes, each with fewer that are hidden
    for state in states:
        assert state == tuple(np.arange(n_frames) < sum(state))  # and the surest are written already


def test_crops_are_transposed_within_the_voices_and_ask_only_for_what_is_hidden() -> None:
    layout = Layout(2, 4, 47)
    low = np.tile([[30, 25, 20, 10]], (32, 1)).astype(np.int32)
    batches = CellBatches(pieces=[low, low + 4], layout=layout, n_frames=8, batch_size=6, seed=0)
    seen = set()
    for step in range(6):
        inputs, targets = batches[step]
        again = batches[step]
        assert (inputs == again[0]).all()
        assert (targets == again[1]).all()
        assert ((inputs == layout.hidden) == (targets != NOTHING)).all()
        seen |= set(targets.reshape(-1, 4)[:, 0].tolist()) - {NOTHING}
    assert seen <= set(range(30, 35))
    assert len(seen) > 2


def test_masks_hide_something_in_the_shape_of_frames() -> None:
    layout, rng = Layout(4, 4, 47), np.random.default_rng(0)
    shares = [draw_hidden(rng, 8, layout).mean() for _ in range(200)]
    assert 0.2 < np.mean(shares) < 0.8
    assert draw_order(rng, 50, layout).any(axis=1).all()


def test_what_cannot_work_is_refused(composer: ChoraleComposer) -> None:
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        ChoraleComposer().sample()
    with pytest.raises(ParameterError, match="Unknown net 'lstm-lm' for task 'chorale'"):
        ChoraleComposer(net="lstm-lm").fit([CHORDS])
    with pytest.raises(ParameterError, match="n_steps must be a multiple of steps_per_beat"):
        ChoraleComposer(n_steps=30).fit([CHORDS])
    with pytest.raises(ParameterError, match="temperature"):
        composer.fill(CHORDS, temperature=0)
    with pytest.raises(ParameterError, match="n_passes"):
        composer.fill(CHORDS, n_passes=0)
    with pytest.raises(ParameterError, match="shape"):
        composer.harmonise(CHORDS)
    with pytest.raises(ScoreError, match="nothing is missing"):
        composer.harmonise(composer.decode(composer.encode(CHORDS)))


def test_a_new_piece_grows_from_where_it_began() -> None:
    layout = Layout(1, 2, 6)
    known: list[np.ndarray] = []

    def net(frames: np.ndarray) -> np.ndarray:
        known.append((frames[2:-2] < layout.hidden).any(axis=1))
        return np.zeros((*frames.shape, 6), np.float32)

    free = np.ones((40, 2), bool)
    GridWriter(net, layout, 1.0, 1).write(np.zeros((40, 2), np.int32), free, np.random.default_rng(0))
    growing = [np.flatnonzero(one) for one in known if one.any() and not one.all()]
    assert len(growing) > 5
    for places in growing:  # one stretch without a gap
        assert len(places) == places[-1] - places[0] + 1
