"""MusicXML: what is written is read back, by us and by music21, and what others write is understood."""

from __future__ import annotations

import warnings
import zipfile
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


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no xml at all", "not valid XML"),
        ("", "not valid XML"),
        ("<html/>", "root is <html>"),
        ("<score-timewise/>", "timewise"),
        (document(""), "no notes"),
        (document(note("C", 8), before=BOMB), "entities"),
        (document(note("C", 8), before=FETCH), "entities"),
        (document(note("C", 8).replace("<duration>8", "<duration>x")), "part One, bar 1 has a note with"),
        (document(f"{note('C', 4)}<backup><duration>5</duration></backup>"), "bar 1 goes back beyond"),
        (document(note("H", 8)), "bar 1 has a note without a valid pitch"),
        (document(note("C", 8, octave=12)), "bar 1 has the note C12"),
        (document(note("C", 8), metre="4/3"), "power of two"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, message: str) -> None:
    with pytest.raises(ScoreFileError, match=message):
        musicxml_to_score(text, source="a.musicxml")


def test_archives_that_are_no_scores_say_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ScoreFileError, match="not compressed MusicXML"):
        read_musicxml(tmp_path / "a.mxl")
    with pytest.raises(ScoreFileError, match="cannot be opened"):
        read_musicxml(tmp_path / "b.mxl")
    with pytest.raises(ParameterError, match=r"Invalid suffix '\.pdf' for MusicXML"):
        write_musicxml(RICH, tmp_path / "a.pdf")
