"""MusicXML: what is written is read back, by us and by music21, and what others write is understood."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from woodshed.errors import ParameterError, ScoreFileError
from woodshed.score import ChordSymbol, Key, Metre, Note, Program, Score, Tempo
from woodshed.symbolic import abc_to_score, loop, read_abc, read_musicxml, score_to_abc, write_musicxml
from woodshed.symbolic.musicxml.read import musicxml_to_score
from woodshed.symbolic.musicxml.write import score_to_musicxml


def sounding(score: Score) -> list[tuple[float, ...]]:
    return sorted((n.onset_beats, n.duration_beats, n.pitch_midi, n.velocity, n.channel) for n in score.notes)


def document(measures: str, *, divisions: int = 2, metre: str = "4/4", before: str = "") -> str:
    beats, unit = metre.split("/")
    return (
        f'{before}<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>One</part-name>'
        f'</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>{divisions}'
        f"</divisions><time><beats>{beats}</beats><beat-type>{unit}</beat-type></time></attributes>"
        f"{measures}</measure></part></score-partwise>"
    )


def note(step: str, duration: int, inside: str = "", octave: int = 4, first: str = "") -> str:
    return (
        f"<note>{first}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{duration}</duration>{inside}</note>"
    )


BAR = '</measure><measure number="{}">'
RICH = Score(
    [
        *(Note(0, 1, 67), Note(1, 4.5, 60, 100), Note(1, 4.5, 64, 33), Note(2, 1, 60), Note(6, 1 / 3, 66)),
        *(Note(6 + 1 / 3, 2 / 3, 71), Note(7, 1 / 5, 72), Note(8.875, 0.125, 73), Note(9, 5, 40, channel=3)),
        *(Note(0, 1, 36, channel=9), Note(0, 1, 42, channel=9), Note(1, 0.5, 42, 127, channel=9)),
    ],
    tempos=[Tempo(0, 90), Tempo(4.5, 120.5)],
    metres=[Metre(0, 4, 4), Metre(5, 3, 4), Metre(11, 6, 8)],
    keys=[Key(0, 1), Key(5, -3, "dorian"), Key(9, 2)],
    chords=[ChordSymbol(0, "G"), ChordSymbol(3, "Em7"), ChordSymbol(6.5, "D7/F#"), ChordSymbol(8, "Bbmaj7")],
    programs=[Program(0, 0, 40), Program(5, 0, 73), Program(0, 3, 32)],
    part_names=[(0, "Fiddle & Flute"), (9, "Kit")],
    pickup_beats=1,
    title="Rich <1>",
)


@pytest.mark.parametrize("name", ["a.musicxml", "a.xml", "a.mxl"])
def test_everything_that_a_score_says_comes_back(tmp_path: Path, name: str) -> None:
    write_musicxml(RICH, tmp_path / name)
    again = read_musicxml(tmp_path / name)
    assert again == RICH
    assert again.findings == ()
    assert zipfile.is_zipfile(tmp_path / name) == name.endswith("mxl")
    first = (tmp_path / name).read_bytes()
    write_musicxml(RICH, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_line_breaks_in_a_title_become_spaces() -> None:
    score = Score([Note(0, 1, 60)], title="Air\nin\u00a0D\x00", part_names=[(0, "Pipe\tand drum")])
    back = musicxml_to_score(score_to_musicxml(score))
    assert (back.title, back.part_names) == ("Air in D", ((0, "Pipe and drum"),))


@pytest.mark.parametrize("seed", range(8))
def test_any_notes_come_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = int(rng.choice([4, 6, 8, 12, 20, 24, 480]))
    notes = [
        Note(
            *(rng.integers(1, [40 * grid, 6 * grid]) / grid),
            *map(int, rng.integers([0, 1, 0], [128, 128, 16])),
        )
        for _ in range(60)
    ]
    unique = {(n.onset_beats, n.duration_beats, n.pitch_midi, n.channel): n for n in notes}
    score = Score(list(unique.values()), metres=[Metre(0, int(rng.integers(2, 8)), 4)])
    again = musicxml_to_score(score_to_musicxml(score))
    np.testing.assert_allclose(sounding(again), sounding(score), atol=1e-9)
    assert again.findings == ()


def test_a_note_of_no_length_on_the_last_bar_line_is_in_a_bar_of_its_own() -> None:
    score = Score([Note(0, 4, 60), Note(4, 1 / 4096, 62)], metres=[Metre(0, 4, 4)])
    for copy in (musicxml_to_score(score_to_musicxml(score)), abc_to_score(score_to_abc(score))):
        assert copy.notes == (Note(0, 4, 60), Note(4, 1 / 1024, 62))
    assert score_to_musicxml(score).count("<measure ") == 2


def test_times_without_common_unit_are_rounded_to_the_nearest_1008th() -> None:
    rng = np.random.default_rng(0)
    score = Score([Note(k + rng.uniform(0, 0.3), rng.uniform(0.2, 0.7), 60 + k) for k in range(20)])
    again = musicxml_to_score(score_to_musicxml(score))
    np.testing.assert_allclose(sounding(again), sounding(score), atol=1.01 / 1008)


@pytest.mark.data
def test_hundreds_of_real_tunes_come_back(shared_data: Path) -> None:
    folder = shared_data / "nottingham" / "abc"
    tunes = [tune for path in sorted(folder.glob("*.abc"))[:4] for tune in read_abc(path).tunes]
    assert len(tunes) > 200
    for tune in tunes:
        again = musicxml_to_score(score_to_musicxml(tune))
        np.testing.assert_allclose(sounding(again), sounding(tune), atol=1e-9)
        assert (again.keys, again.metres, again.tempos) == (tune.keys, tune.metres, tune.tempos)
        assert (again.pickup_beats, again.title, again.findings) == (tune.pickup_beats, tune.title, ())


def theirs(part: Any) -> list[list[float]]:
    """Return the notes that music21 sees in a part; its own way of joining tied ones mixes up voices."""
    joined: list[list[float]] = []
    for one in part.flatten().notes:
        for pitch in () if "Harmony" in one.classes else one.pitches:
            start, length = float(one.offset), float(one.quarterLength)
            ends_tie = one.tie is not None and one.tie.type in ("stop", "continue")
            before = [n for n in joined if n[2] == pitch.midi and abs(n[0] + n[1] - start) < 1e-6]
            if ends_tie and before:
                before[0][1] += length
            else:
                joined.append([start, length, pitch.midi])
    return joined


@pytest.mark.data
def test_music21_reads_the_same_notes(shared_data: Path) -> None:
    music21 = pytest.importorskip("music21")
    tunes = read_abc(shared_data / "nottingham" / "abc" / "xmas.abc").tunes[:6]
    melodic = Score([n for n in RICH.notes if n.channel != 9], metres=RICH.metres, pickup_beats=1)
    for score in (*tunes, melodic):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            piece = music21.converter.parseData(score_to_musicxml(score), format="musicxml")
        heard = [one for part in piece.parts for one in theirs(part)]
        expected = sorted((n.onset_beats, n.duration_beats, n.pitch_midi) for n in score.notes)
        np.testing.assert_allclose(sorted(heard), expected, atol=1e-6)


def n_comparisons(score: Score, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often times are compared while a score is written."""
    count = 0

    def counted(compare: Any) -> Any:
        def compare_and_count(one: Fraction, other: Any) -> bool:
            nonlocal count
            count += 1
            return compare(one, other)

        return compare_and_count

    with monkeypatch.context() as patch:
        for name in ("__lt__", "__gt__", "__le__", "__ge__", "__eq__"):
            patch.setattr(Fraction, name, counted(getattr(Fraction, name)))
        score_to_musicxml(score)
    return count


def test_the_work_of_writing_grows_with_the_number_of_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_bars(n_bars: int) -> Score:
        return Score(
            [Note(4 * k, 4, 60) for k in range(n_bars)] + [Note(4 * k + 1, 1, 64) for k in range(n_bars)],
            metres=[Metre(4 * k, 4 << k % 2, 4 << k % 2) for k in range(n_bars)],
            tempos=[Tempo(4 * k, 100 + k % 2) for k in range(n_bars)],
            keys=[Key(4 * k, k % 2) for k in range(n_bars)],
            chords=[ChordSymbol(4 * k, "C") for k in range(n_bars)],
            programs=[Program(4 * k, 0, k % 2) for k in range(n_bars)],
        )

    few, many = (n_comparisons(with_bars(n_bars), monkeypatch) for n_bars in (100, 400))
    assert many < 6 * few  # searches in sorted changes add a logarithm; a square would be 16


def test_tuplets_are_written_as_such() -> None:
    text = score_to_musicxml(Score([Note(k / 3, 1 / 3, 60) for k in range(3)], metres=[Metre(0, 2, 4)]))
    assert text.count("<actual-notes>3</actual-notes>") == 3
    assert text.count("<normal-notes>2</normal-notes>") == 3
    assert text.count("<type>eighth</type>") == 3
    assert (text.count('<tuplet type="start"'), text.count('<tuplet type="stop"')) == (1, 1)


def signs_of(score: Score) -> list[tuple[str, str | None]]:
    """Return step and accidental of each note that is written."""
    notes = ElementTree.fromstring(score_to_musicxml(score)).iter("note")
    return [(n.findtext("pitch/step", ""), n.findtext("accidental")) for n in notes if n.find("rest") is None]


def test_accidentals_are_written_where_printed_music_has_them() -> None:
    in_g = [Note(k, 1, pitch) for k, pitch in enumerate((66, 65, 65, 66, 66, 78, 77, 77))]
    assert signs_of(Score(in_g, keys=[Key(0, 1)], metres=[Metre(0, 4, 4)])) == [
        *(("F", None), ("F", "natural"), ("F", None), ("F", "sharp")),  # of the signature, and back to it
        *(("F", None), ("F", None), ("F", "natural"), ("F", None)),  # a new bar, and another octave
    ]


def test_a_tie_over_the_bar_line_carries_no_new_accidental() -> None:
    tied = [Note(2, 2.5, 61), Note(4.5, 0.5, 61), Note(5, 1, 60), Note(6, 2.25, 61)]
    assert signs_of(Score(tied, metres=[Metre(0, 4, 4)])) == [
        *(("C", "sharp"), ("C", None), ("C", "sharp"), ("C", "natural")),
        *(("C", "sharp"), ("C", None)),
    ]


def test_accidentals_hold_for_all_voices_of_a_part_but_not_for_another_part() -> None:
    score = Score([Note(0, 4, 61), Note(1, 1, 61), Note(2, 1, 60), Note(3, 1, 61, channel=1)])
    assert sorted(signs_of(score), key=str) == sorted(
        [("C", "sharp"), ("C", None), ("C", "natural"), ("C", "sharp")], key=str
    )


def test_accidentals_follow_a_key_that_changes_within_the_bar() -> None:
    score = Score([Note(k, 1, 66) for k in range(4)], keys=[Key(0, 0), Key(2, 1)], metres=[Metre(0, 4, 4)])
    assert signs_of(score) == [("F", "sharp"), ("F", None), ("F", None), ("F", None)]


def test_what_stands_in_a_note_is_in_the_prescribed_order() -> None:
    text = score_to_musicxml(Score([Note(k / 3, 1 / 3, 61) for k in range(3)], metres=[Metre(0, 2, 4)]))
    first = next(ElementTree.fromstring(text).iter("note"))
    assert [child.tag for child in first] == [
        *("pitch", "duration", "voice", "type", "accidental", "time-modification", "beam", "notations"),
    ]


def test_a_score_in_a_loop_says_its_key_metre_and_tempo_once() -> None:
    once = Score([Note(0, 4, 62)], tempos=[Tempo(0, 90)], metres=[Metre(0, 4, 4)], keys=[Key(0, -1)])
    text = score_to_musicxml(loop(once, 3))
    assert [text.count(f"<{word}>") for word in ("key", "time", "metronome")] == [1, 1, 1]


def test_others_documents() -> None:
    grace = "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
    tie, tied = '<tie type="start"/>', '<tie type="stop"/>'
    music = (
        f"{grace}{note('C', 2)}{note('E', 2, first='<chord/>')}<note><rest/><duration>2</duration></note>"
        f"<forward><duration>2</duration></forward>{note('D', 2, tie)}<backup><duration>8</duration></backup>"
        f"{note('G', 8, '<voice>2</voice>', octave=3)}{BAR.format(2)}{note('D', 4, tied)}{note('D', 4)}"
    )
    doctype = (
        '<?xml version="1.0"?><!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" '
        '"http://nowhere.invalid/partwise.dtd">'
    )
    score = musicxml_to_score(document(music, before=doctype))
    assert [(n.onset_beats, n.duration_beats, n.pitch_midi) for n in score.notes] == [
        *((0, 4, 55), (0, 1, 60), (0, 1, 64), (3, 3, 62), (6, 2, 62)),
    ]
    assert score.findings == ()


def test_transposing_instruments_sound_where_they_sound() -> None:
    clarinet = "<attributes><transpose><chromatic>-2</chromatic></transpose></attributes>"
    assert musicxml_to_score(document(clarinet + note("C", 8))).notes[0].pitch_midi == 58


def test_repeats_and_endings_are_played_as_in_abc() -> None:
    def ending(number: int, kind: str, repeat: str = "") -> str:
        return f'<barline><ending number="{number}" type="{kind}"/>{repeat}</barline>'

    back = '<repeat direction="backward"/>'
    music = (
        f"{note('C', 8)}{BAR.format(2)}{ending(1, 'start')}{note('D', 8)}{ending(1, 'stop', back)}"
        f"{BAR.format(3)}{ending(2, 'start')}{note('E', 8)}{ending(2, 'discontinue')}"
        f"{BAR.format(4)}{note('F', 8)}"
    )
    played = musicxml_to_score(document(music))
    assert [n.pitch_midi for n in played.notes] == [60, 62, 60, 64, 65]
    assert played.duration_beats == 20
    written = musicxml_to_score(document(music), repeats=False)
    assert [n.pitch_midi for n in written.notes] == [60, 62, 64, 65]


def pitches(text: str, *, repeats: bool = True) -> list[int]:
    return [one.pitch_midi for one in musicxml_to_score(text, repeats=repeats).notes]


def direction(inside: str, sound: str = "") -> str:
    return f"<direction><direction-type>{inside}</direction-type>{sound}</direction>"


def joined(*bars: str) -> str:
    """Return the music of several bars as that of one that ends and begins others."""
    return bars[0] + "".join(BAR.format(k) + bar for k, bar in enumerate(bars[1:], 2))


WORDS = "<words>{}</words>"


@pytest.mark.parametrize(
    ("fine", "dacapo"),
    [
        (direction(WORDS.format("Fine"), '<sound fine="yes"/>'), direction(WORDS.format("D.C. al Fine"))),
        (direction(WORDS.format("Fine")), '<sound dacapo="yes"/>'),
        ('<sound fine="yes"/>', direction(WORDS.format("da capo al fine"), '<sound dacapo="yes"/>')),
    ],
)
def test_da_capo_al_fine_is_played(fine: str, dacapo: str) -> None:
    bars = note("C", 8) + BAR.format(2) + note("D", 8) + fine + BAR.format(3) + note("E", 8) + dacapo
    assert pitches(document(bars)) == [60, 62, 64, 60, 62]
    assert pitches(document(bars), repeats=False) == [60, 62, 64]
    score = musicxml_to_score(document(bars), repeats=False)
    assert [bar.marks for bar in score.written_bars] == [(), ("fine",), ("da capo",)]


@pytest.mark.parametrize(
    ("segno", "to_coda", "dal_segno", "coda"),
    [
        (
            direction("<segno/>", '<sound segno="a"/>'),
            direction(WORDS.format("To Coda"), '<sound tocoda="b"/>'),
            direction(WORDS.format("D.S. al Coda"), '<sound dalsegno="a"/>'),
            direction("<coda/>", '<sound coda="b"/>'),
        ),
        (
            direction("<segno/>"),
            direction("<coda/>"),
            direction(WORDS.format("D.S. al Coda")),
            direction("<coda/>"),
        ),
        (
            "<barline><segno/></barline>",
            direction("<coda/>"),
            '<sound dalsegno="a"/>',
            "<barline><coda/></barline>",
        ),
    ],
)
def test_dal_segno_al_coda_is_played(segno: str, to_coda: str, dal_segno: str, coda: str) -> None:
    bars = [
        *(note("C", 8), segno + note("D", 8), note("E", 8) + to_coda, note("F", 8) + dal_segno),
        coda + note("G", 8),
    ]
    score = musicxml_to_score(document(joined(*bars)))
    assert [one.pitch_midi for one in score.notes] == [60, 62, 64, 65, 62, 64, 67]
    assert score.findings == ()


def test_jumps_in_any_part_are_played_by_all() -> None:
    text = document(note("C", 8) + BAR.format(2) + note("D", 8) + '<sound dacapo="yes"/>')
    second = text[text.index('<part id="P1">') : -len("</score-partwise>")].replace(
        '<sound dacapo="yes"/>', ""
    )
    both = text.replace("</score-partwise>", second.replace("P1", "P2") + "</score-partwise>")
    assert pitches(both) == [60, 60, 62, 62, 60, 60, 62, 62]


def test_a_jump_without_target_is_named() -> None:
    score = musicxml_to_score(document(note("C", 8) + direction(WORDS.format("D.S."))))
    assert score.findings == ("bar 1: D.S. was not played, as there is no segno.",)


def repeat_sign(kind: str, n_bars: int = 1) -> str:
    sign = f'<measure-repeat type="{kind}">{n_bars}</measure-repeat>'
    return f"<attributes><measure-style>{sign}</measure-style></attributes>"


def test_repeated_bars_are_played() -> None:
    rest = "<note><rest measure='yes'/><duration>8</duration></note>"
    bars = [
        *(note("C", 8), note("D", 4) + note("E", 4), repeat_sign("start", 2) + rest, rest),
        *(
            repeat_sign("stop") + note("F", 8),
            repeat_sign("start") + note("G", 8),
            repeat_sign("stop") + rest,
        ),
    ]
    score = musicxml_to_score(document(joined(*bars)))
    assert [(one.onset_beats, one.pitch_midi) for one in score.notes] == [
        *((0, 60), (4, 62), (6, 64), (8, 60), (12, 62), (14, 64), (16, 65), (20, 67)),
    ]


def test_timewise_documents_are_read() -> None:
    def measure(number: int, first: str, second: str) -> str:
        return (
            f'<measure number="{number}"><part id="P1">{first}</part><part id="P2">{second}</part></measure>'
        )

    text = (
        '<score-timewise><part-list><score-part id="P1"><part-name>One</part-name></score-part>'
        '<score-part id="P2"><part-name>Two</part-name></score-part></part-list>'
        f"{measure(1, note('C', 4), note('E', 4))}{measure(2, note('D', 4), note('F', 4))}</score-timewise>"
    )
    score = musicxml_to_score(text)
    assert sounding(score) == [(0, 4, 60, 80, 0), (0, 4, 64, 80, 1), (4, 4, 62, 80, 0), (4, 4, 65, 80, 1)]
    assert score.part_names == ((0, "One"), (1, "Two"))


def time(*pairs: str) -> str:
    texts = [pair.split("/") for pair in pairs]
    inside = "".join(f"<beats>{n}</beats><beat-type>{d}</beat-type>" for n, d in texts)
    return f"<attributes><time>{inside}</time></attributes>"


@pytest.mark.parametrize(
    ("sign", "metre"),
    [
        (time("3+2/8"), Metre(0, 5, 8)),
        (time("3/8", "2/8"), Metre(0, 5, 8)),
        (time("3/8", "1/4"), Metre(0, 5, 8)),
        (time("5/2", "1/8"), Metre(0, 21, 8)),
    ],
)
def test_additive_metres_are_summed(sign: str, metre: Metre) -> None:
    text = document(sign + note("C", 5)).replace(
        "<time><beats>4</beats><beat-type>4</beat-type></time>", "", 1
    )
    score = musicxml_to_score(text)
    assert score.metres == (metre,)
    assert score.left_out == (("grouping of a metre", 1),)


def test_free_metre_has_no_bars_of_the_wrong_length() -> None:
    free = "<attributes><time><senza-misura/></time></attributes>"
    score = musicxml_to_score(document(free + note("C", 3) + BAR.format(2) + note("D", 7)))
    assert (score.findings, score.duration_beats) == ((), 5.0)


def test_parts_share_channels_if_there_are_more_than_sixteen() -> None:
    parts = [(f"P{k}", f"Part {k}", k % 3 + 1) for k in range(18)]
    listed = "".join(
        f'<score-part id="{name}"><part-name>{title}</part-name><midi-instrument id="{name}-I">'
        f"<midi-program>{program}</midi-program></midi-instrument></score-part>"
        for name, title, program in parts
    )
    music = "".join(
        f'<part id="{name}"><measure number="1">{note("C", 4, octave=k % 8 + 1)}</measure></part>'
        for k, (name, _, _) in enumerate(parts)
    )
    score = musicxml_to_score(f"<score-partwise><part-list>{listed}</part-list>{music}</score-partwise>")
    assert len(score.notes) == 18
    assert len({one.channel for one in score.notes}) == 15
    assert all(one.channel != 9 for one in score.notes)
    assert score.remarks == (
        "3 parts share a channel, as MIDI has 16: "
        "Part 15 with Part 0, Part 16 with Part 1, Part 17 with Part 2.",
    )
    assert len(score.programs) == 15


def test_all_drums_are_in_one_channel() -> None:
    drum = "<note><unpitched/><duration>4</duration></note>"
    parts = "".join(f'<part id="P{k}"><measure number="1">{drum}</measure></part>' for k in range(2))
    melody = f'<part id="P2"><measure number="1">{note("C", 4)}</measure></part>'
    score = musicxml_to_score(f"<score-partwise><part-list/>{parts}{melody}</score-partwise>")
    assert [one.channel for one in score.notes] == [0, 9, 9]


def test_a_backup_beyond_the_start_of_the_bar_is_shortened_and_named() -> None:
    score = musicxml_to_score(
        document(f"{note('C', 8)}<backup><duration>9</duration></backup>{note('E', 8)}")
    )
    assert [(one.onset_beats, one.pitch_midi) for one in score.notes] == [(0, 60), (0, 64)]
    assert score.findings == ("bar 1: a backup beyond its start was shortened.",)


def test_keys_of_transposing_instruments_are_at_concert_pitch() -> None:
    clarinet = (
        "<attributes><key><fifths>2</fifths><mode>major</mode></key>"
        "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>"
    )
    score = musicxml_to_score(document(clarinet + note("D", 8)))
    assert (score.keys, score.notes[0].pitch_midi) == ((Key(0, 0),), 60)


def test_missing_divisions_follow_from_the_note_types() -> None:
    eighth = note("C", 120, "<type>eighth</type>")
    text = document(eighth * 8).replace("<divisions>2</divisions>", "")
    score = musicxml_to_score(text)
    assert (len(score.notes), score.duration_beats) == (8, 4.0)
    assert score.findings == ("part One has no divisions; 240 follow from its note types.",)
    longest = text.replace("240", f"1{'0' * 308}").replace("eighth", "256th")
    assert musicxml_to_score(longest).duration_beats == 0.125


def test_chords_of_different_lengths_cues_nested_tuplets_and_long_rests() -> None:
    cue = note("F", 12, first="<cue/>")
    nested = "".join(note("C", 2) for _ in range(3)) + "".join(note("D", 3) for _ in range(2))
    rest = '<note><rest measure="yes"/><duration>48</duration></note>'
    long_rest = "<attributes><measure-style><multiple-rest>2</multiple-rest></measure-style></attributes>"
    music = note("C", 12) + note("E", 24, first="<chord/>") + cue + nested + note("G", 12)
    text = document(
        music + BAR.format(2) + long_rest + rest + BAR.format(3) + rest + BAR.format(4), divisions=12
    )
    score = musicxml_to_score(text.replace("</measure></part>", note("A", 48) + "</measure></part>"))
    assert [(one.onset_beats, one.duration_beats, one.pitch_midi) for one in score.notes] == [
        *((0, 1, 60), (0, 2, 64), (2, 1 / 6, 60), (2 + 1 / 6, 1 / 6, 60), (2 + 1 / 3, 1 / 6, 60)),
        *((2.5, 0.25, 62), (2.75, 0.25, 62), (3, 1, 67), (12, 4, 69)),
    ]
    assert score.left_out == (("cue note", 1),)


def test_what_a_score_cannot_hold_is_counted() -> None:
    grace = "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
    signs = (
        "<notations><slur type='start' number='1'/><ornaments><trill-mark/></ornaments>"
        "<articulations><staccato/></articulations></notations><lyric><text>la</text></lyric>"
    )
    music = (
        direction("<dynamics><p/></dynamics>")
        + direction(WORDS.format("dolce"))
        + direction("<pedal type='start'/>")
        + direction("<pedal type='stop'/>")
    )
    score = musicxml_to_score(document(grace * 3 + music + note("C", 4, signs) + note("D", 4, signs)))
    assert dict(score.left_out) == {
        **{"dynamics": 1, "grace note": 3, "lyrics": 1, "pedal": 1, "slur": 2, "staccato": 2},
        **{"text": 1, "trill": 2},
    }
    assert (score.findings, score.remarks) == ((), ())


def test_a_metronome_mark_is_a_tempo() -> None:
    mark = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>80</per-minute></metronome></direction-type></direction>"
    )
    assert musicxml_to_score(document(mark + note("C", 8))).tempos == (Tempo(0, 120),)


def test_bars_that_do_not_add_up_are_named() -> None:
    music = note("C", 8) + BAR.format(2) + note("C", 10) + BAR.format(3) + note("C", 6) + BAR.format(4)
    score = musicxml_to_score(document(music + note("C", 8)))
    assert score.findings == (
        "bar 2 lasts 5 beats, expected 4.",
        "bar 3 lasts 3 beats, expected 4.",
    )


ODD = ("", "0", "-1", "--5", "²", "1e308", "1e-308", "nan", "inf", "1" * 5000, "1/3", "yes", "stop", "0.1")


def test_no_odd_text_or_missing_byte_leads_to_another_error() -> None:
    rng = np.random.default_rng(0)
    whole = score_to_musicxml(RICH)
    n_read = 0
    for k in range(300):
        text = whole
        for _ in range(rng.integers(1, 4)):
            places = [*re.finditer(r">([^<>\s]+)<", text), *re.finditer(r'="([^"]*)"', text)]
            place = places[rng.integers(len(places))]
            text = text[: place.start(1)] + ODD[rng.integers(len(ODD))] + text[place.end(1) :]
        try:
            musicxml_to_score(text if k % 5 else text[: rng.integers(len(text))])
        except ScoreFileError:
            continue
        n_read += 1
    assert n_read > 50


def packed(content: str, container: str = '<container><rootfile full-path="a.xml"/></container>') -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("a.xml", content)
    return file.getvalue()


def parts(*contents: str) -> str:
    """Return a document with a part for each content."""
    inside = "".join(f'<part id="P{k}">{content}</part>' for k, content in enumerate(contents))
    return f"<score-partwise>{inside}</score-partwise>"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("<a>" * 1000, "100 levels"),
        (packed(" " * (65 << 20)), "unpacks to more than 67,108,864 bytes"),
        (packed("", " " * (65 << 20)), "unpacks to more than 67,108,864 bytes"),
        (
            parts(f"<measure>{note('C', 8)}</measure>" + "<measure/>" * 5000, *["<measure/>"] * 300),
            "301 parts",
        ),
        (document(note("C", 8).replace(">8<", ">1e308<")), "invalid duration '1e308'"),
        (document(note("C", 8).replace(">8<", ">nan<")), "invalid duration 'nan'"),
        (document(note("C", 20000) * 100), "it has 250,000 bars; at most 200,000"),
        (document(note("C", 1), divisions=10**9), "no notes"),
        (document(joined(note("C", 8) * 1000, repeat_sign("start"), *[""] * 1000)), "1,002,000 notes"),
    ],
)
def test_files_that_ask_for_unlimited_work_are_refused(data: bytes | str, message: str) -> None:
    with pytest.raises(ScoreFileError, match=message):
        musicxml_to_score(data)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
HUGE = "<transpose><chromatic>0</chromatic><octave-change>1e308</octave-change></transpose>"
FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no xml at all", "not valid XML"),
        ("", "not valid XML"),
        ("<html/>", "root is <html>"),
        ("<score-timewise/>", "no notes"),
        (document(""), "no notes"),
        (document(note("C", 8), before=BOMB), "entities"),
        (document(note("C", 8), before=FETCH), "entities"),
        (document(note("C", 8).replace("<duration>8", "<duration>x")), "part One, bar 1 has a note with"),
        (document(note("H", 8)), "bar 1 has a note without a valid pitch"),
        (document(note("C", 8, octave=12)), "bar 1 has the note C12"),
        (
            document(note("C", 8), metre="4/3"),
            "bar 1 has an invalid metre .*power of two as denominator, got 3",
        ),
        (document(note("C", 8, "<type>\udc80</type>")), "not valid XML"),
        (
            document(f"<attributes>{HUGE}</attributes>{note('C', 8)}"),
            "bar 1 has the note C4, which is outside",
        ),
    ],
)
def test_what_cannot_be_read_says_why(text: str, message: str) -> None:
    with pytest.raises(ScoreFileError, match=message):
        musicxml_to_score(text, source="a.musicxml")


def test_documents_with_too_many_elements_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = document(note("C", 8))
    n_elements = text.count("<") - text.count("</") - text.count("<?") - text.count("<!")
    monkeypatch.setattr("woodshed.symbolic.musicxml.document._MAX_ELEMENTS", n_elements)
    assert pitches(text) == [60]
    monkeypatch.setattr("woodshed.symbolic.musicxml.document._MAX_ELEMENTS", n_elements - 1)
    with pytest.raises(ScoreFileError, match=f"more than {n_elements - 1} elements"):
        musicxml_to_score(text)


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16"])
def test_a_text_is_read_as_it_is_whatever_encoding_it_declares(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + document(note("C", 8)).replace("One", "S\u00e4ge")
    for data in (text, text.encode(encoding)):
        assert musicxml_to_score(data).part_names == ((0, "S\u00e4ge"),)


def test_archives_that_are_no_scores_say_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ScoreFileError, match="not an intact compressed MusicXML file"):
        read_musicxml(tmp_path / "a.mxl")
    with pytest.raises(ScoreFileError, match="cannot be opened"):
        read_musicxml(tmp_path / "b.mxl")
    with pytest.raises(ParameterError, match=r"Invalid suffix '\.pdf' for MusicXML"):
        write_musicxml(RICH, tmp_path / "a.pdf")


@pytest.mark.parametrize(
    "music",
    ["|:C4|1 D4:|2 E4|]", "C|D4|E3:|\n|:F|G4|[1 A3:|[2 B3|]", "|:C4:::|D4:|", "C4||D4|E4:|", "|:C4|D2z2:|"],
)
def test_repeat_signs_are_written_and_come_back(music: str) -> None:
    text = f"X:1\nM:4/4\nL:1/4\nK:C\n{music}\n"
    once = abc_to_score(text, repeats=False)
    written = score_to_musicxml(once)
    again = musicxml_to_score(written, repeats=False)
    assert (again.notes, again.written_bars) == (once.notes, once.written_bars)
    assert musicxml_to_score(written).notes == abc_to_score(text).notes
    assert again.findings == ()


def test_music21_plays_the_repeats_that_are_written() -> None:
    converter = pytest.importorskip("music21.converter")
    text = "X:1\nM:4/4\nL:1/4\nK:C\n|:C4|[1 D4:|[2 E4||F4|]\n"
    part = converter.parse(score_to_musicxml(abc_to_score(text, repeats=False)), format="musicxml").parts[0]
    assert [note.pitch.midi for note in part.expandRepeats().flatten().notes] == [60, 62, 60, 64, 65]


def test_jumps_are_written() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nC4|!segno!D4|!coda!E4|F4 !D.S.!|!coda!G4|]\n"
    root = ElementTree.fromstring(score_to_musicxml(abc_to_score(text, repeats=False)))
    sounds = [(name, value) for sound in root.iter("sound") for name, value in sound.attrib.items()]
    assert (
        musicxml_to_score(score_to_musicxml(abc_to_score(text, repeats=False))).notes
        == abc_to_score(text).notes
    )
    assert sounds == [("segno", "segno"), ("tocoda", "coda"), ("dalsegno", "segno"), ("coda", "coda")]
