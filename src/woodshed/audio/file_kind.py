"""Kinds of files that are not audio, or that libsndfile cannot decode, recognised by their first bytes."""

from __future__ import annotations

from woodshed.decoding import parse_json

_SIGNATURES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"SQLite format 3": "a database",
    b"MThd": "a MIDI file",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "an Office document",
}
"""First bytes -> what the file is."""

_FOREIGN = {
    b"\x1aE\xdf\xa3": "Matroska or WebM",
    b"0&\xb2u": "Windows Media",
    b"#!AMR": "AMR",
    b"FLV": "Flash Video",
}
"""First bytes -> a format for ffmpeg."""

_TEXT_BYTES = bytes({*range(32, 127), *range(128, 256), 9, 10, 12, 13, 27})
_NOT_ASCII = bytes(range(128, 256))
_AUDIO_TEXT = (
    b"NIST_1A",
    b".snd",
    b"Creative Voice File",
    b"PVF1",
    b"#!AMR",
    b"ID3",
    b"RIFF",
    b"FORM",
    b"OggS",
)
"""Starts of audio files that may look like text."""


def not_audio(head: bytes) -> str:
    """Return what a file is by its first bytes, or an empty string if it may be audio.

    Examples
    --------
    >>> not_audio(b"<!DOCTYPE html><html>"), not_audio(b"%PDF-1.7"), not_audio(b"RIFF....WAVE")
    ('HTML text', 'a PDF document', '')
    >>> not_audio(b"[" * 4000)
    'text'
    """
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    if head[:4] == b"RIFF" and head[8:12] == b"RMID":
        return "a MIDI file"
    return _kind_of_text(head) if _is_text(head) else ""


def needs_ffmpeg(head: bytes) -> str:
    """Return the format of a file that only ffmpeg decodes, or an empty string.

    Examples
    --------
    >>> needs_ffmpeg(bytes([0, 0, 0, 28]) + b"ftypM4A "), needs_ffmpeg(b"fLaC")
    ('MPEG-4', '')
    """
    if head[4:8] == b"ftyp":
        return "MPEG-4"
    if head[:1] == b"\xff" and head[1:2] in (b"\xf0", b"\xf1", b"\xf8", b"\xf9"):
        return "AAC"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    return next((name for start, name in _FOREIGN.items() if head.startswith(start)), "")


def _is_text(head: bytes) -> bool:
    """Return whether all bytes are printable, in UTF-8, UTF-16 or an eight-bit encoding."""
    if head.startswith(_AUDIO_TEXT):
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return "".join(head[: len(head) // 2 * 2].decode("utf-16").split()).isprintable()
        except UnicodeDecodeError:
            return False
    if not head or head.translate(None, delete=_TEXT_BYTES):
        return False
    return 2 * len(head.translate(None, delete=_NOT_ASCII)) > len(head)


def _kind_of_text(head: bytes) -> str:
    """Return the kind of a text: HTML, XML, JSON, or just text."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML text"
    if start.startswith(b"<?xml"):
        return "XML text"
    if start.startswith((b"{", b"[")):
        try:
            parse_json(head)
        except ValueError:
            return "JSON text" if start.startswith((b'{"', b'[{"', b"{\n")) else "text"
        return "JSON text"
    return "text"
