"""MIDI: against symusic, there and back, and files that are out to harm."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from woodshed.errors import OutputError, ParameterError, ScoreError, ScoreFileError
from woodshed.score import Key, Metre, Note, Program, Score, Tempo
from woodshed.symbolic.abc.read import abc_to_score
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.midi import decode, midi_to_score, read_midi, score_to_midi, write_midi

ON, OFF, END = b"\x90", b"\x80", b"\x00\xff\x2f\x00"


def midi(*tracks: bytes, kind: int = 1, division: int = 480) -> bytes:
    chunks = b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)
    return b"MThd" + struct.pack(">IHHH", 6, kind, len(tracks), division) + chunks


def full_score() -> Score:
    return Score(
        [Note(0, 1.5, 60, 100), Note(0, 1.5, 64, 1), Note(1.5, 0.5, 60, 127), Note(0, 0.25, 36, 90, 9)],
        tempos=[Tempo(0, 100), Tempo(1, 125)],
        metres=[Metre(0, 6, 8), Metre(3, 4, 4)],
        keys=[Key(0, -2, "minor"), Key(3, 7)],
        programs=[Program(0, 0, 40), Program(1, 0, 41)],
        part_names=[(0, "Fiddle"), (9, "Drums")],
        title="Cúl na mBád",
    )


def test_everything_comes_back(tmp_path: Path) -> None:
    write_midi(full_score(), tmp_path / "a.mid")
    assert read_midi(tmp_path / "a.mid") == full_score()
    write_midi(full_score(), tmp_path / "b.mid")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mid", "b.mid"]


@pytest.mark.parametrize(
    ("metre", "pickup", "written"),
    [
        ((4, 4), 1.0, [(0, 1, 4), (480, 4, 4)]),
        ((6, 8), 0.5, [(0, 1, 8), (240, 6, 8)]),
        ((6, 8), 1.0, [(0, 2, 8), (480, 6, 8)]),
        ((3, 4), 0.75, [(0, 3, 16), (360, 3, 4)]),
    ],
)
def test_a_pickup_is_a_bar_of_its_own_metre(metre, pickup: float, written) -> None:
    notes = [Note(0, pickup, 60), Note(pickup, 3, 62)]
    score = Score(notes, metres=[Metre(0, *metre), Metre(24 + pickup, 5, 4)], pickup_beats=pickup)
    data = score_to_midi(score)
    events = [event for event in decode(data, "a").tracks[0] if event.first == 0x58]
    found = [(event.tick, event.content[0], 1 << event.content[1]) for event in events]
    assert found == [*written, ((24 + pickup) * 480, 5, 4)]
    assert midi_to_score(data) == score


def test_bar_lines_stay_where_they_are_from_abc_by_midi_to_abc() -> None:
    text = "X:1\nM:3/4\nL:1/8\nK:G\nD2|G2 B2 d2|g4 D2|G6|]\n"
    assert score_to_abc(midi_to_score(score_to_midi(abc_to_score(text)))) == text


@pytest.mark.parametrize(
    "metres",
    [
        [Metre(0, 6, 8), Metre(3, 4, 4)],  # a beat of another kind
        [Metre(0, 5, 4), Metre(5, 4, 4)],  # longer than the bars after it
        [Metre(0, 2, 4), Metre(4, 4, 4)],  # two bars
    ],
)
def test_a_first_bar_that_is_no_part_of_the_next_is_no_pickup(metres: list[Metre]) -> None:
    score = Score([Note(0, 8, 60)], metres=metres)
    assert midi_to_score(score_to_midi(score)) == score


def test_a_pickup_that_midi_has_no_metre_for_is_left_out() -> None:
    for pickup, metres in ((1 / 3, [Metre(0, 4, 4)]), (1.0, []), (5.0, [Metre(0, 4, 4)])):
        score = Score([Note(0, 8, 60)], metres=metres, pickup_beats=pickup)
        assert midi_to_score(score_to_midi(score)) == Score([Note(0, 8, 60)], metres=[Metre(0, 4, 4)])


def test_another_reader_finds_the_same_notes(tmp_path: Path) -> None:
    symusic = pytest.importorskip("symusic")
    rng = np.random.default_rng(0)
    notes = [
        Note(k / 4, rng.integers(1, 900) / 480, int(rng.integers(30, 90)), int(rng.integers(1, 128)), k % 3)
        for k in range(300)
    ]
    write_midi(Score(notes, tempos=[Tempo(0, 90)]), tmp_path / "a.mid")
    theirs = symusic.Score(tmp_path / "a.mid")
    found = [
        (note.time, note.pitch, note.velocity, note.duration) for part in theirs.tracks for note in part.notes
    ]
    ours = [
        (round(n.onset_beats * 480), n.pitch_midi, n.velocity, round(n.duration_beats * 480))
        for n in read_midi(tmp_path / "a.mid").notes
    ]
    assert sorted(found) == sorted(ours)
    assert theirs.tempos[0].qpm == pytest.approx(90)


def test_running_status_and_a_note_on_without_velocity() -> None:
    track = b"\x00\x90\x3c\x40\x60\x3c\x00\x00\x40\x50\x60\x40\x00" + END
    score = midi_to_score(midi(track, kind=0, division=96))
    assert [(n.onset_beats, n.duration_beats, n.pitch_midi, n.velocity) for n in score.notes] == [
        (0, 1, 60, 64),
        (1, 1, 64, 80),
    ]


def test_the_note_that_began_first_ends_first() -> None:
    track = b"\x00\x90\x3c\x40\x60\x3c\x41\x60\x3c\x00\x60\x3c\x00" + END
    score = midi_to_score(midi(track, division=96))
    assert [(n.onset_beats, n.duration_beats, n.velocity) for n in score.notes] == [(0, 2, 64), (1, 2, 65)]


def test_stuck_notes_are_closed_at_the_end_and_counted() -> None:
    track = b"\x00\x90\x3c\x40\x00\x3e\x40\x60\x40\x40\x60\x40\x00" + END
    score = midi_to_score(midi(track, division=96))
    assert [(n.pitch_midi, n.end_beats) for n in score.notes] == [(60, 2), (62, 2), (64, 2)]
    assert score.findings == ("2 notes never end and were closed at the end of the file.",)


def test_other_chunks_and_a_missing_end_of_track_do_no_harm() -> None:
    track = b"\x00\x90\x3c\x40\x60\x3c\x00"
    whole = midi(track)
    odd = whole[:14] + b"XFIH" + struct.pack(">I", 3) + b"abc" + whole[14:]
    assert midi_to_score(odd).notes == midi_to_score(midi(track + END)).notes


def test_a_damaged_tempo_is_left_out_and_said() -> None:
    track = (
        b"\x00\xff\x51\x03\x00\x00\x00\x00\xff\x58\x04\x00\x02\x18\x08"
        + ON.join([b"\x00", b"\x3c\x40"])
        + END
    )
    score = midi_to_score(midi(track))
    assert (score.tempos, score.metres) == ((), (Metre(0, 4, 4),))
    assert score.findings == (
        "1 note never ends and was closed at the end of the file.",
        "1 note had no length and got one tick.",
        "2 damaged tempo, metre or key events were ignored.",
    )


NOTE = b"\x00\x90\x3c\x40\x60\x3c\x00"
HUGE = b"\xff\xff\xff\x7f"  # the longest time that one event can wait


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF" + bytes(40), "not a MIDI file"),
        (midi(), "no track"),
        (midi(END), "has no notes"),
        (midi(NOTE + END, kind=2), "format 2"),
        (midi(NOTE + END, division=0xE828)[:-6], "truncated"),
        (midi(NOTE + END, division=0xE900), "time division 0xe900 is invalid"),
        (midi(NOTE + END, division=0x9C28), "time division 0x9c28 is invalid"),
        (midi(NOTE + END, division=0), "time division 0x0000 is invalid"),
        (midi(NOTE + END)[:-6], "truncated"),
        (midi(NOTE + END)[:24], "truncated"),
        (midi(b"\x00\x3c\x40" + END), "an event has no status"),
        (midi(b"\x00\x90\x3c\xc0" + END), "damaged: expected a data byte up to 127, got 192"),
        (midi(b"\xff\xff\xff\xff\xff\x90\x3c\x40" + END), "a variable-length number does not end"),
        (midi(b"\x00\xf1\x00" + END), "unknown status 0xf1"),
        (midi(b"\x00\xff\x01\xff\xff\xff\x7f" + NOTE), "truncated"),
        (
            midi(b"\x00\xff\x51\x03\x00\x02\x58\x9f" + HUGE[1:] + NOTE[1:] + END, division=1),
            "16,777,240 bars; at most",
        ),
        (
            midi(HUGE + b"\x90\x3c\x40" + HUGE + b"\x3c\x00" + END, division=1),
            "hours: a time in it is damaged",
        ),
    ],
)
def test_hostile_files_are_named(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.mid"
    path.write_bytes(data)
    with pytest.raises(ScoreFileError, match=message) as caught:
        read_midi(path)
    assert str(caught.value).startswith(str(path))


def test_no_broken_byte_leads_to_another_error() -> None:
    whole = score_to_midi(full_score())
    rng = np.random.default_rng(0)
    for _ in range(400):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 3):
            data[place] = rng.integers(256)
        try:
            midi_to_score(bytes(data[: rng.integers(10, len(data) + 1)]))
        except ScoreFileError:
            continue


def smpte(code: int, ticks_per_frame: int, track: bytes = b"") -> bytes:
    """Return a file with the notes C4 and D4, each a thousand ticks after the event before it."""
    notes = track + b"\x83\x74\x90\x3c\x50\x87\x68\x80\x3c\x00\x00\x90\x3e\x50\x83\x74\x80\x3e\x00"
    return midi(notes + END, division=(256 - code) << 8 | ticks_per_frame)


@pytest.mark.parametrize(
    ("code", "ticks_per_frame", "ticks_per_s"),
    [(25, 40, 1000), (24, 80, 1920), (29, 100, 3000 / 1.001), (30, 80, 2400)],
)
def test_smpte_time_is_read_in_seconds(code: int, ticks_per_frame: int, ticks_per_s: float) -> None:
    columns = midi_to_score(smpte(code, ticks_per_frame)).table()
    np.testing.assert_allclose(columns["onset_s"], np.array([500, 1500]) / ticks_per_s)
    np.testing.assert_allclose(columns["duration_s"], np.array([1000, 500]) / ticks_per_s)
    assert columns["pitch_midi"].tolist() == [60, 62]


def test_a_tempo_does_not_change_smpte_time() -> None:
    score = midi_to_score(smpte(25, 40, b"\x00\xff\x51\x03\x0f\x42\x40"))
    assert score.table()["onset_s"].tolist() == [0.5, 1.5]
    assert score.left_out == (("tempo, as times are in seconds", 1),)


def test_a_midi_file_within_riff_is_read() -> None:
    whole = midi(NOTE + END)
    info = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks = b"RMID" + info + b"data" + struct.pack("<I", len(whole)) + whole
    assert midi_to_score(b"RIFF" + struct.pack("<I", len(chunks)) + chunks) == midi_to_score(whole)


def test_the_default_metre_holds_up_to_the_first_one() -> None:
    assert midi_to_score(midi(NOTE + END)).metres == (Metre(0, 4, 4),)
    later = b"\x00\x90\x3c\x40\x8f\x00\x3c\x00\x00\xff\x58\x04\x03\x02\x18\x08"
    assert midi_to_score(midi(later + END)).metres == (Metre(0, 4, 4), Metre(4, 3, 4))
    assert midi_to_score(midi(NOTE + END)).duration_s == midi_to_score(midi(NOTE + END)).duration_beats / 2


def test_what_a_score_cannot_hold_is_counted() -> None:
    track = (
        b"\x00\xff\x05\x02la\x00\xff\x05\x02lu\x00\xff\x01\x01a\x00\xe0\x00\x40\x00\xb0\x40\x7f\x00\x40\x00"
        b"\x00\x0b\x50\x00\x04\x50\x00\x7b\x00\x00\xd0\x10\x00\xf0\x01\xf7"
    )
    assert dict(midi_to_score(midi(track + NOTE + END)).left_out) == {
        **{"lyrics": 1, "text": 1, "pitch bend": 1, "sustain pedal": 2, "expression": 1},
        **{"other controllers": 1, "aftertouch": 1, "system exclusive": 1},
    }


@pytest.mark.parametrize("bpm", [180, 120, 67.5, 99.99])
def test_a_tempo_of_few_decimals_comes_back(bpm: float) -> None:
    score = Score([Note(0, 1, 60)], tempos=[Tempo(0, bpm)])
    assert midi_to_score(score_to_midi(score)).tempos == score.tempos


def test_two_hours(tmp_path: Path) -> None:
    notes = [Note(k / 2, 0.5, 40 + k % 40) for k in range(2 * 2 * 60 * 120)]
    write_midi(Score(notes), tmp_path / "long.mid")
    score = read_midi(tmp_path / "long.mid")
    assert (len(score.notes), score.duration_s) == (28800, 7200)


def test_a_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScoreFileError, match=r"no\.mid: it cannot be opened"):
        read_midi(tmp_path / "no.mid")
    with pytest.raises(OutputError, match="not a folder"):
        write_midi(full_score(), tmp_path / "no" / "a.mid")


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(ParameterError, match="ticks_per_beat must be an integer from 1 to 32767, got 0"):
        score_to_midi(full_score(), ticks_per_beat=0)
    with pytest.raises(ScoreError, match="too long for MIDI"):
        score_to_midi(Score([Note(1e7, 1, 60)]))
    for late in ({"tempos": [Tempo(1e7, 90)]}, {"programs": [Program(1e7, 0, 1)]}):
        with pytest.raises(ScoreError, match=r"lasts 1e\+07 beats, too long for MIDI"):
            score_to_midi(Score([Note(0, 1, 60)], **late))


@pytest.mark.data
@pytest.mark.parametrize(
    "pattern", ["ceol_rince_midi/midi/*.mid", "nottingham/melody_midi/*.mid", "groove_midi/*/*/*.mid"]
)
def test_real_files_come_back_within_a_tick(shared_data: Path, pattern: str) -> None:
    paths = sorted(shared_data.glob(pattern))[::25]
    assert len(paths) > 10
    for path in paths:
        score = read_midi(path)
        again = midi_to_score(score_to_midi(score))
        ours = sorted((n.channel, n.pitch_midi, n.onset_beats, n.end_beats, n.velocity) for n in score.notes)
        back = sorted((n.channel, n.pitch_midi, n.onset_beats, n.end_beats, n.velocity) for n in again.notes)
        np.testing.assert_allclose(np.array(back), np.array(ours), rtol=0, atol=1 / 480)
        assert (again.title, again.programs, again.part_names) == (
            score.title,
            score.programs,
            score.part_names,
        )
