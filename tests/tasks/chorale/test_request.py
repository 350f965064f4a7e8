"""What can be asked of chorales: keys, bars, and the voices that are missing to those of a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from woodshed.composition.generator import generate
from woodshed.errors import ParameterError, ScoreError, ScoreFileError
from woodshed.score import Key, Metre, Note, Score, Tempo
from woodshed.symbolic import write_abc, write_midi, write_musicxml
from woodshed.tasks.chorale import ChoraleComposer
from woodshed.tasks.chorale.piece import ChoralePiece
from woodshed.tasks.chorale.request import ChoraleRequest

SOPRANO = [Note(0, 1, 71), Note(1, 1, 71), Note(2, 2, 74), Note(4, 2, 72)]


def chorale_of(piece: object) -> ChoralePiece:
    assert isinstance(piece, ChoralePiece)
    return piece


@pytest.mark.parametrize("suffix", ["mid", "abc", "musicxml"])
def test_a_melody_of_any_format_is_kept_and_gets_three_voices(
    chorale_composer: ChoraleComposer, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"melody.{suffix}"
    melody = Score(SOPRANO, [Tempo(0, 66)], [Metre(0, 4, 4)], [Key(0, 1)])
    {"mid": write_midi, "abc": write_abc, "musicxml": write_musicxml}[suffix](melody, path)
    (one,) = generate(chorale_composer, ChoraleRequest(harmonise=path), 1)
    soprano = [note for note in one.generation.to_score().notes if note.channel == 0]
    assert [(n.onset_beats, n.duration_beats, n.pitch_midi) for n in soprano] == [
        (n.onset_beats, n.duration_beats, n.pitch_midi) for n in SOPRANO
    ]
    assert {note.channel for note in one.generation.to_score().notes} == {0, 1, 2, 3}
    assert [round(tempo.tempo_bpm, 3) for tempo in one.generation.to_score().tempos] == [66]
    assert [key.n_sharps for key in one.generation.to_score().keys] == [1]
    assert "soprano given" in one.generation.facts
    assert [line.is_given for line in one.generation.lines] == [True, False, False, False]


@pytest.mark.parametrize(
    ("head", "music", "key", "length"),
    [
        ("M:3/4\nL:1/4\nK:D\n", "f e d|" * 7 + "d3|", "D major", "8 bars"),
        ("M:3/4\nL:1/4\nK:D\n", "f e d|" * 7 + "d2|", "D major", "8 bars"),  # the last bar is not full
        ("M:4/4\nL:1/4\nK:Ador\n", "e|" + "e d c B|" * 2 + "A3|", "A dorian", "3 bars"),  # with a pickup
        ("M:6/8\nL:1/8\nK:Db\n", "d3 f3|" * 2, "D-flat major", "2 bars"),
        ("M:4/4\nL:1/4\nK:C\n", "c|", "C major", "1 bar"),
    ],
)
def test_key_and_bars_are_those_of_what_is_given(
    head: str, music: str, key: str, length: str, chorale_composer: ChoraleComposer, tmp_path: Path
) -> None:
    path = tmp_path / "given.abc"
    path.write_text(f"X:1\n{head}{music}\n", "utf-8")
    (piece,) = map(chorale_of, chorale_composer.sample(ChoraleRequest(harmonise=path)))
    assert piece.facts == (key, length, "soprano given")
    assert 0 <= piece.in_key <= 1


def test_one_beat_is_one_beat_and_one_octave_one() -> None:
    assert ChoralePiece("[[37,32,29,13]]", 1, octaves=-1).facts == (
        "C major",
        "1 beat",
        "moved 1 octave down",
    )


def test_the_notes_of_a_church_mode_are_those_of_its_signature() -> None:
    """D dorian is on the white keys: D F A B are all of it, of D F A C sharp three are."""
    keyed = Score([Note(0, 1, 62)], keys=[Key(0, 0, "dorian")])
    pieces = [
        ChoralePiece(json.dumps([[pitch - 35 for pitch in chord]]), 1, score=keyed)
        for chord in ((74, 69, 65, 59), (74, 69, 65, 61))
    ]
    assert [piece.in_key for piece in pieces] == [1, 0.75]


def test_a_low_melody_is_moved_by_octaves_and_that_is_said(
    chorale_composer: ChoraleComposer, tmp_path: Path
) -> None:
    path = tmp_path / "low.mid"
    write_midi(Score([Note(n.onset_beats, n.duration_beats, n.pitch_midi - 24) for n in SOPRANO]), path)
    (one,) = generate(chorale_composer, ChoraleRequest(harmonise=path), 1)
    assert [note.pitch_midi for note in one.generation.to_score().notes if note.channel == 0] == [
        71,
        71,
        74,
        72,
    ]
    assert "moved 2 octaves up" in one.generation.facts


def test_any_missing_voices_are_written_to_those_that_are_there(
    chorale_composer: ChoraleComposer, tmp_path: Path
) -> None:
    """Of the four chords, soprano and bass tell which it is: alto and tenor follow."""
    chords = np.array([[71, 67, 62, 55], [72, 69, 65, 53], [74, 67, 59, 55], [72, 67, 64, 48]] * 2)
    notes = [
        Note(k, 1, int(chord[v]), channel=c) for k, chord in enumerate(chords) for c, v in ((2, 3), (1, 0))
    ]
    path = tmp_path / "outer.mid"
    write_midi(Score(notes), path)
    request = ChoraleRequest(harmonise=path, parts="soprano, bass", temperature=0.1)
    (one,) = generate(chorale_composer, request, 1)
    piece = chorale_of(one.generation)
    assert (piece.grid[:, [0, 3]] == chords[:, [0, 3]]).all()
    assert np.mean(piece.grid[:, 1:3] == chords[:, 1:3]) > 0.8
    assert piece.given == (0, 3)


def test_a_key_that_is_asked_for_is_the_key_that_comes(chorale_composer: ChoraleComposer) -> None:
    for one in generate(chorale_composer, ChoraleRequest(key="A", bars=2), 2, seed=1):
        piece = chorale_of(one.generation)
        assert piece.key[0] == 9
        assert len(piece.grid) == 8
        assert one.generation.to_score().keys[0].tonic == 9


def test_one_that_wanders_from_its_key_is_written_anew(
    chorale_composer: ChoraleComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = np.array([[72, 67, 64, 48], [71, 67, 62, 55], [72, 67, 64, 48]])
    wanders = np.array([[73, 68, 66, 51], [70, 66, 61, 54], [72, 67, 64, 48]])

    def fill(self: ChoraleComposer, grid: object, *, seed: list[int], temperature: float) -> np.ndarray:
        attempt = seed[2] if len(seed) > 2 else 0
        return stays if seed[1] == 0 and attempt == 1 else wanders

    monkeypatch.setattr(ChoraleComposer, "fill", fill)
    kept, other = map(chorale_of, chorale_composer.sample(n=2))
    assert (kept.grid == stays).all()
    assert (other.grid == wanders).all()  # none stayed


def test_where_none_stays_in_the_key_that_is_asked_for_the_best_of_its_mode_comes(
    chorale_composer: ChoraleComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chord = [72, 67, 64, 48]
    drafts = [
        [[73, 68, 66, 51], [70, 66, 61, 54], chord],
        [chord, chord, [73, 67, 61, 54], chord],  # a few foreign notes: this one
        [[70, 66, 61, 54], chord],
        [[72, 67, 63, 48], [72, 67, 63, 48], [72, 67, 63, 48]],  # wholly in its key, but minor
    ]

    def fill(self: ChoraleComposer, grid: object, *, seed: list[int], temperature: float) -> np.ndarray:
        return np.array(drafts[(seed[2] if len(seed) > 2 else 0) % len(drafts)])

    monkeypatch.setattr(ChoraleComposer, "fill", fill)
    (one,) = chorale_composer.sample(ChoraleRequest(key="D major"))
    assert (chorale_of(one).grid == np.array(drafts[1]) + 2).all()


@pytest.mark.parametrize("ends", [None, "any"])
def test_one_that_ends_away_from_home_is_written_anew_unless_it_may(
    ends: str | None, chorale_composer: ChoraleComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = np.array([[72, 67, 64, 48], [71, 67, 62, 55], [72, 67, 64, 48]])
    away = np.array(
        [[72, 67, 64, 48], [71, 67, 62, 55], [72, 69, 64, 48]]
    )  # its last chord is A minor over C

    def fill(self: ChoraleComposer, grid: object, *, seed: list[int], temperature: float) -> np.ndarray:
        return home if len(seed) > 2 and seed[2] == 3 else away

    monkeypatch.setattr(ChoraleComposer, "fill", fill)
    for request in (ChoraleRequest(ends=ends), ChoraleRequest(ends=ends, key="D")):
        (one,) = chorale_composer.sample(request)
        up = 2 if request.key else 0
        assert (chorale_of(one).grid == (away if ends else home) + up).all()
        assert request.rejection_reason(one) == ""


def test_where_none_ends_at_home_that_is_said(
    chorale_composer: ChoraleComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = np.array([[72, 67, 64, 48], [72, 69, 64, 48]])
    monkeypatch.setattr(ChoraleComposer, "fill", lambda *_, **__: away)
    with pytest.raises(ParameterError, match=r"last chord is not the tonic chord \(--ends any\): 20"):
        generate(chorale_composer, ChoraleRequest(), 1)
    assert generate(chorale_composer, ChoraleRequest(ends="any"), 1)


@pytest.mark.parametrize(
    ("last", "is_home"),
    [
        ([72, 67, 64, 48], True),
        ([72, 67, 60, 48], True),  # without a third
        ([72, 67, 63, 48], False),  # a minor third in major
        ([74, 68, 64, 50], False),
        ([72, 67, 64, -1], False),
    ],
)
def test_home_is_the_chord_of_the_keynote(last: list[int], is_home: bool) -> None:
    grid = np.array([[72, 67, 64, 48]] * 8 + [last])
    cells = json.dumps(np.where(grid < 0, 0, grid - 35).tolist())
    assert ChoralePiece(cells, 1).ends_at_home == is_home


def test_in_minor_either_third_is_at_home() -> None:
    minor = [[72, 67, 63, 48]] * 8
    for third, is_home in ((63, True), (64, True), (62, False)):
        cells = json.dumps((np.array([*minor, [72, 67, third, 48]]) - 35).tolist())
        assert ChoralePiece(cells, 1).ends_at_home == is_home


def test_a_chorale_by_heart_is_found_in_every_voice(chorale_composer: ChoraleComposer) -> None:
    learned = chorale_composer.reference_set
    known = chorale_composer.to_generation(chorale_composer.known_[3][1])
    copy = chorale_composer.to_piece(chorale_of(known).grid + 1)
    found = learned.compare(copy)
    assert [one.source for one in found] == ["chorale 3"] * 4
    assert [one.copied_notes for one in found] == [len(line.melody.pitch_midi) for line in copy.lines]
    assert {one.transposed_by for one in found} == {1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bars": 0}, "--bars must be from 1 to 64, got 0"),
        ({"key": "H"}, "Invalid key 'H'. Expected a major or minor key"),
        (
            {"key": "F lydian"},
            "Invalid key 'F lydian'. Expected a major or minor key such as G, Bb or 'D minor'",
        ),
        ({"key": "D dorian"}, "Invalid key 'D dorian': chorales are in major or minor"),
        ({"ends": "hom"}, "Unknown ending 'hom'. Did you mean home"),
        ({"harmonise": "a.mid", "ends": "any"}, "--ends cannot be combined with --harmonise"),
        ({"parts": "soprano"}, "--parts needs --harmonise"),
        ({"harmonise": "a.mid", "bars": 4}, "--bars cannot be combined with --harmonise"),
        ({"harmonise": "a.mid", "key": "G"}, "--key cannot be combined with --harmonise"),
    ],
)
def test_requests_that_make_no_sense_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ChoraleRequest(**settings)  # type: ignore[arg-type]


def test_options_of_another_job_are_refused_by_name() -> None:
    with pytest.raises(
        ParameterError, match=r"--prime is not supported by task 'chorale'.*--harmonise, --parts, --ends"
    ):
        ChoraleRequest.from_options({"prime": "G 2"}, task="chorale")
    with pytest.raises(ParameterError, match=r"--metre is not supported.*Supported: --temperature"):
        ChoraleRequest.from_options({"metre": "3/4"}, task="chorale")
    with pytest.raises(ParameterError, match=r"--bar is not supported.*Did you mean --bars\?"):
        ChoraleRequest.from_options({"bar": 2}, task="chorale")


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([Note(0, 1, 72), Note(0, 1, 67)], "two notes at once.*--part melody"),
        ([Note(0, 1, 60), Note(1, 1, 90)], "too wide for a voice"),
        ([Note(0, 1, 67 - 3 * k, channel=k) for k in range(4)], "parts .channel 0, channel 1"),
        ([Note(0, 1, 72), Note(2000, 1, 72)], "at most 1024 can be harmonised"),
    ],
)
def test_files_that_nothing_can_be_written_to_say_why(
    notes: list[Note], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "given.mid"
    write_midi(Score(notes), path)
    with pytest.raises((ParameterError, ScoreError), match=message):
        ChoraleRequest(harmonise=path)


def test_four_voices_leave_nothing_to_write_and_no_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "full.mid"
    write_midi(Score([Note(0, 1, 67 - 5 * k, channel=k) for k in range(4)]), path)
    with pytest.raises(ParameterError, match="nothing is missing"):
        ChoraleRequest(harmonise=path, parts="soprano,alto,tenor,bass")
    with pytest.raises(ScoreFileError, match=r"none\.mid"):
        ChoraleRequest(harmonise=tmp_path / "none.mid")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\x01\xe0", "no track"),
        (b"X:1\nK:C\nCDEF|\n", "not a MIDI file"),
    ],
)
def test_a_file_that_is_no_score_is_named(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.mid"
    path.write_bytes(data)
    with pytest.raises(ScoreFileError, match=rf"broken\.mid: .*{message}"):
        ChoraleRequest(harmonise=path)


def test_a_melody_of_one_note_is_harmonised(chorale_composer: ChoraleComposer, tmp_path: Path) -> None:
    path = tmp_path / "one.mid"
    write_midi(Score([Note(0, 1, 71)]), path)
    (one,) = generate(chorale_composer, ChoraleRequest(harmonise=path, temperature=0.1), 1)
    assert sorted(note.pitch_midi for note in one.generation.to_score().notes) == [55, 62, 67, 71]
