"""Played scores sound as written, and keep their notes."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import resample
from woodshed.score import Note, Score, Tempo
from woodshed.symbolic.play import PLAYED_RATE, Played, play


def test_pitch_time_and_dynamics_are_heard() -> None:
    loud_low = Note(0, 1, 57, 100)
    soft_high = Note(2, 1, 81, 50)
    played = play(Score([loud_low, soft_high], tempos=[Tempo(0, 60)]))
    assert played.duration_s == pytest.approx(3.02, abs=0.001)
    seconds = played.mono()[: 3 * PLAYED_RATE].reshape(3, -1)
    assert [int(np.abs(np.fft.rfft(seconds[k])).argmax()) for k in (0, 2)] == [220, 880]
    assert np.abs(seconds[1][PLAYED_RATE // 10 :]).max() == 0
    peaks = np.abs(seconds).max(axis=1)
    assert peaks[0] == pytest.approx(0.5, abs=1e-3)
    assert peaks[2] == pytest.approx(0.25, abs=0.03)


def test_drums_have_no_pitch() -> None:
    played = play(Score([Note(0, 1, 38, 100, 9)]))
    power = np.abs(np.fft.rfft(played.mono()[:1600])) ** 2
    assert power.max() < 0.1 * power.sum()


def test_notes_stay_with_the_sound_at_any_rate_but_not_with_a_part_of_it() -> None:
    score = Score([Note(k, 1, 60 + k) for k in range(4)])
    slower = resample(play(score), 8000)
    assert isinstance(slower, Played)
    assert slower.score == score
    assert not isinstance(slower.cut(0.5), Played)
