"""MusicXML files, plain and compressed."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError, ScoreError, ScoreFileError
from woodshed.score import Score
from woodshed.symbolic.musicxml.read import score_of
from woodshed.symbolic.musicxml.write import score_to_musicxml

MUSICXML_SUFFIXES = (".musicxml", ".xml", ".mxl")

_MAX_BYTES = 64 << 20
_CONTAINER = "META-INF/container.xml"


def read_musicxml(path: str | os.PathLike[str], *, repeats: bool = True) -> Score:
    r"""Read a partwise MusicXML file, or a compressed one (``.mxl``).

    Supported are notes, chords, ties, rests, several voices and staves, tuplets, transposing instruments,
    drums, key, metre, tempo, chord symbols, programs, dynamics, repeats and endings. Grace and cue notes,
    ``D.C.``, ornaments and words are ignored. External resources are never fetched.

    Parameters
    ----------
    path
        The file.
    repeats
        Whether to play repeats and endings, as in `woodshed.symbolic.read_abc`. If False, every bar is read
        once.

    Returns
    -------
    Score
        One channel for each part. Bars of the wrong length are listed in `Score.findings`.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened, is not XML, declares entities, is not partwise MusicXML, has no notes,
        or has an invalid bar; the message names part and bar.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.score import Metre, Note
    >>> score = Score([Note(0, 1, 60), Note(1, 4 / 3, 62)], metres=[Metre(0, 3, 4)], title="Two notes")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_musicxml(score, Path(folder) / "two.musicxml")
    ...     read_musicxml(Path(folder) / "two.musicxml") == score
    True
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = f"it cannot be opened ({error.strerror}). Check the name and the permissions."
        raise ScoreFileError(path, reason) from error
    return musicxml_to_score(data, source=os.fspath(path), repeats=repeats)


def musicxml_to_score(data: bytes | str, *, source: str = "bytes", repeats: bool = True) -> Score:
    """Read a document, plain or compressed, as `read_musicxml` does."""
    content = data.encode("utf-8") if isinstance(data, str) else data
    if content[:4] == b"PK\x03\x04":
        content = _unpacked(content, source)
    root = _tree(content, source)
    if root.tag == "score-timewise":
        raise ScoreFileError(source, "it is timewise MusicXML. Export it as partwise MusicXML.")
    if root.tag != "score-partwise":
        raise ScoreFileError(
            source, f"its root is <{root.tag}>, not <score-partwise>. Export it as MusicXML."
        )
    if root.find("part/measure/note/pitch") is None and root.find("part/measure/note/unpitched") is None:
        raise ScoreFileError(source, "it has no notes. Remove the file, or export it again.")
    try:
        return score_of(root, source, repeats=repeats)
    except ScoreError as error:
        raise ScoreFileError(source, str(error).removeprefix(f"{source} ")) from error


def write_musicxml(score: Score, path: str | os.PathLike[str]) -> None:
    """Write MusicXML 4.0, compressed if the suffix is ``.mxl``. Writing is atomic.

    Parameters
    ----------
    score
        Score, written as by `woodshed.symbolic.score_to_musicxml`.
    path
        File name with the suffix ``.musicxml``, ``.xml`` or ``.mxl``; an existing file is replaced. The same
        score gives the same bytes.

    Raises
    ------
    ParameterError
        If the suffix is not supported.
    OutputError
        If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in MUSICXML_SUFFIXES:
        raise ParameterError(
            f"Invalid suffix {suffix!r} for MusicXML. Expected {', '.join(MUSICXML_SUFFIXES)}."
        )
    text = score_to_musicxml(score)
    write_whole(path, _packed(text) if suffix == ".mxl" else text)


def _tree(data: bytes, source: str) -> ElementTree.Element:
    """Parse XML; entity declarations are refused, as they can expand to unlimited size."""
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(*_: Any) -> NoReturn:
        raise ScoreFileError(source, "it declares XML entities, which are not supported. Export it again.")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, ScoreFileError):
            raise
        raise ScoreFileError(source, f"it is not valid XML ({error}). Export it again.") from error
    return builder.close()


def _unpacked(data: bytes, source: str) -> bytes:
    """Return the score of a compressed file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            root = _tree(_member(archive, _CONTAINER, source), source)
            names = [item.get("full-path", "") for item in root.iter() if item.tag.endswith("rootfile")]
            return _member(archive, names[0], source)
    except (zipfile.BadZipFile, zlib.error, KeyError, IndexError, RuntimeError, NotImplementedError) as error:
        raise ScoreFileError(
            source, "the archive is damaged, or not compressed MusicXML. Export it again."
        ) from error


def _member(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ScoreFileError(source, f"it unpacks to more than {_MAX_BYTES >> 20} MiB. Split it.")
    return content


def _packed(text: str) -> bytes:
    """Compress a document, without timestamps, so that the same score gives the same bytes."""
    container = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles>'
        '<rootfile full-path="score.musicxml"/></rootfiles></container>\n'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((_CONTAINER, container), ("score.musicxml", text)):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()
