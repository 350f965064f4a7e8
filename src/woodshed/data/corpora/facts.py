"""What is known about each corpus before it is on disk: how much, under which licence, and where to get it.

Only what is known for certain stands here. A checksum that is not known is None and is said to be missing;
the archives that GitHub packs afresh cannot have one.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from woodshed.data.corpora import CORPORA
from woodshed.errors import DataError, near_miss


@dataclass(frozen=True)
class Download:
    """One file to get.

    Parameters
    ----------
    url
        Where from.
    checksum
        MD5 (32 hexadecimal digits) or SHA-256 (64); None if none is known.
    size
        In bytes; None if it is not known.
    """

    url: str
    checksum: str | None = None
    size: int | None = None

    @property
    def file_name(self) -> str:
        """The last part of the address.

        Examples
        --------
        >>> Download("https://example.org/a/b.zip?download=1").file_name
        'b.zip'
        """
        return self.url.partition("?")[0].rpartition("/")[2]


@dataclass(frozen=True)
class CorpusFacts:
    """What the module of a corpus does not say.

    Parameters
    ----------
    title
        Its full name.
    what
        What it holds, in a few words.
    n_sounds
        Examples that its ``load`` lists when it is whole; None if it is not known.
    hours
        How long they are together; None if it is not known.
    downloads
        The files to get; empty if it cannot be had by a program.
    by_hand
        How to get it then.
    """

    title: str
    what: str
    n_sounds: int | None
    hours: float | None = None
    downloads: tuple[Download, ...] = ()
    by_hand: str = ""


@dataclass(frozen=True)
class About(CorpusFacts):
    """Everything that is known about a corpus beforehand: `CorpusFacts`, and what its module says of itself."""

    name: str = ""
    layout: str = ""
    licence: str = ""
    citation: str = ""
    url: str = ""


_GITHUB = "https://github.com/{}/archive/refs/heads/master.zip"
_NSYNTH = "http://download.magenta.tensorflow.org/datasets/nsynth/nsynth-{}.jsonwav.tar.gz"
_MAGNATAGATUNE = "https://mirg.city.ac.uk/datasets/magnatagatune/{}"
_CHORALES = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/{}"

FACTS: Mapping[str, CorpusFacts] = MappingProxyType(
    {
        "fsdd": CorpusFacts(
            "Free Spoken Digit Dataset",
            "spoken digits, 6 speakers",
            n_sounds=3000,
            downloads=(Download(_GITHUB.format("Jakobovski/free-spoken-digit-dataset")),),
        ),
        "speech_commands": CorpusFacts(
            "Speech Commands, version 2",
            "35 spoken words, many voices",
            n_sounds=105_829,
            downloads=(
                Download(
                    "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
                    "6b74f3901214cb2c2934e98196829835",
                ),
            ),
        ),
        "emodb": CorpusFacts(
            "EMO-DB, Berlin Database of Emotional Speech",
            "emotion in German speech, 10 actors",
            n_sounds=535,
            downloads=(Download("http://emodb.bilderbar.info/download/download.zip"),),
        ),
        "ravdess": CorpusFacts(
            "RAVDESS, speech",
            "emotion in English speech, 24 actors",
            n_sounds=1440,
            downloads=(
                Download(
                    "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip",
                    "bc696df654c87fed845eb13823edef8a",
                    208_468_073,
                ),
            ),
        ),
        "crema_d": CorpusFacts(
            "CREMA-D",
            "emotion in English speech, 91 actors",
            n_sounds=7442,
            by_hand="It is kept in Git LFS: git clone the page below with git-lfs installed.",
        ),
        "esc10": CorpusFacts(
            "ESC-10",
            "10 everyday sounds",
            n_sounds=400,
            hours=0.6,
            by_hand="Its sounds have moved into ESC-50 (corpus fetch esc50). Older commits hold them.",
        ),
        "esc50": CorpusFacts(
            "ESC-50",
            "50 everyday sounds",
            n_sounds=2000,
            hours=2.8,
            downloads=(Download(_GITHUB.format("karolpiczak/ESC-50")),),
        ),
        "urbansound8k": CorpusFacts(
            "UrbanSound8K",
            "10 city sounds",
            n_sounds=8732,
            hours=8.75,
            downloads=(
                Download(
                    "https://zenodo.org/records/1203745/files/UrbanSound8K.tar.gz",
                    "9aa69802bbf37fb986f71ec1483a196e",
                ),
            ),
        ),
        "gtzan": CorpusFacts(
            "GTZAN Genre Collection, fault-filtered",
            "10 genres; 930 of its 1,000 clips are used",
            n_sounds=930,
            hours=7.75,
            downloads=(
                Download(
                    "http://opihi.cs.uvic.ca/sound/genres.tar.gz",
                    "24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6",
                ),
            ),
        ),
        "magnatagatune": CorpusFacts(
            "MagnaTagATune",
            "music with tags, 230 artists; 3 of its 25,863 clips are empty",
            n_sounds=25_860,
            downloads=tuple(
                Download(_MAGNATAGATUNE.format(name))
                for name in (
                    *("annotations_final.csv", "clip_info_final.csv"),
                    *("mp3.zip.001", "mp3.zip.002", "mp3.zip.003"),
                )
            ),
        ),
        "medley_solos_db": CorpusFacts(
            "Medley-solos-DB",
            "8 solo instruments, from two collections",
            n_sounds=21_571,
            downloads=(
                Download(
                    "https://zenodo.org/records/3464194/files/Medley-solos-DB_metadata.csv",
                    "fda6a589c56785f2195c9227809c521a",
                ),
                Download(
                    "https://zenodo.org/records/3464194/files/Medley-solos-DB.tar.gz",
                    "f5facf398793ef5c1f80c013afdf3e5f",
                ),
            ),
        ),
        "nsynth": CorpusFacts(
            "NSynth",
            "notes of 1,006 instruments of 11 families",
            n_sounds=305_979,
            hours=340.0,
            downloads=tuple(Download(_NSYNTH.format(part)) for part in ("train", "valid", "test")),
        ),
        "philharmonia": CorpusFacts(
            "Philharmonia Orchestra sound samples",
            "notes of an orchestra's players",
            n_sounds=None,
            by_hand="Download the instruments from the page below, and unpack them into one folder.",
        ),
        "instrument_notes": CorpusFacts(
            "Instrument notes",
            "notes of 14 instruments from one sound font",
            n_sounds=840,
            hours=0.3,
            by_hand="It was rendered from the SoundFont of the page below: 20 pitches and 3 velocities each.",
        ),
        "vgmidi": CorpusFacts(
            "VGMIDI, labelled phrases",
            "game music as MIDI, with valence and arousal",
            n_sounds=204,
            downloads=(Download(_GITHUB.format("lucasnfe/vgmidi")),),
        ),
        "groove_midi": CorpusFacts(
            "Groove MIDI Dataset, MIDI only",
            "drumming of 10 drummers as MIDI, 18 styles",
            n_sounds=1150,
            hours=13.6,
            downloads=(
                Download(
                    "https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
                    "651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
                ),
            ),
        ),
        "jsb_chorales": CorpusFacts(
            "JSB Chorales",
            "four-part chorales as pitches",
            n_sounds=382,
            downloads=tuple(
                Download(_CHORALES.format(name))
                for name in ("jsb-chorales-quarter.json", "Jsb16thSeparated.json")
            ),
        ),
        "nottingham": CorpusFacts(
            "Nottingham Music Database, cleaned",
            "folk tunes as ABC and MIDI, 9 types",
            n_sounds=1034,
            downloads=(Download(_GITHUB.format("jukedeck/nottingham-dataset")),),
        ),
    }
)
"""Name of a corpus -> what is known about it, besides what its module says."""


def about(name: str) -> About:
    """Return what is known about a corpus; ``-`` and capitals do not matter in the name.

    Raises
    ------
    DataError
        If no corpus has that name.

    Examples
    --------
    >>> about("EmoDB").n_sounds
    535
    """
    known = name.lower().replace("-", "_")
    if known not in CORPORA:
        raise DataError(f"There is no corpus called {name!r}. {near_miss(known, CORPORA)}")
    module = importlib.import_module(CORPORA[known])
    return About(
        **vars(FACTS[known]),
        name=known,
        layout=module.LAYOUT,
        licence=module.LICENCE,
        citation=module.CITATION,
        url=module.URL,
    )
