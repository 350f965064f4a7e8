"""Metadata tags of audio files: title, artist, album and others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from woodshed.audio.read import FilePath, open_sound

TAGS = ("title", "artist", "album", "date", "tracknumber", "genre", "comment", "copyright", "license")
"""libsndfile's names of the tags that are copied from file to file; its ``software`` tag is not."""

SUPPORTED_TAGS = {
    "WAV": frozenset(TAGS) - {"license"},
    "FLAC": frozenset(TAGS),
    "OGG": frozenset(TAGS),
    "MP3": frozenset(TAGS) - {"copyright", "license"},
    "AIFF": frozenset({"title", "artist", "comment"}),
}
"""Container -> tags that libsndfile writes to it."""

ASCII_ONLY = frozenset({"MP3"})
"""Containers in which libsndfile corrupts characters outside ASCII."""

LONGEST_TAG = 2000
"""Maximum size of a tag in bytes: longer ones lose all tags of a WAV file and damage AIFF and Opus files."""


def read_tags(path: FilePath) -> dict[str, str]:
    """Read the tags of a file; missing and empty tags are omitted.

    Raises
    ------
    AudioFileError
        If the file cannot be opened.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> read_tags(sample_folder() / "recordings" / "7_theo_0.flac")
    {}
    """
    with open_sound(path) as sound:
        tags = {name: getattr(sound, name) for name in TAGS}
    return {name: text for name, text in tags.items() if text}


def supported_tags(tags: Mapping[str, str], container: str) -> dict[str, str]:
    """Return the tags that a container, such as ``MP3``, stores without loss.

    Examples
    --------
    >>> supported_tags({"title": "Für Elise", "artist": "Anna", "license": "CC0"}, "MP3")
    {'artist': 'Anna'}
    """
    return {
        name: text
        for name, text in tags.items()
        if name in SUPPORTED_TAGS[container]
        and len(text.encode("utf-8", "replace")) <= LONGEST_TAG
        and (text.isascii() or container not in ASCII_ONLY)
    }


def write_tags(sound: Any, tags: Mapping[str, str]) -> None:
    """Write tags to a `soundfile.SoundFile` that is open for writing and has no samples yet."""
    for name, text in supported_tags(tags, sound.format).items():
        setattr(sound, name, text)
