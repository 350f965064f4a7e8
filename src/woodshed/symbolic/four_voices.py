"""Parts of a score as soprano, alto, tenor and bass: which is which, and whether it can be sung."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from woodshed.errors import ParameterError, ScoreError, near_miss, printable
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.edit import transpose

VOICES = ("soprano", "alto", "tenor", "bass")
"""From the top; the place of each is its channel."""

VOICE_RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))
"""Lowest and highest MIDI pitch of each voice in the chorales of Bach."""

_NAMES = (
    r"sopran\w*|cantus|discant\w*|treble|s",
    r"alto?|altus|contralto|a",
    r"tenor\w*|t",
    r"bass\w*|basso|b",
)


def as_voices(score: Score, names: Sequence[str] = ()) -> Score:
    """Put the parts of a score on the channels 0 to 3, from soprano to bass.

    Parameters
    ----------
    score
        Up to four parts; drums are left out.
    names
        Which voices the parts are, in the order of their channels. If there are none, the names of the parts
        tell; a single part without such a name is the soprano.

    Raises
    ------
    ParameterError
        If a name is no voice, or there is not one for each part.
    ScoreError
        If it cannot be told which part is which.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> duet = Score([Note(0, 1, 72, channel=4), Note(0, 1, 48, channel=6)])
    >>> [note.channel for note in as_voices(duet, ["soprano", "bass"]).notes]
    [0, 3]
    """
    channels = sorted({note.channel for note in score.notes} - {DRUM_CHANNEL})
    if not channels:
        raise ScoreError(f"{printable(score.source)} has drums only: there is no voice to go with.")
    for name in names:
        if name not in VOICES:
            raise ParameterError(f"There is no voice {name!r}. {near_miss(name, VOICES)}")
    if names and len(names) != len(channels):
        raise ParameterError(
            f"{printable(score.source)} has {len(channels)} part{'s' if len(channels) != 1 else ''}, and "
            f"{len(names)} are named: {', '.join(names)}. Name each once, from the first part to the last."
        )
    found = [VOICES.index(name) for name in names] or _told_by_names(score, channels)
    if len(set(found)) < len(found):
        raise ParameterError(
            f"{printable(score.source)}: two parts would be the same voice. Name each part by another voice."
        )
    voice_of = dict(zip(channels, found, strict=True))
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
        part_names=[(voice, VOICES[voice]) for voice in found],
    )


def in_range(score: Score) -> tuple[Score, int]:
    """Move a score by octaves until each voice can sing its part; mostly it can already.

    Parameters
    ----------
    score
        On the channels 0 to 3, as `as_voices` returns.

    Returns
    -------
    Score, int
        The score, and by how many octaves it was moved up.

    Raises
    ------
    ScoreError
        If no octave does; the message says by how many semitones it would fit, if it would at all.

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
    sung = ", ".join(
        f"{VOICES[voice]} {VOICE_RANGES[voice][0]} to {VOICE_RANGES[voice][1]}"
        for voice in sorted({note.channel for note in score.notes})
    )
    if lowest <= highest:
        semitones = lowest if abs(lowest) < abs(highest) else highest
        cure = f"Transpose it: woodshed score edit FILE --semitones {semitones} --out NEW."
    else:
        cure = "It is too wide for a voice: take a narrower melody, or cut it by woodshed score edit."
    raise ScoreError(f"{printable(score.source)} cannot be sung in any octave ({sung} are sung). {cure}")


def _told_by_names(score: Score, channels: Sequence[int]) -> list[int]:
    """Tell voices by the names of the parts."""
    names = dict(score.part_names)
    found = []
    for channel in channels:
        words = re.findall(r"[a-z]+", names.get(channel, "").lower())
        fits = [voice for voice, name in enumerate(_NAMES) if any(re.fullmatch(name, word) for word in words)]
        found.append(fits[0] if len(fits) == 1 else None)
    told = [voice for voice in found if voice is not None]
    if len(told) == len(channels):
        return told
    if len(channels) == 1:
        return [0]
    said = ", ".join(names.get(channel) or f"channel {channel}" for channel in channels)
    raise ScoreError(
        f"{printable(score.source)} has {len(channels)} parts ({said}), and it cannot be told which voices "
        f"they are. Name them in this order, such as --parts {','.join(VOICES[: len(channels)])}; a melody "
        "alone is had by woodshed score edit FILE --part melody --out NEW."
    )
