"""Tags: title, artist and what else a sound file says about itself in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from woodshed.audio.sound_file import FilePath, opened

TAGS = ("title", "artist", "album", "date", "tracknumber", "genre", "comment", "copyright", "license")
"""What is carried from file to file, in libsndfile's words; the program that wrote a file is not."""

HELD = {
    "WAV": frozenset(TAGS) - {"license"},
    "FLAC": frozenset(TAGS),
    "OGG": frozenset(TAGS),
    "MP3": frozenset(TAGS) - {"copyright", "license"},
    "AIFF": frozenset({"title", "artist", "comment"}),
}
"""Container -> the tags that libsndfile writes into it."""

ASCII_ONLY = frozenset({"MP3"})
"""Containers into which libsndfile writes other letters as rubbish."""

LONGEST_TAG = 2000
"""In bytes: longer ones make libsndfile lose all tags of a WAV file, and spoil an AIFF or Opus file."""


def read_tags(path: FilePath) -> dict[str, str]:
    """Read the tags of a file; those that it does not have are left out.

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
    with opened(path) as sound:
        found = {name: getattr(sound, name) for name in TAGS}
    return {name: text for name, text in found.items() if text}


def tags_held(tags: Mapping[str, str], container: str) -> dict[str, str]:
    """Return the tags that a container can hold whole.

    Examples
    --------
    >>> tags_held({"title": "Für Elise", "artist": "Anna", "license": "CC0"}, "MP3")
    {'artist': 'Anna'}
    """
    return {
        name: text
        for name, text in tags.items()
        if name in HELD[container]
        and len(text.encode("utf-8", "replace")) <= LONGEST_TAG
        and (text.isascii() or container not in ASCII_ONLY)
    }


def write_tags(sound: Any, tags: Mapping[str, str]) -> None:
    """Put tags into a file that is open for writing and has no samples yet."""
    for name, text in tags_held(tags, sound.format).items():
        setattr(sound, name, text)
