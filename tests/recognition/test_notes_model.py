"""MIDI files: a classical model reads their notes, and learns what lies in the notes alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import sine
from woodshed.data.example import Example, Sounds
from woodshed.errors import AudioError
from woodshed.features.notes import PlayedNotes, TimedNotes
from woodshed.score import Note, Score, Tempo
from woodshed.symbolic.midi import write_midi
from woodshed.tasks.genre import GenreRecogniser
from woodshed.tasks.mood import MoodRegressor

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def moody(seed: int, *, pleasant: bool, excited: bool) -> Score:
    """Compose at random: pleasant is major, excited is fast and loud; the key is any."""
    rng = np.random.default_rng(seed)
    scale, root = (MAJOR if pleasant else MINOR), 55 + int(rng.integers(12))
    velocity = 110 if excited else 50
    steps = [0, 2, 4, *rng.integers(0, 7, 25).tolist(), 4, 2, 0, 0]
    notes = [Note(k / 2, 0.5, root + scale[step], velocity) for k, step in enumerate(steps)]
    return Score(notes, tempos=[Tempo(0, float(rng.uniform(130, 160) if excited else rng.uniform(60, 80)))])


def corpus(folder: Path, n: int, *, first: int = 0) -> tuple[list[Example], list[dict[str, float]]]:
    rows, values = [], []
    for k in range(first, first + n):
        pleasant, excited = bool(k % 2), bool(k // 2 % 2)
        path = folder / f"{k}.mid"
        write_midi(moody(k, pleasant=pleasant, excited=excited), path)
        values.append({"valence": 2.0 * pleasant - 1, "arousal": 2.0 * excited - 1})
        rows.append(Example(path, "major" if pleasant else "minor", values=values[-1]))
    return rows, values


def test_mood_is_read_from_the_notes_and_sound_is_refused(tmp_path: Path) -> None:
    rows, values = corpus(tmp_path, 40)
    unseen, truth = corpus(tmp_path, 20, first=100)
    model = MoodRegressor(net="logistic").fit(Sounds(rows), values)
    assert isinstance(model.feature_, TimedNotes)
    told = model.predict(Sounds(unseen))
    signs = np.array([[value["valence"], value["arousal"]] for value in truth])
    assert (np.sign(told) == signs).mean(axis=0) == pytest.approx([1, 1], abs=0.15)
    words = [answer.word for answer in model.predictions(Sounds(unseen[:4]))]
    assert words == ["sad, depressed", "calm, relaxed", "angry, tense", "happy, excited"]
    with pytest.raises(AudioError, match="is audio, but this model was trained on MIDI files"):
        model.predict([sine(440)])


def test_tempo_is_hidden_from_the_genre_and_the_mode_is_not(tmp_path: Path) -> None:
    rows, _ = corpus(tmp_path, 40)
    unseen, _ = corpus(tmp_path, 20, first=100)
    model = GenreRecogniser(net="logistic").fit(Sounds(rows), [row.label for row in rows])
    assert type(model.feature_) is PlayedNotes
    assert not {"tempo_bpm", "bar_beats"} & set(model.feature_.names)
    assert model.score(Sounds(unseen), [row.label for row in unseen]) > 0.85


def test_notes_among_sounds_are_heard_played(tmp_path: Path) -> None:
    rows, _ = corpus(tmp_path, 8)
    clips = [*Sounds(rows), *(sine(300 + 20 * k) for k in range(8))]
    model = GenreRecogniser(net="knn").fit(clips, ["tune"] * 8 + ["tone"] * 8)
    assert model.predict([sine(350), clips[0]]).tolist() == ["tone", "tune"]
