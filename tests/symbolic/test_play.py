"""ScoreClip scores are rendered, in one channel, and keep their notes."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import resample
from woodshed.errors import ScoreError
from woodshed.score import Note, Program, Score, Tempo
from woodshed.symbolic.rendering import RENDER_RATE, ScoreClip, play, render


def test_pitch_time_and_dynamics_are_heard() -> None:
    loud_low = Note(0, 1, 57, 100)
    soft_high = Note(2, 1, 81, 50)
    played = play(Score([loud_low, soft_high], tempos=[Tempo(0, 60)]))
    assert (played.n_channels, played.sample_rate) == (1, RENDER_RATE)
    seconds = played.mono()[: 3 * RENDER_RATE].reshape(3, -1)
    assert [int(np.abs(np.fft.rfft(seconds[k])).argmax()) for k in (0, 2)] == [220, 880]
    assert np.abs(seconds[1][RENDER_RATE // 10 :]).max() == 0
    peaks = np.abs(seconds).max(axis=1)
    assert peaks[0] / peaks[2] == pytest.approx((100 / 50) ** 2, rel=0.1)


def test_it_is_what_render_plays_but_in_the_middle() -> None:
    notes = [Note(k / 2, 1, 60 + k, 90, k % 2) for k in range(6)] + [Note(1, 1, 49, 100, 9)]
    score = Score(notes, programs=[Program(0, 0, 73), Program(0, 1, 19)])
    stereo, played = render(score, RENDER_RATE), play(score)
    assert played.n_samples == stereo.n_samples
    alike = np.corrcoef(played.mono(), stereo.mono())[0, 1]
    assert alike > 0.95
    other = Score(notes, programs=[Program(0, 0, 73)])
    assert not np.array_equal(play(other).samples, played.samples)


def test_a_note_sounds_the_same_however_many_were_played_before() -> None:
    alone = play(Score([Note(0, 1, 60)])).mono()
    long_first = play(Score([Note(0, 3, 60), Note(8, 1, 60)])).mono()
    start = 4 * RENDER_RATE
    assert long_first[start : start + len(alone)] == pytest.approx(alone, abs=1e-6)


def test_notes_stay_with_the_sound_at_any_rate_but_not_with_a_part_of_it() -> None:
    score = Score([Note(k, 1, 60 + k) for k in range(4)])
    slower = resample(play(score), 8000)
    assert isinstance(slower, ScoreClip)
    assert slower.score == score
    assert not isinstance(slower.cut(0.5), ScoreClip)


def test_more_than_an_hour_is_refused() -> None:
    with pytest.raises(ScoreError, match="lasts 67 minutes, expected at most 60"):
        play(Score([Note(0, 1, 60), Note(4000, 1, 60)], tempos=[Tempo(0, 60)]))
