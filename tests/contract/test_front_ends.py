"""What every front end promises, whatever it computes from a clip."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.data.item import callable_key
from woodshed.errors import AudioError, ParameterError
from woodshed.recognition.front_ends import (
    FRONT_ENDS,
    front_end_class,
    front_end_from_dict,
    front_end_name,
    front_end_to_dict,
    row_front_end,
)
from woodshed.score import Note, Score
from woodshed.symbolic.rendering import play
from woodshed.tasks import recognition_tasks, task_class

RATE = 16000


@pytest.fixture(params=FRONT_ENDS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def front_end(name: str) -> Any:
    return front_end_class(name)(sample_rate=RATE)


def reads_notes(front_end: Any) -> bool:
    """Return whether a front end reads the notes of a clip that was played from a score."""
    return hasattr(front_end, "metre_hidden")


def sound(front_end: Any, seed: int = 0, duration_s: float = 0.8) -> Clip:
    """Return a clip that a front end can read: a voice with noise, or some notes."""
    rng = np.random.default_rng(seed)
    if reads_notes(front_end):
        return play(Score([Note(k, 1, int(pitch)) for k, pitch in enumerate(rng.integers(50, 80, 12))]))
    time_s = np.arange(round(duration_s * RATE)) / RATE
    tone = np.sin(2 * np.pi * rng.uniform(120, 300) * time_s) * (1 + np.sin(2 * np.pi * 3 * time_s))
    return Clip(0.2 * tone + rng.normal(0, 0.01, time_s.size), RATE, "clip.wav")


def test_it_is_a_value_with_a_name(name: str, front_end: Any) -> None:
    kind = type(front_end)
    assert is_dataclass(kind)
    assert front_end == kind(sample_rate=RATE)
    assert hash(front_end) == hash(kind(sample_rate=RATE))
    assert front_end != kind(sample_rate=RATE // 2)
    assert (kind.__doc__ or "").partition("\n")[0].endswith(".")
    with pytest.raises(FrozenInstanceError):
        front_end.sample_rate = 8000
    assert "sample_rate" in {setting.name for setting in fields(front_end)}


def test_it_names_its_values_and_gives_as_many(front_end: Any) -> None:
    values = front_end(sound(front_end))
    assert values.dtype == np.float32
    assert values.ndim == (2 if hasattr(front_end, "frame_rate_hz") else 1)
    assert values.shape[-1] == len(front_end.names) == len(set(front_end.names))
    assert np.isfinite(values).all()


def test_it_depends_on_the_clip_alone(front_end: Any) -> None:
    clip, other = sound(front_end), sound(front_end, seed=1)
    before = clip.samples.copy()
    values = front_end(clip).copy()
    assert not np.array_equal(front_end(other), values)
    assert np.array_equal(front_end(clip), values)
    assert np.array_equal(clip.samples, before)


def test_every_clip_has_values(front_end: Any) -> None:
    if reads_notes(front_end):
        with pytest.raises(AudioError, match="expects notes"):
            front_end(Clip(np.zeros(800), RATE))
        return
    for clip in (Clip(np.zeros(800), RATE), Clip(np.full(1, 0.5), RATE), sound(front_end, duration_s=0.01)):
        assert np.isfinite(front_end(clip)).all()


def test_another_rate_is_refused(front_end: Any) -> None:
    if not reads_notes(front_end):
        with pytest.raises(AudioError, match="Resample it first"):
            front_end(Clip(np.zeros(800), RATE // 2))


def test_it_becomes_one_row_of_a_clip(name: str, front_end: Any) -> None:
    pooled = row_front_end(name, RATE)
    row = pooled(sound(front_end))
    assert row.shape == (pooled.n_values,) == (len(pooled.names),)
    assert sum(pooled.blocks) in (0, pooled.n_values)
    assert pooled.reads_notes == reads_notes(front_end)
    assert pooled.sample_rate == RATE
    assert callable_key(pooled) == callable_key(row_front_end(name, RATE))
    assert callable_key(pooled) != callable_key(row_front_end(name, RATE // 2))


@pytest.mark.parametrize("per_clip", [True, False])
def test_it_is_written_and_read_again(name: str, front_end: Any, per_clip: bool) -> None:
    feature = row_front_end(name, RATE) if per_clip else front_end
    written = json.loads(json.dumps(front_end_to_dict(feature)))
    assert list(written) == [name]
    assert front_end_from_dict(written, per_clip=per_clip) == feature
    assert front_end_name(type(front_end).__name__) == name  # as a model folder of format 1 has it


def test_a_task_that_names_it_by_default_can_use_it() -> None:
    for task in recognition_tasks():
        kind = task_class(task)
        assert getattr(front_end_class(kind.frame_front_end), "in_decibels", False)
        for row_input in kind.row_inputs():
            assert row_front_end(row_input.front_end, RATE).n_values > 0
        assert reads_notes(front_end_class(kind.note_front_end)())


def test_a_misspelt_front_end_names_the_near_miss() -> None:
    with pytest.raises(ParameterError, match=r"'log-mell'.* Did you mean log-mel\?"):
        front_end_class("log-mell")


def test_no_front_end_imports_what_trains(python: Any) -> None:
    ran = python(
        "import sys\nfrom woodshed.recognition.front_ends import FRONT_ENDS, row_front_end\n"
        "for name in FRONT_ENDS: row_front_end(name, 16000)\n"
        "print(*(name for name in ('keras', 'tensorflow', 'sklearn', 'matplotlib') if name in sys.modules))"
    )
    assert ran.stdout.split() == [], ran.stderr
