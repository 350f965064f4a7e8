"""Assignment of parts to soprano, alto, tenor and bass, and check of their vocal range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from woodshed.errors import ParameterError, ScoreError, counted, near_miss, printable
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.edit import transpose

VOICES = ("soprano", "alto", "tenor", "bass")
"""Voices from the top; the index of each is its channel."""

VOICE_RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))
"""Lowest and highest MIDI pitch of each voice in Bach's chorales."""

_NAMES = (
    r"sopran\w*|cantus|discant\w*|treble|s",
    r"alto?|altus|contralto|a",
    r"tenor\w*|t",
    r"bass\w*|basso|b",
)


def as_voices(score: Score, names: Sequence[str] = ()) -> Score:
    """Move the parts of a score to channels 0 to 3, from soprano to bass.

    Parameters
    ----------
    score
        Score with up to four parts; drums are dropped.
    names
        Voices of the parts, in order of their channels. By default they follow from the names of the parts; a
        single part without such a name is the soprano.

    Raises
    ------
    ParameterError
        If a name is not a voice, or there is not one for each part.
    ScoreError
        If the voices cannot be determined.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> duet = Score([Note(0, 1, 72, channel=4), Note(0, 1, 48, channel=6)])
    >>> [note.channel for note in as_voices(duet, ["soprano", "bass"]).notes]
    [0, 3]
    """
    channels = sorted({note.channel for note in score.notes} - {DRUM_CHANNEL})
    if not channels:
        raise ScoreError(f"{printable(score.source)} has only drums. Expected at least one voice.")
    for name in names:
        if name not in VOICES:
            raise ParameterError(f"Unknown voice {name!r}. {near_miss(name, VOICES)}")
    if names and len(names) != len(channels):
        raise ParameterError(
            f"{printable(score.source)} has {counted(len(channels), 'part')}, got "
            f"{counted(len(names), 'name')}: {', '.join(names)}. Name each part once, in order."
        )
    voices = [VOICES.index(name) for name in names] or _voices_by_name(score, channels)
    if len(set(voices)) < len(voices):
        raise ParameterError(
            f"{printable(score.source)}: two parts are assigned to the same voice. Name different voices."
        )
    voice_of = dict(zip(channels, voices, strict=True))
    return replace(
        score,
        notes=[
            replace(note, channel=voice_of[note.channel]) for note in score.notes if note.channel in voice_of
        ],
        programs=[
            replace(program, channel=voice_of[program.channel])
            for program in score.programs
            if program.channel in voice_of
        ],
        part_names=[(voice, VOICES[voice]) for voice in voices],
    )


def in_range(score: Score) -> tuple[Score, int]:
    """Transpose a score by the fewest octaves that bring each voice into its range.

    Parameters
    ----------
    score
        Score in channels 0 to 3, as returned by `as_voices`.

    Returns
    -------
    Score, int
        Score, and number of octaves by which it was raised.

    Raises
    ------
    ScoreError
        If no octave fits; the message gives a transposition in semitones that would, if there is one.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> moved, octaves = in_range(Score([Note(0, 1, 48), Note(1, 1, 55)]))
    >>> octaves, [note.pitch_midi for note in moved.notes]
    (1, [60, 67])
    """
    lowest, highest = -128, 128
    for voice in {note.channel for note in score.notes}:
        pitches = [note.pitch_midi for note in score.notes if note.channel == voice]
        low, high = VOICE_RANGES[voice]
        lowest, highest = max(lowest, low - min(pitches)), min(highest, high - max(pitches))
    octaves = [octave for octave in range(-10, 11) if lowest <= 12 * octave <= highest]
    if octaves:
        octave = min(octaves, key=abs)
        return (transpose(score, 12 * octave) if octave else score), octave
    ranges = ", ".join(
        f"{VOICES[voice]} {VOICE_RANGES[voice][0]} to {VOICE_RANGES[voice][1]}"
        for voice in sorted({note.channel for note in score.notes})
    )
    if lowest <= highest:
        semitones = lowest if abs(lowest) < abs(highest) else highest
        fix = f"Transpose it: woodshed score edit FILE --semitones {semitones} --out NEW."
    else:
        fix = "Its range is too wide for a voice. Use a narrower melody, or cut it with woodshed score edit."
    raise ScoreError(f"{printable(score.source)} is out of range in every octave (expected {ranges}). {fix}")


def _voices_by_name(score: Score, channels: Sequence[int]) -> list[int]:
    """Determine voices from the names of the parts."""
    names = dict(score.part_names)
    voices: list[int] = []
    for channel in channels:
        words = re.findall(r"[a-z]+", names.get(channel, "").lower())
        fits = [voice for voice, name in enumerate(_NAMES) if any(re.fullmatch(name, word) for word in words)]
        voices += fits if len(fits) == 1 else []
    if len(voices) == len(channels):
        return voices
    if len(channels) == 1:
        return [0]
    parts = ", ".join(names.get(channel) or f"channel {channel}" for channel in channels)
    raise ScoreError(
        f"{printable(score.source)} has {len(channels)} parts ({parts}) whose voices cannot be determined. "
        f"Name them in this order, such as --parts {','.join(VOICES[: len(channels)])}, or extract the "
        "melody: woodshed score edit FILE --part melody --out NEW."
    )
